//! The encrypted session of MTProto 2.0, both ends, without I/O.
//!
//! A session is an owner's view of one authorization key and one session id: it turns calls into encrypted
//! packets and packets into events. It has no socket, no clock and no randomness of its own; the owner hands
//! them in, so that every run can be repeated. Every method that changes a session takes the time, also where
//! nothing depends on it today.
//!
//! | module | what it does | rules |
//! |---|---|---|
//! | [`client`], [`server`] | the two ends of a session | all |
//! | [`event`], [`error`], [`rpc`] | what they tell their owner | |
//! | [`envelope`] | salt, session id, msg_id, seqno, length, padding around a body | EN-2, EN-6 |
//! | [`msg_id`], [`server_time`] | identifiers made from the server's clock | ID-1, ID-2, ID-5 |
//! | [`salts`] | server salts | SA-1, SA-2 |
//! | [`gzip`] | packed bodies | TL-8 |
//!
//! Source: <https://core.telegram.org/mtproto/description>,
//! <https://core.telegram.org/mtproto/service_messages>,
//! <https://core.telegram.org/mtproto/service_messages_about_messages>.

mod acks;
mod bad_msg;
pub mod client;
mod container;
mod draft;
pub mod envelope;
pub mod error;
pub mod event;
pub mod gzip;
pub(crate) mod hidden;
mod ids;
mod link;
pub mod msg_id;
pub(crate) mod ordered;
mod replay;
pub mod rpc;
pub mod salts;
mod seqno;
#[cfg(feature = "server-core")]
pub mod server;
pub mod server_time;
mod service;
#[cfg(test)]
mod tests;

pub use draft::Draft;
pub use envelope::Opened;
pub use error::{Error, SendError};
pub use event::{CallStatus, ClientEvent, Failure, PushId, RequestId, ServerEvent};
pub use msg_id::MsgId;
pub use rpc::RpcError;
pub use salts::SaltSchedule;
pub use server_time::ServerTime;
