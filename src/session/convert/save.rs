//! Putting an imported session into a store.

use crate::session::{Change, Error, Peer, SessionStore, State};

/// Bytes of peers in one batch, which is one record of a file.
const BATCH: usize = 1 << 20;

/// Writes a whole session to an empty store, in batches of bounded size. The keys come last: what is there when it is
/// interrupted is a session without a login, and not a login without its peers.
///
/// # Errors
/// As [`SessionStore::apply`]; a part may then be there.
pub fn save(state: &State, store: &dyn SessionStore) -> Result<(), Error> {
    let mut batch = Vec::new();
    let mut size = 0;
    let peers = state.peers.values().map(|peer| (size_of_peer(peer), Change::Peer((**peer).clone())));
    let channels = state.channels.iter().map(|(&id, &pts)| (16, Change::Channel(id, Some(pts))));
    for (len, change) in peers.chain(channels) {
        if size + len > BATCH {
            store.apply(&batch)?;
            batch.clear();
            size = 0;
        }
        size += len;
        batch.push(change);
    }
    batch.extend([
        Change::App(state.app.clone()),
        Change::Network(state.network.clone()),
        Change::HomeDc(state.home_dc),
        Change::Updates(state.updates),
        Change::FutureAuthTokens(state.future_auth_tokens.clone()),
        Change::Login(state.login.clone()),
    ]);
    batch.extend(state.dcs.iter().map(|(&id, dc)| Change::Dc(id, Some((**dc).clone()))));
    batch.push(Change::User(state.user.clone()));
    store.apply(&batch)
}

fn size_of_peer(peer: &Peer) -> usize {
    let texts = [&peer.username, &peer.phone, &peer.name];
    64 + texts.into_iter().flatten().map(String::len).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::{FileStore, PeerKey, PeerKind, UpdateState, User, file::load};

    #[test]
    fn more_peers_than_one_batch_takes_are_all_there() {
        let mut state = State { home_dc: 2, user: Some(User::default()), ..State::default() };
        state.updates = Some(UpdateState { pts: 5, ..UpdateState::default() });
        for id in 1..=600 {
            let key = PeerKey { kind: PeerKind::User, id };
            let name = Some("n".repeat(60_000));
            let peer = Peer {
                key,
                access_hash: Some(id),
                min: false,
                bot_or_broadcast: false,
                username: None,
                phone: None,
                name,
            };
            state.peers.insert(key, Box::new(peer));
            state.channels.insert(id, 7);
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.session");
        save(&state, &FileStore::open(&path).unwrap()).unwrap();
        assert!(load(&path).unwrap() == state);
    }
}
