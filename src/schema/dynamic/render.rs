//! A tree as text for people.

use std::fmt;

use super::debug::shortened;
use super::value::{Node, Value};
use crate::schema::ast::{Definition, ParamKind};

/// Prints a decoded value one field a line, each with the offset of its first byte and its length:
///
/// ```text
///      0     12  ping#7abe77ec
///      4      8    ping_id: long = 7
/// ```
///
/// Nothing is hidden: whoever has the bytes has the secrets in them.
#[derive(Clone, Copy, Debug)]
pub struct Tree<'t, 'r>(pub &'t Node<'r>);

impl fmt::Display for Tree<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, self.0, 0, "")
    }
}

/// One node, and those below it. `label` is what stands before the value.
fn line(f: &mut fmt::Formatter<'_>, node: &Node<'_>, level: usize, label: &str) -> fmt::Result {
    let Node { range, value } = node;
    if let Value::Unpacked(inner) = value {
        writeln!(
            f,
            "{:14}{:level$}{label} unpacked; offsets in the unpacked bytes:",
            "",
            "",
            level = 2 * level
        )?;
        return line(f, inner, level + 1, "");
    }
    write!(f, "{:6} {:6}  {:level$}{label}", range.start, range.len(), "", level = 2 * level)?;
    match value {
        Value::Object(object) => {
            let definition = object.combinator().definition();
            writeln!(f, "{}#{:08x}", definition.name, definition.id)?;
            for field in object.fields() {
                let ty = type_of(definition, field.name);
                let label = match &field.node.value {
                    Value::Object(_) | Value::Raw(_) | Value::Unpacked(_) => format!("{}: ", field.name),
                    Value::Vector(_) => format!("{}: {ty} ", field.name),
                    _ => format!("{}: {ty} = ", field.name),
                };
                line(f, &field.node, level + 1, &label)?;
            }
            Ok(())
        }
        Value::Vector(items) => {
            writeln!(f, "({})", items.len())?;
            for (index, item) in items.iter().enumerate() {
                line(f, item, level + 1, &format!("[{index}] "))?;
            }
            Ok(())
        }
        Value::Raw(raw) => match &raw.error {
            Some(error) => writeln!(f, "{}  not decoded: {error}", shortened(&raw.bytes)),
            None => writeln!(f, "{}", shortened(&raw.bytes)),
        },
        Value::Long(long) => writeln!(f, "{long}"),
        Value::Flags(word) => writeln!(f, "{word:#x}"),
        other => writeln!(f, "{other:?}"),
    }
}

fn type_of(definition: &Definition, name: &str) -> String {
    let param = definition.params.iter().find(|param| param.name == name);
    match param.map(|param| &param.kind) {
        Some(ParamKind::Flags) => "#".to_owned(),
        Some(ParamKind::Required(ty) | ParamKind::Optional { ty, .. }) => ty.to_string(),
        None => String::new(),
    }
}
