//! Binding a temporary key to a permanent one (PF-1 to PF-4).

use crate::{handshake::binding, tl::functions};

use super::{
    call::{Call, Method, Outcome, answer, method},
    rpc_error::RpcError,
};

pub(super) const METHODS: &[Method] = &[method!(Nothing, auth::BindTempAuthKey => bind)];

fn bind(call: &mut Call<'_>, p: functions::auth::BindTempAuthKey) -> Outcome {
    let temporary = call.caller.key_id;
    let expires = call.world.keys.expires(temporary).ok_or(RpcError::bad_request("TEMP_AUTH_KEY_EMPTY"))?;
    let invalid = RpcError::bad_request("ENCRYPTED_MESSAGE_INVALID");
    let permanent =
        call.world.keys.permanent_entry(p.perm_auth_key_id, call.caller.dc).ok_or(invalid.clone())?;
    let message = binding::open(&permanent.key, &p.encrypted_message).ok_or(invalid.clone())?;
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
