//! What the interpreter walks: the rows of a table, sorted by what is done with them.
//!
//! A message has fifty optional fields and five of them are there. Looking at each row in turn, and asking of
//! what kind it is, would cost ten times what the five cost. So each table gets, when its type is first met,
//! a plan: an image of a value without any of its optional fields, which is copied; the flag bits, which are
//! copied in a loop without a branch; and the fields that hold something, of which those that are absent are
//! passed over by one test of a flag word.

use std::mem::MaybeUninit;

use super::super::{Bytes, Str};
use super::{ALWAYS, Enum, Kind, Payload, Struct};

/// The plan of a struct.
pub struct Plan {
    /// The bytes of a value without its optional fields, as far as those go; nothing if it has none.
    image: Box<[MaybeUninit<u64>]>,
    /// The fields that are a flag bit.
    pub(super) bits: Box<[Bit]>,
    /// The optional `i32`s, `i64`s and pointers, by the bits that say whether they are there.
    pub(super) ints: Box<[Bit]>,
    pub(super) longs: Box<[Bit]>,
    pub(super) pointers: Box<[Bit]>,
    /// The other optional fields.
    pub(super) others: Box<[Step]>,
    /// The flag words, and the fields that hold something, in wire order.
    pub(super) steps: Box<[Step]>,
    /// Of the fields, those of which a copy of their bytes would be no clone.
    pub(super) owned: Box<[Step]>,
}

/// A flag bit, and the field that it speaks of. Flag words are taken together as one number: bit `b` of word
/// `w` is bit `32 * w + b`.
#[derive(Clone, Copy)]
pub(super) struct Bit {
    /// Offset of the field in bytes.
    pub(super) offset: u32,
    shift: u8,
}

/// A field that holds something.
#[derive(Clone, Copy)]
pub(super) struct Step {
    /// Its flag bit; none for a field that is always there.
    mask: u64,
    /// Offset of the field in bytes.
    pub(super) offset: u32,
    pub(super) kind: Kind,
}

impl Bit {
    /// Whether the bit is set in `flags`.
    #[inline]
    pub(super) fn of(self, flags: u64) -> bool {
        flags >> (self.shift % 64) & 1 != 0
    }

    /// The flags with this bit set if `value`, and no other.
    #[inline]
    pub(super) fn when(self, value: bool) -> u64 {
        u64::from(value) << (self.shift % 64)
    }
}

impl Step {
    /// Whether the field is there, if the flags that are not set are `unset`.
    #[inline]
    pub(super) fn is_present(&self, unset: u64) -> bool {
        self.mask & unset == 0
    }

    /// Whether the field is there in every value.
    #[inline]
    pub(super) fn is_required(&self) -> bool {
        self.mask == 0
    }

    /// The field's flag bit.
    #[inline]
    pub(super) fn mask(&self) -> u64 {
        self.mask
    }
}

impl Plan {
    pub(super) fn of(table: &Struct) -> Self {
        let (mut bits, mut ints, mut longs, mut pointers) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut others, mut steps, mut owned) = (Vec::new(), Vec::new(), Vec::new());
        // Aligned for every generated type: none holds anything larger than a pointer or a `u64`.
        assert!(table.layout.align() <= align_of::<u64>(), "{}", table.name);
        let mut image = vec![MaybeUninit::<u64>::uninit(); table.layout.size().div_ceil(8)];
        let mut has_image = false;
        for field in table.fields {
            // No struct is 4 GiB large.
            let offset = field.0 as u32;
            let mask = if field.1 == ALWAYS { 0 } else { 1 << (field.1 % 64) };
            let step = Step { mask, offset, kind: field.2 };
            if field.1 != ALWAYS {
                has_image = true;
                // SAFETY: the image has the struct's size and alignment, and the field is at its offset.
                unsafe { absent(&field.2, image.as_mut_ptr().cast::<u8>().add(field.0)) };
                let bit = Bit { offset, shift: field.1 };
                match field.2 {
                    Kind::True => {
                        bits.push(bit);
                        continue;
                    }
                    Kind::Int => ints.push(bit),
                    Kind::Long => longs.push(bit),
                    Kind::BoxedStruct(_) | Kind::BoxedEnum(_) | Kind::RareStr => pointers.push(bit),
                    _ => others.push(step),
                }
            }
            steps.push(step);
            if !is_plain(&field.2) {
                owned.push(step);
            }
        }
        if !has_image {
            image.clear();
        }
        Self {
            image: image.into(),
            bits: bits.into(),
            ints: ints.into(),
            longs: longs.into(),
            pointers: pointers.into(),
            others: others.into(),
            steps: steps.into(),
            owned: owned.into(),
        }
    }

    /// Initializes the optional fields of the struct at `place`: none of them is there.
    ///
    /// # Safety
    /// `place` is memory of the struct that `table` describes, and this is its plan.
    #[inline]
    pub(super) unsafe fn clear(&self, table: &Struct, place: *mut u8) {
        if !self.image.is_empty() {
            // SAFETY: the image was made as large as the struct, or larger.
            unsafe { place.copy_from_nonoverlapping(self.image.as_ptr().cast(), table.layout.size()) }
        }
    }
}

/// Writes the optional field that is not there.
///
/// # Safety
/// `place` is memory of an `Option` of the type that `kind` describes (for `True`, of a `bool`); after the
/// call it is initialized.
unsafe fn absent(kind: &Kind, place: *mut u8) {
    // SAFETY: `kind` says which type is at `place`.
    unsafe {
        match *kind {
            Kind::True => place.cast::<bool>().write(false),
            Kind::Int => place.cast::<Option<i32>>().write(None),
            Kind::Long => place.cast::<Option<i64>>().write(None),
            Kind::Double => place.cast::<Option<f64>>().write(None),
            Kind::Int128 => place.cast::<Option<[u8; 16]>>().write(None),
            Kind::Int256 => place.cast::<Option<[u8; 32]>>().write(None),
            Kind::Bool => place.cast::<Option<bool>>().write(None),
            Kind::Str => place.cast::<Option<Str>>().write(None),
            Kind::Bytes => place.cast::<Option<Bytes>>().write(None),
            Kind::RareStr => place.cast::<Option<Box<Str>>>().write(None),
            // `Option<Box<T>>` is a pointer, null for `None`.
            Kind::BoxedStruct(_) | Kind::BoxedEnum(_) => place.cast::<*mut u8>().write(std::ptr::null_mut()),
            Kind::Optional(table) => (table.set)(place, std::ptr::null()),
            // These are never optional in this form: the generator wraps them in `Optional`.
            Kind::Flags(_)
            | Kind::Struct(_)
            | Kind::Enum(_)
            | Kind::Bare(_)
            | Kind::Vector(_)
            | Kind::BareVector(_) => {
                unreachable!("an optional field of a kind that has no `None`")
            }
        }
    }
}

/// Whether a copy of a value's bytes is a clone of it: it owns nothing on the heap.
pub(super) fn is_plain(kind: &Kind) -> bool {
    match *kind {
        Kind::Flags(_)
        | Kind::True
        | Kind::Int
        | Kind::Long
        | Kind::Double
        | Kind::Int128
        | Kind::Int256
        | Kind::Bool => true,
        Kind::Str
        | Kind::Bytes
        | Kind::RareStr
        | Kind::BoxedStruct(_)
        | Kind::BoxedEnum(_)
        | Kind::Vector(_)
        | Kind::BareVector(_) => false,
        // What stands in place cannot contain itself, so this ends.
        Kind::Struct(table) | Kind::Bare(table) => table.plan().owned.is_empty(),
        Kind::Enum(table) => table.index().is_plain,
        Kind::Optional(table) => is_plain(&table.value),
    }
}

/// The variants of an enum by their ids.
pub struct Index {
    /// Ids in ascending order, each with its place in the table.
    ids: Box<[(u32, u32)]>,
    /// Whether a copy of a value's bytes is a clone of it.
    is_plain: bool,
}

/// Up to this many variants are looked through one by one.
const FEW: usize = 6;

impl Index {
    pub(super) fn of(table: &Enum) -> Self {
        let mut ids: Vec<(u32, u32)> = Vec::with_capacity(table.variants.len());
        // Two hundred at most, once: a sort of the library's is eight kilobytes of code.
        for (variant, place) in table.variants.iter().zip(0..) {
            let at = ids.partition_point(|(id, _)| *id < variant.id);
            ids.insert(at, (variant.id, place));
        }
        let is_plain = table.variants.iter().all(|variant| match variant.payload {
            Payload::Unit => true,
            Payload::Inline(table) => table.plan().owned.is_empty(),
            Payload::Boxed(_) => false,
        });
        Self { ids: ids.into(), is_plain }
    }

    /// The place of the variant with this id.
    fn find(&self, id: u32) -> Option<usize> {
        let place = self.ids.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.ids.get(place).map(|(_, variant)| *variant as usize)
    }
}

impl Enum {
    /// The variant with this id.
    #[inline]
    pub(super) fn variant(&self, id: u32) -> Option<&'static super::Variant> {
        if self.variants.len() <= FEW {
            self.variants.iter().find(|variant| variant.id == id)
        } else {
            self.index().find(id).and_then(|place| self.variants.get(place))
        }
    }
}
