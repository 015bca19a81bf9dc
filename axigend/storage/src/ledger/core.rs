//! The working parts of an open ledger, as the committer uses them: index, newest container, books.
//!
//! One batch is one transaction of the index and one append to the container. Order matters: the tables are prepared
//! first (so that an index that cannot take the changes refuses them before they are in the log), then the log is
//! written and synced, then the tables become visible. Whatever fails before the sync is taken back completely.

use axigen_shared::Refusal;
use redb::WriteTransaction;

use super::{
    bodies::Uses,
    index::{Index, State},
    job::Job,
    mutation::Mutations,
    open::Place,
    tables::{Published, Tables},
    txn::{Trouble, Txn},
};
use crate::{
    container::{Mark, Writer, container_name, container_number},
    error::io_refusal,
};
use std::sync::Arc;

/// Most log and body bytes of one batch before it is synced, so that the first in it does not wait too long.
const BATCH_BYTES: u64 = 8 << 20;

/// Why a batch failed.
pub(super) enum Failure {
    /// Taken back without a trace; the next batch may succeed.
    Refused(Refusal),
    /// Taken back, but the index must be opened again before the next one.
    IndexLost(Refusal),
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
}

/// Index, newest container and books of an open ledger.
pub(super) struct Core {
    place: Place,
    index: Index,
    writer: Writer,
    uses: Uses,
    /// Bytes and batches since the last checkpoint.
    unsaved_bytes: u64,
    unsaved_batches: u32,
    dirty: bool,
    /// Bytes in the containers before the newest.
    older_bytes: u64,
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
        };
        core.older_bytes = core.count_older()?;
        Ok(core)
    }

    fn count_older(&self) -> Result<u64, Refusal> {
        let refuse = |error: std::io::Error| io_refusal("container", &error);
        let mut sum = 0_u64;
        for name in self.place.disk.list(&self.place.dir).map_err(refuse)? {
            if container_number(&name).is_some_and(|number| number != self.writer.number()) {
                let file = self
                    .place
                    .disk
                    .open(&self.place.dir.join(&name))
                    .map_err(refuse)?;
                sum = sum.saturating_add(file.len().map_err(refuse)?);
            }
        }
        Ok(sum)
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
        let batch = self.prepare(&txn, jobs)?;
        if !batch.changed {
            self.writer.rollback(start);
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
        self.unsaved_bytes = self
            .unsaved_bytes
            .saturating_add(self.writer.position().saturating_sub(from));
        Ok(batch)
    }

    /// Runs jobs and puts their changes into the transaction and into the container's buffer.
    fn prepare(&mut self, txn: &WriteTransaction, jobs: &mut [Box<dyn Job>]) -> Result<Batch, Failure> {
        let names = self.index.names();
        let mut tables = Tables::open(txn, names).map_err(Failure::IndexLost)?;
        let mut batch = Batch {
            verdicts: Vec::with_capacity(jobs.len()),
            hooks: Vec::new(),
            changed: false,
        };
        let from = self.writer.position();
        for job in jobs {
            let mark = self.writer.mark();
            let mut work = Txn::new(&tables, &mut self.writer, names.meta());
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
            if outcome.is_err() || done.changes.is_empty() {
                self.writer.rollback(mark);
            } else {
                self.writer
                    .append_log(&done.changes.encode())
                    .map_err(|error| Failure::Refused(io_refusal("container", &error)))?;
                apply(&done.changes, &mut tables, &mut self.uses).map_err(Failure::IndexLost)?;
                batch.changed = true;
            }
            if outcome.is_ok() {
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

    fn state(&self) -> State {
        let head = self.writer.head();
        State {
            format: head.format,
            mark: head.mark,
            file: head.number,
            offset: self.writer.position(),
            sequence: self.writer.sequence(),
        }
    }

    fn load_uses(&self) -> Result<Uses, Refusal> {
        Uses::load(&*self.index.publish()?, self.index.names().meta())
    }

    fn roll_if_full(&mut self) -> Result<(), Failure> {
        if self.writer.position() < self.place.options.max_file_size {
            return Ok(());
        }
        self.sync_container().map_err(Failure::Unknown)?;
        let full = self.writer.position();
        self.writer
            .roll()
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
            if refusal.cause == axigen_shared::Cause::StorageFull {
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
        if !self.place.options.rebuildable {
            self.drop_dead_containers();
        }
        Ok(())
    }

    /// The position is stored with every batch; a roll or an open without one moves it too.
    fn save_state(&mut self) -> Result<(), Refusal> {
        let txn = self.index.begin()?;
        {
            let mut tables = Tables::open(&txn, self.index.names())?;
            self.state().save(&mut tables)?;
            self.uses.save(&mut tables)?;
        }
        Index::commit(txn)
    }

    /// Removes containers in which no body is referenced; the durable index is beyond them.
    fn drop_dead_containers(&mut self) {
        let Ok(names) = self.place.disk.list(&self.place.dir) else {
            return;
        };
        for number in names.iter().filter_map(|name| container_number(name)) {
            if number >= self.writer.number() || !self.uses.is_dead(number) {
                continue;
            }
            self.place.reader.forget(number);
            // One that stays is tried again after the next checkpoint.
            if let Err(error) = self
                .place
                .disk
                .remove(&self.place.dir.join(container_name(number)))
            {
                tracing::warn!(module = "STORAGE", "removing {}: {error}", container_name(number));
            }
        }
        self.older_bytes = self.count_older().unwrap_or(self.older_bytes);
    }

    /// The tables as of now, for readers.
    pub(super) fn publish(&self) -> Result<Arc<Published>, Refusal> {
        self.index.publish()
    }

    /// Bytes of containers, referenced bodies and index.
    pub(super) fn sizes(&self) -> (u64, u64, u64) {
        let containers = self.older_bytes.saturating_add(self.writer.position());
        (containers, self.uses.live_bytes(), self.index.len())
    }

    /// Closes the index file.
    pub(super) fn close(self) -> Result<(), Refusal> {
        self.index.close()
    }
}

/// Puts an operation's changes into the tables.
fn apply(changes: &Mutations, tables: &mut Tables<'_>, uses: &mut Uses) -> Result<(), Refusal> {
    for (table, rows) in changes.tables.iter().enumerate() {
        for (key, value) in rows {
            match value {
                Some(value) => tables.put(table, key, value)?,
                None => tables.delete(table, key)?,
            }
        }
    }
    for (file, change) in &changes.uses {
        uses.apply(*file, *change);
    }
    Ok(())
}
