//! The worked example of `docs/session-format.md` is what the store writes.

use std::fs;

use mtwire::session::{
    App, Change, FileStore, Network, Secret, SessionStore, State, UpdateState, file::decode,
};

/// The bytes of the code block that is marked `hex`: each line is an offset, a colon, bytes, and what they are.
fn example() -> Vec<u8> {
    let text = include_str!("../../docs/session-format.md");
    let block = text.split("```hex\n").nth(1).unwrap().split("```").next().unwrap();
    let mut bytes = Vec::new();
    for line in block.lines() {
        let (offset, rest) = line.split_once(": ").unwrap();
        assert_eq!(usize::from_str_radix(offset, 16).unwrap(), bytes.len(), "{line}");
        let hex = rest.split("  ").next().unwrap();
        bytes.extend(hex.split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()));
    }
    bytes
}

#[test]
fn the_worked_example_is_what_is_written_and_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("example.session");
    let store = FileStore::open(&path).unwrap();
    let app = App { id: 12345, hash: Secret::from("0123456789abcdef0123456789abcdef") };
    store.apply(&[Change::App(Some(app)), Change::Network(Network::Test), Change::HomeDc(2)]).unwrap();
    store
        .apply(&[Change::Updates(Some(UpdateState { pts: 7, qts: 0, date: 1_700_000_000, seq: 1 }))])
        .unwrap();
    let written = fs::read(&path).unwrap();
    assert_eq!(written, example());
    assert_eq!(decode(&written).unwrap(), store.with(State::clone));
}
