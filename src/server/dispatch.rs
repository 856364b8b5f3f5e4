//! From a call's bytes to the method that carries it out.

use std::{collections::HashMap, sync::LazyLock};

use crate::tl::Bytes;

use super::{
    call::{Call, Method, Needs, Outcome},
    config, contacts, deletion, devices, history, login, login_email, logout, messages, password, phone, qr,
    rpc_error::RpcError,
    send_code, temp_keys, transfer, updates, users, wrappers,
};

/// Every method that is served, by each of its ids.
static METHODS: LazyLock<HashMap<u32, &'static Method>> = LazyLock::new(|| {
    [
        config::METHODS,
        login::METHODS,
        send_code::METHODS,
        login_email::METHODS,
        logout::METHODS,
        qr::METHODS,
        devices::METHODS,
        deletion::METHODS,
        password::METHODS,
        password::settings::METHODS,
        password::recovery::METHODS,
        password::reset::METHODS,
        transfer::METHODS,
        temp_keys::METHODS,
        users::METHODS,
        contacts::METHODS,
        messages::METHODS,
        history::METHODS,
        updates::METHODS,
    ]
    .into_iter()
    .flatten()
    .flat_map(|method| method.ids.iter().map(move |id| (*id, method)))
    .collect()
});

/// The refusal of a call before which others are not finished.
pub(super) const MSG_WAIT_TIMEOUT: &str = "MSG_WAIT_TIMEOUT";

/// Whether there is a method with this name.
pub(super) fn is_served(name: &str) -> bool {
    METHODS.values().any(|method| method.name == name)
}

/// Carries out one call. `succeeded` tells of an earlier call of the session whether it succeeded, for
/// `invokeAfterMsg`: `None` if it is not known.
pub(super) fn dispatch(call: &mut Call<'_>, body: Bytes, succeeded: impl Fn(i64) -> Option<bool>) -> Outcome {
    let (mut reader, wishes) = wrappers::unwrap(call, body)?;
    call.remember_client(wishes.device);
    for earlier in &wishes.after {
        match succeeded(*earlier) {
            Some(true) => {}
            Some(false) => return Err(RpcError::internal("MSG_WAIT_FAILED")),
            None => return Err(RpcError::internal(MSG_WAIT_TIMEOUT)),
        }
    }
    let id = reader.peek_u32().ok_or(RpcError::bad_request("INPUT_FETCH_ERROR"))?;
    let Some(method) = METHODS.get(&id) else {
        tracing::debug!(
            id = format_args!("{id:08x}"),
            layer = call.caller.layer,
            "call of a method that is not served"
        );
        return Err(RpcError::bad_request("INPUT_METHOD_INVALID"));
    };
    tracing::debug!(method = method.name, layer = call.caller.layer, dc = call.caller.dc, "call");
    // A binding may come before anything else; what else needs no key is asked for with initConnection around it.
    if !call.caller.inited && method.needs != Needs::Nothing {
        return Err(RpcError::bad_request("CONNECTION_NOT_INITED"));
    }
    call.permit(method.needs)?;
    call.method = method.name;
    phone::refuse_caller(call)?;
    if !wishes.without_updates && method.needs != Needs::Nothing {
        call.caller.wants_updates = true;
    }
    *call.world.carried_out.entry(method.name).or_default() += 1;
    (method.run)(call, &mut reader)
}
