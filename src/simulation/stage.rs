//! How far a run has come.

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Calls are made, and things go wrong.
    Busy,
    /// All calls are over.
    Done,
    /// Nothing goes wrong any more.
    Quiet,
    Over,
}
