//! The HTTP transport of the loopback DC, by hand (HT-1, HW-1).

use std::time::Duration;

use bytes::BytesMut;
use mtwire::crypto::Side;
use mtwire::message::envelope;
use mtwire::server::Server;
use mtwire::tl::{Constructor, Deserialize, Reader, Serialize, enums, functions, mtproto, types};
use mtwire::transport::Kind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::peer::{LIMIT, Peer, connect, start};

/// One connection of a client that speaks HTTP word by word.
pub struct Web {
    pub stream: TcpStream,
    pub input: BytesMut,
}

impl Web {
    pub async fn new(server: &Server, dc: usize) -> Self {
        let stream = TcpStream::connect(server.dcs()[dc - 1].socket_addr().unwrap()).await.unwrap();
        Self { stream, input: BytesMut::new() }
    }

    pub async fn say(&mut self, text: impl AsRef<[u8]>) {
        self.stream.write_all(text.as_ref()).await.unwrap();
    }

    async fn post(&mut self, body: &[u8]) {
        self.say(format!("POST /api HTTP/1.1\r\nHost: dc\r\nContent-Length: {}\r\n\r\n", body.len())).await;
        self.say(body).await;
    }

    pub async fn read_more(&mut self) -> usize {
        timeout(LIMIT, self.stream.read_buf(&mut self.input))
            .await
            .expect("the server is silent")
            .unwrap_or(0)
    }

    pub async fn head(&mut self) -> String {
        loop {
            if let Some(at) = self.input.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                return String::from_utf8(self.input.split_to(at + 4).to_vec()).unwrap();
            }
            assert_ne!(self.read_more().await, 0, "closed within {:?}", self.input);
        }
    }

    /// Status and body of the next answer.
    async fn answer(&mut self) -> (u16, BytesMut) {
        let head = self.head().await;
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        while self.input.len() < length {
            assert_ne!(self.read_more().await, 0, "closed within a body");
        }
        (head[9..12].parse().unwrap(), self.input.split_to(length))
    }

    /// There is no answer yet.
    async fn is_held(&mut self) -> bool {
        timeout(Duration::from_millis(100), self.stream.read_buf(&mut self.input)).await.is_err()
    }

    pub async fn is_closed(&mut self) -> bool {
        self.input.is_empty() && self.read_more().await == 0
    }
}

impl Peer {
    /// A packet of this session with one message, content-related or not.
    fn http_packet(&mut self, content_related: bool, body: &[u8]) -> Vec<u8> {
        let (msg_id, seqno) = (self.next_id(), self.content * 2 + i32::from(content_related));
        self.content += i32::from(content_related);
        self.sealed(msg_id, seqno, body).as_slice().to_vec()
    }

    fn ping(&mut self, ping_id: i64) -> Vec<u8> {
        self.http_packet(false, &mtproto::functions::Ping { ping_id }.to_bytes().unwrap())
    }

    fn wait_packet(&mut self, max_delay: i32, wait_after: i32, max_wait: i32) -> Vec<u8> {
        self.http_packet(
            false,
            &mtproto::types::HttpWait { max_delay, wait_after, max_wait }.to_bytes().unwrap(),
        )
    }

    /// The bodies in a packet of the server.
    fn opened(&self, packet: BytesMut) -> Vec<bytes::Bytes> {
        let opened = envelope::open(&self.key, Side::Server, packet).unwrap();
        let mut reader = Reader::new(opened.body.clone());
        if reader.u32() != 0x73f1_f8dc {
            return vec![opened.body];
        }
        let count = reader.i32();
        (0..count)
            .map(|_| {
                reader.raw(12);
                let length = reader.i32();
                reader.raw(length.try_into().unwrap())
            })
            .collect()
    }

    /// The ping ids that a packet of the server answers.
    fn pongs(&self, packet: BytesMut) -> Vec<i64> {
        let pong = |body| Some(mtproto::types::Pong::from_bytes(body).ok()?.ping_id);
        self.opened(packet).into_iter().filter_map(pong).collect()
    }
}

/// A session that the server knows, and that has nothing to send: with a key made over TCP.
async fn session(server: &Server) -> (Peer, Web) {
    let mut peer = Peer::new(server, 2, Kind::Intermediate).await;
    let mut web = Web::new(server, 2).await;
    web.post(&peer.ping(0)).await;
    let (status, packet) = web.answer().await;
    assert_eq!((status, peer.pongs(packet)), (200, vec![0]));
    (peer, web)
}

#[tokio::test]
async fn ht_1_pipelined_requests_are_answered_in_order_with_what_there_is() {
    let server = start().await;
    let (mut peer, mut web) = session(&server).await;
    for ping_id in 1..=5 {
        let packet = peer.ping(ping_id);
        web.post(&packet).await;
    }
    let mut pongs = Vec::new();
    while pongs.len() < 5 {
        let (status, packet) = web.answer().await;
        assert_eq!(status, 200);
        pongs.extend(peer.pongs(packet));
    }
    assert_eq!(pongs, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn hw_1_a_poll_is_held_until_there_is_something_to_say_on_whichever_connection() {
    let server = start().await;
    let (mut peer, mut calls) = session(&server).await;
    let mut poll = Web::new(&server, 2).await;
    poll.post(&peer.wait_packet(0, 0, 25_000)).await;
    assert!(poll.is_held().await);
    calls.post(&peer.wait_packet(0, 0, 0)).await;
    assert_eq!(calls.answer().await, (200, BytesMut::new()), "the default wait is not for who wants none");
    // Whatever comes is sent with one of the answers that are open, and the other connection is free for more.
    let ping = peer.ping(7);
    calls.post(&ping).await;
    let first = tokio::select! {
        answer = poll.answer() => answer,
        answer = calls.answer() => answer,
    };
    assert_eq!(peer.pongs(first.1), [7]);
    let mut other = Peer::new(&server, 2, Kind::Abridged).await;
    other.log_in("9996621234").await;
    assert!(poll.is_held().await || calls.is_held().await, "another session's affairs");
}

#[tokio::test]
async fn hw_1_an_update_comes_with_a_poll() {
    let server = start().await;
    let mut peer = Peer::new(&server, 2, Kind::Intermediate).await;
    peer.log_in("9996621234").await;
    let mut other = Peer::new(&server, 2, Kind::Intermediate).await;
    other.log_in("9996621234").await;
    // The session moves from its TCP connection to this one; what it has not acknowledged comes again.
    let mut poll = Web::new(&server, 2).await;
    poll.post(&peer.wait_packet(0, 0, 200)).await;
    while !poll.answer().await.1.is_empty() {
        let packet = peer.wait_packet(0, 0, 200);
        poll.post(&packet).await;
    }
    poll.post(&peer.wait_packet(0, 0, 25_000)).await;
    assert!(poll.is_held().await);
    let message = functions::messages::SendMessage {
        peer: enums::InputPeer::InputPeerSelf,
        message: "hello".into(),
        random_id: 1,
        ..Default::default()
    };
    other.call(&message).await.unwrap();
    let (_, packet) = poll.answer().await;
    let told = peer.opened(packet);
    assert!(
        told.iter().any(|body| body.starts_with(&types::UpdateShortMessage::ID.to_le_bytes())),
        "{told:?}"
    );
}

#[tokio::test]
async fn hw_1_nothing_to_say_is_said_after_max_wait() {
    let server = start().await;
    let (mut peer, mut web) = session(&server).await;
    web.post(&peer.wait_packet(0, 0, 150)).await;
    assert!(web.is_held().await);
    assert_eq!(web.answer().await, (200, BytesMut::new()));
}

#[tokio::test]
async fn ht_1_a_poll_does_not_hold_up_other_sessions_and_exchanges_behind_it() {
    let server = start().await;
    let (mut peer, mut web) = session(&server).await;
    let (mut other, _) = session(&server).await;
    let (poll, ping) = (peer.wait_packet(0, 0, 25_000), other.ping(3));
    web.post(&poll).await;
    web.post(&ping).await;
    assert_eq!(web.answer().await, (200, BytesMut::new()));
    assert_eq!(other.pongs(web.answer().await.1), [3]);
}

#[tokio::test]
async fn ht_1_an_unknown_key_and_what_is_no_packet_are_404_with_a_code() {
    let server = start().await;
    for body in [vec![9; 88], vec![0; 24], vec![1; 4], vec![]] {
        let mut web = Web::new(&server, 1).await;
        web.post(&body).await;
        let (status, code) = web.answer().await;
        assert_eq!((status, &code[..]), (404, &(-404_i32).to_le_bytes()[..]));
        assert!(web.is_closed().await);
    }
}

#[tokio::test]
async fn ht_1_what_is_not_served_says_so_and_goes_on() {
    let server = start().await;
    let (mut peer, mut web) = session(&server).await;
    web.say("OPTIONS /apiw HTTP/1.1\r\nOrigin: https://example.org\r\n\r\n").await;
    let head = web.head().await;
    assert!(
        head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("Access-Control-Allow-Methods: POST"),
        "{head}"
    );
    web.say("GET / HTTP/1.1\r\n\r\n").await;
    assert_eq!(web.answer().await.0, 404);
    web.say("POST /elsewhere HTTP/1.1\r\nContent-Length: 5\r\n\r\n12345").await;
    assert_eq!(web.answer().await.0, 404);
    web.say("GET /api HTTP/1.1\r\n\r\n").await;
    assert_eq!(web.answer().await.0, 405);
    let ping = peer.ping(1);
    web.say(format!("POST /api HTTP/1.1\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n", ping.len()))
        .await;
    assert_eq!(web.head().await, "HTTP/1.1 100 Continue\r\n\r\n");
    web.say(ping).await;
    assert_eq!(peer.pongs(web.answer().await.1), [1]);
    let ping = peer.ping(2);
    web.say(format!("POST /api HTTP/1.0\r\nContent-Length: {}\r\n\r\n", ping.len())).await;
    web.say(ping).await;
    assert_eq!(peer.pongs(web.answer().await.1), [2]);
    assert!(web.is_closed().await, "HTTP/1.0 without keep-alive");
}

#[tokio::test]
async fn hostile_requests_are_told_off_and_cut_off() {
    let server = start().await;
    let long = format!("POST /{} HTTP/1.1\r\n", "x".repeat(20_000));
    for (request, status) in [
        ("POST /api HTTP/1.1\r\n\r\n", 411),
        ("POST /api HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
        ("POST /api HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        ("POST /api HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", 400),
        ("POST nowhere\r\n\r\n", 400),
        (&long, 431),
    ] {
        let mut web = Web::new(&server, 1).await;
        web.say(request).await;
        assert_eq!(web.answer().await.0, status, "{request}");
        assert!(web.is_closed().await);
    }
    // The server is none the worse for it.
    session(&server).await;
}

#[tokio::test]
async fn a_session_that_moves_to_tcp_lets_its_polls_go() {
    let server = start().await;
    let (mut peer, mut web) = session(&server).await;
    web.post(&peer.wait_packet(0, 0, 25_000)).await;
    assert!(web.is_held().await);
    peer.framed = connect(&server, 2, Kind::Intermediate).await;
    let packet = peer.ping(9);
    let mut buffer = mtwire::tl::PacketBuf::new();
    buffer.extend_from_slice(&packet);
    peer.framed.queue(buffer, false).unwrap();
    let pong = peer.wait(mtproto::types::Pong::ID).await;
    assert_eq!(mtproto::types::Pong::from_bytes(pong).unwrap().ping_id, 9);
    assert_eq!(web.answer().await, (200, BytesMut::new()));
}
