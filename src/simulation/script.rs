//! When what is planned happens.

use super::world::{S, Step, World};

impl World<'_> {
    /// Draws the moments of all that is planned.
    pub(super) fn write_script(&mut self) {
        let (busy, trouble, moments) = (self.plan.busy, self.plan.trouble, self.plan.moments);
        let mut number = 0;
        for end in 0..self.ends.len() {
            self.schedule(S, Step::Connect { end });
            for call in 0..self.plan.calls {
                let at = S + self.dice.moment(busy, moments);
                self.schedule(at, Step::Call { end, number });
                if self.dice.chance(self.plan.cancels) {
                    let later = self.dice.up_to(10 * S);
                    self.schedule(at + later, Step::Cancel { number });
                }
                if call % 2 == 0 {
                    let at = S + self.dice.moment(busy, moments);
                    self.schedule(at, Step::Push { end, number });
                }
                number += 1;
            }
            for _ in 0..self.plan.network.cuts {
                let at = S + self.dice.moment(trouble, moments);
                self.schedule(at, Step::Cut { end });
            }
            for _ in 0..self.plan.network.stalls {
                let at = S + self.dice.moment(trouble, moments);
                self.schedule(at, Step::Stall { end });
            }
        }
        for dc in 0..self.dcs.len() {
            let plan = self.plan.dcs[dc].clone();
            for _ in 0..plan.restarts {
                let at = S + self.dice.moment(busy, moments);
                self.schedule(at, Step::RestartServer { dc });
            }
            for _ in 0..plan.salt_changes {
                let at = S + self.dice.moment(busy, moments);
                self.schedule(at, Step::ChangeSalts { dc });
            }
            if plan.clock_step != 0 {
                let at = S + self.dice.moment(busy, moments);
                self.schedule(at, Step::SetServerClock { dc });
            }
        }
        for client in 0..self.clients.len() {
            let plan = self.plan.clients[client].clone();
            for _ in 0..plan.restarts {
                let at = S + self.dice.moment(busy, moments);
                self.schedule(at, Step::RestartClient { client });
            }
            if plan.clock_step != 0 {
                let at = S + self.dice.moment(busy, moments);
                self.schedule(at, Step::SetClientClock { client });
            }
            if !plan.sleep.is_zero() {
                let at = S + self.dice.moment(busy, moments);
                self.schedule(at, Step::FallAsleep { client });
            }
        }
        for _ in 0..self.plan.attacks {
            // Some of them after the time in which packets are taken.
            let at = S + self.dice.moment(busy + 600 * S, moments);
            self.schedule(at, Step::Attack);
        }
    }
}
