//! Holding a ledger still, so that its directory can be copied while it is open.
//!
//! What waits is finished, then a checkpoint makes the index as new as the log; from then on every write is refused
//! with a temporary cause and no file changes until the last holder lets go. Reading goes on.

use std::sync::Arc;

use axigen_shared::{Cause, Refusal};

use super::{
    Ledger,
    core::{Core, Failure},
    shared::Shared,
};

/// Keeps a ledger still as long as it lives.
pub struct Frozen {
    shared: Arc<Shared>,
}

impl Drop for Frozen {
    fn drop(&mut self) {
        let mut queue = self.shared.queue.lock();
        queue.frozen = queue.frozen.saturating_sub(1);
        drop(queue);
        self.shared.arrived.notify_one();
    }
}

impl Ledger {
    /// Holds the ledger still. Waits for what is being written: not for a connection thread.
    pub fn freeze(&self) -> Result<Frozen, Refusal> {
        {
            let mut queue = self.shared.queue.lock();
            queue.frozen = queue.frozen.saturating_add(1);
        }
        let frozen = Frozen {
            shared: Arc::clone(&self.shared),
        };
        let settle = |core: &mut Core| {
            if !core.is_dirty() {
                return Ok(false);
            }
            core.checkpoint().map_err(Failure::IndexLost)?;
            Ok(core.is_dirty())
        };
        if frozen.shared.upkeep_last(settle)? {
            let detail = "the disk is too full for a checkpoint of the index";
            return Err(Refusal::new(Cause::StorageFull, detail));
        }
        Ok(frozen)
    }
}

/// The refusal of a write meanwhile.
pub(super) fn frozen() -> Refusal {
    let detail = "locked for reading by an administrator (READLOCK Storages)";
    Refusal::new(Cause::StorageFailure, detail)
}
