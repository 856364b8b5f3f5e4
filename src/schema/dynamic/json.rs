//! Tree ↔ JSON.

use std::fmt;

use serde_json::{Map, Value as Json};

use super::super::wire::MAX_DEPTH;
use super::hex;
use super::registry::{Combinator, Registry, Source, Target, UnknownType};
use super::value::{Field, Node, Object, RawBytes, Value};
use crate::schema::ast::{ParamKind, Type};

/// Why some JSON is not the value it should be, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// The way to the place, as in `$.peer.user_id`.
    pub path: String,
    /// What is wrong there.
    pub kind: JsonErrorKind,
}

/// What is wrong at a [`JsonError`]'s place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// JSON that is no value of the type.
    #[error("expected {expected}, found {found}")]
    WrongValue {
        /// The type that should be here.
        expected: String,
        /// What is here.
        found: String,
    },
    /// `"_"` names nothing that can stand here.
    #[error("`{name}` is no {expected}")]
    WrongConstructor {
        /// The name.
        name: String,
        /// The type that should be here.
        expected: String,
    },
    /// Several constructors are possible and `"_"` does not say which.
    #[error("`_` must name the {0}")]
    NoConstructor(String),
    /// A required field is not there.
    #[error("field `{0}` is missing")]
    MissingField(String),
    /// A field that the schema does not have.
    #[error("`{of}` has no field `{name}`")]
    UnknownField {
        /// Name of the constructor or function.
        of: String,
        /// Name of the field.
        name: String,
    },
    /// Values nest too deeply.
    #[error("values nest too deeply")]
    TooDeep,
    /// The caller asked for a type that the registry does not have.
    #[error(transparent)]
    UnknownType(#[from] UnknownType),
}

impl JsonError {
    fn new(kind: JsonErrorKind) -> Self {
        JsonError { path: "$".to_owned(), kind }
    }

    fn within(mut self, step: impl fmt::Display) -> Self {
        self.path.insert_str(1, &step.to_string());
        self
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.kind)
    }
}

impl std::error::Error for JsonError {}

impl Value<'_> {
    /// The value as JSON. Nothing is hidden.
    ///
    /// | TL | JSON |
    /// |---|---|
    /// | object | `{"_": "inputPeerUser", "user_id": "7", …}`, absent optional fields left out |
    /// | `int` | number |
    /// | `long` | string of decimal digits, because many readers of JSON round large numbers |
    /// | `double` | number; `"NaN"`, `"inf"`, `"-inf"` |
    /// | `string` | string; `{"hex": "…"}` if it is not UTF-8 |
    /// | `bytes`, `int128`, `int256` | string of hexadecimal digits |
    /// | `Bool`, `true` | `true`, `false` |
    /// | vector | array |
    /// | flag word | nothing: it follows from the fields that are there |
    /// | bytes that were not decoded | `{"raw": "…"}` in hexadecimal digits |
    pub fn to_json(&self) -> Json {
        match self {
            Value::Flags(word) => Json::from(*word),
            Value::Int(int) => Json::from(*int),
            Value::Long(long) => Json::from(long.to_string()),
            Value::Double(double) => match serde_json::Number::from_f64(*double) {
                Some(number) => Json::Number(number),
                None => Json::from(double.to_string()),
            },
            Value::Int128(bytes) => Json::from(hex::encode(bytes)),
            Value::Int256(bytes) => Json::from(hex::encode(bytes)),
            Value::Bytes(bytes) => Json::from(hex::encode(bytes)),
            Value::String(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Json::from(text),
                Err(_) => tagged("hex", bytes),
            },
            Value::True => Json::Bool(true),
            Value::Bool(bool) => Json::Bool(*bool),
            Value::Vector(items) => items.iter().map(|node| node.value.to_json()).collect(),
            Value::Object(object) => {
                let mut map = Map::new();
                map.insert("_".to_owned(), Json::from(object.combinator().definition().name.as_str()));
                for field in object.fields() {
                    if !matches!(field.node.value, Value::Flags(_)) {
                        map.insert(field.name.to_owned(), field.node.value.to_json());
                    }
                }
                Json::Object(map)
            }
            Value::Unpacked(node) => node.value.to_json(),
            Value::Raw(raw) => tagged("raw", &raw.bytes),
        }
    }
}

fn tagged(tag: &str, bytes: &[u8]) -> Json {
    let mut map = Map::new();
    map.insert(tag.to_owned(), Json::from(hex::encode(bytes)));
    Json::Object(map)
}

/// The bytes of `{"hex": "…"}` or `{"raw": "…"}`.
fn untagged(tag: &str, json: &Json) -> Option<Vec<u8>> {
    let map = json.as_object().filter(|map| map.len() == 1)?;
    hex::decode(map.get(tag)?.as_str()?)
}

impl Registry {
    /// The value that some JSON in the form of [`Value::to_json`] stands for; its `"_"` says which.
    ///
    /// Beyond that form, a `long` may be a number, `null` stands for an absent field, and `"_"` can be left out where
    /// only one constructor is possible.
    ///
    /// # Errors
    /// The first place that is not as the schema wants it.
    pub fn from_json(&self, json: &Json) -> Result<Value<'_>, JsonError> {
        Reader { registry: self, depth: 2 * MAX_DEPTH + 16 }.any(json)
    }

    /// The value of the type `name` that some JSON stands for. The name is understood as in
    /// [`decode_as`](Self::decode_as): with the name of a function, `json` is the object of its arguments.
    ///
    /// # Errors
    /// [`JsonErrorKind::UnknownType`], and the first place that is not as the schema wants it.
    pub fn from_json_as(&self, name: &str, json: &Json) -> Result<Value<'_>, JsonError> {
        let mut reader = Reader { registry: self, depth: 2 * MAX_DEPTH + 16 };
        match self.target(name).map_err(|error| JsonError::new(error.into()))? {
            Target::Type(source, ty) => reader.value(source, &ty, json),
            Target::Function(function) => reader.object(&[function], name, json),
        }
    }
}

struct Reader<'r> {
    registry: &'r Registry,
    /// How many levels may still follow.
    depth: u32,
}

impl<'r> Reader<'r> {
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, JsonError>) -> Result<T, JsonError> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| JsonError::new(JsonErrorKind::TooDeep))?;
        self.depth = depth;
        let result = read(self);
        self.depth = depth + 1;
        result
    }

    fn value(&mut self, source: &'r Source, ty: &Type, json: &Json) -> Result<Value<'r>, JsonError> {
        let scalar = match ty {
            Type::Int => json.as_i64().and_then(|int| i32::try_from(int).ok()).map(Value::Int),
            Type::Long => match json {
                Json::String(digits) => digits.parse().ok(),
                other => other.as_i64(),
            }
            .map(Value::Long),
            Type::Double => match json {
                Json::String(text) => text.parse().ok(),
                other => other.as_f64(),
            }
            .map(Value::Double),
            Type::Int128 => fixed(json).map(Value::Int128),
            Type::Int256 => fixed(json).map(Value::Int256),
            Type::String => match json {
                Json::String(text) => Some(text.clone().into_bytes()),
                other => untagged("hex", other),
            }
            .map(Value::String),
            Type::Bytes => json.as_str().and_then(hex::decode).map(Value::Bytes),
            Type::True => json.as_bool().filter(|set| *set).map(|_| Value::True),
            Type::Bool => json.as_bool().map(Value::Bool),
            Type::Vector { item, .. } => {
                return self.items(json, |reader, json| reader.value(source, item, json));
            }
            Type::Generic(_) => return self.any(json),
            Type::Boxed(name) if name == "Object" => return self.any(json),
            Type::Boxed(name) => {
                let candidates: Vec<_> = source.of_type(name).collect();
                return self.object(&candidates, name, json);
            }
            Type::Bare(name) => {
                let candidates: Vec<_> = source.bare(name).into_iter().collect();
                return self.object(&candidates, name, json);
            }
        };
        scalar.ok_or_else(|| wrong(expected(ty), json))
    }

    fn items(
        &mut self,
        json: &Json,
        mut read: impl FnMut(&mut Self, &Json) -> Result<Value<'r>, JsonError>,
    ) -> Result<Value<'r>, JsonError> {
        let Json::Array(items) = json else { return Err(wrong("an array", json)) };
        let nodes = self.nested(|reader| {
            let item = |(index, json)| match read(reader, json) {
                Ok(value) => Ok(Node::from(value)),
                Err(error) => Err(error.within(format_args!("[{index}]"))),
            };
            items.iter().enumerate().map(item).collect()
        });
        nodes.map(Value::Vector)
    }

    fn any(&mut self, json: &Json) -> Result<Value<'r>, JsonError> {
        match json {
            Json::Bool(bool) => return Ok(Value::Bool(*bool)),
            Json::Array(_) => return self.items(json, Self::any),
            Json::Object(_) => {}
            other => return Err(wrong("an object with `_`", other)),
        }
        if let Some(bytes) = untagged("raw", json) {
            return Ok(Value::Raw(Box::new(RawBytes { bytes, error: None })));
        }
        let what = "constructor or function";
        let Some(name) = json.get("_").and_then(Json::as_str) else {
            return Err(JsonError::new(JsonErrorKind::NoConstructor(what.to_owned())));
        };
        let found = self.registry.function(name).or_else(|| self.registry.constructor(name));
        let candidates: Vec<_> = found.into_iter().collect();
        self.object(&candidates, what, json)
    }

    /// An object of one of some combinators; `expected` says what they have in common.
    fn object(
        &mut self,
        candidates: &[Combinator<'r>],
        expected: &str,
        json: &Json,
    ) -> Result<Value<'r>, JsonError> {
        let Json::Object(map) = json else { return Err(wrong(expected, json)) };
        let combinator = match (map.get("_"), candidates) {
            (Some(Json::String(name)), _) => {
                let found = candidates.iter().find(|found| found.definition().name == *name);
                found.ok_or_else(|| {
                    let (name, expected) = (name.clone(), expected.to_owned());
                    JsonError::new(JsonErrorKind::WrongConstructor { name, expected })
                })?
            }
            (Some(other), _) => return Err(wrong("the name of a constructor", other).within("._")),
            (None, [only]) => only,
            (None, _) => return Err(JsonError::new(JsonErrorKind::NoConstructor(expected.to_owned()))),
        };
        self.nested(|reader| reader.fields(*combinator, map))
    }

    fn fields(
        &mut self,
        combinator: Combinator<'r>,
        map: &Map<String, Json>,
    ) -> Result<Value<'r>, JsonError> {
        let definition = combinator.definition();
        for name in map.keys().filter(|name| *name != "_") {
            // What a `gzip_packed` holds is shown beside the packed bytes, and follows from them.
            let shown = name == "unpacked" && definition.name == "gzip_packed";
            if !shown && !definition.params.iter().any(|param| param.name == *name) {
                let (of, name) = (definition.name.clone(), name.clone());
                return Err(JsonError::new(JsonErrorKind::UnknownField { of, name }));
            }
        }
        let mut object = Object::new(combinator);
        for param in &definition.params {
            let json = map.get(&param.name).filter(|json| !json.is_null());
            let (ty, json) = match (&param.kind, json) {
                (ParamKind::Flags, _) | (ParamKind::Optional { .. }, None) => continue,
                (ParamKind::Optional { ty: Type::True, .. }, Some(Json::Bool(false))) => continue,
                (ParamKind::Required(ty) | ParamKind::Optional { ty, .. }, Some(json)) => (ty, json),
                (ParamKind::Required(_), None) => {
                    return Err(JsonError::new(JsonErrorKind::MissingField(param.name.clone())));
                }
            };
            let value = self.value(combinator.source, ty, json);
            let value = value.map_err(|error| error.within(format_args!(".{}", param.name)))?;
            object.fields.push(Field { name: &param.name, node: Node::from(value) });
        }
        Ok(Value::Object(object))
    }
}

fn fixed<const N: usize>(json: &Json) -> Option<[u8; N]> {
    hex::decode(json.as_str()?)?.try_into().ok()
}

/// How to write a builtin type in JSON.
fn expected(ty: &Type) -> String {
    match ty {
        Type::Long => "long (a number or a string of digits)".to_owned(),
        Type::Bytes => "bytes (a string of hexadecimal digits)".to_owned(),
        Type::Int128 => "int128 (32 hexadecimal digits)".to_owned(),
        Type::Int256 => "int256 (64 hexadecimal digits)".to_owned(),
        Type::True => "true or false".to_owned(),
        other => other.to_string(),
    }
}

fn wrong(expected: impl fmt::Display, found: &Json) -> JsonError {
    let found = match found {
        Json::Null => "null".to_owned(),
        Json::Bool(_) | Json::Number(_) => found.to_string(),
        Json::String(text) if text.chars().count() <= 40 => found.to_string(),
        Json::String(_) => "another string".to_owned(),
        Json::Array(_) => "an array".to_owned(),
        Json::Object(_) => "an object".to_owned(),
    };
    JsonError::new(JsonErrorKind::WrongValue { expected: expected.to_string(), found })
}
