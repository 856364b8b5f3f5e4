//! Messages, what is pushed and what was missed.

use super::*;

#[test]
fn a_message_reaches_the_other_account_once() {
    let mut bench = Bench::new(&[PHONE, "9996611234"]);
    let (mut ada, me) = bench.logged_in(PHONE);
    let (mut bob, _) = bench.logged_in("9996611234");
    let other = look_up(&mut bench, &mut ada, "9996611234");
    let before = bench.call(&mut bob, functions::updates::GetState {}).unwrap();
    let send = message_to(peer(&other), "hello", 5);
    let sent = bench.call(&mut ada, send.clone()).unwrap();
    let enums::Updates::UpdateShortSentMessage(short) = &sent else { panic!("{sent:?}") };
    assert_eq!((short.out, short.id, short.pts, short.pts_count), (true, 1, 2, 1));
    let [own, theirs] = &bench.pushes[..] else { panic!() };
    assert_eq!((own.to, own.except), (Audience::User(me.id), Some((ada.key_id, ada.session_id))));
    assert_eq!((theirs.to, theirs.except), (Audience::User(other.id), None));
    let pushed = enums::Updates::from_bytes(theirs.body.clone()).unwrap();
    let enums::Updates::UpdateShortMessage(pushed) = pushed else { panic!() };
    assert_eq!((pushed.out, pushed.user_id, &*pushed.message), (false, me.id, "hello"));
    assert_eq!((pushed.pts, pushed.pts_count), (before.pts + 1, 1));
    assert_eq!(bench.call(&mut ada, send).unwrap(), sent, "the same random_id is the same message");
    assert_eq!(bench.pushes.len(), 2);
    let ask = functions::updates::GetDifference { pts: before.pts, date: 1, ..Default::default() };
    let enums::updates::Difference::Difference(missed) = bench.call(&mut bob, ask).unwrap() else { panic!() };
    let [enums::Message::Message(message)] = &missed.new_messages[..] else { panic!() };
    assert_eq!((&*message.message, message.out, message.id), ("hello", false, 1));
    assert_eq!(missed.state.pts, before.pts + 1);
    assert!(missed.users.iter().any(|u| matches!(u, enums::User::User(u) if u.id == me.id)));
}

#[test]
fn a_message_to_oneself_is_answered_in_the_long_form() {
    let mut bench = Bench::new(&[PHONE]);
    let (mut ada, me) = bench.logged_in(PHONE);
    let sent = bench.call(&mut ada, message_to(enums::InputPeer::InputPeerSelf, "note", 9)).unwrap();
    let enums::Updates::Updates(updates) = sent else { panic!("{sent:?}") };
    let [enums::Update::MessageId(id), enums::Update::NewMessage(new)] = &updates.updates[..] else {
        panic!()
    };
    assert_eq!((id.id, id.random_id, new.pts, new.pts_count), (1, 9, 2, 1));
    let enums::Message::Message(message) = &new.message else { panic!() };
    assert!(message.out && &*message.message == "note");
    assert!(matches!(&updates.users[..], [enums::User::User(user)] if user.id == me.id));
    assert_eq!(bench.pushes.len(), 1, "one message, not two");
}

#[test]
fn differences_come_in_slices_and_end() {
    let mut bench = Bench::new(&[PHONE]);
    let (mut ada, _) = bench.logged_in(PHONE);
    for n in 0..150 {
        bench.call(&mut ada, message_to(enums::InputPeer::InputPeerSelf, "note", n + 1)).unwrap();
    }
    let ask = |pts| functions::updates::GetDifference { pts, date: 1, ..Default::default() };
    let enums::updates::Difference::Slice(slice) = bench.call(&mut ada, ask(1)).unwrap() else { panic!() };
    assert_eq!((slice.new_messages.len(), slice.intermediate_state.pts), (100, 101));
    let enums::updates::Difference::Difference(rest) = bench.call(&mut ada, ask(101)).unwrap() else {
        panic!()
    };
    assert_eq!((rest.new_messages.len(), rest.state.pts), (50, 151));
    assert!(matches!(bench.call(&mut ada, ask(151)).unwrap(), enums::updates::Difference::Empty(_)));
    assert_eq!(bench.call(&mut ada, ask(152)).unwrap_err(), refused(400, "PERSISTENT_TIMESTAMP_INVALID"));
    let limited = functions::updates::GetDifference { pts_total_limit: Some(10), ..ask(1) };
    assert!(matches!(bench.call(&mut ada, limited).unwrap(), enums::updates::Difference::TooLong(_)));
}

#[test]
fn conversations_and_their_messages_are_listed_newest_first() {
    let mut bench = Bench::new(&[PHONE, "9996611234"]);
    let (mut ada, me) = bench.logged_in(PHONE);
    let other = look_up(&mut bench, &mut ada, "9996611234");
    for n in 1..=3 {
        bench.call(&mut ada, message_to(peer(&other), &format!("to bob {n}"), n)).unwrap();
    }
    bench.call(&mut ada, message_to(enums::InputPeer::InputPeerSelf, "note", 9)).unwrap();
    let ask =
        functions::messages::GetHistory { peer: peer(&other), offset_id: 3, limit: 10, ..Default::default() };
    let enums::messages::Messages::Messages(history) = bench.call(&mut ada, ask.clone()).unwrap() else {
        panic!()
    };
    let texts: Vec<_> = history
        .messages
        .iter()
        .map(|m| if let enums::Message::Message(m) = m { m.message.to_string() } else { panic!() })
        .collect();
    assert_eq!(texts, ["to bob 2", "to bob 1"]);
    let dialogs = functions::messages::GetDialogs { limit: 10, ..Default::default() };
    let enums::messages::Dialogs::Dialogs(dialogs) = bench.call(&mut ada, dialogs).unwrap() else { panic!() };
    assert_eq!((dialogs.dialogs.len(), dialogs.messages.len(), dialogs.users.len()), (2, 2, 2));
    let enums::Dialog::Dialog(first) = &dialogs.dialogs[0] else { panic!() };
    assert_eq!((first.top_message, &first.peer), (4, &types::PeerUser { user_id: me.id }.into()));
    ada.layer = 200;
    assert_eq!(bench.call(&mut ada, ask).unwrap_err(), refused(400, "INPUT_METHOD_INVALID"));
}

#[test]
fn messages_need_a_known_peer_and_a_text() {
    let mut bench = Bench::new(&[PHONE, "9996611234"]);
    let (mut ada, _) = bench.logged_in(PHONE);
    let other = look_up(&mut bench, &mut ada, "9996611234");
    let stranger = enums::InputPeer::User(types::InputPeerUser { user_id: other.id, access_hash: 1 });
    for (peer, text, error) in [
        (stranger, "x", "PEER_ID_INVALID"),
        (enums::InputPeer::Empty, "x", "PEER_ID_INVALID"),
        (enums::InputPeer::InputPeerSelf, " ", "MESSAGE_EMPTY"),
        (enums::InputPeer::InputPeerSelf, &"x".repeat(4097), "MESSAGE_TOO_LONG"),
    ] {
        assert_eq!(bench.call(&mut ada, message_to(peer, text, 1)).unwrap_err(), refused(400, error));
    }
}

#[test]
fn send_message_is_read_in_the_form_of_each_layer() {
    let old = |id: u32, reply: &[u8], bits: u32| {
        let mut body = Vec::new();
        body.extend(id.to_le_bytes());
        body.extend(bits.to_le_bytes());
        body.extend(0x7da0_7ec9_u32.to_le_bytes()); // inputPeerSelf
        body.extend(reply);
        body.extend(b"\x02hi\0");
        body.extend(77_i64.to_le_bytes());
        // A field of a later layer, which must not disturb.
        body.extend([9; 8]);
        Bytes::from(body)
    };
    let number = 5_i32.to_le_bytes();
    let object = |id: u32| [id.to_le_bytes(), [0; 4], number].concat();
    let forms = [
        old(0x1cc2_0387, &[], 0),
        old(0x1cc2_0387, &[number, number].concat(), 1 | 1 << 9),
        old(0x0d9d_75a4, &number, 1),
        old(0x280d_096f, &object(0x9c53_86e4), 1),
        old(0xdff8_042c, &object(0x22c0_f6d5), 1),
        old(0x983f_9745, &object(0x22c0_f6d5), 1),
        old(0xfbf2_340a, &object(0xb070_38b0), 1),
        old(0xfe05_dc9a, &object(0x869f_be10), 1),
        old(0x545c_d15a, &object(0x869f_be10), 1),
        old(0xfef4_8f62, &object(0x3bd4_b7c2), 1),
    ];
    for body in forms {
        let mut bench = Bench::new(&[PHONE]);
        let (mut ada, _) = bench.logged_in(PHONE);
        bench.raw(&mut ada, body).unwrap();
        let enums::Updates::UpdateShortMessage(pushed) =
            enums::Updates::from_bytes(bench.pushes[0].body.clone()).unwrap()
        else {
            panic!()
        };
        assert_eq!(&*pushed.message, "hi");
    }
}

#[test]
fn contacts_are_imported_and_listed() {
    let mut bench = Bench::new(&[PHONE, "9996611234"]);
    let (mut ada, _) = bench.logged_in(PHONE);
    let contact = |phone: &'static str, client_id| types::InputPhoneContact {
        client_id,
        phone: phone.into(),
        first_name: "B".into(),
        ..Default::default()
    };
    let import = functions::contacts::ImportContacts {
        contacts: vec![contact("+999 66 1 1234", 8), contact("+1 202 555 0199", 9)],
    };
    let imported = bench.call(&mut ada, import).unwrap();
    assert_eq!(imported.imported.iter().map(|i| i.client_id).collect::<Vec<_>>(), [8]);
    let enums::contacts::Contacts::Contacts(list) =
        bench.call(&mut ada, functions::contacts::GetContacts { hash: 0 }).unwrap()
    else {
        panic!()
    };
    assert_eq!(list.contacts.len(), 1);
    let [enums::User::User(bob)] = &list.users[..] else { panic!() };
    assert!(bob.contact && bob.phone.is_some());
}
