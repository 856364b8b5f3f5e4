//! What a session file of 100,000 peers costs: one more peer, and opening it. `cargo bench --bench session`.
//!
//! One more peer is an append and an fdatasync, so that most of it is the disk's; the snapshots that are due now and then
//! are in it.

use std::path::{Path, PathBuf};

use criterion::{Criterion, criterion_group, criterion_main};
use mtwire::session::file::{Cost, Passphrase, load_with};
use mtwire::session::{Change, FileStore, Peer, PeerKey, PeerKind, SessionStore};

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

fn large(dir: &Path, name: &str, passphrase: Option<&Passphrase>) -> (PathBuf, FileStore) {
    let path = dir.join(name);
    let store = FileStore::open_with(&path, passphrase).unwrap();
    store.apply(&(0..PEERS).map(peer).collect::<Vec<_>>()).unwrap();
    (path, store)
}

fn session(c: &mut Criterion) {
    let dir = tempfile::tempdir().unwrap();
    // What the passphrase costs is measured by itself.
    let cheap = Passphrase::new("x").cost(Cost { memory_kib: 8, passes: 1, lanes: 1 });
    for (form, passphrase) in [("plain", None), ("encrypted", Some(&cheap))] {
        let (path, store) = large(dir.path(), &format!("{form}.session"), passphrase);
        c.bench_function(&format!("open 100,000 peers, {form}"), |b| {
            b.iter(|| load_with(&path, passphrase).unwrap());
        });
        let mut id = PEERS;
        c.bench_function(&format!("one more peer of 100,000, {form}"), |b| {
            b.iter(|| {
                id += 1;
                store.apply(&[peer(id)]).unwrap();
            });
        });
    }
    let usual = Passphrase::new("x");
    let path = dir.path().join("small.session");
    FileStore::open_with(&path, Some(&usual)).unwrap().apply(&[Change::HomeDc(2)]).unwrap();
    c.bench_function("the passphrase of a file", |b| b.iter(|| load_with(&path, Some(&usual)).unwrap()));
}

criterion_group!(benches, session);
criterion_main!(benches);
