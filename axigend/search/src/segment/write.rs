//! Writing a segment: its lists by rising key, then its documents.

use std::{io, path::Path, sync::Arc};

use axigend_storage::{BodyPlace, Disk};

use super::{
    Foot, Segment, Stretch, Witness, file_name,
    lists::{BUCKET_KEYS, put_number},
};
use crate::{
    block::{BlockWriter, Identity, Unread},
    rice,
    trigram::Key,
};

/// A segment on its way. Dropped before [`SegmentWriter::finish`] its file goes.
pub(crate) struct SegmentWriter {
    disk: Arc<dyn Disk>,
    dir: std::path::PathBuf,
    identity: Identity,
    out: BlockWriter,
    documents: u32,
    bucket: Bucket,
    /// Rows of the table.
    table: Vec<u8>,
    buckets: u32,
    entries: u64,
    finished: bool,
}

/// The bucket being filled.
#[derive(Default)]
struct Bucket {
    first: Key,
    last: Key,
    keys: usize,
    entries: Vec<u8>,
    lists: Vec<u8>,
}

impl SegmentWriter {
    /// Creates the file of segment `identity.number`, for so many documents.
    pub(crate) fn create(
        disk: &Arc<dyn Disk>,
        dir: &Path,
        identity: Identity,
        documents: u32,
    ) -> io::Result<Self> {
        let path = dir.join(file_name(identity.number));
        Ok(Self {
            out: BlockWriter::new(disk.create(&path)?, identity),
            disk: Arc::clone(disk),
            dir: dir.to_owned(),
            identity,
            documents,
            bucket: Bucket::default(),
            table: Vec::new(),
            buckets: 0,
            entries: 0,
            finished: false,
        })
    }

    /// The list of the next key: keys rise, and so do the numbers.
    pub(crate) fn list(&mut self, key: Key, numbers: &[u32]) -> io::Result<()> {
        let bucket = &mut self.bucket;
        if bucket.keys == 0 {
            bucket.first = key;
            bucket.last = key;
        }
        let before = bucket.lists.len();
        rice::encode(numbers, self.documents, &mut bucket.lists);
        put_number(&mut bucket.entries, key - bucket.last);
        put_number(&mut bucket.entries, numbers.len() as u32);
        put_number(&mut bucket.entries, (bucket.lists.len() - before) as u32);
        bucket.last = key;
        bucket.keys += 1;
        self.entries += numbers.len() as u64;
        if bucket.keys >= BUCKET_KEYS {
            self.end_bucket()?;
        }
        Ok(())
    }

    fn end_bucket(&mut self) -> io::Result<()> {
        let bucket = &mut self.bucket;
        if bucket.keys == 0 {
            return Ok(());
        }
        self.table.extend_from_slice(&bucket.first.to_be_bytes());
        self.table
            .extend_from_slice(&(bucket.entries.len() as u32).to_be_bytes());
        self.table.extend_from_slice(&self.out.position().to_be_bytes());
        self.buckets += 1;
        self.out.write(&bucket.entries)?;
        self.out.write(&bucket.lists)?;
        bucket.keys = 0;
        bucket.entries.clear();
        bucket.lists.clear();
        Ok(())
    }

    /// Writes what is left and opens the segment. `places` are those of the documents, rising.
    pub(crate) fn finish(
        mut self,
        places: &[BodyPlace],
        stretch: Stretch,
        witness: Option<Witness>,
    ) -> Result<Segment, Unread> {
        self.end(places, stretch, witness).map_err(Unread::Disk)?;
        let segment = Segment::open(&self.disk, &self.dir, self.identity)?;
        self.finished = true;
        Ok(segment)
    }

    fn end(&mut self, places: &[BodyPlace], stretch: Stretch, witness: Option<Witness>) -> io::Result<()> {
        self.end_bucket()?;
        let table_at = self.out.position();
        self.out.write(&self.table)?;
        let documents_at = self.out.position();
        for place in places {
            self.out.write(&place.file.to_be_bytes())?;
            self.out.write(&place.offset.to_be_bytes())?;
        }
        self.out.pad()?;
        let foot = Foot {
            stretch,
            documents: places.len() as u32,
            buckets: self.buckets,
            table_at,
            documents_at,
            entries: self.entries,
            witness,
            bytes: 0,
        };
        self.out.write(&foot.encode())?;
        self.out.pad()
    }
}

impl Drop for SegmentWriter {
    fn drop(&mut self) {
        if !self.finished {
            // What stays has no foot and is removed at the next start.
            let _ = self.disk.remove(&self.dir.join(file_name(self.identity.number)));
        }
    }
}
