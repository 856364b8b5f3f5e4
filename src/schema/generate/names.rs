//! Rust names for TL names.

/// The namespace of a TL name (`auth` of `auth.sentCode`), if it has one, and the rest.
pub fn split(name: &str) -> (Option<&str>, &str) {
    match name.split_once('.') {
        Some((namespace, rest)) => (Some(namespace), rest),
        None => (None, name),
    }
}

/// `p_q_inner_data_dc` → `PQInnerDataDc`, `resPQ` → `ResPq`, `inputPeerSelf` → `InputPeerSelf`.
pub fn type_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for part in name.split('_') {
        let chars: Vec<char> = part.chars().collect();
        for (i, &c) in chars.iter().enumerate() {
            let after_upper = i > 0 && chars[i - 1].is_uppercase();
            let before_lower = chars.get(i + 1).is_some_and(|next| next.is_lowercase());
            if i == 0 {
                out.extend(c.to_uppercase());
            } else if c.is_uppercase() && after_upper && !before_lower {
                out.extend(c.to_lowercase());
            } else {
                out.push(c);
            }
        }
    }
    out
}

/// The snake-case field name; Rust's keywords are escaped, and `self` becomes `is_self`.
pub fn field_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut previous = '_';
    for c in name.chars() {
        if c.is_uppercase() && previous.is_lowercase() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
        previous = c;
    }
    match out.as_str() {
        "self" => "is_self".to_owned(),
        "type" | "final" | "static" | "loop" | "match" | "ref" | "move" | "use" | "where" | "fn" | "mod"
        | "box" | "enum" | "struct" | "trait" | "impl" | "in" | "for" | "if" | "else" | "let" | "mut"
        | "pub" | "return" | "true" | "false" | "as" | "break" | "const" | "continue" | "dyn" | "async"
        | "await" | "try" | "virtual" | "override" | "priv" | "abstract" | "become" | "do" | "macro"
        | "typeof" | "unsized" | "yield" | "gen" => format!("r#{out}"),
        _ => out,
    }
}

/// The variant for constructor `constructor` of the boxed type `ty`: what the constructor's name adds to
/// the type's, if that is a name.
pub fn variant_name(constructor: &str, ty: &str) -> String {
    let constructor = type_name(split(constructor).1);
    let ty = type_name(split(ty).1);
    match constructor.strip_prefix(&ty) {
        Some("Self") | Some("") | None => constructor,
        Some(rest) if rest.starts_with(|c: char| c.is_uppercase()) => rest.to_owned(),
        Some(_) => constructor,
    }
}
