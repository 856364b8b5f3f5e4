//! The client's side of one connection: a framing whose frames are requests one way and answers the other.

use bytes::{Buf, BytesMut};
use rand::CryptoRng;

use super::{Fault, head};
use crate::tl::PacketBuf;
use crate::transport::checks::{Role, check_body, check_packet, classify, take};
use crate::transport::frame::Framing;
use crate::transport::{ErrorKind, Frame};

/// The status that every packet comes with.
const OK: u16 = 200;

/// A client's connection. Answers come in the order of the requests, so nothing has to be remembered of these.
#[derive(Debug)]
pub(in crate::transport) struct Http {
    /// What the head of a request is before its length.
    head: String,
    /// The answer whose head has been read: its status, and how much of its body is still to come.
    answer: Option<(u16, usize)>,
}

impl Http {
    pub(in crate::transport) fn new(host: &str) -> Self {
        // A name with a line break in it would be another head.
        let host = if host.bytes().all(|byte| byte.is_ascii_graphic()) { host } else { "" };
        Self { head: format!("POST /api HTTP/1.1\r\nHost: {host}\r\nContent-Length: "), answer: None }
    }
}

impl Framing for Http {
    fn encode(
        &mut self,
        packet: &mut PacketBuf,
        quick_ack: bool,
        _rng: &mut dyn CryptoRng,
    ) -> Result<(), ErrorKind> {
        if quick_ack {
            return Err(ErrorKind::NoQuickAck);
        }
        let len = check_packet(packet.len(), 4, 0)?;
        packet.prepend(format!("{}{len}\r\n\r\n", self.head).as_bytes());
        Ok(())
    }

    fn encode_quick_ack(&mut self, _token: u32, _out: &mut PacketBuf) -> Result<(), ErrorKind> {
        Err(ErrorKind::NoQuickAck)
    }

    fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, ErrorKind> {
        loop {
            let Some((status, left)) = self.answer else {
                let Some((head, len)) = head::answer(input)? else { return Ok(None) };
                input.advance(len);
                match head.status {
                    0..=99 => return Err(Fault::Head.into()),
                    101 => return Err(Fault::Switched.into()),
                    // "Go on", "Processing": the answer is still to come.
                    100..=199 => continue,
                    // By definition without a body.
                    204 | 304 => self.answer = Some((head.status, 0)),
                    status => {
                        // An error is known by its status alone, and nothing is asked any more behind it.
                        let given = head.fields.length.or((status != OK).then_some(0));
                        let length = given.ok_or(Fault::NoLength)?;
                        let length =
                            u32::try_from(length).map_err(|_| ErrorKind::TooLarge { len: length })?;
                        let length =
                            if length == 0 { 0 } else { check_body(length.max(4))?.min(length as usize) };
                        self.answer = Some((status, length));
                    }
                }
                continue;
            };
            if status != OK {
                // What an error's page says is not for us, however long it is: it is let go as it comes.
                let gone = left.min(input.len());
                input.advance(gone);
                self.answer = Some((status, left - gone)).filter(|&(_, left)| left > 0);
                if self.answer.is_some() {
                    return Ok(None);
                }
                return Ok(Some(match status {
                    204 => Frame::Empty,
                    status => Frame::TransportError(-i32::from(status)),
                }));
            }
            if input.len() < left {
                return Ok(None);
            }
            self.answer = None;
            if left == 0 {
                return Ok(Some(Frame::Empty));
            }
            check_body(left as u32)?;
            let body = take(input, left);
            return Ok(Some(classify(Role::Client, body, false, 4).unwrap_or(Frame::Empty)));
        }
    }
}
