//! What must hold in every run, and the word that it did not.

use std::fmt;
use std::time::Duration;

/// What must hold in every run. `docs/simulation.md` describes each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Invariant {
    AnsweredOnce,
    OwnAnswer,
    ExecutedOnce,
    EveryCallEnds,
    FailsForAReason,
    NoReplay,
    NoForgery,
    TimeWindow,
    LegalEnvelope,
    LegalSalt,
    LegalMsgId,
    LegalSeqno,
    LegalContainer,
    ResentAnew,
    NoRefusal,
    UpdatesOnce,
    Bounded,
    Acknowledged,
    Progress,
    NoFalseAlarm,
    SameKey,
    NoPanic,
}

impl Invariant {
    /// Its name: lower case, with hyphens.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AnsweredOnce => "answered-once",
            Self::OwnAnswer => "own-answer",
            Self::ExecutedOnce => "executed-once",
            Self::EveryCallEnds => "every-call-ends",
            Self::FailsForAReason => "fails-for-a-reason",
            Self::NoReplay => "no-replay",
            Self::NoForgery => "no-forgery",
            Self::TimeWindow => "time-window",
            Self::LegalEnvelope => "legal-envelope",
            Self::LegalSalt => "legal-salt",
            Self::LegalMsgId => "legal-msg-id",
            Self::LegalSeqno => "legal-seqno",
            Self::LegalContainer => "legal-container",
            Self::ResentAnew => "resent-anew",
            Self::NoRefusal => "no-refusal",
            Self::UpdatesOnce => "updates-once",
            Self::Bounded => "bounded",
            Self::Acknowledged => "acknowledged",
            Self::Progress => "progress",
            Self::NoFalseAlarm => "no-false-alarm",
            Self::SameKey => "same-key",
            Self::NoPanic => "no-panic",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An invariant that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The seed of the run: it replays it.
    pub seed: u64,
    /// The virtual time since the beginning of the run.
    pub at: Duration,
    /// What was broken.
    pub invariant: Invariant,
    /// By what.
    pub text: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, at, invariant, text } = self;
        write!(f, "seed {seed}, {:.3} s: {invariant}: {text}", at.as_secs_f64())
    }
}
