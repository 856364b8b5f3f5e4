//! A state as the fields of a hash: the name says which thing it is, the value is the change that sets it, encoded as
//! in a record of the session file (`docs/session-format.md`, "Changes").

use crate::session::{
    Change, ErrorKind, PeerKind, State,
    change::Slot,
    file::{decode_changes, encode_change},
};

/// The field that says how the others are to be read.
pub(super) const FORMAT: &str = "format";
/// The only format so far.
pub(super) const VERSION: &str = "1";

/// The name of a thing.
pub(super) fn name(slot: Slot) -> String {
    match slot {
        Slot::App => "app".to_owned(),
        Slot::Network => "network".to_owned(),
        Slot::HomeDc => "home_dc".to_owned(),
        Slot::Dc(id) => format!("dc:{id}"),
        Slot::User => "user".to_owned(),
        Slot::Login => "login".to_owned(),
        Slot::FutureAuthTokens => "tokens".to_owned(),
        Slot::Updates => "updates".to_owned(),
        Slot::Channel(id) => format!("channel:{id}"),
        Slot::Peer(key) => {
            let kind = match key.kind {
                PeerKind::User => "user",
                PeerKind::Chat => "chat",
                PeerKind::Channel => "channel",
            };
            format!("peer:{kind}:{}", key.id)
        }
    }
}

/// The value of the field that a change sets; `None` when it removes it.
pub(super) fn value(change: &Change) -> Option<zeroize::Zeroizing<Vec<u8>>> {
    match change {
        Change::App(None)
        | Change::Dc(_, None)
        | Change::User(None)
        | Change::Login(None)
        | Change::Updates(None)
        | Change::Channel(_, None)
        | Change::ForgetPeer(_) => None,
        change => Some(encode_change(change)),
    }
}

/// Reads all fields of a session.
pub(super) fn read(fields: &[(Vec<u8>, Vec<u8>)]) -> Result<State, ErrorKind> {
    let mut state = State::default();
    let mut version = None;
    for (field, value) in fields {
        let field = String::from_utf8_lossy(field);
        if field == FORMAT {
            version = Some(String::from_utf8_lossy(value).into_owned());
            continue;
        }
        let bad = || ErrorKind::BadField { field: field.to_string() };
        let changes = decode_changes(value).map_err(|_| bad())?;
        let [change] = &changes[..] else { return Err(bad()) };
        if name(change.slot()) != field {
            return Err(bad());
        }
        state.apply(change);
    }
    match version.as_deref() {
        Some(VERSION) => Ok(state),
        None if fields.is_empty() => Ok(state),
        // A later version, or something that is no session at all.
        _ => Err(ErrorKind::BadField { field: FORMAT.to_owned() }),
    }
}
