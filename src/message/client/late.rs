//! What of a call's body can be written only when it goes out, because it names msg_ids.

use bytes::{BufMut, Bytes, BytesMut};
use rand::CryptoRng;

use crate::handshake::binding::Binding;
use crate::message::event::RequestId;
use crate::message::msg_id::MsgId;
use crate::tl::VECTOR;

/// Constructor id of `invokeAfterMsg`.
const INVOKE_AFTER_MSG: u32 = 0xcb9f_372d;
/// Constructor id of `invokeAfterMsgs`.
const INVOKE_AFTER_MSGS: u32 = 0x3dc4_b4f0;

/// The part of a call's body that is made anew each time the call is sent.
#[derive(Clone, Debug)]
pub(super) enum Late {
    /// There is none.
    Nothing,
    /// The whole body is `auth.bindTempAuthKey` (PF-2).
    Binding(Box<Binding>),
    /// The call is to be carried out after these, if the server has them and has not answered yet (AP-3).
    After(Vec<Former>),
}

/// A call after which another one comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Former {
    /// It is in flight, and goes by the id under which it was last sent.
    Call(RequestId),
    /// Its caller has given it up, but the server may still be at it.
    Message(MsgId),
}

impl Late {
    /// The most bytes that it adds to the body.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Binding(_) => Binding::REQUEST_LEN,
            Self::After(formers) if formers.len() == 1 => 12,
            Self::After(formers) => 12 + 8 * formers.len(),
        }
    }

    /// The whole body, of which `body` is the part known before. `sent_as` gives the id of a call that is on the wire.
    pub(super) fn complete(
        &self,
        body: Bytes,
        (session_id, msg_id): (i64, MsgId),
        sent_as: impl Fn(RequestId) -> Option<MsgId>,
        rng: &mut dyn CryptoRng,
    ) -> Bytes {
        match self {
            Self::Nothing => body,
            Self::Binding(binding) => binding.request(session_id, msg_id.to_wire(), rng),
            Self::After(formers) => {
                let ids: Vec<_> = formers
                    .iter()
                    .filter_map(|former| match former {
                        Former::Call(request) => sent_as(*request),
                        Former::Message(id) => Some(*id),
                    })
                    .collect();
                after(&ids, body)
            }
        }
    }

    /// A call is given up that went by this id: who comes after it, comes after that.
    pub(super) fn given_up(&mut self, request: RequestId, id: Option<MsgId>) {
        let Self::After(formers) = self else { return };
        for former in formers.iter_mut().filter(|former| **former == Former::Call(request)) {
            if let Some(id) = id {
                *former = Former::Message(id);
            }
        }
    }

    /// The session has another id, to which the ids of its former messages mean nothing.
    pub(super) fn session_renewed(&mut self) {
        if let Self::After(formers) = self {
            formers.retain(|former| matches!(former, Former::Call(_)));
        }
    }
}

/// `invokeAfterMsg` or `invokeAfterMsgs` around a call: the outermost of all wrappers (AP-2).
fn after(ids: &[MsgId], body: Bytes) -> Bytes {
    let mut whole = BytesMut::with_capacity(12 + 8 * ids.len() + body.len());
    match ids {
        [] => return body,
        [id] => {
            whole.put_u32_le(INVOKE_AFTER_MSG);
            whole.put_i64_le(id.to_wire());
        }
        _ => {
            whole.put_u32_le(INVOKE_AFTER_MSGS);
            whole.put_u32_le(VECTOR);
            // The callers are bounded, see `Session::call_after`.
            whole.put_u32_le(u32::try_from(ids.len()).unwrap_or(u32::MAX));
            ids.iter().for_each(|id| whole.put_i64_le(id.to_wire()));
        }
    }
    whole.put_slice(&body);
    whole.freeze()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::message::msg_id::Kind;

    fn id(seconds: u64) -> MsgId {
        MsgId::at(Duration::from_secs(seconds), Kind::FromClient)
    }

    const BODY: Bytes = Bytes::from_static(&[1, 2, 3, 4]);

    #[test]
    fn what_is_over_is_not_waited_for() {
        assert_eq!(after(&[], BODY), BODY);
    }

    #[test]
    #[cfg(feature = "api")]
    fn the_wrappers_are_those_of_the_schema() {
        use crate::tl::functions::{InvokeAfterMsg, InvokeAfterMsgs};
        use crate::tl::{Raw, Serialize};
        let one = InvokeAfterMsg { msg_id: id(1).to_wire(), query: Raw::default() };
        assert_eq!(after(&[id(1)], Bytes::new()), one.to_bytes().unwrap());
        let msg_ids = vec![id(1).to_wire(), id(2).to_wire()];
        let two = InvokeAfterMsgs { msg_ids, query: Raw::default() };
        assert_eq!(after(&[id(1), id(2)], Bytes::new()), two.to_bytes().unwrap());
    }

    #[test]
    fn the_announced_length_is_enough() {
        for count in 1..4 {
            let ids: Vec<_> = (0..count).map(id).collect();
            let late = Late::After(ids.iter().copied().map(Former::Message).collect());
            assert_eq!(late.len() + BODY.len(), after(&ids, BODY).len());
        }
    }
}
