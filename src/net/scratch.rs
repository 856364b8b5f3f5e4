//! A buffer to read into, one for each thread, so that connections without traffic need none of their own.

use std::cell::Cell;

/// What one read takes at most.
const LEN: usize = 64 * 1024;

thread_local! {
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Lends the thread's buffer. What stands in it is of no meaning.
pub(super) fn with<T>(work: impl FnOnce(&mut [u8]) -> T) -> T {
    // Taken out, not borrowed: if a stream that is read from reads from another one of this kind, that gets its own.
    let mut scratch = SCRATCH.take();
    scratch.resize(LEN, 0);
    let done = work(&mut scratch);
    SCRATCH.set(scratch);
    done
}
