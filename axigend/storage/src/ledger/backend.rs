//! The index file as redb sees it, on the [`Disk`](crate::Disk).
//!
//! Two phases. While operations commit without durability (`relaxed`), a sync that redb asks for is put off and a
//! growth that finds the disk full is only noted: redb keeps the pages in memory, the log is the truth, and nothing of
//! redb's durable state is touched. [`IndexFile::settle`] makes good for both before a durable commit may begin; when
//! it cannot, the checkpoint is put off and the ledger goes on. So a full disk never breaks the index.

use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use parking_lot::RwLock;
use redb::StorageBackend;

use crate::{
    asking::{must_not_wait, read_file},
    disk::DiskFile,
};

/// The index file, shared between redb and the ledger.
pub(super) struct IndexFile {
    /// Gone after close, so that the lock on the file is given back at once.
    file: RwLock<Option<Arc<dyn DiskFile>>>,
    /// Length as redb knows it.
    len: AtomicU64,
    relaxed: AtomicBool,
    /// A sync or growth was put off.
    owing: AtomicBool,
}

/// The handle given to redb.
pub(super) struct IndexBackend(pub(super) Arc<IndexFile>);

impl IndexFile {
    pub(super) fn new(file: Arc<dyn DiskFile>) -> io::Result<Arc<Self>> {
        let len = file.len()?;
        Ok(Arc::new(Self {
            file: RwLock::new(Some(file)),
            len: AtomicU64::new(len),
            relaxed: AtomicBool::new(false),
            owing: AtomicBool::new(false),
        }))
    }

    /// Length of the index in bytes.
    pub(super) fn len(&self) -> u64 {
        self.len.load(Ordering::Relaxed)
    }

    /// From here on nothing has to be durable.
    pub(super) fn relax(&self) {
        self.relaxed.store(true, Ordering::Relaxed);
    }

    /// From here on every sync counts; first does what was put off.
    pub(super) fn settle(&self) -> io::Result<()> {
        if self.owing.load(Ordering::Relaxed) {
            let file = self.file()?;
            let len = self.len();
            if file.len()? < len {
                file.allocate(len)?;
            }
            file.sync_data()?;
            self.owing.store(false, Ordering::Relaxed);
        }
        self.relaxed.store(false, Ordering::Relaxed);
        Ok(())
    }

    fn file(&self) -> io::Result<Arc<dyn DiskFile>> {
        self.file
            .read()
            .clone()
            .ok_or_else(|| io::Error::other("the index file is closed"))
    }
}

impl fmt::Debug for IndexBackend {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("IndexBackend")
    }
}

impl StorageBackend for IndexBackend {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let end = offset.saturating_add(out.len() as u64);
        if end > self.0.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let count = read_file(&*self.0.file()?, offset, out)?;
        // The file may be shorter than redb knows while a growth is put off.
        out[count..].fill(0);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let file = self.0.file()?;
        let grown = if len > self.0.len() {
            file.allocate(len)
        } else {
            file.set_len(len)
        };
        match grown {
            Err(_) if self.0.relaxed.load(Ordering::Relaxed) && len > self.0.len() => {
                self.0.owing.store(true, Ordering::Relaxed);
            }
            other => other?,
        }
        self.0.len.store(len, Ordering::Relaxed);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.0.relaxed.load(Ordering::Relaxed) {
            self.0.owing.store(true, Ordering::Relaxed);
            return Ok(());
        }
        self.0.file()?.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        // redb makes room in its buffer while it reads: it keeps the page when it cannot.
        if must_not_wait() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.0.file()?.write_at(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        *self.0.file.write() = None;
        Ok(())
    }
}
