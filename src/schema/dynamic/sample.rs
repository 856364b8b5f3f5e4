//! Random values that are well formed, for tests and fuzzers that must get behind the decoder.

use std::collections::HashMap;

use super::registry::{Combinator, Source};
use super::value::{Field, Node, Object, Value};
use crate::schema::ast::{ParamKind, Type};

/// Makes random values of the types of a [`Registry`](super::Registry).
pub struct Sampler<'e> {
    /// Where the randomness comes from.
    entropy: &'e mut dyn FnMut() -> u64,
    /// How many values may still be made before everything becomes as small as possible.
    budget: usize,
}

/// How deep sampled values nest before everything becomes as small as possible.
const DEPTH: u32 = 6;

impl<'e> Sampler<'e> {
    /// A sampler that takes its decisions from `entropy`. All zeros give the smallest values.
    pub fn new(entropy: &'e mut dyn FnMut() -> u64) -> Self {
        Sampler { entropy, budget: 0 }
    }

    /// A value of one constructor or function, with about `size` values in it at most.
    ///
    /// `None` if there is no finite one, or if the combinator holds an object of any type.
    pub fn sample<'r>(&mut self, combinator: Combinator<'r>, size: usize) -> Option<Value<'r>> {
        self.budget = size;
        self.object(combinator, 0)
    }

    fn next(&mut self) -> u64 {
        (self.entropy)()
    }

    fn object<'r>(&mut self, combinator: Combinator<'r>, depth: u32) -> Option<Value<'r>> {
        let definition = combinator.definition();
        let mut words: HashMap<&str, u32> = HashMap::new();
        let mut object = Object::new(combinator);
        for param in &definition.params {
            let ty = match &param.kind {
                ParamKind::Flags => {
                    let word = if self.is_small(depth) { 0 } else { self.next() as u32 };
                    words.insert(&param.name, word);
                    continue;
                }
                ParamKind::Required(ty) => ty,
                ParamKind::Optional { flags, bit, ty } => {
                    if words.get(flags.as_str())? >> bit & 1 == 0 {
                        continue;
                    }
                    ty
                }
            };
            let value = self.value(combinator.source, ty, depth + 1)?;
            object.fields.push(Field { name: &param.name, node: Node::from(value) });
        }
        Some(Value::Object(object))
    }

    fn is_small(&self, depth: u32) -> bool {
        self.budget == 0 || depth >= DEPTH
    }

    fn value<'r>(&mut self, source: &'r Source, ty: &Type, depth: u32) -> Option<Value<'r>> {
        self.budget = self.budget.saturating_sub(1);
        Some(match ty {
            Type::Int => Value::Int(self.next() as i32),
            Type::Long => Value::Long(self.next() as i64),
            // The bits of a random NaN would not survive JSON.
            Type::Double => Value::Double(self.next() as i32 as f64 / 1024.0),
            Type::Int128 => Value::Int128(self.array()),
            Type::Int256 => Value::Int256(self.array()),
            Type::String => Value::String(self.string().into_bytes()),
            Type::Bytes => Value::Bytes((0..self.length(300)).map(|_| self.next() as u8).collect()),
            Type::True => Value::True,
            Type::Bool => Value::Bool(self.next() & 1 == 1),
            Type::Vector { item, .. } => {
                let length = if self.is_small(depth) { 0 } else { self.next() % 4 };
                let item = |_| self.value(source, item, depth + 1).map(Node::from);
                Value::Vector((0..length).map(item).collect::<Option<_>>()?)
            }
            Type::Boxed(name) => {
                let combinator = self.constructor(source, name, depth)?;
                self.object(combinator, depth)?
            }
            Type::Bare(name) => self.object(source.bare(name)?, depth)?,
            Type::Generic(_) => self.object(source.function("help.getNearestDc")?, depth)?,
        })
    }

    fn constructor<'r>(&mut self, source: &'r Source, name: &str, depth: u32) -> Option<Combinator<'r>> {
        let of_type: Vec<_> = source.of_type(name).collect();
        if !self.is_small(depth) {
            let choice = self.next() % of_type.len().max(1) as u64;
            return of_type.get(choice as usize).copied();
        }
        let depths = source.depths.get_or_init(|| smallest_depths(source));
        of_type.into_iter().min_by_key(|constructor| depth_of(*constructor, depths).unwrap_or(u32::MAX))
    }

    /// Mostly short, sometimes around the length at which the header of strings changes.
    fn length(&mut self, most: u64) -> u64 {
        match self.next() % 16 {
            15 => 250 + self.next() % (most - 250),
            _ => self.next() % 12,
        }
    }

    fn string(&mut self) -> String {
        let characters = ['a', 'Z', '0', ' ', '"', '\\', 'é', '→', '🦀', '\0', '\n'];
        (0..self.length(270)).map(|_| characters[self.next() as usize % characters.len()]).collect()
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.next() as u8)
    }
}

/// How deep the smallest value of each boxed type nests; types without a finite value are left out.
fn smallest_depths(source: &Source) -> HashMap<String, u32> {
    let mut depths = HashMap::new();
    loop {
        let before = depths.len();
        for name in source.type_names() {
            if !depths.contains_key(name) {
                let depth =
                    source.of_type(name).filter_map(|constructor| depth_of(constructor, &depths)).min();
                depths.extend(depth.map(|depth| (name.to_owned(), depth)));
            }
        }
        if depths.len() == before {
            return depths;
        }
    }
}

/// How deep the smallest value of a constructor nests, as far as `depths` tells.
fn depth_of(constructor: Combinator<'_>, depths: &HashMap<String, u32>) -> Option<u32> {
    let depth_of_param = |kind: &ParamKind| match kind {
        ParamKind::Required(Type::Boxed(name)) => depths.get(name).copied(),
        ParamKind::Required(Type::Bare(name)) => depth_of(constructor.source.bare(name)?, depths),
        _ => Some(0),
    };
    let mut deepest = 0;
    for param in &constructor.definition().params {
        deepest = deepest.max(depth_of_param(&param.kind)?);
    }
    Some(deepest + 1)
}
