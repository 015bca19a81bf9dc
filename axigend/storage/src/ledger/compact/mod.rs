//! Compaction, on line: space that nothing needs any more goes back to the file system.
//!
//! Containers are the homes of bodies and the log at the same time, so one can go only when neither needs it. In
//! rounds: the bodies that live in the chosen containers (`victims`) are copied to the open end (`relocate`), all rows
//! are logged again (`restate`), and the next container's header names the place where that began. From then on a
//! rebuild of the index begins there, older containers are homes only, and those in which nobody lives are removed
//! after the next durable checkpoint.
//!
//! Why a rebuild from there gives the index exactly: a row that was changed after that place is logged behind it
//! anyway; one that was not was there all the time, so the cursor found it; one that was deleted before is in no
//! record behind it. Each piece is an ordinary operation among those of the writers. An abort or a crash at any
//! moment leaves a ledger like any other, in which what was moved stays moved; the restatement begins anew.

mod relocate;
mod restate;
#[cfg(test)]
mod tests;
mod victims;

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
};

use axigen_shared::Refusal;

use super::Ledger;
use victims::{Plan, Wanted};

/// What one piece of a compaction writes at most, but for a single body that is larger: small beside the
/// batch of writers it shares a sync with.
const CHUNK_BYTES: u64 = 1 << 20;

/// How a compaction is done.
#[derive(Clone, Copy, Debug)]
pub struct CompactOptions {
    /// Also containers with little free space.
    pub forced: bool,
    /// What one piece writes at most; writers wait for no more than that.
    pub chunk_bytes: u64,
}

impl Default for CompactOptions {
    fn default() -> Self {
        Self {
            forced: false,
            chunk_bytes: CHUNK_BYTES,
        }
    }
}

/// How far a compaction is, for those who look on; and the way to stop it.
#[derive(Default, Debug)]
pub struct Progress {
    abort: AtomicBool,
    bytes_done: AtomicU64,
    bytes_total: AtomicU64,
    containers_done: AtomicU32,
    containers_total: AtomicU32,
}

impl Progress {
    /// Nothing done yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The compaction stops before its next piece.
    pub fn abort(&self) {
        self.abort.store(true, Ordering::Relaxed);
    }

    /// Whether it was told to stop.
    pub fn is_aborted(&self) -> bool {
        self.abort.load(Ordering::Relaxed)
    }

    /// Bytes written and to be written: bodies to be moved and rows to be logged again. The total is an estimate.
    pub fn bytes(&self) -> (u64, u64) {
        let done = self.bytes_done.load(Ordering::Relaxed);
        (done, self.bytes_total.load(Ordering::Relaxed).max(done))
    }

    /// Containers emptied and to be emptied.
    pub fn containers(&self) -> (u32, u32) {
        (
            self.containers_done.load(Ordering::Relaxed),
            self.containers_total.load(Ordering::Relaxed),
        )
    }

    fn begin(&self, plan: &Plan) {
        self.bytes_total.store(plan.bytes(), Ordering::Relaxed);
        self.containers_total.store(plan.containers(), Ordering::Relaxed);
    }

    fn wrote(&self, bytes: u64) {
        self.bytes_done.fetch_add(bytes, Ordering::Relaxed);
    }

    fn emptied(&self, containers: usize) {
        let containers = u32::try_from(containers).unwrap_or(u32::MAX);
        self.containers_done.fetch_add(containers, Ordering::Relaxed);
    }
}

/// What a compaction did.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Compacted {
    /// Bytes of removed containers without the bytes that were written for it.
    pub given_back_bytes: u64,
    /// Containers removed.
    pub removed_files: u32,
    /// Bodies moved.
    pub moved_bodies: u64,
    /// Their bytes.
    pub moved_bytes: u64,
    /// Bodies that could not be read; they stay where they are, with their container.
    pub unreadable_bodies: u64,
    /// Whether it was told to stop before it was through.
    pub aborted: bool,
}

/// A compaction at work.
struct Run<'a> {
    ledger: &'a Ledger,
    chunk_bytes: u64,
    progress: &'a Progress,
    done: Compacted,
    written: u64,
}

/// The compaction was told to stop.
struct Stopped;

/// See [`Ledger::compact`].
pub(super) fn compact(
    ledger: &Ledger,
    options: CompactOptions,
    progress: &Progress,
) -> Result<Compacted, Refusal> {
    let mut run = Run {
        ledger,
        chunk_bytes: options.chunk_bytes.max(1),
        progress,
        done: Compacted::default(),
        written: 0,
    };
    let before = ledger.shared.upkeep(|core| Ok(core.removed))?;
    if let Some(plan) = run.plan(options.forced)? {
        progress.begin(&plan);
        if plan.leave_newest {
            ledger
                .shared
                .upkeep(|core| core.roll(core.writer.head().log_start))?;
        }
        for round in &plan.rounds {
            if run.round(round)?.is_err() {
                run.done.aborted = true;
                break;
            }
            progress.emptied(round.len());
        }
    }
    let after = ledger.shared.upkeep(|core| Ok(core.removed))?;
    let removed = after.bytes.saturating_sub(before.bytes);
    run.done.removed_files = after.files.saturating_sub(before.files);
    run.done.given_back_bytes = removed.saturating_sub(run.written);
    Ok(run.done)
}

impl Run<'_> {
    /// What is to be done; `None` when it is not worth it.
    fn plan(&self, forced: bool) -> Result<Option<Plan>, Refusal> {
        let inventory = self.ledger.shared.upkeep(victims::inventory)?;
        let wanted = Wanted::choose(&inventory, forced);
        if wanted.is_empty() {
            return Ok(None);
        }
        let restatement = restate::size(self.ledger, self.progress)?;
        Ok(wanted.plan(&inventory, restatement))
    }

    /// Empties some containers, restates the log and removes what is not needed any more.
    fn round(&mut self, containers: &BTreeSet<u32>) -> Result<Result<(), Stopped>, Refusal> {
        if self.relocate(containers)?.is_err() {
            return Ok(Err(Stopped));
        }
        let start = self.ledger.shared.upkeep(|core| Ok(core.writer.here()))?;
        if self.restate()?.is_err() {
            return Ok(Err(Stopped));
        }
        self.ledger
            .shared
            .upkeep(move |core| restate::finish(core, start))?;
        Ok(Ok(()))
    }

    fn wrote(&mut self, bytes: u64) {
        self.written = self.written.saturating_add(bytes);
        self.progress.wrote(bytes);
    }

    fn may_go_on(&self) -> Result<(), Stopped> {
        if self.progress.is_aborted() {
            Err(Stopped)
        } else {
            Ok(())
        }
    }
}
