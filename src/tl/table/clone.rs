//! Memory → memory.

use std::alloc::handle_alloc_error;

use super::super::{Bytes, Str};
use super::plan::is_plain;
use super::read::{Items, with_space};
use super::{Kind, Payload, Shape, Struct, Vector, allocate};

/// Clones the value at `from` into `to`.
///
/// # Safety
/// `from` holds a value of the type that `shape` describes, `to` is memory for one; after the call it is
/// initialized.
pub(super) unsafe fn object(shape: Shape, from: *const u8, to: *mut u8) {
    // SAFETY: passed on; see `read::variant` for the layout of enums.
    unsafe {
        match shape {
            Shape::Struct(table) => fields(table, from, to),
            Shape::Enum(table) => {
                let id = from.cast::<u32>().read();
                to.cast::<u32>().write(id);
                let Some(variant) = table.variant(id) else {
                    // A table without a variant of its enum; going on would make a value of nothing.
                    unreachable!("{} has no variant {id:08x}", table.name)
                };
                let offset = variant.payload.offset();
                match variant.payload {
                    Payload::Unit => {}
                    Payload::Inline(table) => fields(table, from.add(offset), to.add(offset)),
                    Payload::Boxed(table) => boxed(Shape::Struct(table), from.add(offset), to.add(offset)),
                }
            }
        }
    }
}

/// # Safety
/// `from` holds a `Box` of what `shape` describes, `to` is memory for one.
unsafe fn boxed(shape: Shape, from: *const u8, to: *mut u8) {
    let value = allocate(shape.layout());
    // SAFETY: a `Box` is a pointer to memory of the global allocator, allocated for its type.
    unsafe {
        object(shape, from.cast::<*const u8>().read(), value);
        to.cast::<*mut u8>().write(value);
    }
}

/// # Safety
/// As for [`object`], with the struct that `table` describes.
unsafe fn fields(table: &Struct, from: *const u8, to: *mut u8) {
    // SAFETY: both are memory of the struct, and the table's promise: the field of this kind is at this offset.
    // What owns memory elsewhere is written over before anything could drop its copy.
    unsafe {
        to.copy_from_nonoverlapping(from, table.layout.size());
        for step in &table.plan().owned {
            let (from, to) = (from.add(step.offset as usize), to.add(step.offset as usize));
            if step.is_required() { value(&step.kind, from, to) } else { optional(&step.kind, from, to) }
        }
    }
}

/// # Safety
/// `from` holds a `T` and `to` is memory for one.
unsafe fn typed<T: Clone>(from: *const u8, to: *mut u8) {
    // SAFETY: as the caller says.
    unsafe { to.cast::<T>().write((*from.cast::<T>()).clone()) }
}

/// # Safety
/// `from` holds a value of the type that `kind` describes, `to` is memory for one.
unsafe fn value(kind: &Kind, from: *const u8, to: *mut u8) {
    // SAFETY: `kind` says which type it is.
    unsafe {
        match *kind {
            Kind::Int => typed::<i32>(from, to),
            Kind::Long => typed::<i64>(from, to),
            Kind::Double => typed::<f64>(from, to),
            Kind::Int128 => typed::<[u8; 16]>(from, to),
            Kind::Int256 => typed::<[u8; 32]>(from, to),
            Kind::Bool | Kind::True => typed::<bool>(from, to),
            Kind::Str => typed::<Str>(from, to),
            Kind::Bytes => typed::<Bytes>(from, to),
            Kind::Struct(table) => fields(table, from, to),
            Kind::Enum(table) => object(Shape::Enum(table), from, to),
            Kind::Bare(table) => fields(table, from, to),
            Kind::BoxedStruct(table) => boxed(Shape::Struct(table), from, to),
            Kind::BoxedEnum(table) => boxed(Shape::Enum(table), from, to),
            Kind::Vector(table) | Kind::BareVector(table) => items(table, from, to),
            Kind::RareStr | Kind::Optional(_) => optional(kind, from, to),
            Kind::Flags(_) => {}
        }
    }
}

/// # Safety
/// `from` holds an `Option` of the type that `kind` describes (for `True`, a `bool`), `to` is memory for
/// one.
unsafe fn optional(kind: &Kind, from: *const u8, to: *mut u8) {
    // SAFETY: `kind` says which type it is.
    unsafe {
        match *kind {
            Kind::Int => typed::<Option<i32>>(from, to),
            Kind::Long => typed::<Option<i64>>(from, to),
            Kind::Double => typed::<Option<f64>>(from, to),
            Kind::Int128 => typed::<Option<[u8; 16]>>(from, to),
            Kind::Int256 => typed::<Option<[u8; 32]>>(from, to),
            Kind::Bool => typed::<Option<bool>>(from, to),
            Kind::Str => typed::<Option<Str>>(from, to),
            Kind::Bytes => typed::<Option<Bytes>>(from, to),
            Kind::RareStr => typed::<Option<Box<Str>>>(from, to),
            Kind::BoxedStruct(_) | Kind::BoxedEnum(_) if from.cast::<*const u8>().read().is_null() => {
                to.cast::<*const u8>().write(std::ptr::null());
            }
            Kind::Optional(table) => {
                let inside = (table.get)(from);
                if inside.is_null() {
                    (table.set)(to, inside);
                } else {
                    with_space(table.layout, |space| {
                        value(&table.value, inside, space);
                        (table.set)(to, space);
                    });
                }
            }
            _ => value(kind, from, to),
        }
    }
}

/// # Safety
/// `from` holds the `Vec` that `table` describes, `to` is memory for one.
unsafe fn items(table: &Vector, from: *const u8, to: *mut u8) {
    let mut items = Items::new(table.layout);
    // SAFETY: `get` gives `len` initialized items; there is memory for as many clones, and `set` gets them
    // when all are there.
    unsafe {
        let (first, len) = (table.get)(from);
        if !items.reserve(len) {
            handle_alloc_error(table.layout);
        }
        if is_plain(&table.item) {
            items.memory.copy_from_nonoverlapping(first, len * table.layout.size());
            items.len = len;
        }
        while items.len < len {
            value(&table.item, first.add(items.len * table.layout.size()), items.end());
            items.len += 1;
        }
        (table.set)(to, items.memory, items.len, items.capacity);
    }
}
