//! Memory for bodies on their way in: one budget for all conversations together.
//!
//! A body that finds room here is written once, to where it stays; one that does not goes through a spool file.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is left of the budget.
pub(crate) struct BodyMemory {
    left: AtomicU64,
}

impl BodyMemory {
    pub(crate) fn new(bytes: u64) -> Arc<Self> {
        Arc::new(Self {
            left: AtomicU64::new(bytes),
        })
    }
}

/// Bytes that were set aside for one body; they go back when it is dropped.
pub(crate) struct Grant {
    of: Arc<BodyMemory>,
    bytes: u64,
}

impl Grant {
    /// Nothing yet.
    pub(crate) fn of(memory: &Arc<BodyMemory>) -> Self {
        Self {
            of: Arc::clone(memory),
            bytes: 0,
        }
    }

    /// Bytes set aside.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Sets more aside, if that many are left.
    pub(crate) fn grow(&mut self, more: u64) -> bool {
        let taken = self
            .of
            .left
            .try_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(more)
            });
        if taken.is_ok() {
            self.bytes += more;
        }
        taken.is_ok()
    }

    /// Gives everything back.
    pub(crate) fn release(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        self.of.left.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Drop for Grant {
    fn drop(&mut self) {
        self.release();
    }
}
