//! What every value on the wire can do.

use super::table::{self, Described};
use super::{Bytes, Error, PacketBuf, Reader, Str, Writer};

/// A value that can be written boxed: its constructor id, then its fields.
pub trait Serialize {
    /// Appends the value to `writer`.
    fn serialize(&self, writer: &mut Writer);

    /// The value as a packet of its own, with [`HEADROOM`](super::HEADROOM) in front for the headers that
    /// come later.
    ///
    /// # Errors
    /// [`ErrorKind::TooLong`](super::ErrorKind::TooLong) if it holds a string of 16 MiB or more.
    fn to_packet(&self) -> Result<PacketBuf, Error> {
        let mut writer = Writer::new();
        self.serialize(&mut writer);
        writer.finish()
    }

    /// The value as bytes.
    ///
    /// # Errors
    /// As [`to_packet`](Self::to_packet).
    fn to_bytes(&self) -> Result<Bytes, Error> {
        let mut writer = Writer::for_bytes();
        self.serialize(&mut writer);
        writer.into_bytes()
    }
}

/// A value that can be read boxed: its constructor id, then its fields.
pub trait Deserialize: Sized {
    /// Reads the value. If `reader` fails, what comes back is made of zeros and of no use: ask
    /// [`Reader::check`].
    fn deserialize(reader: &mut Reader) -> Self;

    /// The value that `packet` is the encoding of.
    ///
    /// # Errors
    /// Whatever is wrong with the bytes, and bytes left behind the value.
    fn from_bytes(packet: Bytes) -> Result<Self, Error> {
        let mut reader = Reader::new(packet);
        let value = Self::deserialize(&mut reader);
        reader.finish().map(|()| value)
    }

    /// The value that `packet` begins with; what follows is ignored.
    ///
    /// # Errors
    /// Whatever is wrong with the bytes of the value.
    fn from_prefix(packet: Bytes) -> Result<Self, Error> {
        let mut reader = Reader::new(packet);
        let value = Self::deserialize(&mut reader);
        reader.check().map(|()| value)
    }
}

/// What identifies a combinator: each generated struct stands for one.
pub trait Constructor {
    /// The 32-bit constructor id.
    const ID: u32;
    /// The name in the schema, as in `auth.sentCode`.
    const NAME: &'static str;
}

/// A combinator whose fields can be read and written without its id.
pub trait Bare: Constructor + Sized {
    /// Reads the fields.
    fn read_bare(reader: &mut Reader) -> Self;
    /// Appends the fields.
    fn write_bare(&self, writer: &mut Writer);
}

/// A function of the API, or of the service schema: what can be called.
pub trait Function: Serialize + Constructor {
    /// What the call returns.
    type Return: Deserialize;
}

impl<T: Described> Serialize for T {
    #[inline]
    fn serialize(&self, writer: &mut Writer) {
        table::write(self, writer);
    }
}

impl<T: Described> Deserialize for T {
    #[inline]
    fn deserialize(reader: &mut Reader) -> Self {
        table::read(reader)
    }
}

impl<T: Described + Constructor> Bare for T {
    #[inline]
    fn read_bare(reader: &mut Reader) -> Self {
        table::read_bare(reader)
    }

    #[inline]
    fn write_bare(&self, writer: &mut Writer) {
        table::write_bare(self, writer);
    }
}

macro_rules! builtin {
    ($($ty:ty: $method:ident),*) => {$(
        impl Serialize for $ty {
            fn serialize(&self, writer: &mut Writer) {
                writer.$method(*self);
            }
        }
        impl Deserialize for $ty {
            fn deserialize(reader: &mut Reader) -> Self {
                reader.$method()
            }
        }
    )*};
}

builtin!(i32: i32, i64: i64, f64: f64, bool: bool);

impl Serialize for Str {
    fn serialize(&self, writer: &mut Writer) {
        writer.string(self);
    }
}

impl Deserialize for Str {
    fn deserialize(reader: &mut Reader) -> Self {
        reader.string()
    }
}

impl Serialize for Bytes {
    fn serialize(&self, writer: &mut Writer) {
        writer.bytes(self);
    }
}

impl Deserialize for Bytes {
    fn deserialize(reader: &mut Reader) -> Self {
        reader.bytes()
    }
}

impl<T: Serialize> Serialize for Vec<T> {
    fn serialize(&self, writer: &mut Writer) {
        writer.vector(self, T::serialize);
    }
}

impl<T: Deserialize> Deserialize for Vec<T> {
    fn deserialize(reader: &mut Reader) -> Self {
        reader.vector(T::deserialize)
    }
}

/// A value that is serialized already, or that is not to be decoded: written as it stands, read to the
/// end of the packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raw(pub Bytes);

impl Serialize for Raw {
    fn serialize(&self, writer: &mut Writer) {
        writer.raw(&self.0);
    }
}

impl Deserialize for Raw {
    fn deserialize(reader: &mut Reader) -> Self {
        Self(reader.rest())
    }
}

/// A copy of `value` in memory of its own.
///
/// Decoded bytes, and texts of more than 14 bytes, are slices of the packet that they came in, so a small value can keep
/// a megabyte alive. What is to be kept for long is detached first.
///
/// # Errors
/// As [`Serialize::to_packet`]; never for a value that was decoded.
pub fn detach<T: Serialize + Deserialize>(value: &T) -> Result<T, Error> {
    T::from_bytes(value.to_bytes()?)
}
