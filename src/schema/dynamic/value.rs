//! The tree of values.

use std::ops::Range;

use super::decode::DecodeError;
use super::encode::{EncodeError, EncodeErrorKind};
use super::registry::Combinator;

/// A value and the bytes it was decoded from.
#[derive(Clone, PartialEq)]
pub struct Node<'r> {
    /// Which bytes of the input the value takes, its constructor id included; `0..0` for a value that was not
    /// decoded.
    pub range: Range<usize>,
    /// The value.
    pub value: Value<'r>,
}

impl<'r> From<Value<'r>> for Node<'r> {
    fn from(value: Value<'r>) -> Self {
        Node { range: 0..0, value }
    }
}

/// Any TL value.
///
/// `Debug` prints it like the generated types, with secrets hidden; see [`fmt_debug`](super::fmt_debug).
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Value<'r> {
    /// `#`. Ignored when encoding: the bits follow from the fields that are there (TL-6).
    Flags(u32),
    /// `int`.
    Int(i32),
    /// `long`.
    Long(i64),
    /// `double`.
    Double(f64),
    /// `int128`, in the order of the wire.
    Int128([u8; 16]),
    /// `int256`, in the order of the wire.
    Int256([u8; 32]),
    /// `string`. Should be UTF-8, but a peer can send anything (TL-2).
    String(Vec<u8>),
    /// `bytes`.
    Bytes(Vec<u8>),
    /// `true`: a flag that is set. One that is not set has no value at all.
    True,
    /// `Bool`.
    Bool(bool),
    /// `Vector<T>` or `vector<T>`.
    Vector(Vec<Node<'r>>),
    /// A constructor or function with its fields.
    Object(Object<'r>),
    /// What was packed in a `gzip_packed`; its ranges count in the unpacked bytes. Not encoded: the packed
    /// bytes, which stand beside it, are.
    Unpacked(Box<Node<'r>>),
    /// The body of a message or the result of a call that could not be decoded, for example because a result
    /// is a vector of something that only the call tells (TL-11).
    Raw(Box<RawBytes>),
}

/// Bytes that could not be decoded. `Debug` prints only how many: nobody knows what is in them.
#[derive(Clone, PartialEq, Eq)]
pub struct RawBytes {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Why they were not decoded; `None` if nobody tried.
    pub error: Option<DecodeError>,
}

/// A constructor or function with its fields.
#[derive(Clone, PartialEq)]
pub struct Object<'r> {
    combinator: Combinator<'r>,
    pub(super) fields: Vec<Field<'r>>,
}

/// One parameter of an [`Object`] and its value.
#[derive(Clone, PartialEq)]
pub struct Field<'r> {
    /// Name of the parameter.
    pub name: &'r str,
    /// The value.
    pub node: Node<'r>,
}

impl<'r> Object<'r> {
    /// An object without fields yet.
    pub fn new(combinator: Combinator<'r>) -> Self {
        Object { combinator, fields: Vec::new() }
    }

    /// The constructor or function.
    pub fn combinator(&self) -> Combinator<'r> {
        self.combinator
    }

    /// The fields that are there, in the order of the schema if the object was decoded. Optional fields that
    /// are absent are not among them.
    pub fn fields(&self) -> &[Field<'r>] {
        &self.fields
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&Value<'r>> {
        self.fields.iter().find(|field| field.name == name).map(|field| &field.node.value)
    }

    /// Sets a field, which replaces its value if it has one.
    ///
    /// # Errors
    /// [`EncodeErrorKind::UnknownField`] if the schema knows no such parameter. Whether the value is of the right
    /// type shows when the object is encoded.
    pub fn set(&mut self, name: &str, value: impl Into<Node<'r>>) -> Result<(), EncodeError> {
        let params = &self.combinator.definition().params;
        let Some(param) = params.iter().find(|param| param.name == name) else {
            return Err(EncodeError::new(EncodeErrorKind::UnknownField(name.to_owned())));
        };
        let node = value.into();
        match self.fields.iter_mut().find(|field| field.name == name) {
            Some(field) => field.node = node,
            None => self.fields.push(Field { name: &param.name, node }),
        }
        Ok(())
    }
}

impl<'r> Value<'r> {
    /// The object, if it is one.
    pub fn as_object(&self) -> Option<&Object<'r>> {
        match self {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// What it is, for error messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Value::Flags(_) => "a flag word",
            Value::Int(_) => "an int",
            Value::Long(_) => "a long",
            Value::Double(_) => "a double",
            Value::Int128(_) => "an int128",
            Value::Int256(_) => "an int256",
            Value::String(_) => "a string",
            Value::Bytes(_) => "bytes",
            Value::True => "true",
            Value::Bool(_) => "a Bool",
            Value::Vector(_) => "a vector",
            Value::Object(_) => "an object",
            Value::Unpacked(_) => "an unpacked object",
            Value::Raw(_) => "raw bytes",
        }
    }
}
