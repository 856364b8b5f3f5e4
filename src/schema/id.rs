//! Constructor ids: the CRC32 of a definition's normalized text (TL-9).

use std::fmt::Write;

use super::ast::{Definition, ParamKind, Type};

/// Definitions of the published schemas whose ids are assigned and differ from the CRC32 of their text.
///
/// The names with a number at the end are constructors of older end-to-end layers: the number is ours, to tell
/// them from their successors, and the id is that of the name without it.
pub const ASSIGNED: &[&str] = &[
    "ipPortSecret",
    "accessPointRule",
    "help.configSimple",
    "decryptedMessage8",
    "decryptedMessageService8",
    "decryptedMessageMediaPhoto8",
    "decryptedMessageMediaVideo8",
    "decryptedMessageMediaDocument8",
    "decryptedMessageMediaAudio8",
    "decryptedMessage23",
    "decryptedMessageMediaVideo23",
    "documentAttributeSticker23",
    "documentAttributeVideo23",
    "documentAttributeAudio23",
    "documentAttributeAudio45",
    "decryptedMessage46",
    "decryptedMessageMediaDocument46",
    "decryptedMessageMediaDocument",
];

/// The text whose CRC32 is the id.
///
/// Rules: no `#id` and no `;`; arguments of type `true` are left out; `bytes` counts as `string` where it is the
/// whole type of an argument (but not inside a vector); `<` becomes a space; `>`, `{` and `}` are dropped.
pub fn normalized(definition: &Definition) -> String {
    let mut text = definition.name.clone();
    for generic in &definition.generics {
        let _ = write!(text, " {generic}:Type");
    }
    for param in &definition.params {
        let ty = match &param.kind {
            ParamKind::Flags => None,
            ParamKind::Required(ty) | ParamKind::Optional { ty, .. } => Some(ty),
        };
        let as_string = match ty {
            Some(Type::True) => continue,
            Some(Type::Bytes) => true,
            _ => false,
        };
        let param = param.to_string();
        let param = if as_string { param.trim_end_matches("bytes") } else { &param };
        let _ = write!(text, " {param}{}", if as_string { "string" } else { "" });
    }
    let _ = write!(text, " = {}", definition.result);
    text.replace('<', " ").replace('>', "")
}

/// The CRC32 (IEEE 802.3) of the normalized text.
pub fn computed(definition: &Definition) -> u32 {
    crc32fast::hash(normalized(definition).as_bytes())
}
