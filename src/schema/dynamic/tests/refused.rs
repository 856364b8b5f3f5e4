//! What is refused, and how.

use serde_json::json;

use super::{decoded, gzip_packed, registry};
use crate::schema::dynamic::{
    DecodeErrorKind, EncodeErrorKind, JsonErrorKind, Limits, Object, Tree, Value, hex,
};
use crate::tl;

#[test]
fn bombs_are_not_unpacked() {
    let bomb = gzip_packed(&vec![0; 17 << 20]);
    let kind = DecodeErrorKind::GzipTooLarge { limit: 16 << 20 };
    assert_eq!(registry().decode(&bomb).unwrap_err().kind, kind);

    // The limit is for all of them together.
    let limits = Limits { unpacked: 100, ..Limits::default() };
    let half = gzip_packed(&Value::Vector(vec![]).encode().unwrap().repeat(7));
    let message = json!({"msg_id": 1, "seqno": 0, "bytes": 0, "body": {"raw": hex::encode(&half)}});
    let container = json!({"_": "msg_container", "messages": [message, message]});
    let container = registry().from_json(&container).unwrap().encode().unwrap();
    let node = registry().decode_within(&container, limits).unwrap();
    let shown = Tree(&node).to_string();
    assert!(shown.contains("48 bytes follow the value"), "{shown}");
    assert!(shown.contains("unpacks to more than 44 bytes"), "{shown}");

    let mut broken = gzip_packed(&[0; 64]);
    broken[20] ^= 0xff;
    assert_eq!(registry().decode(&broken).unwrap_err().kind, DecodeErrorKind::BrokenGzip);
}

#[test]
fn objects_that_cannot_be_encoded() {
    let function = registry().function("messages.sendMessage").unwrap();
    let mut object = Object::new(function);
    let unknown = EncodeErrorKind::UnknownField("text".into());
    assert_eq!(object.set("text", Value::Int(1)).unwrap_err().kind, unknown);
    let error = Value::Object(object.clone()).encode().unwrap_err();
    assert_eq!(error.to_string(), "$: field `peer` is missing");
    object.set("peer", Value::Object(Object::new(registry().constructor("inputUserSelf").unwrap()))).unwrap();
    let error = Value::Object(object).encode().unwrap_err();
    assert_eq!(error.to_string(), "$.peer: expected InputPeer, found inputUserSelf");

    let mut preview = Object::new(registry().constructor("messageExtendedMediaPreview").unwrap());
    preview.set("w", Value::Int(1)).unwrap();
    let error = Value::Object(preview).encode().unwrap_err();
    let (present, missing) = ("w".to_owned(), "h".to_owned());
    assert_eq!(error.kind, EncodeErrorKind::SharedBit { present, missing });
}

#[test]
fn hostile_input_gives_errors_with_the_offset() {
    let kind = |bytes: &[u8]| registry().decode(bytes).unwrap_err();
    assert_eq!(kind(&[]).kind, DecodeErrorKind::Truncated { needed: 4, left: 0 });
    assert_eq!(kind(&[1, 2, 3, 4]).kind, DecodeErrorKind::UnknownConstructor(0x0403_0201));
    let acks = |count: i32| {
        [&0x62d6_b459_u32.to_le_bytes()[..], &0x1cb5_c415_u32.to_le_bytes(), &count.to_le_bytes()].concat()
    };
    for count in [1, -1, i32::MAX, i32::MIN] {
        let error = kind(&acks(count));
        assert_eq!((error.offset, error.path.as_str()), (8, "msg_ids"));
        assert_eq!(error.kind, DecodeErrorKind::VectorLength { count, left: 0 });
    }
    let mut state = 0x04de_b57d_u32.to_le_bytes().to_vec();
    state.extend([0; 8]);
    state.extend([255, 0, 0, 0]);
    let error = kind(&state);
    assert_eq!((error.offset, error.path.as_str(), error.kind), (12, "info", DecodeErrorKind::StringHeader));
    let error = kind(&[&0x7abe_77ec_u32.to_le_bytes()[..], &[0; 12]].concat());
    assert_eq!((error.offset, error.kind), (12, DecodeErrorKind::TrailingBytes { left: 4 }));
    let values = Limits { values: 3, ..Limits::default() };
    let four = [acks(4), vec![0; 32]].concat();
    assert_eq!(registry().decode_within(&four, values).unwrap_err().kind, DecodeErrorKind::TooManyValues);
}

/// `textBold` around `textBold` around … `textEmpty`.
fn nested_text(levels: usize) -> Vec<u8> {
    let id = |name| registry().constructor(name).unwrap().definition().id.to_le_bytes();
    [id("textBold").repeat(levels), id("textEmpty").to_vec()].concat()
}

#[test]
fn deep_nesting_is_an_error() {
    assert_eq!(registry().decode(&nested_text(1_000_000)).unwrap_err().kind, DecodeErrorKind::TooDeep);
    let mut json = json!({"_": "textEmpty"});
    for _ in 0..300 {
        json = json!({"_": "textBold", "text": json});
    }
    assert_eq!(registry().from_json(&json).unwrap_err().kind, JsonErrorKind::TooDeep);
}

/// The smallest stack that a main thread has on a common system is 1 MiB.
#[test]
fn the_deepest_value_needs_no_large_stack() {
    let on_a_small_stack = || {
        let fits = |levels: &usize| registry().decode(&nested_text(*levels)).is_ok();
        let deepest = (0..1000).take_while(fits).count() - 1;
        assert!(deepest as u32 > tl::MAX_DEPTH);
        let bytes = nested_text(deepest);
        let node = registry().decode(&bytes).unwrap();
        assert_eq!(node.value.encode().unwrap(), bytes);
        assert_eq!(decoded(&bytes).encode().unwrap(), bytes);
        assert!(format!("{node:?} {node:#?} {}", Tree(&node)).len() > deepest);
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(on_a_small_stack).unwrap().join().unwrap();
}
