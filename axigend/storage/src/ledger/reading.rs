//! Reading bodies by name: where they were first stored, or where compaction has moved them since.
//!
//! The first place is tried first, so that the usual read costs no lookup: bytes once written stay as they are until
//! their container is removed, and numbers of containers are not used again. Who finds the container gone (or damaged)
//! looks the present place up and tries there, again when that was removed meanwhile too. A removal comes after
//! the rows that name the new places were made visible, so a referenced body is always found.

use std::{io, sync::Arc};

use axigen_shared::Refusal;
use bytes::Bytes;

use super::{bodies, shared::Shared};
use crate::{asking::ask, body::BodyRef};

/// Bodies of one ledger as readers see them.
impl Shared {
    /// Where the body called `name` lies now; `None` when it is not referenced.
    pub(super) fn place(&self, name: BodyRef) -> Result<Option<BodyRef>, Refusal> {
        let row = bodies::find(&*self.tables()?, name)?;
        Ok(row.map(|row| row.place(name)))
    }

    /// Where to try after `tried` was no good; `None` when there is no other place.
    fn other_place(&self, name: BodyRef, tried: BodyRef) -> Option<BodyRef> {
        let place = self.place(name).ok().flatten()?;
        // A reference knows its length better than a row that may be another's.
        (place.len == name.len && place != tried).then_some(place)
    }

    /// Reads a part of a body; see [`crate::Ledger::read_body`].
    pub(super) async fn read(
        self: &Arc<Self>,
        name: BodyRef,
        offset: u64,
        len: usize,
    ) -> Result<Bytes, Refusal> {
        let mut place = name;
        loop {
            match self.reader.read(place, offset, len).await {
                Ok(bytes) => {
                    self.statistics.read(bytes.len());
                    return Ok(bytes);
                }
                Err(refusal) => {
                    let this = Arc::clone(self);
                    let other = ask(move || Ok(this.other_place(name, place))).await?;
                    place = other.ok_or(refusal)?;
                }
            }
        }
    }

    /// Does `work` at `place`, again elsewhere while it fails and the body turns out to have been moved.
    fn at_place<R, E>(
        &self,
        name: BodyRef,
        mut place: BodyRef,
        mut work: impl FnMut(BodyRef) -> Result<R, E>,
    ) -> Result<R, E> {
        loop {
            match work(place) {
                Ok(done) => return Ok(done),
                Err(error) => place = self.other_place(name, place).ok_or(error)?,
            }
        }
    }

    /// As [`Shared::read`], blocking.
    pub(super) fn read_blocking(&self, name: BodyRef, offset: u64, len: usize) -> Result<Bytes, Refusal> {
        let read = self.at_place(name, name, |place| self.reader.read_blocking(place, offset, len));
        read.inspect(|bytes| self.statistics.read(bytes.len()))
    }

    /// Fills `buf` from a body; unchecked. Blocking.
    pub(super) fn read_into(&self, name: BodyRef, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.at_place(name, name, |place| self.reader.read_into(place, offset, buf))
    }

    /// Checks a body where it lies now. Blocking.
    pub(super) fn verify(&self, name: BodyRef) -> Result<(), Refusal> {
        let place = self.place(name)?.unwrap_or(name);
        self.at_place(name, place, |place| self.reader.checksum(place).map(drop))
    }

    /// Whether `crc`, made of all bytes of a body, is the checksum behind it; `InvalidData` when not. Blocking.
    pub(super) fn compare_checksum(&self, name: BodyRef, crc: u32) -> io::Result<()> {
        self.at_place(name, name, |place| self.reader.compare_checksum(place, crc))
    }
}
