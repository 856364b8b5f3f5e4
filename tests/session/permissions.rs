//! Modes, links and things that are not files.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
};

use mtwire::session::{Change, ErrorKind, FileStore, SessionStore, file::load};

use crate::sample;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn all_files_are_made_for_the_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.session");
    let store = FileStore::open(&path).unwrap();
    store.apply(&sample::batches()[0]).unwrap();
    assert_eq!((mode(&path), mode(&dir.path().join("a.session-lock"))), (0o600, 0o600));
}

#[test]
fn a_file_that_others_can_read_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.session");
    sample::write(&path);
    for loose in [0o640, 0o604, 0o620, 0o644] {
        fs::set_permissions(&path, fs::Permissions::from_mode(loose)).unwrap();
        for error in [FileStore::open(&path).unwrap_err(), load(&path).unwrap_err()] {
            assert!(matches!(error.kind, ErrorKind::ReadableByOthers { mode } if mode == loose), "{error}");
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
        assert_eq!(mode(&path), loose);
    }
}

#[test]
fn a_link_to_a_session_is_followed_and_stays_a_link() {
    let dir = tempfile::tempdir().unwrap();
    let (real, link) = (dir.path().join("real.session"), dir.path().join("link.session"));
    sample::write(&real);
    symlink("real.session", &link).unwrap();
    let store = FileStore::open(&link).unwrap();
    assert!(
        matches!(FileStore::open(&real).unwrap_err().kind, ErrorKind::InUse { .. }),
        "one lock for both names"
    );
    store.apply(&[Change::Dc(2, None)]).unwrap();
    drop(store);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(load(&real).unwrap().dcs.is_empty());
}

#[test]
fn what_is_not_a_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let link = dir.path().join("link.session");
    symlink("nowhere", &link).unwrap();
    for path in [&link, dir.path(), Path::new("/dev/null"), Path::new("/")] {
        let error = FileStore::open(path).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::NotAFile { .. } | ErrorKind::Io { .. }), "{error}");
    }
    assert!(matches!(FileStore::open(&link).unwrap_err().kind, ErrorKind::NotAFile { .. }));
}

#[test]
fn a_link_in_the_place_of_the_temporary_file_is_not_followed() {
    let dir = tempfile::tempdir().unwrap();
    let (path, victim) = (dir.path().join("a.session"), dir.path().join("victim"));
    fs::write(&victim, "precious").unwrap();
    symlink(&victim, dir.path().join("a.session-new")).unwrap();
    sample::write(&path);
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    assert!(load(&path).is_ok());
}

#[test]
fn a_missing_directory_is_named() {
    let error = FileStore::open("/no/such/directory/a.session").unwrap_err();
    assert!(
        error.to_string().starts_with("session /no/such/directory/a.session: cannot find the directory"),
        "{error}"
    );
}
