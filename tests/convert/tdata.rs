//! `tdata`: passcodes, several accounts, and damage.

use std::fs;
use std::path::PathBuf;

use mtwire::session::Secret;
use mtwire::session::convert::{Error, ErrorKind, Format, ImportOptions, Imported, Input, import, tdata};
use proptest::prelude::*;
use zeroize::Zeroizing;

use crate::fixtures::directory;

fn read(name: &str, passcode: Option<&str>, account: Option<u32>) -> Result<Imported, Error> {
    let passcode = passcode.map(Secret::from);
    let options = ImportOptions { passcode, account, ..ImportOptions::default() };
    import(Format::Tdata, Input::Path(&directory().join(name)), &options)
}

#[test]
fn a_passcode_that_is_missing_or_wrong_is_asked_for() {
    for name in ["tdata-7.2-passcode", "tdata-7.3-passcode"] {
        let kind = |passcode| read(name, passcode, Some(0)).unwrap_err().kind;
        assert!(matches!(kind(None), ErrorKind::PasscodeNeeded), "{name}");
        assert!(matches!(kind(Some("wrong")), ErrorKind::WrongPasscode), "{name}");
    }
    // Where there is none, one that is given cannot be told from a wrong one before 7.3.
    assert!(matches!(read("tdata-7.2", Some("x"), Some(0)).unwrap_err().kind, ErrorKind::WrongPasscode));
    assert!(read("tdata-7.3", Some("x"), Some(0)).is_ok());
}

#[test]
fn several_accounts_are_listed_and_one_is_chosen() {
    let error = read("tdata-7.3", None, None).unwrap_err();
    let list = "0 (user 777000111), 2 (user 7777777777)";
    assert!(error.to_string().ends_with(list), "{error}");
    let error = read("tdata-7.3", None, Some(1)).unwrap_err();
    assert!(error.to_string().ends_with(&format!("no account number 1; there are: {list}")), "{error}");
    assert_eq!(read("tdata-7.3", None, Some(2)).unwrap().state.user.unwrap().id, 7_777_777_777);
}

/// A copy of a fixture inside a directory, as it stands in a home.
fn copied(name: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("tdata");
    for folder in ["", "D877F783D5D3EF8C", "F8806DD0C461824F"] {
        fs::create_dir_all(to.join(folder)).unwrap();
        for entry in fs::read_dir(directory().join(name).join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                fs::copy(&path, to.join(folder).join(path.file_name().unwrap())).unwrap();
            }
        }
    }
    (dir, to)
}

fn in_home(dir: &tempfile::TempDir, account: Option<u32>) -> Result<Imported, Error> {
    let options = ImportOptions { account, ..ImportOptions::default() };
    import(Format::Tdata, Input::Path(dir.path()), &options)
}

#[test]
fn the_one_account_that_can_be_read_needs_no_number() {
    let (dir, to) = copied("tdata-7.3");
    assert!(in_home(&dir, Some(0)).is_ok());
    fs::remove_file(to.join("D877F783D5D3EF8Cs")).unwrap();
    assert_eq!(in_home(&dir, None).unwrap().state.user.unwrap().id, 7_777_777_777);
    assert!(matches!(in_home(&dir, Some(0)).unwrap_err().kind, ErrorKind::NoKey));
}

#[test]
fn a_damaged_file_is_named_and_its_older_copy_is_read() {
    let (dir, to) = copied("tdata-7.3");
    let path = to.join("key_datas");
    let good = fs::read(&path).unwrap();
    let mut bad = good.clone();
    bad[100] ^= 1;
    fs::write(&path, &bad).unwrap();
    let error = in_home(&dir, Some(0)).unwrap_err();
    assert!(error.to_string().contains("checksum of key_datas"), "{error}");
    fs::write(to.join("key_data1"), &good).unwrap();
    assert!(in_home(&dir, Some(0)).is_ok());
    fs::write(&path, &good[..good.len() - 1]).unwrap();
    fs::remove_file(to.join("key_data1")).unwrap();
    assert!(in_home(&dir, Some(0)).is_err());
    fs::remove_file(&path).unwrap();
    assert!(in_home(&dir, Some(0)).unwrap_err().to_string().contains("no key_datas"));
}

fn md5(parts: &[&[u8]]) -> [u8; 16] {
    use md5::Digest;
    parts.iter().fold(md5::Md5::new(), |hash, part| hash.chain_update(part)).finalize().into()
}

/// A container with the right checksum.
fn container(content: &[u8]) -> Vec<u8> {
    let (len, version) = (u32::try_from(content.len()).unwrap().to_le_bytes(), 7_003_000_u32.to_le_bytes());
    [b"TDF$", &version, content, &md5(&[content, &len, &version, b"TDF$"])].concat()
}

proptest! {
    #[test]
    fn made_up_files_never_panic(
        key_data in prop::collection::vec(any::<u8>(), 0..200),
        length in 0_u32..80,
        sealed: bool,
    ) {
        let content = [&length.to_be_bytes()[..], &key_data].concat();
        let file = if sealed { container(&content) } else { key_data };
        let mut files = |name: &str| Ok((name == "key_datas").then(|| Zeroizing::new(file.clone())));
        prop_assert!(tdata::read(&mut files, &ImportOptions::default()).is_err());
    }

    /// Behind the checksum: every change of the key file's content is noticed.
    #[test]
    fn a_changed_key_file_with_a_right_checksum_is_an_error_or_the_same(
        at: prop::sample::Index,
        with in 1_u8..,
    ) {
        let good = fs::read(directory().join("tdata-7.2/key_datas")).unwrap();
        let mut content = good[8..good.len() - 16].to_vec();
        let at = at.index(content.len());
        content[at] ^= with;
        let file = container(&content);
        let account = fs::read(directory().join("tdata-7.2/D877F783D5D3EF8Cs")).unwrap();
        let mut files = |name: &str| Ok(match name {
            "key_datas" => Some(Zeroizing::new(file.clone())),
            "D877F783D5D3EF8Cs" => Some(Zeroizing::new(account.clone())),
            _ => None,
        });
        let options = ImportOptions { account: Some(0), ..ImportOptions::default() };
        prop_assert!(tdata::read(&mut files, &options).is_err());
    }
}
