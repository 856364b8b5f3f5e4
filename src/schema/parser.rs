//! Tokens → syntax tree.

use super::ast::{Definition, Param, ParamKind, Schema, Span, Type};
use super::error::{Error, ErrorKind};
use super::id;
use super::lexer::{Token, TokenKind, tokenize};

/// How deep type expressions may nest: `Vector<Vector<int>>` nests 2 deep. Hostile text must not use up the stack.
pub const MAX_TYPE_DEPTH: usize = 16;

/// Parses the text of a schema file.
///
/// Declarations of the builtin types (`int ? = Int;`, `vector#1cb5c415 {t:Type} # [ t ] = Vector t;`,
/// `int128 4*[ int ] = Int128;`) are accepted and left out: the codec knows these types.
///
/// # Errors
/// The first place where the text is not TL. What is well formed but wrong is found by
/// [`check`](super::check::check).
pub fn parse(text: &str) -> Result<Schema, Error> {
    let tokens = tokenize(text)?;
    let mut parser = Parser { text, tokens: &tokens, at: 0, first_layer: None, layer: None };
    let mut schema = Schema::default();
    let mut functions = false;
    loop {
        match parser.peek().kind {
            TokenKind::End => break,
            TokenKind::Types => {
                parser.bump();
                functions = false;
            }
            TokenKind::Functions => {
                parser.bump();
                functions = true;
            }
            _ => {
                let section = if functions { &mut schema.functions } else { &mut schema.types };
                section.extend(parser.definition()?);
            }
        }
    }
    schema.layer = parser.first_layer;
    Ok(schema)
}

/// Parses a type expression that stands alone, such as `Vector<InputPeer>`.
///
/// # Errors
/// The first place where the text is not a type.
pub fn parse_type(text: &str) -> Result<Type, Error> {
    let tokens = tokenize(text)?;
    let mut parser = Parser { text, tokens: &tokens, at: 0, first_layer: None, layer: None };
    let (ty, _) = parser.type_expr(&[], 0)?;
    match parser.peek().kind {
        TokenKind::End => Ok(ty),
        _ => Err(parser.unexpected("the end of the type")),
    }
}

struct Parser<'t> {
    text: &'t str,
    /// Ends with [`TokenKind::End`], which `bump` never passes.
    tokens: &'t [Token<'t>],
    at: usize,
    first_layer: Option<u32>,
    layer: Option<u32>,
}

impl<'t> Parser<'t> {
    /// The next token. Layer comments on the way are taken note of.
    fn peek(&mut self) -> Token<'t> {
        loop {
            let token = self.tokens[self.at];
            let TokenKind::Layer(layer) = token.kind else { return token };
            self.first_layer.get_or_insert(layer);
            self.layer = Some(layer);
            self.at += 1;
        }
    }

    /// The token after the next one.
    fn peek_second(&mut self) -> TokenKind<'t> {
        self.peek();
        let rest = self.tokens[self.at..].iter().skip(1).map(|t| t.kind);
        rest.into_iter().find(|k| !matches!(k, TokenKind::Layer(_))).unwrap_or(TokenKind::End)
    }

    fn bump(&mut self) -> Token<'t> {
        let token = self.peek();
        if token.kind != TokenKind::End {
            self.at += 1;
        }
        token
    }

    fn eat(&mut self, punct: char) -> bool {
        let found = self.peek().kind == TokenKind::Punct(punct);
        if found {
            self.bump();
        }
        found
    }

    fn expect(&mut self, punct: char, expected: &'static str) -> Result<(), Error> {
        if self.eat(punct) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    fn word(&mut self, expected: &'static str) -> Result<(&'t str, Span), Error> {
        let token = self.peek();
        let TokenKind::Word(word) = token.kind else { return Err(self.unexpected(expected)) };
        self.bump();
        Ok((word, token.span))
    }

    /// A word that does not begin with a digit.
    fn ident(&mut self, expected: &'static str) -> Result<(&'t str, Span), Error> {
        match self.peek().kind {
            TokenKind::Word(word) if !word.starts_with(|c: char| c.is_ascii_digit()) => self.word(expected),
            _ => Err(self.unexpected(expected)),
        }
    }

    /// `name` or `namespace.name`.
    fn full_name(&mut self, expected: &'static str) -> Result<(String, Span), Error> {
        let (first, span) = self.ident(expected)?;
        let mut name = first.to_owned();
        while self.eat('.') {
            name.push('.');
            name.push_str(self.ident("a name after `.`")?.0);
        }
        Ok((name, span))
    }

    /// One definition up to its `;`, or `None` for the declaration of a builtin.
    fn definition(&mut self) -> Result<Option<Definition>, Error> {
        let (name, span) = self.full_name("a definition")?;
        let layer = self.layer;
        let token = self.peek();
        let explicit = match token.kind {
            TokenKind::Id(text) => {
                self.bump();
                Some(
                    parse_id(text)
                        .ok_or_else(|| self.error(ErrorKind::BadId(text.to_owned()), token.span))?,
                )
            }
            _ => None,
        };
        let mut generics = Vec::new();
        while self.eat('{') {
            generics.push(self.ident("the name of a type variable")?.0.to_owned());
            self.expect(':', "`:`")?;
            match self.ident("`Type`")? {
                ("Type", _) => self.expect('}', "`}`")?,
                (other, span) => {
                    let found = format!("`{other}`");
                    return Err(self.error(ErrorKind::Unexpected { expected: "`Type`", found }, span));
                }
            }
        }
        if self.at_builtin() {
            self.skip_builtin()?;
            return Ok(None);
        }
        let mut params = Vec::new();
        while !self.eat('=') {
            params.push(self.param(&generics)?);
        }
        let (result, _) = self.type_expr(&generics, 0)?;
        self.expect(';', "`;`")?;
        let explicit_id = explicit.is_some();
        let mut definition = Definition { name, id: 0, explicit_id, generics, params, result, layer, span };
        definition.id = explicit.unwrap_or_else(|| id::computed(&definition));
        Ok(Some(definition))
    }

    /// Whether the parameters are those of a builtin: `?`, `# [ t ]` or `4*[ int ]`.
    fn at_builtin(&mut self) -> bool {
        match self.peek().kind {
            TokenKind::Punct('?' | '#' | '[') => true,
            TokenKind::Word(_) => self.peek_second() == TokenKind::Punct('*'),
            _ => false,
        }
    }

    fn skip_builtin(&mut self) -> Result<(), Error> {
        loop {
            match self.peek().kind {
                TokenKind::Punct(';') => {
                    self.bump();
                    return Ok(());
                }
                TokenKind::End | TokenKind::Types | TokenKind::Functions => {
                    return Err(self.unexpected("`;`"));
                }
                _ => self.bump(),
            };
        }
    }

    fn param(&mut self, generics: &[String]) -> Result<Param, Error> {
        let (name, span) = self.ident("a parameter or `=`")?;
        self.expect(':', "`:`")?;
        let kind = self.param_kind(generics)?;
        Ok(Param { name: name.to_owned(), kind, span })
    }

    fn param_kind(&mut self, generics: &[String]) -> Result<ParamKind, Error> {
        if self.eat('#') {
            return Ok(ParamKind::Flags);
        }
        if self.at_flag_bit() {
            let (flags, _) = self.ident("the name of a flag word")?;
            self.expect('.', "`.`")?;
            let (number, span) = self.word("a bit number")?;
            let bit = number.parse().ok().filter(|bit| *bit < 32);
            let bit = bit.ok_or_else(|| self.error(ErrorKind::BadBit(number.to_owned()), span))?;
            self.expect('?', "`?`")?;
            let ty = self.param_type(generics)?;
            return Ok(ParamKind::Optional { flags: flags.to_owned(), bit, ty });
        }
        Ok(ParamKind::Required(self.param_type(generics)?))
    }

    /// Whether a `word.digits` follows; a type's namespace never has a digit after the point.
    fn at_flag_bit(&mut self) -> bool {
        let TokenKind::Word(_) = self.peek().kind else { return false };
        let kind = |n: usize| self.tokens.get(self.at + n).map(|t| t.kind);
        kind(1) == Some(TokenKind::Punct('.'))
            && matches!(kind(2), Some(TokenKind::Word(w)) if w.starts_with(|c: char| c.is_ascii_digit()))
    }

    fn param_type(&mut self, generics: &[String]) -> Result<Type, Error> {
        let called = self.peek().kind == TokenKind::Punct('!');
        let (ty, span) = self.type_expr(generics, 0)?;
        match &ty {
            Type::Generic(name) if !called => Err(self.error(ErrorKind::BareGeneric(name.clone()), span)),
            _ => Ok(ty),
        }
    }

    fn type_expr(&mut self, generics: &[String], depth: usize) -> Result<(Type, Span), Error> {
        let span = self.peek().span;
        if depth >= MAX_TYPE_DEPTH {
            return Err(self.error(ErrorKind::TooDeep, span));
        }
        if self.eat('(') {
            let (ty, _) = self.type_expr(generics, depth + 1)?;
            self.expect(')', "`)`")?;
            return Ok((ty, span));
        }
        if self.eat('%') {
            let ty = match self.type_expr(generics, depth + 1)?.0 {
                Type::Boxed(name) | Type::Bare(name) => Type::Bare(name),
                Type::Vector { item, .. } => Type::Vector { bare: true, item },
                _ => {
                    let found = "a type that is bare already".to_owned();
                    return Err(self.error(ErrorKind::Unexpected { expected: "a boxed type", found }, span));
                }
            };
            return Ok((ty, span));
        }
        if self.eat('!') {
            let (name, span) = self.ident("the name of a type variable")?;
            if !generics.iter().any(|g| g == name) {
                return Err(self.error(ErrorKind::UndeclaredGeneric(name.to_owned()), span));
            }
            return Ok((Type::Generic(name.to_owned()), span));
        }
        let (name, span) = self.full_name("a type")?;
        let angle = self.eat('<');
        if name == "Vector" || name == "vector" {
            let (item, _) = self.type_expr(generics, depth + 1)?;
            if angle {
                self.expect('>', "`>`")?;
            }
            return Ok((Type::Vector { bare: name == "vector", item: Box::new(item) }, span));
        }
        if angle {
            return Err(self.error(ErrorKind::NotGeneric(name), span));
        }
        Ok((named(name, generics), span))
    }

    fn unexpected(&mut self, expected: &'static str) -> Error {
        let token = self.peek();
        let found = match token.kind {
            TokenKind::Word(word) => format!("`{word}`"),
            TokenKind::Id(word) => format!("`#{word}`"),
            TokenKind::Punct(c) => format!("`{c}`"),
            TokenKind::Types => "`---types---`".to_owned(),
            TokenKind::Functions => "`---functions---`".to_owned(),
            TokenKind::Layer(_) => "a comment".to_owned(),
            TokenKind::End => "the end of the text".to_owned(),
        };
        self.error(ErrorKind::Unexpected { expected, found }, token.span)
    }

    fn error(&self, kind: ErrorKind, span: Span) -> Error {
        Error::new(kind, span, self.text)
    }
}

fn parse_id(text: &str) -> Option<u32> {
    if text.len() > 8 {
        return None;
    }
    u32::from_str_radix(text, 16).ok()
}

/// The type that a plain name stands for.
fn named(name: String, generics: &[String]) -> Type {
    match name.as_str() {
        "int" => Type::Int,
        "long" => Type::Long,
        "double" => Type::Double,
        "int128" => Type::Int128,
        "int256" => Type::Int256,
        "string" => Type::String,
        "bytes" => Type::Bytes,
        "true" => Type::True,
        "Bool" => Type::Bool,
        _ if generics.contains(&name) => Type::Generic(name),
        _ if is_boxed_name(&name) => Type::Boxed(name),
        _ => Type::Bare(name),
    }
}

/// Whether the last part of a dotted name begins with a capital: then it is a type, else a constructor.
pub(super) fn is_boxed_name(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or(name);
    last.starts_with(|c: char| c.is_ascii_uppercase())
}
