//! A segment: the index of the bodies of one stretch of the containers, in one file that never changes.
//!
//! Content, in checked blocks (`block`), numbers big-endian:
//!
//! | what | form |
//! |---|---|
//! | buckets | for up to 64 keys: entries (key less the one before, numbers in the list, bytes of the list: each 7 bits a byte), then the lists (`rice`) |
//! | table | for each bucket: first key 4, bytes of the entries 4, position 8 |
//! | documents | for each: container 4, offset 8, rising; the numbers in lists count these |
//! | foot, a block of its own | see `foot` |
//!
//! A body within the stretch that is no document (it could not be read, or has too many trigrams) is a candidate of
//! every search, as is a body outside of all segments.

mod foot;
mod lists;
mod write;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axigend_storage::{BodyPlace, Disk};

use crate::block::{BlockReader, Identity, Unread};
pub(crate) use foot::{Foot, Stretch, Witness};
pub(crate) use lists::{Lists, Table};
pub(crate) use write::SegmentWriter;

/// Most documents of a segment: a search holds their places while it runs, and a merge rewrites them all.
pub(crate) const DOCUMENTS_MAX: usize = 1 << 16;
/// Bytes of a document's place.
const PLACE: usize = 12;
/// Ending of the files' names.
const SUFFIX: &str = ".seg";

/// Name of the file of segment `number`.
pub(crate) fn file_name(number: u64) -> String {
    format!("{number:08x}{SUFFIX}")
}

/// Number of the segment file called `name`, if it is one.
pub(crate) fn file_number(name: &str) -> Option<u64> {
    let number = u64::from_str_radix(name.strip_suffix(SUFFIX)?, 16).ok()?;
    (file_name(number) == name).then_some(number)
}

/// A written segment. Its file goes when nobody reads it any more, once it is doomed.
pub(crate) struct Segment {
    pub(crate) foot: Foot,
    path: PathBuf,
    disk: Arc<dyn Disk>,
    identity: Identity,
    doomed: AtomicBool,
}

impl Segment {
    /// Opens the file of segment `identity.number` in `dir`.
    pub(crate) fn open(disk: &Arc<dyn Disk>, dir: &Path, identity: Identity) -> Result<Self, Unread> {
        let path = dir.join(file_name(identity.number));
        let file = disk.open(&path).map_err(Unread::Disk)?;
        let foot = Foot::read(&BlockReader::new(file, identity))?;
        Ok(Self {
            foot,
            path,
            disk: Arc::clone(disk),
            identity,
            doomed: AtomicBool::new(false),
        })
    }

    /// The number of the file.
    pub(crate) fn number(&self) -> u64 {
        self.identity.number
    }

    /// The file is not kept open: there may be a thousand domains.
    pub(crate) fn reader(&self) -> Result<BlockReader, Unread> {
        let file = self.disk.open(&self.path).map_err(Unread::Disk)?;
        Ok(BlockReader::new(file, self.identity))
    }

    /// The places of the documents, rising.
    pub(crate) fn documents(&self, reader: &BlockReader) -> Result<Vec<BodyPlace>, Unread> {
        let bytes = reader.read(self.foot.documents_at, self.foot.documents as usize * PLACE)?;
        let place = |bytes: &[u8; PLACE]| {
            let [a, b, c, d, offset @ ..] = *bytes;
            BodyPlace {
                file: u32::from_be_bytes([a, b, c, d]),
                offset: u64::from_be_bytes(offset),
            }
        };
        Ok(bytes.as_chunks().0.iter().map(place).collect())
    }

    /// The file goes when the last reader has gone.
    pub(crate) fn doom(&self) {
        self.doomed.store(true, Ordering::Relaxed);
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        if self.doomed.load(Ordering::Relaxed) {
            // One that stays is found superfluous at the next start.
            let _ = self.disk.remove(&self.path);
        }
    }
}

#[cfg(test)]
mod tests;
