//! What the calls, answers and updates of a run consist of: a constructor, a number, and bytes to fill.

use bytes::{Bytes, BytesMut};

use super::dice::Dice;
use crate::message::gzip::{Budget, GZIP_PACKED, unpack};

/// A call of a client.
pub(super) const CALL: u32 = 0x1111_1111;
/// The answer to it.
pub(super) const ANSWER: u32 = 0x2222_2222;
/// An update.
pub(super) const UPDATE: u32 = 0x3333_3333;

/// What they are filled with, in bytes: rarely enough to be packed, or to go alone.
const LENGTHS: [usize; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 40, 40, 40, 200, 200, 900, 900, 2000];
const LONG: usize = 36_000;

/// The object of this constructor and number; mostly short, sometimes long, and then packable or not.
pub(super) fn make(constructor: u32, number: u32, dice: &mut Dice) -> Bytes {
    let length = if dice.chance(8) { LONG } else { dice.pick(&LENGTHS) };
    let noise = if dice.chance(500) { dice.bytes::<16>() } else { [0xa5; 16] };
    let mut bytes = BytesMut::with_capacity(8 + length);
    bytes.extend_from_slice(&constructor.to_le_bytes());
    bytes.extend_from_slice(&number.to_le_bytes());
    let mut state = u128::from_le_bytes(noise) | 1;
    while bytes.len() < 8 + length {
        if noise[0] != noise[1] {
            state = state.wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645).wrapping_add(1);
        }
        bytes.extend_from_slice(&((state >> 96) as u32).to_le_bytes());
    }
    bytes.freeze()
}

/// The number of an object of this constructor, packed or not; `None` if it is none.
pub(super) fn number(constructor: u32, body: &Bytes) -> Option<u32> {
    let word = |body: &Bytes, at: usize| Some(u32::from_le_bytes(body.get(at..at + 4)?.try_into().ok()?));
    match word(body, 0)? {
        id if id == constructor => word(body, 4),
        GZIP_PACKED => {
            let inner = unpack(body.clone(), &mut Budget::of_packet()).ok()?;
            if word(&inner, 0)? == constructor { word(&inner, 4) } else { None }
        }
        _ => None,
    }
}
