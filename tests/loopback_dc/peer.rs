//! A connection and a session by hand.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use mtwire::crypto::{AuthKey, Side, rsa::PublicKey};
use mtwire::handshake::client::{Exchange, Options, Outcome};
use mtwire::handshake::plain;
use mtwire::message::{MsgId, envelope, gzip};
use mtwire::net::{Address, Framed, FramedError, SystemClock, dial};
use mtwire::server::{Builder, Server};
use mtwire::tl::{Deserialize, Function, PacketBuf, Reader, Serialize, enums, functions, mtproto, types};
use mtwire::transport::{Codec, Frame, Kind};
use tokio::net::TcpStream;

pub const LIMIT: Duration = Duration::from_secs(20);
const RPC_RESULT: u32 = 0xf35c_6d01;
const CONTAINER: u32 = 0x73f1_f8dc;
pub const UPDATES_TOO_LONG: u32 = 0xe317_af7e;

/// What a server has sent.
#[derive(Debug)]
pub struct Received {
    pub session_id: i64,
    pub body: Bytes,
}

/// One connection and one session, without any of a client's good manners.
pub struct Peer {
    pub framed: Framed<TcpStream>,
    pub key: AuthKey,
    pub salt: i64,
    pub session_id: i64,
    pub last: i64,
    pub content: i32,
    pub inited: bool,
    pub received: VecDeque<Received>,
}

pub async fn connect(server: &Server, dc: i32, kind: Kind) -> Framed<TcpStream> {
    let address = server.dcs().iter().find(|d| d.id == dc).unwrap();
    let stream = dial(&Address::new(&address.host, address.port), LIMIT).await.unwrap();
    Framed::new(stream, Codec::client(kind, &mut rand::rng()))
}

pub async fn plain_call(framed: &mut Framed<TcpStream>, mut body: PacketBuf) -> Bytes {
    plain::encode(
        MsgId::at(SystemClock::new().now().unix, mtwire::message::msg_id::Kind::FromClient).to_wire(),
        &mut body,
    );
    framed.queue(body, false).unwrap();
    match framed.next().await.unwrap() {
        Frame::Packet { payload, .. } => plain::decode(&payload.freeze()).unwrap().body,
        other => panic!("{other:?}"),
    }
}

/// Makes a key.
pub async fn exchange(framed: &mut Framed<TcpStream>, options: Options) -> (AuthKey, i64) {
    let (request, state) = Exchange::start(options, &mut rand::rng());
    let answer = plain_call(framed, request).await;
    let (request, state) = state.res_pq(answer, &mut rand::rng()).unwrap();
    let answer = plain_call(framed, request).await;
    let (request, state) = state.dh_params(answer, SystemClock::new().now(), &mut rand::rng()).unwrap();
    let answer = plain_call(framed, request).await;
    match state.dh_gen(answer, &mut rand::rng()).unwrap() {
        Outcome::Established(done) => (done.auth_key, done.first_salt),
        Outcome::Retry(..) => panic!("the server wants another key"),
    }
}

pub fn trusted(server: &Server) -> Vec<PublicKey> {
    vec![PublicKey::from_pem(server.public_key_pem()).unwrap()]
}

impl Peer {
    /// A connection with a new key.
    pub async fn new(server: &Server, dc: i32, kind: Kind) -> Self {
        let mut framed = connect(server, dc, kind).await;
        let (key, salt) = exchange(&mut framed, Options::permanent(trusted(server), dc)).await;
        Self::with(framed, key, salt, 77)
    }

    pub fn with(framed: Framed<TcpStream>, key: AuthKey, salt: i64, session_id: i64) -> Self {
        Self { framed, key, salt, session_id, last: 0, content: 0, inited: false, received: VecDeque::new() }
    }

    /// The same session over a new connection.
    pub async fn reconnect(&mut self, server: &Server, dc: i32) {
        self.framed = connect(server, dc, Kind::Intermediate).await;
    }

    pub fn next_id(&mut self) -> i64 {
        let unix = SystemClock::new().now().unix;
        let now = MsgId::at(unix, mtwire::message::msg_id::Kind::FromClient).to_wire();
        self.last = now.max(self.last + 4);
        self.last
    }

    pub fn sealed(&mut self, msg_id: i64, seqno: i32, body: &[u8]) -> PacketBuf {
        let mut packet = PacketBuf::new();
        packet.extend_from_slice(body);
        let header = envelope::Header {
            salt: self.salt,
            session_id: self.session_id,
            msg_id: MsgId::from_wire(msg_id),
            seqno,
        };
        envelope::seal(&self.key, Side::Client, header, &mut rand::rng(), &mut packet);
        packet
    }

    pub fn send(&mut self, body: &[u8]) -> i64 {
        let (msg_id, seqno) = (self.next_id(), self.content * 2 + 1);
        self.content += 1;
        let packet = self.sealed(msg_id, seqno, body);
        self.framed.queue(packet, false).unwrap();
        msg_id
    }

    pub async fn receive(&mut self) -> Result<Received, Frame> {
        loop {
            if let Some(received) = self.received.pop_front() {
                return Ok(received);
            }
            let frame = tokio::time::timeout(LIMIT, self.framed.next()).await.expect("the server is silent");
            let payload = match frame.unwrap() {
                Frame::Packet { payload, .. } => payload,
                other => return Err(other),
            };
            let opened = envelope::open(&self.key, Side::Server, payload).unwrap();
            let session_id = opened.header.session_id;
            let mut reader = Reader::new(opened.body.clone());
            if reader.peek_u32() != Some(CONTAINER) {
                return Ok(Received { session_id, body: opened.body });
            }
            reader.u32();
            for _ in 0..reader.i32() {
                reader.i64();
                reader.i32();
                let length = reader.i32();
                let body = reader.raw(length.try_into().unwrap());
                self.received.push_back(Received { session_id, body });
            }
        }
    }

    /// Waits for an object with this constructor, passing over others.
    pub async fn wait(&mut self, id: u32) -> Bytes {
        loop {
            let received = self.receive().await.unwrap();
            assert_eq!(received.session_id, self.session_id);
            if received.body.starts_with(&id.to_le_bytes()) {
                return received.body;
            }
        }
    }

    pub async fn answer(&mut self, msg_id: i64) -> Result<Bytes, String> {
        loop {
            let mut reader = Reader::new(self.wait(RPC_RESULT).await);
            reader.u32();
            if reader.i64() != msg_id {
                continue;
            }
            let result = gzip::unpack(reader.rest(), &mut gzip::Budget::of_packet()).unwrap();
            return match mtproto::types::RpcError::from_bytes(result.clone()) {
                Ok(error) => Err(error.error_message.to_string()),
                Err(_) => Ok(result),
            };
        }
    }

    pub async fn call<F: Function + Clone>(&mut self, function: &F) -> Result<F::Return, String> {
        let bytes = if self.inited {
            function.to_bytes().unwrap()
        } else {
            let query = functions::InitConnection {
                api_id: 1,
                device_model: "test".into(),
                system_version: "1".into(),
                app_version: "1".into(),
                system_lang_code: "en".into(),
                lang_pack: "".into(),
                lang_code: "en".into(),
                proxy: None,
                params: None,
                query: function.clone(),
            };
            self.inited = true;
            functions::InvokeWithLayer { layer: 230, query }.to_bytes().unwrap()
        };
        let msg_id = self.send(&bytes);
        self.answer(msg_id).await.map(|bytes| F::Return::from_bytes(bytes).unwrap())
    }

    pub async fn log_in(&mut self, phone: &'static str) -> types::User {
        let code = phone[5..6].repeat(5);
        let sent = self.call(&send_code(phone)).await.unwrap();
        let enums::auth::SentCode::SentCode(sent) = sent else { panic!() };
        let sign_in = functions::auth::SignIn {
            phone_number: phone.into(),
            phone_code_hash: sent.phone_code_hash,
            phone_code: Some(code.into()),
            email_verification: None,
        };
        let answer = self.call(&sign_in).await.unwrap();
        let enums::auth::Authorization::Authorization(authorization) = answer else { panic!() };
        let enums::User::User(user) = authorization.user else { panic!() };
        user
    }

    /// The connection must end with this transport error.
    pub async fn refused(&mut self, code: i32) {
        loop {
            match self.receive().await {
                Ok(_) => {}
                Err(Frame::TransportError(got)) => break assert_eq!(got, code),
                Err(other) => panic!("{other:?}"),
            }
        }
        assert!(matches!(self.framed.next().await, Err(FramedError::Closed | FramedError::Io(_))));
    }
}

pub fn send_code(phone: &'static str) -> functions::auth::SendCode {
    functions::auth::SendCode {
        phone_number: phone.into(),
        api_id: 1,
        api_hash: "x".into(),
        ..Default::default()
    }
}

pub fn get_self() -> functions::users::GetUsers {
    functions::users::GetUsers { id: vec![enums::InputUser::InputUserSelf] }
}

pub fn builder() -> Builder {
    Server::builder().account("+9996621234".parse().unwrap()).account("+9996611234".parse().unwrap())
}

pub async fn start() -> Server {
    builder().start().await.unwrap()
}
