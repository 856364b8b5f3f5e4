//! The ways in which a state changes.

use super::{App, Dc, Network, Peer, PeerKey, PendingLogin, Secret, UpdateState, User};

/// One change of a [`State`](super::State): the unit that is written to disk. Each sets one thing to a value, so that
/// applying it twice does no harm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The application's credentials.
    App(Option<App>),
    /// Which servers.
    Network(Network),
    /// The DC that the account lives on, 1..=5 at Telegram; 0 when unknown.
    HomeDc(i32),
    /// Everything about DC `0`; `None` forgets it.
    Dc(i32, Option<Dc>),
    /// Who is logged in.
    User(Option<User>),
    /// The unfinished login.
    Login(Option<PendingLogin>),
    /// Tokens of earlier log-outs, oldest first (AU-6); more than [`State::MAX_TOKENS`](super::State::MAX_TOKENS) are cut
    /// from the front.
    FutureAuthTokens(Vec<Secret>),
    /// The common update state.
    Updates(Option<UpdateState>),
    /// `pts` of channel `0`; `None` forgets it.
    Channel(i64, Option<i32>),
    /// A peer was seen.
    Peer(Peer),
    /// A peer is to be forgotten.
    ForgetPeer(PeerKey),
}

/// The thing that a change sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Slot {
    App,
    Network,
    HomeDc,
    Dc(i32),
    User,
    Login,
    FutureAuthTokens,
    Updates,
    Channel(i64),
    Peer(PeerKey),
}

impl Change {
    pub(super) fn slot(&self) -> Slot {
        match self {
            Self::App(_) => Slot::App,
            Self::Network(_) => Slot::Network,
            Self::HomeDc(_) => Slot::HomeDc,
            Self::Dc(id, _) => Slot::Dc(*id),
            Self::User(_) => Slot::User,
            Self::Login(_) => Slot::Login,
            Self::FutureAuthTokens(_) => Slot::FutureAuthTokens,
            Self::Updates(_) => Slot::Updates,
            Self::Channel(id, _) => Slot::Channel(*id),
            Self::Peer(peer) => Slot::Peer(peer.key),
            Self::ForgetPeer(key) => Slot::Peer(*key),
        }
    }
}
