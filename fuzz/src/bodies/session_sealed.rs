//! The encrypted session file, behind its seals.
//!
//! Input: a byte that chooses what the rest is: 0 a file; 1 what stands behind a good header and key block; else pieces,
//! each a length byte and as many bytes, that are sealed and made a file with right checksums: the first is the
//! snapshot, the others are appended. The byte then also says where that file is cut, and the last three bytes of the
//! input which byte of it is changed, and how.

use std::sync::OnceLock;

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::{AeadInOut, KeyInit, XChaCha20Poly1305, XNonce};
use mtwire::session::file::{Passphrase, VERSION, decode, decode_with, examine};
use mtwire::session::{ErrorKind, State};

use super::input::Input;

const SECRET: &str = "open sesame";
const SALT: [u8; 16] = [7; 16];
const KEY: [u8; 32] = [9; 32];
/// 8 KiB, one pass, one lane.
const COST: [u8; 12] = [8, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0];
const START: usize = 136;

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    match input.u8() {
        0 => {
            let file = input.rest();
            // A file may ask for 256 MiB, which is no use here.
            if file.get(28..40).is_none_or(|cost| cost == COST) {
                _ = look(file);
            }
        }
        1 => {
            let rest = input.rest();
            let mut file = vec![0; START];
            file.extend(rest);
            begin(&mut file, START as u64);
            _ = look(&file);
        }
        cut => {
            let rest = input.rest();
            let (pieces, change) = rest.split_at(rest.len().saturating_sub(3));
            sealed(cut, Input::new(pieces), change);
        }
    }
}

/// Reads a file, and looks for damage in it, which must be found where reading fails.
fn look(file: &[u8]) -> Result<State, ErrorKind> {
    let passphrase = Passphrase::new(SECRET);
    let read = decode_with(file, &passphrase);
    if let Ok(report) = examine(file, Some(&passphrase)) {
        match &read {
            Ok(state) => assert!(report.is_whole() && report.state == *state, "{report:?}"),
            Err(error) => assert!(!report.is_whole(), "{error}"),
        }
    } else {
        assert!(read.is_err());
    }
    read
}

/// The key that the passphrase gives.
fn master() -> &'static XChaCha20Poly1305 {
    static MASTER: OnceLock<XChaCha20Poly1305> = OnceLock::new();
    MASTER.get_or_init(|| {
        let mut key = [0; 32];
        let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, Some(32)).unwrap());
        argon.hash_password_into(SECRET.as_bytes(), &SALT, &mut key).unwrap();
        XChaCha20Poly1305::new(&key.into())
    })
}

/// Writes header and key block to the beginning of `file`.
fn begin(file: &mut [u8], snapshot_end: u64) {
    file[..8].copy_from_slice(b"\x8dMTW\r\n\x1a\n");
    file[8..10].copy_from_slice(&VERSION.to_le_bytes());
    file[10] = 1;
    file[12..20].copy_from_slice(&snapshot_end.to_le_bytes());
    let check = crc32fast::hash(&file[..20]);
    file[20..24].copy_from_slice(&check.to_le_bytes());
    file[24] = 1;
    file[28..40].copy_from_slice(&COST);
    file[40..56].copy_from_slice(&SALT);
    let mut key = KEY;
    let tag = seal(master(), &file[..80], &file[56..80], &mut key);
    file[80..112].copy_from_slice(&key);
    file[112..128].copy_from_slice(&tag);
    let check = crc32fast::hash(&file[24..132]);
    file[132..136].copy_from_slice(&check.to_le_bytes());
}

fn seal(key: &XChaCha20Poly1305, said: &[u8], nonce: &[u8], text: &mut [u8]) -> [u8; 16] {
    let nonce = XNonce::try_from(nonce).unwrap();
    key.encrypt_inout_detached(&nonce, said, text.into()).unwrap().into()
}

fn append(file: &mut Vec<u8>, payload: &[u8]) {
    let len = (payload.len() as u32).to_le_bytes();
    let head = [&(file.len() as u64).to_le_bytes()[..], &len].concat();
    file.extend(len);
    file.extend(crc32fast::hash(&head).to_le_bytes());
    let body = file.len();
    file.extend(payload);
    while file.len() % 8 != 4 {
        file.push(0);
    }
    let check = crc32fast::hash(&file[body..]);
    file.extend(check.to_le_bytes());
}

/// A plain file of the same payloads.
fn plain(payloads: &[&[u8]]) -> Vec<u8> {
    let mut file = vec![0; 24];
    let mut snapshot_end = None;
    for payload in payloads {
        append(&mut file, payload);
        snapshot_end.get_or_insert(file.len());
    }
    let snapshot_end = snapshot_end.unwrap_or(24) as u64;
    file[..8].copy_from_slice(b"\x8dMTW\r\n\x1a\n");
    file[8..10].copy_from_slice(&VERSION.to_le_bytes());
    file[12..20].copy_from_slice(&snapshot_end.to_le_bytes());
    let check = crc32fast::hash(&file[..20]);
    file[20..24].copy_from_slice(&check.to_le_bytes());
    file
}

fn sealed(cut: u8, mut input: Input<'_>, change: &[u8]) {
    let key = XChaCha20Poly1305::new(&KEY.into());
    let mut file = vec![0; START];
    let mut snapshot_end = None;
    let mut payloads = Vec::new();
    while !input.is_empty() {
        let len = input.u8();
        let payload = input.take(len.into());
        if payload.is_empty() {
            continue;
        }
        let offset = (file.len() as u64).to_le_bytes();
        let nonce = [offset[0]; 24];
        let mut text = payload.to_vec();
        let tag = seal(&key, &offset, &nonce, &mut text);
        append(&mut file, &[&nonce[..], &text, &tag].concat());
        payloads.push(payload);
        snapshot_end.get_or_insert(file.len());
    }
    let snapshot_end = snapshot_end.unwrap_or(file.len());
    begin(&mut file, snapshot_end as u64);

    let read = look(&file);
    // What stands behind the seals is read as if it stood there without.
    match (&read, decode(&plain(&payloads))) {
        (Ok(state), Ok(wanted)) => assert_eq!(*state, wanted),
        (Err(_), Err(_)) => return,
        (read, wanted) => panic!("{read:?} {wanted:?}"),
    }
    // A crash leaves a good file, and any other change an error or a state that once was.
    let states: Vec<State> = (0..=payloads.len()).map(|n| decode(&plain(&payloads[..n])).unwrap()).collect();
    let keep = snapshot_end + usize::from(cut) % (file.len() - snapshot_end + 1);
    let torn = look(&file[..keep]).unwrap_or_else(|error| panic!("cut to {keep}: {error}"));
    assert!(states.contains(&torn));
    if let [low, high, mask] = *change {
        let at = usize::from(u16::from_le_bytes([low, high])) % file.len();
        // Not what the passphrase costs, as above.
        if !(28..40).contains(&at) {
            file[at] ^= mask;
            if let Ok(state) = look(&file) {
                assert!(states.contains(&state), "changed at {at}: {state:?}");
            }
        }
    }
}
