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
        let _ = writeln!(out, "by_codec! {{ {name} }}");
    }

    /// The struct of a function.
    pub fn function(&self, out: &mut String, definition: &Definition) {
        let name = type_name(split(&definition.name).1);
        let Some(generic) = definition.generics.first() else {
            self.item(out, definition, "method", &name);
            let result = self.rust_type(&definition.result);
            let _ = writeln!(
                out,
                "impl Function for {name} {{ type Return = {result}; }}\nby_codec! {{ {name} }}"
            );
            return;
        };
        self.declaration(
            out,
            definition,
            "method",
            &format!("{name}<{generic}>"),
            "Clone, Debug, PartialEq, Default",
        );
        let _ = writeln!(
            out,
            "impl<{generic}> Constructor for {name}<{generic}> {{ {} }}\n\
             impl<{generic}: Serialize> Serialize for {name}<{generic}> {{\n\
             fn serialize(&self, w: &mut Writer) {{\nw.u32(Self::ID);\n{}}}\n}}\n\
             impl<{generic}: Deserialize> Deserialize for {name}<{generic}> {{\n\
             fn deserialize(r: &mut Reader) -> Self {{\n\
             match r.u32() {{ id if id == Self::ID => {{}} id => r.unknown(id, Self::NAME) }}\n{}}}\n}}\n\
             impl<{generic}: Function> Function for {name}<{generic}> {{ type Return = {generic}::Return; }}",
            identity(definition),
            self.write_fields(definition),
            self.read_fields(definition),
        );
    }

    fn item(&self, out: &mut String, definition: &Definition, kind: &str, name: &str) {
        self.declaration(out, definition, kind, name, "Clone");
        let read = self.read_fields(definition);
        let write = self.write_fields(definition);
        // Parameters that a body does not use would be warned about.
        let (r, w) = (argument("r", &read), argument("w", &write));
        let _ = writeln!(
            out,
            "impl Constructor for {name} {{ {} }}\n\
             impl Bare for {name} {{\n\
             fn read_bare({r}: &mut Reader) -> Self {{\n{read}}}\n\
             fn write_bare(&self, {w}: &mut Writer) {{\n{write}}}\n}}",
            identity(definition),
        );
    }

    fn declaration(&self, out: &mut String, definition: &Definition, kind: &str, name: &str, derives: &str) {
        let _ = writeln!(
            out,
            "/// [`{0}`]({DOCUMENTATION}/{kind}/{0}): `{definition}`\n#[derive({derives})]\npub struct {name} {{",
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
        let _ = writeln!(
            out,
            "/// The boxed type [`{ty}`]({DOCUMENTATION}/type/{ty}).\n#[derive(Clone)]\npub enum {name} {{"
        );
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
            let _ =
                writeln!(read, "{:#x} => Self::{variant}({open}Bare::read_bare(r){close}),", definition.id);
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
                (false, false) => format!("Self::{variant}(Bare::read_bare(r))"),
                (false, true) => format!("Self::{variant}(Box::new(Bare::read_bare(r)))"),
            }
        });
        let body = format!("match r.u32() {{\n{read}id => {{ r.unknown(id, {ty:?}); {fallback} }}\n}}\n");
        let body = if self.layout.is_recursive(ty) { format!("r.nested(|r| {body})") } else { body };
        let _ = writeln!(
            out,
            "impl Deserialize for {name} {{\nfn deserialize(r: &mut Reader) -> Self {{\n{body}}}\n}}\n\
             impl Serialize for {name} {{\nfn serialize(&self, w: &mut Writer) {{\nmatch self {{\n{write}}}\n}}\n}}\n\
             {from}by_codec! {{ {name} }}"
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
        // Flag words are read where they stand. The fields before the last of them need a variable each;
        // the others are read straight into their place.
        let last_flags =
            definition.params.iter().rposition(|p| matches!(p.kind, ParamKind::Flags)).unwrap_or(0);
        let mut fields = String::new();
        for (i, param) in definition.params.iter().enumerate() {
            let field = field_name(&param.name);
            let value = match &param.kind {
                ParamKind::Flags => {
                    let _ = writeln!(out, "let {} = r.u32();", flag_word(&param.name));
                    continue;
                }
                ParamKind::Required(ty) => self.read(ty, self.is_boxed(definition, param)),
                ParamKind::Optional { flags, bit, ty: Type::True } => {
                    format!("{} & {:#x} != 0", flag_word(flags), 1u32 << bit)
                }
                ParamKind::Optional { flags, bit, ty } => format!(
                    "if {} & {:#x} != 0 {{ Some({}) }} else {{ None }}",
                    flag_word(flags),
                    1u32 << bit,
                    self.read(ty, self.is_boxed(definition, param))
                ),
            };
            if i < last_flags && !matches!(&param.kind, ParamKind::Optional { ty: Type::True, .. }) {
                let _ = writeln!(out, "let {field} = {value};");
                let _ = writeln!(fields, "{field},");
            } else {
                let _ = writeln!(fields, "{field}: {value},");
            }
        }
        let _ = writeln!(out, "Self {{\n{fields}}}");
        out
    }

    fn read(&self, ty: &Type, boxed: bool) -> String {
        let value = match ty {
            Type::Int => "r.i32()".to_owned(),
            Type::Long => "r.i64()".to_owned(),
            Type::Double => "r.f64()".to_owned(),
            Type::Int128 => "r.int128()".to_owned(),
            Type::Int256 => "r.int256()".to_owned(),
            Type::String => "r.string()".to_owned(),
            Type::Bytes => "r.bytes()".to_owned(),
            Type::True => "true".to_owned(),
            Type::Bool => "r.bool()".to_owned(),
            Type::Vector { bare, item } => {
                let method = if *bare { "bare_vector" } else { "vector" };
                format!("r.{method}({}, {})", self.layout.wire_size(item), self.read_function(item))
            }
            Type::Boxed(name) if self.nests_itself(name) => "r.nested(Deserialize::deserialize)".to_owned(),
            Type::Boxed(_) | Type::Generic(_) => "Deserialize::deserialize(r)".to_owned(),
            Type::Bare(_) => "Bare::read_bare(r)".to_owned(),
        };
        if boxed { format!("Box::new({value})") } else { value }
    }

    /// Structs that stand for a whole boxed type have no read function of their own to count the depth in.
    fn nests_itself(&self, ty: &str) -> bool {
        self.layout.is_recursive(ty) && self.layout.constructors(ty).len() == 1
    }

    fn read_function(&self, ty: &Type) -> String {
        match ty {
            Type::Int => "Reader::i32".to_owned(),
            Type::Long => "Reader::i64".to_owned(),
            Type::Double => "Reader::f64".to_owned(),
            Type::Int128 => "Reader::int128".to_owned(),
            Type::Int256 => "Reader::int256".to_owned(),
            Type::String => "Reader::string".to_owned(),
            Type::Bytes => "Reader::bytes".to_owned(),
            Type::Bool => "Reader::bool".to_owned(),
            Type::Boxed(name) if !self.nests_itself(name) => "Deserialize::deserialize".to_owned(),
            Type::Bare(_) => "Bare::read_bare".to_owned(),
            _ => format!("|r| {}", self.read(ty, false)),
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
                ParamKind::Optional { flags, bit, ty } => {
                    let _ = write!(out, "if let Some(v) = &{field} {{ {} }}", self.write(ty, "v", false));
                    if shares_bit(definition, param, flags, *bit) {
                        // The bit says that all of its fields are there (TL-6).
                        let zero = format!("<{} as Default>::default()", self.rust_type(ty));
                        let _ = write!(
                            out,
                            " else if {} & {:#x} != 0 {{ let v = &{zero}; {} }}",
                            flag_word(flags),
                            1u32 << bit,
                            self.write(ty, "v", false)
                        );
                    }
                    out.push('\n');
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
            Type::Vector { bare, item } => {
                let method = if *bare { "bare_vector" } else { "vector" };
                format!("w.{method}({reference}{value}, {})", self.write_function(item))
            }
            Type::Boxed(_) | Type::Generic(_) => format!("{value}.serialize(w)"),
            Type::Bare(_) => format!("{value}.write_bare(w)"),
        }
    }

    fn write_function(&self, ty: &Type) -> String {
        match ty {
            Type::Boxed(_) => "Serialize::serialize".to_owned(),
            Type::Bare(_) => "Bare::write_bare".to_owned(),
            _ => format!("|v, w| {}", self.write(ty, "v", false)),
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
