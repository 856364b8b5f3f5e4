//! What can be looked up in schemas: combinators by id and by name, types by name.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, LazyLock};

use super::service;
use crate::schema::ast::{Definition, Schema, Type};
use crate::schema::{parse, parse_type};

/// One or several schemas, ready for look-ups.
///
/// The names of types mean what the schema says that uses them, so that schemas with types of the same name (the
/// API and the end-to-end layers have a dozen) can be used together. Look-ups over all schemas take the first that
/// has the name or id.
#[derive(Debug)]
pub struct Registry {
    sources: Vec<Arc<Source>>,
}

/// One schema with its indexes.
pub(super) struct Source {
    schema: Schema,
    by_id: HashMap<u32, Place>,
    /// A function and a constructor may share a name; functions are in the second map.
    constructors: HashMap<String, Place>,
    functions: HashMap<String, Place>,
    /// Constructors of each boxed type.
    types: HashMap<String, Vec<Place>>,
    /// How deep the smallest value of each boxed type nests.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) depths: std::sync::OnceLock<HashMap<String, u32>>,
}

#[derive(Clone, Copy)]
struct Place {
    function: bool,
    index: usize,
}

impl Source {
    fn new(schema: Schema) -> Self {
        let (mut by_id, mut constructors, mut functions) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut types: HashMap<String, Vec<Place>> = HashMap::new();
        for (index, definition) in schema.types.iter().enumerate() {
            let place = Place { function: false, index };
            by_id.entry(definition.id).or_insert(place);
            constructors.entry(definition.name.clone()).or_insert(place);
            if let Type::Boxed(name) = &definition.result {
                types.entry(name.clone()).or_default().push(place);
            }
        }
        for (index, definition) in schema.functions.iter().enumerate() {
            let place = Place { function: true, index };
            by_id.entry(definition.id).or_insert(place);
            functions.entry(definition.name.clone()).or_insert(place);
        }
        Source {
            schema,
            by_id,
            constructors,
            functions,
            types,
            #[cfg(any(test, feature = "fuzzing"))]
            depths: std::sync::OnceLock::new(),
        }
    }

    fn at(&self, place: Place) -> Combinator<'_> {
        let section = if place.function { &self.schema.functions } else { &self.schema.types };
        Combinator { source: self, definition: &section[place.index], function: place.function }
    }

    pub(super) fn by_id(&self, id: u32) -> Option<Combinator<'_>> {
        self.by_id.get(&id).map(|place| self.at(*place))
    }

    pub(super) fn constructor(&self, name: &str) -> Option<Combinator<'_>> {
        self.constructors.get(name).map(|place| self.at(*place))
    }

    pub(super) fn function(&self, name: &str) -> Option<Combinator<'_>> {
        self.functions.get(name).map(|place| self.at(*place))
    }

    /// The constructors of a boxed type.
    pub(super) fn of_type(&self, name: &str) -> impl Iterator<Item = Combinator<'_>> {
        self.types.get(name).into_iter().flatten().map(|place| self.at(*place))
    }

    /// Names of the boxed types.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(super) fn type_names(&self) -> impl Iterator<Item = &str> {
        self.types.keys().map(String::as_str)
    }

    /// What [`Type::Bare`] stands for: a constructor, or the only one of a type.
    pub(super) fn bare(&self, name: &str) -> Option<Combinator<'_>> {
        let mut of_type = self.of_type(name);
        match (of_type.next(), of_type.next()) {
            (Some(only), None) => Some(only),
            _ => self.constructor(name),
        }
    }

    /// Whether the schema defines all that `ty` mentions.
    fn defines(&self, mut ty: &Type) -> bool {
        while let Type::Vector { item, .. } = ty {
            ty = item;
        }
        match ty {
            Type::Boxed(name) => self.types.contains_key(name),
            Type::Bare(name) => self.bare(name).is_some(),
            _ => true,
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} constructors, {} functions", self.schema.types.len(), self.schema.functions.len())
    }
}

/// A constructor or a function of a [`Registry`].
#[derive(Clone, Copy)]
pub struct Combinator<'r> {
    pub(super) source: &'r Source,
    definition: &'r Definition,
    function: bool,
}

impl<'r> Combinator<'r> {
    /// What the schema says.
    pub fn definition(&self) -> &'r Definition {
        self.definition
    }

    /// Whether it is a function rather than a constructor.
    pub fn is_function(&self) -> bool {
        self.function
    }

    /// Whether it is a constructor of a boxed type of its schema.
    pub(super) fn is_of_type(&self, name: &str) -> bool {
        !self.function && matches!(&self.definition.result, Type::Boxed(result) if result == name)
    }
}

/// The same combinator of the same registry.
impl PartialEq for Combinator<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.definition, other.definition)
    }
}

impl Eq for Combinator<'_> {}

impl fmt::Debug for Combinator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.definition)
    }
}

/// What a caller may expect a value to be.
pub(super) enum Target<'r> {
    /// A type as it is understood in one schema.
    Type(&'r Source, Type),
    /// One function, with its id.
    Function(Combinator<'r>),
}

/// A text that names no type, constructor or function of the registry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no type, constructor or function of the schema")]
pub struct UnknownType(pub String);

static SERVICE: LazyLock<Arc<Source>> = LazyLock::new(|| embedded(service::SCHEMA));
static MTPROTO: LazyLock<Arc<Source>> =
    LazyLock::new(|| embedded(include_str!("../../../tl-schema/mtproto.tl")));
#[cfg(feature = "api")]
static API: LazyLock<Arc<Source>> = LazyLock::new(|| embedded(include_str!("../../../tl-schema/api.tl")));
#[cfg(feature = "secret")]
static SECRET: LazyLock<Arc<Source>> =
    LazyLock::new(|| embedded(include_str!("../../../tl-schema/secret.tl")));
static ALL: LazyLock<Registry> = LazyLock::new(|| Registry {
    sources: vec![
        #[cfg(feature = "api")]
        Arc::clone(&API),
        Arc::clone(&MTPROTO),
        #[cfg(feature = "secret")]
        Arc::clone(&SECRET),
        Arc::clone(&SERVICE),
    ],
});
#[cfg(feature = "secret")]
static END_TO_END: LazyLock<Registry> = LazyLock::new(|| Registry { sources: vec![Arc::clone(&SECRET)] });

fn embedded(text: &str) -> Arc<Source> {
    match parse(text) {
        Ok(schema) => Arc::new(Source::new(schema)),
        // The text is part of the program, and a test parses it.
        Err(error) => unreachable!("{error}"),
    }
}

impl Registry {
    /// A registry of your own schemas. For a name or id that several have, the first counts.
    pub fn new(schemas: impl IntoIterator<Item = Schema>) -> Self {
        Registry { sources: schemas.into_iter().map(|schema| Arc::new(Source::new(schema))).collect() }
    }

    /// All schemas that this build has: the API (feature `api`), the service schema with the objects that it
    /// describes only in words (`msg_container`, `rpc_result`, …), the end-to-end layers (feature `secret`).
    ///
    /// Parsed at the first use, which takes some milliseconds.
    pub fn embedded() -> &'static Self {
        &ALL
    }

    /// The end-to-end layers alone, for names that the API has too.
    #[cfg(feature = "secret")]
    pub fn secret() -> &'static Self {
        &END_TO_END
    }

    /// The combinator with a constructor id.
    pub fn by_id(&self, id: u32) -> Option<Combinator<'_>> {
        self.sources.iter().find_map(|source| source.by_id(id))
    }

    /// A constructor by its full name, as in `auth.sentCode`.
    pub fn constructor(&self, name: &str) -> Option<Combinator<'_>> {
        self.sources.iter().find_map(|source| source.constructor(name))
    }

    /// A function by its full name, as in `auth.sendCode`.
    pub fn function(&self, name: &str) -> Option<Combinator<'_>> {
        self.sources.iter().find_map(|source| source.function(name))
    }

    /// All constructors and functions, schema by schema.
    pub fn combinators(&self) -> impl Iterator<Item = Combinator<'_>> {
        self.sources.iter().flat_map(|source| {
            let section = |section: &Vec<Definition>, function| {
                (0..section.len()).map(move |index| Place { function, index })
            };
            let types = section(&source.schema.types, false);
            let functions = section(&source.schema.functions, true);
            types.chain(functions).map(|place| source.at(place))
        })
    }

    /// What a text such as `Vector<User>`, `inputPeerSelf` or `help.getConfig` names.
    pub(super) fn target(&self, text: &str) -> Result<Target<'_>, UnknownType> {
        if let Some(function) = self.function(text) {
            return Ok(Target::Function(function));
        }
        let unknown = || UnknownType(text.to_owned());
        let ty = parse_type(text).map_err(|_| unknown())?;
        let source = self.sources.iter().find(|source| source.defines(&ty)).ok_or_else(unknown)?;
        Ok(Target::Type(source, ty))
    }
}
