//! Binding a temporary key to a permanent one: the message by which the owner of both vouches for the first (PF-2;
//! <https://core.telegram.org/method/auth.bindTempAuthKey>).
//!
//! The temporary key encrypts everything else, and ends with its day: who steals the permanent key later cannot read
//! what was recorded before.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use rand::CryptoRng;
use zeroize::Zeroizing;

use crate::crypto::{AuthKey, Side, packet_v1};
use crate::tl::mtproto::types::BindAuthKeyInner;
use crate::tl::{Deserialize, PacketBuf, Reader, Serialize, Writer};

/// Constructor id of `auth.bindTempAuthKey`, the only method of the API that a session has to write by itself.
pub const BIND_TEMP_AUTH_KEY: u32 = 0xcdd4_2a05;

/// Bytes of the inner message, `bind_auth_key_inner`.
const INNER: usize = 40;
/// Bytes of the message that the permanent key encrypts: random 16, msg_id 8, seqno 4, length 4, and the inner one.
const PLAIN: usize = 32 + INNER;
/// Bytes of it when encrypted: key id 8, msg_key 16, and the above with its padding.
const ENCRYPTED: usize = 24 + PLAIN.next_multiple_of(16);

/// A temporary key that is to be bound to a permanent one.
#[derive(Clone)]
pub struct Binding {
    /// The permanent key.
    pub permanent: Arc<AuthKey>,
    /// The id of the temporary key.
    pub temporary: i64,
    /// When the temporary key ends, in seconds since the Unix epoch by the server's clock.
    pub expires_at: i32,
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Binding({:016x} to {:016x})", self.temporary, self.permanent.id())
    }
}

impl Binding {
    /// Bytes of a [`request`](Self::request).
    pub const REQUEST_LEN: usize = 4 + 8 + 8 + 4 + (1 + ENCRYPTED).next_multiple_of(4);

    /// `auth.bindTempAuthKey`, serialized, for the session `session_id` of the temporary key. It is good only as the
    /// message `msg_id` of that session: sent again, it has to be made again.
    #[must_use]
    pub fn request(&self, session_id: i64, msg_id: i64, rng: &mut dyn CryptoRng) -> Bytes {
        let nonce = rng.next_u64().cast_signed();
        let inner = BindAuthKeyInner {
            nonce,
            temp_auth_key_id: self.temporary,
            perm_auth_key_id: self.permanent.id(),
            temp_session_id: session_id,
            expires_at: self.expires_at,
        };
        let encrypted = self.seal(&inner, msg_id, rng);
        let mut writer = Writer::append(PacketBuf::with_capacity(0, Self::REQUEST_LEN));
        writer.u32(BIND_TEMP_AUTH_KEY);
        writer.i64(self.permanent.id());
        writer.i64(nonce);
        writer.i32(self.expires_at);
        writer.bytes(&encrypted);
        writer.finish().expect("the message is short").to_vec().into()
    }

    fn seal(&self, inner: &BindAuthKeyInner, msg_id: i64, rng: &mut dyn CryptoRng) -> Vec<u8> {
        let mut plain = [0; PLAIN];
        let (head, body) = plain.split_at_mut(32);
        rng.fill_bytes(&mut head[..16]);
        head[16..24].copy_from_slice(&msg_id.to_le_bytes());
        // Seqno 0 stands in bytes 24 to 28.
        head[28..].copy_from_slice(&40_u32.to_le_bytes());
        body.copy_from_slice(&inner.to_bytes().expect("there is no string in it"));
        packet_v1::seal(&self.permanent, Side::Client, &plain, rng)
    }
}

/// A binding message that was decrypted and found to be made with the permanent key.
#[derive(Clone, Debug, PartialEq)]
pub struct Vouched {
    /// The msg_id of the request that it is good for.
    pub msg_id: i64,
    /// What it says.
    pub inner: BindAuthKeyInner,
}

/// Opens the `encrypted_message` of `auth.bindTempAuthKey`: the server's half. `None` if it was not made with
/// `permanent`.
#[must_use]
pub fn open(permanent: &AuthKey, encrypted: &[u8]) -> Option<Vouched> {
    if encrypted.len() != ENCRYPTED {
        return None;
    }
    let mut packet = Zeroizing::new(encrypted.to_vec());
    let plain = packet_v1::open(permanent, Side::Client, &mut packet).ok()?;
    let mut reader = Reader::new(Bytes::copy_from_slice(plain));
    let _random = reader.int128();
    let msg_id = reader.i64();
    let _seqno = reader.i32();
    let _length = reader.i32();
    let inner = BindAuthKeyInner::deserialize(&mut reader);
    reader.finish().is_ok().then_some(Vouched { msg_id, inner })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;
    use crate::crypto::vectors::{Scripted, each};

    fn binding() -> Binding {
        let permanent = AuthKey::from_bytes(std::array::from_fn(|i| 255 - u8::try_from(i).unwrap()));
        Binding {
            permanent: Arc::new(permanent),
            temporary: 4_822_678_189_205_111,
            expires_at: 1_735_689_600,
        }
    }

    #[test]
    fn pf_2_the_message_has_the_published_bytes() {
        each("bind_temp_auth_key", |_, vector| {
            let nonce = 283_686_952_306_183_i64;
            let script =
                [nonce.to_le_bytes().to_vec(), vector.input("random_int128"), vector.input("padding")];
            let request = binding().request(
                4_538_991_236_898_928,
                4_822_678_189_205_111,
                &mut Scripted(script.concat()),
            );
            assert_eq!(request.len(), Binding::REQUEST_LEN);
            let encrypted = vector.output("encrypted_message");
            assert!(request.windows(encrypted.len()).any(|window| window == encrypted));
        });
    }

    #[test]
    #[cfg(feature = "api")]
    fn pf_2_the_request_is_that_of_the_schema_and_opens() {
        use crate::tl::functions::auth::BindTempAuthKey;
        let binding = binding();
        let mut rng = StdRng::seed_from_u64(1);
        let request = BindTempAuthKey::from_bytes(binding.request(5, 8, &mut rng)).unwrap();
        let opened = open(&binding.permanent, &request.encrypted_message).unwrap();
        assert_eq!(opened.msg_id, 8);
        assert_eq!((opened.inner.nonce, opened.inner.temp_session_id), (request.nonce, 5));
        assert_eq!(opened.inner.perm_auth_key_id, binding.permanent.id());
        assert_eq!((opened.inner.expires_at, request.expires_at), (binding.expires_at, binding.expires_at));
    }

    #[test]
    fn pf_2_no_other_key_has_made_it_and_no_bit_may_change() {
        let binding = binding();
        let mut rng = StdRng::seed_from_u64(1);
        let request = binding.request(5, 8, &mut rng);
        let sealed = &request[request.len() - 3 - ENCRYPTED..request.len() - 3];
        assert!(open(&binding.permanent, sealed).is_some());
        assert!(open(&AuthKey::from_bytes([1; 256]), sealed).is_none());
        for at in [0, 8, 24, 60, ENCRYPTED - 17] {
            let mut broken = sealed.to_vec();
            broken[at] ^= 1;
            assert!(open(&binding.permanent, &broken).is_none(), "byte {at}");
        }
        assert!(open(&binding.permanent, &sealed[..ENCRYPTED - 1]).is_none());
    }
}
