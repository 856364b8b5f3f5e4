//! Calls whose bodies name msg_ids: bindings and calls in order (PF-2, AP-3).

use super::*;
use crate::handshake::binding;

const AFTER_MSG: u32 = 0xcb9f_372d;

/// The id after which a sent call is to come, and its place in the packet; `None` if it is bare.
fn after(message: &Incoming) -> Option<MsgId> {
    let mut reader = crate::tl::Reader::new(message.body.clone());
    (reader.u32() == AFTER_MSG).then(|| MsgId::from_wire(reader.i64()))
}

impl Pair {
    fn call_after(&mut self, former: RequestId) -> RequestId {
        self.session.call_after(self.now, unknown(8), PLAIN, &[former]).unwrap()
    }
}

#[test]
fn ap_3_a_call_names_the_one_before_by_the_id_it_has_now() {
    let mut pair = Pair::new();
    pair.greet();
    let first = pair.call(PLAIN);
    pair.call_after(first);
    let sent = pair.sent_messages();
    assert_eq!(after(&sent[0]), None);
    assert_eq!(after(&sent[1]), Some(sent[0].msg_id));

    // Neither has arrived: both are sent again, and the second follows the first to its new id.
    pair.reconnect();
    let (question, asked) = pair.question().unwrap();
    assert_eq!(asked.len(), 2);
    pair.state_info(question, &[2, 2]);
    let again = pair.sent_messages();
    assert!(again[0].msg_id > sent[1].msg_id);
    assert_eq!(after(&again[1]), Some(again[0].msg_id));

    // The first has its answer, the second is sent once more: there is nothing to wait for.
    let answer = rpc_result(again[0].msg_id, &unknown(8));
    let msg_id = pair.server.id(pair.now);
    pair.receive_as(msg_id, 1, &answer).unwrap();
    pair.refuse(again[1].msg_id, 20);
    pair.refuse(again[1].msg_id, 32);
    let last = pair.sent_messages();
    let bare: Vec<_> = last.iter().filter(|message| message.body == unknown(8)).collect();
    assert!(bare.iter().all(|message| after(message).is_none()));
}

#[test]
fn ap_3_a_call_that_was_given_up_is_still_named() {
    let mut pair = Pair::new();
    let (first, id) = pair.sent_call(PLAIN);
    pair.call_after(first);
    assert_eq!(pair.session.cancel(pair.now, first), Some(CallStatus::Sent));
    let sent = pair.sent_messages();
    let second = sent.iter().find(|message| after(message).is_some()).unwrap();
    assert_eq!(after(second), Some(id), "the server may still be at it");

    let mut pair = Pair::new();
    let first = pair.call(PLAIN);
    pair.call_after(first);
    pair.session.cancel(pair.now, first);
    let sent = pair.sent_messages();
    assert_eq!((sent.len(), after(&sent[0])), (1, None), "the server never had it");
}

#[test]
fn ap_3_several_are_named_together_and_no_more_than_64() {
    let mut pair = Pair::new();
    let formers: Vec<_> = (0..100).map(|_| pair.call(PLAIN)).collect();
    pair.session.call_after(pair.now, unknown(8), PLAIN, &formers).unwrap();
    let sent = pair.sent_messages();
    assert_eq!(sent.len(), 101);
    let last = &sent[100].body;
    assert_eq!(last.len(), 12 + 8 * 64 + 8);
    assert!(last.ends_with(&unknown(8)));
}

#[test]
fn pf_2_the_binding_is_made_anew_for_each_msg_id() {
    let mut pair = Pair::new();
    pair.greet();
    let permanent = Arc::new(AuthKey::from_bytes([3; 256]));
    let temporary = pair.session.auth_key().id();
    let binding = Binding { permanent: Arc::clone(&permanent), temporary, expires_at: 77 };
    let request = pair.session.bind(pair.now, binding).unwrap();
    let check = |message: &Incoming, session_id: i64| {
        let body = &message.body;
        assert_eq!(constructor(body), Some(BIND_TEMP_AUTH_KEY));
        let vouched = binding::open(&permanent, &body[body.len() - 107..body.len() - 3]).unwrap();
        assert_eq!(vouched.msg_id, message.msg_id.to_wire());
        assert_eq!((vouched.inner.temp_session_id, vouched.inner.expires_at), (session_id, 77));
    };
    let id = pair.session.session_id();
    let first = pair.sent_messages();
    check(&first[0], id);
    pair.refuse(first[0].msg_id, 48);
    pair.refuse(first[0].msg_id, 16);
    let second = pair.sent_messages();
    assert_ne!(second[0].msg_id, first[0].msg_id);
    check(&second[0], id);
    let answer = rpc_result(second[0].msg_id, &0x9972_75b5_u32.to_le_bytes());
    let msg_id = pair.server.id(pair.now);
    pair.receive_as(msg_id, 1, &answer).unwrap();
    assert!(
        pair.events().iter().any(
            |event| matches!(event, ClientEvent::Answer { request: of, result: Ok(_) } if *of == request)
        )
    );
}

/// A session that pings, with a call under way; after how long it asks about the call, and for how long it waits for an answer.
fn pinging() -> (Pair, Duration, Duration) {
    let mut options = options();
    options.ping_interval = Some(60 * S);
    let (state_delay, pong_timeout) = (options.state_delay, options.pong_timeout);
    let mut pair = Pair::with(options, ServerTime::synchronised(now(0).unix, now(0)));
    pair.sent_call(PLAIN);
    (pair, state_delay, pong_timeout)
}

#[test]
fn what_is_due_and_cannot_go_is_no_timeout() {
    let (mut pair, state_delay, pong_timeout) = pinging();
    // The question about the call is due, and the ping.
    pair.now = pair.now.after(state_delay + 60 * S);
    pair.session.handle_timeout(pair.now);
    assert!(pair.session.poll_timeout().unwrap() <= pair.now.monotonic);
    assert_eq!(pair.session.poll_timeout_unsent(), None, "it would be up at once, again and again");
    // What has gone is waited for.
    assert!(pair.sent().is_some());
    assert_eq!(pair.session.poll_timeout_unsent(), Some(pair.now.monotonic + pong_timeout));
}

#[test]
fn a_dead_connection_with_calls_is_found_out_by_the_question_about_them() {
    let (mut pair, state_delay, pong_timeout) = pinging();
    pair.now = pair.now.after(state_delay);
    pair.session.handle_timeout(pair.now);
    assert!(pair.question().is_some());
    assert!(pair.session.poll_timeout().unwrap() <= pair.now.monotonic + pong_timeout);
    pair.now = pair.now.after(pong_timeout);
    pair.session.handle_timeout(pair.now);
    assert!(pair.events().contains(&ClientEvent::ConnectionDead));
}
