//! What the committer and everybody else of a ledger share: the queue of operations, the tables as of the last commit,
//! sums, and why nothing is taken any more.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use arc_swap::ArcSwapOption;
use axigen_shared::{Cause, Refusal};
use parking_lot::{Condvar, Mutex};

use super::{
    core::Core,
    job::Job,
    nature::Nature,
    options::LedgerUsage,
    statistics::Statistics,
    tables::Published,
    waiting::{Queue, closed},
};
use crate::container::Reader;

/// Most operations that may wait. Each one stands for a session that waits, so more means that the disk is lost.
const WAITING_LIMIT: usize = 16_384;

/// What the committer and everybody else share.
pub(super) struct Shared {
    pub(super) queue: Mutex<Queue>,
    pub(super) arrived: Condvar,
    pub(super) published: ArcSwapOption<Published>,
    pub(super) reader: Arc<Reader>,
    pub(super) sync: AtomicBool,
    pub(super) nature: Nature,
    pub(super) statistics: Arc<Statistics>,
    pub(super) container_bytes: AtomicU64,
    pub(super) live_bytes: AtomicU64,
    pub(super) bodies: AtomicU64,
    pub(super) index_bytes: AtomicU64,
    /// Rises with every commit that readers can see.
    pub(super) commits: AtomicU64,
    /// What the ledger was when it was opened.
    pub(super) opened: Opened,
    /// Why writes are refused until a restart.
    pub(super) failed: Mutex<Option<Refusal>>,
    /// Why the index is not open at the moment.
    pub(super) lost: Mutex<Option<Refusal>>,
}

/// What a ledger was when it was opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opened {
    /// Drawn at random for each ledger: its identity.
    pub(crate) mark: u64,
    /// Container and offset of the end of the log. What was beyond it before a power cut is lost, and its places are
    /// used again.
    pub(crate) end: (u32, u64),
}

impl Shared {
    /// Puts an operation into the queue.
    pub(super) fn submit(&self, job: Box<dyn Job>) -> Result<(), Refusal> {
        let mut queue = self.queue.lock();
        queue.may_write()?;
        if queue.jobs.len() >= WAITING_LIMIT {
            return Err(Refusal::new(
                Cause::StorageFailure,
                "too many writes wait for the disk",
            ));
        }
        queue.jobs.push_back(job);
        drop(queue);
        self.arrived.notify_one();
        Ok(())
    }

    /// A reader met damage in the index.
    pub(super) fn suspect(&self) {
        self.queue.lock().suspect = true;
        self.arrived.notify_one();
    }

    /// The committer is gone: nobody may wait for it any more.
    pub(super) fn abandon(&self) {
        let left = {
            let mut queue = self.queue.lock();
            queue.closing = true;
            queue.upkeep.clear();
            queue.last.clear();
            std::mem::take(&mut queue.jobs)
        };
        for job in left {
            job.answer(Err(closed()));
        }
    }

    /// No more operations; the committer finishes what waits.
    pub(super) fn close(&self) {
        self.queue.lock().closing = true;
        self.arrived.notify_one();
    }

    /// The tables as of the last commit.
    pub(super) fn tables(&self) -> Result<Arc<Published>, Refusal> {
        self.published.load_full().ok_or_else(|| self.missing())
    }

    /// Why there are no tables to read. A lost index is asked for.
    fn missing(&self) -> Refusal {
        if let Some(refusal) = self.failure() {
            return refusal;
        }
        let lost = self.lost.lock().clone();
        let Some(refusal) = lost else { return closed() };
        let mut queue = self.queue.lock();
        if queue.closing {
            return closed();
        }
        queue.wanted = true;
        drop(queue);
        self.arrived.notify_one();
        refusal
    }

    pub(super) fn failure(&self) -> Option<Refusal> {
        self.failed.lock().clone()
    }

    pub(super) fn usage(&self) -> LedgerUsage {
        LedgerUsage {
            container_bytes: self.container_bytes.load(Ordering::Relaxed),
            live_bytes: self.live_bytes.load(Ordering::Relaxed),
            bodies: self.bodies.load(Ordering::Relaxed),
            index_bytes: self.index_bytes.load(Ordering::Relaxed),
        }
    }

    pub(super) fn publish(&self, core: &Core) -> Result<(), Refusal> {
        self.published.store(Some(core.publish()?));
        let sizes = core.sizes();
        self.container_bytes
            .store(sizes.container_bytes, Ordering::Relaxed);
        self.live_bytes.store(sizes.live_bytes, Ordering::Relaxed);
        self.bodies.store(sizes.bodies, Ordering::Relaxed);
        self.index_bytes.store(sizes.index_bytes, Ordering::Relaxed);
        self.commits.fetch_add(1, Ordering::Release);
        Ok(())
    }
}
