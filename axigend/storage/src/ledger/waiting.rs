//! What waits for the committer: operations, and upkeep between their batches.

use std::collections::VecDeque;

use axigen_shared::{Cause, Refusal};

use super::{
    committer::Committer,
    core::{Core, Failure},
    freeze::frozen,
    job::Job,
    shared::Shared,
};

/// Work on the parts themselves, between two batches: what compaction needs beside ordinary operations.
pub(super) type Upkeep = Box<dyn FnOnce(&mut Committer) + Send>;

#[derive(Default)]
pub(super) struct Queue {
    pub(super) jobs: VecDeque<Box<dyn Job>>,
    pub(super) upkeep: VecDeque<Upkeep>,
    /// Upkeep after everything else that waits.
    pub(super) last: VecDeque<Upkeep>,
    /// How many keep the ledger from being written.
    pub(super) frozen: u32,
    pub(super) closing: bool,
    /// The index is to be rebuilt.
    pub(super) suspect: bool,
    /// A lost index is to be opened again.
    pub(super) wanted: bool,
}

impl Shared {
    /// Does `work` on the open parts between two batches and waits for it.
    pub(super) fn upkeep<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Core) -> Result<R, Failure> + Send + 'static,
    ) -> Result<R, Refusal> {
        self.upkeep_in(work, |queue, upkeep| {
            queue.may_write()?;
            queue.upkeep.push_back(upkeep);
            Ok(())
        })
    }

    /// As [`Shared::upkeep`], after all that waits, also when the ledger is frozen.
    pub(super) fn upkeep_last<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Core) -> Result<R, Failure> + Send + 'static,
    ) -> Result<R, Refusal> {
        self.upkeep_in(work, |queue, upkeep| {
            if queue.closing {
                return Err(closed());
            }
            queue.last.push_back(upkeep);
            Ok(())
        })
    }

    fn upkeep_in<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Core) -> Result<R, Failure> + Send + 'static,
        enter: impl FnOnce(&mut Queue, Upkeep) -> Result<(), Refusal>,
    ) -> Result<R, Refusal> {
        let (answer, result) = std::sync::mpsc::sync_channel(1);
        let upkeep: Upkeep = Box::new(move |committer| {
            let done = committer.core().and_then(work);
            let done = done.and_then(|done| committer.publish().map(|()| done));
            // Who asked waits below.
            let _ = answer.send(done.map_err(|failure| committer.suffer(failure)));
        });
        enter(&mut self.queue.lock(), upkeep)?;
        self.arrived.notify_one();
        result.recv().unwrap_or_else(|_| Err(closed()))
    }
}

impl Queue {
    /// Whether anything may be written now, and if not, why.
    pub(super) fn may_write(&self) -> Result<(), Refusal> {
        match (self.closing, self.frozen) {
            (true, _) => Err(closed()),
            (false, 0) => Ok(()),
            (false, _) => Err(frozen()),
        }
    }
}

pub(super) fn closed() -> Refusal {
    Refusal::new(Cause::ShuttingDown, "the storage is closed")
}
