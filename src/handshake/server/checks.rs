//! What the server checks in the client's messages.

use super::inner::Inner;
use super::{Error, Options};
use crate::crypto::rsa::PrivateKey;
use crate::handshake::{Message, number};

/// Step 5: `p q = pq` and `p < q`. Clients may write them with leading zeros.
pub(super) fn factors(message: Message, expected: (u64, u64), p: &[u8], q: &[u8]) -> Result<(), Error> {
    let got = number::from_bytes(p).zip(number::from_bytes(q));
    if got == Some(expected) { Ok(()) } else { Err(Error::Factors(message)) }
}

/// Step 5: the fingerprint names one of our keys.
pub(super) fn own_key(keys: &[PrivateKey], fingerprint: i64) -> Result<&PrivateKey, Error> {
    keys.iter().find(|key| key.public().fingerprint() == fingerprint).ok_or(Error::UnknownKey(fingerprint))
}

/// Step 5: what is encrypted agrees with `pq` and its factors, which anybody may have changed on the way.
pub(super) fn inner_numbers(factors: (u64, u64), inner: &Inner) -> Result<(), Error> {
    let message = Message::PqInnerData;
    self::factors(message, factors, &inner.common.p, &inner.common.q)?;
    let product = factors.0.checked_mul(factors.1);
    if number::from_bytes(&inner.common.pq) == product { Ok(()) } else { Err(Error::Factors(message)) }
}

/// Step 5: the client wants this DC, if we are to insist on it. Test DCs are counted from 10000, media DCs are
/// negative.
pub(super) fn dc(options: &Options, inner: &Inner) -> Result<(), Error> {
    match (options.dc, inner.dc) {
        (Some(own), Some(got)) if got.unsigned_abs() % 10_000 != own.unsigned_abs() % 10_000 => {
            Err(Error::WrongDc { got, own })
        }
        _ => Ok(()),
    }
}

/// A temporary key has a time to live.
pub(super) fn expires_in(inner: &Inner) -> Result<(), Error> {
    match inner.expires_in {
        Some(expires_in) if expires_in <= 0 => Err(Error::ExpiresIn(expires_in)),
        _ => Ok(()),
    }
}

/// Step 7: `retry_id` is 0 at first, and then the `auth_key_aux_hash` of the key that was refused.
pub(super) fn retry_id(expected: i64, got: i64) -> Result<(), Error> {
    if expected == got { Ok(()) } else { Err(Error::RetryId(got)) }
}
