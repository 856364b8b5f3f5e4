//! Packet → memory.

use std::alloc::{Layout, handle_alloc_error, realloc};

use super::super::error::ErrorKind;
use super::super::{Bytes, Reader, Str, VECTOR};
use super::straight::{some_text, text};
use super::{Enum, Kind, Payload, Shape, Struct, Vector, allocate};

/// Reads a boxed value into `place`.
///
/// # Safety
/// `place` is memory of the type that `shape` describes; after the call it is initialized.
pub(super) unsafe fn object(shape: Shape, place: *mut u8, reader: &mut Reader) {
    // SAFETY: passed on.
    unsafe {
        match shape {
            Shape::Struct(table) => structure(table, place, reader),
            Shape::Enum(table) => enumeration(table, place, reader),
        }
    }
}

/// Reads the id of a struct and its fields.
///
/// # Safety
/// As for [`object`].
unsafe fn structure(table: &'static Struct, place: *mut u8, reader: &mut Reader) {
    reader.id(table.id, table.name);
    // SAFETY: passed on.
    unsafe {
        if table.recursive {
            reader.nested(|reader| fields(table, place, reader));
        } else {
            fields(table, place, reader);
        }
    }
}

/// Reads the value of an enum.
///
/// # Safety
/// As for [`object`].
unsafe fn enumeration(table: &'static Enum, place: *mut u8, reader: &mut Reader) {
    // SAFETY: passed on.
    unsafe {
        if table.recursive {
            reader.nested(|reader| variant(table, place, reader));
        } else {
            variant(table, place, reader);
        }
    }
}

/// Reads the id of a variant and its payload.
///
/// # Safety
/// As for [`object`].
unsafe fn variant(table: &'static Enum, place: *mut u8, reader: &mut Reader) {
    if let Some(code) = &table.code {
        // SAFETY: the code is that of the table's type.
        return unsafe { (code.read)(place, reader) };
    }
    let id = reader.u32();
    let variant = match table.variant(id) {
        Some(variant) => variant,
        None => {
            reader.unknown(id, table.name);
            &table.variants[table.zero]
        }
    };
    // SAFETY: a `#[repr(u32)]` enum begins with its discriminant, and the payload is where `offset` says.
    unsafe {
        place.cast::<u32>().write(variant.id);
        let payload = place.add(variant.payload.offset());
        match variant.payload {
            Payload::Unit => {}
            Payload::Inline(table) => fields(table, payload, reader),
            Payload::Boxed(table) => {
                reader.charge(table.layout.size());
                let value = allocate(table.layout);
                fields(table, value, reader);
                // A `Box` is a pointer to memory of the global allocator, allocated for its type.
                payload.cast::<*mut u8>().write(value);
            }
        }
    }
}

/// Reads the fields of a struct into `place`.
///
/// # Safety
/// As for [`object`].
pub(super) unsafe fn fields(table: &'static Struct, place: *mut u8, reader: &mut Reader) {
    if let Some(code) = &table.code {
        // SAFETY: the code is that of the table's type.
        return unsafe { (code.read)(place, reader) };
    }
    let (plan, mut unset) = (table.plan(), u64::MAX);
    // SAFETY: the table's promise: the field of this kind is at this offset. The optional fields are initialized
    // first, each of the others is visited once.
    unsafe {
        plan.clear(table, place);
        for step in &plan.steps {
            if !step.is_present(unset) {
                continue;
            }
            let place = place.add(step.offset as usize);
            if let Kind::Flags(word) = step.kind {
                unset &= !(u64::from(reader.u32()) << (32 * u32::from(word & 1)));
            } else if step.is_required() {
                value(&step.kind, place, reader);
            } else {
                optional(&step.kind, place, reader);
            }
        }
        for bit in &plan.bits {
            place.add(bit.offset as usize).cast::<bool>().write(bit.of(!unset));
        }
    }
}

/// # Safety
/// `place` is memory of the type that `kind` describes; after the call it is initialized.
unsafe fn value(kind: &Kind, place: *mut u8, reader: &mut Reader) {
    // SAFETY: `kind` says which type is at `place`.
    unsafe {
        match *kind {
            Kind::Int => place.cast::<i32>().write(reader.i32()),
            Kind::Long => place.cast::<i64>().write(reader.i64()),
            Kind::Double => place.cast::<f64>().write(reader.f64()),
            Kind::Int128 => place.cast::<[u8; 16]>().write(reader.int128()),
            Kind::Int256 => place.cast::<[u8; 32]>().write(reader.int256()),
            Kind::Bool => place.cast::<bool>().write(reader.bool()),
            Kind::Str => text(place.cast(), reader),
            Kind::Bytes => place.cast::<Bytes>().write(reader.bytes()),
            Kind::Struct(table) => structure(table, place, reader),
            Kind::Enum(table) => enumeration(table, place, reader),
            Kind::Bare(table) if table.recursive => reader.nested(|reader| fields(table, place, reader)),
            Kind::Bare(table) => fields(table, place, reader),
            Kind::BoxedStruct(table) => {
                reader.charge(table.layout.size());
                let value = allocate(table.layout);
                structure(table, value, reader);
                place.cast::<*mut u8>().write(value);
            }
            Kind::BoxedEnum(table) => {
                reader.charge(table.layout.size());
                let value = allocate(table.layout);
                enumeration(table, value, reader);
                place.cast::<*mut u8>().write(value);
            }
            Kind::Vector(table) => {
                reader.id(VECTOR, "Vector");
                items(table, place, reader);
            }
            Kind::BareVector(table) => items(table, place, reader),
            // These stand only for optional fields and flag words.
            Kind::True | Kind::RareStr | Kind::Optional(_) | Kind::Flags(_) => {}
        }
    }
}

/// Reads an optional field that is there.
///
/// # Safety
/// `place` is memory of an `Option` of the type that `kind` describes (for `True`, of a `bool`), which holds
/// `None` or nothing.
unsafe fn optional(kind: &Kind, place: *mut u8, reader: &mut Reader) {
    // SAFETY: `kind` says which type is at `place`.
    unsafe {
        match *kind {
            Kind::Int => place.cast::<Option<i32>>().write(Some(reader.i32())),
            Kind::Long => place.cast::<Option<i64>>().write(Some(reader.i64())),
            Kind::Double => place.cast::<Option<f64>>().write(Some(reader.f64())),
            Kind::Int128 => place.cast::<Option<[u8; 16]>>().write(Some(reader.int128())),
            Kind::Int256 => place.cast::<Option<[u8; 32]>>().write(Some(reader.int256())),
            Kind::Bool => place.cast::<Option<bool>>().write(Some(reader.bool())),
            Kind::Str => some_text(place.cast(), reader),
            Kind::Bytes => place.cast::<Option<Bytes>>().write(Some(reader.bytes())),
            Kind::RareStr => place.cast::<Option<Box<Str>>>().write(Some(Box::new(reader.string()))),
            // `Option<Box<T>>` is a pointer, null for `None`.
            Kind::BoxedStruct(_) | Kind::BoxedEnum(_) => value(kind, place, reader),
            Kind::Optional(table) => with_space(table.layout, |space| {
                value(&table.value, space, reader);
                (table.set)(place, space);
            }),
            // Flag bits are no fields that hold something, and the others are never optional in this form: the
            // generator wraps them in `Optional`.
            Kind::True
            | Kind::Flags(_)
            | Kind::Struct(_)
            | Kind::Enum(_)
            | Kind::Bare(_)
            | Kind::Vector(_)
            | Kind::BareVector(_) => {}
        }
    }
}

/// Calls `fill` with uninitialized memory of `layout`, which is free again after.
pub(super) fn with_space(layout: Layout, fill: impl FnOnce(*mut u8)) {
    const WORDS: usize = 16;
    if layout.size() <= WORDS * 8 && layout.align() <= 8 {
        let mut space = [std::mem::MaybeUninit::<u64>::uninit(); WORDS];
        fill(space.as_mut_ptr().cast());
    } else {
        let space = allocate(layout);
        fill(space);
        if layout.size() > 0 {
            // SAFETY: `allocate` gave it for this layout, and its content has been moved out.
            unsafe { std::alloc::dealloc(space, layout) }
        }
    }
}

/// Reads count and items of a vector.
///
/// # Safety
/// `place` is memory of the `Vec` that `table` describes; after the call it is initialized.
unsafe fn items(table: &Vector, place: *mut u8, reader: &mut Reader) {
    let count = reader.count();
    let ahead = reader.ahead(count, table.layout.size());
    let mut items = Items::new(table.layout);
    if !items.reserve(ahead) {
        reader.fail(ErrorKind::TooLong { length: ahead });
    }
    while items.len < count && !reader.failed() {
        if items.len == items.capacity && !items.reserve(count.min(items.capacity.saturating_mul(2).max(4))) {
            reader.fail(ErrorKind::TooLong { length: count });
            break;
        }
        reader.charge(table.layout.size());
        // SAFETY: there is memory for the item behind those before it.
        unsafe { value(&table.item, items.end(), reader) };
        items.len += 1;
    }
    // SAFETY: `len` items are initialized, in memory of the global allocator for `capacity`.
    unsafe { (table.set)(place, items.memory, items.len, items.capacity) }
}

/// A vector that is being filled.
pub(super) struct Items {
    pub(super) memory: *mut u8,
    pub(super) len: usize,
    pub(super) capacity: usize,
    layout: Layout,
}

impl Items {
    pub(super) fn new(layout: Layout) -> Self {
        Self { memory: std::ptr::without_provenance_mut(layout.align()), len: 0, capacity: 0, layout }
    }

    /// Where the next item goes.
    ///
    /// # Safety
    /// `len` is less than what was reserved.
    pub(super) unsafe fn end(&self) -> *mut u8 {
        // SAFETY: inside the allocation, as the caller says.
        unsafe { self.memory.add(self.len * self.layout.size()) }
    }

    /// Makes room for `capacity` items in all. False if so many are more than memory can be.
    pub(super) fn reserve(&mut self, capacity: usize) -> bool {
        if self.layout.size() == 0 {
            self.capacity = usize::MAX;
            return true;
        }
        if capacity <= self.capacity {
            return true;
        }
        let size = |items: usize| {
            let bytes = items.checked_mul(self.layout.size())?;
            Layout::from_size_align(bytes, self.layout.align()).ok()
        };
        let (Some(new), Some(old)) = (size(capacity), size(self.capacity)) else { return false };
        let memory = if self.capacity == 0 {
            allocate(new)
        } else {
            // SAFETY: the memory was allocated for `old`, and the new size is not zero.
            unsafe { realloc(self.memory, old, new.size()) }
        };
        if memory.is_null() {
            handle_alloc_error(new);
        }
        self.memory = memory;
        self.capacity = capacity;
        true
    }
}
