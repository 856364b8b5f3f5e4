//! Messages between two accounts, and what is pushed because of them.

use crate::tl::{Constructor, Deserialize, Reader, Serialize, VECTOR, Writer, enums, functions, types};

use super::{
    call::{Audience, Call, Method, Needs, Outcome, Push, answer, encode, written},
    config::MAX_MESSAGE,
    contacts::find_peer,
    layers,
    mailbox::Message,
    rpc_error::RpcError,
    users::{write_empty_vector, write_users},
};

/// `messages.sendMessage` got a new id each time something was added to it. In all of them the fields up to
/// `random_id` are `flags peer [reply] message random_id`; only the form of the reply has changed.
const SEND_MESSAGE: &[u32] = &[
    REPLY_BY_NUMBER,
    REPLY_BY_NUMBER_AND_TOP,
    0x280d_096f, // layer 166: reply_to is an object
    0xdff8_042c, // layer 176
    0x983f_9745, // layer 181
    0xfbf2_340a, // layer 200
    0xfe05_dc9a, // layer 204
    0x545c_d15a, // layer 217
    functions::messages::SendMessage::ID,
];

/// Layer 140: `reply_to_msg_id:flags.0?int`.
const REPLY_BY_NUMBER: u32 = 0x0d9d_75a4;

/// Layer 148: besides, `top_msg_id:flags.9?int`.
const REPLY_BY_NUMBER_AND_TOP: u32 = 0x1cc2_0387;

pub(super) const METHODS: &[Method] =
    &[Method { ids: SEND_MESSAGE, name: "messages.sendMessage", needs: Needs::Home, run: send_message }];

/// What this server takes of `messages.sendMessage`. Formatting, keyboards, schedules and replies are read over.
struct Outgoing {
    peer: enums::InputPeer,
    text: String,
    random_id: i64,
}

fn read_outgoing(reader: &mut Reader) -> Outgoing {
    let id = reader.u32();
    let flags = reader.u32();
    let peer = enums::InputPeer::deserialize(reader);
    if flags & 1 != 0 {
        match id {
            REPLY_BY_NUMBER | REPLY_BY_NUMBER_AND_TOP => drop(reader.i32()),
            _ => skip_reply(reader),
        }
    }
    if id == REPLY_BY_NUMBER_AND_TOP && flags & 1 << 9 != 0 {
        reader.i32();
    }
    Outgoing { peer, text: reader.string().to_string(), random_id: reader.i64() }
}

/// Ids of `inputReplyToMessage` before the schema's own; each has the fields of the one before it and one more.
const REPLY_TO_MESSAGE: &[u32] = &[0x9c53_86e4, 0x073e_c805, 0x22c0_f6d5, 0xb070_38b0, 0x869f_be10];

/// `inputReplyToStory` of layer 166, with an `InputUser` where later ones have an `InputPeer`.
const REPLY_TO_STORY_OLD: u32 = 0x15b0_f283;

fn skip_reply(reader: &mut Reader) {
    match reader.u32() {
        id if id == types::InputReplyToMessage::ID || REPLY_TO_MESSAGE.contains(&id) => {
            let flags = reader.u32();
            let there = |bit: u32| flags & 1 << bit != 0;
            reader.i32();
            if there(0) {
                reader.i32();
            }
            if there(1) {
                enums::InputPeer::deserialize(reader);
            }
            if there(2) {
                reader.string();
            }
            if there(3) {
                Vec::<enums::MessageEntity>::deserialize(reader);
            }
            if there(4) {
                reader.i32();
            }
            if there(5) {
                enums::InputPeer::deserialize(reader);
            }
            if there(6) {
                reader.i32();
            }
            if there(7) {
                reader.bytes();
            }
        }
        REPLY_TO_STORY_OLD => {
            enums::InputUser::deserialize(reader);
            reader.i32();
        }
        types::InputReplyToStory::ID => {
            enums::InputPeer::deserialize(reader);
            reader.i32();
        }
        types::InputReplyToMonoForum::ID => drop(enums::InputPeer::deserialize(reader)),
        id => reader.unknown(id, "InputReplyTo"),
    }
}

fn send_message(call: &mut Call<'_>, reader: &mut Reader) -> Outcome {
    let outgoing = read_outgoing(reader);
    reader.check()?;
    let sender = call.user_id()?;
    let peer = find_peer(call, &outgoing.peer)?.id;
    if outgoing.text.trim().is_empty() {
        return Err(RpcError::bad_request("MESSAGE_EMPTY"));
    }
    if outgoing.text.chars().count() > MAX_MESSAGE {
        return Err(RpcError::bad_request("MESSAGE_TOO_LONG"));
    }
    if outgoing.random_id == 0 {
        return Err(RpcError::bad_request("RANDOM_ID_EMPTY"));
    }
    // A client that has not seen the answer asks again with the same random_id: it gets the answer, and the message
    // stays one message.
    if let Some(sent) = call.world.mailbox(sender).sent(outgoing.random_id) {
        let sent = sent.clone();
        return sent_answer(call, sender, outgoing.random_id, &sent);
    }
    let date = call.date();
    let sent = call.world.deliver(sender, peer, true, date, &outgoing.text);
    call.world.mailbox(sender).remember(outgoing.random_id, sent.id);
    let this = (call.caller.key_id, call.caller.session_id);
    call.pushes.push(Push {
        to: Audience::User(sender),
        except: Some(this),
        body: encode(&short_message(&sent))?,
    });
    if peer != sender {
        let received = call.world.deliver(peer, sender, false, date, &outgoing.text);
        call.pushes.push(Push {
            to: Audience::User(peer),
            except: None,
            body: encode(&short_message(&received))?,
        });
    }
    sent_answer(call, sender, outgoing.random_id, &sent)
}

/// What the sender gets: the short form, as from a real server, except for a message to himself. That one has the
/// long form, and clients (mtcute) count on it.
fn sent_answer(call: &Call<'_>, sender: i64, random_id: i64, message: &Message) -> Outcome {
    if message.peer != sender {
        return answer(&types::UpdateShortSentMessage {
            out: true,
            id: message.id,
            pts: message.pts,
            pts_count: 1,
            date: message.date,
            ..Default::default()
        });
    }
    let own = call.user()?;
    written(|w| {
        w.u32(types::Updates::ID);
        w.u32(VECTOR);
        w.i32(2);
        types::UpdateMessageId { id: message.id, random_id }.serialize(w);
        w.u32(types::UpdateNewMessage::ID);
        write_message(w, call.caller.layer, sender, message);
        w.i32(message.pts);
        w.i32(1);
        write_users(w, call, own, [sender]);
        write_empty_vector(w);
        w.i32(message.date);
        // seq: these updates are numbered by pts alone.
        w.i32(0);
    })
}

/// The short form of a new message: its constructor is the same for all layers, and it needs no `user`.
fn short_message(message: &Message) -> types::UpdateShortMessage {
    types::UpdateShortMessage {
        out: message.out,
        id: message.id,
        user_id: message.peer,
        message: message.text.clone().into(),
        pts: message.pts,
        pts_count: 1,
        date: message.date,
        ..Default::default()
    }
}

/// Bits of `message.flags`.
mod flag {
    pub const OUT: u32 = 1 << 1;
    pub const FROM_ID: u32 = 1 << 8;
}

/// Writes a message of `owner`'s mailbox in the constructor of the client's layer.
pub(super) fn write_message(w: &mut Writer, layer: i32, owner: i64, message: &Message) {
    let (id, flags2) = layers::message(layer);
    let from = if message.out { owner } else { message.peer };
    w.u32(id);
    w.u32(flag::FROM_ID | if message.out { flag::OUT } else { 0 });
    if flags2 {
        w.u32(0);
    }
    w.i32(message.id);
    types::PeerUser { user_id: from }.serialize(w);
    types::PeerUser { user_id: message.peer }.serialize(w);
    w.i32(message.date);
    w.string(&message.text);
}
