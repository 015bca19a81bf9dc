//! A disk in memory, for tests: nothing is ever lost, nothing outlives the process.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use parking_lot::{Mutex, RwLock};

use super::{Disk, DiskFile};

/// A day in 2026, so that tests see plausible dates.
const FIRST_TIME: i64 = 1_790_000_000;

/// Files and directories in memory. Its clock moves one second with every look at it.
pub struct MemoryDisk {
    names: Mutex<Names>,
    clock: AtomicI64,
}

#[derive(Default)]
struct Names {
    files: BTreeMap<PathBuf, Arc<MemoryFile>>,
    dirs: BTreeSet<PathBuf>,
}

impl Default for MemoryDisk {
    fn default() -> Self {
        Self {
            names: Mutex::default(),
            clock: AtomicI64::new(FIRST_TIME),
        }
    }
}

impl MemoryDisk {
    /// An empty disk.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Puts a file there (a surviving one, in crash tests).
    pub(crate) fn insert(&self, path: PathBuf, content: Vec<u8>) {
        let file = MemoryFile {
            content: RwLock::new(content),
        };
        self.names.lock().files.insert(path, Arc::new(file));
    }

    /// Puts an empty directory there.
    pub(crate) fn insert_dir(&self, path: PathBuf) {
        self.names.lock().dirs.insert(path);
    }
}

fn not_found() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Disk for MemoryDisk {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let file = self.names.lock().files.get(path).cloned().ok_or_else(not_found)?;
        Ok(file)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut names = self.names.lock();
        if names.files.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = Arc::new(MemoryFile::default());
        names.files.insert(path.to_owned(), Arc::clone(&file));
        Ok(file)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut names = self.names.lock();
        names.dirs.extend(path.ancestors().map(Path::to_owned));
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut names = self.names.lock();
        let file = names.files.remove(from).ok_or_else(not_found)?;
        names.files.insert(to.to_owned(), file);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.names
            .lock()
            .files
            .remove(path)
            .map(drop)
            .ok_or_else(not_found)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut names = self.names.lock();
        names.files.retain(|name, _| !name.starts_with(path));
        names.dirs.retain(|name| !name.starts_with(path));
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let names = self.names.lock();
        if !names.dirs.contains(dir) {
            return Err(not_found());
        }
        let entries = names
            .files
            .keys()
            .chain(&names.dirs)
            .filter(|path| path.parent() == Some(dir));
        let mut list: Vec<String> = entries
            .filter_map(|path| path.file_name()?.to_str().map(str::to_owned))
            .collect();
        list.sort_unstable();
        Ok(list)
    }

    fn sync_dir(&self, _dir: &Path) -> io::Result<()> {
        Ok(())
    }

    fn unix_time(&self) -> i64 {
        self.clock.fetch_add(1, Ordering::Relaxed)
    }
}

/// One file in memory.
#[derive(Default)]
struct MemoryFile {
    content: RwLock<Vec<u8>>,
}

impl DiskFile for MemoryFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.content.read().len() as u64)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        Ok(read_slice(&self.content.read(), offset, buf))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        write_slice(&mut self.content.write(), offset, bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.content.write().resize(len as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads what is there at `offset`.
pub(super) fn read_slice(content: &[u8], offset: u64, buf: &mut [u8]) -> usize {
    let rest = usize::try_from(offset)
        .ok()
        .and_then(|from| content.get(from..))
        .unwrap_or_default();
    let count = rest.len().min(buf.len());
    buf[..count].copy_from_slice(&rest[..count]);
    count
}

/// Writes at `offset`, with zeros in a gap before it.
pub(super) fn write_slice(content: &mut Vec<u8>, offset: u64, bytes: &[u8]) {
    let from = offset as usize;
    let to = from + bytes.len();
    if content.len() < to {
        content.resize(to, 0);
    }
    content[from..to].copy_from_slice(bytes);
}
