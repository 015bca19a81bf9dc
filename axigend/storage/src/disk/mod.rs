//! The lower edge: everything of this crate that touches the file system or the clock goes through [`Disk`].
//!
//! Small on purpose, so that a test can put a disk under the store that loses power ([`FaultDisk`]) or is plain
//! memory ([`MemoryDisk`]), and a check one that keeps nothing ([`ReadOnlyDisk`]). Errors are `std::io::Error`; what they mean for a request is decided above.

mod fault;
mod memory;
mod read_only;
mod real;
mod waits;

use std::{io, path::Path, sync::Arc};

pub use fault::FaultDisk;
pub use memory::MemoryDisk;
pub use read_only::ReadOnlyDisk;
pub use real::RealDisk;
pub use waits::{connection_waits, mark_connection_thread};

/// One open file with positioned access from any thread.
pub trait DiskFile: Send + Sync {
    /// Length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Reads at `offset` until `buf` is full or the file ends; returns how much. May block on the disk.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize>;
    /// As [`DiskFile::read_at`], but only what is in the page cache: `WouldBlock` when that is nothing, a short count
    /// when it is a part.
    fn read_cached(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.read_at(offset, buf)
    }
    /// Writes all of `bytes` at `offset`. After an error some of them may have been written.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Cuts or extends (with zeros) to `len` bytes.
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Extends to `len` bytes and takes the space for them now, so that later writes inside cannot find the disk full.
    fn allocate(&self, len: u64) -> io::Result<()> {
        self.set_len(len)
    }
    /// Everything written before is on stable storage afterwards (`fdatasync`). After an error nothing is known about
    /// what was written since the last success.
    fn sync_data(&self) -> io::Result<()>;
    /// Takes the exclusive lock of this file for this process until it is closed; `WouldBlock` when another process
    /// has it.
    fn lock(&self) -> io::Result<()> {
        Ok(())
    }
    /// Whether the file has no bytes.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
}

/// The file system as the store sees it. Names are made durable by [`Disk::sync_dir`] of their directory.
pub trait Disk: Send + Sync {
    /// Opens an existing file for reading and writing; `NotFound` when it is not there.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;
    /// Creates a new empty file (mode 0600); `AlreadyExists` when it is there.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;
    /// Creates a directory (mode 0700) with its parents; what was created is durable afterwards.
    fn create_dir_all(&self, path: &Path) -> io::Result<()>;
    /// Renames within one file system, replacing what is there.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file; `NotFound` when it is not there.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Removes a directory with all that is in it.
    fn remove_dir_all(&self, path: &Path) -> io::Result<()>;
    /// Names of the entries of a directory, sorted; `NotFound` when there is no such directory. Names that are not
    /// UTF-8 are none of ours and are left out.
    fn list(&self, dir: &Path) -> io::Result<Vec<String>>;
    /// Makes creations, renames and removals in `dir` durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// The clock of the machine, seconds since 1970 (dates of messages, start of UIDVALIDITY).
    fn unix_time(&self) -> i64;
}
