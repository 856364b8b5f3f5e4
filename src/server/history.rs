//! Looking back: conversations and their messages.
//!
//! The answers' constructors have changed too often to serve every layer; clients of layers before
//! [`FIRST_LAYER`] are told that there is no such method.

use std::collections::BTreeMap;

use crate::tl::{Constructor, Serialize, VECTOR, Writer, functions, types};

use super::{
    call::{Call, Method, Outcome, method, written},
    contacts::find_peer,
    mailbox::Message,
    messages::write_message,
    rpc_error::RpcError,
    users::{write_empty_vector, write_users},
};

/// The first layer in which `dialog` and `messages.messages` are what they are in the schema.
const FIRST_LAYER: i32 = 227;

/// Most messages or conversations in one answer.
const MAX_LIMIT: usize = 100;

pub(super) const METHODS: &[Method] =
    &[method!(Home, messages::GetHistory => get_history), method!(Home, messages::GetDialogs => get_dialogs)];

fn check_layer(call: &Call<'_>) -> Result<(), RpcError> {
    if call.caller.layer < FIRST_LAYER { Err(RpcError::bad_request("INPUT_METHOD_INVALID")) } else { Ok(()) }
}

fn get_history(call: &mut Call<'_>, p: functions::messages::GetHistory) -> Outcome {
    check_layer(call)?;
    let user = call.user_id()?;
    let peer = find_peer(call, &p.peer)?.id;
    let limit = usize::try_from(p.limit).map_or(0, |limit| limit.min(MAX_LIMIT));
    let wanted = |m: &&Message| {
        m.peer == peer
            && (p.offset_id <= 0 || m.id < p.offset_id)
            && (p.offset_date <= 0 || m.date < p.offset_date)
            && (p.max_id <= 0 || m.id < p.max_id)
            && (p.min_id <= 0 || m.id > p.min_id)
    };
    let found: Vec<Message> =
        call.world.mailbox(user).iter().rev().filter(wanted).take(limit).cloned().collect();
    let own = call.user()?;
    written(|w| {
        w.u32(types::messages::Messages::ID);
        write_messages(w, call, user, &found);
        // No topics, no chats.
        write_empty_vector(w);
        write_empty_vector(w);
        write_users(w, call, own, [user, peer]);
    })
}

fn get_dialogs(call: &mut Call<'_>, p: functions::messages::GetDialogs) -> Outcome {
    check_layer(call)?;
    let user = call.user_id()?;
    let limit = usize::try_from(p.limit).map_or(0, |limit| limit.min(MAX_LIMIT));
    let mut newest = BTreeMap::new();
    for message in call.world.mailbox(user).iter() {
        newest.insert(message.peer, message.clone());
    }
    let mut newest: Vec<Message> = newest.into_values().collect();
    newest.sort_by_key(|m| std::cmp::Reverse(m.id));
    newest.retain(|m| p.offset_id <= 0 || m.id < p.offset_id);
    newest.truncate(limit);
    let own = call.user()?;
    let dialog = |m: &Message| types::Dialog {
        peer: types::PeerUser { user_id: m.peer }.into(),
        top_message: m.id,
        // Nothing is marked as read here, and nothing counts as unread.
        read_inbox_max_id: m.id,
        read_outbox_max_id: m.id,
        ..Default::default()
    };
    let dialogs: Vec<_> = newest.iter().map(dialog).collect();
    written(|w| {
        w.u32(types::messages::Dialogs::ID);
        dialogs.serialize(w);
        write_messages(w, call, user, &newest);
        write_empty_vector(w);
        write_users(w, call, own, newest.iter().map(|m| m.peer).chain([user]));
    })
}

fn write_messages(w: &mut Writer, call: &Call<'_>, owner: i64, messages: &[Message]) {
    w.u32(VECTOR);
    w.count(messages.len());
    for message in messages {
        write_message(w, call.caller.layer, owner, message);
    }
}
