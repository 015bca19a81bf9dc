//! The committer thread: takes what waits, runs it as one batch, answers.
//!
//! Nobody waits on purpose: while one batch is on its way to the disk, the next one gathers. That is all there is to
//! group commit.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::Instant,
};

use arc_swap::ArcSwapOption;
use axigen_shared::{Cause, Refusal};
use parking_lot::{Condvar, Mutex};

use super::{
    core::{Core, Failure},
    job::Job,
    nature::Nature,
    open::Place,
    options::LedgerOptions,
    shared::Shared,
    waiting::{Upkeep, closed},
};
use crate::{
    disk::Disk,
    error::{damaged, is_damage},
};

/// What is damaged when redb panics.
const INDEX: &str = "index";
/// Most operations of one batch.
const BATCH_OPERATIONS: usize = 128;
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
        nature: Nature::of(&place, core.mark()),
        statistics: place.options.statistics.clone().unwrap_or_default(),
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

pub(super) struct Committer {
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
            if let Some(upkeep) = queue.last.pop_front() {
                return Found::Upkeep(upkeep);
            }
            if queue.closing {
                return Found::Closing;
            }
            if !dirty || idle.is_zero() {
                self.shared.arrived.wait(&mut queue);
            } else if self.shared.arrived.wait_for(&mut queue, idle).timed_out()
                && queue.jobs.is_empty()
                && queue.upkeep.is_empty()
                && queue.last.is_empty()
                && queue.frozen == 0
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
        let begun = Instant::now();
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
                self.shared.statistics.wrote(count, batch.written, sync);
                self.shared.statistics.took(begun.elapsed());
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

    pub(super) fn publish(&self) -> Result<(), Failure> {
        let Some(core) = &self.core else { return Ok(()) };
        self.shared.publish(core).map_err(Failure::IndexLost)
    }

    /// The open parts, opened again if they were lost.
    pub(super) fn core(&mut self) -> Result<&mut Core, Failure> {
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
    pub(super) fn suffer(&mut self, failure: Failure) -> Refusal {
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
