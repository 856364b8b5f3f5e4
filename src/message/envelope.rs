//! The encrypted envelope: salt, session id, msg_id, seqno, length, body, padding (EN-2), and its checks
//! in their order (EN-6).

use std::fmt;

use bytes::{Bytes, BytesMut};
use rand::CryptoRng;

use super::error::Error;
use super::hidden::Hidden;
use super::msg_id::MsgId;
use crate::crypto::packet::{HEADER_LEN as SEALED_HEADER_LEN, Sealed, open as decrypt, seal as encrypt};
use crate::crypto::{AuthKey, Side, kdf};
use crate::tl::{PacketBuf, Reader};

/// Bytes in front of the body: salt 8, session id 8, msg_id 8, seqno 4, length 4.
pub const HEADER_LEN: usize = 32;
/// The least padding behind the body, in bytes.
pub const MIN_PADDING: usize = 12;
/// The most padding behind the body, in bytes.
pub const MAX_PADDING: usize = 1024;

/// What stands in front of a message's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The salt that the sender uses.
    pub salt: i64,
    /// The session that the packet belongs to.
    pub session_id: i64,
    /// Id of the message, or of the container.
    pub msg_id: MsgId,
    /// Sequence number of the message.
    pub seqno: i32,
}

/// A packet that was decrypted, and whose msg_key, length and padding were found right.
///
/// The header is *not* checked yet: that is the work of the session. `Debug` shows the length of the
/// body and nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Opened {
    /// Salt, session, msg_id and seqno.
    pub header: Header,
    /// The body, without padding: a slice of the packet.
    pub body: Bytes,
    plaintext: Bytes,
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened")
            .field("header", &self.header)
            .field("body", &Hidden(&self.body))
            .finish_non_exhaustive()
    }
}

impl Opened {
    /// The token with which a server confirms a client's packet at once, when its framing asks for that (TR-7).
    /// `key` is the key that the packet was opened with.
    #[must_use]
    pub fn quick_ack_token(&self, key: &AuthKey) -> u32 {
        kdf::msg_key_large(key, Side::Client, &self.plaintext).quick_ack_token()
    }
}

/// Decrypts a packet in place and checks key id, msg_key, length and padding (EN-6).
///
/// A server uses it to find the session of a packet. Bytes that a padded transport has put behind the packet
/// are ignored, if they are fewer than 16.
///
/// # Errors
/// [`Error::Sealed`] or [`Error::Length`]. A server answers both with transport error -404 and closes.
pub fn open(key: &AuthKey, sender: Side, mut packet: BytesMut) -> Result<Opened, Error> {
    let plaintext_len = decrypt(key, sender, &mut packet)?.len();
    let plaintext = packet.freeze().slice(SEALED_HEADER_LEN..SEALED_HEADER_LEN + plaintext_len);
    let mut reader = Reader::new(plaintext.clone());
    let header = Header {
        salt: reader.i64(),
        session_id: reader.i64(),
        msg_id: MsgId::from_wire(reader.i64()),
        seqno: reader.i32(),
    };
    let length = reader.i32();
    reader.check()?;
    let body_len = usize::try_from(length).ok().filter(|length| length.is_multiple_of(4));
    let padding = body_len.and_then(|length| reader.remaining().checked_sub(length));
    match (body_len, padding) {
        (Some(length), Some(MIN_PADDING..=MAX_PADDING)) => {
            Ok(Opened { header, body: reader.raw(length), plaintext })
        }
        _ => Err(Error::Length { length, plaintext: plaintext_len }),
    }
}

/// Turns the body in `packet` into an encrypted packet, in place: header in front, random padding of random
/// length behind (EN-2).
///
/// The padding takes 12 to 27 bytes to reach a whole block, and up to 15 blocks more, so that the length of
/// a packet tells little about its content.
///
/// # Panics
/// When the body is 2 GiB or longer: nothing this large fits a packet.
pub fn seal(
    key: &AuthKey,
    sender: Side,
    header: Header,
    rng: &mut dyn CryptoRng,
    packet: &mut PacketBuf,
) -> Sealed {
    draft(header, rng, packet);
    encrypt(key, sender, packet)
}

/// The first half of [`seal`]: the plaintext of the packet.
pub(super) fn draft(header: Header, rng: &mut dyn CryptoRng, packet: &mut PacketBuf) {
    let length = i32::try_from(packet.len()).expect("a body is shorter than 2 GiB");
    let mut front = [0; HEADER_LEN];
    front[..8].copy_from_slice(&header.salt.to_le_bytes());
    front[8..16].copy_from_slice(&header.session_id.to_le_bytes());
    front[16..24].copy_from_slice(&header.msg_id.to_wire().to_le_bytes());
    front[24..28].copy_from_slice(&header.seqno.to_le_bytes());
    front[28..].copy_from_slice(&length.to_le_bytes());
    packet.prepend(&front);

    let body_end = packet.len();
    let blocks = (body_end + MIN_PADDING).div_ceil(16) + (rng.next_u32() % 16) as usize;
    packet.resize(blocks * 16);
    rng.fill_bytes(&mut packet.as_mut_slice()[body_end..]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::tests::{hex, key, rng, vector};

    fn header() -> Header {
        Header { salt: 1, session_id: 2, msg_id: MsgId::from_wire(0x6000_0000_0000_0004), seqno: 3 }
    }

    fn sealed(body: &[u8]) -> BytesMut {
        let mut packet = PacketBuf::new();
        packet.extend_from_slice(body);
        seal(&key(), Side::Client, header(), &mut rng(), &mut packet);
        BytesMut::from(packet.as_slice())
    }

    /// Seals a plaintext as it is, however wrong.
    fn sealed_raw(plaintext: &[u8]) -> BytesMut {
        let mut packet = PacketBuf::new();
        packet.extend_from_slice(plaintext);
        encrypt(&key(), Side::Client, &mut packet);
        BytesMut::from(packet.as_slice())
    }

    fn plaintext(length: i32, total: usize) -> Vec<u8> {
        let mut plaintext = vec![0; total];
        plaintext[28..32].copy_from_slice(&length.to_le_bytes());
        plaintext
    }

    fn key_of(inputs: &serde_json::Value) -> AuthKey {
        let bytes = match inputs["auth_key_pattern"].as_str() {
            Some(pattern) => {
                let (digits, times) = pattern.split_once(" x").unwrap();
                hex(&serde_json::Value::from(digits)).repeat(times.parse().unwrap())
            }
            None => hex(&inputs["auth_key"]).to_vec(),
        };
        AuthKey::from_bytes(bytes.try_into().unwrap())
    }

    #[test]
    fn en_2_the_published_packets_open() {
        let vector = vector("msg2.grammers-dec-container");
        let key = key_of(&vector["inputs"]);
        let opened = open(&key, Side::Server, BytesMut::from(&hex(&vector["inputs"]["packet"])[..])).unwrap();
        let outputs = &vector["outputs"];
        assert_eq!(opened.header.salt.to_le_bytes()[..], hex(&outputs["salt_le_hex"]));
        assert_eq!(opened.header.session_id.to_le_bytes()[..], hex(&outputs["session_id_le_hex"]));
        assert_eq!(opened.header.msg_id.to_wire(), outputs["msg_id"].as_i64().unwrap());
        assert_eq!(i64::from(opened.header.seqno), outputs["seq_no"].as_i64().unwrap());
        assert_eq!(opened.body.len() as i64, outputs["length"].as_i64().unwrap());
        assert_eq!(opened.body, hex(&outputs["plaintext"])[32..32 + opened.body.len()]);
    }

    #[test]
    fn en_6_the_published_packets_are_accepted_or_refused_for_their_reason() {
        let file = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/vectors.json"));
        let vectors: serde_json::Value = serde_json::from_str(file).unwrap();
        let mut seen = 0;
        for vector in vectors["vectors"].as_array().unwrap() {
            let (inputs, outputs) = (&vector["inputs"], &vector["outputs"]);
            if vector["kind"] != "decrypt_v2" || outputs["result"].is_null() {
                continue;
            }
            seen += 1;
            let packet = BytesMut::from(&hex(&inputs["packet"])[..]);
            let opened = open(&key_of(inputs), Side::Server, packet);
            let expected_session = hex(&inputs["expected_session_id_le_hex"]);
            match outputs["reason"].as_str() {
                None => assert_eq!(opened.unwrap().body, hex(&outputs["body"])),
                Some("msg_key") => assert!(matches!(opened, Err(Error::Sealed(_)))),
                Some("session_id") => {
                    assert_ne!(opened.unwrap().header.session_id.to_le_bytes()[..], expected_session);
                }
                Some("length_not_multiple_of_4") => {
                    let length = outputs["claimed_length"].as_i64().unwrap();
                    assert!(
                        matches!(opened, Err(Error::Length { length: is, .. }) if i64::from(is) == length)
                    );
                }
                Some(reason) => panic!("no test for {reason}"),
            }
        }
        assert_eq!(seen, 4);
    }

    #[test]
    fn en_6_length_and_padding_hold_to_the_byte() {
        let ok = |length, total| open(&key(), Side::Client, sealed_raw(&plaintext(length, total))).is_ok();
        assert!(ok(4, 48), "12 bytes of padding");
        assert!(!ok(8, 48), "8 bytes of padding");
        assert!(ok(16, 32 + 16 + 1024));
        assert!(!ok(12, 32 + 12 + 1028));
        assert!(ok(0, 48));
        for length in [-4, -1, 1, 2, 3, 20, 64, i32::MAX, i32::MIN] {
            assert!(!ok(length, 48), "{length}");
        }
    }

    #[test]
    fn en_2_padding_varies_in_length_within_its_bounds() {
        let lengths: std::collections::BTreeSet<_> = {
            let mut rng = rng();
            (0..200)
                .map(|_| {
                    let mut packet = PacketBuf::new();
                    packet.extend_from_slice(&[0; 20]);
                    seal(&key(), Side::Client, header(), &mut rng, &mut packet);
                    packet.len()
                })
                .collect()
        };
        assert_eq!(lengths.len(), 16);
        assert!(lengths.iter().all(|length| (12..=1024).contains(&(length - 24 - 32 - 20))));
    }

    #[test]
    fn en_6_a_packet_of_the_other_direction_or_key_does_not_open() {
        let packet = sealed(&[1; 8]);
        assert!(open(&key(), Side::Server, packet.clone()).is_err());
        assert!(open(&AuthKey::from_bytes([8; 256]), Side::Client, packet.clone()).is_err());
        assert!(open(&key(), Side::Client, packet).is_ok());
    }

    #[test]
    fn en_6_padding_of_the_transport_is_cut_off() {
        for extra in 0..16 {
            let mut packet = sealed(&[1; 8]);
            packet.resize(packet.len() + extra, 0x5a);
            assert_eq!(open(&key(), Side::Client, packet).unwrap().body[..], [1; 8]);
        }
    }

    #[test]
    fn tr_7_both_sides_compute_the_same_quick_ack_token() {
        let mut packet = PacketBuf::new();
        packet.extend_from_slice(&[1; 8]);
        let token = seal(&key(), Side::Client, header(), &mut rng(), &mut packet).quick_ack_token;
        let opened = open(&key(), Side::Client, BytesMut::from(packet.as_slice())).unwrap();
        assert_eq!(opened.quick_ack_token(&key()), token);
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_to_the_same(words in proptest::collection::vec(any::<u32>(), 0..300)) {
            let body: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            let opened = open(&key(), Side::Client, sealed(&body)).unwrap();
            prop_assert_eq!(&opened.body[..], &body[..]);
            prop_assert_eq!(opened.header, header());
        }

        #[test]
        fn en_6_a_changed_byte_is_noticed(at: prop::sample::Index, change in 1_u8..) {
            let mut packet = sealed(&[1; 40]);
            let at = at.index(packet.len());
            packet[at] ^= change;
            prop_assert!(open(&key(), Side::Client, packet).is_err());
        }

        #[test]
        fn opening_never_panics(packet: Vec<u8>, blocks in 0_usize..8, plaintext: Vec<u8>) {
            let _ = open(&key(), Side::Client, BytesMut::from(&packet[..]));
            let mut plaintext = plaintext;
            plaintext.resize(blocks * 16, 0);
            let _ = open(&key(), Side::Client, sealed_raw(&plaintext));
        }
    }
}
