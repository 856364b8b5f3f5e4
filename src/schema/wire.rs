//! What the wire has besides combinators: the ids of the builtin boxed types, and how deep values nest.

/// How deep values may nest: far above anything in the schema's real use, far below what a small thread's
/// stack can hold.
pub const MAX_DEPTH: u32 = 64;

/// Id of `boolTrue`.
pub const BOOL_TRUE: u32 = 0x9972_75b5;
/// Id of `boolFalse`.
pub const BOOL_FALSE: u32 = 0xbc79_9737;
/// Id of the boxed `vector`.
pub const VECTOR: u32 = 0x1cb5_c415;
