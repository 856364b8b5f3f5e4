//! What every step of a login by number begins with: the number, the code that is under way, what is refused.

use super::{
    account_spec::normalize_phone, call::Call, codes::Pending, rpc_error::RpcError, scenario::Number,
};

/// `api_id` and `api_hash` come from my.telegram.org; here any that could be real will do.
pub(super) fn check_api(api_id: i32, api_hash: &str) -> Result<(), RpcError> {
    if api_id <= 0 || api_hash.trim().is_empty() {
        Err(RpcError::bad_request("API_ID_INVALID"))
    } else {
        Ok(())
    }
}

/// The digits of a number that is at home at the caller's DC and not refused this method.
pub(super) fn valid_phone(call: &mut Call<'_>, phone: &str) -> Result<String, RpcError> {
    let invalid = RpcError::bad_request("PHONE_NUMBER_INVALID");
    let phone = normalize_phone(phone).ok_or(invalid.clone())?;
    match call.world.home_of_phone(&phone).ok_or(invalid)? {
        home if home == call.caller.dc => {}
        home => return Err(RpcError::migrate("PHONE", home)),
    }
    refuse(call, &phone)?;
    Ok(phone)
}

/// Fails if the scenario refuses the call to this number.
fn refuse(call: &mut Call<'_>, phone: &str) -> Result<(), RpcError> {
    let Some(number) = call.world.scenario.numbers.get_mut(phone) else { return Ok(()) };
    if call.checked.as_deref() == Some(phone) {
        return Ok(());
    }
    call.checked = Some(phone.to_owned());
    number.refuse.take(call.method).map_or(Ok(()), Err)
}

/// Fails if the scenario refuses the call to everybody, or to the user behind the caller's key.
pub(super) fn refuse_caller(call: &mut Call<'_>) -> Result<(), RpcError> {
    if let Some(error) = call.world.scenario.errors.take(call.method) {
        return Err(error);
    }
    if call.world.scenario.numbers.is_empty() {
        return Ok(());
    }
    let Ok(user) = call.subject() else { return Ok(()) };
    let phone = call.world.accounts.get(user).and_then(|account| account.phone.clone());
    phone.map_or(Ok(()), |phone| refuse(call, &phone))
}

/// The code that was sent under this hash to this number.
pub(super) fn pending<'c>(
    call: &'c mut Call<'_>,
    phone: &str,
    hash: &str,
) -> Result<&'c mut Pending, RpcError> {
    if hash.is_empty() {
        return Err(RpcError::bad_request("PHONE_CODE_HASH_EMPTY"));
    }
    call.world.codes.get(hash, phone, call.now).ok_or(RpcError::bad_request("PHONE_CODE_EXPIRED"))
}

/// What the scenario says about a number.
pub(super) fn scenario<'c>(call: &'c Call<'_>, phone: &str) -> Option<&'c Number> {
    call.world.scenario.number(phone)
}
