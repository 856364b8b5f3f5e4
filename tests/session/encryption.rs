//! Encrypted files: what opens them, what they show, and what somebody who can write to them gets.

use std::{fs, path::Path};

use mtwire::session::{
    Change, ErrorKind, FileStore, SessionStore, State, UpdateState,
    file::{Cost, FormatErrorKind, Passphrase, decode, decode_with, is_encrypted, load, load_with},
};

use crate::sample::{self, passphrase};

/// Where the first record of an encrypted file stands.
const START: usize = 136;

fn kind(path: &Path, with: Option<&Passphrase>) -> ErrorKind {
    let opened = FileStore::open_with(path, with).map(|store| store.with(State::clone));
    let looked = load_with(path, with).unwrap_err();
    let error = opened.unwrap_err();
    assert_eq!(error.to_string(), looked.to_string());
    error.kind
}

fn put_right(file: &mut [u8]) {
    let check = crc32fast::hash(&file[..20]);
    file[20..24].copy_from_slice(&check.to_le_bytes());
    let check = crc32fast::hash(&file[24..132]);
    file[132..136].copy_from_slice(&check.to_le_bytes());
}

#[test]
fn only_the_passphrase_opens_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.session");
    let states = sample::write_with(&path, Some(&passphrase("open sesame")));
    let before = fs::read(&path).unwrap();
    assert!(is_encrypted(&path).unwrap());
    assert_eq!(load_with(&path, Some(&passphrase("open sesame"))).unwrap(), *states.last().unwrap());
    assert!(matches!(kind(&path, None), ErrorKind::PassphraseNeeded));
    for wrong in ["", "open sesame ", "Open sesame", "x"] {
        assert!(matches!(kind(&path, Some(&passphrase(wrong))), ErrorKind::WrongPassphrase));
    }
    assert!(matches!(decode(&before).unwrap_err().kind, FormatErrorKind::Encrypted));
    assert!(decode_with(&before, &passphrase("open sesame")).is_ok());
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_passphrase_for_a_plain_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.session");
    sample::write(&path);
    assert!(!is_encrypted(&path).unwrap());
    assert!(!is_encrypted(dir.path().join("none.session")).unwrap());
    assert!(matches!(kind(&path, Some(&passphrase("x"))), ErrorKind::NotEncrypted));
}

/// The bytes that a plain file of the same history holds, in pieces of eight.
fn telling(path: &Path) -> Vec<Vec<u8>> {
    sample::write(path);
    let plain = fs::read(path).unwrap();
    plain[32..].windows(8).filter(|part| part.iter().any(|&byte| byte != 0)).map(<[u8]>::to_vec).collect()
}

#[test]
fn nothing_of_the_session_is_in_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.session");
    sample::write_with(&path, Some(&passphrase("open sesame")));
    let file = fs::read(&path).unwrap();
    let shown = telling(&dir.path().join("plain.session"));
    assert!(shown.len() > 500);
    for part in shown {
        assert!(!file[START..].windows(8).any(|window| window == part), "{part:?}");
    }
    assert!(!file.windows(11).any(|window| window == b"open sesame"));
}

#[test]
fn another_passphrase_takes_effect_for_all_that_is_written_from_then_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.session");
    let (old, new) = (passphrase("old"), passphrase("new"));
    sample::write_with(&path, Some(&old));
    let before = fs::read(&path).unwrap();
    let store = FileStore::open_with(&path, Some(&old)).unwrap();
    store.set_passphrase(Some(&new)).unwrap();
    store.apply(&[Change::Channel(9, Some(9))]).unwrap();
    let state = store.with(State::clone);
    drop(store);
    assert!(matches!(kind(&path, Some(&old)), ErrorKind::WrongPassphrase));
    assert_eq!(load_with(&path, Some(&new)).unwrap(), state);
    // Who has the old passphrase and kept the beginning of the old file does not get at the new records with them.
    let mut file = fs::read(&path).unwrap();
    file[24..START].copy_from_slice(&before[24..START]);
    assert!(matches!(decode_with(&file, &old), Err(ErrorKind::WrongPassphrase)));
    // Nor with the old header too.
    file[..START].copy_from_slice(&before[..START]);
    assert!(decode_with(&file, &old).is_err());

    let store = FileStore::open_with(&path, Some(&new)).unwrap();
    assert!(store.is_encrypted());
    store.set_passphrase(None).unwrap();
    assert!(!store.is_encrypted());
    drop(store);
    assert_eq!(load(&path).unwrap(), state);
    let store = FileStore::open(&path).unwrap();
    store.set_passphrase(Some(&old)).unwrap();
    drop(store);
    assert_eq!(load_with(&path, Some(&old)).unwrap(), state);
}

#[test]
fn a_passphrase_that_cannot_be_written_leaves_the_old_one() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.session");
    let old = passphrase("old");
    sample::write_with(&path, Some(&old));
    let store = FileStore::open_with(&path, Some(&old)).unwrap();
    let moved = dir.path().join("moved.session");
    fs::rename(&path, &moved).unwrap();
    assert!(matches!(store.set_passphrase(None).unwrap_err().kind, ErrorKind::Replaced));
    fs::rename(&moved, &path).unwrap();
    store.apply(&[Change::Channel(9, Some(9))]).unwrap();
    store.apply(&[Change::Dc(2, None)]).unwrap();
    let state = store.with(State::clone);
    drop(store);
    assert_eq!(load_with(&path, Some(&old)).unwrap(), state);
}

/// The places of the records and their lengths, heads and checksums included.
fn records(file: &[u8]) -> Vec<(usize, usize)> {
    let (mut at, mut found) = (START, Vec::new());
    while at < file.len() {
        let len = u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
        let whole = (12 + len).next_multiple_of(8);
        found.push((at, whole));
        at += whole;
    }
    found
}

/// Puts the record at `from` of `source` to `to` of `file`, with the checksum that its head has there.
fn put_record(file: &mut Vec<u8>, to: usize, source: &[u8], (from, len): (usize, usize)) {
    file.resize(file.len().max(to + len), 0);
    file[to..to + len].copy_from_slice(&source[from..from + len]);
    let head = [&(to as u64).to_le_bytes()[..], &source[from..from + 4]].concat();
    file[to + 4..to + 8].copy_from_slice(&crc32fast::hash(&head).to_le_bytes());
}

#[test]
fn a_record_opens_only_where_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let secret = passphrase("open sesame");
    let file_of = |name: &str| {
        let path = dir.path().join(name);
        let store = FileStore::open_with(&path, Some(&secret)).unwrap();
        store.apply(&[Change::HomeDc(1)]).unwrap();
        for pts in 1..4 {
            let updates = UpdateState { pts, qts: 0, date: 0, seq: 0 };
            store.apply(&[Change::Updates(Some(updates))]).unwrap();
        }
        fs::read(&path).unwrap()
    };
    let (file, other) = (file_of("a.session"), file_of("b.session"));
    let places = records(&file);
    assert_eq!(places, records(&other));
    let refused = |altered: &[u8], at: usize| match decode_with(altered, &secret) {
        Err(ErrorKind::Format(error)) => {
            assert_eq!((error.offset, error.kind), (at, FormatErrorKind::Unauthentic));
        }
        other => panic!("{other:?}"),
    };
    // An older record again at the end, one in the place of another, and one of another file at the same place.
    let mut again = file.clone();
    put_record(&mut again, file.len(), &file, places[1]);
    refused(&again, file.len());
    let mut swapped = file.clone();
    put_record(&mut swapped, places[3].0, &file, places[1]);
    refused(&swapped, places[3].0);
    let mut spliced = file.clone();
    put_record(&mut spliced, places[2].0, &other, places[2]);
    refused(&spliced, places[2].0);
    // The key block of the one and the records of the other: the same passphrase, and yet another key.
    let mut spliced = other.clone();
    spliced[..START].copy_from_slice(&file[..START]);
    refused(&spliced, START);
}

#[test]
fn a_header_that_was_altered_with_its_checksum_opens_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.session");
    let secret = passphrase("open sesame");
    sample::write_with(&path, Some(&secret));
    let file = fs::read(&path).unwrap();
    // A snapshot that ends earlier would let its last records be cut off.
    let mut altered = file.clone();
    altered[12..20].copy_from_slice(&(START as u64).to_le_bytes());
    put_right(&mut altered);
    assert!(matches!(decode_with(&altered, &secret), Err(ErrorKind::WrongPassphrase)));
    // Every bit of the key block behind what the KDF costs.
    for bit in 40 * 8..128 * 8 {
        let mut altered = file.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        put_right(&mut altered);
        assert!(matches!(decode_with(&altered, &secret), Err(ErrorKind::WrongPassphrase)), "bit {bit}");
    }
    // A plain file under the same name: who asks for an encrypted one does not get it.
    let mut plain = file.clone();
    plain[10] = 0;
    put_right(&mut plain);
    assert!(matches!(decode_with(&plain, &secret), Err(ErrorKind::NotEncrypted)));
}

#[test]
fn a_file_cannot_ask_for_all_memory_or_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.session");
    let secret = passphrase("open sesame");
    sample::write_with(&path, Some(&secret));
    let file = fs::read(&path).unwrap();
    let with = |memory: u32, passes: u32, lanes: u32| {
        let mut file = file.clone();
        for (at, value) in [(28, memory), (32, passes), (36, lanes)] {
            file[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        put_right(&mut file);
        decode_with(&file, &secret).unwrap_err()
    };
    let refused = [
        (u32::MAX, 1, 1),
        ((1 << 18) + 1, 1, 1),
        (7, 1, 1),
        (0, 1, 1),
        (8, 0, 1),
        (8, 17, 1),
        (8, u32::MAX, 1),
        (8, 1, 0),
        (8, 1, 2),
        (1 << 18, 1, 17),
        (1 << 18, 1, u32::MAX),
    ];
    for (memory, passes, lanes) in refused {
        let error = with(memory, passes, lanes);
        assert!(
            matches!(&error, ErrorKind::Format(e) if e.offset == 24 && e.kind == FormatErrorKind::BadValue),
            "{error}"
        );
    }
    assert!(matches!(with(16, 2, 2), ErrorKind::WrongPassphrase));
}

#[test]
fn a_cost_is_kept_in_its_range() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.session");
    let cheap = Passphrase::new("x").cost(Cost { memory_kib: 0, passes: 0, lanes: 0 });
    sample::write_with(&path, Some(&cheap));
    // The file says what it costs, and not who opens it.
    assert!(load_with(&path, Some(&Passphrase::new("x"))).is_ok());
    assert_eq!(fs::read(&path).unwrap()[28..40], [8, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0]);
}

#[test]
fn what_follows_a_cut_is_under_another_key() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.session");
    let secret = passphrase("open sesame");
    let states = sample::write_with(&path, Some(&secret));
    let file = fs::read(&path).unwrap();
    fs::write(&path, &file[..file.len() - 1]).unwrap();
    let store = FileStore::open_with(&path, Some(&secret)).unwrap();
    assert_eq!(store.torn_tail().map(|torn| torn.offset), records(&file).last().map(|last| last.0 as u64));
    store.apply(&[Change::HomeDc(5)]).unwrap();
    drop(store);
    let mut wanted = states[states.len() - 2].clone();
    wanted.home_dc = 5;
    assert_eq!(load_with(&path, Some(&secret)).unwrap(), wanted);
    // Else the record that was cut off, which was whole in an old copy, could take the place of the new one.
    assert_ne!(fs::read(&path).unwrap()[80..112], file[80..112], "the sealed key of the file");
}

#[test]
fn nothing_secret_is_printed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.session");
    let secret = passphrase("open sesame");
    let store = FileStore::open_with(&path, Some(&secret)).unwrap();
    store.apply(&[Change::HomeDc(1)]).unwrap();
    let shown = format!("{store:?} {secret:?}");
    assert!(shown.contains("a.session") && !shown.contains("sesame"), "{shown}");
}
