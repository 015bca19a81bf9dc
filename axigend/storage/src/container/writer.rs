//! Appends records to the newest container.
//!
//! Bytes are collected in a buffer and written in few calls; a large body passes through the buffer in pieces. What
//! was appended can be taken back to a [`Mark`] (one operation was refused) or to the start of the batch (the disk
//! refused). Not durable before [`Writer::sync`].

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    file::{FileHead, LogStart, container_name},
    record::{Kind, RecordHead},
};
use crate::{
    body::{BodyRef, BodySource},
    disk::{Disk, DiskFile},
};

/// The buffer is written out when it holds this much: large enough that calls do not count, small enough for memory.
const WRITE_SIZE: usize = 1024 * 1024;
/// A body is read from its source in pieces of this size.
const PIECE: usize = 256 * 1024;
/// Above this the buffer is given back to the allocator after a batch: there may be hundreds of idle ledgers.
const KEEP_BUFFER: usize = 256 * 1024;

/// Why an append failed.
#[derive(Debug)]
pub(crate) enum AppendError {
    /// The body could not be read from its source: this operation's trouble.
    Source(io::Error),
    /// The container could not be written: everybody's trouble.
    Disk(io::Error),
}

/// A place in the container to go back to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    position: u64,
    sequence: u64,
}

/// The open end of the containers.
pub(crate) struct Writer {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    file: Arc<dyn DiskFile>,
    head: FileHead,
    /// Bytes waiting; they belong at `base`.
    buffer: Vec<u8>,
    base: u64,
    /// The file may have bytes up to here.
    written: u64,
    /// Everything before this offset is on stable storage.
    synced: u64,
    /// Sequence of the next record.
    sequence: u64,
}

impl Writer {
    /// Continues `file`, whose valid and synced content ends at `len`.
    pub(crate) fn resume(
        disk: Arc<dyn Disk>,
        dir: &Path,
        file: Arc<dyn DiskFile>,
        head: FileHead,
        len: u64,
        sequence: u64,
    ) -> Self {
        Self {
            disk,
            dir: dir.to_owned(),
            file,
            head,
            buffer: Vec::new(),
            base: len,
            written: len,
            synced: len,
            sequence,
        }
    }

    /// Begins a new container file; its header and name are durable afterwards.
    pub(crate) fn create(disk: Arc<dyn Disk>, dir: &Path, head: FileHead) -> io::Result<Self> {
        let path = dir.join(container_name(head.number));
        let created = disk.create(&path)?;
        match start_file(&*disk, dir, &*created, &head) {
            Ok(len) => {
                let sequence = head.sequence;
                Ok(Self::resume(disk, dir, created, head, len, sequence))
            }
            Err(error) => {
                // Without its header the file is nothing; the next try creates it again.
                drop(created);
                let _ = disk.remove(&path);
                Err(error)
            }
        }
    }

    /// Closes this file and begins the next one, whose header names `log_start`. Everything appended must have been
    /// synced.
    pub(crate) fn roll(&mut self, log_start: Option<LogStart>) -> io::Result<()> {
        let number = self
            .head
            .number
            .checked_add(1)
            .ok_or(io::ErrorKind::StorageFull)?;
        let head = FileHead {
            number,
            sequence: self.sequence,
            log_start,
            ..self.head.clone()
        };
        *self = Self::create(Arc::clone(&self.disk), &self.dir, head)?;
        Ok(())
    }

    /// Number of the file that is written.
    pub(crate) fn number(&self) -> u32 {
        self.head.number
    }

    /// The file that is written.
    pub(crate) fn file(&self) -> &Arc<dyn DiskFile> {
        &self.file
    }

    /// Header of the file that is written.
    pub(crate) fn head(&self) -> &FileHead {
        &self.head
    }

    /// Where the next record begins, as a place where a log may start.
    pub(crate) fn here(&self) -> LogStart {
        LogStart {
            file: self.head.number,
            offset: self.position(),
            sequence: self.sequence,
        }
    }

    /// Where the next record begins.
    pub(crate) fn position(&self) -> u64 {
        self.base + self.buffer.len() as u64
    }

    /// Sequence of the next record.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// This place, to come back to.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            position: self.position(),
            sequence: self.sequence,
        }
    }

    /// Forgets what was appended after `mark`.
    pub(crate) fn rollback(&mut self, mark: Mark) {
        if let Some(keep) = mark.position.checked_sub(self.base) {
            self.buffer.truncate(keep as usize);
        } else {
            self.buffer.clear();
            self.base = mark.position;
        }
        self.sequence = mark.sequence;
    }

    /// Appends the record of a body; returns its place and the checksum of its bytes.
    pub(crate) fn append_body(&mut self, source: &dyn BodySource) -> Result<(BodyRef, u32), AppendError> {
        let body = BodyRef {
            file: self.head.number,
            offset: self.position(),
            len: source.len(),
        };
        self.begin(Kind::Body, body.len);
        let mut crc = crc32fast::Hasher::new();
        let mut done = 0;
        while done < body.len {
            let want = usize::try_from(body.len - done).unwrap_or(PIECE).min(PIECE);
            let start = self.buffer.len();
            self.buffer.resize(start + want, 0);
            let count = source
                .read_at(done, &mut self.buffer[start..])
                .map_err(AppendError::Source)?;
            if count == 0 {
                return Err(AppendError::Source(io::ErrorKind::UnexpectedEof.into()));
            }
            self.buffer.truncate(start + count.min(want));
            crc.update(&self.buffer[start..]);
            done += count.min(want) as u64;
            if self.buffer.len() >= WRITE_SIZE {
                self.write_out().map_err(AppendError::Disk)?;
            }
        }
        let crc = crc.finalize();
        self.buffer.extend_from_slice(&crc.to_be_bytes());
        Ok((body, crc))
    }

    /// Appends a log record.
    pub(crate) fn append_log(&mut self, payload: &[u8]) -> io::Result<()> {
        self.begin(Kind::Log, payload.len() as u64);
        self.buffer.extend_from_slice(payload);
        self.buffer
            .extend_from_slice(&crc32fast::hash(payload).to_be_bytes());
        if self.buffer.len() >= WRITE_SIZE {
            self.write_out()
        } else {
            Ok(())
        }
    }

    fn begin(&mut self, kind: Kind, len: u64) {
        let head = RecordHead {
            kind,
            mark: self.head.mark,
            len,
            sequence: self.sequence,
            synced: self.synced,
        };
        self.sequence += 1;
        self.buffer.extend_from_slice(&head.encode());
    }

    fn write_out(&mut self) -> io::Result<()> {
        let end = self.position();
        self.written = self.written.max(end);
        self.file.write_at(self.base, &self.buffer)?;
        self.buffer.clear();
        self.base = end;
        Ok(())
    }

    /// Hands everything to the operating system.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if !self.buffer.is_empty() {
            self.write_out()?;
        }
        if self.buffer.capacity() > KEEP_BUFFER {
            self.buffer = Vec::new();
        }
        if self.written > self.base {
            // An operation that was refused had already reached the file.
            self.file.set_len(self.base)?;
            self.written = self.base;
        }
        Ok(())
    }

    /// Everything flushed is on stable storage afterwards.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        self.synced = self.base;
        Ok(())
    }

    /// Whether something was flushed that is not synced.
    pub(crate) fn is_unsynced(&self) -> bool {
        self.synced != self.base
    }

    /// Takes the file back to `mark`, on the disk too, so that nothing of a refused batch comes back later.
    pub(crate) fn abandon(&mut self, mark: Mark) -> io::Result<()> {
        self.rollback(mark);
        self.buffer = Vec::new();
        if self.written > self.base {
            self.file.set_len(self.base)?;
            self.written = self.base;
            self.sync()?;
        }
        Ok(())
    }
}

fn start_file(disk: &dyn Disk, dir: &Path, file: &dyn DiskFile, head: &FileHead) -> io::Result<u64> {
    let bytes = head.encode();
    file.write_at(0, &bytes)?;
    file.sync_data()?;
    disk.sync_dir(dir)?;
    Ok(bytes.len() as u64)
}
