//! The bodies of a store by their places: for those who read each body once, however many mailboxes refer to it.

use std::{path::Path, sync::Arc};

use axigen_shared::Refusal;
use bytes::Bytes;

use super::{Store, types::FolderId};
use crate::{Mailbox, body::BodyRef, disk::Disk, ledger::StoredBody};

/// Where a body lies. Bodies are only ever appended, so places rise with time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BodyPlace {
    /// Number of the container file.
    pub file: u32,
    /// Offset in it.
    pub offset: u64,
}

impl From<BodyRef> for BodyPlace {
    fn from(body: BodyRef) -> Self {
        Self {
            file: body.file,
            offset: body.offset,
        }
    }
}

impl Store {
    /// The directory of the store.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The disk it lives on.
    pub fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// The identity of the store: drawn at random when it was made.
    pub fn identity(&self) -> u64 {
        self.ledger.opened().mark
    }

    /// Bodies found at or behind this place when the store was opened were lost; the place may hold another body now.
    pub fn end_at_open(&self) -> BodyPlace {
        let (file, offset) = self.ledger.opened().end;
        BodyPlace { file, offset }
    }

    /// A number that rises with every change of the store: as long as it stays, there are no new bodies.
    pub fn commits(&self) -> u64 {
        self.ledger.commits()
    }

    /// How many bodies are referenced.
    pub fn body_count(&self) -> u64 {
        self.ledger.usage().bodies
    }

    /// At most `limit` referenced bodies behind `after` and up to `to`, by rising place.
    pub fn bodies(
        &self,
        after: Option<BodyPlace>,
        to: Option<BodyPlace>,
        limit: usize,
    ) -> Result<Vec<BodyRef>, Refusal> {
        let plain = |place: BodyPlace| (place.file, place.offset);
        self.ledger
            .read(|snapshot| snapshot.bodies_between(after.map(plain), to.map(plain), limit))
    }

    /// Up to `len` bytes of a body from `offset`, blocking the calling thread.
    pub fn read_blocking(&self, body: BodyRef, offset: u64, len: usize) -> Result<Bytes, Refusal> {
        self.ledger.read_body_blocking(body, offset, len)
    }

    /// A number that tells the record of a body from any other that may ever stand at its place; `None` when it cannot
    /// be read. Blocking.
    pub fn fingerprint(&self, body: BodyRef) -> Option<u64> {
        self.ledger.fingerprint(body)
    }
}

impl Mailbox {
    /// The store that the mailbox is in.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// The checksum that was stored with a body, wherever it lies now; `None` when it cannot be read. Blocking.
    pub fn body_checksum(&self, body: BodyRef) -> Option<u32> {
        self.store.ledger.stored_checksum(body)
    }

    /// A body as the source of another one, checked as it is copied.
    pub fn body_source(&self, body: BodyRef) -> StoredBody {
        self.store.ledger.body_source(body)
    }

    /// Where the bodies of these messages lie (UIDs ascending); messages that are gone are left out.
    pub fn bodies(&self, folder: FolderId, uids: &[u32]) -> Result<Vec<(u32, BodyRef)>, Refusal> {
        self.store
            .ledger
            .read(|snapshot| super::look::bodies(snapshot, self.owner, folder, uids))
    }
}
