//! What the straight-line code of hot types is made of, and how the tables find it.

use std::mem::ManuallyDrop;

use super::super::{Str, VECTOR};
use super::{Described, Reader, Shape, Writer, read};

/// A type with code of its own beside its table: a struct without its id, or an enum.
///
/// The table stays its description for everything else, and both give the same bytes.
pub trait Straight: Sized {
    /// Reads a value into `place`.
    ///
    /// # Safety
    /// `place` is memory of the type; after the call it is initialized.
    unsafe fn read(place: *mut Self, reader: &mut Reader);

    /// Writes the value.
    fn write(&self, writer: &mut Writer);
}

/// The code of a [`Straight`] type, for a table.
pub struct Codec {
    /// [`Straight::read`], with its contract.
    pub(super) read: unsafe fn(place: *mut u8, reader: &mut Reader),
    /// [`Straight::write`] of the value that `place` holds.
    pub(super) write: unsafe fn(place: *const u8, writer: &mut Writer),
}

impl Codec {
    /// The code of `T`.
    pub const fn of<T: Straight>() -> Self {
        unsafe fn read<T: Straight>(place: *mut u8, reader: &mut Reader) {
            // SAFETY: the caller gives memory of a `T`.
            unsafe { T::read(place.cast(), reader) }
        }
        unsafe fn write<T: Straight>(place: *const u8, writer: &mut Writer) {
            // SAFETY: the caller gives a pointer to a `T`.
            unsafe { (*place.cast::<T>()).write(writer) }
        }
        Self { read: read::<T>, write: write::<T> }
    }
}

/// Where the payload of a variant of `E` lies: `#[repr(u32)]` lays a variant out as a C struct of the
/// discriminant and its field.
///
/// # Safety
/// `place` is memory of an `E`, an enum with `#[repr(u32)]` that has a variant with the one field `P`.
#[inline]
pub unsafe fn payload<E, P>(place: *mut E) -> *mut P {
    let offset = const { if align_of::<P>() > 4 { align_of::<P>() } else { 4 } };
    // SAFETY: inside the enum, as the caller says.
    unsafe { place.cast::<u8>().add(offset).cast() }
}

/// Reads the fields of a struct into `place`, by its table.
///
/// # Safety
/// `place` is memory of a `T`; after the call it is initialized.
#[inline]
pub unsafe fn bare_into<T: Described>(place: *mut T, reader: &mut Reader) {
    // SAFETY: passed on.
    unsafe {
        match T::SHAPE {
            Shape::Struct(table) => read::fields(table, place.cast(), reader),
            shape @ Shape::Enum(_) => read::object(shape, place.cast(), reader),
        }
    }
}

/// Reads a value with its id into `place`, by its table.
///
/// # Safety
/// As for [`bare_into`].
#[inline]
pub unsafe fn value_into<T: Described>(place: *mut T, reader: &mut Reader) {
    // SAFETY: passed on.
    unsafe { read::object(T::SHAPE, place.cast(), reader) }
}

/// A box of what `read` reads into its memory.
///
/// # Safety
/// `read` initializes the memory that it gets.
#[inline]
pub unsafe fn boxed<T>(reader: &mut Reader, read: impl FnOnce(*mut T, &mut Reader)) -> Box<T> {
    reader.charge(size_of::<T>());
    let mut value = Box::new_uninit();
    read(value.as_mut_ptr(), reader);
    // SAFETY: as the caller says.
    unsafe { value.assume_init() }
}

/// Reads a text into `place`.
///
/// # Safety
/// `place` is memory of a text; after the call it is initialized.
#[inline(never)]
pub unsafe fn text(place: *mut Str, reader: &mut Reader) {
    // SAFETY: as the caller says.
    unsafe { reader.text(|text| place.write(text)) }
}

/// Reads a text that is there into `place`.
///
/// # Safety
/// `place` is memory of an optional text; after the call it is initialized.
#[inline(never)]
pub unsafe fn some_text(place: *mut Option<Str>, reader: &mut Reader) {
    // SAFETY: as the caller says.
    unsafe { reader.text(|text| place.write(Some(text))) }
}

/// Reads a value that is there into `place`, with `read`. It is read over `plain`, which owns nothing: a value that is
/// made elsewhere would be copied here too soon after, and wait for its parts.
///
/// # Safety
/// `place` is memory of an optional `T`; `read` initializes the memory that it gets.
#[inline(always)]
pub unsafe fn some<T>(
    place: *mut Option<T>,
    plain: T,
    reader: &mut Reader,
    read: impl FnOnce(*mut T, &mut Reader),
) {
    // SAFETY: as the caller says; the memory is initialized when there is a reference to it.
    unsafe {
        place.write(Some(plain));
        if let Some(value) = &mut *place {
            read(value, reader);
        }
    }
}

/// A boxed `Vector`, its items read in place one by one.
///
/// # Safety
/// `read` initializes the memory that it gets.
#[inline(always)]
pub unsafe fn vector<T>(reader: &mut Reader, read: impl Fn(*mut T, &mut Reader)) -> Vec<T> {
    reader.id(VECTOR, "Vector");
    let count = reader.count();
    // Its parts are kept apart, so that the vector does not go through memory: for an item, and at the end.
    let (mut items, mut len, mut capacity) =
        parts(Vec::<T>::with_capacity(reader.ahead(count, size_of::<T>())));
    // SAFETY: the parts are those of a vector; `len` items are initialized, and there is memory for one more when one
    // is read.
    unsafe {
        while len < count && !reader.failed() {
            if len == capacity {
                (items, len, capacity) = longer(items, len, capacity);
            }
            reader.charge(size_of::<T>());
            read(items.add(len), reader);
            len += 1;
        }
        Vec::from_raw_parts(items, len, capacity)
    }
}

/// Items, their number, and for how many there is memory.
#[inline]
fn parts<T>(items: Vec<T>) -> (*mut T, usize, usize) {
    let mut items = ManuallyDrop::new(items);
    (items.as_mut_ptr(), items.len(), items.capacity())
}

/// The parts of the same vector, with room for one more item.
///
/// # Safety
/// As for [`Vec::from_raw_parts`].
#[cold]
unsafe fn longer<T>(items: *mut T, len: usize, capacity: usize) -> (*mut T, usize, usize) {
    // SAFETY: as the caller says.
    let mut items = unsafe { Vec::from_raw_parts(items, len, capacity) };
    items.reserve(1);
    parts(items)
}
