//! Writes the Rust types and functions of a schema.
//!
//! What is written is meant to compile fast: for each type its declaration and a table of its fields, which the
//! interpreter in `tl::table` walks. Only a few dozen types that are met all the time have code of their own.

mod code;
mod layout;
mod names;
mod straight;

use std::collections::BTreeMap;
use std::fmt::Write;

use super::ast::{Definition, Schema, Type};
use code::Code;
use layout::Layout;
pub(crate) use names::type_name;

/// The generated modules of one schema: `types`, `enums`, `functions` and the table `combinators`.
///
/// `root` is the path of the module that will hold them, as in `crate::tl::mtproto`. The code relies on
/// what [`crate::tl`](https://docs.rs/mtwire) exports, and on nothing else.
pub fn generate(schema: &Schema, root: &str) -> String {
    let layout = Layout::new(schema);
    let code = Code { layout: &layout };
    let mut out = String::with_capacity(1 << 20);

    let mut structs = Modules::default();
    for definition in schema.types.iter().filter(|definition| layout.is_struct(definition)) {
        code.structure(structs.of(&definition.name), definition);
    }
    structs.write(&mut out, root, "types", "One struct for each constructor.");

    let mut enums = Modules::default();
    for (name, constructors) in layout.boxed_types().filter(|(_, constructors)| constructors.len() > 1) {
        if constructors.iter().all(|definition| is_generated(definition)) {
            code.enumeration(enums.of(name), name, constructors);
        }
    }
    enums.write(&mut out, root, "enums", "One enum for each boxed type that has several constructors.");

    if !schema.functions.is_empty() {
        let mut functions = Modules::default();
        for definition in &schema.functions {
            code.function(functions.of(&definition.name), definition);
        }
        functions.write(&mut out, root, "functions", "One struct for each function.");
    }
    let functions = if schema.functions.is_empty() { "" } else { "functions as f, " };
    let _ = writeln!(
        out,
        "#[cfg(feature = \"fuzzing\")]\nuse {{crate::tl::Combinator, self::{{{functions}enums as e, types as t}}}};"
    );
    code.combinators(&mut out, schema);
    out
}

/// `Bool` is a `bool`, and `true` is a `bool` under a flag.
fn is_generated(definition: &Definition) -> bool {
    !matches!(definition.result, Type::Bool | Type::True | Type::Vector { .. })
        && !matches!(definition.name.as_str(), "boolTrue" | "boolFalse" | "true" | "vector")
}

/// Code sorted into modules, one for each namespace.
#[derive(Default)]
struct Modules {
    top: String,
    namespaces: BTreeMap<String, String>,
}

impl Modules {
    fn of(&mut self, name: &str) -> &mut String {
        match names::split(name).0 {
            None => &mut self.top,
            Some(namespace) => self.namespaces.entry(namespace.to_owned()).or_default(),
        }
    }

    fn write(&self, out: &mut String, root: &str, module: &str, doc: &str) {
        let prelude = format!(
            "#[allow(unused_imports)] use crate::tl::generated::*;\n\
             #[allow(unused_imports)] use {root}::{{enums as e, types as t}};\n"
        );
        let _ = write!(out, "#[doc = {doc:?}]\npub mod {module} {{\n{prelude}{}", self.top);
        for (namespace, code) in &self.namespaces {
            let _ = write!(
                out,
                "#[doc = \"Namespace `{namespace}`.\"]\npub mod {namespace} {{\n{prelude}{code}}}\n"
            );
        }
        out.push_str("}\n");
    }
}
