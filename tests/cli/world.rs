//! A loopback server in this process, and a directory for sessions.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use mtwire::client::Client;
use mtwire::crypto::rsa::PrivateKey;
use mtwire::crypto::rsa::PublicKey;
use mtwire::net::Address;
use mtwire::server::{Builder, Event, Scenario, Server};
use mtwire::session::file::load;
use mtwire::session::{MemoryStore, State};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use crate::command::{Ended, run, run_with};

/// Made once: it takes longer than all the rest of a server.
static KEY: LazyLock<String> =
    LazyLock::new(|| PrivateKey::generate(&mut rand::rng()).unwrap().to_pkcs8_pem().unwrap().to_string());

/// Homed on DC 1, on DC 2, and (where asked for) on DC 2 with [`PASSWORD`].
pub const ADA: &str = "+9996611234";
pub const BOB: &str = "+9996621234";
pub const EVE: &str = "+9996625555";
pub const PASSWORD: &str = "pass word";
pub const BOT: &str = "4242:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr";

pub struct World {
    // Before the runtime, which it needs until it is gone.
    server: Option<Server>,
    events: mpsc::Receiver<Event>,
    runtime: Runtime,
    dir: tempfile::TempDir,
}

impl World {
    pub fn start() -> Self {
        Self::with(|builder| builder)
    }

    /// A server that has [`EVE`], too: the check of her password takes its time.
    pub fn with_password() -> Self {
        Self::with(|server| server.account(format!("{EVE},name=Eve,password={PASSWORD}").parse().unwrap()))
    }

    /// A server with these options besides the accounts.
    pub fn with(options: impl FnOnce(Builder) -> Builder) -> Self {
        let builder = Server::builder()
            .key_pem(KEY.as_str())
            .account(format!("{ADA},name=Ada Lovelace,username=ada").parse().unwrap())
            .account(format!("{BOB},name=Bob").parse().unwrap())
            .bot(BOT);
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut server = runtime.block_on(options(builder).start()).unwrap();
        let events = server.events();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("server.pem"), server.public_key_pem()).unwrap();
        Self { server: Some(server), events, runtime, dir }
    }

    /// A server whose logins go as the scenario says.
    pub fn with_scenario(scenario: &str) -> Self {
        Self::with(|server| server.scenario(Scenario::from_json(scenario).unwrap()))
    }

    /// The next code that the server sends to an e-mail address.
    pub fn email_code(&mut self) -> String {
        loop {
            if let Some(Event::EmailCode { code, .. }) = self.runtime.block_on(self.events.recv()) {
                return code;
            }
        }
    }

    /// Scans a QR code as another session of the account with this test number does.
    pub fn scan(&self, phone: &str, code: &str, url: &str) {
        self.scan_as(phone, code, None, url);
    }

    /// The same for an account with a password.
    pub fn scan_with_password(&self, phone: &str, code: &str, password: &str, url: &str) {
        self.scan_as(phone, code, Some(password), url);
    }

    fn scan_as(&self, phone: &str, code: &str, password: Option<&str>, url: &str) {
        let server = self.server.as_ref().unwrap();
        let mut builder = Client::builder("phone")
            .store(Arc::new(MemoryStore::default()))
            .api_id(1)
            .api_hash("0")
            .trust(PublicKey::from_pem(server.public_key_pem()).unwrap());
        for dc in server.dcs() {
            builder = builder.dc(dc.id, Address::new(&*dc.host, dc.port));
        }
        self.runtime.block_on(async {
            let client = builder.connect().await.unwrap();
            client.send_code(phone).await.unwrap();
            client.sign_in(code).await.unwrap();
            if let Some(password) = password {
                client.check_password(password).await.unwrap();
            }
            client.accept_login(url).await.unwrap();
            client.disconnect().await;
        });
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir().join(format!("{name}.session"))
    }

    pub fn state(&self, name: &str) -> State {
        load(self.path(name)).unwrap()
    }

    /// A file with this content, for options that want one.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.dir().join(name);
        std::fs::write(&path, content).unwrap();
        text(&path)
    }

    /// Where DC 2 listens, `HOST:PORT`.
    pub fn address(&self) -> String {
        let dc = &self.server.as_ref().unwrap().dcs()[1];
        format!("{}:{}", dc.host, dc.port)
    }

    /// The server goes away; its addresses are free.
    pub fn stop_server(&mut self) {
        let server = self.server.take().unwrap();
        self.runtime.block_on(server.shutdown());
    }

    /// `command NAME --session-dir DIR`, for sessions that know their server.
    pub fn args(&self, command: &str, name: &str, more: &[&str]) -> Vec<String> {
        let dir = text(self.dir());
        let all = command.split(' ').chain([name, "--session-dir", &dir]).chain(more.iter().copied());
        all.map(str::to_owned).collect()
    }

    /// `login NAME` with all that names the server.
    pub fn login_args(&self, name: &str, more: &[&str]) -> Vec<String> {
        let (address, key) = (self.address(), text(&self.dir().join("server.pem")));
        let server = ["--dc", &address, "--dc-id", "2", "--dc-key", &key];
        self.args("login", name, &[&server[..], more].concat())
    }

    pub fn run(&self, command: &str, name: &str, more: &[&str]) -> Ended {
        run(self.args(command, name, more))
    }

    /// Logs in with these lines in a pipe.
    pub fn login(&self, name: &str, more: &[&str], input: &str) -> Ended {
        run_with(self.login_args(name, more), input)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // Dropped outside of the runtime's own threads, as it must be.
        drop(self.server.take());
    }
}

pub fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
