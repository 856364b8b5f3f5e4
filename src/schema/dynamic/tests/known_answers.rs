//! Published and self-made encodings.

use serde_json::{Value as Json, json};

use super::{decoded, gzip_packed, registry};
use crate::schema::dynamic::{DecodeErrorKind, Value, hex};

fn vectors(kind: &str) -> Vec<Json> {
    let all: Json = serde_json::from_str(include_str!("../../../../tests/data/vectors.json")).unwrap();
    let all = all["vectors"].as_array().unwrap();
    all.iter().filter(|vector| vector["kind"] == kind).cloned().collect()
}

fn unhex(json: &Json) -> Vec<u8> {
    hex::decode(json.as_str().unwrap()).unwrap()
}

#[test]
fn published_encodings_of_builtins() {
    let mut seen = 0;
    for vector in vectors("tl_encoding") {
        let (inputs, outputs) = (&vector["inputs"], &vector["outputs"]);
        let id = vector["id"].as_str().unwrap();
        let values: Vec<(&str, Value)> = match inputs["type"].as_str() {
            Some("int") => vec![("int", Value::Int(inputs["value"].as_i64().unwrap() as i32))],
            Some("long") => vec![("long", Value::Long(inputs["value"].as_i64().unwrap()))],
            Some("double") => vec![("double", Value::Double(inputs["value"].as_f64().unwrap()))],
            Some("string/bytes") => {
                let bytes = match inputs["value_repeat"].as_array() {
                    Some(repeat) => unhex(&repeat[0]).repeat(repeat[1].as_u64().unwrap() as usize),
                    None => unhex(&inputs["value_hex"]),
                };
                vec![("string", Value::String(bytes.clone())), ("bytes", Value::Bytes(bytes))]
            }
            Some("Vector<long>") => {
                let items = inputs["value"].as_array().unwrap();
                let items = items.iter().map(|item| Value::Long(item.as_i64().unwrap()).into());
                vec![("Vector<long>", Value::Vector(items.collect()))]
            }
            _ => continue,
        };
        for (ty, value) in values {
            seen += 1;
            let bytes = unhex(&outputs["hex"]);
            assert_eq!(registry().encode_as(ty, &value).unwrap(), bytes, "{id}");
            let again = registry().decode_as(ty, &bytes).unwrap();
            assert_eq!(again.range, 0..bytes.len(), "{id}");
            assert_eq!(registry().encode_as(ty, &again.value).unwrap(), bytes, "{id}");
        }
    }
    assert_eq!(seen, 26);
}

#[test]
fn published_encodings_of_objects() {
    let cases = [
        (
            "tl.vector-bare-future-salts",
            json!({"_": "future_salts", "req_msg_id": "8", "now": 100,
                   "salts": [{"_": "future_salt", "valid_since": 1, "valid_until": 2, "salt": "3"}]}),
        ),
        ("tl.msgs_ack", json!({"_": "msgs_ack", "msg_ids": ["5901257869632771660"]})),
        (
            "tl.container",
            json!({"_": "msg_container", "messages": [
                {"_": "message", "msg_id": "6917529027641081860", "seqno": 1, "bytes": 12,
                 "body": {"_": "ping", "ping_id": "7"}},
                {"_": "message", "msg_id": "6917529027641081864", "seqno": 2, "bytes": 20,
                 "body": {"_": "msgs_ack", "msg_ids": ["5"]}},
            ]}),
        ),
        (
            "tl.flags-optional",
            json!({"_": "codeSettings", "allow_flashcall": true, "token": "ab", "app_sandbox": false}),
        ),
        (
            "tl.rpc_error",
            json!({"_": "rpc_result", "req_msg_id": "5901257869632771660",
                   "result": {"_": "rpc_error", "error_code": 420, "error_message": "FLOOD_WAIT_17"}}),
        ),
    ];
    let vectors = vectors("tl_encoding");
    for (id, json) in cases {
        let vector = vectors.iter().find(|vector| vector["id"] == id).unwrap();
        let hex = [&vector["outputs"]["hex"], &vector["inputs"]["hex"]];
        let bytes = unhex(hex.into_iter().find(|hex| hex.is_string()).unwrap());
        assert_eq!(registry().decode(&bytes).unwrap().value.to_json(), json, "{id}");
        assert_eq!(registry().from_json(&json).unwrap().encode().unwrap(), bytes, "{id}");
    }
}

#[test]
fn bool_is_boxed() {
    let vectors = vectors("tl_encoding");
    let outputs = &vectors.iter().find(|vector| vector["id"] == "tl.bool").unwrap()["outputs"];
    for bool in [true, false] {
        let bytes = unhex(&outputs[bool.to_string()]);
        assert_eq!(registry().encode_as("Bool", &Value::Bool(bool)).unwrap(), bytes);
        assert_eq!(registry().decode(&bytes).unwrap().value, Value::Bool(bool));
        assert_eq!(
            registry().decode_result("auth.bindTempAuthKey", &bytes).unwrap().value,
            Value::Bool(bool)
        );
    }
}

#[test]
fn packed_objects_are_unpacked_beside_the_packed_bytes() {
    let vectors = vectors("tl_encoding");
    let vector = vectors.iter().find(|vector| vector["id"] == "tl.gzip-small").unwrap();
    let bytes = unhex(&vector["inputs"]["packed_object"]);
    let error = registry().decode(&bytes).unwrap_err();
    // Twenty pings in a row are not one object.
    assert_eq!(error.path, "unpacked");
    assert_eq!(error.kind, DecodeErrorKind::TrailingBytes { left: 228 });

    let ping = registry().from_json(&json!({"_": "ping", "ping_id": 7})).unwrap().encode().unwrap();
    let packed = gzip_packed(&ping);
    let node = registry().decode(&packed).unwrap();
    assert_eq!(
        format!("{:?}", node.value.as_object().unwrap().get("unpacked").unwrap()),
        "Ping { ping_id: 7 }"
    );
    assert_eq!(node.value.encode().unwrap(), packed);
    assert_eq!(decoded(&packed).encode().unwrap(), packed);
}
