//! How a server builds its packets.

use std::time::Duration;

use rand::CryptoRng;

use super::Session;
use super::kept::Sent;
use crate::clock::Now;
use crate::message::container::{Batch, Body, Outgoing};
use crate::message::draft::Draft;
use crate::tl::PacketBuf;

impl Session {
    /// Builds the next packet in `out`, which it clears first: encrypted, with
    /// [`HEADROOM`](crate::tl::HEADROOM) for the framing in front. `false` if there is nothing to send.
    ///
    /// Small messages that wait, acks among them, share a container (CT-1); a single message goes without.
    pub fn poll_transmit(&mut self, now: Now, rng: &mut dyn CryptoRng, out: &mut PacketBuf) -> bool {
        let built = self.build(now, rng, out);
        if built {
            self.link.seal(out);
        }
        built
    }

    /// [`poll_transmit`](Self::poll_transmit) for an owner who may send several packets at once: builds one in `packet`, which
    /// [`seal`](Self::seal) encrypts with others. Gives the buffer back if there is nothing to send.
    ///
    /// # Errors
    /// The buffer.
    pub fn draft(
        &mut self,
        now: Now,
        rng: &mut dyn CryptoRng,
        mut packet: PacketBuf,
    ) -> Result<Draft, PacketBuf> {
        if self.build(now, rng, &mut packet) { Ok(Draft { packet, quick: Vec::new() }) } else { Err(packet) }
    }

    /// Encrypts what [`draft`](Self::draft) has built, up to eight packets side by side, and gives it to `send` in its order.
    pub fn seal(&self, drafts: &mut Vec<Draft>, mut send: impl FnMut(PacketBuf)) {
        self.link.seal_all(drafts, |packet, _, _| send(packet));
    }

    /// Builds the next packet in `out`, all but its encryption; `false` if there is nothing to send.
    fn build(&mut self, now: Now, rng: &mut dyn CryptoRng, out: &mut PacketBuf) -> bool {
        if !self.connected {
            return false;
        }
        let mut batch = Batch::default();
        // The greeting, if it waits, comes before what refers to the session.
        self.add_kept(now, &mut batch, 1);
        self.add_notices(now.unix, &mut batch);
        self.add_kept(now, &mut batch, usize::MAX);
        self.link.add_acks(now.monotonic, now.unix, &mut batch);
        if batch.is_empty() {
            return false;
        }
        let salt = self.salts.current(now.unix);
        self.link.draft(salt, now.unix, &batch, rng, out);
        true
    }

    fn add_kept(&mut self, now: Now, batch: &mut Batch, limit: usize) {
        for _ in 0..limit {
            let Some((id, message)) = self.kept.next_queued() else { return };
            if !batch.has_room_for(message.body.len()) {
                return;
            }
            let (kind, call, body) = (message.kind, message.call, message.body.clone());
            let (msg_id, seqno) = match message.sent {
                // Under its old id the client knows it again; a container of a new id goes around it.
                Some(Sent { msg_id, seqno, .. }) => {
                    batch.push_again(Outgoing { msg_id, seqno, body });
                    (msg_id, seqno)
                }
                None => {
                    let outgoing = self.link.message(now.unix, kind, true, body);
                    let Outgoing { msg_id, seqno, .. } = outgoing;
                    batch.push(outgoing);
                    (msg_id, seqno)
                }
            };
            self.kept.sent(id, Sent { msg_id, seqno, connection: self.connection, at: now.monotonic });
            // The answer acknowledges the call (AK-1).
            if let Some(call) = call {
                self.link.acks.remove(call);
            }
        }
    }

    fn add_notices(&mut self, unix: Duration, batch: &mut Batch) {
        while let Some((_, body)) = self.notices.front() {
            if !batch.has_room_for(body.len()) {
                return;
            }
            if let Some((kind, body)) = self.notices.pop_front() {
                let message = self.link.message(unix, kind, false, Body::Plain(body));
                batch.push(message);
            }
        }
    }
}
