mod known_answers;
mod names;
mod output;
mod refused;
mod round_trips;

use super::{Object, Registry, Value};

fn registry() -> &'static Registry {
    Registry::embedded()
}

/// A decoded value without the places, to compare with one that was built.
fn decoded(bytes: &[u8]) -> Value<'static> {
    let value = registry().decode(bytes).unwrap().value;
    registry().from_json(&value.to_json()).unwrap()
}

fn gzip_packed(content: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content).unwrap();
    let mut object = Object::new(registry().constructor("gzip_packed").unwrap());
    object.set("packed_data", Value::Bytes(encoder.finish().unwrap())).unwrap();
    Value::Object(object).encode().unwrap().to_vec()
}
