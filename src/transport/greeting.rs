//! The first bytes of a connection to a server that has secrets, like an MTProxy (TR-8, OB-5, FT-2 to FT-4).

use std::time::Duration;

use bytes::{Buf, BytesMut};
use rand::CryptoRng;

use super::{
    Detected, Disguise, Error, ErrorKind, ProxySecret, Tagged,
    checks::{Role, peek},
    detect::{Start, at_start, recognise},
    fake_tls::{self, Hello, Records},
    obfuscated::HEADER_LEN,
    replays::Replays,
};

/// The part of an obfuscation header that its keys are made of: a replay can change the rest.
const KEYS: std::ops::Range<usize> = 8..56;

/// What all connections of a server have in common when they begin: its secrets, and what it has seen.
///
/// Clients without a secret are let in, too: a server that has none refuses nobody but replays.
#[derive(Debug)]
pub struct Doorkeeper {
    secrets: Vec<ProxySecret>,
    tolerance: Duration,
    /// Of clients without a secret, who could else make a server forget the others.
    open: Replays<48>,
    headers: Replays<48>,
    hellos: Replays<32>,
}

impl Doorkeeper {
    /// A server with these secrets. Clients of fake TLS may have clocks up to 20 minutes from the server's.
    #[must_use]
    pub fn new(secrets: Vec<ProxySecret>) -> Self {
        Self {
            secrets,
            tolerance: Duration::from_secs(20 * 60),
            open: Replays::new(),
            headers: Replays::new(),
            hellos: Replays::new(),
        }
    }

    /// How far a fake-TLS client's clock may be from the server's (FT-2).
    #[must_use]
    pub const fn tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// The secrets, in the order in which they are tried.
    #[must_use]
    pub fn secrets(&self) -> &[ProxySecret] {
        &self.secrets
    }

    /// Who has sent this header outside of fake TLS.
    fn header(&mut self, header: &[u8; HEADER_LEN]) -> Result<Detected, ErrorKind> {
        let unknown = match Detected::obfuscated(header, None, None) {
            Ok(detected) => {
                return if self.open.is_new(keys(header)) { Ok(detected) } else { Err(ErrorKind::Replayed) };
            }
            Err(unknown) => unknown,
        };
        for (place, secret) in self.secrets.iter().enumerate() {
            let Ok(detected) = Detected::obfuscated(header, Some(secret.key()), Some(place)) else {
                continue;
            };
            if detected.codec.kind().tagged().is_some_and(|tagged| secret.takes(tagged)) {
                return if self.headers.is_new(keys(header)) {
                    Ok(detected)
                } else {
                    Err(ErrorKind::Replayed)
                };
            }
        }
        Err(unknown)
    }

    /// Which secret's client has sent this hello.
    fn hello(&mut self, hello: &Hello<'_>, now: Duration) -> Result<usize, ErrorKind> {
        let mut refused = fake_tls::Error::NotAClient;
        for (place, secret) in self.secrets.iter().enumerate() {
            let Disguise::FakeTls { domain } = secret.disguise() else { continue };
            let Some(time) = hello.time(secret.key()) else { continue };
            if hello.domain != Some(domain.as_bytes()) {
                // Another secret may have the same key and this site.
                refused = fake_tls::Error::OtherSite;
                continue;
            }
            let seconds = i64::from(time) - i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
            if seconds.unsigned_abs() > self.tolerance.as_secs() {
                return Err(fake_tls::Error::Clock { seconds }.into());
            }
            return if self.hellos.is_new(*hello.random) { Ok(place) } else { Err(ErrorKind::Replayed) };
        }
        Err(refused.into())
    }
}

fn keys(header: &[u8; HEADER_LEN]) -> [u8; KEYS.end - KEYS.start] {
    let mut keys = [0; KEYS.end - KEYS.start];
    keys.copy_from_slice(&header[KEYS]);
    keys
}

/// How far the beginning of one connection is.
#[derive(Debug, Default)]
pub struct Greeting(State);

#[derive(Debug, Default)]
enum State {
    /// Nothing is known yet.
    #[default]
    Start,
    /// The hello of fake TLS was answered; the header has to come in records.
    Records { records: Box<Records>, secret: usize },
}

/// What the beginning of a connection has come to.
#[derive(Debug)]
pub enum Heard {
    /// Read more.
    Nothing,
    /// Send this, and ask again.
    Answer(Vec<u8>),
    /// The greeting is over; the next bytes are the codec's.
    Client(Box<Detected>),
}

impl Greeting {
    /// Looks at `input`, which holds all bytes that were received and not taken off yet. `now` is the Unix time.
    ///
    /// # Errors
    /// Close the connection: the client speaks something else, has none of the secrets, or is no client but a replay. As
    /// long as nothing was sent, nothing was taken off either, so that a server that poses as another can pass it on.
    pub fn hear(
        &mut self,
        input: &mut BytesMut,
        doorkeeper: &mut Doorkeeper,
        now: Duration,
        rng: &mut dyn CryptoRng,
    ) -> Result<Heard, Error> {
        let heard = match &mut self.0 {
            State::Start => self.start(input, doorkeeper, now, rng),
            State::Records { records, secret } => Self::records(records, *secret, input, doorkeeper),
        };
        heard.map_err(at_start)
    }

    fn start(
        &mut self,
        input: &mut BytesMut,
        doorkeeper: &mut Doorkeeper,
        now: Duration,
        rng: &mut dyn CryptoRng,
    ) -> Result<Heard, ErrorKind> {
        let (detected, consumed) = match recognise(input)? {
            None => return Ok(Heard::Nothing),
            Some(Start::Unobfuscated(kind, consumed)) => (Detected::unobfuscated(kind, consumed), consumed),
            Some(Start::Header(header)) => (doorkeeper.header(&header)?, HEADER_LEN),
            Some(Start::Tls) => {
                if !doorkeeper.secrets.iter().any(|secret| secret.domain().is_some()) {
                    return Err(ErrorKind::Tls);
                }
                let Some(hello) = Hello::parse(input)? else { return Ok(Heard::Nothing) };
                let secret = doorkeeper.hello(&hello, now)?;
                let key = doorkeeper.secrets.get(secret).ok_or(ErrorKind::Tls)?.key();
                let (answer, len) = (fake_tls::answer(&hello, key, rng), hello.len());
                input.advance(len);
                self.0 = State::Records { records: Box::new(Records::new(Role::Server)), secret };
                return Ok(Heard::Answer(answer));
            }
        };
        input.advance(consumed);
        Ok(Heard::Client(Box::new(detected)))
    }

    /// The obfuscation header, which comes in the first record of data.
    fn records(
        records: &mut Records,
        secret: usize,
        input: &mut BytesMut,
        doorkeeper: &Doorkeeper,
    ) -> Result<Heard, ErrorKind> {
        // A broken record behind the header is the codec's to find: it is still there.
        let unwrapped = records.unwrap(input);
        let Some(header) = peek(&records.plain) else {
            return unwrapped.map(|()| Heard::Nothing).map_err(Into::into);
        };
        let key = doorkeeper.secrets.get(secret).map(ProxySecret::key);
        let mut detected = Detected::obfuscated(&header, key, Some(secret))?;
        if let Some(tagged) = detected.codec.kind().tagged().filter(|tagged| *tagged != Tagged::Padded) {
            return Err(ErrorKind::UnknownTag { tag: u32::from_be_bytes(tagged.obfuscated_tag()) });
        }
        records.plain.advance(HEADER_LEN);
        detected.codec = detected.codec.inside(std::mem::replace(records, Records::new(Role::Server)));
        Ok(Heard::Client(Box::new(detected)))
    }
}
