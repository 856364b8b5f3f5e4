//! The objects that `mtproto.tl` only mentions in comments, because they break the rules of TL (TL-10): a body has a
//! length of its own, the type of a result is not in the bytes, a packed object stands for another.
//!
//! Here they are definitions like all others, and [`decode`](super::decode) knows about the exceptions.

/// `rpc_result`: its `result` is whatever the call returns.
pub(super) const RPC_RESULT: u32 = 0xf35c_6d01;
/// `message`: `body` takes exactly `bytes` bytes.
pub(super) const MESSAGE: u32 = 0x5bb8_e511;
/// `gzip_packed`: stands for the object that is compressed in it (TL-8).
pub(super) const GZIP_PACKED: u32 = 0x3072_cfa1;

/// Definitions of the objects, with the published ids.
pub(super) const SCHEMA: &str = "
rpc_result#f35c6d01 req_msg_id:long result:Object = RpcResult;
message#5bb8e511 msg_id:long seqno:int bytes:int body:Object = Message;
msg_container#73f1f8dc messages:vector<%Message> = MessageContainer;
msg_copy#e06046b2 orig_message:Message = MessageCopy;
gzip_packed#3072cfa1 packed_data:bytes = Object;
";
