//! What the straight-line code of hot types is made of, and how the tables find it.

use std::mem::MaybeUninit;

use super::super::VECTOR;
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

/// Reads a value.
#[inline]
pub fn straight<T: Straight>(reader: &mut Reader) -> T {
    let mut place = MaybeUninit::uninit();
    // SAFETY: `read` initializes the memory.
    unsafe {
        T::read(place.as_mut_ptr(), reader);
        place.assume_init()
    }
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

/// A boxed `Vector`, its items read in place one by one.
///
/// # Safety
/// `read` initializes the memory that it gets.
#[inline]
pub unsafe fn vector<T>(reader: &mut Reader, read: impl Fn(*mut T, &mut Reader)) -> Vec<T> {
    reader.id(VECTOR, "Vector");
    let count = reader.count();
    let mut items = Vec::<T>::with_capacity(reader.ahead(count, size_of::<T>()));
    // The length is kept beside the vector, so that the vector does not go through memory for each item.
    let mut len = 0;
    // SAFETY: `len` items are initialized, and there is memory for one more when one is read.
    unsafe {
        while len < count && !reader.failed() {
            if len == items.capacity() {
                items.set_len(len);
                items.reserve(1);
            }
            reader.charge(size_of::<T>());
            read(items.as_mut_ptr().add(len), reader);
            len += 1;
        }
        items.set_len(len);
    }
    items
}
