//! What a ledger does, counted when somebody wants to know.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};

use super::Ledger;

/// The counters of a ledger.
#[derive(Default)]
pub(super) struct Statistics {
    enabled: AtomicBool,
    since: AtomicI64,
    reads: AtomicU64,
    read_bytes: AtomicU64,
    writes: AtomicU64,
    written_bytes: AtomicU64,
    batches: AtomicU64,
    syncs: AtomicU64,
}

/// What was counted.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Counted {
    /// Since when, Unix seconds.
    pub since: i64,
    /// Reads of bodies or parts of them.
    pub reads: u64,
    /// Their bytes.
    pub read_bytes: u64,
    /// Operations that changed something or were refused by themselves.
    pub writes: u64,
    /// Bytes that went into the containers, bodies and log.
    pub written_bytes: u64,
    /// Batches that operations were written in.
    pub batches: u64,
    /// Syncs that operations waited for.
    pub syncs: u64,
}

impl Statistics {
    pub(super) fn read(&self, bytes: usize) {
        if self.enabled.load(Relaxed) {
            self.reads.fetch_add(1, Relaxed);
            self.read_bytes.fetch_add(bytes as u64, Relaxed);
        }
    }

    pub(super) fn wrote(&self, operations: usize, bytes: u64, synced: bool) {
        if self.enabled.load(Relaxed) {
            self.writes.fetch_add(operations as u64, Relaxed);
            self.written_bytes.fetch_add(bytes, Relaxed);
            self.batches.fetch_add(1, Relaxed);
            // What only forgets or notes something is not synced.
            self.syncs.fetch_add(u64::from(synced && bytes > 0), Relaxed);
        }
    }
}

impl Ledger {
    /// Begins to count from nothing, or ends counting; `now` in Unix seconds. What is being counted goes on.
    pub fn count(&self, on: bool, now: i64) {
        let counters = &self.shared.statistics;
        if !on || !counters.enabled.load(Relaxed) {
            for counter in [
                &counters.reads,
                &counters.read_bytes,
                &counters.writes,
                &counters.written_bytes,
                &counters.batches,
                &counters.syncs,
            ] {
                counter.store(0, Relaxed);
            }
            counters.since.store(now, Relaxed);
        }
        counters.enabled.store(on, Relaxed);
    }

    /// What was counted; `None` when nothing is being counted.
    pub fn counted(&self) -> Option<Counted> {
        let counters = &self.shared.statistics;
        counters.enabled.load(Relaxed).then(|| Counted {
            since: counters.since.load(Relaxed),
            reads: counters.reads.load(Relaxed),
            read_bytes: counters.read_bytes.load(Relaxed),
            writes: counters.writes.load(Relaxed),
            written_bytes: counters.written_bytes.load(Relaxed),
            batches: counters.batches.load(Relaxed),
            syncs: counters.syncs.load(Relaxed),
        })
    }
}
