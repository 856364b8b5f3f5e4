use super::{Scripted, Vector};
use crate::crypto::{AuthKey, kdf::Side, open, packet, packet_v1};

pub(super) fn encrypt_v2(vector: &Vector<'_>) {
    let (key, sender) = (vector.key(), vector.sender());
    let mut body = [vector.input("plaintext"), vector.input("padding_bytes")].concat();
    let plain = body.clone();
    let sealed = packet::seal_in_place(&key, sender, &mut body);
    let mut packet = [&sealed.header[..], &body].concat();
    assert_eq!(packet, vector.output("packet"));
    assert_eq!(sealed.header[8..], vector.output("msg_key"));
    assert_eq!(u64::from(sealed.quick_ack_token), vector.outputs["quick_ack_token_le_u32"].as_u64().unwrap());
    assert_eq!(open(&key, sender, &mut packet).unwrap(), plain);
}

/// What is wrong inside a packet with a sound `msg_key` is found by the layer above.
pub(super) fn decrypt_v2(vector: &Vector<'_>) {
    let mut packet = vector.input("packet");
    let opened = open(&vector.key(), vector.sender(), &mut packet);
    if vector.outputs["reason"] == "msg_key" {
        return assert!(opened.is_err());
    }
    let plain = opened.unwrap();
    let length = i32::from_le_bytes(*plain[28..].first_chunk().unwrap());
    let claimed = if vector.outputs["length"].is_null() { "claimed_length" } else { "length" };
    assert_eq!(i64::from(length), vector.outputs[claimed].as_i64().unwrap());
    if !vector.outputs["body"].is_null() {
        let body = vector.output("body");
        assert_eq!(plain[32..32 + body.len()], body);
        let padding = plain.len() - 32 - body.len();
        assert_eq!(Some(padding as u64), vector.outputs["padding_len"].as_u64());
    }
    if !vector.outputs["plaintext"].is_null() {
        assert_eq!(*plain, vector.output("plaintext"));
    }
}

/// SC-2: a secret chat seals its messages in the same way, under the key of the chat.
pub(super) fn secret_message_v2(vector: &Vector<'_>) {
    let layer = vector.input("serialized_layer");
    let length = u32::try_from(layer.len()).unwrap().to_le_bytes();
    let mut body = [&length[..], &layer, &vector.input("padding")].concat();
    let key = AuthKey::from_bytes(vector.fixed_input("key"));
    assert_eq!(key.id().to_le_bytes()[..], vector.output("key_fingerprint_le_hex"));
    let sealed = packet::seal_in_place(&key, vector.sender(), &mut body);
    assert_eq!([&sealed.header[..], &body].concat(), vector.output("data"));
}

pub(super) fn bind_temp_auth_key(vector: &Vector<'_>) {
    let key = AuthKey::from_bytes(std::array::from_fn(|i| 255 - u8::try_from(i).unwrap()));
    assert_eq!(Some(key.id()), vector.inputs["perm_auth_key_id_i64"].as_i64());
    let inner = vector.output("bind_auth_key_inner");
    let plain = [
        &vector.input("random_int128")[..],
        &vector.number_input("msg_id").to_le_bytes(),
        &0u32.to_le_bytes(),
        &40u32.to_le_bytes(),
        &inner,
    ]
    .concat();
    let mut padding = Scripted(vector.input("padding"));
    let mut packet = packet_v1::seal(&key, Side::Client, &plain, &mut padding);
    assert_eq!(packet, vector.output("encrypted_message"));
    assert_eq!(packet_v1::open(&key, Side::Client, &mut packet).unwrap(), plain);
}
