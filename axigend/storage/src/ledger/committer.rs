//! The committer thread: takes what waits, runs it as one batch, answers.
//!
//! Nobody waits on purpose: while one batch is on its way to the disk, the next one gathers. That is all there is to
//! group commit.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
};

use arc_swap::ArcSwapOption;
use axigen_shared::{Cause, Refusal};
use parking_lot::{Condvar, Mutex};

use super::{
    core::{Core, Failure},
    job::Job,
    open::Place,
    options::{LedgerOptions, LedgerUsage},
    tables::Published,
};
use crate::{
    container::Reader,
    disk::Disk,
    error::{damaged, is_damage},
};

/// What is damaged when redb panics.
const INDEX: &str = "index";
/// Most operations of one batch.
const BATCH_OPERATIONS: usize = 128;
/// Most operations that may wait. Each one stands for a session that waits, so more means that the disk is lost.
const WAITING_LIMIT: usize = 16_384;

/// What the committer and everybody else share.
pub(super) struct Shared {
    queue: Mutex<Queue>,
    arrived: Condvar,
    published: ArcSwapOption<Published>,
    pub(super) reader: Arc<Reader>,
    pub(super) sync: AtomicBool,
    container_bytes: AtomicU64,
    live_bytes: AtomicU64,
    bodies: AtomicU64,
    index_bytes: AtomicU64,
    /// Rises with every commit that readers can see.
    pub(super) commits: AtomicU64,
    /// What the ledger was when it was opened.
    pub(super) opened: Opened,
    /// Why writes are refused until a restart.
    failed: Mutex<Option<Refusal>>,
    /// Why the index is not open at the moment.
    lost: Mutex<Option<Refusal>>,
}

/// Work on the parts themselves, between two batches: what compaction needs beside ordinary operations.
type Upkeep = Box<dyn FnOnce(&mut Committer) + Send>;

/// What a ledger was when it was opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opened {
    /// Drawn at random for each ledger: its identity.
    pub(crate) mark: u64,
    /// Container and offset of the end of the log. What was beyond it before a power cut is lost, and its places are
    /// used again.
    pub(crate) end: (u32, u64),
}

#[derive(Default)]
struct Queue {
    jobs: VecDeque<Box<dyn Job>>,
    upkeep: VecDeque<Upkeep>,
    closing: bool,
    /// The index is to be rebuilt.
    suspect: bool,
    /// A lost index is to be opened again.
    wanted: bool,
}

/// The committer's thread; it ends with what closing the files gave.
pub(super) type Thread = JoinHandle<Result<(), Refusal>>;

/// Opens the ledger and starts its committer.
pub(super) fn start(
    dir: &Path,
    disk: Arc<dyn Disk>,
    options: LedgerOptions,
) -> Result<(Arc<Shared>, Thread), Refusal> {
    let place = Place::new(dir, disk, options);
    let core = place.open()?;
    let shared = Arc::new(Shared {
        queue: Mutex::default(),
        arrived: Condvar::new(),
        published: ArcSwapOption::empty(),
        reader: Arc::clone(&place.reader),
        sync: AtomicBool::new(place.options.sync),
        container_bytes: AtomicU64::new(0),
        live_bytes: AtomicU64::new(0),
        bodies: AtomicU64::new(0),
        index_bytes: AtomicU64::new(0),
        commits: AtomicU64::new(0),
        opened: core.opened(),
        failed: Mutex::new(None),
        lost: Mutex::new(None),
    });
    shared.publish(&core)?;
    let name = format!("{}-commit", place.options.name);
    let committer = Committer {
        shared: Arc::clone(&shared),
        place,
        core: Some(core),
        rebuilt: false,
    };
    let thread = thread::Builder::new()
        .name(name)
        .spawn(move || committer.run())
        .map_err(|error| Refusal::new(Cause::StorageFailure, format!("starting the committer: {error}")))?;
    Ok((shared, thread))
}

impl Shared {
    /// Puts an operation into the queue.
    pub(super) fn submit(&self, job: Box<dyn Job>) -> Result<(), Refusal> {
        let mut queue = self.queue.lock();
        if queue.closing {
            return Err(closed());
        }
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

    /// Does `work` on the open parts between two batches and waits for it.
    pub(super) fn upkeep<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Core) -> Result<R, Failure> + Send + 'static,
    ) -> Result<R, Refusal> {
        let (answer, result) = std::sync::mpsc::sync_channel(1);
        let upkeep: Upkeep = Box::new(move |committer| {
            let done = committer.core().and_then(work);
            let done = done.and_then(|done| committer.publish().map(|()| done));
            // Who asked waits below.
            let _ = answer.send(done.map_err(|failure| committer.suffer(failure)));
        });
        {
            let mut queue = self.queue.lock();
            if queue.closing {
                return Err(closed());
            }
            queue.upkeep.push_back(upkeep);
        }
        self.arrived.notify_one();
        result.recv().unwrap_or_else(|_| Err(closed()))
    }

    /// A reader met damage in the index.
    pub(super) fn suspect(&self) {
        self.queue.lock().suspect = true;
        self.arrived.notify_one();
    }

    /// The committer is gone: nobody may wait for it any more.
    fn abandon(&self) {
        let left = {
            let mut queue = self.queue.lock();
            queue.closing = true;
            queue.upkeep.clear();
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

    fn publish(&self, core: &Core) -> Result<(), Refusal> {
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

fn closed() -> Refusal {
    Refusal::new(Cause::ShuttingDown, "the storage is closed")
}

/// What the committer found in the queue.
enum Found {
    Jobs(Vec<Box<dyn Job>>),
    Upkeep(Upkeep),
    /// A reader met damage in the index.
    Suspect,
    /// A reader found no index.
    Wanted,
    /// Nothing for the idle time.
    Idle,
    Closing,
}

struct Committer {
    shared: Arc<Shared>,
    place: Place,
    /// `None` after the index was lost; see [`Committer::lose`].
    core: Option<Core>,
    /// The index was rebuilt because it was damaged.
    rebuilt: bool,
}

/// Answers those who wait when the committer ends, also by a panic.
struct LastWord(Arc<Shared>);

impl Drop for LastWord {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

impl Committer {
    fn run(mut self) -> Result<(), Refusal> {
        let _last_word = LastWord(Arc::clone(&self.shared));
        loop {
            match self.wait() {
                Found::Jobs(jobs) => self.work(jobs),
                Found::Upkeep(upkeep) => upkeep(&mut self),
                Found::Wanted => self.reopen(),
                Found::Idle if self.core.is_none() => self.reopen(),
                Found::Suspect => drop(self.suffer(Failure::IndexDamaged(damaged(INDEX)))),
                Found::Idle => self.checkpoint(),
                Found::Closing => return self.close(),
            }
        }
    }

    fn wait(&self) -> Found {
        let idle = self.place.options.checkpoint_idle;
        let dirty = self.core.as_ref().is_none_or(Core::is_dirty) && self.shared.failure().is_none();
        let mut queue = self.shared.queue.lock();
        loop {
            if std::mem::take(&mut queue.suspect) {
                return Found::Suspect;
            }
            if std::mem::take(&mut queue.wanted) {
                return Found::Wanted;
            }
            if let Some(upkeep) = queue.upkeep.pop_front() {
                return Found::Upkeep(upkeep);
            }
            if !queue.jobs.is_empty() {
                let count = queue.jobs.len().min(BATCH_OPERATIONS);
                return Found::Jobs(queue.jobs.drain(..count).collect());
            }
            if queue.closing {
                return Found::Closing;
            }
            if !dirty || idle.is_zero() {
                self.shared.arrived.wait(&mut queue);
            } else if self.shared.arrived.wait_for(&mut queue, idle).timed_out()
                && queue.jobs.is_empty()
                && queue.upkeep.is_empty()
            {
                return Found::Idle;
            }
        }
    }

    /// Runs jobs as batches until all are answered.
    fn work(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        while !jobs.is_empty() {
            let count = self.batch(&mut jobs);
            debug_assert!(count > 0, "a batch makes progress");
        }
        if self.core.as_ref().is_some_and(Core::wants_checkpoint) {
            self.checkpoint();
        }
    }

    /// Runs one batch and answers those that were in it; returns how many.
    fn batch(&mut self, jobs: &mut Vec<Box<dyn Job>>) -> usize {
        let sync = self.shared.sync.load(Ordering::Relaxed);
        // A damaged page of the index makes redb panic.
        let done = catch_unwind(AssertUnwindSafe(|| {
            self.core().and_then(|core| core.batch(jobs, sync))
        }));
        let done = done.unwrap_or_else(|_| Err(Failure::IndexDamaged(damaged(INDEX))));
        match done.and_then(|batch| self.publish().map(|()| batch)) {
            Ok(batch) => {
                for hook in batch.hooks {
                    hook();
                }
                let count = batch.verdicts.len();
                for (job, verdict) in jobs.drain(..count).zip(batch.verdicts) {
                    job.answer(verdict.map_or(Ok(()), Err));
                }
                count
            }
            Err(failure) => {
                let refusal = self.suffer(failure);
                let count = jobs.len();
                for job in jobs.drain(..) {
                    job.answer(Err(refusal.clone()));
                }
                count
            }
        }
    }

    fn publish(&self) -> Result<(), Failure> {
        let Some(core) = &self.core else { return Ok(()) };
        self.shared.publish(core).map_err(Failure::IndexLost)
    }

    /// The open parts, opened again if they were lost.
    fn core(&mut self) -> Result<&mut Core, Failure> {
        if let Some(refusal) = self.shared.failure() {
            return Err(Failure::Refused(refusal));
        }
        if self.core.is_none() {
            let core = self.place.open().map_err(Failure::IndexLost)?;
            self.shared.publish(&core).map_err(Failure::IndexLost)?;
            *self.shared.lost.lock() = None;
            self.core = Some(core);
        }
        self.core.as_mut().ok_or_else(|| Failure::Refused(closed()))
    }

    /// What a failure means for the ledger.
    fn suffer(&mut self, failure: Failure) -> Refusal {
        match failure {
            Failure::Refused(refusal) | Failure::IndexLost(refusal) if self.place.sync_failed() => {
                self.fail(&refusal);
                refusal
            }
            Failure::Refused(refusal) => refusal,
            Failure::IndexDamaged(refusal) => {
                self.rebuild(&refusal);
                refusal
            }
            Failure::IndexLost(refusal) if is_damage(&refusal) => {
                self.rebuild(&refusal);
                refusal
            }
            Failure::IndexLost(refusal) => {
                self.lose(&refusal);
                refusal
            }
            Failure::Unknown(refusal) => {
                self.fail(&refusal);
                refusal
            }
        }
    }

    /// The index could not be written, or not be opened. The log has everything: it is opened again with the next
    /// operation, when a reader asks, or after a while.
    fn lose(&mut self, refusal: &Refusal) {
        let dir = self.place.dir.display();
        tracing::error!(module = "STORAGE", "{dir}: out of service for now, {refusal}");
        *self.shared.lost.lock() = Some(refusal.clone());
        self.shared.published.store(None);
        self.core = None;
    }

    /// Opens a lost index again, if that is possible now.
    fn reopen(&mut self) {
        if self.core.is_some() || self.shared.failure().is_some() {
            return;
        }
        match self.core().map(|_| ()) {
            Ok(()) => {
                let dir = self.place.dir.display();
                tracing::info!(module = "STORAGE", "{dir}: in service again");
            }
            Err(failure) => drop(self.suffer(failure)),
        }
    }

    /// Sets a damaged index aside and makes a new one from the containers. Once in a process: if that does not help, it is
    /// not the index.
    fn rebuild(&mut self, refusal: &Refusal) {
        self.shared.published.store(None);
        if let Some(core) = self.core.take() {
            core.abandon();
        }
        if std::mem::replace(&mut self.rebuilt, true) {
            return self.fail(refusal);
        }
        let dir = self.place.dir.display();
        tracing::error!(
            critical = true,
            module = "STORAGE",
            "{dir}: {}; it is set aside and rebuilt from the containers",
            refusal.detail
        );
        let opened = self.place.set_index_aside().and_then(|()| self.place.open());
        match opened.and_then(|core| self.shared.publish(&core).map(|()| core)) {
            Ok(core) => self.core = Some(core),
            Err(refusal) => self.fail(&refusal),
        }
    }

    /// From here on nothing is written until a restart.
    fn fail(&self, refusal: &Refusal) {
        let mut failed = self.shared.failed.lock();
        if failed.is_none() {
            let dir = self.place.dir.display();
            tracing::error!(
                critical = true,
                module = "STORAGE",
                "{dir} is read-only until a restart: {}",
                refusal.detail
            );
            let detail = format!("read-only until a restart: {}", refusal.detail);
            *failed = Some(Refusal::new(Cause::StorageFailure, detail));
        }
    }

    fn checkpoint(&mut self) {
        if self.shared.failure().is_some() {
            return;
        }
        let Some(core) = &mut self.core else { return };
        match catch_unwind(AssertUnwindSafe(|| core.checkpoint())) {
            Ok(Ok(())) => {}
            Ok(Err(refusal)) => drop(self.suffer(Failure::IndexLost(refusal))),
            Err(_) => drop(self.suffer(Failure::IndexDamaged(damaged(INDEX)))),
        }
    }

    fn close(mut self) -> Result<(), Refusal> {
        self.shared.published.store(None);
        self.shared.reader.forget_all();
        let Some(mut core) = self.core.take() else {
            return Ok(());
        };
        if let Some(refusal) = self.shared.failure() {
            // Nothing may be written any more; the next open replays the log.
            drop(core);
            return Err(refusal);
        }
        let closed = catch_unwind(AssertUnwindSafe(|| {
            if core.is_dirty() {
                core.checkpoint()?;
            }
            core.close()
        }));
        // The log has everything; the next open finds the damage again.
        closed.unwrap_or_else(|_| Err(damaged(INDEX)))
    }
}
