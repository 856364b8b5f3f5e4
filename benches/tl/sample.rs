//! A `messages.messages` as a busy group gives it: 100 messages, 50 users, 10 chats.

use mtwire::{enums, types};

/// The sample, about 50 kB on the wire.
pub fn messages() -> types::messages::Messages {
    types::messages::Messages {
        messages: (0..100).map(|i| message(i).into()).collect(),
        topics: Vec::new(),
        chats: (0..10).map(|i| chat(i).into()).collect(),
        users: (0..50).map(|i| user(i).into()).collect(),
    }
}

fn message(i: i32) -> types::Message {
    let id = i64::from(i);
    types::Message {
        id: 1_000 + i,
        out: i % 3 == 0,
        from_id: Some(types::PeerUser { user_id: 7_000_000 + id % 50 }.into()),
        peer_id: types::PeerChannel { channel_id: 9_000_000 + id % 10 }.into(),
        date: 1_700_000_000 + i,
        message: text(i).into(),
        reply_to: (i % 4 == 0).then(|| {
            let header = types::MessageReplyHeader { reply_to_msg_id: Some(990 + i), ..Default::default() };
            Box::new(header.into())
        }),
        entities: Some(vec![
            types::MessageEntityBold { offset: 0, length: 5 }.into(),
            types::MessageEntityTextUrl { offset: 6, length: 9, url: "https://example.org/page".into() }
                .into(),
        ]),
        views: Some(i * 17),
        forwards: Some(i),
        grouped_id: (i % 10 == 0).then_some(id << 20),
        ..Default::default()
    }
}

fn text(i: i32) -> String {
    format!("Message number {i}. ").repeat(3 + usize::try_from(i % 20).unwrap_or(0))
}

fn user(i: i64) -> types::User {
    types::User {
        id: 7_000_000 + i,
        access_hash: Some(i << 32 | 0x5eed),
        first_name: Some(format!("First{i}").into()),
        last_name: Some(format!("Last{i}").into()),
        username: Some(format!("user_name_{i}").into()),
        phone: Some(format!("99966200{i:02}").into()),
        photo: Some(
            types::UserProfilePhoto { photo_id: i, dc_id: 2, stripped_thumb: None, ..Default::default() }
                .into(),
        ),
        status: Some(enums::UserStatus::Recently(types::UserStatusRecently { by_me: false })),
        ..Default::default()
    }
}

fn chat(i: i64) -> types::Channel {
    types::Channel {
        id: 9_000_000 + i,
        megagroup: true,
        access_hash: Some(i << 30 | 0xc0de),
        title: format!("A group with the number {i}").into(),
        username: Some(format!("group_{i}").into()),
        photo: enums::ChatPhoto::Empty,
        date: 1_600_000_000,
        participants_count: Some(1_234),
        ..Default::default()
    }
}
