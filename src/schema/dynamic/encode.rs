//! Tree → bytes.

use std::fmt;

use bytes::Bytes;

use super::super::wire::{MAX_DEPTH, VECTOR};
use super::output::Output;
use super::registry::{Registry, Source, Target, UnknownType};
use super::service;
use super::value::{Node, Object, Value};
use crate::schema::ast::{ParamKind, Type};

/// Why a value cannot be encoded, and which part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodeError {
    /// The way to the place, as in `$.peer.user_id`.
    pub path: String,
    /// What is wrong there.
    pub kind: EncodeErrorKind,
}

/// What is wrong at an [`EncodeError`]'s place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeErrorKind {
    /// A value of another type stands here.
    #[error("expected {expected}, found {found}")]
    WrongValue {
        /// The type that should be here.
        expected: String,
        /// What is here.
        found: String,
    },
    /// A required field is not there.
    #[error("field `{0}` is missing")]
    MissingField(String),
    /// A field that the schema does not have.
    #[error("there is no field `{0}`")]
    UnknownField(String),
    /// Fields that share a flag bit must be there together or not at all (TL-6).
    #[error("`{present}` needs `{missing}` beside it: they share a flag bit")]
    SharedBit {
        /// A field that is there.
        present: String,
        /// A field that is not.
        missing: String,
    },
    /// Values nest too deeply.
    #[error("values nest too deeply")]
    TooDeep,
    /// A string of 16 MiB or more, or a vector of 2³¹ items or more.
    #[error("a string or vector is too long to be encoded")]
    TooLong,
    /// The caller asked for a type that the registry does not have.
    #[error(transparent)]
    UnknownType(#[from] UnknownType),
}

impl EncodeError {
    pub(super) fn new(kind: EncodeErrorKind) -> Self {
        EncodeError { path: "$".to_owned(), kind }
    }

    pub(super) fn within(mut self, step: impl fmt::Display) -> Self {
        self.path.insert_str(1, &step.to_string());
        self
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.kind)
    }
}

impl std::error::Error for EncodeError {}

impl Value<'_> {
    /// The value as it stands where anything can stand: an object with its constructor id, a vector with its own.
    ///
    /// Flag words and the length of a `message` are computed, whatever the tree says.
    ///
    /// # Errors
    /// The first place that is not as the schema wants it.
    pub fn encode(&self) -> Result<Bytes, EncodeError> {
        encode_with(|encoder| encoder.any(self))
    }
}

impl Registry {
    /// The value as a value of the type `name`, which is understood as in [`decode_as`](Self::decode_as).
    ///
    /// # Errors
    /// [`EncodeErrorKind::UnknownType`], and the first place that is not as the schema wants it.
    pub fn encode_as(&self, name: &str, value: &Value<'_>) -> Result<Bytes, EncodeError> {
        match self.target(name).map_err(|error| EncodeError::new(error.into()))? {
            Target::Type(source, ty) => encode_with(|encoder| encoder.value(source, &ty, value)),
            Target::Function(function) => encode_with(|encoder| match value {
                Value::Object(object) if object.combinator() == function => encoder.boxed(object),
                other => Err(wrong(&function.definition().name, other)),
            }),
        }
    }
}

fn encode_with(write: impl FnOnce(&mut Encoder) -> Result<(), EncodeError>) -> Result<Bytes, EncodeError> {
    let mut encoder = Encoder { writer: Output::default(), depth: 2 * MAX_DEPTH + 16 };
    write(&mut encoder)?;
    encoder.writer.finish().ok_or_else(|| EncodeError::new(EncodeErrorKind::TooLong))
}

fn wrong(expected: impl fmt::Display, found: &Value<'_>) -> EncodeError {
    let found = match found {
        Value::Object(object) => object.combinator().definition().name.clone(),
        other => other.kind().to_owned(),
    };
    EncodeError::new(EncodeErrorKind::WrongValue { expected: expected.to_string(), found })
}

struct Encoder {
    writer: Output,
    /// How many levels may still follow.
    depth: u32,
}

impl Encoder {
    fn nested(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| EncodeError::new(EncodeErrorKind::TooDeep))?;
        self.depth = depth;
        let result = write(self);
        self.depth = depth + 1;
        result
    }

    fn value(&mut self, source: &Source, ty: &Type, value: &Value<'_>) -> Result<(), EncodeError> {
        match (ty, value) {
            (Type::Int, Value::Int(int)) => self.writer.i32(*int),
            (Type::Long, Value::Long(long)) => self.writer.i64(*long),
            (Type::Double, Value::Double(double)) => self.writer.f64(*double),
            (Type::Int128, Value::Int128(bytes)) => self.writer.raw(bytes),
            (Type::Int256, Value::Int256(bytes)) => self.writer.raw(bytes),
            (Type::String, Value::String(bytes)) => self.writer.bytes(bytes),
            (Type::Bytes, Value::Bytes(bytes)) => self.writer.bytes(bytes),
            (Type::True, Value::True) => {}
            (Type::Bool, Value::Bool(bool)) => self.writer.bool(*bool),
            (Type::Vector { bare, item }, Value::Vector(items)) => {
                if !bare {
                    self.writer.u32(VECTOR);
                }
                self.items(items, |encoder, node| encoder.value(source, item, &node.value))?;
            }
            (Type::Generic(_), Value::Object(object)) if object.combinator().is_function() => {
                self.boxed(object)?;
            }
            (Type::Boxed(name), _) if name == "Object" => self.any(value)?,
            (Type::Boxed(name), Value::Object(object))
                if is_from(object, source) && object.combinator().is_of_type(name) =>
            {
                self.boxed(object)?;
            }
            (Type::Bare(name), Value::Object(object)) if source.bare(name) == Some(object.combinator()) => {
                self.nested(|encoder| encoder.fields(object))?;
            }
            (Type::Generic(_), other) => return Err(wrong("a function", other)),
            (ty, other) => return Err(wrong(ty, other)),
        }
        Ok(())
    }

    fn any(&mut self, value: &Value<'_>) -> Result<(), EncodeError> {
        match value {
            Value::Bool(bool) => self.writer.bool(*bool),
            Value::Object(object) => self.boxed(object)?,
            Value::Vector(items) => {
                self.writer.u32(VECTOR);
                self.items(items, |encoder, node| encoder.any_item(&node.value))?;
            }
            Value::Raw(raw) => self.writer.raw(&raw.bytes),
            other => return Err(wrong("an object", other)),
        }
        Ok(())
    }

    /// An item of a vector whose type nobody told: builtins are taken for what they are.
    fn any_item(&mut self, value: &Value<'_>) -> Result<(), EncodeError> {
        match value {
            Value::Int(int) => self.writer.i32(*int),
            Value::Long(long) => self.writer.i64(*long),
            Value::Double(double) => self.writer.f64(*double),
            Value::Int128(bytes) => self.writer.raw(bytes),
            Value::Int256(bytes) => self.writer.raw(bytes),
            Value::String(bytes) | Value::Bytes(bytes) => self.writer.bytes(bytes),
            other => self.any(other)?,
        }
        Ok(())
    }

    fn items(
        &mut self,
        items: &[Node<'_>],
        mut write: impl FnMut(&mut Self, &Node<'_>) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        self.writer.count(items.len());
        self.nested(|encoder| {
            items.iter().enumerate().try_for_each(|(index, node)| {
                write(encoder, node).map_err(|error| error.within(format_args!("[{index}]")))
            })
        })
    }

    fn boxed(&mut self, object: &Object<'_>) -> Result<(), EncodeError> {
        self.writer.u32(object.combinator().definition().id);
        self.nested(|encoder| encoder.fields(object))
    }

    fn fields(&mut self, object: &Object<'_>) -> Result<(), EncodeError> {
        let combinator = object.combinator();
        let definition = combinator.definition();
        let computed_length = definition.id == service::MESSAGE;
        for param in &definition.params {
            let at = |error: EncodeError| error.within(format_args!(".{}", param.name));
            let missing = || EncodeError::new(EncodeErrorKind::MissingField(param.name.clone()));
            match (&param.kind, object.get(&param.name)) {
                (ParamKind::Flags, _) => self.writer.u32(flag_word(object, &param.name)?),
                (ParamKind::Required(_), _) if computed_length && param.name == "bytes" => {
                    let body = object.get("body").ok_or_else(missing)?;
                    let length = body.encode().map_err(|error| error.within(".body"))?.len();
                    let length = i32::try_from(length);
                    self.writer.i32(length.map_err(|_| at(EncodeError::new(EncodeErrorKind::TooLong)))?);
                }
                (ParamKind::Required(ty) | ParamKind::Optional { ty, .. }, Some(value)) => {
                    self.value(combinator.source, ty, value).map_err(at)?;
                }
                (ParamKind::Required(_), None) => return Err(missing()),
                (ParamKind::Optional { .. }, None) => {}
            }
        }
        Ok(())
    }
}

/// An object of another schema has types of other meaning.
fn is_from(object: &Object<'_>, source: &Source) -> bool {
    std::ptr::eq(object.combinator().source, source)
}

/// The word that says which fields are there (TL-6).
fn flag_word(object: &Object<'_>, word: &str) -> Result<u32, EncodeError> {
    // For each bit, a field that is there and one that is not.
    let mut present: [Option<&str>; 32] = [None; 32];
    let mut missing: [Option<&str>; 32] = [None; 32];
    let mut bits = 0;
    for param in &object.combinator().definition().params {
        let ParamKind::Optional { flags, bit, ty } = &param.kind else { continue };
        if flags != word {
            continue;
        }
        let bit = usize::from(bit & 31);
        if object.get(&param.name).is_some() {
            present[bit] = Some(&param.name);
            bits |= 1 << bit;
        } else if *ty != Type::True {
            missing[bit] = Some(&param.name);
        }
    }
    for (present, missing) in present.into_iter().zip(missing) {
        if let (Some(present), Some(missing)) = (present, missing) {
            let (present, missing) = (present.to_owned(), missing.to_owned());
            return Err(EncodeError::new(EncodeErrorKind::SharedBit { present, missing }));
        }
    }
    Ok(bits)
}
