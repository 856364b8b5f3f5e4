//! Memory → packet.

use super::super::{Bytes, Str, VECTOR, Writer};
use super::{ALWAYS, Field, Kind, Payload, Shape, Struct, Vector, WORDS};

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
                let Some(variant) = table.variants.iter().find(|variant| variant.id == id) else { return };
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
    let mut words = [0u32; WORDS];
    for field in table.fields.iter().filter(|field| field.1 != ALWAYS) {
        // SAFETY: the table's promise: the field of this kind is at this offset.
        if unsafe { is_present(&field.2, place.add(field.0)) } {
            words[usize::from(field.1 / 32) % WORDS] |= 1 << (field.1 % 32);
        }
    }
    for field in table.fields {
        // SAFETY: as above.
        unsafe {
            let place = place.add(field.0);
            if let Kind::Flags(word) = field.2 {
                writer.u32(words[usize::from(word) % WORDS]);
            } else if field.1 == ALWAYS {
                value(&field.2, place, writer);
            } else {
                optional(field, place, &words, writer);
            }
        }
    }
}

/// Whether an optional field is there.
///
/// # Safety
/// `place` holds an `Option` of the type that `kind` describes (for `True`, a `bool`).
unsafe fn is_present(kind: &Kind, place: *const u8) -> bool {
    // SAFETY: `kind` says which type is at `place`.
    unsafe {
        match *kind {
            Kind::True => *place.cast::<bool>(),
            Kind::Int => (*place.cast::<Option<i32>>()).is_some(),
            Kind::Long => (*place.cast::<Option<i64>>()).is_some(),
            Kind::Double => (*place.cast::<Option<f64>>()).is_some(),
            Kind::Int128 => (*place.cast::<Option<[u8; 16]>>()).is_some(),
            Kind::Int256 => (*place.cast::<Option<[u8; 32]>>()).is_some(),
            Kind::Bool => (*place.cast::<Option<bool>>()).is_some(),
            Kind::Str => (*place.cast::<Option<Str>>()).is_some(),
            Kind::Bytes => (*place.cast::<Option<Bytes>>()).is_some(),
            Kind::RareStr | Kind::Boxed(_) => !place.cast::<*const u8>().read().is_null(),
            Kind::Optional(table) => !(table.get)(place).is_null(),
            Kind::Flags(_) | Kind::Object(_) | Kind::Bare(_) | Kind::Vector(_) | Kind::BareVector(_) => true,
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

/// Writes an optional field if the bit for it is set.
///
/// # Safety
/// As for [`is_present`].
unsafe fn optional(field: &Field, place: *const u8, words: &[u32; WORDS], writer: &mut Writer) {
    // SAFETY: `kind` says which type is at `place`; a field that is present holds `Some`, and what is inside
    // is read as its own type.
    unsafe {
        if !is_present(&field.2, place) {
            // Another field may have set the bit for both: then both have to be there (TL-6).
            if words[usize::from(field.1 / 32) % WORDS] >> (field.1 % 32) & 1 != 0 {
                zero(&field.2, writer);
            }
            return;
        }
        match field.2 {
            Kind::Int => writer.i32((*place.cast::<Option<i32>>()).unwrap_or_default()),
            Kind::Long => writer.i64((*place.cast::<Option<i64>>()).unwrap_or_default()),
            Kind::Double => writer.f64((*place.cast::<Option<f64>>()).unwrap_or_default()),
            Kind::Bool => writer.bool((*place.cast::<Option<bool>>()).unwrap_or_default()),
            Kind::Int128 => writer.raw(&(*place.cast::<Option<[u8; 16]>>()).unwrap_or_default()),
            Kind::Int256 => writer.raw(&(*place.cast::<Option<[u8; 32]>>()).unwrap_or_default()),
            Kind::Str => {
                if let Some(string) = &*place.cast::<Option<Str>>() {
                    writer.string(string);
                }
            }
            Kind::Bytes => {
                if let Some(bytes) = &*place.cast::<Option<Bytes>>() {
                    writer.bytes(bytes);
                }
            }
            Kind::RareStr => {
                if let Some(string) = &*place.cast::<Option<Box<Str>>>() {
                    writer.string(string);
                }
            }
            Kind::Optional(table) => value(&table.value, (table.get)(place), writer),
            // Present, so not null: then it is laid out like the value without the `Option`.
            ref kind => value(kind, place, writer),
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
