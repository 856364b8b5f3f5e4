//! Every type and function of every schema: what decodes is written again, and that decodes to the same.
//!
//! Input: a constructor id (any other 4 bytes choose one by their remainder), then the fields.

use std::{collections::HashMap, sync::OnceLock};

use bytes::Bytes;
use mtwire::tl::{Combinator, ErrorKind, api, mtproto, secret};

pub fn run(data: &[u8]) {
    let Some((id, fields)) = data.split_first_chunk::<4>() else { return };
    let table = table();
    let id = u32::from_le_bytes(*id);
    let at = table.by_id.get(&id).copied().unwrap_or(id as usize % table.all.len());
    let combinator = table.all[at];

    let packet = Bytes::from([&combinator.id.to_le_bytes(), fields].concat());
    let mut recoded = (combinator.recode)(packet.clone());
    if let Err(error) = recoded
        && let ErrorKind::TrailingBytes { left } = error.kind
    {
        assert!(error.offset + left == packet.len(), "{}: {error}", combinator.name);
        recoded = (combinator.recode)(packet.slice(..error.offset));
    }
    match recoded {
        // Not compared with the input: that may hold long forms of short strings, set bits of unknown flags, text
        // that is not UTF-8.
        Ok(once) => assert_eq!((combinator.recode)(once.clone()), Ok(once), "{}", combinator.name),
        Err(error) => assert!(error.offset <= packet.len(), "{}: {error}", combinator.name),
    }
}

struct Table {
    all: Vec<Combinator>,
    by_id: HashMap<u32, usize>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let all = [mtproto::COMBINATORS, api::COMBINATORS, secret::COMBINATORS].concat();
        let by_id = all.iter().enumerate().map(|(at, combinator)| (combinator.id, at)).collect();
        Table { all, by_id }
    })
}
