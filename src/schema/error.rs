//! Errors that show the place in the schema text.

use std::fmt;

use super::ast::Span;

/// How many characters of a source line are shown around the place.
const EXCERPT: usize = 100;

/// Something is wrong at one place of a schema text.
///
/// Prints as a sentence, the place, and the line with a caret under it:
///
/// ```text
/// expected `;`, found `=`
///  --> api.tl:3:14
///   |
/// 3 | foo a:int = B = C;
///   |               ^
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    span: Span,
    file: Option<String>,
    excerpt: String,
    caret: usize,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A character that no token begins with.
    UnexpectedCharacter(char),
    /// A `/*` without its `*/`.
    UnterminatedComment,
    /// A `---…---` line other than `---types---` and `---functions---`.
    UnknownSection,
    /// Another token than the grammar allows here.
    Unexpected {
        /// What could have stood here.
        expected: &'static str,
        /// What stood here.
        found: String,
    },
    /// The text after `#` is not one to eight hexadecimal digits.
    BadId(String),
    /// A flag bit that is not a number from 0 to 31.
    BadBit(String),
    /// Type expressions nest deeper than [`MAX_TYPE_DEPTH`](super::MAX_TYPE_DEPTH).
    TooDeep,
    /// `T<…>` with another `T` than `Vector` or `vector`.
    NotGeneric(String),
    /// `!X` without `{X:Type}`.
    UndeclaredGeneric(String),
    /// A parameter of type `X` where `{X:Type}` is declared: only `!X` can stand on the wire.
    BareGeneric(String),
    /// The explicit id is not the CRC32 of the definition.
    IdMismatch {
        /// Id that stands in the text.
        explicit: u32,
        /// CRC32 of the normalized definition.
        computed: u32,
    },
    /// A boxed type without any constructor.
    UnknownType(String),
    /// A bare type that names no constructor, or a `%Type` that has not exactly one.
    UnknownBare(String),
    /// A second definition with the same constructor id.
    DuplicateId {
        /// The id.
        id: u32,
        /// Name of the definition that came first.
        first: String,
    },
    /// A second constructor, or a second function, with the same name.
    DuplicateName(String),
    /// A second parameter with the same name.
    DuplicateParam(String),
    /// `flags.N?T` without a `flags:#` to its left.
    MissingFlags(String),
    /// `true` that is not under a flag would take no bytes and say nothing.
    RequiredTrue,
    /// `{X:Type}` that no parameter uses.
    UnusedGeneric(String),
}

impl Error {
    pub(super) fn new(kind: ErrorKind, span: Span, text: &str) -> Self {
        let line = text.lines().nth(span.line.saturating_sub(1) as usize).unwrap_or("");
        let column = span.column.saturating_sub(1) as usize;
        let start = column.saturating_sub(EXCERPT / 2);
        let shown = line.chars().skip(start).take(EXCERPT);
        let excerpt = shown.map(|c| if c.is_control() { ' ' } else { c }).collect();
        Error { kind, span, file: None, excerpt, caret: column - start }
    }

    /// The same error, with the name of the file that the text came from.
    #[must_use]
    pub fn in_file(self, name: impl Into<String>) -> Self {
        Error { file: Some(name.into()), ..self }
    }

    /// What is wrong.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Where in the text.
    pub fn span(&self) -> Span {
        self.span
    }

    /// Name of the file, if the caller gave one.
    pub fn file(&self) -> Option<&str> {
        self.file.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = self.span.line.to_string();
        let margin = " ".repeat(number.len());
        let file = self.file.as_deref().unwrap_or("schema");
        writeln!(f, "{}", self.kind)?;
        writeln!(f, "{margin}--> {file}:{}:{}", self.span.line, self.span.column)?;
        writeln!(f, "{margin} |")?;
        writeln!(f, "{number} | {}", self.excerpt)?;
        write!(f, "{margin} | {}^", " ".repeat(self.caret))
    }
}

impl std::error::Error for Error {}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorKind::UnexpectedCharacter(c) => write!(f, "no token begins with {c:?}"),
            ErrorKind::UnterminatedComment => write!(f, "this `/*` has no `*/`"),
            ErrorKind::UnknownSection => write!(f, "expected `---types---` or `---functions---`"),
            ErrorKind::Unexpected { expected, found } => write!(f, "expected {expected}, found {found}"),
            ErrorKind::BadId(text) => write!(f, "`#{text}` is not an id of one to eight hexadecimal digits"),
            ErrorKind::BadBit(text) => write!(f, "flag bit `{text}` is not a number from 0 to 31"),
            ErrorKind::TooDeep => write!(f, "types nest too deeply"),
            ErrorKind::NotGeneric(name) => write!(f, "`{name}` takes no type argument; only `Vector` does"),
            ErrorKind::UndeclaredGeneric(name) => write!(f, "`!{name}` needs `{{{name}:Type}}`"),
            ErrorKind::BareGeneric(name) => write!(f, "a parameter of generic type is written `!{name}`"),
            ErrorKind::IdMismatch { explicit, computed } => {
                write!(f, "id {explicit:08x} is not the CRC32 of the definition, {computed:08x}")
            }
            ErrorKind::UnknownType(name) => write!(f, "type `{name}` has no constructor"),
            ErrorKind::UnknownBare(name) => write!(f, "`{name}` names no single constructor"),
            ErrorKind::DuplicateId { id, first } => write!(f, "id {id:08x} is already that of `{first}`"),
            ErrorKind::DuplicateName(name) => write!(f, "`{name}` is defined twice"),
            ErrorKind::DuplicateParam(name) => write!(f, "parameter `{name}` is declared twice"),
            ErrorKind::MissingFlags(name) => write!(f, "no `{name}:#` to the left of this parameter"),
            ErrorKind::RequiredTrue => write!(f, "`true` can only stand under a flag"),
            ErrorKind::UnusedGeneric(name) => write!(f, "no parameter uses `{{{name}:Type}}`"),
        }
    }
}
