//! The TL codec: [`Reader`] and [`Writer`], the traits of everything that can be on the wire, and the
//! types generated from `tl-schema/`.
//!
//! Source: <https://core.telegram.org/mtproto/serialize> and <https://core.telegram.org/mtproto/TL>.

mod error;
mod packet;
mod reader;
mod traits;
mod writer;

pub use bytes::Bytes;
/// The text of a `string` value: an immutable slice of the packet it came from, which derefs to `str`.
pub use bytestring::ByteString as Str;

pub use error::{Error, ErrorKind};
pub use packet::{HEADROOM, PacketBuf};
pub use reader::Reader;
pub use writer::Writer;

/// How deep values may nest: far above anything in the schema's real use, far below what a small thread's
/// stack can hold.
pub const MAX_DEPTH: u32 = 64;

/// Id of `boolTrue`.
pub const BOOL_TRUE: u32 = 0x9972_75b5;
/// Id of `boolFalse`.
pub const BOOL_FALSE: u32 = 0xbc79_9737;
/// Id of the boxed `vector`.
pub const VECTOR: u32 = 0x1cb5_c415;

pub use traits::{Bare, Constructor, Deserialize, Function, Raw, Serialize, detach};
