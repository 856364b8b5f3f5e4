//! The client's hello, in the shape of a widespread browser's (FT-1), byte for byte what that browser may have sent.

use rand::CryptoRng;

use super::{HANDSHAKE, RANDOM_LEN, TLS_1_0, TLS_1_2, key_share};

/// What browser, by its age, a hello looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Of today: with a post-quantum key share and an encrypted client hello, 1,700 bytes or more.
    Current,
    /// Of before 2024: 517 bytes. Proxies of that time know no other hello.
    Short,
}

/// A short hello's length with its record header. Browsers fill up to it, because some servers did not take hellos of
/// 256 to 511 bytes (RFC 7685).
const PADDED_LEN: usize = 517;

/// The values that servers have to ignore (RFC 8701), by the places where they stand.
struct Grease([[u8; 2]; 8]);

impl Grease {
    const SUITE: usize = 0;
    const FIRST_EXTENSION: usize = 2;
    const LAST_EXTENSION: usize = 3;
    const GROUP: usize = 4;
    const VERSION: usize = 6;

    fn new(rng: &mut dyn CryptoRng) -> Self {
        let mut seeds = [0; 8];
        rng.fill_bytes(&mut seeds);
        let mut values = seeds.map(|seed| (seed & 0xf0) | 0x0a);
        // The two extensions would be an error if they had one number; the browser treats all neighbours so.
        for pair in values.chunks_exact_mut(2) {
            if pair[0] == pair[1] {
                pair[1] ^= 0x10;
            }
        }
        Self(values.map(|value| [value, value]))
    }
}

/// Builds a record with a hello whose random is zeros.
pub fn build(domain: &str, session_id: &[u8; 32], shape: Shape, rng: &mut dyn CryptoRng) -> Vec<u8> {
    let grease = Grease::new(rng);
    let mut out = Builder(vec![HANDSHAKE, TLS_1_0[0], TLS_1_0[1]]);
    out.sized(|out| {
        // client_hello, and the highest byte of its length.
        out.bytes(&[1, 0]);
        out.sized(|out| {
            out.bytes(&TLS_1_2);
            out.bytes(&[0; RANDOM_LEN]);
            out.bytes(&[32]);
            out.bytes(session_id);
            out.sized(|out| {
                out.bytes(&grease.0[Grease::SUITE]);
                for suite in SUITES {
                    out.bytes(&suite.to_be_bytes());
                }
            });
            // One compression method: none.
            out.bytes(&[1, 0]);
            out.sized(|out| {
                out.extension(u16::from_be_bytes(grease.0[Grease::FIRST_EXTENSION]), |_| {});
                for extension in shuffled(domain, shape, &grease, rng) {
                    out.bytes(&extension);
                }
                out.extension(u16::from_be_bytes(grease.0[Grease::LAST_EXTENSION]), |out| out.bytes(&[0]));
                if shape == Shape::Short {
                    out.pad_to(PADDED_LEN);
                }
            });
        });
    });
    out.0
}

/// The cipher suites behind the ignored one, in the order of the browser.
const SUITES: [u16; 15] = [
    0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x009d,
    0x002f, 0x0035,
];

/// Named groups (RFC 8446, 4.2.7).
const X25519: u16 = 0x001d;
const SECP256R1: u16 = 0x0017;
const SECP384R1: u16 = 0x0018;
const X25519_ML_KEM_768: u16 = 0x11ec;

/// The extensions that the browser sends in an order of chance.
fn shuffled(domain: &str, shape: Shape, grease: &Grease, rng: &mut dyn CryptoRng) -> Vec<Vec<u8>> {
    let current = shape == Shape::Current;
    let mut extensions = Vec::with_capacity(17);
    let mut add = |number, content: &mut dyn FnMut(&mut Builder)| {
        let mut out = Builder(Vec::new());
        out.extension(number, content);
        extensions.push(out.0);
    };
    // server_name: a list of one host name.
    add(0x0000, &mut |out| {
        out.sized(|out| {
            out.bytes(&[0]);
            out.sized(|out| out.bytes(domain.as_bytes()));
        });
    });
    // status_request: OCSP, no responders, no extensions.
    add(0x0005, &mut |out| out.bytes(&[1, 0, 0, 0, 0]));
    // supported_groups
    add(0x000a, &mut |out| {
        out.sized(|out| {
            out.bytes(&grease.0[Grease::GROUP]);
            if current {
                out.bytes(&X25519_ML_KEM_768.to_be_bytes());
            }
            for named in [X25519, SECP256R1, SECP384R1] {
                out.bytes(&named.to_be_bytes());
            }
        });
    });
    // ec_point_formats: uncompressed.
    add(0x000b, &mut |out| out.bytes(&[1, 0]));
    // signature_algorithms
    add(0x000d, &mut |out| {
        out.sized(|out| {
            for scheme in [0x0403_u16, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601] {
                out.bytes(&scheme.to_be_bytes());
            }
        });
    });
    // application_layer_protocol_negotiation
    add(0x0010, &mut |out| out.sized(|out| out.bytes(b"\x02h2\x08http/1.1")));
    // signed_certificate_timestamp, extended_master_secret
    add(0x0012, &mut |_| {});
    add(0x0017, &mut |_| {});
    // compress_certificate: brotli.
    add(0x001b, &mut |out| out.bytes(&[2, 0, 2]));
    // session_ticket
    add(0x0023, &mut |_| {});
    // supported_versions
    add(0x002b, &mut |out| {
        out.bytes(&[6]);
        out.bytes(&grease.0[Grease::VERSION]);
        out.bytes(&[3, 4, 3, 3]);
    });
    // psk_key_exchange_modes: with (EC)DHE.
    add(0x002d, &mut |out| out.bytes(&[1, 1]));
    let share = key_share::x25519(rng);
    // key_share
    add(0x0033, &mut |out| {
        out.sized(|out| {
            out.bytes(&grease.0[Grease::GROUP]);
            out.bytes(&[0, 1, 0]);
            if current {
                out.bytes(&X25519_ML_KEM_768.to_be_bytes());
                out.sized(|out| {
                    out.bytes(&key_share::ml_kem_768(rng));
                    // The browser makes one key of the curve and uses it in both shares.
                    out.bytes(&share);
                });
            }
            out.bytes(&X25519.to_be_bytes());
            out.sized(|out| out.bytes(&share));
        });
    });
    // application_settings, of which the number has changed in the meantime.
    add(if current { 0x44cd } else { 0x4469 }, &mut |out| out.sized(|out| out.bytes(b"\x02h2")));
    if current {
        // encrypted_client_hello, as it is sent to sites that have none: all of it random (GREASE).
        add(0xfe0d, &mut |out| {
            // outer; HKDF-SHA256, AES-128-GCM.
            out.bytes(&[0, 0, 1, 0, 1]);
            out.random(1, rng);
            out.sized(|out| out.bytes(&key_share::x25519(rng)));
            let payload = 144 + 32 * (rng.next_u32() & 3) as usize;
            out.sized(|out| out.random(payload, rng));
        });
    }
    // renegotiation_info: none before.
    add(0xff01, &mut |out| out.bytes(&[0]));
    for last in (1..extensions.len()).rev() {
        // The bias is far below what can be seen: at most 17 places, out of 2^32.
        let other = rng.next_u32() as usize % (last + 1);
        extensions.swap(last, other);
    }
    extensions
}

/// Bytes with lengths in front that become known later.
struct Builder(Vec<u8>);

impl Builder {
    fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn random(&mut self, len: usize, rng: &mut dyn CryptoRng) {
        let start = self.0.len();
        self.0.resize(start + len, 0);
        rng.fill_bytes(&mut self.0[start..]);
    }

    /// The content behind its length in two bytes. A hello is far from their limit.
    fn sized(&mut self, content: impl FnOnce(&mut Self)) {
        let start = self.0.len();
        self.bytes(&[0, 0]);
        content(self);
        let len = (self.0.len() - start - 2) as u16;
        self.0[start..start + 2].copy_from_slice(&len.to_be_bytes());
    }

    fn extension(&mut self, number: u16, content: impl FnOnce(&mut Self)) {
        self.bytes(&number.to_be_bytes());
        self.sized(content);
    }

    /// The padding extension (RFC 7685), if there is room for one.
    fn pad_to(&mut self, len: usize) {
        if let Some(zeros) = len.checked_sub(self.0.len() + 4) {
            self.extension(0x0015, |out| out.0.resize(out.0.len() + zeros, 0));
        }
    }
}
