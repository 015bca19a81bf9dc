//! A body of a ledger as the source of another body.

use std::{io, sync::Arc};

use parking_lot::Mutex;

use super::Ledger;
use crate::body::{BodyRef, BodySource};

/// Reads a stored body; made by [`Ledger::body_source`]. The body must stay referenced while this is in use.
///
/// Read from the start to the end, as a committer does that copies it, it is compared with its checksum: the last piece is
/// refused when any was damaged, so that a copy never gets a good checksum over bad bytes.
pub struct StoredBody {
    ledger: Arc<Ledger>,
    body: BodyRef,
    /// What was read in order so far.
    read: Mutex<InOrder>,
}

#[derive(Default)]
struct InOrder {
    bytes: u64,
    crc: crc32fast::Hasher,
}

impl StoredBody {
    pub(super) fn new(ledger: Arc<Ledger>, body: BodyRef) -> Self {
        Self {
            ledger,
            body,
            read: Mutex::default(),
        }
    }

    /// Where it lies.
    pub fn body(&self) -> BodyRef {
        self.body
    }

    /// Adds a piece; an error when it completes the body and the checksum is another one.
    fn follow(&self, offset: u64, piece: &[u8]) -> io::Result<()> {
        let mut read = self.read.lock();
        if offset == 0 {
            *read = InOrder::default();
        }
        if offset != read.bytes {
            return Ok(());
        }
        read.crc.update(piece);
        read.bytes += piece.len() as u64;
        if read.bytes < self.body.len {
            return Ok(());
        }
        let crc = std::mem::take(&mut *read).crc.finalize();
        self.ledger.compare_checksum(self.body, crc)
    }
}

impl BodySource for StoredBody {
    fn len(&self) -> u64 {
        self.body.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.ledger.read_into(self.body, offset, buf)?;
        self.follow(offset, &buf[..count])?;
        Ok(count)
    }
}
