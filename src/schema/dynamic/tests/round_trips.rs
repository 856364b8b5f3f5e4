//! Random values of every type, there and back; random bytes.

use proptest::prelude::*;
use serde_json::json;

use super::registry;
use crate::schema::ast::{ParamKind, Type};
use crate::schema::dynamic::{Combinator, Sampler, Tree, Value};
use crate::tl;

fn deterministic(mut state: u64) -> impl FnMut() -> u64 {
    // splitmix64
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Those that have no free-form body.
fn samplable() -> Vec<Combinator<'static>> {
    let is_free =
        |kind: &ParamKind| matches!(kind, ParamKind::Required(Type::Boxed(name)) if name == "Object");
    let mut all: Vec<_> = registry().combinators().collect();
    all.retain(|combinator| {
        let definition = combinator.definition();
        let service = ["msg_container", "msg_copy", "gzip_packed"].contains(&definition.name.as_str());
        let is_bool = definition.result == Type::Bool && !combinator.is_function();
        !service && !is_bool && !definition.params.iter().any(|param| is_free(&param.kind))
    });
    all
}

/// Every constructor and function: what this codec writes, the generated codec reads, and writes the same again.
#[test]
fn the_generated_codecs_agree() {
    let tables = [tl::mtproto::COMBINATORS, tl::api::COMBINATORS, tl::secret::COMBINATORS];
    let generated: Vec<_> = tables.into_iter().flatten().collect();
    let mut entropy = deterministic(1);
    let mut sampler = Sampler::new(&mut entropy);
    let mut seen = 0;
    for combinator in samplable() {
        let definition = combinator.definition();
        let codecs =
            generated.iter().filter(|codec| codec.id == definition.id && codec.name == definition.name);
        for codec in codecs {
            seen += 1;
            for size in [0, 1, 10, 100, 100] {
                let value = sampler.sample(combinator, size).unwrap();
                let bytes = value.encode().unwrap();
                let again = (codec.recode)(bytes.clone());
                assert_eq!(again.as_ref(), Ok(&bytes), "{definition}\n{value:?}");
            }
        }
    }
    assert!(seen >= generated.len(), "{seen} of {}", generated.len());
}

/// Every constructor and function.
#[test]
fn samples_survive_every_round_trip() {
    let mut entropy = deterministic(2);
    let mut sampler = Sampler::new(&mut entropy);
    for combinator in samplable() {
        for size in [0, 30] {
            let value = sampler.sample(combinator, size).unwrap();
            assert_round_trips(combinator, &value);
        }
    }
}

fn assert_round_trips(combinator: Combinator<'_>, value: &Value<'_>) {
    let name = &combinator.definition().name;
    let bytes = value.encode().unwrap();
    let node = registry().decode(&bytes).unwrap();
    assert_eq!(node.range, 0..bytes.len());
    assert_eq!(node.value.encode().unwrap(), bytes);
    assert_eq!(format!("{:?}", node.value), format!("{value:?}"));
    assert_eq!(node.value.to_json(), value.to_json());
    let ranges = Tree(&node).to_string().lines().count();
    assert!(ranges > node.value.as_object().unwrap().fields().len());
    // A name that an earlier schema has too means that one.
    if registry().constructor(name).or(registry().function(name)) == Some(combinator) {
        let text = value.to_json().to_string();
        let again = registry().from_json(&serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!(again, *value);
    }
}

/// Ids and counts that are often right, so that random bytes get beyond the first field.
fn plausible_bytes() -> impl Strategy<Value = Vec<u8>> {
    let ids: Vec<u32> = registry().combinators().map(|combinator| combinator.definition().id).collect();
    let word = prop_oneof![
        3 => prop::sample::select(ids),
        2 => Just(0x1cb5_c415),
        1 => Just(0x997275b5),
        1 => Just(0x73f1f8dc),
        1 => Just(0xf35c6d01),
        1 => Just(0x3072cfa1),
        4 => 0_u32..20,
        2 => any::<u32>(),
    ];
    prop::collection::vec(word, 0..40)
        .prop_map(|words| words.into_iter().flat_map(u32::to_le_bytes).collect())
}

proptest! {
    #[test]
    fn random_values_survive_every_round_trip(index in any::<prop::sample::Index>(), seed in any::<u64>(), size in 0_usize..200) {
        let all = samplable();
        let combinator = *index.get(&all);
        let mut entropy = deterministic(seed);
        let value = Sampler::new(&mut entropy).sample(combinator, size).unwrap();
        assert_round_trips(combinator, &value);
    }

    #[test]
    fn decoding_never_panics(bytes in plausible_bytes(), cut in 0_usize..4) {
        let bytes = &bytes[..bytes.len().saturating_sub(cut)];
        if let Ok(node) = registry().decode(bytes) {
            let _ = format!("{node:?} {}", Tree(&node));
            let encoded = node.value.encode().unwrap();
            let again = registry().decode(&encoded).unwrap();
            prop_assert_eq!(again.value.encode().unwrap(), encoded);
        }
    }

    #[test]
    fn decoding_a_damaged_value_never_panics(
        index in any::<prop::sample::Index>(), seed in any::<u64>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4), cut in any::<prop::sample::Index>(),
    ) {
        let all = samplable();
        let mut entropy = deterministic(seed);
        let value = Sampler::new(&mut entropy).sample(*index.get(&all), 50).unwrap();
        let mut bytes = value.encode().unwrap().to_vec();
        for (at, byte) in damage {
            *at.get_mut(&mut bytes) = byte;
        }
        let _ = registry().decode(&bytes);
        let _ = registry().decode(&bytes[..cut.index(bytes.len())]);
    }

    #[test]
    fn every_type_takes_any_bytes(index in any::<prop::sample::Index>(), bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let all = samplable();
        let definition = index.get(&all).definition();
        let _ = registry().decode_as(&definition.name, &bytes);
        let _ = registry().decode_as(&definition.result.to_string(), &bytes);
        let _ = registry().decode(&[&definition.id.to_le_bytes()[..], &bytes].concat());
    }

    #[test]
    fn any_json_is_taken_or_refused(index in any::<prop::sample::Index>(), text in any::<String>(), int in any::<i64>()) {
        let all = samplable();
        let definition = index.get(&all).definition();
        let mut json = json!({"_": definition.name});
        for (n, param) in definition.params.iter().enumerate() {
            json[&param.name] = match (int as usize).wrapping_add(n) % 5 {
                0 => json!(text),
                1 => json!(int),
                2 => json!([text, int]),
                3 => json!({"_": text}),
                _ => json!(true),
            };
        }
        if let Ok(value) = registry().from_json(&json) {
            let _ = value.encode();
        }
    }
}
