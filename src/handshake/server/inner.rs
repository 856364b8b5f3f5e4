//! What the client encrypted with our RSA key.

use bytes::Bytes;
use zeroize::Zeroizing;

use super::{Error, Options};
use crate::crypto::rsa::{PrivateKey, unpad, unpad_sha1};
use crate::handshake::Message;
use crate::tl::mtproto::enums::PQInnerData;
use crate::tl::mtproto::types;
use crate::tl::{Deserialize, Reader};

/// The four kinds of `p_q_inner_data`, as one.
pub(super) struct Inner {
    pub common: types::PQInnerData,
    pub dc: Option<i32>,
    pub expires_in: Option<i32>,
}

/// Decrypts: RSA_PAD first, and then, unless the options forbid it, the padding that it replaced and that old
/// clients still use.
pub(super) fn decrypt(
    key: &PrivateKey,
    encrypted: &[u8],
    options: &Options,
    rng: &mut dyn rand::CryptoRng,
) -> Result<Inner, Error> {
    let block = fixed_width(encrypted).and_then(|block| key.raw(&block, rng)).ok_or(Error::Rsa)?;
    let data: Zeroizing<Vec<u8>> = if let Some(data) = unpad(&block) {
        Zeroizing::new(data.to_vec())
    } else if options.accept_sha1_padding {
        unpad_sha1(&block, object_len).ok_or(Error::Rsa)?
    } else {
        return Err(Error::Rsa);
    };
    // RSA_PAD leaves random bytes behind the object.
    let inner = PQInnerData::from_prefix(Bytes::copy_from_slice(&data))
        .map_err(|error| Error::Malformed { message: Message::PqInnerData, error })?;
    Ok(inner.into())
}

/// The block with leading zeros, which some clients leave out.
fn fixed_width(encrypted: &[u8]) -> Option<[u8; 256]> {
    let mut block = [0; 256];
    let start = block.len().checked_sub(encrypted.len())?;
    block[start..].copy_from_slice(encrypted);
    Some(block)
}

/// How many bytes the object at the head of `data` has.
fn object_len(data: &[u8]) -> Option<usize> {
    let mut reader = Reader::new(Bytes::copy_from_slice(data));
    PQInnerData::deserialize(&mut reader);
    reader.check().ok().map(|()| reader.position())
}

impl From<PQInnerData> for Inner {
    fn from(inner: PQInnerData) -> Self {
        macro_rules! common {
            ($from:ident) => {
                types::PQInnerData {
                    pq: $from.pq,
                    p: $from.p,
                    q: $from.q,
                    nonce: $from.nonce,
                    server_nonce: $from.server_nonce,
                    new_nonce: $from.new_nonce,
                }
            };
        }
        match inner {
            PQInnerData::PQInnerData(i) => Self { common: i, dc: None, expires_in: None },
            PQInnerData::Dc(i) => Self { dc: Some(i.dc), expires_in: None, common: common!(i) },
            PQInnerData::Temp(i) => Self { dc: None, expires_in: Some(i.expires_in), common: common!(i) },
            PQInnerData::TempDc(i) => {
                Self { dc: Some(i.dc), expires_in: Some(i.expires_in), common: common!(i) }
            }
        }
    }
}
