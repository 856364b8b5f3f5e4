//! TL: a `messages.messages`, decoded with all its fields and encoded.

use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use mtwire::tl::{Deserialize, Serialize};
use serde_json::json;

use crate::measure::{Effort, Side, alternate};
use crate::python::Python;
use crate::row::{Table, Unit};

#[path = "../../tl/sample.rs"]
mod sample;

const DECODE: &str = "TL decode, messages.messages";
const ENCODE: &str = "TL encode, messages.messages";
const SIZE: &str = "size_of Message";

pub fn run(table: &mut Table, effort: Effort, python: &Result<Python, String>) {
    if table.wants(SIZE) {
        let ours = size_of::<mtwire::types::Message>() as f64;
        let grammers = size_of::<grammers_tl_types::types::Message>() as f64;
        let ferogram = size_of::<ferogram_tl_types::types::Message>() as f64;
        table.row(SIZE, Unit::Bytes, ours, ("limit: 400 B", 400.0), Some(1.0));
        table.row(SIZE, Unit::Bytes, ours, ("grammers", grammers), None);
        table.row(SIZE, Unit::Bytes, ours, ("ferogram", ferogram), None);
    }
    if !table.wants_any(&[DECODE, ENCODE]) {
        return;
    }
    let bytes: Bytes = sample::messages().to_bytes().expect("a sample can be encoded");
    // What is encoded has been decoded, on all sides.
    let ours = mtwire::types::messages::Messages::from_bytes(bytes.clone()).expect("our own bytes");
    let theirs = {
        use grammers_tl_types::{Deserializable, Serializable};
        let value =
            grammers_tl_types::enums::messages::Messages::from_bytes(&bytes).expect("both are of layer 230");
        assert!(value.to_bytes()[..] == bytes[..], "both write the same");
        value
    };
    let ferogram = {
        use ferogram_tl_types::{Deserializable, Serializable};
        let value = ferogram_tl_types::enums::messages::Messages::from_bytes(&bytes);
        value.ok().filter(|value| value.to_bytes()[..] == bytes[..])
    };
    let prepared = match python.as_ref() {
        Ok(python) => python.seconds(&json!({"do": "tl", "hex": crate::hex(&bytes)})).map(|_| python),
        Err(reason) => Err(reason.clone()),
    };
    for (work, decode, goal) in [(DECODE, true, 5.0), (ENCODE, false, 1.2)] {
        if !table.wants(work) {
            continue;
        }
        let mut sides = if decode {
            use grammers_tl_types::Deserializable as _;
            type Ours = mtwire::types::messages::Messages;
            type Theirs = grammers_tl_types::enums::messages::Messages;
            // What is decoded is dropped too, by all.
            vec![
                Side::new("mtwire", || drop(black_box(Ours::from_bytes(black_box(bytes.clone()))))),
                Side::new("grammers", || drop(black_box(Theirs::from_bytes(black_box(&bytes))))),
            ]
        } else {
            use grammers_tl_types::Serializable as _;
            vec![
                Side::new("mtwire", || drop(black_box(black_box(&ours).to_packet()))),
                Side::new("grammers", || drop(black_box(black_box(&theirs).to_bytes()))),
            ]
        };
        match &ferogram {
            Some(_) if decode => {
                use ferogram_tl_types::Deserializable as _;
                type Ferogram = ferogram_tl_types::enums::messages::Messages;
                sides
                    .push(Side::new("ferogram", || drop(black_box(Ferogram::from_bytes(black_box(&bytes))))));
            }
            Some(value) => {
                use ferogram_tl_types::Serializable as _;
                sides.push(Side::new("ferogram", move || drop(black_box(black_box(value).to_bytes()))));
            }
            None => table.missing(work, "ferogram", "its layer, 229, has other bytes for this sample"),
        }
        match &prepared {
            Ok(python) => sides.push(Side::timed("Telethon", move |times| {
                let what = if decode { "decode" } else { "encode" };
                let took = python.seconds(&json!({"do": what, "times": times}));
                Duration::from_secs_f64(took.unwrap_or(f64::from(u32::MAX)))
            })),
            Err(reason) => table.missing(work, "Telethon", reason),
        }
        let took = alternate(effort, sides);
        table.rows(work, Unit::Microseconds, &took, |peer| (peer == "grammers").then_some(goal));
    }
}
