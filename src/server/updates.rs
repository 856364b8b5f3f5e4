//! The update state and what a client has missed (UP-1, UP-5).

use crate::tl::{Constructor, Reader, Serialize, VECTOR, Writer, enums, functions, types};

use super::{
    call::{Call, Method, Needs, Outcome, answer, method, written},
    messages::write_message,
    rpc_error::RpcError,
    users::{write_empty_vector, write_users},
};

/// Messages in one slice of a difference.
const SLICE: usize = 100;

/// `updates.getDifference`; before layer 163 there were no `pts_limit` and `qts_limit`.
const GET_DIFFERENCE: &[u32] = &[functions::updates::GetDifference::ID, 0x2593_9651];

pub(super) const METHODS: &[Method] = &[
    method!(Home, updates::GetState => |call: &mut Call<'_>, _| {
        let user = call.user_id()?;
        let pts = call.world.mailbox(user).pts();
        answer(&state(call, pts))
    }),
    Method { ids: GET_DIFFERENCE, name: "updates.getDifference", needs: Needs::Home, run: get_difference },
];

fn state(call: &Call<'_>, pts: i32) -> types::updates::State {
    // There are no secret chats and no unnumbered updates here, so qts and seq never move.
    types::updates::State { pts, qts: 0, date: call.date(), seq: 0, unread_count: 0 }
}

fn get_difference(call: &mut Call<'_>, reader: &mut Reader) -> Outcome {
    let new_form = reader.u32() == functions::updates::GetDifference::ID;
    let flags = reader.u32();
    let pts = reader.i32();
    let pts_limit = (new_form && flags & 2 != 0).then(|| reader.i32());
    let total_limit = (flags & 1 != 0).then(|| reader.i32());
    let _date = reader.i32();
    let _qts = reader.i32();
    reader.check()?;
    let user = call.user_id()?;
    let newest = call.world.mailbox(user).pts();
    // Clients that have no state yet ask from zero; the first real pts is one.
    let pts = pts.max(1);
    if pts > newest {
        return Err(RpcError::bad_request("PERSISTENT_TIMESTAMP_INVALID"));
    }
    if pts == newest {
        let (date, seq) = (call.date(), 0);
        return answer(&enums::updates::Difference::Empty(types::updates::DifferenceEmpty { date, seq }));
    }
    let limit =
        pts_limit.and_then(|limit| usize::try_from(limit).ok()).filter(|limit| *limit > 0).unwrap_or(SLICE);
    let found = call
        .world
        .mailbox(user)
        .since(pts, limit.min(SLICE))
        .map(|(messages, all)| (messages.into_iter().cloned().collect::<Vec<_>>(), all));
    let too_many = total_limit.is_some_and(|limit| limit > 0 && newest - pts > limit);
    let Some((messages, all)) = found.filter(|_| !too_many) else {
        return answer(&enums::updates::Difference::TooLong(types::updates::DifferenceTooLong {
            pts: newest,
        }));
    };
    let viewer = call.user()?;
    let reached = messages.last().map_or(newest, |m| m.pts);
    let people = messages.iter().map(|m| m.peer).chain([user]);
    written(|w: &mut Writer| {
        w.u32(if all { types::updates::Difference::ID } else { types::updates::DifferenceSlice::ID });
        w.u32(VECTOR);
        w.count(messages.len());
        for message in &messages {
            write_message(w, call.caller.layer, user, message);
        }
        // No secret messages, no other updates, no chats.
        write_empty_vector(w);
        write_empty_vector(w);
        write_empty_vector(w);
        write_users(w, call, viewer, people);
        state(call, reached).serialize(w);
    })
}
