//! The server's half of the handshake.

use hmac::Mac;
use rand::CryptoRng;
use subtle::ConstantTimeEq;

use super::{
    APPLICATION_DATA, CHANGE_CIPHER_SPEC_RECORD, Error, HANDSHAKE, RANDOM_AT, RANDOM_LEN, RECORD_HEADER,
    TLS_1_2, digest, key_share,
    records::{self},
};

/// How much of a hello's random is digest alone; the time is in the rest.
const PROOF_LEN: usize = RANDOM_LEN - 4;
/// The cipher suites of TLS 1.3, of which an answer names one.
const TLS_1_3_SUITES: std::ops::RangeInclusive<u16> = 0x1301..=0x1303;
/// What stands for the certificate has this many bytes at least, and up to twice as many.
const CERTIFICATE: usize = 2048;

/// A client's hello, taken apart.
pub struct Hello<'a> {
    record: &'a [u8],
    /// What the client sent as random.
    pub random: &'a [u8; RANDOM_LEN],
    pub(super) session_id: &'a [u8],
    suite: [u8; 2],
    /// The site that it asks for.
    pub domain: Option<&'a [u8]>,
}

impl<'a> Hello<'a> {
    /// Takes the hello at the front of `input` apart. `None`: it is not all there yet.
    pub fn parse(input: &'a [u8]) -> Result<Option<Self>, Error> {
        let Some(header) = records::hello_header(input)? else { return Ok(None) };
        let Some(record) = input.get(..RECORD_HEADER + header.len) else { return Ok(None) };
        Self::parts(record).map(Some).ok_or(Error::Malformed)
    }

    fn parts(record: &'a [u8]) -> Option<Self> {
        let mut message = Parts(record.get(RECORD_HEADER..)?);
        // client_hello
        if message.take(1)? != [1] {
            return None;
        }
        let mut body = message.sized(3)?;
        if !message.0.is_empty() || body.take(2)? != TLS_1_2 {
            return None;
        }
        let random = body.take(RANDOM_LEN)?.try_into().ok()?;
        let session_id = body.sized(1)?.0;
        let mut suites = body.sized(2)?;
        body.sized(1)?;
        if session_id.len() > 32 {
            return None;
        }
        let mut suite = [0x13, 0x01];
        while let Some(&offered) = suites.take(2).and_then(<[u8]>::first_chunk::<2>) {
            if TLS_1_3_SUITES.contains(&u16::from_be_bytes(offered)) {
                suite = offered;
                break;
            }
        }
        let mut domain = None;
        if !body.0.is_empty() {
            let mut extensions = body.sized(2)?;
            while !extensions.0.is_empty() {
                let number = extensions.take(2)?;
                let mut content = extensions.sized(2)?;
                if number == [0, 0] {
                    let mut names = content.sized(2)?;
                    // host_name
                    if names.take(1)? == [0] {
                        domain = Some(names.sized(2)?.0);
                    }
                }
            }
        }
        Some(Self { record, random, session_id, suite, domain })
    }

    /// How many bytes of the input it is.
    pub fn len(&self) -> usize {
        self.record.len()
    }

    /// The Unix time of a client that has the key (FT-2); `None` if it has not.
    pub fn time(&self, key: &[u8; 16]) -> Option<u32> {
        let computed: [u8; RANDOM_LEN] = digest(key, &[], self.record).finalize().into_bytes().into();
        let (proof, masked) = self.random.split_at(PROOF_LEN);
        let (expected, mask) = computed.split_at(PROOF_LEN);
        if !bool::from(expected.ct_eq(proof)) {
            return None;
        }
        let word = |bytes: &[u8]| bytes.first_chunk().map(|word| u32::from_le_bytes(*word));
        Some(word(masked)? ^ word(mask)?)
    }
}

/// The answer to a hello of a client that has the key (FT-3).
pub fn answer(hello: &Hello<'_>, key: &[u8; 16], rng: &mut dyn CryptoRng) -> Vec<u8> {
    let mut message = Vec::with_capacity(128);
    message.extend(TLS_1_2);
    message.extend([0; RANDOM_LEN]);
    message.push(hello.session_id.len() as u8);
    message.extend(hello.session_id);
    message.extend(hello.suite);
    // No compression; 46 bytes of extensions: a key share of X25519, and TLS 1.3 as the version.
    message.extend([0, 0x00, 0x2e, 0x00, 0x33, 0x00, 0x24, 0x00, 0x1d, 0x00, 0x20]);
    message.extend(key_share::x25519(rng));
    message.extend([0x00, 0x2b, 0x00, 0x02, 0x03, 0x04]);

    let mut out = Vec::with_capacity(256 + 2 * CERTIFICATE);
    records::push_header(&mut out, HANDSHAKE, message.len() + 4);
    // server_hello, and the highest byte of its length.
    out.extend([2, 0]);
    out.extend((message.len() as u16).to_be_bytes());
    out.append(&mut message);
    out.extend(CHANGE_CIPHER_SPEC_RECORD);
    let len = CERTIFICATE + rng.next_u32() as usize % CERTIFICATE;
    records::push_header(&mut out, APPLICATION_DATA, len);
    let start = out.len();
    out.resize(start + len, 0);
    rng.fill_bytes(&mut out[start..]);

    let random = digest(key, hello.random, &out).finalize().into_bytes();
    out[RANDOM_AT..RANDOM_AT + RANDOM_LEN].copy_from_slice(&random);
    out
}

/// What is left of a message.
struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    /// The next bytes behind their length, which has `bytes` bytes.
    fn sized(&mut self, bytes: usize) -> Option<Self> {
        let len = self.take(bytes)?.iter().fold(0, |len, byte| len << 8 | usize::from(*byte));
        self.take(len).map(Self)
    }
}
