//! The payload of a record: one batch of changes, each a tag byte and its fields (`docs/session-format.md`, "Changes").

use super::{
    codec::{Decoder, Encoder},
    format::{FormatError, FormatErrorKind},
};
use crate::{
    crypto::AuthKey,
    session::{
        App, Change, CodeVia, Dc, DcAddress, Network, Peer, PeerKey, PeerKind, PendingLogin, Salt, Secret,
        Stage, State, Terms, UpdateState, User,
    },
};

type Result<T> = std::result::Result<T, FormatErrorKind>;

const APP: u8 = 1;
const NETWORK: u8 = 2;
const HOME_DC: u8 = 3;
const DC: u8 = 4;
const USER: u8 = 5;
const LOGIN: u8 = 6;
const TOKENS: u8 = 7;
const UPDATES: u8 = 8;
const CHANNEL: u8 = 9;
const PEER: u8 = 10;
const FORGET_PEER: u8 = 11;

/// Appends one change.
pub(super) fn encode(w: &mut Encoder, change: &Change) {
    match change {
        Change::App(app) => encode_app(w, app.as_ref()),
        Change::Network(network) => encode_network(w, network),
        Change::HomeDc(dc) => encode_home_dc(w, *dc),
        Change::Dc(id, dc) => encode_dc(w, *id, dc.as_ref()),
        Change::User(user) => encode_user(w, user.as_ref()),
        Change::Login(login) => encode_login(w, login.as_ref()),
        Change::FutureAuthTokens(tokens) => encode_tokens(w, tokens),
        Change::Updates(updates) => encode_updates(w, *updates),
        Change::Channel(id, pts) => encode_channel(w, *id, *pts),
        Change::Peer(peer) => encode_peer(w, peer),
        Change::ForgetPeer(key) => {
            w.u8(FORGET_PEER);
            encode_peer_key(w, *key);
        }
    }
}

/// Writes a whole state as the changes that make it from nothing; `flush` is called after each of them and may take
/// what has gathered. Works on references, so that no key is copied.
///
/// What both this and [`encode`] call is not compiled into either.
pub(super) fn encode_state(state: &State, w: &mut Encoder, mut flush: impl FnMut(&mut Encoder)) {
    if state.app.is_some() {
        encode_app(w, state.app.as_ref());
        flush(w);
    }
    encode_network(w, &state.network);
    flush(w);
    encode_home_dc(w, state.home_dc);
    flush(w);
    for (&id, dc) in &state.dcs {
        encode_dc(w, id, Some(dc));
        flush(w);
    }
    if state.user.is_some() {
        encode_user(w, state.user.as_ref());
        flush(w);
    }
    if state.login.is_some() {
        encode_login(w, state.login.as_ref());
        flush(w);
    }
    if !state.future_auth_tokens.is_empty() {
        encode_tokens(w, &state.future_auth_tokens);
        flush(w);
    }
    if state.updates.is_some() {
        encode_updates(w, state.updates);
        flush(w);
    }
    for (&id, &pts) in &state.channels {
        encode_channel(w, id, Some(pts));
        flush(w);
    }
    for peer in state.peers.values() {
        encode_peer(w, peer);
        flush(w);
    }
}

/// Applies the changes of one payload to `state`.
pub(super) fn replay(payload: &[u8], state: &mut State) -> std::result::Result<(), FormatError> {
    decode_all(payload, |change| state.apply(&change))
}

/// The changes of one payload: all of them or none.
pub(in crate::session) fn read(payload: &[u8]) -> std::result::Result<Vec<Change>, FormatError> {
    let mut changes = Vec::new();
    decode_all(payload, |change| changes.push(change))?;
    Ok(changes)
}

fn decode_all(payload: &[u8], mut take: impl FnMut(Change)) -> std::result::Result<(), FormatError> {
    let mut r = Decoder::new(payload);
    while !r.is_empty() {
        let offset = r.position();
        take(decode(&mut r).map_err(|kind| FormatError { offset, kind })?);
    }
    Ok(())
}

fn decode(r: &mut Decoder<'_>) -> Result<Change> {
    Ok(match r.u8()? {
        APP => Change::App(r.option(|r| Ok(App { id: r.i32()?, hash: secret(r)? }))?),
        NETWORK => Change::Network(match r.u8()? {
            0 => Network::Production,
            1 => Network::Test,
            2 => Network::Custom {
                public_keys: r.list(Decoder::string)?.into_iter().map(Into::into).collect(),
            },
            _ => return Err(FormatErrorKind::BadValue),
        }),
        HOME_DC => Change::HomeDc(r.i32()?),
        DC => Change::Dc(r.i32()?, r.option(decode_dc)?),
        USER => Change::User(r.option(decode_user)?),
        LOGIN => Change::Login(r.option(decode_login)?),
        TOKENS => Change::FutureAuthTokens(r.list(secret)?),
        UPDATES => {
            Change::Updates(r.option(|r| {
                Ok(UpdateState { pts: r.i32()?, qts: r.i32()?, date: r.i32()?, seq: r.i32()? })
            })?)
        }
        CHANNEL => Change::Channel(r.i64()?, r.option(Decoder::i32)?),
        PEER => Change::Peer(decode_peer(r)?),
        FORGET_PEER => Change::ForgetPeer(decode_peer_key(r)?),
        tag => return Err(FormatErrorKind::UnknownChange { tag }),
    })
}

fn secret(r: &mut Decoder<'_>) -> Result<Secret> {
    r.bytes().map(Secret::from)
}

fn encode_text<T: AsRef<str>>(w: &mut Encoder, text: &T) {
    w.bytes(text.as_ref().as_bytes());
}

#[inline(never)]
fn encode_app(w: &mut Encoder, app: Option<&App>) {
    w.u8(APP);
    w.option(app, |w, app| {
        w.i32(app.id);
        w.bytes(app.hash.expose());
    });
}

#[inline(never)]
fn encode_network(w: &mut Encoder, network: &Network) {
    w.u8(NETWORK);
    match network {
        Network::Production => w.u8(0),
        Network::Test => w.u8(1),
        Network::Custom { public_keys } => {
            w.u8(2);
            w.list(public_keys, encode_text);
        }
    }
}

fn encode_home_dc(w: &mut Encoder, dc: i32) {
    w.u8(HOME_DC);
    w.i32(dc);
}

#[inline(never)]
fn encode_dc(w: &mut Encoder, id: i32, dc: Option<&Dc>) {
    w.u8(DC);
    w.i32(id);
    w.option(dc, |w, dc| {
        w.u8(dc.auth_key.as_ref().map_or(0, |_| 1 + u8::from(dc.authorized)));
        if let Some(key) = &dc.auth_key {
            w.raw(key.as_bytes());
        }
        w.list(&dc.salts, |w, salt| {
            w.i64(salt.valid_since);
            w.i64(salt.valid_until);
            w.i64(salt.salt);
        });
        w.i64(dc.time_offset);
        w.list(&dc.addresses, |w, address| {
            encode_text(w, &address.host);
            w.u16(address.port);
            w.u8(u8::from(address.media_only)
                | u8::from(address.obfuscated_only) << 1
                | u8::from(address.cdn) << 2
                | u8::from(address.is_static) << 3
                | u8::from(address.this_port_only) << 4);
            w.option(address.secret.as_ref(), |w, secret| w.bytes(secret.expose()));
        });
    });
}

fn decode_dc(r: &mut Decoder<'_>) -> Result<Dc> {
    let key = r.u8()?;
    if key > 2 {
        return Err(FormatErrorKind::BadValue);
    }
    Ok(Dc {
        auth_key: if key > 0 { Some(AuthKey::from_bytes(r.array()?)) } else { None },
        authorized: key == 2,
        salts: r.list(|r| Ok(Salt { valid_since: r.i64()?, valid_until: r.i64()?, salt: r.i64()? }))?,
        time_offset: r.i64()?,
        addresses: r.list(|r| {
            let (host, port) = (r.string()?, r.u16()?);
            let [media_only, obfuscated_only, cdn, is_static, this_port_only] = flags(r)?;
            let secret = r.option(secret)?;
            Ok(DcAddress { host, port, media_only, obfuscated_only, cdn, is_static, this_port_only, secret })
        })?,
    })
}

/// A byte of `N` flags, the first in the lowest bit; other bits must be 0.
fn flags<const N: usize>(r: &mut Decoder<'_>) -> Result<[bool; N]> {
    let byte = r.u8()?;
    if u32::from(byte) >> N != 0 {
        return Err(FormatErrorKind::BadValue);
    }
    Ok(std::array::from_fn(|bit| byte >> bit & 1 == 1))
}

#[inline(never)]
fn encode_user(w: &mut Encoder, user: Option<&User>) {
    w.u8(USER);
    w.option(user, |w, user| {
        w.i64(user.id);
        w.bool(user.bot);
        encode_text(w, &user.first_name);
        encode_text(w, &user.last_name);
        w.option(user.username.as_ref(), encode_text);
        w.option(user.phone.as_ref(), encode_text);
    });
}

fn decode_user(r: &mut Decoder<'_>) -> Result<User> {
    Ok(User {
        id: r.i64()?,
        bot: r.bool()?,
        first_name: r.string()?,
        last_name: r.string()?,
        username: r.option(Decoder::string)?,
        phone: r.option(Decoder::string)?,
    })
}

#[inline(never)]
fn encode_login(w: &mut Encoder, login: Option<&PendingLogin>) {
    w.u8(LOGIN);
    w.option(login, |w, login| {
        encode_text(w, &login.phone);
        w.bytes(login.phone_code_hash.expose());
        w.i32(login.dc);
        w.i64(login.sent_at);
        w.u8(via_to_byte(login.via));
        w.option(login.length, Encoder::u32);
        w.option(login.hint.as_ref(), encode_text);
        w.option(login.next.map(via_to_byte), Encoder::u8);
        w.option(login.timeout, Encoder::u32);
        match &login.stage {
            Stage::Code => w.u8(0),
            Stage::Password => w.u8(1),
            Stage::SignUp { terms } => {
                w.u8(2);
                w.option(terms.as_ref(), |w, terms| {
                    encode_text(w, &terms.text);
                    w.option(terms.min_age, Encoder::u32);
                });
            }
            Stage::EmailSetup => w.u8(3),
            Stage::EmailVerify { address, length } => {
                w.u8(4);
                encode_text(w, address);
                w.option(*length, Encoder::u32);
            }
            Stage::EmailCode { reset_wait, reset_at } => {
                w.u8(5);
                w.option(*reset_wait, Encoder::u32);
                w.option(*reset_at, Encoder::i64);
            }
            Stage::Recovery { pattern } => {
                w.u8(6);
                encode_text(w, pattern);
            }
        }
    });
}

fn decode_login(r: &mut Decoder<'_>) -> Result<PendingLogin> {
    Ok(PendingLogin {
        phone: r.string()?,
        phone_code_hash: secret(r)?,
        dc: r.i32()?,
        sent_at: r.i64()?,
        via: via(r)?,
        length: r.option(Decoder::u32)?,
        hint: r.option(Decoder::string)?,
        next: r.option(via)?,
        timeout: r.option(Decoder::u32)?,
        stage: match r.u8()? {
            0 => Stage::Code,
            1 => Stage::Password,
            2 => Stage::SignUp {
                terms: r.option(|r| Ok(Terms { text: r.string()?, min_age: r.option(Decoder::u32)? }))?,
            },
            3 => Stage::EmailSetup,
            4 => Stage::EmailVerify { address: r.string()?, length: r.option(Decoder::u32)? },
            5 => Stage::EmailCode { reset_wait: r.option(Decoder::u32)?, reset_at: r.option(Decoder::i64)? },
            6 => Stage::Recovery { pattern: r.string()? },
            _ => return Err(FormatErrorKind::BadValue),
        },
    })
}

const VIAS: [CodeVia; 11] = [
    CodeVia::App,
    CodeVia::Sms,
    CodeVia::Call,
    CodeVia::FlashCall,
    CodeVia::MissedCall,
    CodeVia::Email,
    CodeVia::EmailSetup,
    CodeVia::Fragment,
    CodeVia::Firebase,
    CodeVia::Word,
    CodeVia::Phrase,
];

fn via_to_byte(via: CodeVia) -> u8 {
    match via {
        CodeVia::App => 0,
        CodeVia::Sms => 1,
        CodeVia::Call => 2,
        CodeVia::FlashCall => 3,
        CodeVia::MissedCall => 4,
        CodeVia::Email => 5,
        CodeVia::EmailSetup => 6,
        CodeVia::Fragment => 7,
        CodeVia::Firebase => 8,
        CodeVia::Word => 9,
        CodeVia::Phrase => 10,
    }
}

fn via(r: &mut Decoder<'_>) -> Result<CodeVia> {
    VIAS.get(usize::from(r.u8()?)).copied().ok_or(FormatErrorKind::BadValue)
}

#[inline(never)]
fn encode_tokens(w: &mut Encoder, tokens: &[Secret]) {
    w.u8(TOKENS);
    w.list(tokens, |w, token| w.bytes(token.expose()));
}

fn encode_updates(w: &mut Encoder, updates: Option<UpdateState>) {
    w.u8(UPDATES);
    w.option(updates, |w, updates| {
        w.i32(updates.pts);
        w.i32(updates.qts);
        w.i32(updates.date);
        w.i32(updates.seq);
    });
}

fn encode_channel(w: &mut Encoder, id: i64, pts: Option<i32>) {
    w.u8(CHANNEL);
    w.i64(id);
    w.option(pts, Encoder::i32);
}

fn encode_peer_key(w: &mut Encoder, key: PeerKey) {
    w.u8(match key.kind {
        PeerKind::User => 0,
        PeerKind::Chat => 1,
        PeerKind::Channel => 2,
    });
    w.i64(key.id);
}

fn decode_peer_key(r: &mut Decoder<'_>) -> Result<PeerKey> {
    let kind = match r.u8()? {
        0 => PeerKind::User,
        1 => PeerKind::Chat,
        2 => PeerKind::Channel,
        _ => return Err(FormatErrorKind::BadValue),
    };
    Ok(PeerKey { kind, id: r.i64()? })
}

#[inline(never)]
fn encode_peer(w: &mut Encoder, peer: &Peer) {
    w.u8(PEER);
    encode_peer_key(w, peer.key);
    w.option(peer.access_hash, Encoder::i64);
    w.u8(u8::from(peer.min) | u8::from(peer.bot_or_broadcast) << 1);
    w.option(peer.username.as_ref(), encode_text);
    w.option(peer.phone.as_ref(), encode_text);
    w.option(peer.name.as_ref(), encode_text);
}

fn decode_peer(r: &mut Decoder<'_>) -> Result<Peer> {
    let (key, access_hash) = (decode_peer_key(r)?, r.option(Decoder::i64)?);
    let [min, bot_or_broadcast] = flags(r)?;
    Ok(Peer {
        key,
        access_hash,
        min,
        bot_or_broadcast,
        username: r.option(Decoder::string)?,
        phone: r.option(Decoder::string)?,
        name: r.option(Decoder::string)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_sending_has_its_byte() {
        for (byte, via) in VIAS.into_iter().enumerate() {
            assert_eq!(usize::from(via_to_byte(via)), byte);
        }
    }

    #[test]
    fn a_list_that_claims_more_than_there_is_is_refused_before_it_is_read() {
        let payload = [TOKENS, 0xff, 0xff, 0xff, 0xff, 0, 0];
        let error = replay(&payload, &mut State::default()).unwrap_err();
        assert_eq!(error, FormatError { offset: 0, kind: FormatErrorKind::FieldOverrun });
    }

    #[test]
    fn an_unknown_change_is_named() {
        let error = replay(&[HOME_DC, 1, 0, 0, 0, 0xee], &mut State::default()).unwrap_err();
        assert_eq!(error, FormatError { offset: 5, kind: FormatErrorKind::UnknownChange { tag: 0xee } });
    }
}
