//! The open stores of the process, one per directory, and what they share: one budget of cache, and the rule by which
//! those that nobody uses are closed.
//!
//! The cache of an index cannot be changed while it is open, so each store gets its share when it is opened. Closing
//! an idle one is invisible: the next [`Stores::get`] opens it again.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use axigen_shared::{Cause, Refusal};
use parking_lot::{Mutex, RwLock};

use super::{
    opening::Openings,
    store::{Store, StoreLimits, StoreOptions},
};
use crate::{disk::Disk, ledger::Statistics};

/// Cache of all open stores together: a quarter of a small machine.
const CACHE_TOTAL: usize = 256 << 20;
/// The least a store gets: less makes every look at a mailbox a read from the disk. So many stores may go over the
/// total, by this much each.
const LEAST_CACHE: usize = 4 << 20;
/// The most a store gets: few mailboxes' rows are more than this.
const MOST_CACHE: usize = 64 << 20;
/// A store that nobody used for so long is closed; opening it again takes milliseconds.
const IDLE_TIME: Duration = Duration::from_mins(5);

/// An open store.
struct Open {
    store: Arc<Store>,
    /// Its part of the budget.
    cache: usize,
    /// Asked for since the last look of [`Stores::close_idle`].
    used: AtomicBool,
    /// When it was first seen without use.
    idle_since: Option<Instant>,
}

impl Open {
    fn give(&self) -> Arc<Store> {
        self.used.store(true, Ordering::Relaxed);
        Arc::clone(&self.store)
    }

    /// Whether nobody has used it for the idle time. One that refuses writes until a restart is never idle, because
    /// opening it again would be such a restart, and a quiet one.
    /// `handles` of it are in hands that do not count.
    fn is_idle(&mut self, now: Instant, handles: usize) -> bool {
        let held = Arc::strong_count(&self.store) > handles || self.store.is_waited_for();
        if std::mem::take(self.used.get_mut()) || held || self.store.failure().is_some() {
            self.idle_since = None;
        }
        now.saturating_duration_since(*self.idle_since.get_or_insert(now)) >= IDLE_TIME
    }
}

/// A place for one store; locked for writing while it is being opened or closed, so that others are not held up.
type Slot = Arc<RwLock<Option<Open>>>;

/// What the open stores take of the cache.
#[derive(Clone, Copy, Default)]
struct Budget {
    stores: usize,
    taken: usize,
}

impl Budget {
    /// The share of one more store: an equal part, but half of what is left at most, for those that come later.
    fn share(self, total: usize) -> usize {
        let equal = total / self.stores.saturating_add(1);
        let half = total.saturating_sub(self.taken) / 2;
        equal.min(half).clamp(LEAST_CACHE, MOST_CACHE)
    }
}

/// Hears which stores are open.
pub trait StoreObserver: Send + Sync {
    /// A store was opened; not yet seen by anybody else. Must not wait for anything. The observer may keep one handle
    /// until `closing`, which does not keep the store open.
    fn opened(&self, store: &Arc<Store>);
    /// The store in `dir` is about to be closed, after which the directory may go: nothing of the observer's may work
    /// there any more when this returns.
    fn closing(&self, dir: &Path);
}

/// Registry of open stores: opens on first use, once.
pub struct Stores {
    disk: Arc<dyn Disk>,
    options: StoreOptions,
    cache_total: usize,
    sync: AtomicBool,
    closed: AtomicBool,
    budget: Mutex<Budget>,
    slots: Mutex<HashMap<PathBuf, Slot>>,
    observer: OnceLock<Arc<dyn StoreObserver>>,
    /// Limits of stores, open or not, that have some of their own.
    limits: Mutex<HashMap<PathBuf, StoreLimits>>,
    pub(super) openings: Openings,
    /// Counters of stores that were open once, so that counting goes on.
    statistics: Mutex<HashMap<PathBuf, Arc<Statistics>>>,
    /// Whether stores that come new are counted.
    counting: AtomicBool,
}

impl Stores {
    /// An empty registry; stores are opened on `disk` with `options`, but for the cache, which is a share of one budget.
    pub fn new(disk: Arc<dyn Disk>, options: StoreOptions) -> Self {
        let sync = AtomicBool::new(options.sync);
        Self {
            disk,
            options,
            cache_total: CACHE_TOTAL,
            sync,
            closed: AtomicBool::new(false),
            budget: Mutex::default(),
            slots: Mutex::default(),
            observer: OnceLock::new(),
            limits: Mutex::default(),
            openings: Openings::default(),
            statistics: Mutex::default(),
            counting: AtomicBool::new(false),
        }
    }

    /// With so many bytes of cache for all open stores together.
    #[must_use]
    pub fn with_cache_total(self, cache_total: usize) -> Self {
        Self { cache_total, ..self }
    }

    /// Tells `observer` from now on; to be set before the first store is opened, once.
    pub fn observe(&self, observer: Arc<dyn StoreObserver>) {
        let set = self.observer.set(observer);
        debug_assert!(set.is_ok(), "one observer");
    }

    /// Limits of the store in `dir` from when it is opened next.
    pub fn limit(&self, dir: &Path, limits: StoreLimits) {
        self.limits.lock().insert(dir.to_owned(), limits);
    }

    /// Whether what stores do is counted from the first time they are opened in this process
    /// (`enableStorageStatistics`). Those that were open before are counted as they are.
    pub fn set_counting(&self, counting: bool) {
        self.counting.store(counting, Ordering::Relaxed);
    }

    fn statistics(&self, dir: &Path) -> Arc<Statistics> {
        let mut all = self.statistics.lock();
        let statistics = all.entry(dir.to_owned()).or_insert_with(|| {
            let statistics = Arc::new(Statistics::default());
            if self.counting.load(Ordering::Relaxed) {
                statistics.count(true, self.disk.unix_time());
            }
            statistics
        });
        Arc::clone(statistics)
    }

    fn slot(&self, dir: &Path) -> Slot {
        Arc::clone(self.slots.lock().entry(dir.to_owned()).or_default())
    }

    /// The store in `dir`, opened or created if it is not open. Opening reads the disk and may replay a log: where
    /// nothing else may wait for that, ask [`Stores::opened`] or [`Stores::open`].
    pub fn get(&self, dir: &Path) -> Result<Arc<Store>, Refusal> {
        let slot = self.slot(dir);
        if let Some(open) = &*slot.read() {
            return Ok(open.give());
        }
        let mut place = slot.write();
        if let Some(open) = &*place {
            return Ok(open.give());
        }
        if self.closed.load(Ordering::Relaxed) {
            return Err(Refusal::new(Cause::ShuttingDown, "the storages are closed"));
        }
        let cache = self.take_share();
        let options = StoreOptions {
            sync: self.sync.load(Ordering::Relaxed),
            cache_bytes: cache,
            statistics: Some(self.statistics(dir)),
            ..self.options.clone()
        };
        let limits = self.limits.lock().get(dir).copied();
        let options = match limits {
            Some(limits) => options.limited(limits),
            None => options,
        };
        let opened = Store::open(dir, Arc::clone(&self.disk), &options);
        let store = opened.inspect_err(|_| self.give_share_back(cache))?;
        if let Some(observer) = self.observer.get() {
            observer.opened(&store);
        }
        let open = place.insert(Open {
            store,
            cache,
            used: AtomicBool::new(true),
            idle_since: None,
        });
        Ok(open.give())
    }

    fn take_share(&self) -> usize {
        let mut budget = self.budget.lock();
        let share = budget.share(self.cache_total);
        budget.stores = budget.stores.saturating_add(1);
        budget.taken = budget.taken.saturating_add(share);
        share
    }

    fn give_share_back(&self, share: usize) {
        let mut budget = self.budget.lock();
        budget.stores = budget.stores.saturating_sub(1);
        budget.taken = budget.taken.saturating_sub(share);
    }

    /// The store in `dir` if it is open: never waits, not even for who is opening it.
    pub fn opened(&self, dir: &Path) -> Option<Arc<Store>> {
        let slot = self.slots.lock().get(dir).map(Arc::clone)?;
        let place = slot.try_read()?;
        place.as_ref().map(Open::give)
    }

    /// Closes the store in `dir`, if it is open; those who hold it are refused from then on. The next [`Stores::get`]
    /// opens it again.
    pub fn close(&self, dir: &Path) {
        let slot = self.slots.lock().get(dir).map(Arc::clone);
        if let Some(slot) = slot {
            self.close_place(dir, &mut slot.write());
        }
    }

    /// Closes the stores that nobody has used for [`IDLE_TIME`], as far as calls of this tell: call it about every
    /// minute. Closing waits for the disk. Returns how many were closed.
    pub fn close_idle(&self, now: Instant) -> usize {
        // Ours, and the observer's.
        let handles = 1 + usize::from(self.observer.get().is_some());
        let mut closed = 0;
        for (dir, slot) in self.all() {
            // Whoever has the lock is using it.
            let Some(mut place) = slot.try_write() else {
                continue;
            };
            if place.as_mut().is_some_and(|open| open.is_idle(now, handles)) {
                self.close_place(&dir, &mut place);
                closed += 1;
            }
        }
        // Nobody can come to hold a slot while the map is locked.
        self.slots.lock().retain(|_, slot| {
            Arc::strong_count(slot) > 1 || slot.try_read().is_none_or(|place| place.is_some())
        });
        closed
    }

    fn all(&self) -> Vec<(PathBuf, Slot)> {
        let slots = self.slots.lock();
        slots
            .iter()
            .map(|(dir, slot)| (dir.clone(), Arc::clone(slot)))
            .collect()
    }

    fn close_place(&self, dir: &Path, place: &mut Option<Open>) {
        // The lock on the place is held to the end, so that the store is not opened again before it is closed.
        let Some(Open { store, cache, .. }) = place.take() else {
            return;
        };
        if let Some(observer) = self.observer.get() {
            observer.closing(dir);
        }
        if let Err(refusal) = store.close() {
            tracing::error!(module = "STORAGE", "closing {}: {refusal}", dir.display());
        }
        self.give_share_back(cache);
    }

    /// Closes all stores; none is opened any more.
    pub fn close_all(&self) {
        self.closed.store(true, Ordering::Relaxed);
        for (dir, slot) in self.all() {
            self.close_place(&dir, &mut slot.write());
        }
    }

    /// Whether answers wait for the disk from now on (`enableIOSynchronization`), in all stores.
    pub fn set_sync(&self, sync: bool) {
        self.sync.store(sync, Ordering::Relaxed);
        for (_, slot) in self.all() {
            if let Some(open) = &*slot.read() {
                open.store.set_sync(sync);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_keep_the_total() {
        let mut budget = Budget::default();
        let mut shares = Vec::new();
        for _ in 0..12 {
            let share = budget.share(CACHE_TOTAL);
            budget.stores += 1;
            budget.taken += share;
            shares.push(share >> 20);
        }
        assert_eq!(shares, [64, 64, 64, 32, 16, 8, 4, 4, 4, 4, 4, 4]);
        assert_eq!(Budget::default().share(0), LEAST_CACHE);
    }
}
