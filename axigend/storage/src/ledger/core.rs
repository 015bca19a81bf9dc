//! The working parts of an open ledger, as the committer uses them: index, newest container, books.
//!
//! One batch is one transaction of the index and one append to the container. Order matters: the tables are prepared
//! first (so that an index that cannot take the changes refuses them before they are in the log), then the log is
//! written and synced, then the tables become visible. Whatever fails before the sync is taken back completely.

use std::{collections::BTreeMap, sync::Arc};

use axigen_shared::{Cause, Refusal};
use redb::WriteTransaction;

use super::{
    bodies::Uses,
    index::{Index, State},
    job::Job,
    mutation::{Changed, Mutations, Restated},
    open::Place,
    options::LedgerUsage,
    shared::Opened,
    tables::{Published, Tables},
    txn::{Trouble, Txn},
};
use crate::{
    container::{LogStart, Mark, Writer, container_name, container_number},
    error::io_refusal,
};

/// Most log and body bytes of one batch before it is synced, so that the first in it does not wait too long.
const BATCH_BYTES: u64 = 8 << 20;

/// Why a batch failed.
pub(super) enum Failure {
    /// Taken back without a trace; the next batch may succeed.
    Refused(Refusal),
    /// Taken back, but the index must be opened again before the next one.
    IndexLost(Refusal),
    /// The index cannot be read; it has to be rebuilt from the containers.
    IndexDamaged(Refusal),
    /// A sync failed: what is on disk is unknown, so nothing may be written before a restart.
    Unknown(Refusal),
}

/// A batch on its way.
pub(super) struct Batch {
    /// For each job that ran, why it was refused, if it was.
    pub(super) verdicts: Vec<Option<Refusal>>,
    pub(super) hooks: Vec<Box<dyn FnOnce() + Send>>,
    /// Whether there is anything to log.
    changed: bool,
    /// Whether notes changed.
    noted: bool,
    /// Bytes that went into the container.
    pub(super) written: u64,
}

/// What was removed since the ledger was opened.
#[derive(Clone, Copy, Default)]
pub(super) struct Removed {
    pub(super) files: u32,
    pub(super) bytes: u64,
}

/// Index, newest container and books of an open ledger.
pub(super) struct Core {
    pub(super) place: Place,
    index: Index,
    pub(super) writer: Writer,
    pub(super) uses: Uses,
    /// Bytes and batches since the last checkpoint.
    unsaved_bytes: u64,
    unsaved_batches: u32,
    dirty: bool,
    /// Bytes in the containers before the newest.
    older_bytes: u64,
    pub(super) removed: Removed,
    /// The log from this container on is wanted by an index that is being written anew.
    kept_from: Option<u32>,
    /// Indexes that were replaced and are still being read.
    retired: Vec<Index>,
    /// Size in bytes at which containers are closed while they are being cut.
    split_after: Option<u64>,
}

impl Core {
    pub(super) fn new(place: Place, index: Index, writer: Writer, uses: Uses) -> Result<Self, Refusal> {
        place.reader.know(writer.number(), writer.file());
        let mut core = Self {
            place,
            index,
            writer,
            uses,
            unsaved_bytes: 0,
            unsaved_batches: 0,
            dirty: true,
            older_bytes: 0,
            removed: Removed::default(),
            kept_from: None,
            retired: Vec::new(),
            split_after: None,
        };
        core.older_bytes = core.older()?.values().sum();
        Ok(core)
    }

    /// The random identity of the ledger.
    pub(super) fn mark(&self) -> u64 {
        self.writer.head().mark
    }

    /// The containers before the newest with their lengths.
    pub(super) fn older(&self) -> Result<BTreeMap<u32, u64>, Refusal> {
        let refuse = |error: std::io::Error| io_refusal("container", &error);
        let mut older = BTreeMap::new();
        for name in self.place.disk.list(&self.place.dir).map_err(refuse)? {
            if let Some(number) = container_number(&name).filter(|number| *number != self.writer.number()) {
                let file = self
                    .place
                    .disk
                    .open(&self.place.dir.join(&name))
                    .map_err(refuse)?;
                older.insert(number, file.len().map_err(refuse)?);
            }
        }
        Ok(older)
    }

    /// Why no body may be added, if none may: whoever has the space for bodies changes flags and deletes still.
    fn closed_to_bodies(&self) -> Option<Refusal> {
        let options = &self.place.options;
        let dir = self.place.dir.display();
        if options.read_only {
            return Some(Refusal::new(Cause::StorageFull, format!("{dir} is read-only")));
        }
        let limit = options.max_file_size.saturating_mul(options.max_files.into());
        (self.container_bytes() >= limit).then(|| {
            let detail = format!(
                "{dir} is full: {} files of {} bytes",
                options.max_files, options.max_file_size
            );
            Refusal::new(Cause::StorageFull, detail)
        })
    }

    fn container_bytes(&self) -> u64 {
        self.older_bytes.saturating_add(self.writer.position())
    }

    /// Runs the jobs in order, as many as fit one batch; those that ran have a verdict.
    pub(super) fn batch(&mut self, jobs: &mut [Box<dyn Job>], sync: bool) -> Result<Batch, Failure> {
        self.roll_if_full()?;
        let start = self.writer.mark();
        match self.try_batch(jobs, sync, start) {
            Err(Failure::Unknown(refusal)) => Err(Failure::Unknown(refusal)),
            Err(failure) => {
                self.writer
                    .abandon(start)
                    .map_err(|error| Failure::Unknown(io_refusal("taking a refused batch back", &error)))?;
                // The sums may have moved with the refused batch.
                self.uses = self.load_uses().map_err(Failure::IndexLost)?;
                Err(failure)
            }
            done => done,
        }
    }

    fn try_batch(&mut self, jobs: &mut [Box<dyn Job>], sync: bool, start: Mark) -> Result<Batch, Failure> {
        let from = self.writer.position();
        let txn = self.index.begin().map_err(Failure::IndexLost)?;
        let mut batch = self.prepare(&txn, jobs)?;
        if !batch.changed {
            self.writer.rollback(start);
            if batch.noted {
                Index::commit(txn).map_err(Failure::IndexLost)?;
                self.dirty = true;
            }
            return Ok(batch);
        }
        self.writer
            .flush()
            .map_err(|error| Failure::Refused(io_refusal("container", &error)))?;
        if sync {
            self.writer
                .sync()
                .map_err(|error| Failure::Unknown(io_refusal("container sync", &error)))?;
        }
        Index::commit(txn).map_err(Failure::IndexLost)?;
        self.dirty = true;
        self.unsaved_batches = self.unsaved_batches.saturating_add(1);
        batch.written = self.writer.position().saturating_sub(from);
        self.unsaved_bytes = self.unsaved_bytes.saturating_add(batch.written);
        Ok(batch)
    }

    /// Runs jobs and puts their changes into the transaction and into the container's buffer.
    fn prepare(&mut self, txn: &WriteTransaction, jobs: &mut [Box<dyn Job>]) -> Result<Batch, Failure> {
        let names = self.index.names();
        let closed = self.closed_to_bodies();
        let mut tables = Tables::open(txn, names).map_err(Failure::IndexLost)?;
        let mut batch = Batch {
            verdicts: Vec::with_capacity(jobs.len()),
            hooks: Vec::new(),
            changed: false,
            noted: false,
            written: 0,
        };
        let from = self.writer.position();
        for job in jobs {
            let mark = self.writer.mark();
            let mut work = Txn::new(&tables, &mut self.writer, names.meta(), closed.as_ref());
            let outcome = job.run(&mut work);
            let done = work.finish();
            let outcome = match done.trouble {
                Some(Trouble::Container(error)) => {
                    return Err(Failure::Refused(io_refusal("container", &error)));
                }
                Some(Trouble::Index(refusal)) => return Err(Failure::IndexLost(refusal)),
                Some(Trouble::Operation(refusal)) => Err(refusal),
                None => outcome,
            };
            if outcome.is_err() || done.changes.is_empty() && done.restated.records.is_empty() {
                self.writer.rollback(mark);
            } else {
                self.log(&done.changes, &done.restated)
                    .map_err(|error| Failure::Refused(io_refusal("container", &error)))?;
                apply(&done.changes, &mut tables, &mut self.uses).map_err(Failure::IndexLost)?;
                batch.changed = true;
            }
            if outcome.is_ok() {
                apply_rows(tables.notes(), &done.changes.notes, &mut tables).map_err(Failure::IndexLost)?;
                batch.noted |= !done.changes.notes.is_empty();
                batch.hooks.extend(done.hooks);
            }
            batch.verdicts.push(outcome.err());
            if self.writer.position().saturating_sub(from) >= BATCH_BYTES {
                break;
            }
        }
        if batch.changed {
            self.state().save(&mut tables).map_err(Failure::IndexLost)?;
            self.uses.save(&mut tables).map_err(Failure::IndexLost)?;
        }
        Ok(batch)
    }

    /// Appends the log records of one operation.
    fn log(&mut self, changes: &Mutations, restated: &Restated) -> std::io::Result<()> {
        if !changes.is_empty() {
            self.writer.append_log(&changes.encode())?;
        }
        for record in &restated.records {
            self.writer.append_log(record)?;
        }
        Ok(())
    }

    fn state(&self) -> State {
        let head = self.writer.head();
        State {
            format: head.format,
            mark: head.mark,
            file: head.number,
            offset: self.writer.position(),
            sequence: self.writer.sequence(),
            log_start: head.log_start,
        }
    }

    fn load_uses(&self) -> Result<Uses, Refusal> {
        Uses::load(&*self.index.publish()?, self.index.names().meta())
    }

    fn roll_if_full(&mut self) -> Result<(), Failure> {
        let full = self.place.options.max_file_size;
        if self.writer.position() < full.min(self.split_after.unwrap_or(full)) {
            return Ok(());
        }
        self.roll(self.writer.head().log_start)
    }

    /// Begins the next container, whose header names `log_start`.
    pub(super) fn roll(&mut self, log_start: Option<LogStart>) -> Result<(), Failure> {
        self.sync_container().map_err(Failure::Unknown)?;
        let full = self.writer.position();
        self.writer
            .roll(log_start)
            .map_err(|error| Failure::Refused(io_refusal("beginning a container", &error)))?;
        self.older_bytes = self.older_bytes.saturating_add(full);
        self.place.reader.know(self.writer.number(), self.writer.file());
        Ok(())
    }

    fn sync_container(&mut self) -> Result<(), Refusal> {
        if self.writer.is_unsynced() {
            self.writer
                .sync()
                .map_err(|error| io_refusal("container sync", &error))?;
        }
        Ok(())
    }

    /// Whether nothing was appended to the newest container yet.
    pub(super) fn is_newest_fresh(&self) -> bool {
        self.writer.sequence() == self.writer.head().sequence
    }

    /// Whether enough has been written since the last checkpoint.
    pub(super) fn wants_checkpoint(&self) -> bool {
        let options = &self.place.options;
        self.unsaved_bytes >= options.checkpoint_bytes || self.unsaved_batches >= options.checkpoint_batches
    }

    /// Whether the index has commits that are not durable.
    pub(super) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Makes the index durable up to the end of the log. A full disk only puts it off.
    pub(super) fn checkpoint(&mut self) -> Result<(), Refusal> {
        self.sync_container()?;
        self.unsaved_bytes = 0;
        self.unsaved_batches = 0;
        if let Err(refusal) = self.index.settle() {
            if refusal.cause == Cause::StorageFull {
                let dir = self.place.dir.display();
                tracing::warn!(
                    module = "STORAGE",
                    "{dir}: checkpoint put off, {}",
                    refusal.detail
                );
                return Ok(());
            }
            return Err(refusal);
        }
        self.save_state()?;
        self.index.checkpoint()?;
        self.dirty = false;
        self.close_retired();
        self.drop_dead_containers();
        Ok(())
    }

    /// The position is stored with every batch; a roll or an open without one moves it too.
    pub(super) fn save_state(&mut self) -> Result<(), Refusal> {
        let txn = self.index.begin()?;
        {
            let mut tables = Tables::open(&txn, self.index.names())?;
            self.state().save(&mut tables)?;
            self.uses.save(&mut tables)?;
        }
        Index::commit(txn)
    }

    /// Containers before this one are not needed as the log; only the bodies in them count.
    fn unlogged_before(&self) -> u32 {
        if !self.place.options.rebuildable {
            return self.writer.number();
        }
        self.writer.head().log_start.map_or(0, |start| start.file)
    }

    /// Removes containers in which no body is referenced and that are not needed as the log; the durable index is
    /// beyond them.
    fn drop_dead_containers(&mut self) {
        let kept = self.kept_from.unwrap_or(u32::MAX);
        let end = self.unlogged_before().min(self.writer.number()).min(kept);
        if end == 0 {
            return;
        }
        let Ok(mut older) = self.older() else { return };
        let dead: Vec<_> = older
            .range(..end)
            .filter(|(number, _)| self.uses.is_dead(**number))
            .map(|(number, len)| (*number, *len))
            .collect();
        for (number, len) in dead {
            self.place.reader.retire(number);
            let name = container_name(number);
            match self.place.disk.remove(&self.place.dir.join(&name)) {
                Ok(()) => {
                    older.remove(&number);
                    self.removed.files = self.removed.files.saturating_add(1);
                    self.removed.bytes = self.removed.bytes.saturating_add(len);
                }
                // One that stays is tried again after the next checkpoint.
                Err(error) => tracing::warn!(module = "STORAGE", "removing {name}: {error}"),
            }
        }
        self.older_bytes = older.values().sum();
    }

    /// The tables as of now, for readers.
    pub(super) fn publish(&self) -> Result<Arc<Published>, Refusal> {
        self.index.publish()
    }

    /// Gives the index up after a panic went through it.
    pub(super) fn abandon(self) {
        self.index.abandon();
    }

    /// The tables as of now, for an index that is written anew; the log from here on is kept until
    /// [`Core::let_log_go`] or [`Core::replace_index`].
    pub(super) fn hold_log(&mut self) -> Result<Arc<Published>, Refusal> {
        self.save_state()?;
        self.dirty = true;
        self.kept_from = Some(self.writer.number());
        self.index.publish()
    }

    /// Containers are closed at this size in bytes from now on, or at the usual one.
    pub(super) fn cut_after(&mut self, bytes: Option<u64>) {
        self.split_after = bytes;
    }

    /// Nobody wants the log any more that was held.
    pub(super) fn let_log_go(&mut self) {
        self.kept_from = None;
    }

    /// Puts an index in the place of the one in use: made of the tables that [`Core::hold_log`] gave, and durable. What
    /// was logged since is replayed. Up to the change of names nothing is lost if it fails; from then on whoever opens
    /// finds the new one.
    pub(super) fn replace_index(&mut self, index: Index) -> Result<(), Failure> {
        if self.kept_from.is_none() {
            let detail = "the index was opened anew while it was being compacted";
            return Err(Failure::Refused(Refusal::new(Cause::Conflict, detail)));
        }
        self.sync_container().map_err(Failure::Unknown)?;
        let place = self.place.clone();
        Index::take_over(&*place.disk, &place.dir).map_err(Failure::IndexLost)?;
        let mut core = place.open_with(index).map_err(Failure::IndexLost)?;
        core.removed = self.removed;
        std::mem::swap(self, &mut core);
        self.retired = std::mem::take(&mut core.retired);
        self.retired.push(core.index);
        Ok(())
    }

    /// Closes replaced indexes that nobody reads any more.
    pub(super) fn close_retired(&mut self) {
        self.retired.retain(Index::is_read);
    }

    /// Identity and end of the log.
    pub(super) fn opened(&self) -> Opened {
        let state = self.state();
        Opened {
            mark: state.mark,
            end: (state.file, state.offset),
        }
    }

    /// What the ledger takes.
    pub(super) fn sizes(&self) -> LedgerUsage {
        LedgerUsage {
            container_bytes: self.container_bytes(),
            live_bytes: self.uses.live_bytes(),
            bodies: self.uses.bodies(),
            index_bytes: self.index.len(),
        }
    }

    /// Closes the index file.
    pub(super) fn close(self) -> Result<(), Refusal> {
        self.index.close()
    }
}

/// Puts an operation's changes into the tables.
fn apply(changes: &Mutations, tables: &mut Tables<'_>, uses: &mut Uses) -> Result<(), Refusal> {
    for (table, rows) in changes.tables.iter().enumerate() {
        apply_rows(table, rows, tables)?;
    }
    for (file, change) in &changes.uses {
        uses.apply(*file, *change);
    }
    Ok(())
}

fn apply_rows(table: usize, rows: &Changed, tables: &mut Tables<'_>) -> Result<(), Refusal> {
    for (key, value) in rows {
        match value {
            Some(value) => tables.put(table, key, value)?,
            None => tables.delete(table, key)?,
        }
    }
    Ok(())
}
