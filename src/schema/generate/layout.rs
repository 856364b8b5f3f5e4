//! What the generated types look like in memory: which values are boxed.
//!
//! Sizes are estimates for 64-bit targets. They decide only whether a value sits in its parent or behind a
//! pointer, so being a few bytes off costs nothing.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::super::ast::{Definition, Param, ParamKind, Schema, Type};
use super::is_generated;

/// An optional value above this many bytes is boxed: most messages have few of the optional fields.
const INLINE_OPTIONAL: usize = 24;
/// In an enum with many constructors, a payload above this many bytes is boxed.
const INLINE_VARIANT: usize = 64;
/// Enums up to this many constructors keep payloads in place: they are the hot ones (`Message`, `User`).
const FEW_VARIANTS: usize = 6;

/// Optional strings and objects of hot types that are hardly ever there.
const RARE: &[(&str, &str)] = &[
    ("message", "from_rank"),
    ("message", "guestchat_via_from"),
    ("message", "saved_peer_id"),
    ("message", "post_author"),
    ("message", "summary_from_language"),
    ("user", "bot_inline_placeholder"),
    ("user", "lang_code"),
];

/// Optional objects that nearly every value has: in place, however large, so that they cost no allocation.
const COMMON: &[(&str, &str)] = &[("user", "photo")];

/// Layout facts of one schema.
pub struct Layout<'a> {
    constructors: BTreeMap<&'a str, Vec<&'a Definition>>,
    by_name: BTreeMap<&'a str, &'a Definition>,
    recursive: BTreeSet<&'a str>,
    /// Sizes of boxed types in memory as far as known; `None` while one is being worked out.
    memory: RefCell<BTreeMap<String, Option<usize>>>,
}

impl<'a> Layout<'a> {
    /// Works out the layout of `schema`.
    pub fn new(schema: &'a Schema) -> Self {
        let mut constructors: BTreeMap<&str, Vec<&Definition>> = BTreeMap::new();
        let mut by_name = BTreeMap::new();
        for definition in &schema.types {
            by_name.insert(definition.name.as_str(), definition);
            if let Type::Boxed(name) = &definition.result {
                constructors.entry(name).or_default().push(definition);
            }
        }
        let mut layout =
            Self { constructors, by_name, recursive: BTreeSet::new(), memory: RefCell::default() };
        layout.find_recursive();
        layout
    }

    /// Whether this is the schema of the API: that of secret chats has constructors of the same names.
    pub fn is_api(&self) -> bool {
        self.by_name.contains_key("updates")
    }

    /// Boxed types and their constructors, in order of name.
    pub fn boxed_types(&self) -> impl Iterator<Item = (&'a str, &[&'a Definition])> {
        self.constructors.iter().map(|(name, constructors)| (*name, constructors.as_slice()))
    }

    /// The constructors of a boxed type.
    pub fn constructors(&self, ty: &str) -> &[&'a Definition] {
        self.constructors.get(ty).map_or(&[], Vec::as_slice)
    }

    /// The constructor that a bare name stands for: its own name, or that of a type with one constructor.
    pub fn bare(&self, name: &str) -> Option<&'a Definition> {
        self.by_name.get(name).copied().or_else(|| match self.constructors(name) {
            [only] => Some(*only),
            _ => None,
        })
    }

    /// Whether a constructor has a struct: those without fields are only a variant of their enum.
    pub fn is_struct(&self, definition: &Definition) -> bool {
        let is_only = |ty: &String| self.constructors(ty).len() == 1;
        is_generated(definition)
            && (!definition.params.is_empty() || matches!(&definition.result, Type::Boxed(ty) if is_only(ty)))
    }

    /// Whether values of a boxed type can contain others of it.
    pub fn is_recursive(&self, ty: &str) -> bool {
        self.recursive.contains(ty)
    }

    /// The constructor that stands for a boxed type when nothing was read, as its index: one that needs no
    /// other boxed value, and is short.
    pub fn simplest(&self, ty: &str) -> usize {
        let cost = |definition: &Definition| {
            let is_boxed = |param: &&Param| matches!(&param.kind, ParamKind::Required(Type::Boxed(_)));
            (definition.params.iter().filter(is_boxed).count(), definition.params.len())
        };
        let constructors = self.constructors(ty).iter().enumerate();
        constructors.min_by_key(|(_, definition)| cost(definition)).map_or(0, |(index, _)| index)
    }

    fn find_recursive(&mut self) {
        let mut edges: BTreeMap<&'a str, BTreeSet<&'a str>> = BTreeMap::new();
        for (name, constructors) in &self.constructors {
            let into = edges.entry(name).or_default();
            for param in constructors.iter().flat_map(|definition| &definition.params) {
                if let Some(name) = param_type(param).and_then(|ty| self.boxed_inside(ty)) {
                    into.insert(name);
                }
            }
        }
        let recursive: Vec<&'a str> = edges
            .keys()
            .copied()
            .filter(|start| {
                let mut seen = BTreeSet::new();
                let mut open: Vec<&str> = edges[start].iter().copied().collect();
                while let Some(name) = open.pop() {
                    if seen.insert(name) {
                        open.extend(edges.get(name).into_iter().flatten());
                    }
                }
                seen.contains(start)
            })
            .collect();
        self.recursive.extend(recursive);
    }

    fn boxed_inside(&self, ty: &'a Type) -> Option<&'a str> {
        match ty {
            Type::Boxed(name) => Some(name),
            Type::Bare(name) => self.bare(name).and_then(|definition| match &definition.result {
                Type::Boxed(name) => Some(name.as_str()),
                _ => None,
            }),
            Type::Vector { item, .. } => self.boxed_inside(item),
            _ => None,
        }
    }

    /// Whether a field of a constructor is behind a pointer.
    pub fn is_boxed_field(&self, definition: &Definition, param: &Param) -> bool {
        match &param.kind {
            ParamKind::Flags => false,
            ParamKind::Required(ty) => self.closes_cycle(definition, ty),
            ParamKind::Optional { ty, .. } => {
                let rare = RARE.contains(&(definition.name.as_str(), param.name.as_str()));
                let common = COMMON.contains(&(definition.name.as_str(), param.name.as_str()));
                let string = matches!(ty, Type::String | Type::Bytes);
                let large = !string && !common && self.size_of(ty) > INLINE_OPTIONAL;
                rare || large || self.closes_cycle(definition, ty)
            }
        }
    }

    /// Whether the payload of an enum's variant is behind a pointer.
    pub fn is_boxed_variant(&self, definition: &Definition) -> bool {
        let Type::Boxed(ty) = &definition.result else { return false };
        self.constructors(ty).len() > FEW_VARIANTS && self.size_of_fields(definition) > INLINE_VARIANT
    }

    /// A required field whose type can contain the field's owner again would make the owner infinitely
    /// large.
    fn closes_cycle(&self, definition: &Definition, ty: &Type) -> bool {
        let (Type::Boxed(inner), Type::Boxed(owner)) = (ty, &definition.result) else { return false };
        self.is_recursive(inner) && self.is_recursive(owner)
    }

    fn size_of(&self, ty: &Type) -> usize {
        match ty {
            Type::True | Type::Bool => 1,
            Type::Int => 4,
            Type::Long | Type::Double => 8,
            Type::Int128 => 16,
            Type::String => 16,
            Type::Int256 | Type::Bytes | Type::Generic(_) => 32,
            Type::Vector { .. } => 24,
            Type::Bare(name) => self.bare(name).map_or(0, |definition| self.size_of_fields(definition)),
            Type::Boxed(name) => self.size_of_boxed(name),
        }
    }

    fn size_of_boxed(&self, name: &str) -> usize {
        match self.memory.borrow().get(name) {
            Some(Some(size)) => return *size,
            // A type inside itself is behind a pointer.
            Some(None) => return 8,
            None => {}
        }
        self.memory.borrow_mut().insert(name.to_owned(), None);
        let constructors = self.constructors(name);
        let largest = constructors
            .iter()
            .map(|definition| match self.size_of_fields(definition) {
                size if constructors.len() > FEW_VARIANTS && size > INLINE_VARIANT => 8,
                size => size,
            })
            .max()
            .unwrap_or(0);
        let size = if constructors.len() > 1 { largest + 8 } else { largest };
        self.memory.borrow_mut().insert(name.to_owned(), Some(size));
        size
    }

    fn size_of_fields(&self, definition: &Definition) -> usize {
        let field = |param: &Param| match &param.kind {
            ParamKind::Flags => 0,
            ParamKind::Required(_) | ParamKind::Optional { .. } if self.is_boxed_field(definition, param) => {
                8
            }
            ParamKind::Required(ty) => self.size_of(ty),
            ParamKind::Optional { ty, .. } => match ty {
                Type::Int => 8,
                Type::Long | Type::Double => 16,
                ty => self.size_of(ty),
            },
        };
        definition.params.iter().map(field).sum::<usize>().next_multiple_of(8)
    }
}

fn param_type(param: &Param) -> Option<&Type> {
    match &param.kind {
        ParamKind::Flags => None,
        ParamKind::Required(ty) | ParamKind::Optional { ty, .. } => Some(ty),
    }
}
