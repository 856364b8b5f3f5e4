//! Binding a temporary key to a permanent one (PF-1 to PF-4).

use crate::{
    crypto::{self, AuthKey, hash, kdf},
    tl::{Bytes, Deserialize, Reader, functions, mtproto},
};

use super::{
    call::{Call, Method, Outcome, answer, method},
    rpc_error::RpcError,
};

pub(super) const METHODS: &[Method] = &[method!(Nothing, auth::BindTempAuthKey => bind)];

/// Bytes of the decrypted binding message without its padding: random 16, msg_id 8, seqno 4, length 4, inner 40.
const PLAIN: usize = 72;

fn bind(call: &mut Call<'_>, p: functions::auth::BindTempAuthKey) -> Outcome {
    let temporary = call.caller.key_id;
    let expires = call.world.keys.expires(temporary).ok_or(RpcError::bad_request("TEMP_AUTH_KEY_EMPTY"))?;
    let invalid = RpcError::bad_request("ENCRYPTED_MESSAGE_INVALID");
    let permanent =
        call.world.keys.permanent_entry(p.perm_auth_key_id, call.caller.dc).ok_or(invalid.clone())?;
    let message = open(&permanent.key, &p.encrypted_message).ok_or(invalid.clone())?;
    let inner = message.inner;
    let fits = message.msg_id == call.msg_id
        && inner.nonce == p.nonce
        && inner.temp_auth_key_id == temporary
        && inner.perm_auth_key_id == p.perm_auth_key_id
        && inner.temp_session_id == call.caller.session_id
        && inner.expires_at == p.expires_at;
    if !fits {
        return Err(invalid);
    }
    // The client computes the end from its own clock, so a little difference from ours is normal.
    let asked = i64::from(p.expires_at);
    if asked <= call.now || asked.abs_diff(expires) > 300 {
        return Err(RpcError::bad_request("EXPIRES_AT_INVALID"));
    }
    match call.world.keys.permanent(temporary) {
        Some(other) if other != p.perm_auth_key_id => {
            return Err(RpcError::bad_request("TEMP_AUTH_KEY_ALREADY_BOUND"));
        }
        _ => call.world.keys.bind(temporary, p.perm_auth_key_id),
    }
    answer(&true)
}

/// A binding message, decrypted and found to be made with the permanent key.
struct Binding {
    msg_id: i64,
    inner: mtproto::types::BindAuthKeyInner,
}

/// Opens `perm_auth_key_id | msg_key | encrypted`: MTProto 1.0, sent by the client (EN-5, PF-2).
fn open(key: &AuthKey, message: &[u8]) -> Option<Binding> {
    let (key_id, rest) = message.split_first_chunk::<8>()?;
    let (msg_key, encrypted) = rest.split_first_chunk::<16>()?;
    if *key_id != key.id_bytes()
        || encrypted.len() < PLAIN
        || encrypted.len() > 256
        || encrypted.len() % 16 != 0
    {
        return None;
    }
    let mut plain = encrypted.to_vec();
    kdf::v1(key, crypto::Side::Client, msg_key).decrypt(&mut plain);
    let content = plain.get(..PLAIN)?;
    let digest = hash::sha1(&[content]);
    if !bool::from(subtle::ConstantTimeEq::ct_eq(digest.get(4..)?, msg_key.as_slice())) {
        return None;
    }
    let mut reader = Reader::new(Bytes::copy_from_slice(content));
    let _random = reader.int128();
    let msg_id = reader.i64();
    let _seqno = reader.i32();
    let length = reader.i32();
    let inner = mtproto::types::BindAuthKeyInner::deserialize(&mut reader);
    (reader.check().is_ok() && length == 40).then_some(Binding { msg_id, inner })
}
