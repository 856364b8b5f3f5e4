//! A server that answers calls as a test tells it to, over a key agreed on before.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use mtwire::client::{Client, ClientBuilder, RetryPolicy};
use mtwire::crypto::{AuthKey, Side};
use mtwire::message::server::{Config, Options, Session};
use mtwire::message::{RpcError, SaltSchedule, ServerEvent, envelope};
use mtwire::net::{Address, Framed, SystemClock, greet};
use mtwire::session::{App, Dc, MemoryStore, Network, State};
use mtwire::tl::mtproto::functions::DestroySession;
use mtwire::tl::{Constructor, Serialize, functions, types};
use mtwire::transport::{Doorkeeper, Frame};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// What the server does about a call.
pub enum Reply {
    /// Answers with its configuration.
    Config,
    /// Refuses.
    Error(i32, &'static str),
    /// Says nothing.
    Silence,
    /// Sends these updates, then answers as [`Config`](Self::Config).
    Push(Bytes),
    /// Reads nothing any more on this connection, and leaves it open.
    Deaf,
    /// Sends a transport error and hangs up, now and in all connections to come.
    Refuse(i32),
}

/// What happened at the server.
#[derive(Debug, PartialEq, Eq)]
pub enum Seen {
    /// A call, and whether it was inside `initConnection`.
    Call { introduced: bool },
    /// `rpc_drop_answer`.
    Dropped,
}

/// A running scripted server.
pub struct Scripted {
    pub address: Address,
    pub store: Arc<MemoryStore>,
    seen: mpsc::UnboundedReceiver<Seen>,
    packets: Arc<Mutex<Vec<usize>>>,
    task: AbortHandle,
}

impl Scripted {
    /// Starts a server whose `n`th call, from 0, is answered with `script(n)`.
    pub async fn start(script: impl FnMut(usize) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = Address::from(listener.local_addr().unwrap());
        let auth_key = AuthKey::from_bytes([7; 256]);
        let state = State {
            app: Some(App { id: 1, hash: "0123456789abcdef0123456789abcdef".into() }),
            network: Network::Custom { public_keys: Vec::new() },
            home_dc: 2,
            dcs: [(2, Dc { auth_key: Some(auth_key.clone()), ..Dc::default() }.into())].into(),
            ..State::default()
        };
        let (told, seen) = mpsc::unbounded_channel();
        let packets = Arc::<Mutex<Vec<usize>>>::default();
        let serving = Serving {
            clock: SystemClock::new(),
            auth_key: Arc::new(auth_key),
            session: None,
            script: Box::new(script),
            calls: 0,
            refusing: None,
            deaf: false,
            unread: Vec::new(),
            packets: Arc::clone(&packets),
            told,
        };
        let task = tokio::spawn(serving.run(listener)).abort_handle();
        Self { address, store: Arc::new(MemoryStore::new(state)), seen, packets, task }
    }

    /// A client of this server that repeats without pauses.
    pub fn builder(&self) -> ClientBuilder {
        let store: Arc<MemoryStore> = Arc::clone(&self.store);
        Client::builder("test")
            .store(store)
            .dc(2, self.address.clone())
            .timing(crate::loopback::timing())
            .retry(RetryPolicy { server_error_pause: Duration::ZERO, ..RetryPolicy::default() })
    }

    pub async fn client(&self) -> Client {
        self.builder().connect().await.unwrap()
    }

    /// The next thing that happened.
    pub async fn seen(&mut self) -> Seen {
        self.seen.recv().await.unwrap()
    }

    /// Whether nothing has happened that was not [`seen`](Self::seen).
    pub fn seen_nothing(&mut self) -> bool {
        self.seen.try_recv().is_err()
    }

    /// How many calls were in each packet that has come since this was last asked.
    pub fn packets(&self) -> Vec<usize> {
        std::mem::take(&mut self.packets.lock().unwrap())
    }

    /// Stops serving and listening.
    pub fn stop(&self) {
        self.task.abort();
    }
}

struct Serving {
    clock: SystemClock,
    auth_key: Arc<AuthKey>,
    session: Option<Session>,
    script: Box<dyn FnMut(usize) -> Reply + Send>,
    calls: usize,
    refusing: Option<i32>,
    deaf: bool,
    /// Connections on which nothing is read any more.
    unread: Vec<Framed<TcpStream>>,
    packets: Arc<Mutex<Vec<usize>>>,
    told: mpsc::UnboundedSender<Seen>,
}

impl Serving {
    async fn run(mut self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(welcome) = greet(stream, &Mutex::new(Doorkeeper::new(Vec::new()))).await {
                self.serve(welcome.framed).await;
            }
        }
    }

    async fn serve(&mut self, mut framed: Framed<TcpStream>) {
        if let Some(session) = &mut self.session {
            session.on_connected(self.clock.now());
        }
        while let Ok(Frame::Packet { payload, .. }) = framed.next().await {
            self.packets.lock().unwrap().push(0);
            let opened = envelope::open(&self.auth_key, Side::Client, payload).unwrap();
            let now = self.clock.now();
            let session_id = opened.header.session_id;
            let known = self.session.take().filter(|session| session.session_id() == session_id);
            let mut session = known.unwrap_or_else(|| self.new_session(session_id));
            session.handle_opened(now, opened).unwrap();
            while let Some(event) = session.poll_event() {
                self.react(&mut session, event);
            }
            if let Some(code) = self.refusing {
                framed.queue_transport_error(code).unwrap();
                let _ = framed.shutdown().await;
                return;
            }
            loop {
                let mut packet = framed.buffer();
                if !session.poll_transmit(self.clock.now(), &mut rand::rng(), &mut packet) {
                    break;
                }
                framed.queue(packet, false).unwrap();
            }
            self.session = Some(session);
            if std::mem::take(&mut self.deaf) {
                self.unread.push(framed);
                return;
            }
        }
    }

    fn new_session(&self, session_id: i64) -> Session {
        let salts = SaltSchedule::new([1; 32], &self.auth_key);
        // Acks go with the packet that follows, so that what a client knows of its calls is certain.
        let options = Options { ack_delay: Duration::ZERO, ..Options::default() };
        let config = Config { auth_key: Arc::clone(&self.auth_key), salts, options };
        let mut session = Session::new(config, session_id, &mut rand::rng());
        session.on_connected(self.clock.now());
        session
    }

    /// Does what the script says.
    fn react(&mut self, session: &mut Session, event: ServerEvent) {
        let now = self.clock.now();
        let (msg_id, body) = match event {
            ServerEvent::Call { msg_id, body } => (msg_id, body),
            ServerEvent::Dropped { .. } => {
                let _ = self.told.send(Seen::Dropped);
                return;
            }
            _ => return,
        };
        if body.starts_with(&DestroySession::ID.to_le_bytes()) {
            // Of a session that a client has given up.
            return;
        }
        let get_config = functions::help::GetConfig::ID.to_le_bytes();
        assert!(body.ends_with(&get_config), "these tests call nothing but help.getConfig");
        *self.packets.lock().unwrap().last_mut().unwrap() += 1;
        let _ = self.told.send(Seen::Call { introduced: body.len() > get_config.len() });
        let reply = (self.script)(self.calls);
        self.calls += 1;
        match reply {
            Reply::Silence => {}
            Reply::Deaf => self.deaf = true,
            Reply::Refuse(code) => self.refusing = Some(code),
            Reply::Error(code, message) => {
                session.answer_error(now, msg_id, &RpcError::new(code, message)).unwrap();
            }
            Reply::Push(updates) => {
                session.push(now, updates).unwrap();
                session.answer(now, msg_id, config()).unwrap();
            }
            Reply::Config => {
                session.answer(now, msg_id, config()).unwrap();
            }
        }
    }
}

fn config() -> Bytes {
    types::Config { this_dc: 2, ..types::Config::default() }.to_bytes().unwrap()
}
