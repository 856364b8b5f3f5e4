//! A loopback server in this process, and the examples beside it.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use mtwire::client::Client;
use mtwire::crypto::rsa::{PrivateKey, PublicKey};
use mtwire::net::Address;
use mtwire::server::{Builder, Event, Scenario, Server};
use mtwire::session::MemoryStore;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::Receiver;

/// Made once: it takes longer than all the rest of a server.
static KEY: LazyLock<String> =
    LazyLock::new(|| PrivateKey::generate(&mut rand::rng()).unwrap().to_pkcs8_pem().unwrap().to_string());

pub const API_HASH: &str = "0123456789abcdef0123456789abcdef";

/// Homed on DC 1, on DC 2, and on DC 2 with [`PASSWORD`].
pub const ADA: &str = "+9996611234";
pub const BOB: &str = "+9996621234";
pub const EVE: &str = "+9996625555";
pub const PASSWORD: &str = "pass word";
/// A number without an account.
pub const NEW: &str = "+9996627777";
/// A number whose account must get a login e-mail address first.
pub const MAIL: &str = "+9996623333";
pub const BOT: &str = "4242:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr";

pub struct World {
    // Before the runtime, which it needs until it is gone.
    server: Option<Server>,
    events: Receiver<Event>,
    pub runtime: Runtime,
    dir: tempfile::TempDir,
}

impl World {
    pub fn start() -> Self {
        let scenario = format!(
            r#"{{"numbers": {{
                "{EVE}": {{"recovery_email": "eve@example.org"}},
                "{MAIL}": {{"codes": ["email_setup", "sms"]}}
            }}}}"#
        );
        Self::with(|builder| builder.scenario(Scenario::from_json(&scenario).unwrap()))
    }

    pub fn with(options: impl FnOnce(Builder) -> Builder) -> Self {
        let builder = Server::builder()
            .key_pem(KEY.as_str())
            .account(format!("{ADA},name=Ada Lovelace,username=ada").parse().unwrap())
            .account(format!("{BOB},name=Bob").parse().unwrap())
            .account(format!("{EVE},name=Eve,password={PASSWORD}").parse().unwrap())
            .account(format!("{MAIL},name=Mallory").parse().unwrap())
            .bot(BOT);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut server = runtime.block_on(options(builder).start()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("server.pem"), server.public_key_pem()).unwrap();
        Self { events: server.events(), server: Some(server), runtime, dir }
    }

    fn server(&self) -> &Server {
        self.server.as_ref().unwrap()
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// What the examples find in `MTWIRE_DC`.
    pub fn mtwire_dc(&self) -> String {
        let dc = &self.server().dcs()[1];
        format!("{}:{},{},{}", dc.host, dc.port, dc.id, self.dir().join("server.pem").display())
    }

    /// Waits for an event that `pick` takes.
    pub fn event<T>(&mut self, pick: impl Fn(Event) -> Option<T>) -> T {
        let events = &mut self.events;
        self.runtime.block_on(async {
            loop {
                if let Some(picked) = pick(events.recv().await.unwrap()) {
                    return picked;
                }
            }
        })
    }

    /// Somebody who is logged in already, with a test number of DC 2.
    pub fn logged_in(&self, phone: &str) -> Client {
        let mut builder =
            Client::new("other", 1, API_HASH).store(std::sync::Arc::new(MemoryStore::default())).start_at(2);
        builder = builder.trust(PublicKey::from_pem(self.server().public_key_pem()).unwrap());
        for dc in self.server().dcs() {
            builder = builder.dc(dc.id, Address::new(&*dc.host, dc.port));
        }
        self.runtime.block_on(async {
            let client = builder.connect().await.unwrap();
            client.send_code(phone).await.unwrap();
            client.sign_in("22222").await.unwrap();
            client
        })
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // Dropped outside of the runtime's own threads, as it must be.
        drop(self.server.take());
    }
}

/// Where cargo has put an example.
pub fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().unwrap().parent().unwrap().join("examples").join(name);
    assert!(
        path.exists(),
        "there is no {}: `cargo test` builds it, `cargo test --test examples` alone does not",
        path.display()
    );
    path
}
