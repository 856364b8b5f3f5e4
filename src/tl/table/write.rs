//! Memory → packet.

use super::super::{Bytes, Str, VECTOR, Writer};
use super::plan::Plan;
use super::{ALWAYS, Enum, Kind, Payload, Shape, Struct, Vector};

/// Writes a boxed value.
///
/// # Safety
/// `place` holds a value of the type that `shape` describes.
pub(super) unsafe fn object(shape: Shape, place: *const u8, writer: &mut Writer) {
    // SAFETY: passed on.
    unsafe {
        match shape {
            Shape::Struct(table) => structure(table, place, writer),
            Shape::Enum(table) => enumeration(table, place, writer),
        }
    }
}

/// Writes the id of a struct and its fields.
///
/// # Safety
/// As for [`object`].
unsafe fn structure(table: &Struct, place: *const u8, writer: &mut Writer) {
    writer.u32(table.id);
    // SAFETY: passed on.
    unsafe { fields(table, place, writer) }
}

/// Writes the id of a variant and its payload.
///
/// # Safety
/// As for [`object`].
unsafe fn enumeration(table: &Enum, place: *const u8, writer: &mut Writer) {
    // SAFETY: passed on; a `#[repr(u32)]` enum begins with its discriminant, and the code is that of the type.
    unsafe {
        if let Some(code) = &table.code {
            return (code.write)(place, writer);
        }
        let id = place.cast::<u32>().read();
        writer.u32(id);
        let Some(variant) = table.variant(id) else { unreachable!("{} has no variant {id:08x}", table.name) };
        let payload = place.add(variant.payload.offset());
        match variant.payload {
            Payload::Unit => {}
            Payload::Inline(table) => fields(table, payload, writer),
            Payload::Boxed(table) => fields(table, payload.cast::<*const u8>().read(), writer),
        }
    }
}

/// Writes the fields of a struct.
///
/// # Safety
/// `place` holds a value of the struct that `table` describes.
pub(super) unsafe fn fields(table: &Struct, place: *const u8, writer: &mut Writer) {
    if let Some(code) = &table.code {
        // SAFETY: the code is that of the table's type.
        return unsafe { (code.write)(place, writer) };
    }
    let plan = table.plan();
    // SAFETY: the table's promise: the field of this kind is at this offset.
    unsafe {
        let flags = flags(plan, place);
        for step in &plan.steps {
            if !step.is_present(!flags) {
                continue;
            }
            let place = place.add(step.offset as usize);
            if let Kind::Flags(word) = step.kind {
                // The word: half of the number.
                writer.u32((flags >> (32 * u32::from(word & 1))) as u32);
            } else if step.is_required() {
                value(&step.kind, place, writer);
            } else if !optional(&step.kind, place, writer) {
                // The bit speaks of several fields, and this one has no value. The bit says that all of them are
                // there (TL-6), so it is written as zeros.
                zero(&step.kind, writer);
            }
        }
    }
}

/// The flags: their words stand before the fields that they speak of, so the fields are asked first.
///
/// # Safety
/// As for [`fields`], with its plan.
#[inline]
unsafe fn flags(plan: &Plan, place: *const u8) -> u64 {
    let mut flags = 0;
    // SAFETY: the plan sorts the fields by their types; `Option<Box<T>>` is a pointer, null for `None`.
    unsafe {
        for bit in &plan.bits {
            flags |= bit.when(*place.add(bit.offset as usize).cast::<bool>());
        }
        for bit in &plan.ints {
            flags |= bit.when((*place.add(bit.offset as usize).cast::<Option<i32>>()).is_some());
        }
        for bit in &plan.longs {
            flags |= bit.when((*place.add(bit.offset as usize).cast::<Option<i64>>()).is_some());
        }
        for bit in &plan.pointers {
            flags |= bit.when(!place.add(bit.offset as usize).cast::<*const u8>().read().is_null());
        }
        for step in &plan.others {
            if is_some(&step.kind, place.add(step.offset as usize)) {
                flags |= step.mask();
            }
        }
    }
    flags
}

/// Whether an optional field is there, of a kind that the plan has no list of.
///
/// # Safety
/// `place` holds an `Option` of the type that `kind` describes.
unsafe fn is_some(kind: &Kind, place: *const u8) -> bool {
    // SAFETY: `kind` says which type is at `place`.
    unsafe {
        match *kind {
            Kind::Double => (*place.cast::<Option<f64>>()).is_some(),
            Kind::Bool => (*place.cast::<Option<bool>>()).is_some(),
            Kind::Int128 => (*place.cast::<Option<[u8; 16]>>()).is_some(),
            Kind::Int256 => (*place.cast::<Option<[u8; 32]>>()).is_some(),
            Kind::Str => (*place.cast::<Option<Str>>()).is_some(),
            Kind::Bytes => (*place.cast::<Option<Bytes>>()).is_some(),
            Kind::Optional(table) => !(table.get)(place).is_null(),
            // The first are in `bits`, `ints`, `longs` and `pointers`. The others are never optional in this form: the
            // generator wraps them in `Optional`.
            Kind::True
            | Kind::Int
            | Kind::Long
            | Kind::RareStr
            | Kind::BoxedStruct(_)
            | Kind::BoxedEnum(_)
            | Kind::Flags(_)
            | Kind::Struct(_)
            | Kind::Enum(_)
            | Kind::Bare(_)
            | Kind::Vector(_)
            | Kind::BareVector(_) => false,
        }
    }
}

/// # Safety
/// `place` holds a value of the type that `kind` describes.
unsafe fn value(kind: &Kind, place: *const u8, writer: &mut Writer) {
    // SAFETY: `kind` says which type is at `place`.
    unsafe {
        match *kind {
            Kind::Int => writer.i32(*place.cast::<i32>()),
            Kind::Long => writer.i64(*place.cast::<i64>()),
            Kind::Double => writer.f64(*place.cast::<f64>()),
            Kind::Int128 => writer.raw(&*place.cast::<[u8; 16]>()),
            Kind::Int256 => writer.raw(&*place.cast::<[u8; 32]>()),
            Kind::Bool => writer.bool(*place.cast::<bool>()),
            Kind::Str => writer.text(&*place.cast::<Str>()),
            Kind::Bytes => writer.bytes(&*place.cast::<Bytes>()),
            Kind::Struct(table) => structure(table, place, writer),
            Kind::Enum(table) => enumeration(table, place, writer),
            Kind::Bare(table) => fields(table, place, writer),
            Kind::BoxedStruct(table) => structure(table, place.cast::<*const u8>().read(), writer),
            Kind::BoxedEnum(table) => enumeration(table, place.cast::<*const u8>().read(), writer),
            Kind::Vector(table) => {
                writer.u32(VECTOR);
                items(table, place, writer);
            }
            Kind::BareVector(table) => items(table, place, writer),
            Kind::True | Kind::Flags(_) | Kind::RareStr | Kind::Optional(_) => {}
        }
    }
}

/// Writes an optional field if it is there, and says whether it is.
///
/// # Safety
/// `place` holds an `Option` of the type that `kind` describes (for `True`, a `bool`).
unsafe fn optional(kind: &Kind, place: *const u8, writer: &mut Writer) -> bool {
    // SAFETY: `kind` says which type is at `place`; a field that is present holds `Some`, and what is inside
    // is read as its own type.
    unsafe {
        match *kind {
            Kind::Int => (*place.cast::<Option<i32>>()).map(|value| writer.i32(value)).is_some(),
            Kind::Long => (*place.cast::<Option<i64>>()).map(|value| writer.i64(value)).is_some(),
            Kind::Double => (*place.cast::<Option<f64>>()).map(|value| writer.f64(value)).is_some(),
            Kind::Bool => (*place.cast::<Option<bool>>()).map(|value| writer.bool(value)).is_some(),
            Kind::Int128 => (*place.cast::<Option<[u8; 16]>>()).map(|value| writer.raw(&value)).is_some(),
            Kind::Int256 => (*place.cast::<Option<[u8; 32]>>()).map(|value| writer.raw(&value)).is_some(),
            Kind::Str => (*place.cast::<Option<Str>>()).as_ref().map(|value| writer.text(value)).is_some(),
            Kind::Bytes => {
                (*place.cast::<Option<Bytes>>()).as_ref().map(|value| writer.bytes(value)).is_some()
            }
            Kind::RareStr => {
                (*place.cast::<Option<Box<Str>>>()).as_ref().map(|value| writer.string(value)).is_some()
            }
            Kind::BoxedStruct(_) | Kind::BoxedEnum(_) => {
                let is_some = !place.cast::<*const u8>().read().is_null();
                if is_some {
                    value(kind, place, writer);
                }
                is_some
            }
            Kind::Optional(table) => {
                let inside = (table.get)(place);
                if !inside.is_null() {
                    value(&table.value, inside, writer);
                }
                !inside.is_null()
            }
            // These are never optional in this form: the generator wraps them in `Optional`.
            Kind::True
            | Kind::Flags(_)
            | Kind::Struct(_)
            | Kind::Enum(_)
            | Kind::Bare(_)
            | Kind::Vector(_)
            | Kind::BareVector(_) => false,
        }
    }
}

/// # Safety
/// `place` holds the `Vec` that `table` describes.
unsafe fn items(table: &Vector, place: *const u8, writer: &mut Writer) {
    // SAFETY: `get` gives `len` initialized items, one behind the other.
    unsafe {
        let (first, len) = (table.get)(place);
        writer.count(len);
        let start = writer.position();
        for index in 0..len {
            value(&table.item, first.add(index * table.layout.size()), writer);
            if index == 0 {
                writer.expect_like(start, len - 1);
            }
        }
    }
}

/// Writes the value of a kind that is made of zeros.
fn zero(kind: &Kind, writer: &mut Writer) {
    match *kind {
        Kind::Int => writer.i32(0),
        Kind::Long => writer.i64(0),
        Kind::Double => writer.f64(0.0),
        Kind::Int128 => writer.raw(&[0; 16]),
        Kind::Int256 => writer.raw(&[0; 32]),
        Kind::Bool => writer.bool(false),
        Kind::Str | Kind::Bytes | Kind::RareStr => writer.bytes(&[]),
        Kind::Struct(table) | Kind::BoxedStruct(table) => zero_object(Shape::Struct(table), writer),
        Kind::Enum(table) | Kind::BoxedEnum(table) => zero_object(Shape::Enum(table), writer),
        Kind::Bare(table) => zero_fields(table, writer),
        Kind::Vector(_) => {
            writer.u32(VECTOR);
            writer.count(0);
        }
        Kind::BareVector(_) => writer.count(0),
        Kind::Optional(table) => zero(&table.value, writer),
        Kind::True | Kind::Flags(_) => {}
    }
}

fn zero_object(shape: Shape, writer: &mut Writer) {
    let table = match shape {
        Shape::Struct(table) => table,
        Shape::Enum(table) => {
            let variant = &table.variants[table.zero];
            match variant.payload {
                Payload::Unit => return writer.u32(variant.id),
                Payload::Inline(table) | Payload::Boxed(table) => table,
            }
        }
    };
    writer.u32(table.id);
    zero_fields(table, writer);
}

fn zero_fields(table: &Struct, writer: &mut Writer) {
    for field in table.fields.iter().filter(|field| field.1 == ALWAYS) {
        match field.2 {
            Kind::Flags(_) => writer.u32(0),
            ref kind => zero(kind, writer),
        }
    }
}
