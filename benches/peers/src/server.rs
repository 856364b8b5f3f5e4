//! `mtwire serve` in a process of its own, and auth keys that it knows.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use ferogram::session_backend::{InMemoryBackend, PersistedSession, SessionBackend};
use ferogram::{DcEntry, DcFlags};
use mtwire::client::Client;
use mtwire::crypto::AuthKey;
use mtwire::crypto::rsa::PublicKey;
use mtwire::net::Address;
use mtwire::session::{App, Change, Dc, MemoryStore, Network, SessionStore};
use serde_json::{Value, json};

use crate::process::Process;

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

pub const DC: i32 = 2;

/// How to reach the server.
#[derive(Clone)]
pub struct Place {
    pub port: u16,
    pub public_key: String,
}

pub struct Server {
    process: Process,
    pub place: Place,
}

impl Server {
    pub fn start(command: &Path) -> Result<Self, Failure> {
        let child = Command::new(command)
            .args(["serve", "--json"])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", command.display()))?;
        let mut process = Process(child);
        let mut lines = BufReader::new(process.0.stdout.take().ok_or("the server has no output")?).lines();
        let ready: Value = serde_json::from_str(&lines.next().ok_or("the server ended at once")??)?;
        let dcs = ready["dcs"].as_array().ok_or("no DCs")?;
        let dc = dcs.iter().find(|dc| dc["id"] == DC).ok_or("no DC 2")?;
        let port = dc["port"].as_u64().and_then(|port| u16::try_from(port).ok()).ok_or("no port")?;
        let public_key = ready["public_key"].as_str().ok_or("no key")?.to_owned();
        // Its events are not wanted, but it must be able to write them.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { process, place: Place { port, public_key } })
    }

    pub fn id(&self) -> u32 {
        self.process.0.id()
    }
}

impl Place {
    pub fn to_json(&self, keys: &[AuthKey]) -> Value {
        let keys: Vec<_> = keys.iter().map(|key| crate::hex(&key.as_bytes()[..])).collect();
        json!({"port": self.port, "dc": DC, "public_key": self.public_key, "keys": keys})
    }

    pub fn from_json(value: &Value) -> Result<(Self, Vec<AuthKey>), Failure> {
        let port = value["port"].as_u64().and_then(|port| u16::try_from(port).ok()).ok_or("no port")?;
        let public_key = value["public_key"].as_str().ok_or("no key")?.to_owned();
        let keys = value["keys"].as_array().ok_or("no keys")?;
        let keys = keys.iter().map(|key| {
            let bytes = key.as_str().and_then(crate::unhex).and_then(|bytes| bytes.try_into().ok());
            Ok::<_, Failure>(AuthKey::from_bytes(bytes.ok_or("not a key")?))
        });
        Ok((Self { port, public_key }, keys.collect::<Result<_, _>>()?))
    }

    /// A client of ours whose session has this key, if one is given.
    pub async fn connect(&self, key: Option<&AuthKey>) -> Result<(Client, Arc<MemoryStore>), Failure> {
        let store = Arc::new(MemoryStore::default());
        if let Some(key) = key {
            let dc = Dc { auth_key: Some(key.clone()), ..Dc::default() };
            store.apply(&[
                Change::App(Some(App { id: 1, hash: "0123456789abcdef0123456789abcdef".to_owned().into() })),
                Change::Network(Network::Custom { public_keys: vec![self.public_key.clone().into()] }),
                Change::HomeDc(DC),
                Change::Dc(DC, Some(dc)),
            ])?;
        }
        let client = Client::new("peers", 1, "0123456789abcdef0123456789abcdef")
            .store(store.clone())
            .dc(DC, Address::new("127.0.0.1", self.port))
            .trust(PublicKey::from_pem(&self.public_key)?)
            .connect()
            .await?;
        Ok((client, store))
    }

    /// An auth key that the server knows, made with our client.
    pub async fn make_key(&self) -> Result<AuthKey, Failure> {
        let (client, store) = self.connect(None).await?;
        client.disconnect().await;
        let key = store.with(|state| state.dcs.get(&DC).and_then(|dc| dc.auth_key.clone()));
        Ok(key.ok_or("the session has no key")?)
    }

    /// What grammers connects with. Its own keys of the servers are fixed, so it needs a session that has a key.
    pub fn grammers(&self, key: &AuthKey) -> grammers_mtsender::SenderPool {
        let ipv4 = SocketAddrV4::new(Ipv4Addr::LOCALHOST, self.port);
        let ipv6 = std::net::SocketAddrV6::new(ipv4.ip().to_ipv6_mapped(), self.port, 0, 0);
        let option =
            grammers_session::types::DcOption { id: DC, ipv4, ipv6, auth_key: Some(*key.as_bytes()) };
        let mut data = grammers_session::SessionData { home_dc: DC, ..Default::default() };
        data.dc_options.insert(DC, option);
        grammers_mtsender::SenderPool::new(Arc::new(grammers_session::storages::MemorySession::from(data)), 1)
    }

    /// A client of ferogram's, on the transport that is its default, after its first call. Its keys of the servers are fixed as well, and
    /// where it connects to is in the session, too.
    pub async fn ferogram(&self, key: &AuthKey) -> Result<ferogram::Client, Failure> {
        let dc = DcEntry::from_parts(DC, "127.0.0.1", self.port, DcFlags::NONE);
        let dc = DcEntry { auth_key: Some(*key.as_bytes()), ..dc };
        let session = InMemoryBackend::new();
        session.save(&PersistedSession { home_dc_id: DC, dcs: vec![dc], ..Default::default() })?;
        let (client, _) = ferogram::Client::builder()
            .api_id(1)
            .api_hash("0123456789abcdef0123456789abcdef")
            .session_backend(Arc::new(session))
            .connect()
            .await?;
        client.invoke(&ferogram_tl_types::functions::help::GetConfig {}).await?;
        Ok(client)
    }
}
