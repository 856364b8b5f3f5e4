//! Users as others see them: `user` in the client's layer, and the `users` methods.

use crate::tl::{VECTOR, Writer, enums, functions, types};

use super::{
    accounts::Account,
    call::{Call, Method, Outcome, method, written},
    layers,
    rpc_error::RpcError,
};

/// Most users in one `users.getUsers`.
const MAX_USERS: usize = 1_000;

pub(super) const METHODS: &[Method] = &[
    method!(Login, users::GetUsers => |call: &mut Call<'_>, p: functions::users::GetUsers| get_users(call, &p.id)),
    method!(Login, users::GetFullUser => get_full_user),
];

/// Bits of `user.flags`.
mod flag {
    pub const ACCESS_HASH: u32 = 1;
    pub const FIRST_NAME: u32 = 1 << 1;
    pub const LAST_NAME: u32 = 1 << 2;
    pub const USERNAME: u32 = 1 << 3;
    pub const PHONE: u32 = 1 << 4;
    pub const SELF: u32 = 1 << 10;
    pub const CONTACT: u32 = 1 << 11;
    pub const MUTUAL: u32 = 1 << 12;
    pub const BOT: u32 = 1 << 14;
}

/// Writes `account` as `viewer` sees it, in the constructor of the client's layer.
///
/// Only the fields that all layers have are set, so the bytes behind the id are always alike (interop rule 13).
pub(super) fn write_user(w: &mut Writer, layer: i32, viewer: &Account, account: &Account) {
    let is_self = viewer.id == account.id;
    let contact = viewer.contacts.contains(&account.id);
    let phone = account.phone.as_deref().filter(|_| is_self || contact);
    let set = |on: bool, bit: u32| if on { bit } else { 0 };
    let flags = flag::ACCESS_HASH
        | flag::FIRST_NAME
        | set(!account.last_name.is_empty(), flag::LAST_NAME)
        | set(account.username.is_some(), flag::USERNAME)
        | set(phone.is_some(), flag::PHONE)
        | set(is_self, flag::SELF)
        | set(contact && !is_self, flag::CONTACT)
        | set(contact && !is_self && account.contacts.contains(&viewer.id), flag::MUTUAL)
        | set(account.is_bot(), flag::BOT);
    w.u32(layers::user(layer));
    w.u32(flags);
    w.u32(0);
    w.i64(account.id);
    w.i64(account.access_hash);
    w.string(&account.first_name);
    if !account.last_name.is_empty() {
        w.string(&account.last_name);
    }
    if let Some(username) = &account.username {
        w.string(username);
    }
    if let Some(phone) = phone {
        w.string(phone);
    }
    if account.is_bot() {
        // bot_info_version shares the bit of `bot`.
        w.i32(1);
    }
}

/// Writes a vector of the accounts with these ids, each once.
pub(super) fn write_users(
    w: &mut Writer,
    call: &Call<'_>,
    viewer: &Account,
    ids: impl IntoIterator<Item = i64>,
) {
    let mut ids: Vec<i64> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.dedup();
    let accounts: Vec<_> = ids.iter().filter_map(|id| call.world.accounts.get(*id)).collect();
    w.u32(VECTOR);
    w.count(accounts.len());
    for account in accounts {
        write_user(w, call.caller.layer, viewer, account);
    }
}

/// An empty boxed vector.
pub(super) fn write_empty_vector(w: &mut Writer) {
    w.u32(VECTOR);
    w.count(0);
}

/// The account that an `InputUser` names, if the caller knows its access hash.
pub(super) fn find<'c>(call: &'c Call<'_>, user: &enums::InputUser) -> Option<&'c Account> {
    let own = call.user().ok()?;
    match user {
        enums::InputUser::InputUserSelf => Some(own),
        enums::InputUser::InputUser(user) => by_hash(call, own, user.user_id, user.access_hash),
        _ => None,
    }
}

/// The account with this id if the hash fits; a bot may leave the hash out (zero), and nobody needs one for
/// himself.
pub(super) fn by_hash<'c>(call: &'c Call<'_>, own: &Account, id: i64, hash: i64) -> Option<&'c Account> {
    let free = own.id == id || own.is_bot() && hash == 0;
    call.world.accounts.get(id).filter(|account| free || account.access_hash == hash)
}

fn get_users(call: &mut Call<'_>, ids: &[enums::InputUser]) -> Outcome {
    if ids.len() > MAX_USERS {
        return Err(RpcError::bad_request("LIMIT_INVALID"));
    }
    let viewer = call.user()?;
    let found: Vec<_> = ids.iter().filter_map(|id| find(call, id)).collect();
    written(|w| {
        w.u32(VECTOR);
        w.count(found.len());
        for account in found {
            write_user(w, call.caller.layer, viewer, account);
        }
    })
}

fn get_full_user(call: &mut Call<'_>, parameters: functions::users::GetFullUser) -> Outcome {
    let viewer = call.user()?;
    let account = find(call, &parameters.id).ok_or(RpcError::bad_request("USER_ID_INVALID"))?;
    let full =
        layers::UserFull::of(call.caller.layer).ok_or(RpcError::bad_request("CONNECTION_LAYER_INVALID"))?;
    written(|w| {
        w.u32(<types::users::UserFull as crate::tl::Constructor>::ID);
        full.write(w, account.id);
        write_empty_vector(w);
        write_users(w, call, viewer, [account.id]);
    })
}
