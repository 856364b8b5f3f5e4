//! The rules of a client's session, one by one, against a server made by hand.

mod late;

use proptest::prelude::*;

use super::*;
use crate::clock::Now;
use crate::message::container::Incoming;
use crate::message::error::Error;
use crate::message::hidden::tests::{SECRET, shows};
use crate::message::rpc::RpcError;
use crate::message::tests::{Peer, Read, S, START, bytes, container, hex, key, now, rng, unknown, vector};
use crate::tl::mtproto::{functions, types};
use crate::tl::{Constructor, Deserialize, PacketBuf, Serialize, Writer};

struct Pair {
    session: Session,
    server: Peer,
    rng: rand::rngs::StdRng,
    now: Now,
}

fn options() -> Options {
    Options { ping_interval: None, future_salts: false, ..Options::default() }
}

impl Pair {
    fn with(options: Options, time: ServerTime) -> Self {
        let mut rng = rng();
        let config = Config { auth_key: key(), salt: 5, time, options };
        let mut session = Session::new(config, now(0), &mut rng);
        session.on_connected(now(0));
        let server = Peer::new(Side::Server, session.session_id());
        Self { session, server, rng, now: now(0) }
    }

    fn new() -> Self {
        Self::with(options(), ServerTime::synchronised(now(0).unix, now(0)))
    }

    fn wait(&mut self, seconds: u32) {
        self.now = self.now.after(seconds * S);
        self.session.handle_timeout(self.now);
    }

    fn reconnect(&mut self) {
        self.session.on_disconnected(self.now);
        self.session.on_connected(self.now);
    }

    fn call(&mut self, options: CallOptions) -> RequestId {
        self.session.call(self.now, unknown(8), options).unwrap()
    }

    /// The next packet of the client.
    fn sent(&mut self) -> Option<Read> {
        let mut packet = PacketBuf::new();
        self.session.poll_transmit(self.now, &mut self.rng, &mut packet)?;
        Some(self.server.open(&packet))
    }

    /// All messages that the client sends now.
    fn sent_messages(&mut self) -> Vec<Incoming> {
        std::iter::from_fn(|| self.sent()).flat_map(|packet| packet.messages).collect()
    }

    /// The messages of one type among them.
    fn sent_of<T: Constructor + Deserialize>(&mut self) -> Vec<T> {
        let messages = self.sent_messages().into_iter();
        messages.filter_map(|message| T::from_bytes(message.body).ok()).collect()
    }

    /// A call that is on the wire, and its msg_id.
    fn sent_call(&mut self, options: CallOptions) -> (RequestId, MsgId) {
        let request = self.call(options);
        let ids: Vec<_> = self.sent_calls();
        (request, *ids.last().unwrap())
    }

    /// The ids of the calls that the client sends now.
    fn sent_calls(&mut self) -> Vec<MsgId> {
        let messages = self.sent_messages().into_iter();
        messages.filter(|message| message.body == unknown(8)).map(|message| message.msg_id).collect()
    }

    fn receive_as(&mut self, msg_id: MsgId, seqno: i32, body: &[u8]) -> Result<(), Error> {
        let packet = self.server.seal(msg_id, seqno, body);
        self.session.handle_packet(self.now, packet)
    }

    fn receive(&mut self, message: &impl Serialize) {
        let msg_id = self.server.id(self.now);
        self.receive_as(msg_id, 0, &bytes(message)).unwrap();
    }

    fn events(&mut self) -> Vec<ClientEvent> {
        std::iter::from_fn(|| self.session.poll_event()).collect()
    }

    /// The server's word that it has begun a session.
    fn greet(&mut self) {
        self.receive(&types::NewSessionCreated { first_msg_id: 4, unique_id: 1, server_salt: 5 });
        assert_eq!(self.events(), [ClientEvent::NewSession { unique_id: 1 }]);
    }

    fn refuse(&mut self, bad: MsgId, code: i32) {
        self.receive(&types::BadMsgNotification {
            bad_msg_id: bad.to_wire(),
            bad_msg_seqno: 1,
            error_code: code,
        });
    }

    fn state_info(&mut self, question: MsgId, info: &'static [u8]) {
        self.receive(&types::MsgsStateInfo { req_msg_id: question.to_wire(), info: info.into() });
    }

    /// The client's question about calls, and what it asks for.
    fn question(&mut self) -> Option<(MsgId, Vec<i64>)> {
        self.sent_messages().into_iter().find_map(|message| {
            let question = types::MsgsStateReq::from_bytes(message.body).ok()?;
            Some((message.msg_id, question.msg_ids))
        })
    }
}

fn rpc_result(call: MsgId, result: &[u8]) -> Bytes {
    let mut writer = Writer::new();
    writer.u32(0xf35c_6d01);
    writer.i64(call.to_wire());
    writer.raw(result);
    writer.finish().unwrap().into()
}

const PLAIN: CallOptions = CallOptions { repeatable: false, quick_ack: false };
const REPEATABLE: CallOptions = CallOptions { repeatable: true, quick_ack: false };

fn failed(request: RequestId, reason: Failure) -> ClientEvent {
    ClientEvent::Failed { request, reason }
}

#[test]
fn ct_1_one_call_goes_without_a_container() {
    let mut pair = Pair::new();
    pair.call(PLAIN);
    let packet = pair.sent().unwrap();
    assert!(!packet.contained);
    assert_eq!((packet.header.seqno, packet.header.salt), (1, 5));
    assert_eq!(packet.header.msg_id.unix().as_secs(), u64::from(START));
    assert!(pair.sent().is_none());
}

#[test]
fn sq_3_a_container_is_numbered_last() {
    let mut pair = Pair::new();
    for _ in 0..5 {
        pair.call(PLAIN);
    }
    let packet = pair.sent().unwrap();
    assert!(packet.contained);
    let seqnos: Vec<_> = packet.messages.iter().map(|message| message.seqno).collect();
    assert_eq!(seqnos, [1, 3, 5, 7, 9]);
    assert_eq!(packet.header.seqno, 10);
    assert!(packet.messages.iter().all(|message| message.msg_id < packet.header.msg_id));
    assert!(packet.messages.is_sorted_by_key(|message| message.msg_id));
}

#[test]
fn ct_1_containers_hold_1020_messages_and_32_kib() {
    let mut pair = Pair::new();
    for _ in 0..1500 {
        pair.call(PLAIN);
    }
    assert_eq!(pair.sent().unwrap().messages.len(), 1020);
    assert_eq!(pair.sent().unwrap().messages.len(), 480);
    for length in [20_000, 12_000, 8_000, 600_000, 8] {
        pair.session.call(pair.now, unknown(length), PLAIN).unwrap();
    }
    pair.session.options.gzip_from = None;
    let mut lengths = Vec::new();
    while let Some(packet) = pair.sent() {
        lengths.push(packet.messages.len());
    }
    assert_eq!(lengths.iter().sum::<usize>(), 5);
}

#[test]
fn a_large_body_is_packed_when_that_helps() {
    let mut pair = Pair::new();
    pair.session.call(pair.now, unknown(4000), PLAIN).unwrap();
    let packet = pair.sent().unwrap();
    assert!(packet.messages[0].body.len() < 100);
    assert_eq!(packet.header.seqno, 1, "packed calls are content-related, as all clients send them");
}

#[test]
fn an_answer_is_a_slice_of_its_packet() {
    let mut pair = Pair::new();
    let (request, id) = pair.sent_call(PLAIN);
    let msg_id = pair.server.id(pair.now);
    let packet = pair.server.seal(msg_id, 1, &rpc_result(id, &unknown(400)));
    let memory = packet.as_ptr_range();
    pair.session.handle_packet(pair.now, packet).unwrap();
    let [ClientEvent::Answer { request: of, result: Ok(result) }] = &pair.events()[..] else { panic!() };
    assert_eq!((*of, result), (request, &unknown(400)));
    assert!(memory.contains(&result.as_ptr()), "not copied");
    assert_eq!(pair.session.status(request), None);
}

#[test]
fn re_1_the_published_error_is_read() {
    let mut pair = Pair::new();
    let (request, id) = pair.sent_call(PLAIN);
    let vector = vector("tl.rpc_error");
    let published = hex(&vector["inputs"]["hex"]);
    let msg_id = pair.server.id(pair.now);
    pair.receive_as(msg_id, 1, &rpc_result(id, &published[12..])).unwrap();
    let error = RpcError::new(420, "FLOOD_WAIT_17");
    assert_eq!((error.name().as_str(), error.value()), ("FLOOD_WAIT", Some(17)));
    assert_eq!(pair.events(), [ClientEvent::Answer { request, result: Err(error) }]);
}

#[test]
fn tl_8_a_packed_answer_is_unpacked_and_a_broken_one_fails_its_call_alone() {
    let mut pair = Pair::new();
    let (request, id) = pair.sent_call(PLAIN);
    let packed = gzip::pack(&unknown(4000), Some(0)).unwrap();
    let msg_id = pair.server.id(pair.now);
    pair.receive_as(msg_id, 1, &rpc_result(id, &packed)).unwrap();
    assert_eq!(pair.events(), [ClientEvent::Answer { request, result: Ok(unknown(4000)) }]);

    let (request, id) = pair.sent_call(PLAIN);
    let mut broken = packed.to_vec();
    let middle = broken.len() / 2;
    broken[middle] ^= 0xff;
    let (a, b, outer) = (pair.server.id(pair.now), pair.server.id(pair.now), pair.server.id(pair.now));
    let body = container(&[(a, 1, rpc_result(id, &broken)), (b, 3, unknown(12))]);
    pair.receive_as(outer, 4, &body).unwrap();
    assert_eq!(pair.events(), [failed(request, Failure::MalformedAnswer), ClientEvent::Update(unknown(12))]);
}

#[test]
fn tl_8_a_container_in_packed_data_is_refused() {
    let mut pair = Pair::new();
    let many: Vec<_> = (0..50).map(|_| (pair.server.id(pair.now), 1, unknown(12))).collect();
    let packed = gzip::pack(&container(&many), Some(0)).unwrap();
    let msg_id = pair.server.id(pair.now);
    assert!(matches!(pair.receive_as(msg_id, 1, &packed), Err(Error::Container(_))));
    assert_eq!(pair.events(), []);
}

#[test]
fn en_6_another_session_is_refused() {
    let mut pair = Pair::new();
    pair.server.session_id ^= 1;
    let msg_id = pair.server.id(pair.now);
    assert_eq!(pair.receive_as(msg_id, 1, &unknown(8)), Err(Error::SessionId));
    assert_eq!(pair.events(), []);
}

#[test]
fn id_1_a_message_with_the_id_of_a_client_is_refused_also_in_a_container() {
    let mut pair = Pair::new();
    let wrong = crate::message::msg_id::Kind::FromClient;
    let msg_id = MsgId::at(pair.now.unix, wrong);
    assert_eq!(pair.receive_as(msg_id, 1, &unknown(8)), Err(Error::Parity { msg_id }));
    let good = pair.server.id(pair.now);
    let outer = pair.server.id(pair.now.after(S));
    let body = container(&[(good, 1, unknown(8)), (msg_id, 3, unknown(8))]);
    assert_eq!(pair.receive_as(outer, 4, &body), Err(Error::Parity { msg_id }));
    assert_eq!(pair.events(), [], "nothing of the packet is used");
}

#[test]
fn id_3_a_repeated_packet_is_acknowledged_and_not_used_again_also_after_a_reconnect() {
    let mut pair = Pair::new();
    let msg_id = pair.server.id(pair.now);
    for _ in 0..3 {
        pair.receive_as(msg_id, 1, &unknown(8)).unwrap();
        pair.reconnect();
        pair.wait(20);
        let acks: Vec<types::MsgsAck> = pair.sent_of();
        assert_eq!(acks[0].msg_ids, [msg_id.to_wire()]);
    }
    assert_eq!(pair.events(), [ClientEvent::Update(unknown(8))]);
}

#[test]
fn id_3_a_message_repeated_in_another_container_is_not_used_again() {
    let mut pair = Pair::new();
    let inner = pair.server.id(pair.now);
    for _ in 0..2 {
        let outer = pair.server.id(pair.now);
        pair.receive_as(outer, 2, &container(&[(inner, 1, unknown(8))])).unwrap();
    }
    assert_eq!(pair.events(), [ClientEvent::Update(unknown(8))]);
}

#[test]
fn id_2_the_time_window_holds_to_the_second() {
    for (offset, fits) in [(-301, false), (-299, true), (29, true), (31, false)] {
        let mut pair = Pair::new();
        let msg_id = pair.server.id(pair.now);
        pair.receive_as(msg_id, 1, &unknown(8)).unwrap();
        pair.now = pair.now.after(1000 * S);
        let unix = pair.now.unix.as_secs().checked_add_signed(offset).unwrap();
        let msg_id = MsgId::at(Duration::from_secs(unix), crate::message::msg_id::Kind::Notice);
        let result = pair.receive_as(msg_id, 1, &unknown(8));
        assert_eq!(result, if fits { Ok(()) } else { Err(Error::TimeWindow { msg_id }) }, "{offset}");
    }
}

#[test]
fn id_2_an_old_message_is_taken_in_a_fresh_container() {
    let mut pair = Pair::new();
    let inner = pair.server.id(pair.now);
    pair.now = pair.now.after(1000 * S);
    let outer = pair.server.id(pair.now);
    pair.receive_as(outer, 2, &container(&[(inner, 1, unknown(8))])).unwrap();
    assert_eq!(pair.events(), [ClientEvent::Update(unknown(8))]);
}

#[test]
fn id_2_before_the_clock_is_known_any_time_is_right_and_sets_it() {
    let mut pair = Pair::with(options(), ServerTime::unsynchronised(now(0)));
    let msg_id = MsgId::at(Duration::from_secs(5000), crate::message::msg_id::Kind::Notice);
    pair.receive_as(msg_id, 1, &unknown(8)).unwrap();
    assert_eq!(pair.session.time().unix(pair.now).as_secs(), 5000);
    assert_eq!(pair.events(), [ClientEvent::TimeChanged, ClientEvent::Update(unknown(8))]);
}

#[test]
fn id_2_after_a_sleep_the_first_packet_of_a_connection_sets_the_clock() {
    let mut pair = Pair::new();
    let msg_id = pair.server.id(pair.now);
    pair.receive_as(msg_id, 1, &unknown(8)).unwrap();
    let later = MsgId::at((START + 9000) * S, crate::message::msg_id::Kind::Notice);
    assert_eq!(pair.receive_as(later, 3, &unknown(8)), Err(Error::TimeWindow { msg_id: later }));
    pair.reconnect();
    pair.receive_as(later, 3, &unknown(8)).unwrap();
    assert_eq!(pair.session.time().unix(pair.now).as_secs(), u64::from(START) + 9000);
}

#[test]
fn bm_1_a_refusal_outside_of_the_time_window_is_believed_for_what_was_sent_only() {
    let mut pair = Pair::new();
    let (_, id) = pair.sent_call(PLAIN);
    let early = MsgId::at((START - 5000) * S, crate::message::msg_id::Kind::Notice);
    let refusal = |bad: MsgId| types::BadMsgNotification {
        bad_msg_id: bad.to_wire(),
        bad_msg_seqno: 1,
        error_code: 17,
    };
    let stranger = MsgId::at(77 * S, crate::message::msg_id::Kind::FromClient);
    assert!(pair.receive_as(early, 0, &bytes(&refusal(stranger))).is_err());
    assert_eq!(pair.session.time().unix(pair.now).as_secs(), u64::from(START));
    pair.receive_as(early, 0, &bytes(&refusal(id))).unwrap();
    assert_eq!(pair.session.time().unix(pair.now).as_secs(), u64::from(START) - 5000);
}

#[test]
fn ct_2_a_copy_is_its_message_and_both_are_acknowledged() {
    let mut pair = Pair::new();
    let original = pair.server.id(pair.now);
    let mut copy = Writer::new();
    copy.u32(0xe060_46b2);
    copy.u32(0x5bb8_e511);
    copy.i64(original.to_wire());
    copy.i32(1);
    copy.i32(8);
    copy.raw(&unknown(8));
    let copy = bytes::Bytes::from(copy.finish().unwrap());
    let outer = pair.server.id(pair.now);
    pair.receive_as(outer, 3, &copy).unwrap();
    assert_eq!(pair.events(), [ClientEvent::Update(unknown(8))]);
    pair.wait(20);
    let acks: Vec<types::MsgsAck> = pair.sent_of();
    assert_eq!(acks[0].msg_ids, [original.to_wire(), outer.to_wire()]);
    pair.receive_as(pair.server.ids.last(), 3, &copy).unwrap();
    assert_eq!(pair.events(), []);
}

#[test]
fn ak_1_acks_ride_along_and_are_not_content_related() {
    let mut pair = Pair::new();
    let msg_id = pair.server.id(pair.now);
    pair.receive_as(msg_id, 1, &unknown(8)).unwrap();
    assert!(pair.sent().is_none(), "not alone");
    pair.call(PLAIN);
    let packet = pair.sent().unwrap();
    let seqnos: Vec<_> = packet.messages.iter().map(|message| message.seqno).collect();
    assert_eq!(seqnos, [1, 2]);
    assert_eq!(
        types::MsgsAck::from_bytes(packet.messages[1].body.clone()).unwrap().msg_ids,
        [msg_id.to_wire()]
    );
}

#[test]
fn bm_1_each_code_has_its_remedy() {
    for code in [16, 18, 19, 32, 33, 34, 35, 48, 64] {
        let mut pair = Pair::new();
        let (request, first) = pair.sent_call(PLAIN);
        pair.refuse(first, code);
        let packet = pair.sent().unwrap_or_else(|| panic!("code {code}: not sent again"));
        assert!(packet.header.msg_id > first, "code {code}: under a new id");
        let content_related = packet.header.seqno % 2 == 1;
        assert_eq!(content_related, code != 34, "code {code}");
        match code {
            32 => assert!(packet.header.seqno > 64),
            33 => assert_eq!(packet.header.seqno, 1),
            _ => {}
        }
        pair.refuse(first, code);
        assert!(pair.sent().is_none(), "code {code}: the former id settles nothing any more");
        assert_eq!(pair.session.status(request), Some(CallStatus::Sent));
    }
}

#[test]
fn bm_1_code_20_is_a_doubt() {
    let mut pair = Pair::new();
    let (request, id) = pair.sent_call(PLAIN);
    pair.refuse(id, 20);
    assert_eq!(pair.events(), [failed(request, Failure::UnknownOutcome)]);
    let (_, id) = pair.sent_call(REPEATABLE);
    pair.refuse(id, 20);
    assert_eq!(pair.sent_calls().len(), 1);
}

#[test]
fn bm_1_refusals_are_bounded_and_an_unknown_code_ends_the_call() {
    let mut pair = Pair::new();
    let (request, mut id) = pair.sent_call(PLAIN);
    for _ in 0..8 {
        pair.refuse(id, 35);
        id = pair.sent_calls()[0];
    }
    pair.refuse(id, 35);
    assert_eq!(pair.events(), [failed(request, Failure::Refused { code: 35 })]);
    let (request, id) = pair.sent_call(PLAIN);
    pair.refuse(id, 99);
    assert_eq!(pair.events(), [failed(request, Failure::Refused { code: 99 })]);
}

#[test]
fn bm_1_the_remedy_for_a_container_is_that_for_its_messages() {
    let mut pair = Pair::new();
    let msg_id = pair.server.id(pair.now);
    pair.receive_as(msg_id, 1, &unknown(12)).unwrap();
    pair.call(PLAIN);
    pair.call(PLAIN);
    let packet = pair.sent().unwrap();
    pair.refuse(packet.header.msg_id, 64);
    let packets: Vec<_> = std::iter::from_fn(|| pair.sent()).collect();
    let calls: Vec<_> = packets.iter().filter(|packet| packet.messages[0].body == unknown(8)).collect();
    assert_eq!(calls.len(), 2);
    assert!(
        calls.iter().all(|packet| packet.messages.iter().filter(|m| m.body == unknown(8)).count() == 1),
        "one by one"
    );
    pair.wait(20);
    let acks: Vec<types::MsgsAck> = pair.sent_of();
    let acked_now = packets
        .iter()
        .flat_map(|packet| &packet.messages)
        .any(|m| types::MsgsAck::from_bytes(m.body.clone()).is_ok());
    assert!(acked_now || !acks.is_empty(), "the acks in it are sent again, too");
}

#[test]
fn bm_1_a_new_salt_is_used_at_once_if_the_message_was_ours() {
    let mut pair = Pair::new();
    let (_, id) = pair.sent_call(PLAIN);
    let salt = |bad: i64| types::BadServerSalt {
        bad_msg_id: bad,
        bad_msg_seqno: 1,
        error_code: 48,
        new_server_salt: 77,
    };
    pair.receive(&salt(12));
    assert_eq!(pair.session.salt(pair.now), 5);
    pair.receive(&salt(id.to_wire()));
    let packet = pair.sent().unwrap();
    assert_eq!(packet.header.salt, 77);
    assert_eq!(pair.events(), [ClientEvent::SaltChanged { salt: 77 }]);
}

#[test]
fn bm_1_code_17_takes_another_session_id_when_all_calls_are_heard_of() {
    let mut pair = Pair::new();
    let (_, first) = pair.sent_call(PLAIN);
    let (silent, second) = pair.sent_call(PLAIN);
    pair.now = Now { unix: (START - 500) * S, ..pair.now };
    pair.refuse(first, 17);
    assert!(pair.sent().is_none(), "word on the second call is still to come");
    pair.refuse(second, 17);
    let packet = pair.session.poll_transmit(pair.now, &mut pair.rng, &mut PacketBuf::new());
    assert!(packet.is_some());
    let renewed = pair.session.session_id();
    assert_ne!(renewed, pair.server.session_id);
    let events = pair.events();
    assert_eq!(
        events,
        [
            ClientEvent::TimeChanged,
            ClientEvent::SessionRenewed { session_id: renewed, former: pair.server.session_id }
        ]
    );
    assert_eq!(pair.session.status(silent), Some(CallStatus::Sent));
    let late = pair.server.id(pair.now);
    pair.receive_as(late, 1, &unknown(8)).unwrap();
    assert_eq!(pair.events(), [], "a packet under the former id is dropped without a word");
    assert!(pair.session.link.ids.last() < first, "ids begin again, lower");
}

#[test]
fn bm_1_a_session_that_is_renewed_waits_for_silent_calls_only_so_long() {
    let mut pair = Pair::new();
    let (_, first) = pair.sent_call(PLAIN);
    let (silent, _) = pair.sent_call(PLAIN);
    pair.now = Now { unix: (START - 500) * S, ..pair.now };
    pair.refuse(first, 17);
    pair.events();
    assert!(pair.session.poll_timeout().unwrap() <= pair.now.monotonic + 10 * S);
    pair.wait(10);
    assert!(pair.session.poll_transmit(pair.now, &mut pair.rng, &mut PacketBuf::new()).is_some());
    assert!(pair.events().contains(&failed(silent, Failure::UnknownOutcome)));
}

#[test]
fn st_1_after_a_reconnect_calls_are_asked_for_and_only_lost_ones_sent_again() {
    let mut pair = Pair::new();
    pair.greet();
    let sent: Vec<_> = (0..4).map(|_| pair.sent_call(PLAIN)).collect();
    let never_sent = {
        pair.session.on_disconnected(pair.now);
        let request = pair.call(PLAIN);
        assert!(pair.sent().is_none(), "no connection, no packet");
        pair.session.on_connected(pair.now);
        request
    };
    let messages = pair.sent_messages();
    let question = messages.iter().find_map(|message| {
        Some((message.msg_id, types::MsgsStateReq::from_bytes(message.body.clone()).ok()?))
    });
    let (question, asked) = question.unwrap();
    assert_eq!(asked.msg_ids, sent.iter().map(|(_, id)| id.to_wire()).collect::<Vec<_>>());
    assert!(messages.iter().any(|message| message.body == unknown(8)), "what was never sent goes at once");
    assert_eq!(pair.session.status(never_sent), Some(CallStatus::Sent));

    pair.state_info(question, &[1, 2, 3, 4]);
    let again = pair.sent_calls();
    assert_eq!(again.len(), 2);
    assert!(again.iter().all(|id| sent.iter().all(|(_, old)| old != id)), "under new ids");
    assert_eq!(
        pair.events(),
        [failed(sent[0].0, Failure::UnknownOutcome), ClientEvent::Received { request: sent[3].0 }]
    );
    assert_eq!(pair.session.status(sent[3].0), Some(CallStatus::Received));
    pair.state_info(question, &[2, 2, 2, 2]);
    assert_eq!(pair.sent_calls(), [], "one answer to a question counts");
}

#[test]
fn st_1_an_unknown_state_has_a_repeatable_call_sent_again() {
    let mut pair = Pair::new();
    pair.greet();
    pair.sent_call(REPEATABLE);
    pair.reconnect();
    let (question, _) = pair.question().unwrap();
    pair.state_info(question, &[1]);
    assert_eq!(pair.sent_calls().len(), 1);
}

#[test]
fn st_1_an_unknown_state_before_the_greeting_is_asked_for_once_more() {
    let mut pair = Pair::new();
    let (request, _) = pair.sent_call(PLAIN);
    for events in [vec![], vec![failed(request, Failure::UnknownOutcome)]] {
        pair.wait(30);
        let (question, _) = pair.question().unwrap();
        pair.state_info(question, &[1]);
        assert_eq!(pair.events(), events);
    }
}

#[test]
fn st_1_a_lost_question_is_repeated_and_an_answer_that_does_not_fit_is_ignored() {
    let mut pair = Pair::new();
    pair.sent_call(PLAIN);
    pair.reconnect();
    let (question, _) = pair.question().unwrap();
    pair.state_info(question, &[2, 2]);
    assert_eq!(pair.sent_calls(), []);
    pair.wait(10);
    assert!(pair.question().is_some());
}

#[test]
fn st_1_a_call_without_word_is_asked_for_also_without_a_reconnect() {
    let mut pair = Pair::new();
    let (_, id) = pair.sent_call(PLAIN);
    assert_eq!(pair.session.poll_timeout(), Some(pair.now.monotonic + 10 * S));
    pair.wait(10);
    assert_eq!(pair.question().unwrap().1, [id.to_wire()]);
}

#[test]
fn st_1_msgs_all_info_counts_without_a_question() {
    let mut pair = Pair::new();
    let (_, id) = pair.sent_call(PLAIN);
    pair.receive(&types::MsgsAllInfo { msg_ids: vec![id.to_wire(), 4], info: Bytes::from_static(&[2, 2]) });
    assert_eq!(pair.sent_calls().len(), 1);
}

#[test]
fn st_1_the_servers_question_is_answered_truthfully() {
    let mut pair = Pair::new();
    let known = pair.server.id(pair.now);
    let missed = pair.server.id(pair.now);
    let highest = pair.server.id(pair.now);
    pair.receive_as(known, 1, &unknown(8)).unwrap();
    pair.receive_as(highest, 3, &unknown(8)).unwrap();
    let above = pair.server.id(pair.now.after(S)).to_wire();
    let question = pair.server.id(pair.now);
    let ids = vec![known.to_wire(), missed.to_wire(), above + 400];
    pair.receive_as(question, 4, &bytes(&types::MsgsStateReq { msg_ids: ids })).unwrap();
    let infos: Vec<types::MsgsStateInfo> = pair.sent_of();
    assert_eq!((infos[0].req_msg_id, &infos[0].info[..]), (question.to_wire(), &[4, 2, 3][..]));
}

#[test]
fn st_2_a_missed_answer_is_asked_for_and_a_known_one_acknowledged() {
    let mut pair = Pair::new();
    let (request, id) = pair.sent_call(PLAIN);
    let answer = pair.server.id(pair.now);
    let detail = types::MsgDetailedInfo {
        msg_id: id.to_wire(),
        answer_msg_id: answer.to_wire(),
        bytes: 40,
        status: 0,
    };
    pair.receive(&detail);
    assert_eq!(pair.events(), [ClientEvent::Received { request }]);
    let resends: Vec<types::MsgResendReq> = pair.sent_of();
    assert_eq!(resends[0].msg_ids, [answer.to_wire()]);
    pair.receive_as(answer, 1, &rpc_result(id, &unknown(8))).unwrap();
    pair.wait(20);
    pair.sent_messages();
    pair.receive(&detail);
    pair.wait(20);
    let acks: Vec<types::MsgsAck> = pair.sent_of();
    assert_eq!(acks[0].msg_ids, [answer.to_wire()]);
}

#[test]
fn st_2_what_is_asked_for_is_bounded_also_when_the_request_is_refused() {
    let mut pair = Pair::new();
    let mut requests = Vec::new();
    for _ in 0..2 {
        for _ in 0..MAX_QUEUE + 10 {
            let answer_msg_id = pair.server.id(pair.now).to_wire();
            pair.receive(&types::MsgNewDetailedInfo { answer_msg_id, bytes: 40, status: 0 });
        }
        let asked = pair.sent_messages().into_iter().find_map(|message| {
            let request = types::MsgResendReq::from_bytes(message.body).ok()?;
            Some((message.msg_id, request.msg_ids.len()))
        });
        let (id, asked) = asked.unwrap();
        assert_eq!(asked, MAX_QUEUE);
        requests.push(id);
    }
    requests.into_iter().for_each(|id| pair.refuse(id, 20));
    let again: Vec<types::MsgResendReq> = pair.sent_of();
    assert_eq!(again.iter().map(|request| request.msg_ids.len()).collect::<Vec<_>>(), [MAX_QUEUE]);
}

#[test]
fn st_3_an_answer_that_the_server_has_forgotten_ends_the_call() {
    let mut pair = Pair::new();
    let (request, id) = pair.sent_call(PLAIN);
    let answer = pair.server.id(pair.now);
    pair.receive(&types::MsgDetailedInfo {
        msg_id: id.to_wire(),
        answer_msg_id: answer.to_wire(),
        bytes: 40,
        status: 0,
    });
    let messages = pair.sent_messages();
    pair.state_info(messages[0].msg_id, &[1]);
    assert_eq!(pair.events(), [ClientEvent::Received { request }, failed(request, Failure::AnswerLost)]);
}

#[test]
fn ns_1_calls_from_before_the_new_session() {
    let mut pair = Pair::new();
    let (never_taken, first) = pair.sent_call(PLAIN);
    pair.reconnect();
    let created =
        types::NewSessionCreated { first_msg_id: first.to_wire() + 4, unique_id: 2, server_salt: 5 };
    pair.receive(&created);
    assert_eq!(pair.events(), [ClientEvent::NewSession { unique_id: 2 }]);
    assert_eq!(pair.sent_calls().len(), 1, "there was no session before that could have taken it");
    pair.session.cancel(pair.now, never_taken);

    let (doubtful, _) = pair.sent_call(PLAIN);
    let (repeatable, _) = pair.sent_call(REPEATABLE);
    pair.reconnect();
    let (on_this_connection, first) = pair.sent_call(PLAIN);
    let (after, second) = pair.sent_call(PLAIN);
    let created = types::NewSessionCreated { first_msg_id: second.to_wire(), unique_id: 3, server_salt: 8 };
    let msg_id = pair.server.id(pair.now);
    pair.receive_as(msg_id, 1, &bytes(&created)).unwrap();
    assert_eq!(
        pair.events(),
        [
            ClientEvent::SaltChanged { salt: 8 },
            failed(doubtful, Failure::UnknownOutcome),
            ClientEvent::NewSession { unique_id: 3 }
        ]
    );
    assert!(first < second);
    for request in [repeatable, on_this_connection] {
        assert_eq!(pair.session.status(request), Some(CallStatus::Queued));
    }
    assert_eq!(pair.session.status(after), Some(CallStatus::Sent));
    let acked: Vec<types::MsgsAck> = pair.sent_of();
    assert_eq!(acked[0].msg_ids, [msg_id.to_wire()]);
    pair.receive(&created);
    assert_eq!(pair.events(), [], "the same session again");
}

#[test]
fn rd_1_the_server_is_told_of_a_cancelled_call() {
    let mut pair = Pair::new();
    let queued = pair.call(PLAIN);
    assert_eq!(pair.session.cancel(pair.now, queued), Some(CallStatus::Queued));
    assert!(pair.sent().is_none());
    let (request, id) = pair.sent_call(PLAIN);
    assert_eq!(pair.session.cancel(pair.now, request), Some(CallStatus::Sent));
    assert_eq!(pair.session.cancel(pair.now, request), None);
    let packet = pair.sent().unwrap();
    assert_eq!(packet.header.seqno % 2, 1);
    let drop = functions::RpcDropAnswer::from_bytes(packet.messages[0].body.clone()).unwrap();
    assert_eq!(drop.req_msg_id, id.to_wire());
    let answer = pair.server.id(pair.now);
    pair.receive_as(answer, 1, &rpc_result(id, &unknown(8))).unwrap();
    assert_eq!(pair.events(), []);
}

#[test]
fn ds_1_bare_answers_find_their_calls() {
    let mut pair = Pair::new();
    let destroy =
        pair.session.call(pair.now, bytes(&functions::DestroySession { session_id: 4 }), PLAIN).unwrap();
    let ping = pair.session.call(pair.now, bytes(&functions::Ping { ping_id: 6 }), PLAIN).unwrap();
    let ping_id = pair.sent().unwrap().messages[1].msg_id;
    let destroyed = types::DestroySessionOk { session_id: 4 };
    let pong = types::Pong { msg_id: ping_id.to_wire(), ping_id: 6 };
    pair.receive(&destroyed);
    pair.receive(&pong);
    let answer = |request, body| ClientEvent::Answer { request, result: Ok(body) };
    assert_eq!(pair.events(), [answer(destroy, bytes(&destroyed)), answer(ping, bytes(&pong))]);
}

#[test]
fn sa_2_future_salts_are_asked_for_once_and_used_in_time() {
    let mut pair = Pair::with(
        Options { future_salts: true, ..options() },
        ServerTime::synchronised(now(0).unix, now(0)),
    );
    pair.call(PLAIN);
    assert_eq!(pair.sent().unwrap().messages.len(), 1, "not before the server has spoken");
    let msg_id = pair.server.id(pair.now);
    pair.receive_as(msg_id, 0, &unknown(8)).unwrap();
    let messages = pair.sent_messages();
    assert!(functions::GetFutureSalts::from_bytes(messages[0].body.clone()).is_ok());
    assert_eq!(messages[0].seqno % 2, 0);
    assert!(pair.sent().is_none());
    let salt = |since: u32, salt| types::FutureSalt {
        valid_since: (START + since).cast_signed(),
        valid_until: (START + since + 3600).cast_signed(),
        salt,
    };
    let mut salts = types::FutureSalts {
        req_msg_id: 4,
        now: START.cast_signed(),
        salts: vec![salt(0, 50), salt(1800, 51)],
    };
    pair.receive(&salts);
    assert_eq!(pair.session.salt(pair.now), 5, "they answer no request of ours");
    salts.req_msg_id = messages[0].msg_id.to_wire();
    pair.receive(&salts);
    assert_eq!(pair.session.salt(pair.now), 50);
    assert_eq!(pair.session.salt(now(1800)), 51);
}

#[test]
fn pg_1_pings_and_a_dead_connection() {
    let time = ServerTime::synchronised(now(0).unix, now(0));
    let mut pair = Pair::with(Options { future_salts: false, ..Options::default() }, time);
    assert_eq!(pair.session.poll_timeout(), Some(pair.now.monotonic + 60 * S));
    pair.wait(60);
    let packet = pair.sent().unwrap();
    let ping = functions::PingDelayDisconnect::from_bytes(packet.messages[0].body.clone()).unwrap();
    assert_eq!((ping.disconnect_delay, packet.header.seqno), (75, 0));
    pair.receive(&types::Pong { msg_id: packet.header.msg_id.to_wire(), ping_id: ping.ping_id });
    pair.wait(60);
    pair.sent().unwrap();
    pair.wait(14);
    assert_eq!(pair.events(), []);
    pair.wait(1);
    assert_eq!(pair.events(), [ClientEvent::ConnectionDead]);
    pair.reconnect();
    let pings: Vec<functions::PingDelayDisconnect> = pair.sent_of();
    assert_eq!(pings.len(), 1, "a ping at once shows the server the new connection");
}

#[test]
fn tr_7_a_quick_ack_names_its_calls() {
    let mut pair = Pair::new();
    let request = pair.call(CallOptions { quick_ack: true, repeatable: false });
    let mut packet = PacketBuf::new();
    let transmit = pair.session.poll_transmit(pair.now, &mut pair.rng, &mut packet).unwrap();
    assert!(transmit.quick_ack);
    let packet = bytes::BytesMut::from(packet.as_slice());
    let token = crate::message::envelope::open(&key(), Side::Client, packet).unwrap().quick_ack_token(&key());
    pair.session.handle_quick_ack(token ^ 1);
    assert_eq!(pair.events(), []);
    pair.session.handle_quick_ack(token);
    pair.session.handle_quick_ack(token);
    assert_eq!(pair.events(), [ClientEvent::QuickAck { request }]);
}

#[test]
fn an_ack_is_told_once() {
    let mut pair = Pair::new();
    let (request, id) = pair.sent_call(PLAIN);
    for _ in 0..2 {
        pair.receive(&types::MsgsAck { msg_ids: vec![id.to_wire()] });
    }
    assert_eq!(pair.events(), [ClientEvent::Received { request }]);
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let mut pair = Pair::with(
        Options { max_calls: 2, max_call_bytes: 100, ..options() },
        ServerTime::unsynchronised(now(0)),
    );
    for length in [0, 2, 9, 1 << 24] {
        let body = Bytes::from(vec![1; length]);
        assert_eq!(pair.session.call(pair.now, body, PLAIN), Err(SendError::Length { length }));
    }
    assert_eq!(pair.session.call(pair.now, unknown(104), PLAIN), Err(SendError::Full));
    pair.call(PLAIN);
    let last = pair.call(PLAIN);
    assert_eq!(pair.session.call(pair.now, unknown(8), PLAIN), Err(SendError::Full));
    pair.session.cancel(pair.now, last);
    pair.call(PLAIN);
    assert_eq!((pair.session.sizes().calls, pair.session.sizes().call_bytes), (2, 16));
}

/// Bodies that are likely to be understood: known constructor ids in front of small numbers.
fn likely_body() -> impl Strategy<Value = Vec<u8>> {
    let ids = [
        0x62d6_b459_u32,
        0xa7ef_f811,
        0xedab_447b,
        0xda69_fb52,
        0x04de_b57d,
        0x8cc0_d131,
        0x276d_3ec6,
        0x809d_b6df,
        0x7d86_1a08,
        0xf35c_6d01,
        0x2144_ca19,
        0xae50_0895,
        0x3477_73c5,
        0xe220_45fc,
        0xf660_e1d4,
        0x9ec2_0908,
        0x73f1_f8dc,
        0xe060_46b2,
        0x5bb8_e511,
        0x3072_cfa1,
        0x1cb5_c415,
        0x0103_1f8b,
    ];
    let word = prop_oneof![
        4 => proptest::sample::select(ids.to_vec()),
        4 => 0_u32..20,
        1 => any::<u32>(),
        1 => Just(START),
    ];
    proptest::collection::vec(word, 0..40)
        .prop_map(|words| words.iter().flat_map(|word| word.to_le_bytes()).collect())
}

proptest! {
    /// The fuzzer's plaintext is sealed with the right key, so that it gets behind the msg_key check.
    #[test]
    fn no_packet_of_the_server_panics(
        packets in proptest::collection::vec((likely_body(), 0_u32..600, 0_i32..4, any::<bool>()), 1..8),
    ) {
        let mut pair = Pair::new();
        pair.call(PLAIN);
        pair.call(REPEATABLE);
        let _ = pair.sent();
        for (body, seconds, seqno, wait) in packets {
            let msg_id = pair.server.id(now(seconds));
            let body = [&body[..], &[0; 3][..(4 - body.len() % 4) % 4]].concat();
            let _ = pair.receive_as(msg_id, seqno, &body);
            if wait {
                pair.wait(30);
            }
            while pair.sent().is_some() {}
            pair.events();
        }
    }
}

#[test]
fn debug_shows_no_bodies() {
    let mut pair = Pair::new();
    pair.session.call(pair.now, SECRET, CallOptions::default()).unwrap();
    let queued = format!("{:?}", pair.session);
    pair.sent().unwrap();
    let text = queued + &format!("{:?}", pair.session);
    assert_eq!(text.matches("body: 20 bytes").count(), 2, "{text}");
    assert!(!shows(&text), "{text}");
}

/// A session whose transport is HTTP.
fn over_http() -> Pair {
    Pair::with(
        Options { http_wait: Some(25 * S), ..options() },
        ServerTime::synchronised(now(0).unix, now(0)),
    )
}

impl Pair {
    /// The messages of the next long poll.
    fn poll(&mut self) -> Option<Vec<Incoming>> {
        let mut packet = PacketBuf::new();
        let sent = self.session.poll_http_wait(self.now, &mut self.rng, &mut packet);
        sent.then(|| self.server.open(&packet).messages)
    }
}

fn waits(messages: &[Incoming]) -> Vec<(types::HttpWait, i32)> {
    let wait =
        |message: &Incoming| Some((types::HttpWait::from_bytes(message.body.clone()).ok()?, message.seqno));
    messages.iter().filter_map(wait).collect()
}

#[test]
fn hw_1_a_poll_waits_for_25_seconds_and_is_not_content_related() {
    let mut pair = over_http();
    let messages = pair.poll().unwrap();
    let wait = types::HttpWait { max_delay: 0, wait_after: 0, max_wait: 25_000 };
    assert_eq!(waits(&messages), [(wait, 0)]);
    assert_eq!(messages.len(), 1, "alone, without a container");
    assert_eq!(pair.session.poll_timeout(), None, "no ping is due: the poll stands in for it");
    assert!(pair.session.in_flight.len() == 0 && pair.sent().is_none());
}

#[test]
fn hw_1_waiting_acks_go_with_the_poll() {
    let mut pair = over_http();
    let id = pair.server.id(pair.now);
    pair.receive_as(id, 1, &unknown(8)).unwrap();
    assert!(pair.sent().is_none(), "an ack can wait");
    let messages = pair.poll().unwrap();
    assert_eq!(waits(&messages).len(), 1);
    let acks: Vec<_> =
        messages.iter().filter_map(|message| types::MsgsAck::from_bytes(message.body.clone()).ok()).collect();
    assert_eq!(acks, [types::MsgsAck { msg_ids: vec![id.to_wire()] }]);
}

#[test]
fn hw_1_a_packet_of_calls_asks_for_an_answer_at_once_and_only_one_time() {
    let mut pair = over_http();
    pair.greet();
    let at_once = types::HttpWait { max_delay: 0, wait_after: 0, max_wait: 0 };
    for _ in 0..3 {
        pair.call(CallOptions::default());
    }
    let packet = pair.sent().unwrap();
    assert_eq!(packet.messages.iter().filter(|message| message.body == unknown(8)).count(), 3);
    let waits = waits(&packet.messages);
    assert!(matches!(&waits[..], [(wait, seqno)] if *wait == at_once && seqno % 2 == 0), "{waits:?}");
}

#[test]
fn hw_1_no_poll_overtakes_the_first_calls_of_a_session() {
    let mut pair = over_http();
    pair.call(CallOptions::default());
    assert!(pair.poll().is_none());
    let first = pair.sent().unwrap();
    assert_eq!(waits(&first.messages), [], "held back until its answer is there");
    assert!(pair.poll().is_none(), "the call may still be on the way");
    pair.greet();
    assert!(pair.poll().is_some());
    pair.reconnect();
    assert!(pair.poll().is_none(), "the fate of the call is asked for first");
    assert!(pair.question().is_some());
}

#[test]
fn hw_1_a_refused_poll_is_not_sent_again_by_itself() {
    let mut pair = over_http();
    let poll = pair.poll().unwrap()[0].msg_id;
    pair.receive(&types::BadServerSalt {
        bad_msg_id: poll.to_wire(),
        bad_msg_seqno: 0,
        error_code: 48,
        new_server_salt: 9,
    });
    assert_eq!(pair.session.salt(pair.now), 9);
    assert!(pair.sent().is_none());
    assert!(pair.poll().is_some(), "with the new salt");
}

#[test]
fn other_transports_have_no_polls() {
    let mut pair = Pair::new();
    pair.greet();
    pair.call(CallOptions::default());
    assert!(pair.poll().is_none());
    assert_eq!(waits(&pair.sent_messages()), []);
}

#[test]
fn st_1_a_call_that_was_confirmed_and_is_not_known_now_is_in_doubt() {
    let mut pair = Pair::new();
    pair.greet();
    let (request, id) = pair.sent_call(PLAIN);
    pair.receive(&types::MsgsAck { msg_ids: vec![id.to_wire()] });
    assert_eq!(pair.events(), [ClientEvent::Received { request }]);
    pair.reconnect();
    let (question, _) = pair.question().unwrap();
    pair.state_info(question, &[2]);
    assert_eq!(pair.sent_calls(), [], "a session that is gone has taken it");
    assert_eq!(pair.events(), [failed(request, Failure::UnknownOutcome)]);
}

#[test]
fn ns_1_a_session_that_an_old_packet_has_begun_knows_nothing_of_an_earlier_one() {
    let mut pair = Pair::new();
    pair.greet();
    let (request, id) = pair.sent_call(PLAIN);
    pair.reconnect();
    let first_msg_id = id.to_wire() - 4;
    pair.receive(&types::NewSessionCreated { first_msg_id, unique_id: 2, server_salt: 5 });
    assert_eq!(
        pair.events(),
        [failed(request, Failure::UnknownOutcome), ClientEvent::NewSession { unique_id: 2 }]
    );
}

#[test]
fn bm_1_a_refusal_that_was_held_back_does_not_set_the_clock() {
    let mut pair = Pair::new();
    let (_, id) = pair.sent_call(PLAIN);
    let held_back = pair.server.id(pair.now);
    pair.wait(100);
    pair.greet();
    let before = pair.session.time();
    let refusal = types::BadMsgNotification { bad_msg_id: id.to_wire(), bad_msg_seqno: 1, error_code: 17 };
    pair.receive_as(held_back, 0, &bytes(&refusal)).unwrap();
    assert_eq!(pair.session.time(), before);
    assert_eq!(pair.sent_calls().len(), 1, "all else of it is believed");
}

#[test]
fn packets_that_are_sealed_side_by_side_are_those_of_one_by_one() {
    let (mut together, mut one_by_one) = (Pair::new(), Pair::new());
    let mut requests = Vec::new();
    for pair in [&mut together, &mut one_by_one] {
        let mut bodies = rng();
        for quick_ack in [false, true, false, true, true] {
            let mut body = vec![0; 24 * 1024];
            bodies.fill_bytes(&mut body);
            let options = CallOptions { quick_ack, repeatable: false };
            requests.push(pair.session.call(pair.now, body.into(), options).unwrap());
        }
    }
    let mut drafts = Vec::new();
    while let Ok(draft) = together.session.draft(together.now, &mut together.rng, PacketBuf::new()) {
        drafts.push(draft);
    }
    let mut packets = Vec::new();
    together.session.seal(&mut drafts, |packet, transmit| packets.push((packet, transmit)));
    assert_eq!((drafts.len(), packets.len()), (0, 5), "each call fills a packet");
    for (packet, transmit) in &packets {
        let mut other = PacketBuf::new();
        let is = one_by_one.session.poll_transmit(one_by_one.now, &mut one_by_one.rng, &mut other);
        assert_eq!(is, Some(*transmit));
        assert_eq!(other.as_slice(), packet.as_slice(), "msg_ids, seqnos and padding are the same as well");
    }
    let wanted: Vec<_> = packets.iter().zip(&requests).filter(|((_, sent), _)| sent.quick_ack).collect();
    assert_eq!(wanted.len(), 3);
    for ((packet, _), request) in wanted {
        let packet = bytes::BytesMut::from(packet.as_slice());
        let opened = crate::message::envelope::open(&key(), Side::Client, packet).unwrap();
        together.session.handle_quick_ack(opened.quick_ack_token(&key()));
        assert_eq!(together.events(), [ClientEvent::QuickAck { request: *request }]);
    }
}
