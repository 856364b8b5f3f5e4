//! Takes times in turns, so that what the machine does meanwhile disturbs all sides alike.

use std::time::Duration;
#[cfg(not(target_os = "linux"))]
use std::time::Instant;

/// How long to measure.
#[derive(Clone, Copy)]
pub struct Effort {
    /// Times each side is measured.
    pub samples: usize,
    /// The least length of one sample.
    pub batch: Duration,
    /// Whether few samples are wanted everywhere.
    pub quick: bool,
}

impl Effort {
    pub fn new(quick: bool) -> Self {
        if quick {
            Self { samples: 9, batch: Duration::from_millis(4), quick }
        } else {
            Self { samples: 41, batch: Duration::from_millis(20), quick }
        }
    }
}

/// A stopwatch for what one thread computes. It stands still while the thread waits for a processor, so that other
/// programs do not count.
pub struct Stopwatch(Duration);

impl Stopwatch {
    pub fn start() -> Self {
        Self(thread_time())
    }

    pub fn elapsed(&self) -> Duration {
        thread_time().saturating_sub(self.0)
    }
}

#[cfg(target_os = "linux")]
fn thread_time() -> Duration {
    to_duration(rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime))
}

#[cfg(not(target_os = "linux"))]
fn thread_time() -> Duration {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    START.elapsed()
}

/// What this process has used until now, on all cores, the kernel's part for it included.
pub fn process_time() -> Duration {
    to_duration(rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime))
}

fn to_duration(time: rustix::time::Timespec) -> Duration {
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// One side: does the work so often and tells what that took, without what it had to prepare.
pub struct Side<'a> {
    pub name: &'static str,
    run: Box<dyn FnMut(u64) -> Duration + 'a>,
}

impl<'a> Side<'a> {
    /// Work that needs no preparation.
    pub fn new<R>(name: &'static str, mut work: impl FnMut() -> R + 'a) -> Self {
        Self::timed(name, move |times| {
            let begun = Stopwatch::start();
            for _ in 0..times {
                std::hint::black_box(work());
            }
            begun.elapsed()
        })
    }

    /// Work on a fresh input each time; what it gives is dropped outside of what is timed.
    pub fn with_input<I, R>(
        name: &'static str,
        mut input: impl FnMut() -> I + 'a,
        mut work: impl FnMut(&mut I) -> R + 'a,
    ) -> Self {
        Self::timed(name, move |times| {
            (0..times).fold(Duration::ZERO, |sum, _| {
                let mut input = input();
                let begun = Stopwatch::start();
                let result = std::hint::black_box(work(&mut input));
                let took = begun.elapsed();
                drop(result);
                sum + took
            })
        })
    }

    /// Work that takes its time itself.
    pub fn timed(name: &'static str, run: impl FnMut(u64) -> Duration + 'a) -> Self {
        Self { name, run: Box::new(run) }
    }
}

/// What one side took: seconds, the median of its samples.
pub struct Took {
    pub name: &'static str,
    pub seconds: f64,
}

/// Runs all sides in turns: A, B, C, A, B, C. What each does first, until it takes long enough to be measured, is its
/// warm-up.
pub fn alternate(effort: Effort, mut sides: Vec<Side<'_>>) -> Vec<Took> {
    let times: Vec<u64> = sides
        .iter_mut()
        .map(|side| {
            let mut times = 1;
            loop {
                let took = (side.run)(times);
                if took >= effort.batch {
                    return times;
                }
                let factor = effort.batch.as_secs_f64() / took.as_secs_f64().max(1e-9);
                times = (times as f64 * factor.clamp(1.2, 10.0)).ceil() as u64;
            }
        })
        .collect();
    let mut samples = vec![Vec::with_capacity(effort.samples); sides.len()];
    for _ in 0..effort.samples {
        for ((side, times), samples) in sides.iter_mut().zip(&times).zip(&mut samples) {
            samples.push((side.run)(*times).as_secs_f64() / *times as f64);
        }
    }
    sides
        .iter()
        .zip(&mut samples)
        .map(|(side, samples)| Took { name: side.name, seconds: percentile(samples, 50) })
        .collect()
}

/// Of so many of a hundred samples none is longer. The samples are put in order.
pub fn percentile(samples: &mut [f64], of_hundred: usize) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples
        .get((samples.len() * of_hundred / 100).min(samples.len().saturating_sub(1)))
        .copied()
        .unwrap_or(f64::NAN)
}
