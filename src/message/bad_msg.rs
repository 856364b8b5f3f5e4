//! The codes of `bad_msg_notification` (BM-1): what the server refuses with, and the client mends.

pub(super) const MSG_ID_TOO_LOW: i32 = 16;
pub(super) const MSG_ID_TOO_HIGH: i32 = 17;
pub(super) const MSG_ID_LOW_BITS: i32 = 18;
pub(super) const CONTAINER_ID_USED: i32 = 19;
pub(super) const TOO_OLD: i32 = 20;
pub(super) const SEQNO_TOO_LOW: i32 = 32;
pub(super) const SEQNO_TOO_HIGH: i32 = 33;
pub(super) const EVEN_SEQNO_EXPECTED: i32 = 34;
pub(super) const ODD_SEQNO_EXPECTED: i32 = 35;
pub(super) const BAD_SALT: i32 = 48;
pub(super) const BAD_CONTAINER: i32 = 64;
