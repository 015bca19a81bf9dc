//! A body of a ledger as the source of another body.

use std::{io, sync::Arc};

use super::Ledger;
use crate::body::{BodyRef, BodySource};

/// Reads a stored body; made by [`Ledger::body_source`]. The body must stay referenced while this is in use.
pub struct StoredBody {
    ledger: Arc<Ledger>,
    body: BodyRef,
}

impl StoredBody {
    pub(super) fn new(ledger: Arc<Ledger>, body: BodyRef) -> Self {
        Self { ledger, body }
    }

    /// Where it lies.
    pub fn body(&self) -> BodyRef {
        self.body
    }
}

impl BodySource for StoredBody {
    fn len(&self) -> u64 {
        self.body.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.ledger.read_into(self.body, offset, buf)
    }
}
