//! What holds for every state, and the rule for torn tails on bytes made for it.

use proptest::{collection::vec, option, prelude::*};

use super::format::{self, FormatError, FormatErrorKind, HEADER_LEN};
use crate::{
    crypto::AuthKey,
    session::{
        App, Change, CodeVia, Dc, DcAddress, Network, Peer, PeerKey, PeerKind, PendingLogin, Salt, Secret,
        Stage, State, Terms, UpdateState, User,
    },
};

fn secret() -> impl Strategy<Value = Secret> {
    vec(any::<u8>(), 0..40).prop_map(Secret::from)
}

fn dc() -> impl Strategy<Value = Dc> {
    let key =
        any::<u64>().prop_map(|seed| AuthKey::from_bytes(std::array::from_fn(|i| (seed >> (i % 57)) as u8)));
    let salt = any::<(i64, i64, i64)>().prop_map(|(valid_since, valid_until, salt)| Salt {
        valid_since,
        valid_until,
        salt,
    });
    let address =
        (any::<(String, u16, [bool; 5])>(), option::of(secret())).prop_map(
            |((host, port, [media_only, obfuscated_only, cdn, is_static, this_port_only]), secret)| {
                DcAddress { host, port, media_only, obfuscated_only, cdn, is_static, this_port_only, secret }
            },
        );
    (option::of((key, any::<bool>())), vec(salt, 0..4), any::<i64>(), vec(address, 0..3)).prop_map(
        |(key, salts, time_offset, addresses)| {
            let authorized = key.as_ref().is_some_and(|(_, authorized)| *authorized);
            Dc { auth_key: key.map(|(key, _)| key), authorized, salts, time_offset, addresses }
        },
    )
}

fn via() -> impl Strategy<Value = CodeVia> {
    prop_oneof![
        Just(CodeVia::App),
        Just(CodeVia::Sms),
        Just(CodeVia::Call),
        Just(CodeVia::FlashCall),
        Just(CodeVia::MissedCall),
        Just(CodeVia::Email),
        Just(CodeVia::EmailSetup),
        Just(CodeVia::Fragment),
        Just(CodeVia::Firebase),
        Just(CodeVia::Word),
        Just(CodeVia::Phrase),
    ]
}

fn login() -> impl Strategy<Value = PendingLogin> {
    let terms = any::<(String, Option<u32>)>().prop_map(|(text, min_age)| Terms { text, min_age });
    let stage = prop_oneof![
        Just(Stage::Code),
        Just(Stage::Password),
        option::of(terms).prop_map(|terms| Stage::SignUp { terms }),
        Just(Stage::EmailSetup),
        any::<(String, Option<u32>)>().prop_map(|(address, length)| Stage::EmailVerify { address, length }),
        any::<(Option<u32>, Option<i64>)>()
            .prop_map(|(reset_wait, reset_at)| Stage::EmailCode { reset_wait, reset_at }),
        any::<String>().prop_map(|pattern| Stage::Recovery { pattern }),
    ];
    let plain = any::<(String, i32, i64, Option<u32>, Option<String>, Option<u32>)>();
    (plain, secret(), via(), option::of(via()), stage).prop_map(
        |(plain, phone_code_hash, via, next, stage)| {
            let (phone, dc, sent_at, length, hint, timeout) = plain;
            PendingLogin { phone, phone_code_hash, dc, sent_at, via, length, hint, next, timeout, stage }
        },
    )
}

fn key() -> impl Strategy<Value = PeerKey> {
    let kind = prop_oneof![Just(PeerKind::User), Just(PeerKind::Chat), Just(PeerKind::Channel)];
    (kind, 0..6_i64).prop_map(|(kind, id)| PeerKey { kind, id })
}

fn change() -> impl Strategy<Value = Change> {
    let network = prop_oneof![
        Just(Network::Production),
        Just(Network::Test),
        vec(any::<String>(), 0..3)
            .prop_map(|keys| Network::Custom { public_keys: keys.into_iter().map(Into::into).collect() }),
    ];
    let user = any::<(i64, bool, String, String, Option<String>, Option<String>)>().prop_map(
        |(id, bot, first_name, last_name, username, phone)| User {
            id,
            bot,
            first_name,
            last_name,
            username,
            phone,
        },
    );
    let peer = (key(), any::<(Option<i64>, bool, bool, Option<String>, Option<String>, Option<String>)>())
        .prop_map(|(key, (access_hash, min, bot_or_broadcast, username, phone, name))| Peer {
            key,
            access_hash,
            min,
            bot_or_broadcast,
            username,
            phone,
            name,
        });
    let app = (any::<i32>(), secret()).prop_map(|(id, hash)| App { id, hash });
    let updates =
        any::<(i32, i32, i32, i32)>().prop_map(|(pts, qts, date, seq)| UpdateState { pts, qts, date, seq });
    prop_oneof![
        option::of(app).prop_map(Change::App),
        network.prop_map(Change::Network),
        any::<i32>().prop_map(Change::HomeDc),
        (0..4, option::of(dc())).prop_map(|(id, dc)| Change::Dc(id, dc)),
        option::of(user).prop_map(Change::User),
        option::of(login()).prop_map(Change::Login),
        vec(secret(), 0..30).prop_map(Change::FutureAuthTokens),
        option::of(updates).prop_map(Change::Updates),
        (0..5_i64, any::<Option<i32>>()).prop_map(|(id, pts)| Change::Channel(id, pts)),
        peer.prop_map(Change::Peer),
        key().prop_map(Change::ForgetPeer),
    ]
}

/// A file with a snapshot of nothing and one record for each batch.
fn file_of(batches: &[Vec<Change>]) -> Vec<u8> {
    let mut file = format::encode(&State::default()).to_vec();
    for batch in batches {
        let payload = format::payload(&batch.iter().collect::<Vec<_>>());
        file.extend_from_slice(&format::record(file.len() as u64, payload.as_slice()));
    }
    file
}

fn state_of(batches: &[Vec<Change>]) -> State {
    let mut state = State::default();
    batches.iter().flatten().for_each(|change| state.apply(change));
    state
}

proptest! {
    #[test]
    fn appended_changes_and_the_snapshot_of_their_result_read_as_the_same_state(
        batches in vec(vec(change(), 1..6), 0..8),
    ) {
        let wanted = state_of(&batches);
        prop_assert_eq!(&format::decode(&file_of(&batches)).unwrap(), &wanted);
        prop_assert_eq!(&format::decode(&format::encode(&wanted)).unwrap(), &wanted);
    }

    #[test]
    fn leaving_out_changes_that_make_no_difference_makes_no_difference(
        before in vec(change(), 0..12), batch in vec(change(), 0..12),
    ) {
        let mut with_all = state_of(&[before]);
        let mut with_news = with_all.clone();
        for change in with_all.news(&batch) {
            with_news.apply(change);
        }
        batch.iter().for_each(|change| with_all.apply(change));
        prop_assert_eq!(with_all, with_news);
    }

    #[test]
    fn any_payload_gives_a_state_or_an_error(payload in vec(any::<u8>(), 0..300)) {
        _ = format::decode_payload(&payload);
    }

    #[test]
    fn any_bytes_behind_the_header_give_a_state_or_an_error(tail in vec(any::<u8>(), 0..300)) {
        let mut file = format::encode(&State::default()).to_vec();
        file.extend_from_slice(&tail);
        _ = format::decode(&file);
    }
}

fn three_batches() -> [Vec<Change>; 3] {
    [1, 2, 3].map(|dc| vec![Change::HomeDc(dc)])
}

fn damaged_at(offset: usize) -> Result<State, FormatError> {
    Err(FormatError { offset, kind: FormatErrorKind::Checksum })
}

#[test]
fn a_tail_of_zeros_is_torn() {
    let mut file = file_of(&three_batches());
    let end = file.len();
    file.resize(end + 1000, 0);
    let replay = format::replay(&file, None).unwrap();
    assert_eq!((replay.end, replay.state), (end, state_of(&three_batches())));
}

#[test]
fn a_record_whose_first_block_never_arrived_is_torn() {
    let mut file = file_of(&three_batches());
    let end = file.len();
    file.resize(end + 512, 0);
    file.extend_from_slice(&[0x5a; 100]);
    assert_eq!(format::replay(&file, None).unwrap().end, end);
}

#[test]
fn zeros_in_front_of_a_record_are_damage() {
    let whole = file_of(&three_batches());
    let start = file_of(&three_batches()[..1]).len();
    let second_end = file_of(&three_batches()[..2]).len();
    let mut file = whole;
    file[start..second_end].fill(0);
    assert_eq!(format::decode(&file), damaged_at(start));
}

#[test]
fn a_bad_record_with_something_behind_it_is_damage() {
    let start = file_of(&three_batches()[..1]).len();
    let mut file = file_of(&three_batches());
    file[start + 9] ^= 1;
    assert_eq!(format::decode(&file), damaged_at(start));
}

#[test]
fn the_last_record_is_torn_when_its_body_is_bad() {
    let start = file_of(&three_batches()[..2]).len();
    let mut file = file_of(&three_batches());
    file[start + 9] ^= 1;
    assert_eq!(format::replay(&file, None).unwrap().end, start);
    // A wrong length is no sign of a crash: lengths are written whole.
    file[start] ^= 1;
    assert_eq!(format::decode(&file), damaged_at(start));
}

#[test]
fn a_snapshot_is_never_torn() {
    let mut file = format::encode(&state_of(&three_batches())).to_vec();
    let len = file.len();
    file[len - 1] ^= 1;
    assert_eq!(format::decode(&file), damaged_at(HEADER_LEN));
    let kind = FormatErrorKind::Truncated { missing: 1 };
    assert_eq!(format::decode(&file[..len - 1]), Err(FormatError { offset: len - 1, kind }));
}

#[test]
fn a_record_may_not_stand_across_the_end_of_the_snapshot() {
    let whole = file_of(&three_batches());
    let mut file = format::encode(&State::default()).to_vec();
    // A header that says that the snapshot ends 8 bytes into the first appended record.
    let end = file.len() + 8;
    file.truncate(0);
    file.extend_from_slice(&format::header(end as u64, false));
    file.extend_from_slice(&whole[HEADER_LEN..]);
    assert_eq!(format::decode(&file), damaged_at(end - 8));
}

#[test]
fn a_large_state_is_written_in_several_records() {
    let peers = (0..8000).map(|id| {
        let key = PeerKey { kind: PeerKind::User, id };
        let name = Some(format!("Name {id}"));
        Change::Peer(Peer {
            key,
            access_hash: Some(!id),
            min: false,
            bot_or_broadcast: false,
            username: None,
            phone: None,
            name,
        })
    });
    let state = state_of(&[peers.collect()]);
    let file = format::encode(&state);
    assert!(file.len() > 3 * (1 << 16));
    let first = u32::from_le_bytes(file[HEADER_LEN..HEADER_LEN + 4].try_into().unwrap());
    assert!((1 << 16..(1 << 16) + 100).contains(&first));
    assert_eq!(format::decode(&file).unwrap(), state);
}
