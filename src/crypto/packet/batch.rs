//! Several packets at once. The AES of eight messages takes little longer than that of one, and their hashes
//! overlap as well, because no message waits for another.

use subtle::ConstantTimeEq;

use super::{OpenError, Parts, Sealed};
use crate::crypto::AuthKey;
use crate::crypto::aes::{Ige, IgeKey, Stream, decrypt_together, ige_encrypt_many};
use crate::crypto::kdf::{self, MsgKeyHasher, MsgKeyLarge, Side};

/// Bytes of each message that are decrypted and then hashed: enough to keep the cost of starting a hash low, few
/// enough to be in the cache still.
const STEP_LEN: usize = 1024;

/// One packet for [`open_many`].
#[derive(Debug)]
pub struct ToOpen<'k, 'p> {
    /// The key whose id stands at the head of the packet.
    pub key: &'k AuthKey,
    /// Who sent the packet.
    pub sender: Side,
    /// The whole packet.
    pub packet: &'p mut [u8],
}

/// [`open`](super::open) for several packets, of one key or of many, up to eight of them at the same time.
///
/// The results stand in the order of the packets.
pub fn open_many<'p>(packets: Vec<ToOpen<'_, 'p>>) -> Vec<Result<&'p mut [u8], OpenError>> {
    let mut results: Vec<_> = packets.iter().map(|_| Err(OpenError)).collect();
    let mut jobs: Vec<_> =
        packets.into_iter().enumerate().filter_map(|(index, packet)| Job::new(index, packet)).collect();
    // All jobs advance at the same pace, so the longest stay in front and the finished ones at the end.
    jobs.sort_by_key(|job| std::cmp::Reverse(job.parts.ciphertext.len()));
    let mut done = 0;
    loop {
        let busy = jobs.iter().take_while(|job| job.parts.ciphertext.len() >= done + STEP_LEN).count();
        if busy == 0 {
            break;
        }
        advance(&mut jobs[..busy], done);
        done += STEP_LEN;
    }
    for job in jobs {
        let index = job.index;
        results[index] = job.finish();
    }
    results
}

/// One plaintext, with its padding, for [`seal_many`].
#[derive(Debug)]
pub struct ToSeal<'k, 'p> {
    /// The key to seal it with.
    pub key: &'k AuthKey,
    /// Who sends it.
    pub sender: Side,
    /// What is encrypted in place: a multiple of 16 bytes.
    pub plaintext: &'p mut [u8],
}

/// [`seal_in_place`](super::seal_in_place) for several plaintexts, of one key or of many, up to eight of them at the same time.
///
/// A single packet can be encrypted only when all of it is hashed, because its key comes from the hash. Of several the hashes
/// are made two by two, and then the packets are encrypted side by side, four in little more than the time of one. The
/// results stand in the order of the plaintexts.
///
/// # Panics
/// When the length of a plaintext is not a multiple of 16: the padding is the caller's job.
pub fn seal_many(mut packets: Vec<ToSeal<'_, '_>>) -> Vec<Sealed> {
    let mut keys: Vec<IgeKey> = Vec::with_capacity(packets.len());
    let mut sealed = Vec::with_capacity(packets.len());
    let mut prepare = |packet: &ToSeal<'_, '_>, large: MsgKeyLarge| {
        keys.push(kdf::v2(packet.key, packet.sender, &large.msg_key()));
        sealed.push(Sealed::new(packet.key, large));
    };
    let (pairs, rest) = packets.as_chunks::<2>();
    for pair in pairs {
        let hashes = kdf::two_msg_keys_large(
            pair.each_ref().map(|packet| (packet.key, packet.sender, &*packet.plaintext)),
        );
        pair.iter().zip(hashes).for_each(|(packet, large)| prepare(packet, large));
    }
    for packet in rest {
        prepare(packet, kdf::msg_key_large(packet.key, packet.sender, packet.plaintext));
    }
    let streams = keys.iter().zip(&mut packets);
    let mut streams: Vec<_> = streams.map(|(key, packet)| Stream { key, data: packet.plaintext }).collect();
    ige_encrypt_many(&mut streams);
    sealed
}

struct Job<'k, 'p> {
    index: usize,
    parts: Parts<'p>,
    aes: Ige,
    hasher: MsgKeyHasher<'k>,
    // Bytes that are decrypted and hashed.
    done: usize,
}

impl<'k, 'p> Job<'k, 'p> {
    fn new(index: usize, ToOpen { key, sender, packet }: ToOpen<'k, 'p>) -> Option<Self> {
        let parts = Parts::split(key, packet).ok()?;
        let keys = kdf::v2(key, sender, &parts.msg_key);
        let aes = Ige::decryptor(&keys.key, &keys.iv);
        Some(Self { index, parts, aes, hasher: MsgKeyHasher::new(key, sender), done: 0 })
    }

    /// The bytes that are left, fewer than [`STEP_LEN`], and the verdict.
    fn finish(mut self) -> Result<&'p mut [u8], OpenError> {
        let rest = &mut self.parts.ciphertext[self.done..];
        self.aes.run(rest);
        let same = self.hasher.finish(self.parts.ciphertext).msg_key().ct_eq(&self.parts.msg_key);
        if bool::from(same) { Ok(self.parts.ciphertext) } else { Err(OpenError) }
    }
}

/// Decrypts and hashes [`STEP_LEN`] bytes of each job, from `at`.
fn advance(jobs: &mut [Job<'_, '_>], at: usize) {
    let (eights, rest) = jobs.as_chunks_mut::<8>();
    eights.iter_mut().for_each(|jobs| step(jobs, at));
    let (fours, rest) = rest.as_chunks_mut::<4>();
    fours.iter_mut().for_each(|jobs| step(jobs, at));
    let (twos, rest) = rest.as_chunks_mut::<2>();
    twos.iter_mut().for_each(|jobs| step(jobs, at));
    let (ones, _) = rest.as_chunks_mut::<1>();
    ones.iter_mut().for_each(|jobs| step(jobs, at));
}

fn step<const N: usize>(jobs: &mut [Job<'_, '_>; N], at: usize) {
    let part = at..at + STEP_LEN;
    decrypt_together(jobs.each_mut().map(|job| (&mut job.aes, &mut job.parts.ciphertext[part.clone()])));
    let (pairs, rest) = jobs.as_chunks_mut::<2>();
    for [one, other] in pairs {
        let plaintexts = [&one.parts.ciphertext[..part.end], &other.parts.ciphertext[..part.end]];
        MsgKeyHasher::advance_two([&mut one.hasher, &mut other.hasher], plaintexts);
    }
    for job in rest {
        job.hasher.advance(&job.parts.ciphertext[..part.end]);
    }
    jobs.iter_mut().for_each(|job| job.done = part.end);
}
