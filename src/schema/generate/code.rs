//! The text of each generated item: a type, and the table that describes it.

use std::fmt::Write;

use super::super::ast::{Definition, Param, ParamKind, Schema, Type};
use super::is_generated;
use super::layout::Layout;
use super::names::{field_name, split, type_name, variant_name};
use super::straight::flag_bits;

/// Where a definition is explained for people.
const DOCUMENTATION: &str = "https://core.telegram.org";

/// As many flag words as the interpreter of the tables keeps.
const MAX_FLAG_WORDS: usize = 2;

/// Writes items of one schema.
pub struct Code<'a> {
    pub layout: &'a Layout<'a>,
}

impl Code<'_> {
    /// The struct of a constructor.
    pub fn structure(&self, out: &mut String, definition: &Definition) {
        self.item(out, definition, "constructor", "struct");
    }

    /// The struct of a function.
    pub fn function(&self, out: &mut String, definition: &Definition) {
        if definition.generics.is_empty() {
            let name = self.item(out, definition, "method", "function");
            let result = self.rust_type(&definition.result);
            let _ = writeln!(out, "impl Function for {name} {{ type Return = {result}; }}");
        } else {
            self.generic_function(out, definition);
        }
    }

    fn item(&self, out: &mut String, definition: &Definition, page: &str, kind: &str) -> String {
        let name = type_name(split(&definition.name).1);
        self.declaration(out, definition, page, &name);
        let table = table_name(&name);
        let code = match kind {
            "struct" => self.straight_struct(out, definition, &name),
            _ => "None".to_owned(),
        };
        let recursive = matches!(&definition.result, Type::Boxed(ty) if self.layout.is_recursive(ty));
        let _ = writeln!(
            out,
            "pub(crate) static {table}: Struct = Struct {{ id: {0:#x}, name: {1:?}, \
             layout: Layout::new::<{name}>(), recursive: {recursive}, \
             plan: Lazy::NEW, code: {code}, fields: &[\n{2}] }};\n\
             described! {{ {kind} {name} {table} {0:#x} {1:?} }}",
            definition.id,
            definition.name,
            self.fields(definition, &name),
        );
        name
    }

    fn declaration(&self, out: &mut String, definition: &Definition, kind: &str, name: &str) {
        let _ = writeln!(
            out,
            "/// [`{0}`]({DOCUMENTATION}/{kind}/{0}): `{definition}`\npub struct {name} {{",
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
    pub fn is_boxed(&self, definition: &Definition, param: &Param) -> bool {
        let is_type = self.layout.bare(&definition.name).is_some_and(|known| known.id == definition.id);
        is_type && self.layout.is_boxed_field(definition, param)
    }

    /// The table's rows.
    fn fields(&self, definition: &Definition, name: &str) -> String {
        let mut out = String::new();
        if definition.params.iter().filter(|param| param.kind == ParamKind::Flags).count() > MAX_FLAG_WORDS {
            let _ = writeln!(out, "compile_error!(\"{}: too many flag words\"),", definition.name);
        }
        for param in &definition.params {
            let offset = format!("offset_of!({name}, {})", field_name(&param.name));
            let boxed = self.is_boxed(definition, param);
            let _ = match &param.kind {
                ParamKind::Flags => {
                    writeln!(out, "Field(0, ALWAYS, Kind::Flags({})),", flag_word(definition, &param.name))
                }
                ParamKind::Required(ty) => {
                    writeln!(out, "Field({offset}, ALWAYS, {}),", self.kind(ty, boxed))
                }
                ParamKind::Optional { flags, bit, ty } => writeln!(
                    out,
                    "Field({offset}, {}, {}),",
                    32 * flag_word(definition, flags) + usize::from(*bit),
                    self.optional_kind(ty, boxed)
                ),
            };
        }
        out
    }

    fn optional_kind(&self, ty: &Type, boxed: bool) -> String {
        match ty {
            Type::String if boxed => "Kind::RareStr".to_owned(),
            Type::Boxed(_) | Type::Bare(_) | Type::Vector { .. } if !boxed => {
                let (rust, kind) = (self.rust_type(ty), self.kind(ty, false));
                format!("Kind::Optional(&unsafe {{ Optional::new::<{rust}>({kind}) }})")
            }
            _ => self.kind(ty, boxed),
        }
    }

    fn kind(&self, ty: &Type, boxed: bool) -> String {
        match ty {
            Type::Int => "Kind::Int".to_owned(),
            Type::Long => "Kind::Long".to_owned(),
            Type::Double => "Kind::Double".to_owned(),
            Type::Int128 => "Kind::Int128".to_owned(),
            Type::Int256 => "Kind::Int256".to_owned(),
            Type::Bool => "Kind::Bool".to_owned(),
            Type::True => "Kind::True".to_owned(),
            Type::String => "Kind::Str".to_owned(),
            Type::Bytes | Type::Generic(_) => "Kind::Bytes".to_owned(),
            Type::Vector { bare, item } => {
                let kind = if *bare { "BareVector" } else { "Vector" };
                let (rust, item) = (self.rust_type(item), self.kind(item, false));
                format!("Kind::{kind}(&unsafe {{ Vector::new::<{rust}>({item}) }})")
            }
            Type::Boxed(name) => {
                let boxed = if boxed { "Boxed" } else { "" };
                match self.layout.constructors(name) {
                    [only] => format!("Kind::{boxed}Struct(&{})", self.table("types", &only.name)),
                    _ => format!("Kind::{boxed}Enum(&{})", self.table("enums", name)),
                }
            }
            Type::Bare(name) => {
                let name =
                    self.layout.bare(name).map_or(name.as_str(), |definition| definition.name.as_str());
                format!("Kind::Bare(&{})", self.table("types", name))
            }
        }
    }

    /// The enum of a boxed type.
    pub fn enumeration(&self, out: &mut String, ty: &str, constructors: &[&Definition]) {
        let name = type_name(split(ty).1);
        let _ = writeln!(
            out,
            "/// The boxed type [`{ty}`]({DOCUMENTATION}/type/{ty}).\n#[repr(u32)]\npub enum {name} {{"
        );
        let (mut variants, mut from) = (String::new(), String::new());
        for definition in constructors {
            let variant = variant_name(&definition.name, ty);
            let payload = self.path("types", &definition.name);
            let table = self.table("types", &definition.name);
            let id = definition.id;
            let _ = writeln!(out, "/// [`{0}`]({DOCUMENTATION}/constructor/{0})", definition.name);
            let (held, value, row) = if definition.params.is_empty() {
                let _ = writeln!(out, "{variant} = {id:#x},");
                let _ = writeln!(variants, "Variant {{ id: {id:#x}, payload: Payload::Unit }},");
                continue;
            } else if self.layout.is_boxed_variant(definition) {
                (format!("Box<{payload}>"), "Box::new(value)", "Boxed")
            } else {
                (payload.clone(), "value", "Inline")
            };
            let _ = writeln!(out, "{variant}({held}) = {id:#x},");
            let _ = writeln!(variants, "Variant {{ id: {id:#x}, payload: Payload::{row}(&{table}) }},");
            let _ = writeln!(
                from,
                "impl From<{payload}> for {name} {{ #[inline] fn from(value: {payload}) -> Self {{ Self::{variant}({value}) }} }}"
            );
        }
        out.push_str("}\n");
        let zero = self.layout.simplest(ty);
        let code = self.straight_enum(out, ty, &name, constructors, zero);
        let _ = writeln!(
            out,
            "pub(crate) static {table}: Enum = Enum {{ name: {ty:?}, layout: Layout::new::<{name}>(), \
             recursive: {}, zero: {zero}, index: Lazy::NEW, code: {code}, variants: &[\n{variants}] }};\n{from}described! {{ enum {name} {table} }}",
            self.layout.is_recursive(ty),
            table = table_name(&name),
        );
    }

    /// A function that takes another as its argument: the only code that is not a table.
    fn generic_function(&self, out: &mut String, definition: &Definition) {
        let name = type_name(split(&definition.name).1);
        let generic = definition.generics.join(", ");
        out.push_str("#[derive(Clone, Debug, Default, PartialEq)]\n");
        self.declaration(out, definition, "method", &format!("{name}<{generic}>"));
        let (mut read, mut fields, mut write) = (String::new(), String::new(), String::new());
        for param in &definition.params {
            let field = field_name(&param.name);
            let _ = match &param.kind {
                ParamKind::Flags => {
                    let _ = writeln!(read, "let {field} = r.u32();");
                    writeln!(write, "w.u32({});", flag_bits(definition, &param.name, "self"))
                }
                ParamKind::Required(_) => {
                    let _ = writeln!(read, "let {field} = Deserialize::deserialize(r);");
                    let _ = write!(fields, "{field}, ");
                    writeln!(write, "self.{field}.serialize(w);")
                }
                ParamKind::Optional { flags, bit, .. } => {
                    let flags = field_name(flags);
                    let bit = 1u32 << bit;
                    let _ = writeln!(
                        read,
                        "let {field} = if {flags} & {bit:#x} != 0 {{ Some(Deserialize::deserialize(r)) }} else {{ None }};"
                    );
                    let _ = write!(fields, "{field}, ");
                    writeln!(write, "if let Some(value) = &self.{field} {{ value.serialize(w); }}")
                }
            };
        }
        let _ = writeln!(
            out,
            "impl<{generic}> Constructor for {name}<{generic}> {{ const ID: u32 = {:#x}; const NAME: &'static str = {:?}; }}\n\
             impl<{generic}: Serialize> Serialize for {name}<{generic}> {{\n\
             fn serialize(&self, w: &mut Writer) {{\nw.u32(Self::ID);\n{write}}}\n}}\n\
             impl<{generic}: Deserialize> Deserialize for {name}<{generic}> {{\n\
             fn deserialize(r: &mut Reader) -> Self {{\nr.id(Self::ID, Self::NAME);\n{read}Self {{ {fields} }}\n}}\n}}\n\
             impl<{generic}: Function> Function for {name}<{generic}> {{ type Return = {generic}::Return; }}",
            definition.id, definition.name
        );
    }

    /// The table of all codecs, for tests and fuzzers: each struct under its id, and each enum under the id
    /// of each of its variants.
    pub fn combinators(&self, out: &mut String, schema: &Schema) {
        out.push_str(
            "/// Every constructor and function, with a function that reads and rewrites it: as a struct, and as its \
             enum.\n\
             #[cfg(feature = \"fuzzing\")]\npub static COMBINATORS: &[Combinator] = &[\n",
        );
        for definition in schema.types.iter().filter(|definition| is_generated(definition)) {
            let mut row = |path: String| {
                let _ =
                    writeln!(out, "Combinator::of::<{path}>({:#x}, {:?}),", definition.id, definition.name);
            };
            if self.layout.is_struct(definition) {
                row(self.path("types", &definition.name));
            }
            if let Type::Boxed(ty) = &definition.result
                && self.layout.constructors(ty).len() > 1
            {
                row(self.path("enums", ty));
            }
        }
        for definition in schema.functions.iter().filter(|definition| definition.generics.is_empty()) {
            let path = self.path("functions", &definition.name);
            let _ = writeln!(out, "Combinator::of::<{path}>({:#x}, {:?}),", definition.id, definition.name);
        }
        out.push_str("];\n");
    }

    pub fn path(&self, module: &str, name: &str) -> String {
        let (namespace, name) = split(name);
        self.place(module, namespace, &type_name(name))
    }

    fn table(&self, module: &str, name: &str) -> String {
        let (namespace, name) = split(name);
        self.place(module, namespace, &table_name(&type_name(name)))
    }

    /// The generated modules know one another as `t`, `e` and `f`: short paths are less to compile.
    fn place(&self, module: &str, namespace: Option<&str>, item: &str) -> String {
        let module = &module[..1];
        match namespace {
            Some(namespace) => format!("{module}::{namespace}::{item}"),
            None => format!("{module}::{item}"),
        }
    }

    pub fn rust_type(&self, ty: &Type) -> String {
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
}

/// The static that holds the table of a type.
fn table_name(type_name: &str) -> String {
    format!("T_{type_name}")
}

/// The number of a flag word among those of its definition.
fn flag_word(definition: &Definition, name: &str) -> usize {
    definition
        .params
        .iter()
        .filter(|param| param.kind == ParamKind::Flags)
        .position(|param| param.name == name)
        .unwrap_or(0)
}
