//! Finding other people: usernames, numbers, the contact list.

use crate::tl::{Constructor, Deserialize, Reader, Serialize, VECTOR, Writer, enums, functions, types};

use super::{
    account_spec::normalize_phone,
    accounts::Account,
    call::{Call, Method, Needs, Outcome, method, written},
    rpc_error::RpcError,
    users::{write_empty_vector, write_users},
};

/// Most contacts in one `contacts.importContacts`.
const MAX_IMPORT: usize = 500;

/// `inputPhoneContact` before layer 217, when it had no flags.
const INPUT_PHONE_CONTACT_OLD: u32 = 0xf392_b7f4;

/// `contacts.resolveUsername`; before layer 197 it had no `referer`, and so no flags.
const RESOLVE_USERNAME: &[u32] = &[functions::contacts::ResolveUsername::ID, 0xf93c_cba3];

const IMPORT_CONTACTS: &[u32] = &[functions::contacts::ImportContacts::ID];

pub(super) const METHODS: &[Method] = &[
    Method {
        ids: RESOLVE_USERNAME,
        name: "contacts.resolveUsername",
        needs: Needs::Home,
        run: resolve_username,
    },
    method!(Home, contacts::ResolvePhone => resolve_phone),
    method!(Home, contacts::GetContacts => get_contacts),
    Method {
        ids: IMPORT_CONTACTS,
        name: "contacts.importContacts",
        needs: Needs::Home,
        run: import_contacts,
    },
];

fn resolve_username(call: &mut Call<'_>, reader: &mut Reader) -> Outcome {
    let _flags = if reader.u32() == functions::contacts::ResolveUsername::ID { reader.u32() } else { 0 };
    let username = reader.string();
    reader.check()?;
    let name = username.trim_start_matches('@');
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(RpcError::bad_request("USERNAME_INVALID"));
    }
    let found =
        call.world.accounts.by_username(name).ok_or(RpcError::bad_request("USERNAME_NOT_OCCUPIED"))?;
    resolved(call, found)
}

fn resolve_phone(call: &mut Call<'_>, p: functions::contacts::ResolvePhone) -> Outcome {
    let found = normalize_phone(&p.phone).and_then(|phone| call.world.accounts.by_phone(&phone));
    resolved(call, found.ok_or(RpcError::bad_request("PHONE_NOT_OCCUPIED"))?)
}

fn resolved(call: &Call<'_>, account: &Account) -> Outcome {
    let viewer = call.user()?;
    written(|w| {
        w.u32(types::contacts::ResolvedPeer::ID);
        types::PeerUser { user_id: account.id }.serialize(w);
        write_empty_vector(w);
        write_users(w, call, viewer, [account.id]);
    })
}

fn get_contacts(call: &mut Call<'_>, _: functions::contacts::GetContacts) -> Outcome {
    let viewer = call.user()?;
    let contact = |id: &i64| types::Contact {
        user_id: *id,
        mutual: call.world.accounts.get(*id).is_some_and(|other| other.contacts.contains(&viewer.id)),
    };
    let contacts: Vec<_> = viewer.contacts.iter().map(contact).collect();
    written(|w| {
        w.u32(types::contacts::Contacts::ID);
        contacts.serialize(w);
        w.count(contacts.len());
        write_users(w, call, viewer, viewer.contacts.iter().copied());
    })
}

/// What is needed of an `inputPhoneContact` of any layer.
struct Wanted {
    client_id: i64,
    phone: String,
}

fn read_wanted(reader: &mut Reader) -> Wanted {
    let id = reader.u32();
    let flags = match id {
        INPUT_PHONE_CONTACT_OLD => 0,
        types::InputPhoneContact::ID => reader.u32(),
        id => {
            reader.unknown(id, "InputContact");
            0
        }
    };
    let client_id = reader.i64();
    let phone = reader.string().to_string();
    let _names = [reader.string(), reader.string()];
    if flags & 1 != 0 {
        types::TextWithEntities::deserialize(reader);
    }
    Wanted { client_id, phone }
}

fn import_contacts(call: &mut Call<'_>, reader: &mut Reader) -> Outcome {
    let _id = reader.u32();
    let wanted = reader.vector(read_wanted);
    reader.check()?;
    if wanted.len() > MAX_IMPORT {
        return Err(RpcError::bad_request("LIMIT_INVALID"));
    }
    let mut own = call.user()?.clone();
    let mut imported = Vec::new();
    for wanted in wanted {
        let phone = normalize_phone(&wanted.phone);
        if let Some(found) = phone.and_then(|phone| call.world.accounts.by_phone(&phone)) {
            own.contacts.insert(found.id);
            imported.push(types::ImportedContact { user_id: found.id, client_id: wanted.client_id });
        }
    }
    if !imported.is_empty() {
        call.world.put_account(own);
    }
    let viewer = call.user()?;
    written(|w: &mut Writer| {
        w.u32(types::contacts::ImportedContacts::ID);
        imported.serialize(w);
        write_empty_vector(w);
        w.u32(VECTOR);
        w.count(0);
        write_users(w, call, viewer, imported.iter().map(|i| i.user_id));
    })
}

/// The account that an `InputPeer` names.
pub(super) fn find_peer<'c>(call: &'c Call<'_>, peer: &enums::InputPeer) -> Result<&'c Account, RpcError> {
    let own = call.user()?;
    let found = match peer {
        enums::InputPeer::InputPeerSelf => Some(own),
        enums::InputPeer::User(user) => super::users::by_hash(call, own, user.user_id, user.access_hash),
        _ => None,
    };
    found.ok_or(RpcError::bad_request("PEER_ID_INVALID"))
}
