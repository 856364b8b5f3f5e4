//! The logged-in user, from the API's type to the session's.

use crate::{
    session::{Peer, PeerKey, PeerKind, User},
    tl::{enums, types},
};

/// What the session keeps of the user who logged in; `None` for `userEmpty`.
#[must_use]
pub fn session_user(user: &enums::User) -> Option<User> {
    let user = full(user)?;
    let text = |text: &Option<crate::tl::Str>| text.as_ref().map(ToString::to_string);
    Some(User {
        id: user.id,
        bot: user.bot,
        first_name: text(&user.first_name).unwrap_or_default(),
        last_name: text(&user.last_name).unwrap_or_default(),
        username: text(&user.username),
        phone: text(&user.phone),
    })
}

/// The same user as a peer, with the access hash.
#[must_use]
pub fn self_peer(user: &enums::User) -> Option<Peer> {
    let user = full(user)?;
    let name: Vec<&str> =
        [&user.first_name, &user.last_name].into_iter().flatten().map(|name| &**name).collect();
    Some(Peer {
        key: PeerKey { kind: PeerKind::User, id: user.id },
        access_hash: user.access_hash,
        min: user.min,
        bot_or_broadcast: user.bot,
        username: user.username.as_ref().map(ToString::to_string),
        phone: user.phone.as_ref().map(ToString::to_string),
        name: Some(name.join(" ")).filter(|name| !name.is_empty()),
    })
}

fn full(user: &enums::User) -> Option<&types::User> {
    match user {
        enums::User::User(user) => Some(user),
        enums::User::Empty(_) => None,
    }
}
