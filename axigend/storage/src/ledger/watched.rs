//! The disk of a ledger, with a memory for failed syncs.
//!
//! After a failed sync nobody knows what is on the medium, and the next one may succeed without having written it: then
//! nothing may be taken until the process has gone and what is really there was read again. Every other error of the disk
//! can pass. So each sync of a ledger goes through here, whoever asks for it, also redb.

use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::disk::{Disk, DiskFile};

/// A disk that remembers whether a sync failed.
pub(super) struct WatchedDisk {
    disk: Arc<dyn Disk>,
    failed: Arc<AtomicBool>,
}

impl WatchedDisk {
    /// The disk, and where it says that a sync failed.
    pub(super) fn watch(disk: Arc<dyn Disk>) -> (Arc<dyn Disk>, Arc<AtomicBool>) {
        let failed = Arc::new(AtomicBool::new(false));
        let watched = Self {
            disk,
            failed: Arc::clone(&failed),
        };
        (Arc::new(watched), failed)
    }

    fn file(&self, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        Arc::new(WatchedFile {
            file,
            failed: Arc::clone(&self.failed),
        })
    }
}

/// Remembers a failed sync.
fn note(failed: &AtomicBool, done: io::Result<()>) -> io::Result<()> {
    if done.is_err() {
        failed.store(true, Ordering::Relaxed);
    }
    done
}

impl Disk for WatchedDisk {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.open(path).map(|file| self.file(file))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.create(path).map(|file| self.file(file))
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        self.disk.create_dir_all(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.disk.remove(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.disk.remove_dir_all(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.disk.list(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        note(&self.failed, self.disk.sync_dir(dir))
    }

    fn unix_time(&self) -> i64 {
        self.disk.unix_time()
    }
}

struct WatchedFile {
    file: Arc<dyn DiskFile>,
    failed: Arc<AtomicBool>,
}

impl DiskFile for WatchedFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(offset, buf)
    }

    fn read_cached(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.file.read_cached(offset, buf)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_at(offset, bytes)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        self.file.allocate(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        note(&self.failed, self.file.sync_data())
    }

    fn lock(&self) -> io::Result<()> {
        self.file.lock()
    }
}
