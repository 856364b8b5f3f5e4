//! The text of each generated item.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::super::ast::{Definition, Param, ParamKind, Schema, Type};
use super::is_generated;
use super::layout::Layout;
use super::names::{field_name, split, type_name, variant_name};

/// Where a definition is explained for people.
const DOCUMENTATION: &str = "https://core.telegram.org";

/// Writes items of one schema.
pub struct Code<'a> {
    pub layout: &'a Layout<'a>,
    pub root: &'a str,
}

impl Code<'_> {
    /// The struct of a constructor.
    pub fn structure(&self, out: &mut String, definition: &Definition) {
        let name = type_name(split(&definition.name).1);
        self.item(out, definition, "constructor", &name);
    }

    /// The struct of a function.
    pub fn function(&self, out: &mut String, definition: &Definition) {
        let name = type_name(split(&definition.name).1);
        let Some(generic) = definition.generics.first() else {
            self.item(out, definition, "method", &name);
            let result = self.rust_type(&definition.result);
            let _ = writeln!(out, "impl Function for {name} {{ type Return = {result}; }}");
            return;
        };
        self.declaration(
            out,
            definition,
            "method",
            &format!("{name}<{generic}>"),
            Some("Clone, Debug, PartialEq, Default"),
        );
        let _ = writeln!(
            out,
            "impl<{generic}> Constructor for {name}<{generic}> {{ {} }}\n\
             impl<{generic}: Serialize> Serialize for {name}<{generic}> {{\n\
             fn serialize(&self, w: &mut Writer) {{\nw.u32(Self::ID);\n{}}}\n}}\n\
             impl<{generic}: Deserialize> Deserialize for {name}<{generic}> {{\n\
             fn deserialize(r: &mut Reader) -> Self {{\n\
             r.id(Self::ID, Self::NAME);\nlet mut value = Self {{ {} }};\nvalue.read_fields(r);\nvalue\n}}\n}}\n\
             impl<{generic}: Deserialize> {name}<{generic}> {{\nfn read_fields(&mut self, r: &mut Reader) {{\n{}}}\n}}\n\
             impl<{generic}: Function> Function for {name}<{generic}> {{ type Return = {generic}::Return; }}",
            identity(definition),
            self.write_fields(definition),
            self.zero_fields(definition).replace(
                "query: Default::default()",
                "query: Deserialize::deserialize(&mut Reader::exhausted())"
            ),
            self.read_fields(definition),
        );
    }

    fn item(&self, out: &mut String, definition: &Definition, kind: &str, name: &str) {
        self.declaration(out, definition, kind, name, None);
        let (zero, read, write) =
            (self.zero_fields(definition), self.read_fields(definition), self.write_fields(definition));
        // Parameters that a body does not use would be warned about.
        let (r, w) = (argument("r", &read), argument("w", &write));
        let _ = writeln!(
            out,
            "by_codec! {{ struct {name} {} {:?} {{ {zero} }} }}\n\
             impl Bare for {name} {{\n\
             #[inline(never)]\nfn read_bare(&mut self, {r}: &mut Reader) {{\n{read}}}\n\
             #[inline(never)]\nfn write_bare(&self, {w}: &mut Writer) {{\n{write}}}\n}}",
            format_args!("{:#x}", definition.id),
            definition.name,
        );
    }

    /// The fields of the value made of zeros.
    fn zero_fields(&self, definition: &Definition) -> String {
        let mut out = String::new();
        for param in &definition.params {
            let value = match &param.kind {
                ParamKind::Flags => continue,
                ParamKind::Optional { ty: Type::True, .. } => "false".to_owned(),
                ParamKind::Optional { .. } => "None".to_owned(),
                ParamKind::Required(ty) if self.is_boxed(definition, param) => {
                    let _ = ty;
                    "Default::default()".to_owned()
                }
                ParamKind::Required(ty) => match ty {
                    Type::Int | Type::Long => "0".to_owned(),
                    Type::Double => "0.0".to_owned(),
                    Type::Int128 => "[0; 16]".to_owned(),
                    Type::Int256 => "[0; 32]".to_owned(),
                    Type::String => "Str::new()".to_owned(),
                    Type::Bytes => "Bytes::new()".to_owned(),
                    Type::True | Type::Bool => "false".to_owned(),
                    Type::Vector { .. } => "Vec::new()".to_owned(),
                    Type::Generic(_) | Type::Boxed(_) | Type::Bare(_) => "Default::default()".to_owned(),
                },
            };
            let _ = write!(out, "{}: {value}, ", field_name(&param.name));
        }
        out
    }

    fn declaration(
        &self,
        out: &mut String,
        definition: &Definition,
        kind: &str,
        name: &str,
        derives: Option<&str>,
    ) {
        let derives = derives.map_or_else(String::new, |derives| format!("#[derive({derives})]\n"));
        let _ = writeln!(
            out,
            "/// [`{0}`]({DOCUMENTATION}/{kind}/{0}): `{definition}`\n{derives}pub struct {name} {{",
            definition.name
        );
        for param in &definition.params {
            if let Some(ty) = self.field_type(definition, param) {
                let _ = writeln!(out, "pub {}: {ty},", field_name(&param.name));
            }
        }
        out.push_str("}\n");
    }

    /// The Rust type of a parameter's field; flag words have none.
    fn field_type(&self, definition: &Definition, param: &Param) -> Option<String> {
        let boxed = self.is_boxed(definition, param);
        let inner = |ty: &Type| {
            let ty = self.rust_type(ty);
            if boxed { format!("Box<{ty}>") } else { ty }
        };
        match &param.kind {
            ParamKind::Flags => None,
            ParamKind::Required(ty) => Some(inner(ty)),
            ParamKind::Optional { ty: Type::True, .. } => Some("bool".to_owned()),
            ParamKind::Optional { ty, .. } => Some(format!("Option<{}>", inner(ty))),
        }
    }

    /// Arguments of functions are always in place: they are written by hand and live for one call.
    fn is_boxed(&self, definition: &Definition, param: &Param) -> bool {
        let is_type = self.layout.bare(&definition.name).is_some_and(|known| known.id == definition.id);
        is_type && self.layout.is_boxed_field(definition, param)
    }

    /// The enum of a boxed type.
    pub fn enumeration(&self, out: &mut String, ty: &str, constructors: &[&Definition]) {
        let name = type_name(split(ty).1);
        let _ = writeln!(out, "/// The boxed type [`{ty}`]({DOCUMENTATION}/type/{ty}).\npub enum {name} {{");
        let (mut read, mut write, mut from) = (String::new(), String::new(), String::new());
        for definition in constructors {
            let variant = variant_name(&definition.name, ty);
            let payload = self.path("types", &definition.name);
            let _ = writeln!(out, "/// [`{0}`]({DOCUMENTATION}/constructor/{0})", definition.name);
            if definition.params.is_empty() {
                let _ = writeln!(out, "{variant},");
                let _ = writeln!(read, "{:#x} => Self::{variant},", definition.id);
                let _ = writeln!(write, "Self::{variant} => w.u32({:#x}),", definition.id);
                continue;
            }
            let (held, open, close) = if self.layout.is_boxed_variant(definition) {
                (format!("Box<{payload}>"), "Box::new(", ")")
            } else {
                (payload.clone(), "", "")
            };
            let _ = writeln!(out, "{variant}({held}),");
            let _ = writeln!(read, "{:#x} => Self::{variant}({open}read(r){close}),", definition.id);
            let _ = writeln!(write, "Self::{variant}(value) => value.serialize(w),");
            let _ = writeln!(
                from,
                "impl From<{payload}> for {name} {{ fn from(value: {payload}) -> Self {{ Self::{variant}({open}value{close}) }} }}"
            );
        }
        out.push_str("}\n");
        let fallback = self.layout.simplest(ty).map_or_else(String::new, |definition| {
            let variant = variant_name(&definition.name, ty);
            match (definition.params.is_empty(), self.layout.is_boxed_variant(definition)) {
                (true, _) => format!("Self::{variant}"),
                (false, false) => format!("Self::{variant}(Default::default())"),
                (false, true) => format!("Self::{variant}(Default::default())"),
            }
        });
        let body = format!("match r.u32() {{\n{read}id => r.unknown(id, {ty:?}),\n}}\n");
        let body = if self.layout.is_recursive(ty) { format!("r.nested(|r| {body})") } else { body };
        let _ = writeln!(
            out,
            "impl Deserialize for {name} {{\nfn deserialize(r: &mut Reader) -> Self {{\n{body}}}\n}}\n\
             impl Serialize for {name} {{\nfn serialize(&self, w: &mut Writer) {{\nmatch self {{\n{write}}}\n}}\n}}\n\
             {from}by_codec! {{ enum {name} {{ {fallback} }} }}"
        );
    }

    /// The table of all combinators, for tests and fuzzers.
    pub fn combinators(&self, out: &mut String, schema: &Schema) {
        out.push_str(
            "/// Every constructor and function, with a function that reads and rewrites it.\n\
             #[cfg(feature = \"fuzzing\")]\npub static COMBINATORS: &[crate::tl::Combinator] = &[\n",
        );
        let types = schema.types.iter().filter(|definition| is_generated(definition)).map(|d| ("types", d));
        let functions = schema.functions.iter().filter(|d| d.generics.is_empty()).map(|d| ("functions", d));
        for (module, definition) in types.chain(functions) {
            let _ = writeln!(out, "crate::tl::Combinator::of::<{}>(),", self.path(module, &definition.name));
        }
        out.push_str("];\n");
    }

    fn path(&self, module: &str, name: &str) -> String {
        let (namespace, name) = split(name);
        let root = self.root;
        match namespace {
            Some(namespace) => format!("{root}::{module}::{namespace}::{}", type_name(name)),
            None => format!("{root}::{module}::{}", type_name(name)),
        }
    }

    fn rust_type(&self, ty: &Type) -> String {
        match ty {
            Type::Int => "i32".to_owned(),
            Type::Long => "i64".to_owned(),
            Type::Double => "f64".to_owned(),
            Type::Int128 => "[u8; 16]".to_owned(),
            Type::Int256 => "[u8; 32]".to_owned(),
            Type::String => "Str".to_owned(),
            Type::Bytes => "Bytes".to_owned(),
            Type::True | Type::Bool => "bool".to_owned(),
            Type::Vector { item, .. } => format!("Vec<{}>", self.rust_type(item)),
            Type::Generic(name) => name.clone(),
            Type::Boxed(name) => match self.layout.constructors(name) {
                [only] => self.path("types", &only.name),
                _ => self.path("enums", name),
            },
            Type::Bare(name) => match self.layout.bare(name) {
                Some(definition) => self.path("types", &definition.name),
                None => self.path("types", name),
            },
        }
    }

    fn read_fields(&self, definition: &Definition) -> String {
        let mut out = String::new();
        for param in &definition.params {
            let field = format!("self.{}", field_name(&param.name));
            let _ = match &param.kind {
                ParamKind::Flags => writeln!(out, "let {} = r.u32();", flag_word(&param.name)),
                ParamKind::Required(ty) => writeln!(out, "{};", self.read(ty, &field)),
                ParamKind::Optional { flags, bit, ty } => {
                    let present = format!("{} & {:#x}", flag_word(flags), 1u32 << bit);
                    match ty {
                        Type::True => writeln!(out, "{field} = {present} != 0;"),
                        Type::Int => writeln!(out, "{field} = r.optional_i32({present});"),
                        Type::Long => writeln!(out, "{field} = r.optional_i64({present});"),
                        Type::String => writeln!(out, "r.optional_string({present}, &mut {field});"),
                        _ => writeln!(out, "r.optional({present}, &mut {field});"),
                    }
                }
            };
        }
        out
    }

    fn read(&self, ty: &Type, field: &str) -> String {
        match ty {
            Type::Int => format!("{field} = r.i32()"),
            Type::Long => format!("{field} = r.i64()"),
            Type::Double => format!("{field} = r.f64()"),
            Type::Int128 => format!("{field} = r.int128()"),
            Type::Int256 => format!("{field} = r.int256()"),
            Type::Bool => format!("{field} = r.bool()"),
            Type::True => String::new(),
            Type::Vector { bare: true, item } => match item.as_ref() {
                Type::Bare(_) => format!("r.bare_vector(&mut {field}, read)"),
                _ => format!("r.bare_vector(&mut {field}, Deserialize::deserialize)"),
            },
            Type::Vector { item, .. } if matches!(item.as_ref(), Type::Bare(_)) => {
                format!("r.vector(&mut {field}, read)")
            }
            Type::Bare(_) => format!("{field}.read_bare(r)"),
            Type::String => format!("r.set_string(&mut {field})"),
            Type::Bytes | Type::Vector { .. } | Type::Boxed(_) | Type::Generic(_) => {
                format!("r.set(&mut {field})")
            }
        }
    }

    fn write_fields(&self, definition: &Definition) -> String {
        let mut out = String::new();
        for param in &definition.params {
            let field = format!("self.{}", field_name(&param.name));
            match &param.kind {
                ParamKind::Flags => {
                    let word = flag_word(&param.name);
                    let bits = flag_bits(definition, &param.name);
                    let _ = writeln!(out, "let {word}: u32 = {bits};\nw.u32({word});");
                }
                ParamKind::Required(ty) => {
                    let _ = writeln!(out, "{};", self.write(ty, &field, true));
                }
                ParamKind::Optional { ty: Type::True, .. } => {}
                ParamKind::Optional { flags, bit, ty } if !shares_bit(definition, param, flags, *bit) => {
                    let _ = match ty {
                        Type::Int => writeln!(out, "w.optional_i32({field});"),
                        Type::Long => writeln!(out, "w.optional_i64({field});"),
                        _ => writeln!(out, "w.optional(&{field});"),
                    };
                }
                ParamKind::Optional { flags, bit, ty } => {
                    let _ = write!(out, "if let Some(v) = &{field} {{ {} }}", self.write(ty, "v", false));
                    // The bit says that all of its fields are there (TL-6).
                    let zero = format!("<{} as Default>::default()", self.rust_type(ty));
                    let _ = writeln!(
                        out,
                        " else if {} & {:#x} != 0 {{ let v = &{zero}; {} }}",
                        flag_word(flags),
                        1u32 << bit,
                        self.write(ty, "v", false)
                    );
                }
            }
        }
        out
    }

    /// A call that writes `value`, which is the value itself (`owned`) or a reference to it.
    fn write(&self, ty: &Type, value: &str, owned: bool) -> String {
        let copy = if owned { "" } else { "*" };
        let reference = if owned { "&" } else { "" };
        match ty {
            Type::Int => format!("w.i32({copy}{value})"),
            Type::Long => format!("w.i64({copy}{value})"),
            Type::Double => format!("w.f64({copy}{value})"),
            Type::Bool => format!("w.bool({copy}{value})"),
            Type::Int128 | Type::Int256 => format!("w.raw({reference}{value})"),
            Type::String => format!("w.string({reference}{value})"),
            Type::Bytes => format!("w.bytes({reference}{value})"),
            Type::True => String::new(),
            Type::Vector { bare: true, item } => match item.as_ref() {
                Type::Bare(_) => format!("w.bare_vector({reference}{value}, Bare::write_bare)"),
                _ => format!("w.bare_vector({reference}{value}, Serialize::serialize)"),
            },
            Type::Vector { item, .. } if matches!(item.as_ref(), Type::Bare(_)) => {
                format!("w.vector({reference}{value}, Bare::write_bare)")
            }
            Type::Vector { .. } | Type::Boxed(_) | Type::Generic(_) => format!("{value}.serialize(w)"),
            Type::Bare(_) => format!("{value}.write_bare(w)"),
        }
    }
}

fn identity(definition: &Definition) -> String {
    format!("const ID: u32 = {:#x}; const NAME: &'static str = {:?};", definition.id, definition.name)
}

/// A function's parameter, named so that nobody warns when its body does not use it.
fn argument(name: &str, body: &str) -> String {
    if body.contains(&format!("{name}.")) || body.contains(&format!("({name})")) {
        name.to_owned()
    } else {
        format!("_{name}")
    }
}

fn flag_word(name: &str) -> String {
    // The underscore is for the few definitions whose flag word no field uses.
    format!("_{name}")
}

fn flag_bits(definition: &Definition, word: &str) -> String {
    let bits: BTreeSet<String> = definition
        .params
        .iter()
        .filter_map(|param| match &param.kind {
            ParamKind::Optional { flags, bit, ty } if flags == word => {
                let field = field_name(&param.name);
                let set = if *ty == Type::True {
                    format!("self.{field}")
                } else {
                    format!("self.{field}.is_some()")
                };
                Some(format!("u32::from({set}) << {bit}"))
            }
            _ => None,
        })
        .collect();
    if bits.is_empty() { "0".to_owned() } else { bits.into_iter().collect::<Vec<_>>().join(" | ") }
}

fn shares_bit(definition: &Definition, param: &Param, word: &str, number: u8) -> bool {
    definition.params.iter().any(|other| {
        other.name != param.name
            && matches!(&other.kind, ParamKind::Optional { flags, bit, .. } if flags == word && *bit == number)
    })
}
