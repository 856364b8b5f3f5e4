//! An allocator that counts, for each side apart: a side is the threads that were [told](enter) that they are its.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Whose memory it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Client = 1,
    Server = 2,
}

/// Size classes: the next power of two, up to 2^31.
const CLASSES: usize = 32;

struct Ledger {
    bytes: AtomicI64,
    allocations: AtomicU64,
    live: [AtomicI64; CLASSES],
}

impl Ledger {
    const fn new() -> Self {
        Self {
            bytes: AtomicI64::new(0),
            allocations: AtomicU64::new(0),
            live: [const { AtomicI64::new(0) }; CLASSES],
        }
    }
}

/// Of no side, of the client's, and of the server's.
static LEDGERS: [Ledger; 3] = [const { Ledger::new() }; 3];

thread_local! {
    static SIDE: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

fn ledger() -> &'static Ledger {
    // A thread that is about to end frees without its thread-local data.
    &LEDGERS[SIDE.try_with(Cell::get).unwrap_or(0)]
}

fn class(size: usize) -> usize {
    (size.max(1).next_power_of_two().trailing_zeros() as usize).min(CLASSES - 1)
}

fn count(size: usize, sign: i64) {
    let ledger = ledger();
    ledger.bytes.fetch_add(sign * size as i64, Ordering::Relaxed);
    ledger.live[class(size)].fetch_add(sign * size as i64, Ordering::Relaxed);
    if sign > 0 {
        ledger.allocations.fetch_add(1, Ordering::Relaxed);
    }
}

// SAFETY: everything is the system's allocator's; counting touches no memory but the counters.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(layout.size(), -1);
        count(size, 1);
        // SAFETY: as above.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// From now on what this thread does is this side's.
pub fn enter(side: Side) {
    SIDE.set(side as usize);
}

/// What this thread does in `work` is this side's.
pub fn during<T>(side: Side, work: impl FnOnce() -> T) -> T {
    let before = SIDE.replace(side as usize);
    let done = work();
    SIDE.set(before);
    done
}

/// Bytes that are allocated now.
pub fn live_bytes(side: Side) -> i64 {
    LEDGERS[side as usize].bytes.load(Ordering::Relaxed)
}

/// How often memory was allocated, a change of size included.
pub fn allocations(side: Side) -> u64 {
    LEDGERS[side as usize].allocations.load(Ordering::Relaxed)
}

/// Bytes that are allocated now, by size class: the class 10 has pieces of 513 to 1,024 bytes.
pub fn by_class(side: Side) -> [i64; CLASSES] {
    LEDGERS[side as usize].live.each_ref().map(|bytes| bytes.load(Ordering::Relaxed))
}
