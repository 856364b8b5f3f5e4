//! The TL codec: [`Reader`] and [`Writer`], the traits of everything that can be on the wire, and the
//! types generated from `tl-schema/`.
//!
//! Source: <https://core.telegram.org/mtproto/serialize> and <https://core.telegram.org/mtproto/TL>.

#[cfg(feature = "fuzzing")]
mod combinator;
mod error;
mod packet;
mod reader;
mod traits;
pub(crate) mod value;
mod writer;

pub use bytes::Bytes;
/// The text of a `string` value: an immutable slice of the packet it came from, which derefs to `str`.
pub use bytestring::ByteString as Str;

#[cfg(feature = "fuzzing")]
pub use combinator::Combinator;
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

/// What the generated code uses.
pub(crate) mod generated {
    pub(crate) use super::{Bare, Bytes, Constructor, Deserialize, Function, Reader, Serialize, Str, Writer};

    /// The fields of a bare value.
    #[inline(never)]
    pub(crate) fn read<T: Bare>(reader: &mut Reader) -> T {
        let mut value = T::default();
        value.read_bare(reader);
        value
    }
}

/// What a generated type does by way of its codec, and its value made of zeros: a few short functions for
/// each type in place of many that visit every field.
macro_rules! by_codec {
    (struct $ty:ident $id:literal $name:literal { $($zero:tt)* }) => {
        impl Constructor for $ty {
            const ID: u32 = $id;
            const NAME: &'static str = $name;
        }
        impl Default for $ty {
            fn default() -> Self {
                Self { $($zero)* }
            }
        }
        impl Serialize for $ty {
            fn serialize(&self, w: &mut Writer) {
                w.u32($id);
                self.write_bare(w);
            }
        }
        impl Deserialize for $ty {
            fn deserialize(r: &mut Reader) -> Self {
                r.id($id, $name);
                read(r)
            }
        }
        by_codec! { $ty }
    };
    (enum $ty:ident { $zero:expr }) => {
        impl Default for $ty {
            fn default() -> Self {
                $zero
            }
        }
        by_codec! { $ty }
    };
    ($ty:ident) => {
        impl Clone for $ty {
            fn clone(&self) -> Self {
                crate::tl::value::clone(self)
            }
        }
        impl PartialEq for $ty {
            fn eq(&self, other: &Self) -> bool {
                crate::tl::value::equal(self, other)
            }
        }
        impl std::fmt::Debug for $ty {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                crate::tl::value::debug(self, f)
            }
        }
    };
}

/// The service schema (`tl-schema/mtproto.tl`): key exchange, acknowledgements, salts, pings.
#[allow(missing_docs, clippy::all, clippy::pedantic)]
pub mod mtproto {
    include!(concat!(env!("OUT_DIR"), "/mtproto.rs"));
}

/// The API schema (`tl-schema/api.tl`).
#[cfg(feature = "api")]
#[allow(missing_docs, clippy::all, clippy::pedantic)]
pub mod api {
    include!(concat!(env!("OUT_DIR"), "/api.rs"));
}
#[cfg(feature = "api")]
pub use api::{enums, functions, types};

/// The schema of end-to-end encrypted chats (`tl-schema/secret.tl`).
#[cfg(feature = "secret")]
#[allow(missing_docs, clippy::all, clippy::pedantic)]
pub mod secret {
    include!(concat!(env!("OUT_DIR"), "/secret.rs"));
}
