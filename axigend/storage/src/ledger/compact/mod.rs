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
//!
//! At last the index, whose file only grows by itself, is written anew where that makes it smaller (`rewrite`).

mod relocate;
mod restate;
mod rewrite;
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

/// An index that is larger than its rows by less than this is left alone: it would grow again at once.
const INDEX_SLACK: u64 = 1 << 20;

/// How a compaction is done.
#[derive(Clone, Copy, Debug)]
pub struct CompactOptions {
    /// Also containers with little free space.
    pub forced: bool,
    /// What one piece writes at most; writers wait for no more than that.
    pub chunk_bytes: u64,
    /// Containers are closed at this size in bytes while it runs, instead of their usual one.
    pub split_after: Option<u64>,
    /// The index file may be larger than its rows by this many bytes before it is written anew.
    pub index_slack: u64,
}

impl Default for CompactOptions {
    fn default() -> Self {
        Self {
            forced: false,
            chunk_bytes: CHUNK_BYTES,
            split_after: None,
            index_slack: INDEX_SLACK,
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

    /// So many bytes more are to be written.
    fn add(&self, bytes: u64) {
        self.bytes_total.fetch_add(bytes, Ordering::Relaxed);
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
    /// Bytes of removed containers without the bytes that were written for it, and what the index became smaller.
    pub given_back_bytes: u64,
    /// What of that the index gave.
    pub index_bytes: u64,
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
    let split_after = options.split_after;
    cut_after(ledger, split_after)?;
    let done = run.compact(&options);
    if split_after.is_some() {
        cut_after(ledger, None)?;
    }
    done?;
    if !run.done.aborted && run.rewrite_index(&options)?.is_err() {
        run.done.aborted = true;
    }
    run.done.given_back_bytes = run.done.given_back_bytes.saturating_add(run.done.index_bytes);
    Ok(run.done)
}

fn cut_after(ledger: &Ledger, bytes: Option<u64>) -> Result<(), Refusal> {
    ledger.shared.upkeep(move |core| {
        core.cut_after(bytes);
        Ok(())
    })
}

impl Run<'_> {
    /// Empties containers and removes them.
    fn compact(&mut self, options: &CompactOptions) -> Result<(), Refusal> {
        let (ledger, progress) = (self.ledger, self.progress);
        let before = ledger.shared.upkeep(|core| Ok(core.removed))?;
        if let Some(plan) = self.plan(options)? {
            progress.begin(&plan);
            if plan.leave_newest {
                ledger
                    .shared
                    .upkeep(|core| core.roll(core.writer.head().log_start))?;
            }
            for round in &plan.rounds {
                if self.round(round)?.is_err() {
                    self.done.aborted = true;
                    break;
                }
                progress.emptied(round.len());
            }
        }
        let after = ledger.shared.upkeep(|core| Ok(core.removed))?;
        let removed = after.bytes.saturating_sub(before.bytes);
        self.done.removed_files = after.files.saturating_sub(before.files);
        self.done.given_back_bytes = removed.saturating_sub(self.written);
        Ok(())
    }

    /// What is to be done; `None` when it is not worth it.
    fn plan(&self, options: &CompactOptions) -> Result<Option<Plan>, Refusal> {
        let mut inventory = self.ledger.shared.upkeep(victims::inventory)?;
        if let Some(size) = options.split_after {
            inventory.cut_after(size);
        }
        let mut wanted = Wanted::choose(&inventory, options.forced);
        if let Some(size) = options.split_after {
            wanted.add_larger(&inventory, size, self.chunk_bytes);
        }
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
