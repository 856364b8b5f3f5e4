//! The codec of the generated types: tables of their fields, and one interpreter over the tables.
//!
//! The API has 2,500 types. Code to read, write, clone and clear each of them is ten seconds and a gigabyte
//! of compiler; a table of what lies where is neither, and the code that walks the tables is small enough to
//! stay in the instruction cache (figures: `docs/decisions/`). The price is that the interpreter works on
//! untyped memory.
//!
//! A type is walked by the plan that is made of its table when it is first met (`plan`). A few dozen types that are
//! met all the time have straight-line code beside their tables (`straight`), which the interpreter calls.
//!
//! # Safety
//! This folder is the place of the codec's `unsafe` code (but for one line in `tl::text`). It rests on one promise, which the code
//! generator makes for each type by `unsafe impl Described`: **the table describes the type**. That is, for
//! every field of the struct there is exactly one [`Field`] with its offset and the [`Kind`] of its type,
//! every `#[repr(u32)]` enum lists its variants under their discriminants, and sizes and alignments are the
//! type's. From it follows all that the comments below rely on:
//! - *reading* fills uninitialized memory. [`read`] writes every field, with a value of the field's type, whatever
//!   the packet holds (a failed [`Reader`] gives zeros), so the memory is initialized after. An optional field may be
//!   written twice; what it holds first, `None`, owns nothing. The straight-line code writes every field once.
//! - *writing and cloning* get a pointer that comes from a reference, so each field is initialized and
//!   unchanged while they run.
//!
//! The test `the_generated_codecs_agree` of the dynamic codec, which knows nothing of the tables, checks the
//! promise for every type: a random value of each is read, cloned, written and dropped through its table, and
//! comes out as it went in.

mod clone;
mod plan;
mod read;
// Of the service schema no type has code of its own.
#[cfg_attr(not(feature = "api"), allow(dead_code))]
mod straight;
mod write;

use std::alloc::Layout;
use std::mem::MaybeUninit;
use std::sync::OnceLock;

use super::{Reader, Writer};
use plan::{Index, Plan};
pub use straight::{Codec, Straight, bare_into, boxed, payload, some, some_text, text, value_into, vector};

/// What a generated type looks like in memory and on the wire.
#[derive(Clone, Copy)]
pub enum Shape {
    /// A struct: one constructor, or a function.
    Struct(&'static Struct),
    /// An enum: a boxed type with several constructors.
    Enum(&'static Enum),
}

/// A struct and its fields.
pub struct Struct {
    /// Constructor id.
    pub id: u32,
    /// Name in the schema.
    pub name: &'static str,
    /// Size and alignment in memory.
    pub layout: Layout,
    /// Whether values can contain others of the same type.
    pub recursive: bool,
    /// The fields in wire order.
    pub fields: &'static [Field],
    /// How to walk the fields: [`Lazy::NEW`].
    pub plan: Lazy<Plan>,
    /// Code that reads and writes the fields, if they have any.
    pub code: Option<Codec>,
}

impl Struct {
    fn plan(&self) -> &Plan {
        self.plan.0.get_or_init(|| Box::new(Plan::of(self)))
    }
}

/// Something that is worked out from a table when it is first needed.
pub struct Lazy<T>(OnceLock<Box<T>>);

impl<T> Lazy<T> {
    /// Nothing worked out.
    #[allow(clippy::declare_interior_mutable_const)]
    pub const NEW: Self = Self(OnceLock::new());
}

/// An enum with `#[repr(u32)]`, whose discriminants are the constructor ids.
pub struct Enum {
    /// Name in the schema.
    pub name: &'static str,
    /// Size and alignment in memory.
    pub layout: Layout,
    /// Whether values can contain others of the same type.
    pub recursive: bool,
    /// The variants.
    pub variants: &'static [Variant],
    /// Index of the variant that stands for nothing: the simplest one.
    pub zero: usize,
    /// How to find a variant: [`Lazy::NEW`].
    pub index: Lazy<Index>,
    /// Code that reads and writes the value, if it has any.
    pub code: Option<Codec>,
}

impl Enum {
    fn index(&self) -> &Index {
        self.index.0.get_or_init(|| Box::new(Index::of(self)))
    }
}

/// A variant of an enum.
pub struct Variant {
    /// Constructor id and discriminant.
    pub id: u32,
    /// What the variant holds.
    pub payload: Payload,
}

/// What a variant holds.
#[derive(Clone, Copy)]
pub enum Payload {
    /// Nothing.
    Unit,
    /// A struct in place.
    Inline(&'static Struct),
    /// A `Box` of a struct.
    Boxed(&'static Struct),
}

/// A field of a struct, or a flag word, which takes no memory: its offset in bytes, its presence, its kind.
///
/// The presence is [`ALWAYS`], or `32 * word + bit` for a field that is there if bit `bit` of the struct's
/// flag word number `word` is set. (A tuple, because a table of literals is much less to compile than a
/// table of calls.)
pub struct Field(pub usize, pub u8, pub Kind);

/// The presence of a field that is always there.
pub const ALWAYS: u8 = u8::MAX;

/// The type of a field, of a vector's items or of an optional value.
#[derive(Clone, Copy)]
pub enum Kind {
    /// A flag word: computed from the optional fields when written.
    Flags(u8),
    /// `flags.N?true`: a `bool` that is the flag bit.
    True,
    /// `i32`.
    Int,
    /// `i64`.
    Long,
    /// `f64`.
    Double,
    /// `[u8; 16]`.
    Int128,
    /// `[u8; 32]`.
    Int256,
    /// `bool`, on the wire a boxed `Bool`.
    Bool,
    /// [`Str`](super::Str).
    Str,
    /// [`Bytes`](super::Bytes).
    Bytes,
    /// `Option<Box<Str>>`: a string that is hardly ever there.
    RareStr,
    /// A struct in place, written boxed.
    Struct(&'static Struct),
    /// An enum in place.
    Enum(&'static Enum),
    /// A struct in place, written bare.
    Bare(&'static Struct),
    /// A `Box` of a struct, written boxed.
    BoxedStruct(&'static Struct),
    /// A `Box` of an enum.
    BoxedEnum(&'static Enum),
    /// A `Vec`, written as the boxed `Vector`.
    Vector(&'static Vector),
    /// A `Vec`, written as the bare `vector`.
    BareVector(&'static Vector),
    /// An `Option` of a value in place.
    Optional(&'static Optional),
}

/// A `Vec<T>`: its items, and how to take it apart and put it together.
pub struct Vector {
    item: Kind,
    layout: Layout,
    /// Writes the vector of `len` items at `items` (allocated for `capacity`) to uninitialized `place`.
    set: unsafe fn(place: *mut u8, items: *mut u8, len: usize, capacity: usize),
    /// First item and number of items.
    get: unsafe fn(place: *const u8) -> (*const u8, usize),
}

impl Vector {
    /// The table of a `Vec<T>`.
    ///
    /// # Safety
    /// `item` describes `T`.
    pub const unsafe fn new<T>(item: Kind) -> Self {
        unsafe fn set<T>(place: *mut u8, items: *mut u8, len: usize, capacity: usize) {
            // SAFETY: the caller gives memory for a `Vec<T>`, and items that live in an allocation of the
            // global allocator for `capacity` of them.
            unsafe { place.cast::<Vec<T>>().write(Vec::from_raw_parts(items.cast(), len, capacity)) }
        }
        unsafe fn get<T>(place: *const u8) -> (*const u8, usize) {
            // SAFETY: the caller gives a pointer to a `Vec<T>`.
            let items = unsafe { &*place.cast::<Vec<T>>() };
            (items.as_ptr().cast(), items.len())
        }
        Self { item, layout: Layout::new::<T>(), set: set::<T>, get: get::<T> }
    }
}

/// An `Option<T>` with the `T` in place.
pub struct Optional {
    value: Kind,
    layout: Layout,
    /// Writes `Some` of what `value` points to, or `None` if it is null, to uninitialized `place`.
    set: unsafe fn(place: *mut u8, value: *const u8),
    /// The value, or null.
    get: unsafe fn(place: *const u8) -> *const u8,
}

impl Optional {
    /// The table of an `Option<T>`.
    ///
    /// # Safety
    /// `value` describes `T`.
    pub const unsafe fn new<T>(value: Kind) -> Self {
        unsafe fn set<T>(place: *mut u8, value: *const u8) {
            // SAFETY: the caller gives memory for an `Option<T>`, and null or a `T` that it forgets.
            unsafe {
                let value = if value.is_null() { None } else { Some(value.cast::<T>().read()) };
                place.cast::<Option<T>>().write(value);
            }
        }
        unsafe fn get<T>(place: *const u8) -> *const u8 {
            // SAFETY: the caller gives a pointer to an `Option<T>`.
            match unsafe { &*place.cast::<Option<T>>() } {
                Some(value) => std::ptr::from_ref(value).cast(),
                None => std::ptr::null(),
            }
        }
        Self { value, layout: Layout::new::<T>(), set: set::<T>, get: get::<T> }
    }
}

/// A type with a table.
///
/// # Safety
/// `SHAPE` describes the type: see the module's documentation.
pub unsafe trait Described: Sized {
    /// The table.
    const SHAPE: Shape;
}

impl Shape {
    const fn layout(self) -> Layout {
        match self {
            Self::Struct(table) => table.layout,
            Self::Enum(table) => table.layout,
        }
    }
}

impl Payload {
    /// Where the payload of a variant lies: `#[repr(u32)]` lays a variant out as a C struct of the
    /// discriminant and its field.
    const fn offset(self) -> usize {
        let align = match self {
            Self::Unit => 4,
            Self::Inline(table) => table.layout.align(),
            Self::Boxed(_) => align_of::<*const u8>(),
        };
        if align > 4 { align } else { 4 }
    }
}

/// Whether `id` is the id of a constructor of `T`.
#[must_use]
pub fn is_constructor_of<T: Described>(id: u32) -> bool {
    match T::SHAPE {
        Shape::Struct(table) => table.id == id,
        Shape::Enum(table) => table.variants.iter().any(|variant| variant.id == id),
    }
}

/// Reads a value with its id.
pub fn read<T: Described>(reader: &mut Reader) -> T {
    let mut place = MaybeUninit::<T>::uninit();
    // SAFETY: the memory is that of a `T`, which `SHAPE` describes, and `object` initializes it.
    unsafe {
        read::object(T::SHAPE, place.as_mut_ptr().cast(), reader);
        place.assume_init()
    }
}

/// The value made of zeros, empty strings and simplest variants.
pub fn zero<T: Described>() -> T {
    read(&mut Reader::exhausted())
}

/// Reads the fields of a struct.
pub fn read_bare<T: Described>(reader: &mut Reader) -> T {
    let Shape::Struct(table) = T::SHAPE else { return read(reader) };
    let mut place = MaybeUninit::<T>::uninit();
    // SAFETY: as in `read`.
    unsafe {
        read::fields(table, place.as_mut_ptr().cast(), reader);
        place.assume_init()
    }
}

/// Writes a value with its id.
pub fn write<T: Described>(value: &T, writer: &mut Writer) {
    // SAFETY: the pointer comes from a reference to a `T`, which `SHAPE` describes.
    unsafe { write::object(T::SHAPE, std::ptr::from_ref(value).cast(), writer) }
}

/// Writes the fields of a struct.
pub fn write_bare<T: Described>(value: &T, writer: &mut Writer) {
    let Shape::Struct(table) = T::SHAPE else { return write(value, writer) };
    // SAFETY: as in `write`.
    unsafe { write::fields(table, std::ptr::from_ref(value).cast(), writer) }
}

/// A clone of a value.
pub fn clone<T: Described>(value: &T) -> T {
    let mut place = MaybeUninit::<T>::uninit();
    // SAFETY: source and target are memory of a `T`, which `SHAPE` describes; `object` initializes the target.
    unsafe {
        clone::object(T::SHAPE, std::ptr::from_ref(value).cast(), place.as_mut_ptr().cast());
        place.assume_init()
    }
}

/// Memory for one value of `layout` on the heap, as `Box` allocates it.
fn allocate(layout: Layout) -> *mut u8 {
    if layout.size() == 0 {
        return std::ptr::without_provenance_mut(layout.align());
    }
    // SAFETY: the size is not zero.
    let memory = unsafe { std::alloc::alloc(layout) };
    if memory.is_null() {
        std::alloc::handle_alloc_error(layout);
    }
    memory
}
