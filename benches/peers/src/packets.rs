//! Opening and sealing encrypted packets.

use mtwire::crypto::kdf::Side as Sender;
use mtwire::crypto::packet::{self, ToOpen, ToSeal, open_many, seal_in_place, seal_many};
use mtwire::crypto::{AuthKey, open};
use mtwire::message::MsgId;
use mtwire::message::envelope::{self, Header};
use mtwire::tl::PacketBuf;
use rand::RngExt;

use crate::measure::{Effort, Side, alternate};
use crate::row::{Table, Unit};

const SECRET: [u8; 256] = [7; 256];
const LONG: usize = 512 << 10;
/// Salt, session id, `msg_id`, seqno and length.
const INNER_HEADER: usize = 32;

pub fn run(table: &mut Table, effort: Effort) {
    open_one(table, effort);
    open_eight(table, effort);
    seal(table, effort);
    seal_as_long(table, effort);
    seal_four(table, effort);
}

fn sealed() -> (AuthKey, Vec<u8>) {
    let key = AuthKey::from_bytes(SECRET);
    let mut packet = vec![5; 24 + LONG];
    let header = seal_in_place(&key, Sender::Server, &mut packet[24..]).header;
    packet[..24].copy_from_slice(&header);
    (key, packet)
}

fn open_one(table: &mut Table, effort: Effort) {
    let work = "open 512 KiB, one message";
    if !table.wants(work) {
        return;
    }
    let (ours, packet) = sealed();
    let theirs = grammers_crypto::AuthKey::from_bytes(SECRET);
    let ferogram = ferogram_crypto::AuthKey::from_bytes(SECRET);
    let took = alternate(
        effort,
        vec![
            Side::with_input(
                "mtwire",
                || packet.clone(),
                |packet| open(&ours, Sender::Server, packet).expect("our own seal").len(),
            ),
            Side::with_input(
                "grammers",
                || packet.clone(),
                |packet| grammers_crypto::decrypt_data_v2(packet, &theirs).expect("our own seal").len(),
            ),
            Side::with_input(
                "ferogram",
                || packet.clone(),
                |packet| ferogram_crypto::decrypt_data_v2(packet, &ferogram).expect("our own seal").len(),
            ),
        ],
    );
    table.rows(work, Unit::MegabytesPerSecond(LONG), &took, |peer| (peer == "grammers").then_some(2.3));
}

fn open_eight(table: &mut Table, effort: Effort) {
    let work = "open 512 KiB, 8 queued";
    if !table.wants(work) {
        return;
    }
    let (ours, packet) = sealed();
    let theirs = grammers_crypto::AuthKey::from_bytes(SECRET);
    let took = alternate(
        effort,
        vec![
            Side::with_input(
                "mtwire",
                || vec![packet.clone(); 8],
                |packets| {
                    let packets = packets.iter_mut();
                    let all = packets.map(|packet| ToOpen { key: &ours, sender: Sender::Server, packet });
                    open_many(all.collect())
                        .iter()
                        .map(|opened| opened.as_ref().expect("our own seal").len())
                        .sum::<usize>()
                },
            ),
            Side::with_input(
                "grammers",
                || vec![packet.clone(); 8],
                |packets| {
                    let packets = packets.iter_mut();
                    let lengths = packets.map(|packet| {
                        grammers_crypto::decrypt_data_v2(packet, &theirs).expect("our own seal").len()
                    });
                    lengths.sum::<usize>()
                },
            ),
        ],
    );
    table.rows(work, Unit::MegabytesPerSecond(8 * LONG), &took, |_| Some(5.0));
}

/// As [`seal`] of a short plaintext, but with as much padding here as grammers takes: what the random length costs.
fn seal_as_long(table: &mut Table, effort: Effort) {
    let work = "seal 128 B, padding as long as grammers'";
    if !table.wants(work) {
        return;
    }
    let ours = AuthKey::from_bytes(SECRET);
    let theirs = grammers_crypto::AuthKey::from_bytes(SECRET);
    let plain = [5; 128];
    let mut packet = PacketBuf::new();
    let mut buffer = grammers_crypto::DequeBuffer::with_capacity(plain.len() + 64, 32);
    let took = alternate(
        effort,
        vec![
            Side::new("mtwire", || {
                packet.clear();
                packet.extend_from_slice(&plain);
                let mut padding = [0; 32];
                rand::rng().fill(&mut padding);
                packet.extend_from_slice(&padding);
                packet::seal(&ours, Sender::Client, &mut packet);
                packet.len()
            }),
            Side::new("grammers", || {
                buffer.clear();
                buffer.extend(plain);
                grammers_crypto::encrypt_data_v2(&mut buffer, &theirs);
                buffer.len()
            }),
        ],
    );
    assert_eq!(packet.len(), buffer.len());
    table.rows(work, Unit::Microseconds, &took, |_| None);
}

/// From a plaintext without padding to the packet; randomness as each library draws it.
fn seal(table: &mut Table, effort: Effort) {
    for (work, len, unit, goal) in [
        ("seal 128 B", 128, Unit::Microseconds, 2.2),
        ("seal 512 KiB", LONG, Unit::MegabytesPerSecond(LONG), 1.5),
    ] {
        if !table.wants(work) {
            continue;
        }
        let ours = AuthKey::from_bytes(SECRET);
        let theirs = grammers_crypto::AuthKey::from_bytes(SECRET);
        let ferogram = ferogram_crypto::AuthKey::from_bytes(SECRET);
        let plain = vec![5; len];
        let header = Header { salt: 1, session_id: 2, msg_id: MsgId::from_wire(4), seqno: 1 };
        let mut packet = PacketBuf::new();
        let mut buffer = grammers_crypto::DequeBuffer::with_capacity(len + 64, 32);
        let mut other = ferogram_crypto::DequeBuffer::with_capacity(len + 64, 32);
        let took = alternate(
            effort,
            vec![
                Side::new("mtwire", || {
                    packet.clear();
                    packet.extend_from_slice(&plain[INNER_HEADER..]);
                    envelope::seal(&ours, Sender::Client, header, &mut rand::rng(), &mut packet);
                    packet.len()
                }),
                Side::new("grammers", || {
                    buffer.clear();
                    buffer.extend(plain.iter().copied());
                    grammers_crypto::encrypt_data_v2(&mut buffer, &theirs);
                    buffer.len()
                }),
                Side::new("ferogram", || {
                    other.clear();
                    other.extend(plain.iter().copied());
                    ferogram_crypto::encrypt_data_v2(&mut other, &ferogram);
                    other.len()
                }),
            ],
        );
        table.rows(work, unit, &took, |peer| (peer == "grammers").then_some(goal));
    }
}

/// Four plaintexts with their padding, as when file parts are sent in parallel.
fn seal_four(table: &mut Table, effort: Effort) {
    let work = "seal 512 KiB, 4 queued";
    if !table.wants(work) {
        return;
    }
    let ours = AuthKey::from_bytes(SECRET);
    let theirs = grammers_crypto::AuthKey::from_bytes(SECRET);
    let plain = vec![5; LONG];
    let mut buffer = grammers_crypto::DequeBuffer::with_capacity(LONG + 64, 32);
    let mut four = vec![plain.clone(); 4];
    let took = alternate(
        effort,
        vec![
            Side::new("mtwire", || {
                let plaintexts = four.iter_mut().map(|plaintext| {
                    plaintext.copy_from_slice(&plain);
                    ToSeal { key: &ours, sender: Sender::Client, plaintext }
                });
                seal_many(plaintexts.collect()).len()
            }),
            Side::new("grammers", || {
                let lengths = (0..4).map(|_| {
                    buffer.clear();
                    buffer.extend(plain.iter().copied());
                    grammers_crypto::encrypt_data_v2(&mut buffer, &theirs);
                    buffer.len()
                });
                lengths.sum::<usize>()
            }),
        ],
    );
    table.rows(work, Unit::MegabytesPerSecond(4 * LONG), &took, |_| None);
}
