//! The known answers of `tests/data/vectors.json` for framing and obfuscation.

use bytes::BytesMut;
use serde_json::Value;

use super::{encoded, frames, packet, pair, rng};
use crate::transport::{
    Codec, Frame, Kind, Tagged,
    abridged::Abridged,
    checks::Role,
    frame::Framing,
    full::Full,
    intermediate::Intermediate,
    obfuscated::{HEADER_LEN, Obfuscation, direction_keys, is_usable},
};

const VECTORS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/vectors.json"));

#[test]
fn known_answers() {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    let mut done = 0;
    for vector in file["vectors"].as_array().unwrap() {
        let (id, kind) = (vector["id"].as_str().unwrap(), vector["kind"].as_str().unwrap());
        let (inputs, outputs) = (&vector["inputs"], &vector["outputs"]);
        println!("{id}");
        match kind {
            "obfuscated2" => client_header(inputs, outputs),
            "obfuscated2_forbidden_prefix" => {
                assert_eq!(outputs["must"], "regenerate");
                assert!(!is_usable(&header(&inputs["random_init"])), "{id}");
            }
            "obfuscated2_server_side" => server_header(inputs, outputs),
            "transport" => framing(id, inputs, outputs),
            other if other.starts_with("obfus") || other.starts_with("transport") => {
                panic!("{id}: no test for {other}")
            }
            _ => continue,
        }
        done += 1;
    }
    assert!(done >= 24, "only {done} vectors");
}

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap_or_else(|| panic!("{value} is no hex string"));
    assert!(text.len().is_multiple_of(2), "{text}");
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn header(value: &Value) -> [u8; HEADER_LEN] {
    hex(value).try_into().unwrap()
}

fn secret(value: &Value) -> Option<[u8; 16]> {
    (!value.is_null()).then(|| hex(value).try_into().unwrap())
}

fn tagged(value: &Value) -> Tagged {
    Tagged::from_obfuscated_tag(hex(value).try_into().unwrap()).unwrap()
}

fn client_header(inputs: &Value, outputs: &Value) {
    let secret = secret(&inputs["secret"]);
    let dc = inputs["dc"].as_i64().map(|dc| i16::try_from(dc).unwrap());
    let tagged = tagged(&inputs["protocol_tag"]);
    let (mut client, sent) =
        Obfuscation::client_from_init(header(&inputs["random_init"]), tagged, dc, secret.as_ref());
    assert_eq!(sent, header(&outputs["header"]));

    let (out_key, in_key) = direction_keys(&sent, secret.as_ref());
    assert_eq!(out_key.key[..], hex(&outputs["encrypt_key"]));
    assert_eq!(out_key.iv[..], hex(&outputs["encrypt_iv"]));
    // The server's direction is keyed by bytes that the encryption of the header's end has not touched.
    assert_eq!(in_key.key[..], hex(&outputs["decrypt_key"]));
    assert_eq!(in_key.iv[..], hex(&outputs["decrypt_iv"]));

    let (mut server, found, found_dc) = Obfuscation::server(&sent, secret.as_ref()).unwrap();
    assert_eq!(found, tagged);
    assert!(dc.is_none_or(|dc| dc == found_dc));

    for part in outputs["after_header_sent"].as_array().into_iter().flatten() {
        let mut bytes = hex(&part["plain"]);
        client.encrypt(&mut bytes);
        assert_eq!(bytes, hex(&part["cipher"]));
        let mut input = BytesMut::from(&bytes[..]);
        server.decrypt_new(&mut input).unwrap();
        server.left(0);
        assert_eq!(input[..], hex(&part["plain"]));
    }
    for part in outputs["received"].as_array().into_iter().flatten() {
        let mut input = BytesMut::from(&hex(&part["cipher"])[..]);
        client.decrypt_new(&mut input).unwrap();
        client.left(0);
        assert_eq!(input[..], hex(&part["plain"]));
    }
}

fn server_header(inputs: &Value, outputs: &Value) {
    let received = header(&inputs["received_header"]);
    let (mut server, found, dc) = Obfuscation::server(&received, secret(&inputs["secret"]).as_ref()).unwrap();
    assert_eq!(found, tagged(&outputs["protocol_tag"]));
    assert_eq!(i64::from(dc), outputs["dc"]);
    let mut bytes = hex(&inputs["server_to_client_plain"]);
    server.encrypt(&mut bytes);
    assert_eq!(bytes, hex(&outputs["server_to_client_cipher"]));
    let mut input = BytesMut::from(&hex(&inputs["client_to_server_cipher"])[..]);
    server.decrypt_new(&mut input).unwrap();
    assert_eq!(input[..], hex(&outputs["client_to_server_plain"]));
}

/// A framing with nothing sent before.
fn bare(name: &str, role: Role) -> Box<dyn Framing> {
    match name {
        "abridged" => Box::new(Abridged::new(role)),
        "intermediate" => Box::new(Intermediate::plain(role)),
        "padded intermediate" => Box::new(Intermediate::padded(role)),
        "full" => Box::new(Full::new(role)),
        other => panic!("no framing {other}"),
    }
}

fn bare_encoded(framing: &mut dyn Framing, payload: &[u8], quick_ack: bool) -> Vec<u8> {
    let mut packet = packet(payload);
    framing.encode(&mut packet, quick_ack, &mut rng(3)).unwrap();
    packet.as_slice().to_vec()
}

fn one_packet(framing: &mut dyn Framing, frame: &[u8]) -> Vec<u8> {
    match framing.decode(&mut BytesMut::from(frame)) {
        Ok(Some(Frame::Packet { payload, .. })) => payload.to_vec(),
        other => panic!("{other:?}"),
    }
}

fn payload(inputs: &Value) -> Vec<u8> {
    match (&inputs["payload"], &inputs["payload_len"]) {
        (Value::String(text), _) if text == "bytes 00..7f" => (0..0x80).collect(),
        (Value::String(_), _) => hex(&inputs["payload"]),
        (_, len) => vec![7; usize::try_from(len.as_u64().unwrap()).unwrap()],
    }
}

fn framing(id: &str, inputs: &Value, outputs: &Value) {
    match id {
        "transport.quickack" => return quick_acks(inputs, outputs),
        "transport.err-404" | "transport.err-444" => return transport_errors(inputs, outputs),
        _ => {}
    }
    let name = inputs["transport"].as_str().unwrap();
    let (mut sender, mut receiver) = (bare(name, Role::Client), bare(name, Role::Server));
    for _ in 0..inputs["seq"].as_u64().unwrap_or(0) {
        let earlier = bare_encoded(&mut *sender, b"earlier.", false);
        one_packet(&mut *receiver, &earlier);
    }
    for (field, expected) in outputs.as_object().unwrap() {
        match field.as_str() {
            "frame" if name == "padded intermediate" => {
                // Encoding draws its own padding, so the vector is for the receiver.
                let whole = [payload(inputs), hex(&inputs["padding"])].concat();
                assert_eq!(one_packet(&mut *receiver, &hex(expected)), whole);
                let mut client = bare(name, Role::Client);
                let frame = client.decode(&mut BytesMut::from(&hex(expected)[..]));
                assert_eq!(frame, Ok(Some(Frame::TransportError(-404))));
            }
            "frame" => {
                let frame = bare_encoded(&mut *sender, &payload(inputs), false);
                assert_eq!(frame, hex(expected));
                assert_eq!(one_packet(&mut *receiver, &frame), payload(inputs));
            }
            "header" => {
                let frame = bare_encoded(&mut *sender, &payload(inputs), false);
                let prefix = hex(expected);
                assert_eq!(frame[..prefix.len()], prefix);
                assert_eq!(frame[prefix.len()..], payload(inputs));
                assert_eq!(one_packet(&mut *receiver, &frame), payload(inputs));
            }
            "stream" => {
                assert_eq!(inputs["first_packet"], true);
                let mut client = Codec::client(name.parse().unwrap(), &mut rng(4));
                assert_eq!(encoded(&mut client, &payload(inputs), false).unwrap(), hex(expected));
            }
            "payload" => {
                let mut client = bare(name, Role::Client);
                assert_eq!(one_packet(&mut *client, &hex(&inputs["stream"])), hex(expected));
            }
            "transport_error" => {
                let mut client = bare(name, Role::Client);
                let code = i32::try_from(expected.as_i64().unwrap()).unwrap();
                let frame = client.decode(&mut BytesMut::from(&hex(&inputs["stream"])[..]));
                assert_eq!(frame, Ok(Some(Frame::TransportError(code))));
            }
            other => panic!("{id}: no test for {other}"),
        }
    }
}

fn transport_errors(inputs: &Value, outputs: &Value) {
    let code = i32::try_from(inputs["code"].as_i64().unwrap()).unwrap();
    for (field, expected) in outputs.as_object().unwrap() {
        if field == "payload_le_hex" {
            assert_eq!(code.to_le_bytes()[..], hex(expected));
            continue;
        }
        let (mut client, mut server) = pair(field.parse().unwrap());
        let mut out = packet(&[]);
        server.encode_transport_error(code, &mut out, &mut rng(5)).unwrap();
        assert_eq!(out.as_slice(), hex(expected));
        assert_eq!(frames(&mut client, out.as_slice()), Ok(vec![Frame::TransportError(code)]));
    }
}

fn quick_acks(inputs: &Value, outputs: &Value) {
    let token = u32::try_from(inputs["token"].as_u64().unwrap()).unwrap();
    for (field, expected) in outputs.as_object().unwrap() {
        let expected = hex(expected);
        let (kind, len) = match field.as_str() {
            "intermediate_client_length_for_112_byte_packet" => (Kind::Intermediate, 112),
            "abridged_client_header_for_112_byte_packet" => (Kind::Abridged, 112),
            "abridged_long_header_for_1024" => (Kind::Abridged, 1024),
            "server_reply_intermediate" => (Kind::Intermediate, 0),
            "server_reply_abridged" => (Kind::Abridged, 0),
            other => panic!("no test for {other}"),
        };
        let (mut client, mut server) = pair(kind);
        if len == 0 {
            let mut out = packet(&[]);
            server.encode_quick_ack(token, &mut out).unwrap();
            assert_eq!(out.as_slice(), expected);
            assert_eq!(frames(&mut client, out.as_slice()), Ok(vec![Frame::QuickAck(token)]));
        } else {
            let sent = encoded(&mut client, &vec![9; len], true).unwrap();
            assert_eq!(sent[..sent.len() - len], expected);
            let payload = BytesMut::from(&vec![9; len][..]);
            assert_eq!(frames(&mut server, &sent), Ok(vec![Frame::Packet { payload, quick_ack: true }]));
        }
    }
}
