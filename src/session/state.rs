//! The whole of a session in memory.

use std::collections::BTreeMap;

#[cfg(feature = "redis-store")]
use super::change::Slot;
use super::{App, Change, Dc, Network, Peer, PeerKey, PendingLogin, Secret, UpdateState, User};

/// Everything that a session holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The application's credentials.
    pub app: Option<App>,
    /// Which servers.
    pub network: Network,
    /// The DC that the account lives on; 0 when unknown.
    pub home_dc: i32,
    /// The DCs by number. Each behind a pointer: a node of the map has room for eleven.
    pub dcs: BTreeMap<i32, Box<Dc>>,
    /// Who is logged in.
    pub user: Option<User>,
    /// The unfinished login.
    pub login: Option<PendingLogin>,
    /// Tokens of earlier log-outs, oldest first.
    pub future_auth_tokens: Vec<Secret>,
    /// The common update state.
    pub updates: Option<UpdateState>,
    /// `pts` by channel id.
    pub channels: BTreeMap<i64, i32>,
    /// The peers seen, each behind a pointer as well.
    pub peers: BTreeMap<PeerKey, Box<Peer>>,
}

/// Through so many changes of a batch it is looked for an earlier one of the same thing.
const LOOKED_THROUGH: usize = 64;

impl State {
    /// The number of future auth tokens kept and sent (AU-6).
    pub const MAX_TOKENS: usize = 20;

    /// Applies one change.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::App(app) => self.app.clone_from(app),
            Change::Network(network) => self.network.clone_from(network),
            Change::HomeDc(dc) => self.home_dc = *dc,
            Change::Dc(id, Some(dc)) => _ = self.dcs.insert(*id, Box::new(dc.clone())),
            Change::Dc(id, None) => _ = self.dcs.remove(id),
            Change::User(user) => self.user.clone_from(user),
            Change::Login(login) => self.login.clone_from(login),
            Change::FutureAuthTokens(tokens) => {
                self.future_auth_tokens = tokens[tokens.len().saturating_sub(Self::MAX_TOKENS)..].to_vec();
            }
            Change::Updates(updates) => self.updates = *updates,
            Change::Channel(id, Some(pts)) => _ = self.channels.insert(*id, *pts),
            Change::Channel(id, None) => _ = self.channels.remove(id),
            Change::Peer(peer) => _ = self.peers.insert(peer.key, Box::new(peer.clone())),
            Change::ForgetPeer(key) => _ = self.peers.remove(key),
        }
    }

    /// The changes of a batch that make a difference: those that set a thing to what it is are left out, unless an
    /// earlier one of the batch has changed it, or it is too long to see that at a glance: then they do no harm.
    pub(super) fn news<'a>(&self, changes: &'a [Change]) -> Vec<&'a Change> {
        let mut news: Vec<&Change> = Vec::new();
        for change in changes {
            let may_differ =
                || news.len() > LOOKED_THROUGH || news.iter().any(|earlier| earlier.slot() == change.slot());
            if !self.holds(change) || may_differ() {
                news.push(change);
            }
        }
        news
    }

    /// The change that sets a thing to what it is.
    #[cfg(feature = "redis-store")]
    pub(super) fn change_of(&self, slot: Slot) -> Change {
        match slot {
            Slot::App => Change::App(self.app.clone()),
            Slot::Network => Change::Network(self.network.clone()),
            Slot::HomeDc => Change::HomeDc(self.home_dc),
            Slot::Dc(id) => Change::Dc(id, self.dc(id).cloned()),
            Slot::User => Change::User(self.user.clone()),
            Slot::Login => Change::Login(self.login.clone()),
            Slot::FutureAuthTokens => Change::FutureAuthTokens(self.future_auth_tokens.clone()),
            Slot::Updates => Change::Updates(self.updates),
            Slot::Channel(id) => Change::Channel(id, self.channels.get(&id).copied()),
            Slot::Peer(key) => {
                self.peers.get(&key).map_or(Change::ForgetPeer(key), |peer| Change::Peer((**peer).clone()))
            }
        }
    }

    /// Whether applying `change` would leave everything as it is.
    fn holds(&self, change: &Change) -> bool {
        match change {
            Change::App(app) => self.app == *app,
            Change::Network(network) => self.network == *network,
            Change::HomeDc(dc) => self.home_dc == *dc,
            Change::Dc(id, dc) => self.dc(*id) == dc.as_ref(),
            Change::User(user) => self.user == *user,
            Change::Login(login) => self.login == *login,
            Change::FutureAuthTokens(tokens) => self.future_auth_tokens == *tokens,
            Change::Updates(updates) => self.updates == *updates,
            Change::Channel(id, pts) => self.channels.get(id) == pts.as_ref(),
            Change::Peer(peer) => self.peers.get(&peer.key).is_some_and(|known| **known == *peer),
            Change::ForgetPeer(key) => !self.peers.contains_key(key),
        }
    }

    /// Whether `change` makes an auth key worthless.
    pub(super) fn drops_key(&self, change: &Change) -> bool {
        let Change::Dc(id, dc) = change else { return false };
        let old = self.dcs.get(id).and_then(|dc| dc.auth_key.as_ref());
        old.is_some() && old != dc.as_ref().and_then(|dc| dc.auth_key.as_ref())
    }

    /// The home DC's record, if there is one.
    #[must_use]
    pub fn home(&self) -> Option<&Dc> {
        self.dc(self.home_dc)
    }

    /// A DC's record, if there is one.
    #[must_use]
    pub fn dc(&self, id: i32) -> Option<&Dc> {
        self.dcs.get(&id).map(Box::as_ref)
    }

    /// The changes that make a log-out: everything that the account or its key made worthless goes, and what the next
    /// login needs stays (application, network, addresses, tokens). `token` is that of `auth.loggedOut`.
    #[must_use]
    pub fn log_out(&self, token: Option<Secret>) -> Vec<Change> {
        let mut tokens = self.future_auth_tokens.clone();
        tokens.extend(token);
        let mut changes = vec![
            Change::User(None),
            Change::Login(None),
            Change::Updates(None),
            Change::FutureAuthTokens(tokens),
        ];
        changes.extend(self.dcs.iter().map(|(&id, dc)| {
            let kept = Dc { addresses: dc.addresses.clone(), time_offset: dc.time_offset, ..Dc::default() };
            Change::Dc(id, Some(kept))
        }));
        changes.extend(self.channels.keys().map(|&id| Change::Channel(id, None)));
        // Access hashes are valid for one account only.
        changes.extend(self.peers.keys().map(|&key| Change::ForgetPeer(key)));
        changes
    }
}
