//! The encrypted session, both ends: the fuzzer is the other side, and its packets are encrypted here with the right
//! key, so that it gets behind the msg_key check.
//!
//! Input: steps, each an opcode byte and its operands, until the bytes are used up. See [`Peer::packet`] for the most
//! important one, and the arms of the two matches for the others.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use mtwire::{
    clock::Now,
    crypto::{AuthKey, Side, packet::seal_in_place},
    message::{ClientEvent, RpcError, SaltSchedule, ServerEvent, ServerTime, client, envelope, server},
    tl::PacketBuf,
};
use rand::{SeedableRng, rngs::StdRng};

use super::input::Input;

/// More packets than this in answer to one step would be a loop.
const MAX_PACKETS: usize = 64;

const MSG_CONTAINER: u32 = 0x73f1_f8dc;

/// The fuzzer's side of the session, and the clock.
struct Peer {
    key: Arc<AuthKey>,
    sender: Side,
    session_id: i64,
    salt: i64,
    now: Now,
    /// The msg_ids that the session under test has sent, and those that the peer has sent.
    theirs: Vec<i64>,
    own: Vec<i64>,
}

impl Peer {
    fn new(sender: Side) -> Self {
        let bytes = std::array::from_fn(|at| at as u8);
        let now = Now { monotonic: Duration::from_secs(1_000), unix: Duration::from_secs(1_800_000_000) };
        let key = Arc::new(AuthKey::from_bytes(bytes));
        Self { key, sender, session_id: 0, salt: 0, now, theirs: Vec::new(), own: Vec::new() }
    }

    fn receiver(&self) -> Side {
        match self.sender {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        }
    }

    /// An id out of those seen, so that the fuzzer can name messages whose ids it cannot know.
    fn known_id(&self, index: u8) -> i64 {
        let (ids, index) = match index.checked_sub(128) {
            Some(index) => (&self.own, index),
            None => (&self.theirs, index),
        };
        ids.iter().rev().nth(index.into()).copied().unwrap_or(index.into())
    }

    /// Operands: flags; a signed byte, the msg_id's distance from now in quarters of a second (in units of 8 s with
    /// flag 4); the seqno; the number of patches; the length of the body in units of 4 bytes (16 bits); the body;
    /// then the patches, each two bytes: where in the body, in units of 4 bytes, and which known msg_id is put there.
    ///
    /// Flags: 1 another salt, 2 another session, 4 see above, 8 the last msg_id again, 16 another parity, 32 the
    /// length field is the next 4 bytes of input, 64 more padding than allowed, 128 (client only) an answer's parity.
    fn packet(&mut self, input: &mut Input<'_>) -> BytesMut {
        let flags = input.u8();
        let distance = i64::from(input.u8().cast_signed()) * if flags & 4 == 0 { 1 << 30 } else { 1 << 35 };
        let seqno = i32::from(input.u8());
        let patches = input.u8();
        let words = usize::from(input.u16()) % 0x1000;
        let mut body = input.take(words * 4).to_vec();
        body.resize(body.len().next_multiple_of(4), 0);
        for _ in 0..patches % 16 {
            let at = usize::from(input.u8()) * 4;
            let id = self.known_id(input.u8());
            if let Some(place) = body.get_mut(at..at + 8) {
                place.copy_from_slice(&id.to_le_bytes());
            }
        }

        let parity = match (self.sender, flags & 16 != 0, flags & 128 != 0) {
            (_, true, _) => 2,
            (Side::Client, ..) => 0,
            (Side::Server, _, true) => 1,
            (Side::Server, _, false) => 3,
        };
        let mut msg_id =
            ((self.now.unix.as_secs().cast_signed() << 32) + distance + 4 * self.own.len() as i64) & !3
                | parity;
        if flags & 8 != 0 {
            msg_id = self.own.last().copied().unwrap_or(msg_id);
        }
        self.own.push(msg_id);

        let length = if flags & 32 == 0 { body.len() as i32 } else { i32::from_le_bytes(input.array()) };
        let mut packet = self.salt.wrapping_add(i64::from(flags & 1)).to_le_bytes().to_vec();
        packet.extend((self.session_id ^ i64::from(flags & 2)).to_le_bytes());
        packet.extend(msg_id.to_le_bytes());
        packet.extend(seqno.to_le_bytes());
        packet.extend(length.to_le_bytes());
        packet.extend(body);
        let padding = if flags & 64 == 0 { 12 } else { 1030 };
        packet.resize((packet.len() + padding).next_multiple_of(16), 0);
        let sealed = seal_in_place(&self.key, self.sender, &mut packet);
        BytesMut::from(&[&sealed.header[..], &packet].concat()[..])
    }

    /// Reads a packet of the session under test.
    fn read(&mut self, packet: &PacketBuf) {
        let opened = envelope::open(&self.key, self.receiver(), BytesMut::from(packet.as_slice()));
        let opened = opened.expect("the session seals what can be opened");
        self.theirs.push(opened.header.msg_id.to_wire());
        self.session_id = opened.header.session_id;
        // A call's body may begin like a container, too: it is the fuzzer's.
        if let Some(container) = opened.body.strip_prefix(&MSG_CONTAINER.to_le_bytes()[..]) {
            let mut messages = Input::new(container);
            messages.take(4);
            while !messages.is_empty() {
                self.theirs.push(i64::from_le_bytes(messages.array()));
                messages.take(4);
                let length = u32::from_le_bytes(messages.array());
                messages.take(length as usize);
            }
        }
        let old = self.theirs.len().saturating_sub(256);
        self.theirs.drain(..old);
    }

    fn pass(&mut self, input: &mut Input<'_>) {
        let steps = input.u8();
        // Fine steps and coarse ones, up to half an hour.
        let by = if steps < 128 {
            Duration::from_millis(u64::from(steps) * 100)
        } else {
            Duration::from_secs(u64::from(steps - 127) * 14)
        };
        self.now = self.now.after(by);
    }
}

fn words(input: &mut Input<'_>) -> Bytes {
    let len = usize::from(input.u8()) * 4;
    let mut body = input.take(len).to_vec();
    body.resize(len, 0);
    Bytes::from(body)
}

pub fn client(data: &[u8]) {
    let mut input = Input::new(data);
    let mut rng = StdRng::seed_from_u64(1);
    let mut peer = Peer::new(Side::Server);
    let options = client::Options { max_calls: 8, max_call_bytes: 4096, ..client::Options::default() };
    let config = client::Config {
        auth_key: Arc::clone(&peer.key),
        salt: 5,
        time: ServerTime::synchronised(peer.now.unix, peer.now),
        options: options.clone(),
    };
    let mut session = client::Session::new(config, peer.now, &mut rng);
    session.on_connected(peer.now);
    let mut open = BTreeSet::new();
    let mut tokens = Vec::new();
    while !input.is_empty() {
        peer.session_id = session.session_id();
        peer.salt = session.salt(peer.now);
        match input.u8() {
            // A call: flags, length in words, body.
            0 => {
                let flags = input.u8();
                let options = client::CallOptions { repeatable: flags & 1 != 0, quick_ack: flags & 2 != 0 };
                if let Ok(request) = session.call(peer.now, words(&mut input), options) {
                    assert!(open.insert(request), "a handle twice");
                }
            }
            // Cancel one of the calls.
            1 => {
                let index = usize::from(input.u8());
                if let Some(request) = open.iter().nth(index).copied() {
                    assert!(session.cancel(peer.now, request).is_some());
                    open.remove(&request);
                }
            }
            // Time passes.
            2 => {
                peer.pass(&mut input);
                session.handle_timeout(peer.now);
            }
            3 => session.on_disconnected(peer.now),
            4 => session.on_connected(peer.now),
            // A quick ack, for one of the packets.
            5 => {
                let index = usize::from(input.u8());
                session.handle_quick_ack(tokens.iter().rev().nth(index).copied().unwrap_or(index as u32));
            }
            // Bytes that nobody has encrypted.
            6 => {
                let _ = session.handle_packet(peer.now, BytesMut::from(&words(&mut input)[..]));
            }
            _ => {
                let packet = peer.packet(&mut input);
                let _ = session.handle_packet(peer.now, packet);
            }
        }
        let mut packet = PacketBuf::new();
        for count in 0.. {
            packet.clear();
            let Some(_) = session.poll_transmit(peer.now, &mut rng, &mut packet) else { break };
            assert!(count < MAX_PACKETS, "it sends for ever");
            let opened = envelope::open(&peer.key, Side::Client, BytesMut::from(packet.as_slice()));
            tokens.push(opened.expect("sealed").quick_ack_token(&peer.key));
            peer.read(&packet);
        }
        while let Some(event) = session.poll_event() {
            match event {
                ClientEvent::Answer { request, .. } | ClientEvent::Failed { request, .. } => {
                    assert!(open.remove(&request), "a second end, or one of a cancelled call");
                    assert_eq!(session.status(request), None);
                }
                ClientEvent::Received { request } => {
                    assert!(open.contains(&request));
                }
                ClientEvent::QuickAck { request } => assert!(open.contains(&request)),
                ClientEvent::SaltChanged { salt } => assert_ne!(salt, 0),
                _ => {}
            }
        }
        let sizes = session.sizes();
        assert_eq!(sizes.calls, open.len(), "a call without an end");
        assert!(sizes.calls <= options.max_calls && sizes.call_bytes <= options.max_call_bytes);
        assert!(
            sizes.acks <= 8192 && sizes.received <= 8192 && sizes.sent <= 8192 && sizes.salts <= 256,
            "{sizes:?}"
        );
    }
}

pub fn server(data: &[u8]) {
    let mut input = Input::new(data);
    let mut rng = StdRng::seed_from_u64(2);
    let mut peer = Peer::new(Side::Client);
    let salts = SaltSchedule::new([7; 32], &peer.key);
    let options = server::Options {
        max_calls: 8,
        max_unacked: 16,
        max_unacked_bytes: 4096,
        ..server::Options::default()
    };
    let config =
        server::Config { auth_key: Arc::clone(&peer.key), salts: salts.clone(), options: options.clone() };
    let mut session = server::Session::new(config, 77, &mut rng);
    peer.session_id = 77;
    let (mut open, mut seen) = (Vec::new(), BTreeSet::new());
    while !input.is_empty() {
        peer.salt = salts.current(peer.now.unix);
        match input.u8() {
            // An answer to one of the calls: which, and the body.
            0 => {
                let index = usize::from(input.u8());
                if index < open.len() {
                    let call = open[index];
                    if session.answer(peer.now, call, words(&mut input)).is_ok() {
                        open.swap_remove(index);
                    }
                }
            }
            // An error in answer to one of the calls.
            1 => {
                let index = usize::from(input.u8());
                let error = RpcError::new(400, "FUZZ_1");
                if index < open.len() && session.answer_error(peer.now, open[index], &error).is_ok() {
                    open.swap_remove(index);
                }
            }
            2 => {
                peer.pass(&mut input);
                session.handle_timeout(peer.now);
            }
            3 => session.on_disconnected(peer.now),
            4 => session.on_connected(peer.now),
            // A push.
            5 => {
                let _ = session.push(peer.now, words(&mut input));
            }
            6 => {
                let _ = session.handle_packet(peer.now, BytesMut::from(&words(&mut input)[..]));
            }
            _ => {
                let packet = peer.packet(&mut input);
                let _ = session.handle_packet(peer.now, packet);
            }
        }
        let mut packet = PacketBuf::new();
        for count in 0.. {
            packet.clear();
            if !session.poll_transmit(peer.now, &mut rng, &mut packet) {
                break;
            }
            assert!(count < MAX_PACKETS, "it sends for ever");
            peer.read(&packet);
        }
        while let Some(event) = session.poll_event() {
            if let ServerEvent::Call { msg_id, .. } = event {
                assert!(seen.insert(msg_id), "{msg_id} carried out twice");
                open.push(msg_id);
            }
        }
        let sizes = session.sizes();
        assert!(sizes.calls <= options.max_calls, "{sizes:?}");
        assert!(sizes.unacked <= 4 * options.max_unacked, "{sizes:?}");
        assert!(sizes.acks <= 8192 && sizes.received <= 8192, "{sizes:?}");
    }
}
