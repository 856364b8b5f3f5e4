//! The service messages, as each side gets them from the other.

use bytes::Bytes;

use super::acks::MAX_IDS;
use super::container::is_container;
use super::error::Error;
use super::gzip::{self, Budget};
use super::msg_id::MsgId;
use super::rpc::{RPC_ERROR, RPC_RESULT, RpcError};
use crate::tl::mtproto::{enums, functions, types};
use crate::tl::{Constructor, Deserialize, Reader, Serialize, VECTOR, is_constructor_of};

/// What a server says to a client.
#[derive(Clone, PartialEq)]
// They hold bodies, which nothing but a test may print.
#[cfg_attr(test, derive(Debug))]
pub(super) enum FromServer {
    /// The husk of a `msg_copy`, or something that a client need not understand.
    Nothing,
    /// `msgs_ack`.
    Acks(Vec<MsgId>),
    /// `bad_msg_notification`, or `bad_server_salt` with the new salt.
    BadMessage {
        /// The refused message or container.
        id: MsgId,
        /// Why (BM-1).
        code: i32,
        /// The salt to use.
        salt: Option<i64>,
    },
    /// `msgs_state_req`.
    StateRequest(Vec<MsgId>),
    /// `msgs_state_info`.
    StateInfo {
        /// The id of our question.
        question: MsgId,
        /// A byte for each id that was asked for.
        info: Bytes,
    },
    /// `msgs_all_info`.
    AllInfo {
        /// The messages.
        ids: Vec<MsgId>,
        /// A byte for each.
        info: Bytes,
    },
    /// `msg_detailed_info` and `msg_new_detailed_info`.
    DetailedInfo {
        /// Our message that the server has answered, in the former.
        call: Option<MsgId>,
        /// The message of the server that we may have missed.
        answer: MsgId,
    },
    /// `msg_resend_req`.
    ResendRequest(Vec<MsgId>),
    /// `new_session_created`.
    NewSession(types::NewSessionCreated),
    /// `pong`.
    Pong {
        /// The message that it answers.
        ping: MsgId,
        /// All of it.
        body: Bytes,
    },
    /// `future_salts`.
    FutureSalts {
        /// The message that it answers.
        request: MsgId,
        /// The salts.
        salts: types::FutureSalts,
        /// All of it.
        body: Bytes,
    },
    /// An answer without `rpc_result` around it, and the id of the function that it answers.
    Bare {
        /// `destroy_session` or `destroy_auth_key`.
        function: u32,
        /// All of it.
        body: Bytes,
    },
    /// `rpc_result`.
    Answer {
        /// The call.
        call: MsgId,
        /// What it holds; `None` if that cannot be read.
        result: Option<Result<Bytes, RpcError>>,
    },
    /// Anything else: updates.
    Other(Bytes),
}

impl FromServer {
    /// Reads the body of a message.
    ///
    /// # Errors
    /// A known message that cannot be read, a container in packed data, and packed updates that cannot be
    /// unpacked. A broken *answer* is no error of the packet: it concerns its call alone.
    pub(super) fn read(body: Bytes, budget: &mut Budget) -> Result<Self, Error> {
        let Some(id) = constructor(&body) else { return Ok(Self::Nothing) };
        Ok(match id {
            types::MsgsAck::ID => Self::Acks(ids(&types::MsgsAck::from_bytes(body)?.msg_ids)?),
            types::BadMsgNotification::ID => {
                let bad = types::BadMsgNotification::from_bytes(body)?;
                Self::BadMessage { id: MsgId::from_wire(bad.bad_msg_id), code: bad.error_code, salt: None }
            }
            types::BadServerSalt::ID => {
                let bad = types::BadServerSalt::from_bytes(body)?;
                let salt = Some(bad.new_server_salt);
                Self::BadMessage { id: MsgId::from_wire(bad.bad_msg_id), code: bad.error_code, salt }
            }
            types::MsgsStateReq::ID => {
                Self::StateRequest(ids(&types::MsgsStateReq::from_bytes(body)?.msg_ids)?)
            }
            types::MsgsStateInfo::ID => {
                let state = types::MsgsStateInfo::from_bytes(body)?;
                Self::StateInfo { question: MsgId::from_wire(state.req_msg_id), info: state.info }
            }
            types::MsgsAllInfo::ID => {
                let all = types::MsgsAllInfo::from_bytes(body)?;
                Self::AllInfo { ids: ids(&all.msg_ids)?, info: all.info }
            }
            types::MsgDetailedInfo::ID => {
                let detail = types::MsgDetailedInfo::from_bytes(body)?;
                Self::DetailedInfo {
                    call: Some(MsgId::from_wire(detail.msg_id)),
                    answer: MsgId::from_wire(detail.answer_msg_id),
                }
            }
            types::MsgNewDetailedInfo::ID => {
                let detail = types::MsgNewDetailedInfo::from_bytes(body)?;
                Self::DetailedInfo { call: None, answer: MsgId::from_wire(detail.answer_msg_id) }
            }
            types::MsgResendReq::ID => {
                Self::ResendRequest(ids(&types::MsgResendReq::from_bytes(body)?.msg_ids)?)
            }
            // There are no calls of the server, and so no answers to them: it is told what is known of these ids.
            types::MsgResendAnsReq::ID => {
                Self::StateRequest(ids(&types::MsgResendAnsReq::from_bytes(body)?.msg_ids)?)
            }
            types::NewSessionCreated::ID => Self::NewSession(types::NewSessionCreated::from_bytes(body)?),
            types::Pong::ID => {
                let pong = types::Pong::from_bytes(body.clone())?;
                Self::Pong { ping: MsgId::from_wire(pong.msg_id), body }
            }
            types::FutureSalts::ID => {
                let salts = types::FutureSalts::from_bytes(body.clone())?;
                Self::FutureSalts { request: MsgId::from_wire(salts.req_msg_id), salts, body }
            }
            types::DestroySessionOk::ID | types::DestroySessionNone::ID => {
                Self::Bare { function: functions::DestroySession::ID, body }
            }
            id if is_constructor_of::<enums::DestroyAuthKeyRes>(id) => {
                Self::Bare { function: functions::DestroyAuthKey::ID, body }
            }
            RPC_RESULT => {
                let mut reader = Reader::new(body);
                reader.u32();
                let call = MsgId::from_wire(reader.i64());
                reader.check()?;
                Self::Answer { call, result: read_result(reader.into_rest(), budget) }
            }
            _ => Self::Other(unpack(body, budget)?),
        })
    }
}

/// Reads what stands in an `rpc_result`; `None` if it cannot be read.
fn read_result(result: Bytes, budget: &mut Budget) -> Option<Result<Bytes, RpcError>> {
    let result = gzip::unpack(result, budget).ok()?;
    match constructor(&result) {
        None => None,
        Some(RPC_ERROR) => RpcError::read(&mut Reader::new(result)).ok().map(Err),
        Some(_) => Some(Ok(result)),
    }
}

/// What a client says to a server.
#[derive(Clone, PartialEq)]
// They hold bodies, which nothing but a test may print.
#[cfg_attr(test, derive(Debug))]
pub(super) enum FromClient {
    /// The husk of a `msg_copy`, or something that a server need not understand.
    Nothing,
    /// `msgs_ack`.
    Acks(Vec<MsgId>),
    /// `msgs_state_req`.
    StateRequest(Vec<MsgId>),
    /// `msg_resend_req`.
    ResendRequest(Vec<MsgId>),
    /// `msg_resend_ans_req`: the same for the answers to these calls.
    ResendAnswers(Vec<MsgId>),
    /// `rpc_drop_answer`.
    DropAnswer(MsgId),
    /// `ping` and `ping_delay_disconnect`.
    Ping {
        /// To be repeated in the answer.
        ping_id: i64,
        /// Seconds after which to close the connection, in the latter.
        disconnect_delay: Option<i32>,
    },
    /// `get_future_salts`.
    GetFutureSalts {
        /// How many are wanted.
        count: i32,
    },
    /// `http_wait`.
    HttpWait(types::HttpWait),
    /// Anything else: a call.
    Call(Bytes),
}

impl FromClient {
    /// Reads the body of a message.
    ///
    /// # Errors
    /// A known message that cannot be read, a container in packed data, packed data that cannot be unpacked.
    pub(super) fn read(body: Bytes, budget: &mut Budget) -> Result<Self, Error> {
        let body = unpack(body, budget)?;
        let Some(id) = constructor(&body) else { return Ok(Self::Nothing) };
        Ok(match id {
            types::MsgsAck::ID => Self::Acks(ids(&types::MsgsAck::from_bytes(body)?.msg_ids)?),
            types::MsgsStateReq::ID => {
                Self::StateRequest(ids(&types::MsgsStateReq::from_bytes(body)?.msg_ids)?)
            }
            // A server of ours never asks, so these answer nothing.
            types::MsgsStateInfo::ID | types::MsgsAllInfo::ID => Self::Nothing,
            types::MsgResendReq::ID => {
                Self::ResendRequest(ids(&types::MsgResendReq::from_bytes(body)?.msg_ids)?)
            }
            types::MsgResendAnsReq::ID => {
                Self::ResendAnswers(ids(&types::MsgResendAnsReq::from_bytes(body)?.msg_ids)?)
            }
            functions::RpcDropAnswer::ID => {
                let drop = functions::RpcDropAnswer::from_bytes(body)?;
                Self::DropAnswer(MsgId::from_wire(drop.req_msg_id))
            }
            functions::Ping::ID => {
                let ping = functions::Ping::from_bytes(body)?;
                Self::Ping { ping_id: ping.ping_id, disconnect_delay: None }
            }
            functions::PingDelayDisconnect::ID => {
                let ping = functions::PingDelayDisconnect::from_bytes(body)?;
                Self::Ping { ping_id: ping.ping_id, disconnect_delay: Some(ping.disconnect_delay) }
            }
            functions::GetFutureSalts::ID => {
                Self::GetFutureSalts { count: functions::GetFutureSalts::from_bytes(body)?.num }
            }
            types::HttpWait::ID => Self::HttpWait(types::HttpWait::from_bytes(body)?),
            _ => Self::Call(body),
        })
    }

    /// Whether the seqno of such a message must be that of a content-related one (SQ-2).
    ///
    /// None must be even: a real server takes acks with an odd number, too, though SQ-2 forbids it, and there are
    /// clients that count on it (mtcute).
    pub(super) fn must_be_content_related(&self) -> bool {
        matches!(self, Self::Call(_))
    }
}

/// The constructor id that a body begins with.
pub(super) fn constructor(body: &Bytes) -> Option<u32> {
    body.first_chunk().map(|id| u32::from_le_bytes(*id))
}

fn unpack(body: Bytes, budget: &mut Budget) -> Result<Bytes, Error> {
    let body = gzip::unpack(body, budget)?;
    if is_container(&body) { Err(Error::Container("a container in packed data")) } else { Ok(body) }
}

fn ids(longs: &[i64]) -> Result<Vec<MsgId>, Error> {
    if longs.len() > MAX_IDS {
        return Err(Error::TooManyIds { count: longs.len() });
    }
    Ok(longs.iter().map(|&long| MsgId::from_wire(long)).collect())
}

/// The ids as `long`s for a service message.
pub(super) fn longs(ids: &[MsgId]) -> Vec<i64> {
    ids.iter().map(|id| id.to_wire()).collect()
}

/// `msgs_ack` for these messages. Nearly every packet has one, so it is written without a detour, into memory of just its
/// size.
pub(super) fn msgs_ack(ids: &[MsgId]) -> Bytes {
    let mut message = Vec::with_capacity(12 + 8 * ids.len());
    // At most as many as the acks that wait, see `MAX_IDS`.
    let count = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    for word in [types::MsgsAck::ID, VECTOR, count] {
        message.extend_from_slice(&word.to_le_bytes());
    }
    for id in ids {
        message.extend_from_slice(&id.to_wire().to_le_bytes());
    }
    message.into()
}

/// A service message as bytes.
pub(super) fn encode(message: &impl Serialize) -> Bytes {
    // Only strings of 16 MiB cannot be written; no service message that is built here has one.
    message.to_bytes().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acks_are_written_as_the_schema_says() {
        for count in [0, 1, 20] {
            let ids: Vec<_> = (0..count).map(|n| MsgId::from_wire(n << 32)).collect();
            assert_eq!(msgs_ack(&ids), encode(&types::MsgsAck { msg_ids: longs(&ids) }));
        }
    }
}
