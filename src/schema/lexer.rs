//! Schema text → tokens.

use super::ast::Span;
use super::error::{Error, ErrorKind};

/// A token and where it begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'t> {
    pub(super) kind: TokenKind<'t>,
    pub(super) span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind<'t> {
    /// A run of ASCII letters, digits and `_`.
    Word(&'t str),
    /// `#` with a word right after it: the word.
    Id(&'t str),
    /// Any other punctuation of the language, a lone `#` included.
    Punct(char),
    /// `---types---`
    Types,
    /// `---functions---`
    Functions,
    /// `// LAYER n`: the only comment that means something.
    Layer(u32),
    /// The end of the text.
    End,
}

/// Splits `text` into tokens. The last one is always [`TokenKind::End`].
pub(super) fn tokenize(text: &str) -> Result<Vec<Token<'_>>, Error> {
    let mut lexer = Lexer { text, at: 0, span: Span { line: 1, column: 1 } };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next()?;
        tokens.push(token);
        if token.kind == TokenKind::End {
            return Ok(tokens);
        }
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    span: Span,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Moves over the next `bytes` bytes, which end at a character boundary.
    fn advance(&mut self, bytes: usize) -> &'t str {
        let skipped = &self.rest()[..bytes];
        self.at += bytes;
        for c in skipped.chars() {
            if c == '\n' {
                self.span = Span { line: self.span.line.saturating_add(1), column: 1 };
            } else {
                self.span.column = self.span.column.saturating_add(1);
            }
        }
        skipped
    }

    fn advance_while(&mut self, keep: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        self.advance(rest.find(|c| !keep(c)).unwrap_or(rest.len()))
    }

    fn next(&mut self) -> Result<Token<'t>, Error> {
        loop {
            self.advance_while(char::is_whitespace);
            let span = self.span;
            let rest = self.rest();
            if rest.starts_with("//") {
                let comment = self.advance_while(|c| c != '\n');
                if let Some(layer) = layer_of(comment) {
                    return Ok(Token { kind: TokenKind::Layer(layer), span });
                }
            } else if let Some(comment) = rest.strip_prefix("/*") {
                let Some(end) = comment.find("*/") else {
                    return Err(self.error(ErrorKind::UnterminatedComment, span));
                };
                self.advance(end + 4);
            } else {
                let kind = self.token(span)?;
                return Ok(Token { kind, span });
            }
        }
    }

    fn token(&mut self, span: Span) -> Result<TokenKind<'t>, Error> {
        let Some(first) = self.rest().chars().next() else {
            return Ok(TokenKind::End);
        };
        if is_word(first) {
            return Ok(TokenKind::Word(self.advance_while(is_word)));
        }
        match first {
            '#' => {
                self.advance(1);
                let id = self.advance_while(is_word);
                Ok(if id.is_empty() { TokenKind::Punct('#') } else { TokenKind::Id(id) })
            }
            '-' => match self.advance_while(|c| c == '-' || is_word(c)) {
                "---types---" => Ok(TokenKind::Types),
                "---functions---" => Ok(TokenKind::Functions),
                _ => Err(self.error(ErrorKind::UnknownSection, span)),
            },
            '.' | ':' | ';' | '=' | '?' | '!' | '%' | '*' | '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}' => {
                self.advance(1);
                Ok(TokenKind::Punct(first))
            }
            other => Err(self.error(ErrorKind::UnexpectedCharacter(other), span)),
        }
    }

    fn error(&self, kind: ErrorKind, span: Span) -> Error {
        Error::new(kind, span, self.text)
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The number of a `// LAYER n` comment.
fn layer_of(comment: &str) -> Option<u32> {
    comment.trim_start_matches('/').trim().strip_prefix("LAYER ")?.trim().parse().ok()
}
