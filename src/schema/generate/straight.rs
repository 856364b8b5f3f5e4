//! Straight-line code for the types that a client reads and a server writes most, beside their tables.
//!
//! The interpreter of the tables spends most of its time on finding out what comes next. For these few dozen
//! types the compiler finds it out. For all 2,500 it would take a minute (`docs/decisions/`).

use std::fmt::Write;

use super::super::ast::{Definition, Param, ParamKind, Type};
use super::code::Code;
use super::names::{field_name, variant_name};

/// Constructors that have straight-line code.
const STRUCTS: &[&str] = &[
    "channel",
    "chat",
    "chatPhoto",
    "document",
    "documentAttributeAudio",
    "documentAttributeFilename",
    "documentAttributeImageSize",
    "documentAttributeSticker",
    "documentAttributeVideo",
    "message",
    "messageEntityBlockquote",
    "messageEntityBold",
    "messageEntityBotCommand",
    "messageEntityCode",
    "messageEntityCustomEmoji",
    "messageEntityEmail",
    "messageEntityHashtag",
    "messageEntityItalic",
    "messageEntityMention",
    "messageEntityMentionName",
    "messageEntityPre",
    "messageEntitySpoiler",
    "messageEntityStrike",
    "messageEntityTextUrl",
    "messageEntityUnderline",
    "messageEntityUrl",
    "messageFwdHeader",
    "messageMediaDocument",
    "messageMediaPhoto",
    "messageReactions",
    "messageReplies",
    "messageReplyHeader",
    "messageService",
    "messages.channelMessages",
    "messages.messages",
    "messages.messagesSlice",
    "peerChannel",
    "peerChat",
    "peerUser",
    "photo",
    "photoSize",
    "photoSizeProgressive",
    "photoStrippedSize",
    "reactionCount",
    "reactionEmoji",
    "user",
    "userProfilePhoto",
    "userStatusOffline",
    "userStatusOnline",
    "userStatusRecently",
];

/// Boxed types that have straight-line code.
const ENUMS: &[&str] = &[
    "Chat",
    "ChatPhoto",
    "Document",
    "DocumentAttribute",
    "Message",
    "MessageEntity",
    "MessageReplyHeader",
    "Peer",
    "Photo",
    "PhotoSize",
    "Reaction",
    "User",
    "UserProfilePhoto",
    "UserStatus",
    "messages.Messages",
];

impl Code<'_> {
    /// Whether a constructor's struct has straight-line code.
    fn is_straight(&self, definition: &Definition) -> bool {
        STRUCTS.contains(&definition.name.as_str()) && self.layout.is_api()
    }

    /// Whether a boxed type has straight-line code.
    fn is_straight_type(&self, ty: &str) -> bool {
        match self.layout.constructors(ty) {
            [only] => self.is_straight(only),
            _ => ENUMS.contains(&ty) && self.layout.is_api(),
        }
    }

    /// The expression for the `code` of the struct's table, and the code itself.
    pub fn straight_struct(&self, out: &mut String, definition: &Definition, name: &str) -> String {
        if !self.is_straight(definition) {
            return "None".to_owned();
        }
        let mut read = String::new();
        for param in &definition.params {
            self.read_field(&mut read, definition, param);
        }
        let write = self.write_fields(definition, "self", None);
        let _ = writeln!(
            out,
            "impl Straight for {name} {{\n#[inline]\nunsafe fn read(p: *mut Self, r: &mut Reader) {{ unsafe {{\n{read}}} }}\n\
             #[inline]\nfn write(&self, w: &mut Writer) {{\n{write}}}\n}}"
        );
        format!("Some(Codec::of::<{name}>())")
    }

    /// The expression for the `code` of the enum's table, and the code itself.
    pub fn straight_enum(
        &self,
        out: &mut String,
        ty: &str,
        name: &str,
        constructors: &[&Definition],
        zero: usize,
    ) -> String {
        if !self.is_straight_type(ty) {
            return "None".to_owned();
        }
        let (mut read, mut last, mut write) = (String::new(), String::new(), String::new());
        for (index, definition) in constructors.iter().enumerate() {
            let (id, variant) = (definition.id, variant_name(&definition.name, ty));
            let mut value = format!("p.cast::<u32>().write({id:#x});");
            if definition.params.is_empty() {
                let _ = writeln!(write, "Self::{variant} => w.u32({id:#x}),");
            } else {
                let payload = self.path("types", &definition.name);
                let (into, fields) = match self.is_straight(definition) {
                    true => ("Straight::read", self.write_fields(definition, "v", Some(id))),
                    false => ("bare_into", format!("w.u32({id:#x}); v.write_bare(w)")),
                };
                let _ = if self.layout.is_boxed_variant(definition) {
                    let read = format!("boxed(r, |p, r| {into}(p, r))");
                    write!(value, " payload::<Self, Box<{payload}>>(p).write({read});")
                } else {
                    write!(value, " {into}(payload::<Self, {payload}>(p), r);")
                };
                let _ = writeln!(write, "Self::{variant}(v) => {{ {fields} }}");
            }
            if index == zero {
                // Stands for all that cannot be read.
                last = format!("id => {{ if id != {id:#x} {{ r.unknown(id, {ty:?}); }} {value} }}\n");
            } else {
                let _ = writeln!(read, "{id:#x} => {{ {value} }}");
            }
        }
        let _ = writeln!(
            out,
            "impl Straight for {name} {{\nunsafe fn read(p: *mut Self, r: &mut Reader) {{ unsafe {{ match r.u32() {{\n{read}{last}}} }} }}\n\
             fn write(&self, w: &mut Writer) {{ match self {{\n{write}}} }}\n}}"
        );
        format!("Some(Codec::of::<{name}>())")
    }

    fn read_field(&self, out: &mut String, definition: &Definition, param: &Param) {
        let field = field_name(&param.name);
        let boxed = self.is_boxed(definition, param);
        let _ = match &param.kind {
            ParamKind::Flags => writeln!(out, "let {field} = r.u32();"),
            ParamKind::Required(ty) => {
                let place = format!("(&raw mut (*p).{field})");
                writeln!(out, "{};", self.read_into(ty, boxed, &place))
            }
            ParamKind::Optional { flags, bit, ty: Type::True } => writeln!(
                out,
                "(&raw mut (*p).{field}).write({} & {:#x} != 0);",
                field_name(flags),
                1u32 << bit
            ),
            ParamKind::Optional { flags, bit, ty } => {
                let place = format!("(&raw mut (*p).{field})");
                writeln!(
                    out,
                    "if {} & {:#x} != 0 {{ {} }} else {{ {place}.write(None) }}",
                    field_name(flags),
                    1u32 << bit,
                    self.read_some(ty, boxed, &place)
                )
            }
        };
    }

    /// A statement that reads a value of a type into the memory that `place` points to.
    fn read_into(&self, ty: &Type, boxed: bool, place: &str) -> String {
        match ty {
            Type::Boxed(name) if !boxed && self.is_straight_type(name) => {
                self.guarded(name, &format!("Straight::read({place}, r)"))
            }
            Type::String if !boxed => format!("text({place}, r)"),
            _ => format!("{place}.write({})", self.read_value(ty, boxed)),
        }
    }

    /// A statement that reads a value of a type, as one that is there, into the memory of an `Option` that `place`
    /// points to.
    fn read_some(&self, ty: &Type, boxed: bool, place: &str) -> String {
        let plain = match ty {
            Type::String if !boxed => return format!("some_text({place}, r)"),
            Type::Boxed(name) if !boxed && self.is_straight_type(name) => self.plain(name).zip(Some(name)),
            _ => None,
        };
        match plain {
            Some((plain, name)) => {
                let read = self.guarded(name, "Straight::read(p, r)");
                format!("some({place}, {plain}, r, |p, r| {read})")
            }
            None => format!("{place}.write(Some({}))", self.read_value(ty, boxed)),
        }
    }

    /// An expression for a value of an enum that owns nothing and is quickly made: the simplest one, if it is such.
    fn plain(&self, name: &str) -> Option<String> {
        let constructors = self.layout.constructors(name);
        let simplest = constructors.get(self.layout.simplest(name)).filter(|_| constructors.len() > 1)?;
        let variant = format!("<{}>::{}", self.path("enums", name), variant_name(&simplest.name, name));
        if simplest.params.is_empty() {
            return Some(variant);
        }
        let zeros: Option<Vec<String>> = simplest
            .params
            .iter()
            .map(|param| match &param.kind {
                ParamKind::Required(Type::Int | Type::Long) => {
                    Some(format!("{}: 0", field_name(&param.name)))
                }
                _ => None,
            })
            .collect();
        let payload = self.path("types", &simplest.name);
        (!self.layout.is_boxed_variant(simplest))
            .then_some(format!("{variant}({payload} {{ {} }})", zeros?.join(", ")))
    }

    /// `read`, which reads a value of the boxed type `name`, with its id and with the limit of depth.
    fn guarded(&self, name: &str, read: &str) -> String {
        let id = match self.layout.constructors(name) {
            [only] => format!("r.id({:#x}, {:?}); ", only.id, only.name),
            _ => String::new(),
        };
        let read =
            if self.layout.is_recursive(name) { format!("r.nested(|r| {read})") } else { read.to_owned() };
        if id.is_empty() { read } else { format!("{{ {id}{read} }}") }
    }

    /// An expression that reads a value of a type.
    fn read_value(&self, ty: &Type, boxed: bool) -> String {
        match ty {
            Type::Boxed(name) if boxed && self.is_straight_type(name) => {
                self.guarded(name, "boxed(r, |p, r| Straight::read(p, r))")
            }
            Type::String if boxed => "Box::new(r.string())".to_owned(),
            _ if boxed => "boxed(r, |p, r| value_into(p, r))".to_owned(),
            Type::Int => "r.i32()".to_owned(),
            Type::Long => "r.i64()".to_owned(),
            Type::Double => "r.f64()".to_owned(),
            Type::Bool => "r.bool()".to_owned(),
            Type::String => "r.string()".to_owned(),
            Type::Bytes => "r.bytes()".to_owned(),
            Type::Vector { bare: false, item } => {
                let read = self.read_into(item, false, "p");
                format!("vector::<{}>(r, |p, r| {read})", self.rust_type(item))
            }
            ty => format!("<{}>::deserialize(r)", self.rust_type(ty)),
        }
    }

    /// Statements that write the fields of the struct that `of` names, behind its id if that is to be written.
    fn write_fields(&self, definition: &Definition, of: &str, id: Option<u32>) -> String {
        let (mut out, mut words) = (String::new(), Words(Vec::new()));
        words.0.extend(id.map(|id| format!("{id:#x}")));
        for param in &definition.params {
            let field = field_name(&param.name);
            match &param.kind {
                ParamKind::Flags => {
                    let _ = writeln!(out, "let {field} = {};", flag_bits(definition, &param.name, of));
                    words.0.push(field);
                }
                ParamKind::Required(Type::Int) => words.0.push(format!("{of}.{field} as u32")),
                ParamKind::Required(Type::Long) => {
                    words.0.push(format!("{of}.{field} as u32"));
                    words.0.push(format!("({of}.{field} >> 32) as u32"));
                }
                ParamKind::Required(ty) => {
                    words.write(&mut out);
                    let _ = writeln!(out, "{};", self.write_value(ty, &format!("{of}.{field}")));
                }
                ParamKind::Optional { ty: Type::True, .. } => {}
                ParamKind::Optional { flags, bit, ty } => {
                    words.write(&mut out);
                    let value = self.write_value(ty, "*v");
                    let _ = writeln!(out, "if let Some(v) = &{of}.{field} {{ {value}; }}");
                    // A bit that speaks of several fields says that all of them are there (TL-6), so that one that
                    // has no value is written as zeros.
                    if is_shared(definition, flags, *bit) {
                        let (word, bit, ty) = (field_name(flags), 1u32 << bit, self.rust_type(ty));
                        let _ = writeln!(
                            out,
                            "else if {word} & {bit:#x} != 0 {{ <{ty}>::default().serialize(w); }}"
                        );
                    }
                }
            }
        }
        words.write(&mut out);
        out
    }

    /// A statement that writes the value that the expression `place` names.
    fn write_value(&self, ty: &Type, place: &str) -> String {
        match ty {
            Type::Boxed(name) if self.is_straight_type(name) => {
                let id = match self.layout.constructors(name) {
                    [only] => format!("w.u32({:#x}); ", only.id),
                    _ => String::new(),
                };
                format!("{id}({place}).write(w)")
            }
            Type::Int => format!("w.i32({place})"),
            Type::Long => format!("w.i64({place})"),
            Type::Double => format!("w.f64({place})"),
            Type::Bool => format!("w.bool({place})"),
            Type::String => format!("w.text(&{place})"),
            Type::Bytes => format!("w.bytes(&{place})"),
            Type::Vector { bare: false, item } => {
                format!("w.vector(&{place}, |v, w| {{ {}; }})", self.write_value(item, "*v"))
            }
            _ => format!("({place}).serialize(w)"),
        }
    }
}

/// Words that are written in one go: each append asks anew whether there is room.
struct Words(Vec<String>);

impl Words {
    fn write(&mut self, out: &mut String) {
        match self.0.as_slice() {
            [] => {}
            [only] => {
                let _ = writeln!(out, "w.u32({only});");
            }
            words => {
                let _ = writeln!(out, "w.words([{}]);", words.join(", "));
            }
        }
        self.0.clear();
    }
}

/// The expression for a flag word of the struct that `of` names.
pub fn flag_bits(definition: &Definition, word: &str, of: &str) -> String {
    let bit = |param: &Param| match &param.kind {
        ParamKind::Optional { flags, bit, ty } if flags == word => {
            let test = if *ty == Type::True { "" } else { ".is_some()" };
            Some(format!("u32::from({of}.{}{test}) << {bit}", field_name(&param.name)))
        }
        _ => None,
    };
    let bits: Vec<String> = definition.params.iter().filter_map(bit).collect();
    if bits.is_empty() { "0".to_owned() } else { bits.join(" | ") }
}

/// Whether a flag bit speaks of more than one field.
fn is_shared(definition: &Definition, word: &str, of: u8) -> bool {
    let speaks = |param: &&Param| matches!(&param.kind, ParamKind::Optional { flags, bit, .. } if flags == word && *bit == of);
    definition.params.iter().filter(speaks).count() > 1
}
