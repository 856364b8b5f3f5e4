//! Other processes that the comparison runs.

use std::fs;
use std::process::Child;
use std::time::Duration;

/// A process that ends with its handle.
pub struct Process(pub Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The time that a process has used on the processors, the kernel's work for it included, since it began. Linux tells it in
/// nanoseconds for each thread (`schedstat` in proc(5)); elsewhere, and for threads that have ended, there is none.
pub fn time_of(process: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let used = threads.filter_map(|thread| {
        let stat = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        stat.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(used.sum())
}
