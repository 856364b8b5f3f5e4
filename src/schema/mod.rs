//! The TL language.
pub mod ast;
