//! What a change of a large session costs.

use std::fs;

use mtwire::session::{Change, FileStore, Peer, PeerKey, PeerKind, SessionStore, file::Passphrase};

use crate::sample::passphrase;

const PEERS: i64 = 100_000;

fn peer(id: i64) -> Change {
    Change::Peer(Peer {
        key: PeerKey { kind: PeerKind::User, id },
        access_hash: Some(!id),
        min: false,
        bot_or_broadcast: false,
        username: Some(format!("user_{id:06}")),
        phone: None,
        name: Some(format!("Name {id:06}")),
    })
}

#[cfg(unix)]
fn identity(path: &std::path::Path) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path).unwrap();
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn identity(_path: &std::path::Path) {}

/// What one more peer adds to a file of very many, in bytes.
fn one_more(passphrase: Option<&Passphrase>) -> usize {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("large.session");
    let store = FileStore::open_with(&path, passphrase).unwrap();
    store.apply(&(0..PEERS).map(peer).collect::<Vec<_>>()).unwrap();
    let before = fs::read(&path).unwrap();
    assert!(before.len() > 4_000_000);
    let file = identity(&path);
    store.apply(&[peer(PEERS)]).unwrap();
    let after = fs::read(&path).unwrap();
    assert!(after.starts_with(&before), "what stood there was written again");
    assert_eq!(identity(&path), file, "another file took its place");
    drop(store);
    let store = FileStore::open_with(&path, passphrase).unwrap();
    assert_eq!(store.with(|state| state.peers.len() as i64), PEERS + 1);
    after.len() - before.len()
}

#[test]
fn one_more_peer_of_a_hundred_thousand_is_one_record() {
    // The change: tag, kind and id, access hash, flags, and three optional texts; head, checksum and padding around it.
    let change: usize = 1 + 9 + 9 + 1 + (1 + 4 + 11) + 1 + (1 + 4 + 11);
    assert_eq!(one_more(None), (8 + change + 4).next_multiple_of(8));
    assert_eq!(one_more(Some(&passphrase("x"))), (8 + 24 + change + 16 + 4).next_multiple_of(8));
}
