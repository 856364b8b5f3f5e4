//! What is well formed but wrong.

use std::collections::{HashMap, HashSet};

use super::ast::{Definition, ParamKind, Schema, Span, Type};
use super::error::{Error, ErrorKind};
use super::id;
use super::parser::is_boxed_name;

/// Looks for definitions that cannot be meant. `text` is what `schema` was parsed from; it is needed for the excerpts.
///
/// Reported, in the order of the text:
/// - an explicit id other than the CRC32 of the definition, unless its name is among [`id::ASSIGNED`];
/// - boxed types without a constructor, bare types that name no single constructor;
/// - a second definition with the same id or name, a second parameter with the same name;
/// - `flags.N?T` without a flag word to its left, `true` without a flag;
/// - type variables that nothing uses.
///
/// `Object`, the type of any boxed value, needs no constructor.
pub fn check(schema: &Schema, text: &str) -> Vec<Error> {
    let mut constructors: HashMap<&str, usize> = HashMap::new();
    let mut names = HashSet::new();
    for definition in &schema.types {
        names.insert(definition.name.as_str());
        if let Type::Boxed(name) = &definition.result {
            *constructors.entry(name).or_default() += 1;
        }
    }
    let mut checker = Checker { constructors, names, ids: HashMap::new(), problems: Vec::new() };
    for section in [&schema.types, &schema.functions] {
        let mut seen = HashSet::new();
        for definition in section {
            if !seen.insert(definition.name.as_str()) {
                checker.report(ErrorKind::DuplicateName(definition.name.clone()), definition.span);
            }
            checker.definition(definition);
        }
    }
    let mut problems = checker.problems;
    problems.sort_by_key(|(_, span)| (span.line, span.column));
    problems.into_iter().map(|(kind, span)| Error::new(kind, span, text)).collect()
}

struct Checker<'s> {
    /// How many constructors each boxed type has.
    constructors: HashMap<&'s str, usize>,
    names: HashSet<&'s str>,
    ids: HashMap<u32, &'s str>,
    problems: Vec<(ErrorKind, Span)>,
}

impl<'s> Checker<'s> {
    fn report(&mut self, kind: ErrorKind, span: Span) {
        self.problems.push((kind, span));
    }

    fn definition(&mut self, definition: &'s Definition) {
        let computed = id::computed(definition);
        if definition.id != computed && !id::ASSIGNED.contains(&definition.name.as_str()) {
            self.report(ErrorKind::IdMismatch { explicit: definition.id, computed }, definition.span);
        }
        if let Some(first) = self.ids.insert(definition.id, &definition.name) {
            let first = first.to_owned();
            self.report(ErrorKind::DuplicateId { id: definition.id, first }, definition.span);
        }
        let mut seen = HashSet::new();
        let mut flag_words = HashSet::new();
        let mut used = HashSet::new();
        for param in &definition.params {
            if !seen.insert(&param.name) {
                self.report(ErrorKind::DuplicateParam(param.name.clone()), param.span);
            }
            let ty = match &param.kind {
                ParamKind::Flags => {
                    flag_words.insert(&param.name);
                    continue;
                }
                ParamKind::Required(Type::True) => {
                    self.report(ErrorKind::RequiredTrue, param.span);
                    continue;
                }
                ParamKind::Required(ty) => ty,
                ParamKind::Optional { flags, ty, .. } => {
                    if !flag_words.contains(flags) {
                        self.report(ErrorKind::MissingFlags(flags.clone()), param.span);
                    }
                    ty
                }
            };
            if let Type::Generic(name) = ty {
                used.insert(name);
            }
            self.type_expr(ty, param.span);
        }
        for generic in definition.generics.iter().filter(|g| !used.contains(g)) {
            self.report(ErrorKind::UnusedGeneric(generic.clone()), definition.span);
        }
        self.type_expr(&definition.result, definition.span);
    }

    fn type_expr(&mut self, mut ty: &Type, span: Span) {
        while let Type::Vector { item, .. } = ty {
            ty = item;
        }
        match ty {
            Type::Boxed(name) if name != "Object" && !self.constructors.contains_key(name.as_str()) => {
                self.report(ErrorKind::UnknownType(name.clone()), span);
            }
            Type::Bare(name) => {
                let known = if is_boxed_name(name) {
                    self.constructors.get(name.as_str()) == Some(&1)
                } else {
                    self.names.contains(name.as_str())
                };
                if !known {
                    self.report(ErrorKind::UnknownBare(name.clone()), span);
                }
            }
            _ => {}
        }
    }
}
