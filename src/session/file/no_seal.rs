//! In the place of `seal`, in a build without the feature `encrypted-session`: the same names, but there is no passphrase
//! and so no key, and a file that is encrypted is refused with an error that says why.

use std::convert::Infallible;
use std::marker::PhantomData;

use rand::CryptoRng;
use zeroize::Zeroizing;

use super::{
    codec::Encoder,
    format::{BLOCK_LEN, FormatError, FormatErrorKind, HEADER_LEN},
};
use crate::session::ErrorKind;

/// What a session file is encrypted with. There is none in a build without the feature `encrypted-session`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passphrase {}

#[derive(Debug)]
pub(super) struct Master(Infallible);

#[derive(Debug)]
pub(super) struct Vault(Infallible);

#[derive(Debug)]
pub(super) struct Locked(Infallible);

impl From<Locked> for ErrorKind {
    fn from(locked: Locked) -> Self {
        match locked.0 {}
    }
}

pub(super) struct KeyBlock<'a> {
    never: Infallible,
    file: PhantomData<&'a [u8]>,
}

impl Master {
    pub(super) fn new(passphrase: &Passphrase, _rng: &mut dyn CryptoRng) -> Result<Self, Locked> {
        match *passphrase {}
    }

    pub(super) fn wrap(
        &self,
        _header: &[u8; HEADER_LEN],
        _rng: &mut dyn CryptoRng,
    ) -> ([u8; BLOCK_LEN], Vault) {
        match self.0 {}
    }
}

impl<'a> KeyBlock<'a> {
    /// The refusal of every encrypted file.
    pub(super) fn read(_file: &'a [u8]) -> Result<Self, FormatError> {
        let kind = FormatErrorKind::NotBuilt { feature: "encrypted-session" };
        Err(FormatError { offset: 10, kind })
    }

    pub(super) fn master(&self, _passphrase: &Passphrase) -> Result<Master, Locked> {
        let Self { never, file: PhantomData } = self;
        match *never {}
    }

    pub(super) fn open(&self, _header: &[u8; HEADER_LEN], master: &Master) -> Result<Vault, Locked> {
        match master.0 {}
    }
}

impl Vault {
    pub(super) fn seal_record(&self, _offset: u64, _payload: &[u8], _rng: &mut dyn CryptoRng) -> Encoder {
        match self.0 {}
    }

    pub(super) fn open_record(&self, _offset: u64, _sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match self.0 {}
    }
}
