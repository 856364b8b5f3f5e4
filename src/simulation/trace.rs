//! What a replayed run tells of itself.

use std::time::Duration;

/// The longest line.
const MAX_LINE: usize = 160;

/// Takes the lines of a run, if anybody wants them.
pub(super) struct Trace<'a>(pub(super) Option<&'a mut dyn FnMut(&str)>);

impl Trace<'_> {
    /// Tells what happens at `now`. `text` is made only if it is wanted.
    pub(super) fn say(&mut self, now: Duration, text: impl FnOnce() -> String) {
        if let Some(sink) = &mut self.0 {
            let text: String = text().chars().take(MAX_LINE).collect();
            sink(&format!("{:>10.3} {text}", now.as_secs_f64()));
        }
    }
}
