//! The syntax tree of a TL schema.

/// Where a piece of the schema text begins. Lines and columns count from 1; columns count characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
}

/// A parsed schema file: its constructors and its functions, in file order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Schema {
    /// The number of the first `// LAYER n` comment, if there is one.
    pub layer: Option<u32>,
    /// Constructors: definitions above `---functions---` or below `---types---`.
    pub types: Vec<Definition>,
    /// Functions: definitions below `---functions---`.
    pub functions: Vec<Definition>,
}

/// One combinator: a constructor of a type, or a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// Full name with its namespace, as in `auth.sentCode`.
    pub name: String,
    /// Constructor id: the explicit one after `#`, else the CRC32 of the normalized text.
    pub id: u32,
    /// Whether the id stood in the text.
    pub explicit_id: bool,
    /// Names declared as `{X:Type}`.
    pub generics: Vec<String>,
    /// Parameters in wire order, flag words included.
    pub params: Vec<Param>,
    /// The type on the right of `=`.
    pub result: Type,
    /// The latest `// LAYER n` comment above this definition.
    pub layer: Option<u32>,
    /// Where the definition begins.
    pub span: Span,
}

/// One `name:type` of a definition.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// The name as written.
    pub name: String,
    /// What stands on the wire for it.
    pub kind: ParamKind,
    /// Where the parameter begins.
    pub span: Span,
}

/// What a parameter puts on the wire.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamKind {
    /// `#`: a 32-bit word of flag bits.
    Flags,
    /// A value that is always there.
    Required(Type),
    /// `flags.N?T`: there if bit `bit` of the flag word `flags` is set. `T` may be [`Type::True`], which
    /// takes no bytes: then the bit itself is the value.
    Optional {
        /// Name of the flag word, a parameter to the left of this one.
        flags: String,
        /// Bit number, 0 to 31.
        bit: u8,
        /// Type of the value when present.
        ty: Type,
    },
}

/// A type expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// `int`: 4 bytes.
    Int,
    /// `long`: 8 bytes.
    Long,
    /// `double`: 8 bytes.
    Double,
    /// `int128`: 16 raw bytes.
    Int128,
    /// `int256`: 32 raw bytes.
    Int256,
    /// `string`.
    String,
    /// `bytes`.
    Bytes,
    /// `true`: no bytes at all; only under a flag.
    True,
    /// `Bool`: boxed `boolTrue` or `boolFalse`.
    Bool,
    /// `Vector<T>` (boxed: with the id `1cb5c415`) or `vector<T>` (bare).
    Vector {
        /// Whether the vector's own id is left out.
        bare: bool,
        /// Type of the items.
        item: Box<Type>,
    },
    /// A boxed type by its name (`auth.SentCode`): constructor id, then its fields.
    Boxed(String),
    /// A bare constructor by its name (`future_salt`), or `%Type`: fields without an id.
    Bare(String),
    /// `!X`: any function, whose result type stands for `X`; or `X` itself as a result.
    Generic(String),
}
