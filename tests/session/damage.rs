//! Whatever happens to the bytes of a file: it opens as a state that once was, or fails and is left as it was.

use std::{fs, path::Path};

use mtwire::session::{
    Error, ErrorKind, FileStore, State,
    file::{FormatErrorKind, Passphrase, load, load_with},
};

use crate::sample;

/// Opens `content` as a session in every way, and checks what must hold whatever it is.
fn open(dir: &Path, content: &[u8]) -> Result<State, Error> {
    open_with(dir, content, None)
}

fn open_with(dir: &Path, content: &[u8], passphrase: Option<&Passphrase>) -> Result<State, Error> {
    let path = dir.join("damaged.session");
    write_private(&path, content);
    let looked = load_with(&path, passphrase);
    assert_eq!(fs::read(&path).unwrap(), content, "looking changed the file");
    let opened =
        FileStore::open_with(&path, passphrase).map(|store| (store.with(State::clone), store.torn_tail()));
    let left = fs::read(&path).unwrap();
    assert_eq!(looked.ok(), opened.as_ref().ok().map(|(state, _)| state.clone()));
    match &opened {
        Ok((state, torn)) => {
            let cut = torn.map_or(0, |torn| torn.len as usize);
            assert_eq!(left, content[..content.len() - cut], "more or less than the torn tail was cut");
            assert_eq!(load_with(&path, passphrase).unwrap(), *state);
        }
        Err(_) => assert_eq!(left, content, "the file of a failed opening was changed"),
    }
    opened.map(|(state, _)| state)
}

fn write_private(path: &Path, content: &[u8]) {
    fs::write(path, content).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

fn format_error(result: Result<State, Error>) -> (usize, FormatErrorKind) {
    match result.unwrap_err().kind {
        ErrorKind::Format(error) => (error.offset, error.kind),
        other => panic!("{other}"),
    }
}

/// A sample file, the states it went through, and the length of its snapshot (all that the first batch wrote).
fn sample(dir: &Path) -> (Vec<u8>, Vec<State>, usize) {
    sample_with(dir, None)
}

fn sample_with(dir: &Path, passphrase: Option<&Passphrase>) -> (Vec<u8>, Vec<State>, usize) {
    let path = dir.join("whole.session");
    let states = sample::write_with(&path, passphrase);
    let content = fs::read(path).unwrap();
    let snapshot_end = u64::from_le_bytes(content[12..20].try_into().unwrap()) as usize;
    (content, states, snapshot_end)
}

fn cut_anywhere(passphrase: Option<&Passphrase>) {
    let dir = tempfile::tempdir().unwrap();
    let (content, states, snapshot_end) = sample_with(dir.path(), passphrase);
    let mut newest = 0;
    for len in 0..content.len() {
        match open_with(dir.path(), &content[..len], passphrase) {
            Ok(state) => {
                assert!(len >= snapshot_end);
                let age =
                    states.iter().position(|known| *known == state).expect("a state that was acknowledged");
                assert!(age >= newest, "a longer file holds more");
                newest = age;
            }
            Err(error) => {
                assert!(len < snapshot_end, "{error}");
                let (offset, kind) = format_error(Err(error));
                assert_eq!(offset, len);
                assert!(matches!(kind, FormatErrorKind::Truncated { missing } if missing > 0), "{kind}");
            }
        }
    }
    assert_eq!(newest, states.len() - 2);
    assert_eq!(open_with(dir.path(), &content, passphrase).unwrap(), *states.last().unwrap());
}

#[test]
fn cut_anywhere_it_opens_as_it_once_was_or_not_at_all() {
    cut_anywhere(None);
}

#[test]
fn cut_anywhere_an_encrypted_one_opens_as_it_once_was_or_not_at_all() {
    cut_anywhere(Some(&sample::passphrase("open sesame")));
}

/// Flips bits, `step` from one to the next.
fn any_bit(passphrase: Option<&Passphrase>, step: usize) {
    let dir = tempfile::tempdir().unwrap();
    let (content, states, snapshot_end) = sample_with(dir.path(), passphrase);
    let mut opened = 0;
    for bit in (0..content.len() * 8).step_by(step) {
        let mut damaged = content.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        match open_with(dir.path(), &damaged, passphrase) {
            // Only the last record may be taken for one that a crash tore.
            Ok(state) => {
                assert!(bit / 8 >= snapshot_end);
                assert_eq!(state, states[states.len() - 2], "bit {bit}");
                opened += 1;
            }
            Err(error) => {
                let (offset, kind) = format_error(Err(error));
                assert!(offset <= bit / 8, "bit {bit}: found at {offset}");
                assert!(
                    matches!(kind, FormatErrorKind::Checksum | FormatErrorKind::Foreign),
                    "bit {bit}: {kind}"
                );
            }
        }
    }
    assert!(opened > 0 && opened < 90 * 8 / step);
}

#[test]
fn with_any_bit_flipped_it_opens_as_it_once_was_or_not_at_all() {
    any_bit(None, 1);
}

#[test]
fn with_any_bit_flipped_an_encrypted_one_is_damaged_and_the_passphrase_is_not_wrong() {
    // Every byte, each in another bit than its neighbours.
    any_bit(Some(&sample::passphrase("open sesame")), 7);
}

#[test]
fn a_foreign_file_is_refused_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    for foreign in
        [&b"SQLite format 3\0 and so on and so on"[..], b"hello\n", b"\x8dMTW\n\x1a\n and more than that"]
    {
        assert_eq!(format_error(open(dir.path(), foreign)), (0, FormatErrorKind::Foreign));
    }
}

#[test]
fn a_foreign_file_is_refused_before_it_is_read_whole() {
    // Sparse, and more than any memory holds.
    const HUGE: u64 = 1 << 40;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("huge.session");
    write_private(&path, b"");
    fs::File::options().write(true).open(&path).unwrap().set_len(HUGE).unwrap();
    assert_eq!(format_error(load(&path)), (0, FormatErrorKind::Foreign));
    let opened = FileStore::open(&path).map(|store| store.with(State::clone));
    assert_eq!(format_error(opened), (0, FormatErrorKind::Foreign));
    assert_eq!(fs::metadata(&path).unwrap().len(), HUGE);
}

#[test]
fn an_empty_file_is_refused_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(format_error(open(dir.path(), b"")), (0, FormatErrorKind::Truncated { missing: 24 }));
}

/// The sample with another value at `at` in its header and the right checksum.
fn with_header(content: &[u8], at: usize, value: u16) -> Vec<u8> {
    let mut content = content.to_vec();
    content[at..at + 2].copy_from_slice(&value.to_le_bytes());
    let check = crc32fast::hash(&content[..20]);
    content[20..24].copy_from_slice(&check.to_le_bytes());
    content
}

#[test]
fn a_newer_file_is_refused_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (content, _, _) = sample(dir.path());
    let newer = open(dir.path(), &with_header(&content, 8, 2));
    let message = newer.as_ref().unwrap_err().to_string();
    assert!(message.contains("damaged.session") && message.contains("version 2"), "{message}");
    assert_eq!(format_error(newer), (8, FormatErrorKind::Newer { version: 2 }));
    let flagged = open(dir.path(), &with_header(&content, 10, 0x8000));
    assert_eq!(format_error(flagged), (10, FormatErrorKind::UnknownFeature { flags: 0x8000 }));
}

#[test]
fn what_is_appended_after_a_torn_tail_was_cut_is_kept() {
    use mtwire::session::{Change, SessionStore};
    let dir = tempfile::tempdir().unwrap();
    let (content, states, _) = sample(dir.path());
    let path = dir.path().join("torn.session");
    write_private(&path, &content[..content.len() - 3]);
    let store = FileStore::open(&path).unwrap();
    assert!(store.torn_tail().is_some() && store.existed());
    store.apply(&[Change::HomeDc(5)]).unwrap();
    drop(store);
    let mut wanted = states[states.len() - 2].clone();
    wanted.home_dc = 5;
    assert_eq!(load(&path).unwrap(), wanted);
}

#[test]
fn a_file_that_was_removed_while_open_is_not_written_to() {
    use mtwire::session::{Change, SessionStore};
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.session");
    sample::write(&path);
    let store = FileStore::open(&path).unwrap();
    fs::rename(&path, dir.path().join("b.session")).unwrap();
    let before = store.with(State::clone);
    for change in [Change::HomeDc(5), Change::Dc(2, None)] {
        let error = store.apply(&[change]).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Replaced), "{error}");
    }
    assert_eq!(store.with(State::clone), before);
    assert_eq!(load(dir.path().join("b.session")).unwrap(), before);
}
