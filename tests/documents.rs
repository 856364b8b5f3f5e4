//! Documents that name code name code that is there.

use std::fs;
use std::path::Path;

/// Those with rows like `` `src/crypto/dh/group.rs`: `check`, `check_bits` ``.
const DOCUMENTS: &[&str] = &["docs/protocol-coverage.md", "docs/security.md"];

/// The code spans of a line, each with what stands between it and the one before.
fn spans(line: &str) -> Vec<(&str, &str)> {
    let parts: Vec<_> = line.split('`').collect();
    parts.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
}

fn is_path(span: &str) -> bool {
    span.contains('/')
        && !span.contains(' ')
        && span.rsplit_once('.').is_some_and(|(_, ending)| ending == "rs")
}

fn is_name(span: &str) -> bool {
    !span.is_empty() && span.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Whether the text defines this function or type.
fn defines(text: &str, name: &str) -> bool {
    ["fn ", "struct ", "enum ", "trait ", "const ", "mod "].iter().map(|what| format!("{what}{name}")).any(
        |definition| {
            text.match_indices(&definition).any(|(at, _)| {
                text[at + definition.len()..].starts_with(|c: char| !c.is_alphanumeric() && c != '_')
            })
        },
    )
}

#[test]
fn what_documents_name_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut files, mut names) = (0, 0);
    for document in DOCUMENTS {
        let text = fs::read_to_string(root.join(document)).unwrap();
        for (number, line) in text.lines().enumerate() {
            let place = format!("{document}:{}", number + 1);
            // The file whose names follow, and its text.
            let mut current: Option<(&str, String)> = None;
            for (before, span) in spans(line) {
                let goes_on = matches!(before.trim(), ":" | "," | "and" | ", and");
                if is_path(span) {
                    let code = fs::read_to_string(root.join(span));
                    current = Some((span, code.unwrap_or_else(|error| panic!("{place}: {span}: {error}"))));
                    files += 1;
                } else if let Some((path, code)) = current.as_ref().filter(|_| goes_on && is_name(span)) {
                    assert!(defines(code, span), "{place}: there is no {span} in {path}");
                    names += 1;
                } else {
                    current = None;
                }
            }
        }
    }
    assert!(
        files > 20 && names > 40,
        "{files} files and {names} names: the rows are not read as they should be"
    );
}
