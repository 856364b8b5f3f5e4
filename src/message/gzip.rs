//! `gzip_packed#3072cfa1 packed_data:bytes` (TL-8).

use std::io::{Read, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::{GzDecoder, ZlibDecoder};
use flate2::write::GzEncoder;
use thiserror::Error as ThisError;

use crate::tl::{Reader, Writer};

/// Constructor id of `gzip_packed`.
pub const GZIP_PACKED: u32 = 0x3072_cfa1;

/// The most that one object unpacks to, in bytes: as much as the largest packet.
pub const MAX_OBJECT: usize = 16 << 20;
/// The most that all objects of one packet unpack to together, in bytes.
pub const MAX_PACKET: usize = 32 << 20;

/// Larger bodies are not tried: they are parts of files, which do not shrink and cost much time.
const MAX_TO_PACK: usize = 128 << 10;
/// Of bodies larger than four times this so many bytes are tried first. If they do not shrink, as those of a small part of a file do
/// not, the rest is not tried: to try 64 KiB takes longer than all else that is done with the call.
const SAMPLE: usize = 2 << 10;

/// Why packed data cannot be unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ThisError)]
pub enum Error {
    /// Neither a gzip stream (RFC 1952) nor a zlib stream (RFC 1950), or a damaged one.
    #[error("the packed data is damaged")]
    Damaged,
    /// It unpacks to more than the limit.
    #[error("the packed data unpacks to more than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The unpacked object is packed again.
    #[error("packed data within packed data")]
    Nested,
}

/// How many bytes may still be unpacked, so that a small packet cannot fill the memory.
#[derive(Clone, Copy, Debug)]
pub struct Budget(usize);

impl Budget {
    /// The budget of one packet: [`MAX_PACKET`].
    #[must_use]
    pub fn of_packet() -> Self {
        Self(MAX_PACKET)
    }
}

/// Unpacks `object` if it is `gzip_packed`; gives it back as it is if not.
///
/// # Errors
/// [`Error`].
pub fn unpack(object: Bytes, budget: &mut Budget) -> Result<Bytes, Error> {
    let mut reader = Reader::new(object);
    if reader.peek_u32() != Some(GZIP_PACKED) {
        return Ok(reader.into_rest());
    }
    reader.u32();
    let packed = reader.bytes();
    reader.check().map_err(|_| Error::Damaged)?;
    let unpacked = inflate(&packed, MAX_OBJECT.min(budget.0))?;
    budget.0 -= unpacked.len();
    if unpacked.first_chunk() == Some(&GZIP_PACKED.to_le_bytes()) {
        return Err(Error::Nested);
    }
    Ok(unpacked.into())
}

fn inflate(packed: &[u8], limit: usize) -> Result<Vec<u8>, Error> {
    // Some clients send a zlib stream. A gzip stream begins with 1f 8b, a zlib stream never does: its first
    // 16 bits, read as a big-endian number, are a multiple of 31.
    let mut stream: Box<dyn Read> = match packed {
        [0x1f, 0x8b, ..] => Box::new(GzDecoder::new(packed)),
        _ => Box::new(ZlibDecoder::new(packed)),
    };
    let mut unpacked = Vec::new();
    let one_more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    stream.by_ref().take(one_more).read_to_end(&mut unpacked).map_err(|_| Error::Damaged)?;
    if unpacked.len() > limit { Err(Error::TooLarge { limit }) } else { Ok(unpacked) }
}

/// `object` as `gzip_packed`, or `None` when it is shorter than `from` bytes, is packed already, or would not
/// become smaller. Of more than 8 KiB, the first 2 KiB decide whether the rest is tried.
#[must_use]
pub fn pack(object: &[u8], from: Option<usize>) -> Option<Bytes> {
    let worth_it = from.is_some_and(|from| (from..=MAX_TO_PACK).contains(&object.len()))
        && object.first_chunk() != Some(&GZIP_PACKED.to_le_bytes());
    if !worth_it {
        return None;
    }
    if object.len() > 4 * SAMPLE
        && let Some(sample) = object.get(..SAMPLE)
        && deflate(sample)?.len() >= SAMPLE
    {
        return None;
    }
    let stream = deflate(object)?;
    let mut writer = Writer::new();
    writer.u32(GZIP_PACKED);
    writer.bytes(&stream);
    let packed = writer.finish().ok()?;
    (packed.len() < object.len()).then(|| packed.into())
}

/// The bytes as a gzip stream. Writing to memory does not fail; if it did, the object would go unpacked.
fn deflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

#[cfg(test)]
mod tests {
    use flate2::write::ZlibEncoder;
    use proptest::prelude::*;

    use super::*;
    use crate::message::tests::{hex, vector};

    fn packed(stream: &[u8]) -> Bytes {
        let mut writer = Writer::new();
        writer.u32(GZIP_PACKED);
        writer.bytes(stream);
        writer.finish().unwrap().into()
    }

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack_one(object: Bytes) -> Result<Bytes, Error> {
        unpack(object, &mut Budget::of_packet())
    }

    #[test]
    fn tl_8_the_published_object_unpacks() {
        let vector = vector("tl.gzip-small");
        let object = hex(&vector["inputs"]["packed_object"]);
        assert_eq!(unpack_one(object).unwrap(), hex(&vector["outputs"]["unpacked"]));
    }

    #[test]
    fn tl_8_a_zlib_stream_unpacks_too() {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(b"12345678").unwrap();
        assert_eq!(unpack_one(packed(&encoder.finish().unwrap())).unwrap(), &b"12345678"[..]);
    }

    #[test]
    fn tl_8_the_limit_holds_to_the_byte() {
        let bomb = |count| packed(&gzip(&vec![0; count]));
        assert_eq!(unpack_one(bomb(MAX_OBJECT)).unwrap().len(), MAX_OBJECT);
        assert_eq!(unpack_one(bomb(MAX_OBJECT + 1)), Err(Error::TooLarge { limit: MAX_OBJECT }));
        let mut budget = Budget::of_packet();
        for _ in 0..2 {
            unpack(bomb(MAX_OBJECT), &mut budget).unwrap();
        }
        assert_eq!(
            unpack(bomb(1), &mut budget),
            Err(Error::TooLarge { limit: 0 }),
            "the packet's share is used up"
        );
    }

    #[test]
    fn tl_8_packed_in_packed_is_refused() {
        let once = pack(&[0; 4000], Some(0)).unwrap();
        assert_eq!(unpack_one(packed(&gzip(&once))), Err(Error::Nested));
    }

    #[test]
    fn a_damaged_stream_is_an_error() {
        let good = gzip(&[0; 1000]);
        for cut in 0..good.len() {
            assert_eq!(unpack_one(packed(&good[..cut])), Err(Error::Damaged), "cut at {cut}");
        }
        assert_eq!(unpack_one(Bytes::from_static(&[0xa1, 0xcf, 0x72, 0x30])), Err(Error::Damaged));
    }

    #[test]
    fn only_what_shrinks_is_packed() {
        assert_eq!(pack(&[7; 1023], Some(1024)), None);
        assert_eq!(pack(&[7; 2048], None), None);
        assert_eq!(pack(&vec![7; MAX_TO_PACK + 4], Some(1024)), None);
        let noise: Vec<u8> = (0..512_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        assert_eq!(pack(&noise, Some(1024)), None);
        let late = |noisy: usize| [&noise[..noisy], &[7; 5 * SAMPLE]].concat();
        assert_eq!(pack(&late(SAMPLE), Some(1024)), None, "of large bodies the beginning tells");
        assert!(pack(&late(SAMPLE / 2), Some(1024)).is_some());
        assert!(pack(&late(SAMPLE)[..4 * SAMPLE], Some(1024)).is_some(), "of small ones all");
        let once = pack(&[7; 2048], Some(1024)).unwrap();
        assert!(once.len() < 100);
        assert_eq!(pack(&once, Some(0)), None);
    }

    proptest! {
        #[test]
        fn what_is_packed_unpacks_to_the_same(
            object in proptest::collection::vec(0_u8..3, 64..4000).prop_map(|mut object| {
                object.truncate(object.len() / 4 * 4);
                object
            }),
        ) {
            if let Some(packed) = pack(&object, Some(0)) {
                prop_assert_eq!(unpack_one(packed).unwrap(), object);
            }
        }

        #[test]
        fn unpacking_never_panics(stream in proptest::collection::vec(any::<u8>(), 0..200), gzip: bool) {
            let mut stream = stream;
            if gzip {
                stream.splice(0..0, [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
            }
            let _ = unpack_one(packed(&stream));
        }
    }
}
