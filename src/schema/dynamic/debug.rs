//! `Debug` output in the looks of the generated types, with secrets hidden.

use std::fmt;

use super::registry::Registry;
use super::value::{Node, Object, RawBytes, Value};
use super::{hex, redact};
use crate::schema::generate::type_name;

/// Longer byte strings are cut.
const SHOWN_BYTES: usize = 32;

/// Prints a boxed value as `Debug` does: `SendMessage { peer: InputPeerSelf, message: "hi", random_id: 7 }`.
///
/// Optional fields appear when they are there. Secrets (codes, tokens, hashes, keys) print as `[hidden]`.
///
/// # Errors
/// None of its own: bytes that cannot be decoded are described.
pub fn fmt_debug(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match Registry::embedded().decode(bytes) {
        Ok(node) => fmt::Debug::fmt(&node, f),
        Err(error) => write!(f, "({} bytes that cannot be decoded: {error})", bytes.len()),
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.value, f)
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Flags(word) => write!(f, "{word:#x}"),
            Value::Int(int) => write!(f, "{int}"),
            Value::Long(long) => write!(f, "{long}"),
            Value::Double(double) => write!(f, "{double:?}"),
            Value::Int128(bytes) => f.write_str(&hex::encode(bytes)),
            Value::Int256(bytes) => f.write_str(&hex::encode(bytes)),
            Value::String(bytes) => write!(f, "{:?}", String::from_utf8_lossy(bytes)),
            Value::Bytes(bytes) => f.write_str(&shortened(bytes)),
            Value::True => f.write_str("true"),
            Value::Bool(bool) => write!(f, "{bool}"),
            Value::Vector(items) => f.debug_list().entries(items).finish(),
            Value::Object(object) => fmt::Debug::fmt(object, f),
            Value::Unpacked(node) => fmt::Debug::fmt(node, f),
            Value::Raw(raw) => fmt::Debug::fmt(raw, f),
        }
    }
}

impl fmt::Debug for RawBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} bytes", self.bytes.len())?;
        match &self.error {
            Some(error) => write!(f, " that cannot be decoded: {error})"),
            None => f.write_str(")"),
        }
    }
}

impl fmt::Debug for Object<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.combinator().definition().name;
        let mut shown = f.debug_struct(&type_name(name.rsplit('.').next().unwrap_or(name)));
        for field in &self.fields {
            match &field.node.value {
                Value::Flags(_) => &mut shown,
                _ if redact::is_secret(name, field.name) => {
                    shown.field(field.name, &format_args!("[hidden]"))
                }
                value => shown.field(field.name, value),
            };
        }
        shown.finish()
    }
}

/// Bytes in hexadecimal; of long ones the beginning and the length.
pub(super) fn shortened(bytes: &[u8]) -> String {
    match bytes.get(..SHOWN_BYTES) {
        Some(shown) if shown.len() < bytes.len() => {
            format!("{}… ({} bytes)", hex::encode(shown), bytes.len())
        }
        _ if bytes.is_empty() => "(empty)".to_owned(),
        _ => hex::encode(bytes),
    }
}
