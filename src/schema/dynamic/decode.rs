//! Bytes → tree.

use std::fmt;
use std::io::Read;

use super::super::wire::{BOOL_FALSE, BOOL_TRUE, MAX_DEPTH, VECTOR};
use super::cursor::Cursor;
use super::registry::{Combinator, Registry, Source, Target, UnknownType};
use super::service;
use super::value::{Field, Node, Object, RawBytes, Value};
use crate::schema::ast::{Param, ParamKind, Type};

/// How much one input may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How deep values may nest, unpacked ones included. Default: twice [`MAX_DEPTH`] and some, because the
    /// generated types count an item together with the vector that holds it.
    pub depth: u32,
    /// How many values the tree may have. Each takes about a hundred bytes. Default: 2²⁰.
    pub values: usize,
    /// How many bytes all `gzip_packed` together may unpack to. Default: 16 MiB (TL-8).
    pub unpacked: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { depth: 2 * MAX_DEPTH + 16, values: 1 << 20, unpacked: 16 << 20 }
    }
}

/// Why some bytes are not the value they should be, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// Offset in bytes from the beginning of the input (inside a `gzip_packed`: of the unpacked bytes).
    pub offset: usize,
    /// Names of the fields on the way to the place, as in `messages[2].peer`; empty at the top.
    pub path: String,
    /// What is wrong there.
    pub kind: DecodeErrorKind,
}

/// What is wrong at a [`DecodeError`]'s offset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The input ends before the item does.
    #[error("{needed} bytes needed, {left} left")]
    Truncated {
        /// Bytes that the item still needs.
        needed: usize,
        /// Bytes that are left.
        left: usize,
    },
    /// No combinator has this id.
    #[error("no constructor has the id {0:08x}")]
    UnknownConstructor(u32),
    /// Something of another type stands here.
    #[error("expected {expected}, found {found} ({id:08x})")]
    WrongConstructor {
        /// The id that was read.
        id: u32,
        /// The type that should be here.
        expected: String,
        /// Name of the constructor with that id, or a description.
        found: String,
    },
    /// A vector's count is negative, or the rest of the input cannot hold so many items.
    #[error("a vector of {count} items cannot fit in the {left} bytes left")]
    VectorLength {
        /// The count that was read.
        count: i32,
        /// Bytes that are left for the items.
        left: usize,
    },
    /// The length of a message's body is negative.
    #[error("a length of {0} bytes")]
    NegativeLength(i32),
    /// The first byte of a string is 255 (TL-2).
    #[error("no string begins with byte 255")]
    StringHeader,
    /// Values nest deeper than [`Limits::depth`].
    #[error("values nest too deeply")]
    TooDeep,
    /// The tree has more values than [`Limits::values`].
    #[error("too many values")]
    TooManyValues,
    /// A `gzip_packed` holds no gzip or zlib stream, or a broken one.
    #[error("the packed data is broken")]
    BrokenGzip,
    /// The packed objects unpack to more than [`Limits::unpacked`].
    #[error("the packed data unpacks to more than {limit} bytes")]
    GzipTooLarge {
        /// How many bytes were still allowed.
        limit: usize,
    },
    /// The value is complete, but bytes follow it.
    #[error("{left} bytes follow the value")]
    TrailingBytes {
        /// How many bytes follow.
        left: usize,
    },
    /// The schema uses a name that it does not define.
    #[error("the schema does not define `{0}`")]
    Undefined(String),
    /// The caller asked for a type that the registry does not have.
    #[error(transparent)]
    UnknownType(#[from] UnknownType),
}

impl DecodeError {
    pub(super) fn new(offset: usize, kind: DecodeErrorKind) -> Self {
        DecodeError { offset, path: String::new(), kind }
    }

    fn within(mut self, step: &str) -> Self {
        let dot = if self.path.is_empty() || self.path.starts_with('[') { "" } else { "." };
        self.path = format!("{step}{dot}{}", self.path);
        self
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}", self.offset)?;
        if !self.path.is_empty() {
            write!(f, " ({})", self.path)?;
        }
        write!(f, ": {}", self.kind)
    }
}

impl std::error::Error for DecodeError {}

impl Registry {
    /// Decodes one boxed value (constructor id first) that takes all of `bytes`.
    ///
    /// In a `message` and an `rpc_result`, a body that cannot be decoded becomes a [`Value::Raw`], so that the rest of a
    /// packet can be shown.
    ///
    /// # Errors
    /// Whatever is wrong with the bytes.
    pub fn decode(&self, bytes: &[u8]) -> Result<Node<'_>, DecodeError> {
        self.decode_within(bytes, Limits::default())
    }

    /// [`decode`](Self::decode) with limits of your own.
    ///
    /// # Errors
    /// Whatever is wrong with the bytes.
    pub fn decode_within(&self, bytes: &[u8], limits: Limits) -> Result<Node<'_>, DecodeError> {
        let mut decoder = Decoder { registry: self, cursor: Cursor::new(bytes), limits };
        let node = decoder.any()?;
        decoder.finish(node)
    }

    /// Decodes the boxed value that `bytes` begins with. The end of its range says where the rest begins.
    ///
    /// # Errors
    /// Whatever is wrong with the bytes of the value.
    pub fn decode_prefix(&self, bytes: &[u8]) -> Result<Node<'_>, DecodeError> {
        Decoder { registry: self, cursor: Cursor::new(bytes), limits: Limits::default() }.any()
    }

    /// Decodes a value of a type that takes all of `bytes`.
    ///
    /// `name` is a type expression in the syntax of the schema: `InputPeer` or `Vector<long>` (with its id),
    /// `future_salt` (a constructor: without its id), `help.getConfig` (a function: with its id).
    ///
    /// # Errors
    /// [`DecodeErrorKind::UnknownType`] and whatever is wrong with the bytes.
    pub fn decode_as(&self, name: &str, bytes: &[u8]) -> Result<Node<'_>, DecodeError> {
        let target = self.target(name).map_err(|error| DecodeError::new(0, error.into()))?;
        let mut decoder = Decoder { registry: self, cursor: Cursor::new(bytes), limits: Limits::default() };
        let node = match target {
            Target::Type(source, ty) => decoder.value(source, &ty)?,
            Target::Function(function) => decoder.exactly(function)?,
        };
        decoder.finish(node)
    }

    /// Decodes what a call of the function `name` returned; all of `bytes`.
    ///
    /// A function that passes on the result of another (`invokeWithLayer`) says nothing about the type: its result is
    /// decoded by the id that stands in front.
    ///
    /// # Errors
    /// [`DecodeErrorKind::UnknownType`] and whatever is wrong with the bytes.
    pub fn decode_result(&self, name: &str, bytes: &[u8]) -> Result<Node<'_>, DecodeError> {
        let unknown = || DecodeError::new(0, UnknownType(name.to_owned()).into());
        let function = self.function(name).ok_or_else(unknown)?;
        let mut decoder = Decoder { registry: self, cursor: Cursor::new(bytes), limits: Limits::default() };
        let node = decoder.value(function.source, &function.definition().result)?;
        decoder.finish(node)
    }
}

struct Decoder<'r, 'b> {
    registry: &'r Registry,
    cursor: Cursor<'b>,
    /// What is left of the limits.
    limits: Limits,
}

impl<'r> Decoder<'r, '_> {
    fn finish(self, node: Node<'r>) -> Result<Node<'r>, DecodeError> {
        match self.cursor.remaining() {
            0 => Ok(node),
            left => Err(self.cursor.error(DecodeErrorKind::TrailingBytes { left })),
        }
    }

    /// Goes one level down. Whoever comes back up without an error adds the level again.
    fn descend(&mut self) -> Result<(), DecodeError> {
        match self.limits.depth.checked_sub(1) {
            Some(depth) => {
                self.limits.depth = depth;
                Ok(())
            }
            None => Err(self.cursor.error(DecodeErrorKind::TooDeep)),
        }
    }

    fn count(&mut self) -> Result<(), DecodeError> {
        match self.limits.values.checked_sub(1) {
            Some(values) => {
                self.limits.values = values;
                Ok(())
            }
            None => Err(self.cursor.error(DecodeErrorKind::TooManyValues)),
        }
    }

    // The functions that call one another keep little in their own frames, so that the deepest value that the limits
    // allow needs no large stack.

    fn value(&mut self, source: &'r Source, ty: &Type) -> Result<Node<'r>, DecodeError> {
        self.count()?;
        let start = self.cursor.position();
        let value = match ty {
            Type::Generic(_) => return self.any(),
            Type::Boxed(name) if name == "Object" => return self.any(),
            Type::Boxed(name) => self.boxed(source, name),
            Type::Bare(name) => self.bare(source, name),
            Type::Vector { bare, item } => self.vector(source, *bare, item),
            builtin => self.builtin(builtin),
        };
        Ok(Node { range: start..self.cursor.position(), value: value? })
    }

    fn builtin(&mut self, ty: &Type) -> Result<Value<'r>, DecodeError> {
        let start = self.cursor.position();
        Ok(match ty {
            Type::Int => Value::Int(self.cursor.i32()?),
            Type::Long => Value::Long(i64::from_le_bytes(self.cursor.array()?)),
            Type::Double => Value::Double(f64::from_le_bytes(self.cursor.array()?)),
            Type::Int128 => Value::Int128(self.cursor.array()?),
            Type::Int256 => Value::Int256(self.cursor.array()?),
            Type::String => Value::String(self.cursor.string()?.to_vec()),
            Type::Bytes => Value::Bytes(self.cursor.string()?.to_vec()),
            Type::Bool => match self.cursor.u32()? {
                BOOL_TRUE => Value::Bool(true),
                BOOL_FALSE => Value::Bool(false),
                id => return Err(self.wrong(start, id, "Bool")),
            },
            _ => Value::True,
        })
    }

    fn boxed(&mut self, source: &'r Source, name: &str) -> Result<Value<'r>, DecodeError> {
        let start = self.cursor.position();
        let id = self.cursor.u32()?;
        let found = source.by_id(id).filter(|found| found.is_of_type(name));
        match found {
            Some(found) => self.fields(found),
            None => Err(self.wrong(start, id, name)),
        }
    }

    fn bare(&mut self, source: &'r Source, name: &str) -> Result<Value<'r>, DecodeError> {
        match source.bare(name) {
            Some(found) => self.fields(found),
            None => Err(self.cursor.error(DecodeErrorKind::Undefined(name.to_owned()))),
        }
    }

    fn vector(&mut self, source: &'r Source, bare: bool, item: &Type) -> Result<Value<'r>, DecodeError> {
        let start = self.cursor.position();
        if !bare {
            match self.cursor.u32()? {
                VECTOR => {}
                id => return Err(self.wrong(start, id, "Vector")),
            }
        }
        self.items(&|decoder| decoder.value(source, item))
    }

    /// Whatever the id in front says.
    fn any(&mut self) -> Result<Node<'r>, DecodeError> {
        self.count()?;
        let start = self.cursor.position();
        let value = match self.cursor.u32()? {
            BOOL_TRUE => Ok(Value::Bool(true)),
            BOOL_FALSE => Ok(Value::Bool(false)),
            VECTOR => self.items(&Self::any),
            service::GZIP_PACKED => self.packed(start),
            id => match self.registry.by_id(id) {
                Some(found) => self.fields(found),
                None => Err(DecodeError::new(start, DecodeErrorKind::UnknownConstructor(id))),
            },
        };
        Ok(Node { range: start..self.cursor.position(), value: value? })
    }

    /// One combinator with its id.
    fn exactly(&mut self, combinator: Combinator<'r>) -> Result<Node<'r>, DecodeError> {
        let start = self.cursor.position();
        match self.cursor.u32()? {
            id if id == combinator.definition().id => {}
            id => return Err(self.wrong(start, id, &combinator.definition().name)),
        }
        let value = self.fields(combinator)?;
        Ok(Node { range: start..self.cursor.position(), value })
    }

    fn wrong(&self, offset: usize, id: u32, expected: &str) -> DecodeError {
        let found = match (id, self.registry.by_id(id)) {
            (VECTOR, _) => "a Vector".to_owned(),
            (BOOL_TRUE | BOOL_FALSE, _) => "a Bool".to_owned(),
            (_, Some(found)) => found.definition().name.clone(),
            (_, None) => "an unknown constructor".to_owned(),
        };
        let expected = expected.to_owned();
        DecodeError::new(offset, DecodeErrorKind::WrongConstructor { id, expected, found })
    }

    /// The count of a vector and its items.
    fn items(
        &mut self,
        read: &dyn Fn(&mut Self) -> Result<Node<'r>, DecodeError>,
    ) -> Result<Value<'r>, DecodeError> {
        let start = self.cursor.position();
        let count = self.cursor.i32()?;
        let left = self.cursor.remaining();
        // No item of a schema in use takes fewer than four bytes (TL-1).
        let Some(items) = usize::try_from(count).ok().filter(|count| *count <= left / 4) else {
            return Err(DecodeError::new(start, DecodeErrorKind::VectorLength { count, left }));
        };
        self.descend()?;
        // A node is larger than four bytes: beyond this, memory follows what was really decoded.
        let mut nodes = Vec::with_capacity(items.min(64));
        for index in 0..items {
            match read(self) {
                Ok(node) => nodes.push(node),
                Err(error) => return Err(error.within(&format!("[{index}]"))),
            }
        }
        self.limits.depth += 1;
        Ok(Value::Vector(nodes))
    }

    fn fields(&mut self, combinator: Combinator<'r>) -> Result<Value<'r>, DecodeError> {
        self.descend()?;
        let mut object = Object::new(combinator);
        for param in &combinator.definition().params {
            match self.field(&object, param) {
                Ok(Some(node)) => object.fields.push(Field { name: &param.name, node }),
                Ok(None) => {}
                Err(error) => return Err(error.within(&param.name)),
            }
        }
        self.limits.depth += 1;
        Ok(Value::Object(object))
    }

    /// The value of a parameter, if it is there; `object` has those before it.
    fn field(&mut self, object: &Object<'r>, param: &'r Param) -> Result<Option<Node<'r>>, DecodeError> {
        let ty = match &param.kind {
            ParamKind::Flags => {
                let start = self.cursor.position();
                let value = Value::Flags(self.cursor.u32()?);
                return Ok(Some(Node { range: start..self.cursor.position(), value }));
            }
            ParamKind::Required(Type::Boxed(name)) if name == "Object" => return self.body(object).map(Some),
            ParamKind::Required(ty) => ty,
            ParamKind::Optional { flags, bit, ty } => match object.get(flags) {
                Some(Value::Flags(word)) if word >> (bit & 31) & 1 == 1 => ty,
                _ => return Ok(None),
            },
        };
        self.value(object.combinator().source, ty).map(Some)
    }

    /// A value of type `Object`: the rest of the region, but for a `message` that has a length of its own.
    fn body(&mut self, object: &Object<'r>) -> Result<Node<'r>, DecodeError> {
        let length = match (object.combinator().definition().id, object.get("bytes")) {
            (service::MESSAGE, Some(Value::Int(length))) => usize::try_from(*length)
                .map_err(|_| self.cursor.error(DecodeErrorKind::NegativeLength(*length)))?,
            (service::RPC_RESULT, _) => self.cursor.remaining(),
            _ => return self.any(),
        };
        let outer = self.cursor.enter(length)?;
        let (start, depth) = (self.cursor.position(), self.limits.depth);
        let node = self.any().and_then(|node| match self.cursor.remaining() {
            0 => Ok(node),
            left => Err(self.cursor.error(DecodeErrorKind::TrailingBytes { left })),
        });
        let node = node.unwrap_or_else(|error| {
            self.limits.depth = depth;
            self.cursor.rewind(start);
            let raw = RawBytes { bytes: self.cursor.rest().to_vec(), error: Some(error) };
            Node { range: start..self.cursor.position(), value: Value::Raw(Box::new(raw)) }
        });
        self.cursor.leave(outer);
        Ok(node)
    }

    /// A `gzip_packed`, whose id stood at `start`, with what is packed in it beside the packed bytes.
    fn packed(&mut self, start: usize) -> Result<Value<'r>, DecodeError> {
        let found = self.registry.by_id(service::GZIP_PACKED);
        let unknown = || DecodeError::new(start, DecodeErrorKind::UnknownConstructor(service::GZIP_PACKED));
        let mut value = self.fields(found.ok_or_else(unknown)?)?;
        let Value::Object(object) = &mut value else { return Ok(value) };
        let Some(Value::Bytes(data)) = object.get("packed_data") else { return Ok(value) };
        let mut bytes = Vec::new();
        let inflated = inflate(data, self.limits.unpacked, &mut bytes);
        // What was unpacked in vain counts too, or a packet of many bombs would cost the limit for each of them.
        self.limits.unpacked = self.limits.unpacked.saturating_sub(bytes.len());
        inflated.map_err(|kind| DecodeError::new(start, kind))?;
        self.descend()?;
        let mut inner = Decoder { registry: self.registry, cursor: Cursor::new(&bytes), limits: self.limits };
        let node = inner.any();
        self.limits = inner.limits;
        let node = node.and_then(|node| inner.finish(node)).map_err(|error| error.within("unpacked"))?;
        self.limits.depth += 1;
        let unpacked = Value::Unpacked(Box::new(node));
        object.fields.push(Field { name: "unpacked", node: Node::from(unpacked) });
        Ok(value)
    }
}

/// Inflates a gzip stream (RFC 1952), or a zlib one (RFC 1950), which some servers send.
fn inflate(data: &[u8], limit: usize, bytes: &mut Vec<u8>) -> Result<(), DecodeErrorKind> {
    let most = (limit as u64).saturating_add(1);
    let read = if data.starts_with(&[0x1f, 0x8b]) {
        flate2::read::GzDecoder::new(data).take(most).read_to_end(bytes)
    } else {
        flate2::read::ZlibDecoder::new(data).take(most).read_to_end(bytes)
    };
    match read {
        Ok(length) if length > limit => Err(DecodeErrorKind::GzipTooLarge { limit }),
        Ok(_) => Ok(()),
        Err(_) => Err(DecodeErrorKind::BrokenGzip),
    }
}
