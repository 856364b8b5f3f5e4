//! What the tests of several files need.

use bytes::Bytes;

/// The vector with this id of `tests/data/vectors.json`.
pub(super) fn vector(id: &str) -> serde_json::Value {
    let file = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/vectors.json"));
    let vectors: serde_json::Value = serde_json::from_str(file).unwrap();
    vectors["vectors"].as_array().unwrap().iter().find(|vector| vector["id"] == id).unwrap().clone()
}

/// The bytes of a string of hexadecimal digits.
pub(super) fn hex(digits: &serde_json::Value) -> Bytes {
    let digits = digits.as_str().unwrap();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}
