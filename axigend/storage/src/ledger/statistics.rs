//! What a ledger does, counted when somebody wants to know.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use parking_lot::Mutex;

use super::Ledger;

/// The counters of a ledger; they may outlive it, and go on when it is opened again.
#[derive(Default, Debug)]
pub struct Statistics {
    enabled: AtomicBool,
    /// Times are taken too.
    timed: AtomicBool,
    /// What each owner does is counted too.
    by_owner: AtomicBool,
    owners: Mutex<BTreeMap<u64, OwnerCounted>>,
    busy: AtomicU64,
    slowest: AtomicU64,
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
    /// How long batches took, all together and the slowest; `None` when times are not taken.
    pub times: Option<(Duration, Duration)>,
}

/// What was counted of one mailbox.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct OwnerCounted {
    /// Reads of bodies or parts of them.
    pub reads: u64,
    /// Their bytes.
    pub read_bytes: u64,
    /// Operations that were to change something.
    pub writes: u64,
}

impl Statistics {
    pub(super) fn read(&self, bytes: usize) {
        if self.enabled.load(Relaxed) {
            self.reads.fetch_add(1, Relaxed);
            self.read_bytes.fetch_add(bytes as u64, Relaxed);
        }
    }

    /// How long a batch took.
    pub(super) fn took(&self, time: Duration) {
        if self.enabled.load(Relaxed) && self.timed.load(Relaxed) {
            let time = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
            self.busy.fetch_add(time, Relaxed);
            self.slowest.fetch_max(time, Relaxed);
        }
    }

    /// Something was done for an owner.
    fn owner(&self, owner: u64, count: impl FnOnce(&mut OwnerCounted)) {
        if self.enabled.load(Relaxed) && self.by_owner.load(Relaxed) {
            count(self.owners.lock().entry(owner).or_default());
        }
    }

    /// Begins to count from nothing, or ends counting; `now` in Unix seconds. What is being counted goes on.
    pub fn count(&self, on: bool, now: i64) {
        if !on || !self.enabled.load(Relaxed) {
            for counter in [
                &self.reads,
                &self.read_bytes,
                &self.writes,
                &self.written_bytes,
                &self.batches,
                &self.syncs,
                &self.busy,
                &self.slowest,
            ] {
                counter.store(0, Relaxed);
            }
            self.owners.lock().clear();
            self.since.store(now, Relaxed);
        }
        if !on {
            self.timed.store(false, Relaxed);
            self.by_owner.store(false, Relaxed);
        }
        self.enabled.store(on, Relaxed);
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
    /// As [`Statistics::count`].
    pub fn count(&self, on: bool, now: i64) {
        self.shared.statistics.count(on, now);
    }

    /// From now on, while it is counted, times are taken too, and each mailbox is counted.
    pub fn count_more(&self, timed: bool, by_owner: bool) {
        let counters = &self.shared.statistics;
        counters.timed.fetch_or(timed, Relaxed);
        counters.by_owner.fetch_or(by_owner, Relaxed);
    }

    /// What was counted; `None` when nothing is being counted.
    pub fn counted(&self) -> Option<Counted> {
        let counters = &self.shared.statistics;
        let time = |counter: &AtomicU64| Duration::from_micros(counter.load(Relaxed));
        counters.enabled.load(Relaxed).then(|| Counted {
            since: counters.since.load(Relaxed),
            reads: counters.reads.load(Relaxed),
            read_bytes: counters.read_bytes.load(Relaxed),
            writes: counters.writes.load(Relaxed),
            written_bytes: counters.written_bytes.load(Relaxed),
            batches: counters.batches.load(Relaxed),
            syncs: counters.syncs.load(Relaxed),
            times: counters
                .timed
                .load(Relaxed)
                .then(|| (time(&counters.busy), time(&counters.slowest))),
        })
    }

    /// What was counted of each mailbox; `None` when they are not being counted. With `reset` they begin anew.
    pub fn owners_counted(&self, reset: bool) -> Option<BTreeMap<u64, OwnerCounted>> {
        let counters = &self.shared.statistics;
        let counted = counters.enabled.load(Relaxed) && counters.by_owner.load(Relaxed);
        counted.then(|| {
            let mut owners = counters.owners.lock();
            if reset {
                std::mem::take(&mut *owners)
            } else {
                owners.clone()
            }
        })
    }

    /// An owner read something.
    pub(crate) fn owner_read(&self, owner: u64, bytes: usize) {
        self.shared.statistics.owner(owner, |counted| {
            counted.reads += 1;
            counted.read_bytes += bytes as u64;
        });
    }

    /// An owner was to change something.
    pub(crate) fn owner_wrote(&self, owner: u64) {
        self.shared.statistics.owner(owner, |counted| counted.writes += 1);
    }
}
