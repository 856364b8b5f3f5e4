//! Memory → packet.

use super::super::{Bytes, Str, VECTOR, Writer};
use super::{ALWAYS, Kind, Payload, Shape, Struct, Vector, WORDS};

/// Writes a boxed value.
///
/// # Safety
/// `place` holds a value of the type that `shape` describes.
pub(super) unsafe fn object(shape: Shape, place: *const u8, writer: &mut Writer) {
    // SAFETY: passed on; a `#[repr(u32)]` enum begins with its discriminant.
    unsafe {
        match shape {
            Shape::Struct(table) => {
                writer.u32(table.id);
                fields(table, place, writer);
            }
            Shape::Enum(table) => {
                let id = place.cast::<u32>().read();
                writer.u32(id);
                let Some(variant) = table.variants.iter().find(|variant| variant.id == id) else {
                    unreachable!("{} has no variant {id:08x}", table.name)
                };
                let payload = place.add(variant.payload.offset());
                match variant.payload {
                    Payload::Unit => {}
                    Payload::Inline(table) => fields(table, payload, writer),
                    Payload::Boxed(table) => fields(table, payload.cast::<*const u8>().read(), writer),
                }
            }
        }
    }
}

/// Writes the fields of a struct.
///
/// # Safety
/// `place` holds a value of the struct that `table` describes.
pub(super) unsafe fn fields(table: &Struct, place: *const u8, writer: &mut Writer) {
    let start = writer.position();
    // SAFETY: passed on.
    unsafe {
        let (set, absent) = pass(table, place, [0; WORDS], writer);
        if table.shared_bits && set.iter().zip(absent).any(|(set, absent)| set & absent != 0) {
            // A bit speaks of several fields, and one of them has no value. The bit says that all of them are
            // there (TL-6), so the others are written as zeros.
            writer.truncate(start);
            pass(table, place, set, writer);
        }
    }
}

/// Writes the fields, with zeros for those whose bits are `known` to be set and that have no value. Gives the
/// flag words, and the bits of the fields that have none.
///
/// # Safety
/// As for [`fields`].
unsafe fn pass(
    table: &Struct,
    place: *const u8,
    known: [u32; WORDS],
    writer: &mut Writer,
) -> ([u32; WORDS], [u32; WORDS]) {
    // A flag word stands before the fields that it speaks of, so it is filled in when they are known.
    let (mut words, mut absent, mut positions) = (known, [0u32; WORDS], [usize::MAX; WORDS]);
    for field in table.fields {
        // SAFETY: the table's promise: the field of this kind is at this offset.
        unsafe {
            let place = place.add(field.0);
            if let Kind::Flags(word) = field.2 {
                positions[usize::from(word) % WORDS] = writer.position();
                writer.u32(0);
            } else if field.1 == ALWAYS {
                value(&field.2, place, writer);
            } else {
                let (word, bit) = (usize::from(field.1 / 32) % WORDS, 1 << (field.1 % 32));
                if optional(&field.2, place, writer) {
                    words[word] |= bit;
                } else if !matches!(field.2, Kind::True) {
                    absent[word] |= bit;
                    if known[word] & bit != 0 {
                        zero(&field.2, writer);
                    }
                }
            }
        }
    }
    for (word, position) in words.into_iter().zip(positions) {
        if position != usize::MAX && word != 0 {
            writer.patch_u32(position, word);
        }
    }
    (words, absent)
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
            Kind::Str => writer.string(&*place.cast::<Str>()),
            Kind::Bytes => writer.bytes(&*place.cast::<Bytes>()),
            Kind::Object(shape) => object(shape, place, writer),
            Kind::Bare(table) => fields(table, place, writer),
            Kind::Boxed(shape) => object(shape, place.cast::<*const u8>().read(), writer),
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
            Kind::True => *place.cast::<bool>(),
            Kind::Int => (*place.cast::<Option<i32>>()).map(|value| writer.i32(value)).is_some(),
            Kind::Long => (*place.cast::<Option<i64>>()).map(|value| writer.i64(value)).is_some(),
            Kind::Double => (*place.cast::<Option<f64>>()).map(|value| writer.f64(value)).is_some(),
            Kind::Bool => (*place.cast::<Option<bool>>()).map(|value| writer.bool(value)).is_some(),
            Kind::Int128 => (*place.cast::<Option<[u8; 16]>>()).map(|value| writer.raw(&value)).is_some(),
            Kind::Int256 => (*place.cast::<Option<[u8; 32]>>()).map(|value| writer.raw(&value)).is_some(),
            Kind::Str => (*place.cast::<Option<Str>>()).as_ref().map(|value| writer.string(value)).is_some(),
            Kind::Bytes => {
                (*place.cast::<Option<Bytes>>()).as_ref().map(|value| writer.bytes(value)).is_some()
            }
            Kind::RareStr => {
                (*place.cast::<Option<Box<Str>>>()).as_ref().map(|value| writer.string(value)).is_some()
            }
            Kind::Boxed(shape) => {
                let pointer = place.cast::<*const u8>().read();
                if !pointer.is_null() {
                    object(shape, pointer, writer);
                }
                !pointer.is_null()
            }
            Kind::Optional(table) => {
                let inside = (table.get)(place);
                if !inside.is_null() {
                    value(&table.value, inside, writer);
                }
                !inside.is_null()
            }
            // These are never optional in this form: the generator wraps them in `Optional`.
            Kind::Flags(_) | Kind::Object(_) | Kind::Bare(_) | Kind::Vector(_) | Kind::BareVector(_) => false,
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
        for index in 0..len {
            value(&table.item, first.add(index * table.layout.size()), writer);
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
        Kind::Object(shape) | Kind::Boxed(shape) => zero_object(shape, writer),
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
