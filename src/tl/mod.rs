//! The TL codec: [`Reader`] and [`Writer`], the traits of everything that can be on the wire, and the
//! types generated from `tl-schema/`.
//!
//! Source: <https://core.telegram.org/mtproto/serialize> and <https://core.telegram.org/mtproto/TL>.

#[cfg(feature = "fuzzing")]
mod combinator;
mod error;
mod packet;
mod reader;
#[allow(unsafe_code)]
pub(crate) mod table;
mod text;
mod traits;
pub(crate) mod value;
mod writer;

pub use bytes::Bytes;

pub use crate::schema::wire::{BOOL_FALSE, BOOL_TRUE, MAX_DEPTH, VECTOR};
#[cfg(feature = "fuzzing")]
pub use combinator::Combinator;
pub use error::{Error, ErrorKind};
pub use packet::{HEADROOM, PacketBuf};
pub use reader::Reader;
pub use table::{Described, is_constructor_of};
pub use text::Str;
pub use writer::Writer;

pub use traits::{Bare, Constructor, Deserialize, Function, Raw, Serialize, detach};

/// What the generated code uses; the service schema alone does not use all of it.
#[cfg_attr(not(feature = "api"), allow(unused_imports))]
pub(crate) mod generated {
    pub(crate) use std::alloc::Layout;
    pub(crate) use std::mem::offset_of;

    pub(crate) use std::fmt::{Debug, Formatter, Result};

    pub(crate) use super::table::{
        ALWAYS, Codec, Described, Enum, Field, Kind, Lazy, Optional, Payload, Shape, Straight, Struct,
        Variant, Vector, bare_into, boxed, clone, payload, some, some_text, text, value_into, vector, zero,
    };
    pub(crate) use super::value::{debug, equal};
    pub(crate) use super::{Bare, Bytes, Constructor, Deserialize, Function, Reader, Serialize, Str, Writer};
}

/// What a generated type does, all of it by way of its table.
///
/// Everything is `#[inline]`: a crate compiles these few calls for the types that it uses, and this one
/// for none of the 2,500.
macro_rules! described {
    (struct $ty:ident $table:ident $id:literal $name:literal) => {
        described! { function $ty $table $id $name }
        described! { equal $ty }
    };
    (function $ty:ident $table:ident $id:literal $name:literal) => {
        impl Constructor for $ty {
            const ID: u32 = $id;
            const NAME: &'static str = $name;
        }
        described! { shape $ty Struct $table }
    };
    (enum $ty:ident $table:ident) => {
        described! { shape $ty Enum $table }
        described! { equal $ty }
    };
    (shape $ty:ident $shape:ident $table:ident) => {
        // SAFETY: the generator wrote the table from the same definition as the type.
        unsafe impl Described for $ty {
            const SHAPE: Shape = Shape::$shape(&$table);
        }
        impl Default for $ty {
            #[inline]
            fn default() -> Self {
                zero()
            }
        }
        impl Clone for $ty {
            #[inline]
            fn clone(&self) -> Self {
                clone(self)
            }
        }
        impl Debug for $ty {
            #[inline]
            fn fmt(&self, f: &mut Formatter<'_>) -> Result {
                debug(self, f)
            }
        }
    };
    (equal $ty:ident) => {
        impl PartialEq for $ty {
            #[inline]
            fn eq(&self, other: &Self) -> bool {
                equal(self, other)
            }
        }
    };
}

/// The service schema (`tl-schema/mtproto.tl`): key exchange, acknowledgements, salts, pings.
#[allow(missing_docs, unsafe_code, unused_unsafe, non_upper_case_globals, clippy::all, clippy::pedantic)]
pub mod mtproto {
    include!(concat!(env!("OUT_DIR"), "/mtproto.rs"));
}

/// The API schema (`tl-schema/api.tl`).
#[cfg(feature = "api")]
#[allow(missing_docs, unsafe_code, unused_unsafe, non_upper_case_globals, clippy::all, clippy::pedantic)]
pub mod api {
    include!(concat!(env!("OUT_DIR"), "/api.rs"));
}
#[cfg(feature = "api")]
pub use api::{enums, functions, types};

/// The schema of end-to-end encrypted chats (`tl-schema/secret.tl`).
#[cfg(feature = "secret")]
#[allow(missing_docs, unsafe_code, unused_unsafe, non_upper_case_globals, clippy::all, clippy::pedantic)]
pub mod secret {
    include!(concat!(env!("OUT_DIR"), "/secret.rs"));
}
