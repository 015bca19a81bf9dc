//! Memory for bodies on their way in: one budget for all conversations together.
//!
//! A body that finds room here is written once, to where it stays; one that does not goes through a spool file. Who
//! knows how large its body becomes asks for all of it at once and may wait for others to be done: it has nothing that
//! they could be waiting for.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Memory is counted in pieces of so many bytes.
const UNIT: u64 = 1024;
/// Longest wait for room. At the speed of any disk the whole budget is used several times meanwhile; who has to wait longer
/// waits for slow senders, and a spool file is quicker than they are.
const PATIENCE: Duration = Duration::from_secs(1);

/// The budget.
pub(crate) struct BodyMemory {
    left: Arc<Semaphore>,
    /// Units of it all.
    units: u32,
}

impl BodyMemory {
    pub(crate) fn new(bytes: u64) -> Arc<Self> {
        let units = u32::try_from(bytes / UNIT).unwrap_or(u32::MAX);
        let permits = usize::try_from(units).unwrap_or(Semaphore::MAX_PERMITS);
        Arc::new(Self {
            left: Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS))),
            units,
        })
    }
}

/// Bytes that were set aside for one body; they go back when it is dropped.
pub(crate) struct Grant {
    of: Arc<BodyMemory>,
    taken: Option<OwnedSemaphorePermit>,
}

impl Grant {
    /// Nothing yet.
    pub(crate) fn of(memory: &Arc<BodyMemory>) -> Self {
        Self {
            of: Arc::clone(memory),
            taken: None,
        }
    }

    /// Bytes set aside.
    pub(crate) fn bytes(&self) -> u64 {
        let units = self.taken.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        units as u64 * UNIT
    }

    /// Sets more aside, if that many are left now.
    pub(crate) fn grow(&mut self, more: u64) -> bool {
        let Ok(units) = u32::try_from(more.div_ceil(UNIT)) else {
            return false;
        };
        match Arc::clone(&self.of.left).try_acquire_many_owned(units) {
            Ok(permit) => self.add(permit),
            Err(_) => return false,
        }
        true
    }

    /// Sets so many aside, waiting for others a little while. Only for a grant that has nothing: two that hold something
    /// and wait for more would wait for each other.
    pub(crate) async fn begin(&mut self, bytes: u64) -> bool {
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        if self.grow(bytes) {
            return true;
        }
        if units > self.of.units || self.taken.is_some() {
            return false;
        }
        let room = Arc::clone(&self.of.left).acquire_many_owned(units);
        match tokio::time::timeout(PATIENCE, room).await {
            Ok(Ok(permit)) => self.add(permit),
            _ => return false,
        }
        true
    }

    fn add(&mut self, permit: OwnedSemaphorePermit) {
        match &mut self.taken {
            // Of the same budget, which is what `merge` asks for.
            Some(taken) => taken.merge(permit),
            None => self.taken = Some(permit),
        }
    }

    /// Gives everything back.
    pub(crate) fn release(&mut self) {
        self.taken = None;
    }
}
