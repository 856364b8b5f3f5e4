//! Syntax tree → schema text.

use std::fmt;

use super::ast::{Definition, Param, ParamKind, Type};
use super::parser::is_boxed_name;

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Int => f.write_str("int"),
            Type::Long => f.write_str("long"),
            Type::Double => f.write_str("double"),
            Type::Int128 => f.write_str("int128"),
            Type::Int256 => f.write_str("int256"),
            Type::String => f.write_str("string"),
            Type::Bytes => f.write_str("bytes"),
            Type::True => f.write_str("true"),
            Type::Bool => f.write_str("Bool"),
            Type::Vector { bare: false, item } => write!(f, "Vector<{item}>"),
            Type::Vector { bare: true, item } => write!(f, "vector<{item}>"),
            Type::Bare(name) if is_boxed_name(name) => write!(f, "%{name}"),
            Type::Boxed(name) | Type::Bare(name) | Type::Generic(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.name)?;
        let ty = match &self.kind {
            ParamKind::Flags => return f.write_str("#"),
            ParamKind::Required(ty) => ty,
            ParamKind::Optional { flags, bit, ty } => {
                write!(f, "{flags}.{bit}?")?;
                ty
            }
        };
        if let Type::Generic(_) = ty {
            f.write_str("!")?;
        }
        write!(f, "{ty}")
    }
}

/// One line of TL that parses back to the same definition.
impl fmt::Display for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if self.explicit_id {
            write!(f, "#{:08x}", self.id)?;
        }
        for generic in &self.generics {
            write!(f, " {{{generic}:Type}}")?;
        }
        for param in &self.params {
            write!(f, " {param}")?;
        }
        write!(f, " = {};", self.result)
    }
}
