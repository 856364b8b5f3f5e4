//! Somebody on the way who has no key: he repeats what he has seen, here and elsewhere, sends it back to where it
//! came from, and makes packets up.

use super::network::Recorded;
use super::world::{S, World};

impl World<'_> {
    /// Puts a packet onto some connection.
    pub(super) fn attack(&mut self) {
        let ids = self.network.ids();
        if ids.is_empty() || self.network.records().is_empty() {
            return;
        }
        let at = self.dice.below(self.network.records().len());
        let Recorded { mut packet, direction, end, at } = self.network.records()[at].clone();
        let own = ids.iter().copied().find(|&id| self.network.get(id).is_some_and(|c| c.end == end));
        let any = self.dice.pick(&ids);
        let mut harmless = false;
        let (how, id, direction) = match self.dice.below(8) {
            0 => ("reflects", own.unwrap_or(any), direction.other()),
            1 => {
                // The right key id, and behind it anything.
                for byte in packet.iter_mut().skip(8) {
                    *byte = self.dice.below(256) as u8;
                }
                ("makes up", own.unwrap_or(any), direction)
            }
            2 => {
                let at = self.dice.below(packet.len());
                packet[at] ^= 1 << self.dice.below(8);
                ("changes", own.unwrap_or(any), direction)
            }
            3 | 4 => ("repeats elsewhere", any, direction),
            _ => {
                // A fresh packet in its own session is just a duplicate.
                let session = self.ends[end].session.as_ref().map(|session| session.session_id());
                let same = session.is_some() && self.ledger.session_of(&packet) == session;
                harmless = own.is_some() && same && at + 20 * S > self.now;
                ("repeats", own.unwrap_or(any), direction)
            }
        };
        self.say(|| {
            format!("an attacker {how} a packet of {:.3} s {direction:?}, connection {id}", at.as_secs_f64())
        });
        self.ledger.replayed(&packet);
        if let Some(connection) = self.network.get(id) {
            connection.suspect |= !harmless;
        }
        self.write(id, direction, &packet, false);
    }
}
