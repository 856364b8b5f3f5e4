//! The options of a server.

use std::{
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use tokio::sync::{mpsc, watch};
use zeroize::Zeroizing;

use super::{
    AccountSpec, DcAddress, Error, Event, Scenario, Server, account_spec::normalize_phone, codes, hub::Hub,
    journal, limits::Limits, listener, policy::Policy, world::World,
};
use crate::{
    crypto::rsa::PrivateKey,
    handshake::server::Options,
    net::{Address, off_thread},
    transport::{Doorkeeper, ProxySecret},
};

/// Events that wait for the program around the server; if it does not take them, further ones are lost.
const EVENTS: usize = 4_096;

/// Options of a [`Server`]; made by [`Server::builder`].
#[derive(Clone)]
pub struct Builder {
    listen: IpAddr,
    port: u16,
    dcs: u16,
    key_pem: Option<String>,
    state_dir: Option<PathBuf>,
    accounts: Vec<AccountSpec>,
    bots: Vec<String>,
    banned: Vec<String>,
    flood_wait: Vec<(String, u32)>,
    code_lifetime: Duration,
    attempts: Option<u32>,
    resend_after: Option<Duration>,
    scenario: Scenario,
    old_rsa_padding: bool,
    strict_dc: bool,
    secrets: Vec<ProxySecret>,
    clock_tolerance: Option<Duration>,
    site: Option<Address>,
    max_connections: usize,
    idle_timeout: Duration,
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Neither the key nor the bots' tokens.
        let (accounts, bots) = (&self.accounts, self.bots.len());
        f.debug_struct("Builder")
            .field("listen", &self.listen)
            .field("port", &self.port)
            .field("dcs", &self.dcs)
            .field("state_dir", &self.state_dir)
            .field("accounts", accounts)
            .field("bots", &bots)
            .finish_non_exhaustive()
    }
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            listen: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            dcs: 3,
            key_pem: None,
            state_dir: None,
            accounts: Vec::new(),
            bots: Vec::new(),
            banned: Vec::new(),
            flood_wait: Vec::new(),
            code_lifetime: Duration::from_secs(300),
            attempts: None,
            resend_after: None,
            scenario: Scenario::default(),
            old_rsa_padding: true,
            strict_dc: false,
            secrets: Vec::new(),
            clock_tolerance: None,
            site: None,
            max_connections: 16_384,
            idle_timeout: Duration::from_secs(600),
        }
    }
}

impl Builder {
    /// Address to listen on, and the one that clients are told (default 127.0.0.1).
    #[must_use]
    pub fn listen(mut self, address: IpAddr) -> Self {
        self.listen = address;
        self
    }

    /// Port of DC 1; DC n listens on `port + n - 1`. 0, the default, lets the system choose one for each.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Number of DCs, 1 to 100 (default 3).
    #[must_use]
    pub fn dcs(mut self, dcs: u16) -> Self {
        self.dcs = dcs;
        self
    }

    /// The server's RSA private key as PEM text, PKCS#1 or PKCS#8. Without it one is made at the first start and, with
    /// a state directory, kept there.
    #[must_use]
    pub fn key_pem(mut self, pem: impl Into<String>) -> Self {
        self.key_pem = Some(pem.into());
        self
    }

    /// Directory for the state, made if it does not exist (mode 0700). Without it everything is forgotten at the end.
    #[must_use]
    pub fn state_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.state_dir = Some(dir.into());
        self
    }

    /// Registers an account. One that the state directory already has is updated, not made again.
    #[must_use]
    pub fn account(mut self, account: AccountSpec) -> Self {
        self.accounts.push(account);
        self
    }

    /// Registers a bot by its token, `ID:SECRET`. Bots live on DC 2 unless a `,dc=N` follows the token.
    #[must_use]
    pub fn bot(mut self, token: impl Into<String>) -> Self {
        self.bots.push(token.into());
        self
    }

    /// Makes a number answer `PHONE_NUMBER_BANNED`.
    #[must_use]
    pub fn ban(mut self, phone: impl Into<String>) -> Self {
        self.banned.push(phone.into());
        self
    }

    /// Whether key exchanges with the obsolete SHA-1 padding of the inner data are served (default yes; Telethon and
    /// Pyrogram still send it).
    #[must_use]
    pub fn old_rsa_padding(mut self, allow: bool) -> Self {
        self.old_rsa_padding = allow;
        self
    }

    /// Whether a key exchange that names another DC than the one it reached is refused with transport error -444
    /// (default no).
    #[must_use]
    pub fn strict_dc(mut self, strict: bool) -> Self {
        self.strict_dc = strict;
        self
    }

    /// Lets in who speaks as to an MTProxy with this secret, too (OB-2, OB-5, FT-2). Such a client names the DC that it
    /// wants, and reaches it at the port of any.
    #[must_use]
    pub fn secret(mut self, secret: ProxySecret) -> Self {
        self.secrets.push(secret);
        self
    }

    /// How far the clock of a client of a fake-TLS secret may be from the server's, in whole seconds (default 20 minutes).
    #[must_use]
    pub fn clock_tolerance(mut self, tolerance: Duration) -> Self {
        self.clock_tolerance = Some(tolerance);
        self
    }

    /// Passes on to this address who speaks none of the transports, or TLS without a secret: it is to see a real site
    /// (FT-2). By default it is turned away, or answered over HTTP, which is not served beside a site.
    #[must_use]
    pub fn site(mut self, address: Address) -> Self {
        self.site = Some(address);
        self
    }

    /// Most connections at one time over all DCs (default 16384); more are closed at once.
    #[must_use]
    pub fn max_connections(mut self, n: usize) -> Self {
        self.max_connections = n;
        self
    }

    /// Closes a connection that has been silent for so long (default 10 minutes).
    #[must_use]
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Makes a number answer `FLOOD_WAIT_n` when it asks for a code.
    #[must_use]
    pub fn flood_wait(mut self, phone: impl Into<String>, seconds: u32) -> Self {
        self.flood_wait.push((phone.into(), seconds));
        self
    }

    /// How long a login code is good, in whole seconds (default 5 minutes).
    #[must_use]
    pub fn code_lifetime(mut self, lifetime: Duration) -> Self {
        self.code_lifetime = lifetime;
        self
    }

    /// How many wrong codes are taken before the right one is refused, too (default 5; 0 counts as 1).
    #[must_use]
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(attempts.max(1));
        self
    }

    /// Refuses `auth.resendCode` with `FLOOD_WAIT_n` until so many whole seconds after the last code. By default
    /// clients are told to wait 60 seconds, but not held to it.
    #[must_use]
    pub fn resend_after(mut self, wait: Duration) -> Self {
        self.resend_after = Some(wait);
        self
    }

    /// What is done to the logins of single numbers, and what is refused. What a scenario says about a number goes
    /// before the other options of this builder. Its e-mail addresses are given to the accounts at every start.
    #[must_use]
    pub fn scenario(mut self, scenario: Scenario) -> Self {
        self.scenario = scenario;
        self
    }

    /// Starts listening.
    ///
    /// # Errors
    /// If a port is taken, the key or the state directory is unusable, or an account contradicts another one.
    pub async fn start(self) -> Result<Server, Error> {
        let bound = listener::bind(self.listen, self.port, self.dcs).await?;
        let (dcs, listeners): (Vec<DcAddress>, Vec<_>) =
            bound.into_iter().map(|(dc, l)| (dc.clone(), (dc.id, l))).unzip();
        let (events, receiver) = mpsc::channel(EVENTS);
        let limits = Limits { connections: self.max_connections, idle: self.idle_timeout };
        let strict_dc = self.strict_dc;
        let accept_sha1_padding = self.old_rsa_padding;
        let mut doorkeeper = Doorkeeper::new(self.secrets.clone());
        if let Some(tolerance) = self.clock_tolerance {
            doorkeeper = doorkeeper.tolerance(tolerance);
        }
        let site = self.site.clone();
        let world_dcs = dcs.clone();
        // Making an RSA key and reading a large state take long.
        let (key, world) = off_thread(move || self.prepare(world_dcs, events)).await?;
        let public = key.public();
        let (public_key_pem, fingerprint) = (public.to_pkcs1_pem(), public.fingerprint());
        let exchange = Options { accept_sha1_padding, ..Options::new(vec![key]) };
        let hub = Arc::new(Hub::new(world, limits, doorkeeper, site));
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(listener::run(Arc::clone(&hub), listeners, exchange, strict_dc, stopped));
        Ok(Server { dcs, public_key_pem, fingerprint, events: Some(receiver), hub, stop, task })
    }

    fn prepare(self, dcs: Vec<DcAddress>, events: mpsc::Sender<Event>) -> Result<(PrivateKey, World), Error> {
        let digits = |phone: &String| normalize_phone(phone);
        let policy = Policy {
            banned: self.banned.iter().filter_map(digits).collect(),
            flood_wait: self.flood_wait.iter().filter_map(|(phone, s)| Some((digits(phone)?, *s))).collect(),
            code_lifetime: i64::try_from(self.code_lifetime.as_secs()).unwrap_or(i64::MAX),
            attempts: self.attempts.unwrap_or(codes::ATTEMPTS),
            resend_after: self.resend_after.map(|wait| i32::try_from(wait.as_secs()).unwrap_or(i32::MAX)),
        };
        let opened = self.state_dir.as_deref().map(journal::open).transpose()?;
        let key = self.private_key()?;
        let mut world = World::new(policy, rand::make_rng(), events);
        world.dcs = dcs;
        world.scenario = self.scenario.clone();
        if let Some(opened) = opened {
            world.load(opened)?;
        }
        world.register(&self.accounts, &self.bots)?;
        Ok((key, world))
    }

    /// The key that was given, or that of the state directory, or a new one.
    fn private_key(&self) -> Result<PrivateKey, Error> {
        let unusable = |error: &dyn std::fmt::Display| Error::Key(error.to_string());
        if let Some(pem) = &self.key_pem {
            return PrivateKey::from_pem(pem).map_err(|e| unusable(&e));
        }
        let path = self.state_dir.as_deref().map(|dir| dir.join("key.pem"));
        match path.as_deref().map(|path| std::fs::read_to_string(path).map(Zeroizing::new)) {
            Some(Ok(pem)) => return PrivateKey::from_pem(&pem).map_err(|e| unusable(&e)),
            Some(Err(source)) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::State { path: path.unwrap_or_default(), source });
            }
            _ => {}
        }
        let key = PrivateKey::generate(&mut rand::rng()).map_err(|e| unusable(&e))?;
        if let Some(path) = path {
            let pem = key.to_pkcs8_pem().map_err(|e| unusable(&e))?;
            journal::write_private(&path, pem.as_bytes()).map_err(|source| Error::State { path, source })?;
        }
        Ok(key)
    }
}
