//! What must hold at the end of a run, and how full tables may be during it.

use std::collections::BTreeSet;

use super::ledger::{Execution, Outcome};
use super::violation::Invariant;
use super::world::World;
use crate::message::Failure;

impl World<'_> {
    /// The tables of all sessions are within their bounds.
    pub(super) fn check_bounds(&mut self) {
        let bound = Self::client_bounds();
        for (number, end) in self.ends.iter().enumerate() {
            let Some(size) = end.session.as_ref().map(|session| session.sizes()) else { continue };
            let within = size.calls <= bound.calls
                && size.call_bytes <= bound.call_bytes
                && size.acks <= bound.acks
                && size.received <= bound.received
                && size.sent <= bound.sent
                && size.salts <= bound.salts;
            if !within {
                self.ledger.violate(Invariant::Bounded, format!("end {number}: {size:?}"));
            }
        }
        let bound = self.server_bounds();
        for live in self.dcs.iter().flat_map(|dc| dc.sessions.values()) {
            let size = live.session.sizes();
            let within = size.calls <= bound.calls
                && size.unacked <= bound.unacked
                && size.unacked_bytes <= bound.unacked_bytes
                && size.acks <= bound.acks
                && size.received + size.disowned <= bound.received;
            if !within {
                self.ledger.violate(Invariant::Bounded, format!("a session of a server: {size:?}"));
            }
        }
    }

    /// What must hold when all is over.
    pub(super) fn check_end(&mut self) {
        let mut found = Vec::new();
        self.check_calls(&mut found);
        self.check_updates(&mut found);
        self.check_rest(&mut found);
        for (invariant, text) in found {
            self.ledger.violate(invariant, text);
        }
    }

    fn check_calls(&self, found: &mut Vec<(Invariant, String)>) {
        for (number, call) in self.ledger.calls() {
            let end = &self.ends[call.end];
            let doubts = self.plan.leaves_doubts(end.client, end.dc);
            let restarts = self.dcs[end.dc].life > 0;
            // A server that has forgotten its sessions cannot know a call again. If its client had not heard of the
            // first session when it sent the call into the second, or an attacker repeats it, nobody is to blame.
            let executions = &call.executions;
            let knowingly = |first: &Execution, second: &Execution| {
                let heard = self.heard.get(&first.unique_id);
                let sent = call.ids.get(&second.sent_as);
                !restarts || heard.zip(sent).is_some_and(|(heard, sent)| heard <= sent)
            };
            let twice = executions
                .iter()
                .enumerate()
                .any(|(at, second)| executions[..at].iter().any(|first| knowingly(first, second)));
            let excused = (doubts || self.plan.small_servers) && call.repeatable || restarts && call.replayed;
            if twice && !excused {
                found.push((Invariant::ExecutedOnce, format!("call {number}: {executions:?}")));
            }
            let messages: BTreeSet<_> =
                executions.iter().map(|execution| (execution.unique_id, execution.sent_as)).collect();
            let lives: BTreeSet<_> = executions.iter().map(|execution| execution.life).collect();
            let excused = call.repeatable || restarts && call.replayed;
            if messages.len() < executions.len() || lives.len() < executions.len() && !excused {
                found.push((Invariant::ExecutedOnce, format!("call {number} in one life: {executions:?}")));
            }
            match call.outcome {
                None => found.push((Invariant::EveryCallEnds, format!("call {number} of end {}", call.end))),
                Some(Outcome::Answered) if executions.is_empty() => {
                    let text = format!("call {number} was answered and never carried out");
                    found.push((Invariant::OwnAnswer, text));
                }
                Some(Outcome::Answered | Outcome::Cancelled | Outcome::Abandoned) => {}
                Some(Outcome::Failed(Failure::UnknownOutcome)) if doubts && !call.repeatable => {}
                // It forgets answers, takes no more calls for a while, and refuses a second copy of one that it did not
                // take.
                Some(Outcome::Failed(
                    Failure::UnknownOutcome | Failure::AnswerLost | Failure::Refused { code: 16 },
                )) if self.plan.small_servers => {}
                Some(Outcome::Failed(reason)) => {
                    found.push((Invariant::FailsForAReason, format!("call {number}: {reason}")));
                }
            }
        }
    }

    /// Updates of a session that lives on arrive.
    fn check_updates(&self, found: &mut Vec<(Invariant, String)>) {
        if self.plan.small_servers {
            // They forget the oldest.
            return;
        }
        for end in &self.ends {
            let Some(session) = &end.session else { continue };
            let name = (session.auth_key().id(), session.session_id());
            let Some(live) = self.dcs[end.dc].sessions.get(&name) else { continue };
            let unique_id = live.session.unique_id();
            for (number, push) in self.ledger.pushes() {
                if push.unique_id == unique_id && push.arrived == 0 {
                    found.push((Invariant::UpdatesOnce, format!("update {number} has not come")));
                }
            }
        }
    }

    /// Nothing is left over in the sessions that live on.
    fn check_rest(&self, found: &mut Vec<(Invariant, String)>) {
        for (number, end) in self.ends.iter().enumerate() {
            let Some(session) = &end.session else {
                found.push((Invariant::SameKey, format!("end {number} has no key")));
                continue;
            };
            let size = session.sizes();
            if (size.calls, size.call_bytes) != (0, 0) {
                found.push((Invariant::EveryCallEnds, format!("end {number} holds {size:?}")));
            }
            let name = (session.auth_key().id(), session.session_id());
            let Some(live) = self.dcs[end.dc].sessions.get(&name) else { continue };
            let of_server = live.session.sizes();
            if size.acks > 0 || of_server.acks > 0 || of_server.unacked > 0 {
                let text = format!("end {number}: {size:?}, its server: {of_server:?}");
                found.push((Invariant::Acknowledged, text));
            }
        }
    }
}
