//! The session file, whole and behind its checksums.
//!
//! Input: a byte that chooses what the rest is: 0 a file; 1 the payload of a record; else pieces, each a length
//! byte and as many bytes, that are made a file with right checksums: the first is the snapshot, the others are
//! appended. The byte then also says where that file is cut.

use mtwire::session::file::{VERSION, decode, decode_payload, examine};

use super::input::Input;

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    match input.u8() {
        0 => look(input.rest()),
        1 => {
            let payload = input.rest();
            if let Err(error) = decode_payload(payload) {
                assert!(error.offset <= payload.len(), "{error}");
            }
        }
        cut => file(cut, input),
    }
}

/// Looking for damage finds what reading finds.
fn look(file: &[u8]) {
    match (decode(file), examine(file, None)) {
        (Ok(state), Ok(report)) => assert!(report.is_whole() && report.state == state, "{report:?}"),
        (Ok(state), Err(error)) => panic!("{error}: {state:?}"),
        (Err(error), Ok(report)) => {
            let first = report.damage.first().expect("what cannot be read is damaged");
            assert!(first.offset <= error.offset as u64, "{error}: {first:?}");
            assert!(report.damage.iter().is_sorted_by_key(|damage| damage.offset));
        }
        (Err(_), Err(_)) => {}
    }
}

fn file(cut: u8, mut input: Input<'_>) {
    let mut file = vec![0; 24];
    let mut snapshot_end = None;
    let mut payloads = Vec::new();
    while !input.is_empty() {
        let len = input.u8();
        let payload = input.take(len.into());
        if payload.is_empty() {
            continue;
        }
        append(&mut file, payload);
        payloads.push(payload);
        snapshot_end.get_or_insert(file.len());
    }
    let snapshot_end = snapshot_end.unwrap_or(file.len());
    file[..8].copy_from_slice(b"\x8dMTW\r\n\x1a\n");
    file[8..10].copy_from_slice(&VERSION.to_le_bytes());
    file[12..20].copy_from_slice(&(snapshot_end as u64).to_le_bytes());
    let check = crc32fast::hash(&file[..20]);
    file[20..24].copy_from_slice(&check.to_le_bytes());

    look(&file);
    let whole = decode(&file);
    if let [payload] = payloads[..] {
        let alone = decode_payload(payload);
        assert_eq!(whole.is_ok(), alone.is_ok(), "{whole:?} {alone:?}");
    }
    // What a crash leaves of a good file is a good file.
    if whole.is_ok() {
        let keep = snapshot_end + usize::from(cut) % (file.len() - snapshot_end + 1);
        let torn = decode(&file[..keep]);
        assert!(torn.is_ok(), "cut to {keep} of {}: {torn:?}", file.len());
    }
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
