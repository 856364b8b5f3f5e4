//! The worked examples of `docs/session-format.md` are what the store writes, and its description is enough to read them.

use std::fs;

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::{AeadInOut, KeyInit, XChaCha20Poly1305, XNonce};
use mtwire::session::{
    App, Change, FileStore, Network, Secret, SessionStore, State, UpdateState,
    file::{Passphrase, decode, decode_with},
};

const PASSPHRASE: &str = "correct horse battery staple";

/// The bytes of a code block that is marked `hex`: each line is an offset, a colon, bytes, and what they are.
fn example(number: usize) -> Vec<u8> {
    let text = include_str!("../../docs/session-format.md");
    let block = text.split("```hex\n").nth(number).unwrap().split("```").next().unwrap();
    let mut bytes = Vec::new();
    for line in block.lines() {
        let (offset, rest) = line.split_once(": ").unwrap();
        assert_eq!(usize::from_str_radix(offset, 16).unwrap(), bytes.len(), "{line}");
        let hex = rest.split("  ").next().unwrap();
        bytes.extend(hex.split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()));
    }
    bytes
}

fn batches() -> [Vec<Change>; 2] {
    let app = App { id: 12345, hash: Secret::from("0123456789abcdef0123456789abcdef") };
    let updates = UpdateState { pts: 7, qts: 0, date: 1_700_000_000, seq: 1 };
    [
        vec![Change::App(Some(app)), Change::Network(Network::Test), Change::HomeDc(2)],
        vec![Change::Updates(Some(updates))],
    ]
}

fn write(passphrase: Option<&Passphrase>) -> (Vec<u8>, State) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("example.session");
    let store = FileStore::open_with(&path, passphrase).unwrap();
    batches().iter().for_each(|batch| store.apply(batch).unwrap());
    (fs::read(&path).unwrap(), store.with(State::clone))
}

#[test]
fn the_worked_example_is_what_is_written_and_read() {
    let (written, state) = write(None);
    assert_eq!(written, example(1));
    assert_eq!(decode(&written).unwrap(), state);
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

/// The payloads of the records from `start` on.
fn payloads(file: &[u8], start: usize) -> Vec<(usize, &[u8])> {
    let (mut at, mut payloads) = (start, Vec::new());
    while at < file.len() {
        let len = word(file, at) as usize;
        let end = at + (8 + len + 4).next_multiple_of(8);
        let head = [&(at as u64).to_le_bytes()[..], &file[at..at + 4]].concat();
        assert_eq!(crc32fast::hash(&head), word(file, at + 4));
        assert_eq!(crc32fast::hash(&file[at + 8..end - 4]), word(file, end - 4));
        payloads.push((at, &file[at + 8..at + 8 + len]));
        at = end;
    }
    payloads
}

/// A reader that knows of encryption what the description says, and no more.
fn open_by_the_description(file: &[u8], passphrase: &[u8]) -> Vec<Vec<u8>> {
    let (header, block) = (&file[..24], &file[24..136]);
    assert_eq!(crc32fast::hash(&block[..108]), word(block, 108));
    assert_eq!((header[10], word(block, 0), word(block, 104)), (1, 1, 0));
    let params = Params::new(word(block, 4), word(block, 8), word(block, 12), Some(32)).unwrap();
    let mut wrapping = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase, &block[16..32], &mut wrapping)
        .unwrap();
    let open = |key: &[u8], nonce: &[u8], said: &[u8], sealed: &[u8]| {
        let (text, tag) = sealed.split_at(sealed.len() - 16);
        let mut text = text.to_vec();
        XChaCha20Poly1305::new_from_slice(key)
            .unwrap()
            .decrypt_inout_detached(
                &XNonce::try_from(nonce).unwrap(),
                said,
                text.as_mut_slice().into(),
                &tag.try_into().unwrap(),
            )
            .unwrap();
        text
    };
    let key = open(&wrapping, &block[32..56], &file[..80], &block[56..104]);
    payloads(file, 136)
        .into_iter()
        .map(|(at, payload)| open(&key, &payload[..24], &(at as u64).to_le_bytes(), &payload[24..]))
        .collect()
}

#[test]
fn the_encrypted_example_and_what_is_written_can_be_read_by_the_description() {
    let plain = example(1);
    let wanted: Vec<Vec<u8>> =
        payloads(&plain, 24).into_iter().map(|(_, payload)| payload.to_vec()).collect();
    let passphrase = Passphrase::new(PASSPHRASE);
    let (written, state) = write(Some(&passphrase));
    for file in [written, example(2)] {
        assert_eq!(open_by_the_description(&file, PASSPHRASE.as_bytes()), wanted);
        assert_eq!(decode_with(&file, &passphrase).unwrap(), state);
    }
}
