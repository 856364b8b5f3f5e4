//! The records in which everything travels after the hellos (FT-4).

use bytes::{Buf, BytesMut};

use super::{
    APPLICATION_DATA, CHANGE_CIPHER_SPEC, CHANGE_CIPHER_SPEC_RECORD, Error, HANDSHAKE, MAX_RECORD,
    RECORD_HEADER, TLS_1_0, TLS_1_2,
};
use crate::{tl::PacketBuf, transport::checks::Role};

/// The most data that a client puts into a record: what the widespread client does.
const CLIENT_RECORD: usize = 2878;
/// The same for a server: the most that TLS allows before encryption.
const SERVER_RECORD: usize = 1 << 14;

/// The front of a record.
#[derive(Clone, Copy, Debug)]
pub struct Header {
    /// The content type.
    pub content: u8,
    /// How many bytes follow.
    pub len: usize,
}

/// The header at the front of `input`, if all of it is there.
pub fn header(input: &[u8]) -> Result<Option<Header>, Error> {
    versioned(input, TLS_1_2)
}

/// As [`header`] for a client's hello, whose record has a version of its own.
pub fn hello_header(input: &[u8]) -> Result<Option<Header>, Error> {
    match versioned(input, TLS_1_0)? {
        Some(Header { content, .. }) if content != HANDSHAKE => {
            Err(Error::RecordType { expected: HANDSHAKE, found: content })
        }
        header => Ok(header),
    }
}

fn versioned(input: &[u8], expected: [u8; 2]) -> Result<Option<Header>, Error> {
    let Some([content, major, minor, high, low]) = input.first_chunk().copied() else { return Ok(None) };
    if [major, minor] != expected {
        return Err(Error::Version(u16::from_be_bytes([major, minor])));
    }
    let len = usize::from(u16::from_be_bytes([high, low]));
    if len > MAX_RECORD { Err(Error::TooLarge(len)) } else { Ok(Some(Header { content, len })) }
}

/// Writes the header of a record with `len` bytes, which are fewer than 2^16.
pub fn push_header(out: &mut Vec<u8>, content: u8, len: usize) {
    out.extend(header_bytes(content, len));
}

fn header_bytes(content: u8, len: usize) -> [u8; RECORD_HEADER] {
    let [high, low] = (len as u16).to_be_bytes();
    [content, TLS_1_2[0], TLS_1_2[1], high, low]
}

/// Both directions of a connection after the hellos.
#[derive(Debug)]
pub struct Records {
    largest: usize,
    /// Nothing was sent yet, so that the change of ciphers is still to come.
    first: bool,
    /// What is still to come of the record that is coming in.
    left: usize,
    /// Whether that record is one to ignore.
    ignored: bool,
    /// What came in and was not taken yet.
    pub plain: BytesMut,
}

impl Records {
    pub fn new(role: Role) -> Self {
        let largest = if role == Role::Client { CLIENT_RECORD } else { SERVER_RECORD };
        // A server has sent the change of ciphers with its hello.
        Self { largest, first: role == Role::Client, left: 0, ignored: false, plain: BytesMut::new() }
    }

    /// Puts `out` into records, in place.
    pub fn wrap(&mut self, out: &mut PacketBuf) {
        let len = out.len();
        if len <= self.largest {
            out.prepend(&header_bytes(APPLICATION_DATA, len));
        } else {
            let data = out.as_slice().to_vec();
            out.clear();
            for part in data.chunks(self.largest) {
                out.extend_from_slice(&header_bytes(APPLICATION_DATA, part.len()));
                out.extend_from_slice(part);
            }
        }
        if std::mem::take(&mut self.first) {
            out.prepend(&CHANGE_CIPHER_SPEC_RECORD);
        }
    }

    /// Moves the data of all records out of `input`, also of one that is not whole yet.
    pub fn unwrap(&mut self, input: &mut BytesMut) -> Result<(), Error> {
        loop {
            if self.left == 0 {
                let Some(Header { content, len }) = header(input)? else { return Ok(()) };
                self.ignored = match content {
                    APPLICATION_DATA => false,
                    CHANGE_CIPHER_SPEC => true,
                    found => return Err(Error::RecordType { expected: APPLICATION_DATA, found }),
                };
                input.advance(RECORD_HEADER);
                self.left = len;
            }
            let part = input.split_to(self.left.min(input.len()));
            self.left -= part.len();
            if !self.ignored {
                self.plain.extend_from_slice(&part);
            }
            if input.is_empty() {
                return Ok(());
            }
        }
    }

    /// Whether what has come in ended between two records, and all of it was taken.
    pub fn is_at_rest(&self) -> bool {
        self.left == 0 && self.plain.is_empty()
    }
}
