//! The disk of the machine, looked at without changing it: what is written stays in memory and is gone with the value.
//!
//! Opening a store replays its log, cuts a torn end and may rebuild its index; a check wants to see all that and must leave
//! every byte as it was. Memory grows with what is written, which is the log since the last checkpoint, or the index
//! when it has to be rebuilt.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::{Mutex, RwLock};
use rustix::fs::{FlockOperation, flock};

use super::{Disk, DiskFile, RealDisk};

/// What is written is kept in pieces of this size.
const PAGE: usize = 4096;

/// See the module.
#[derive(Default)]
pub struct ReadOnlyDisk {
    names: Mutex<Names>,
}

#[derive(Default)]
struct Names {
    /// Files opened, made or (`None`) removed.
    files: BTreeMap<PathBuf, Option<Arc<Layer>>>,
    made: BTreeSet<PathBuf>,
    removed: BTreeSet<PathBuf>,
}

impl ReadOnlyDisk {
    /// The machine's disk as it is now.
    pub fn shared() -> Arc<dyn Disk> {
        Arc::new(Self::default())
    }
}

impl Names {
    fn is_removed(&self, path: &Path) -> bool {
        path.ancestors().any(|above| self.removed.contains(above))
    }

    fn open(&mut self, path: &Path) -> io::Result<Arc<Layer>> {
        if let Some(known) = self.files.get(path) {
            return known.clone().ok_or_else(|| io::ErrorKind::NotFound.into());
        }
        if self.is_removed(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let layer = Arc::new(Layer::over(File::open(path)?)?);
        self.files.insert(path.to_owned(), Some(Arc::clone(&layer)));
        Ok(layer)
    }
}

impl Disk for ReadOnlyDisk {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        Ok(self.names.lock().open(path)?)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut names = self.names.lock();
        match names.open(path) {
            Ok(_) => return Err(io::ErrorKind::AlreadyExists.into()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Err(_) => {}
        }
        let layer = Arc::new(Layer::default());
        names.files.insert(path.to_owned(), Some(Arc::clone(&layer)));
        Ok(layer)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        if !path.is_dir() {
            let mut names = self.names.lock();
            names.made.extend(path.ancestors().map(Path::to_owned));
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut names = self.names.lock();
        let moved = names.open(from)?;
        names.files.insert(from.to_owned(), None);
        names.files.insert(to.to_owned(), Some(moved));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut names = self.names.lock();
        names.open(path)?;
        names.files.insert(path.to_owned(), None);
        Ok(())
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut names = self.names.lock();
        names.files.retain(|name, _| !name.starts_with(path));
        names.made.retain(|name| !name.starts_with(path));
        names.removed.insert(path.to_owned());
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let names = self.names.lock();
        let mut found: BTreeSet<String> = match RealDisk.list(dir) {
            _ if names.is_removed(dir) => BTreeSet::new(),
            Ok(found) => found.into_iter().collect(),
            Err(error) if error.kind() == io::ErrorKind::NotFound && names.made.contains(dir) => {
                BTreeSet::new()
            }
            Err(error) => return Err(error),
        };
        for (path, file) in &names.files {
            let name = path.file_name().and_then(|name| name.to_str());
            match (name, file) {
                _ if path.parent() != Some(dir) => {}
                (Some(name), Some(_)) => drop(found.insert(name.to_owned())),
                (Some(name), None) => drop(found.remove(name)),
                (None, _) => {}
            }
        }
        Ok(found.into_iter().collect())
    }

    fn sync_dir(&self, _dir: &Path) -> io::Result<()> {
        Ok(())
    }

    fn unix_time(&self) -> i64 {
        RealDisk.unix_time()
    }
}

/// A file and what was written over it.
#[derive(Default)]
struct Layer {
    below: Option<File>,
    over: RwLock<Over>,
}

#[derive(Default)]
struct Over {
    len: u64,
    /// Up to where the file below still shows.
    shows: u64,
    pages: HashMap<u64, Box<[u8; PAGE]>>,
}

impl Layer {
    fn over(below: File) -> io::Result<Self> {
        let len = below.metadata()?.len();
        let over = Over {
            len,
            shows: len,
            pages: HashMap::new(),
        };
        Ok(Self {
            below: Some(below),
            over: RwLock::new(over),
        })
    }

    /// Reads from below, with zeros where it does not show.
    fn read_below(&self, shows: u64, offset: u64, buf: &mut [u8]) -> io::Result<()> {
        let there = usize::try_from(shows.saturating_sub(offset))
            .unwrap_or(usize::MAX)
            .min(buf.len());
        let (there, beyond) = buf.split_at_mut(there);
        beyond.fill(0);
        match &self.below {
            Some(file) if !there.is_empty() => file.read_exact_at(there, offset),
            _ => Ok(()),
        }
    }
}

/// The pieces of `len` bytes from `offset` on, none across the edge of a page: page, offset in it, range of the bytes.
fn pieces(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset + done as u64;
        let within = (at % PAGE as u64) as usize;
        let count = (PAGE - within).min(len - done);
        let range = done..done + count;
        done += count;
        (count > 0).then_some((at / PAGE as u64, within, range))
    })
}

impl DiskFile for Layer {
    fn len(&self) -> io::Result<u64> {
        Ok(self.over.read().len)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let over = self.over.read();
        let there = usize::try_from(over.len.saturating_sub(offset)).unwrap_or(usize::MAX);
        let count = there.min(buf.len());
        for (number, within, range) in pieces(offset, count) {
            let at = offset + range.start as u64;
            let piece = &mut buf[range];
            match over.pages.get(&number) {
                Some(page) => piece.copy_from_slice(&page[within..within + piece.len()]),
                None => self.read_below(over.shows, at, piece)?,
            }
        }
        Ok(count)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut over = self.over.write();
        let shows = over.shows;
        for (number, within, range) in pieces(offset, bytes.len()) {
            let mut page = over.pages.remove(&number).map_or_else(
                || {
                    let mut page = Box::new([0; PAGE]);
                    self.read_below(shows, number * PAGE as u64, &mut page[..])
                        .map(|()| page)
                },
                Ok,
            )?;
            page[within..within + range.len()].copy_from_slice(&bytes[range]);
            over.pages.insert(number, page);
        }
        over.len = over.len.max(offset + bytes.len() as u64);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut over = self.over.write();
        if len < over.len {
            let (last, within) = (len / PAGE as u64, (len % PAGE as u64) as usize);
            over.pages.retain(|number, _| *number <= last);
            if let Some(page) = over.pages.get_mut(&last) {
                page[within..].fill(0);
            }
            over.shows = over.shows.min(len);
        }
        over.len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self) -> io::Result<()> {
        match &self.below {
            Some(file) => flock(file, FlockOperation::NonBlockingLockExclusive).map_err(io::Error::from),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_seen_and_not_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let before: Vec<u8> = (0..10_000).map(|at| (at % 251) as u8).collect();
        RealDisk.create(&path).unwrap().write_at(0, &before).unwrap();
        let disk = ReadOnlyDisk::default();
        let file = disk.open(&path).unwrap();
        let mut wanted = before.clone();
        wanted[4090..4102].copy_from_slice(b"twelve bytes");
        file.write_at(4090, b"twelve bytes").unwrap();
        wanted.truncate(9000);
        file.set_len(9000).unwrap();
        wanted.resize(13_000, 0);
        file.set_len(13_000).unwrap();
        wanted.extend_from_slice(b"end");
        file.write_at(13_000, b"end").unwrap();
        let mut seen = vec![0; 20_000];
        let count = disk.open(&path).unwrap().read_at(0, &mut seen).unwrap();
        assert!(seen[..count] == wanted[..]);
        disk.rename(&path, &dir.path().join("other")).unwrap();
        disk.create(&dir.path().join("new")).unwrap();
        assert_eq!(disk.list(dir.path()).unwrap(), ["new", "other"]);
        assert!(disk.open(&path).is_err());
        drop(file);
        assert_eq!(RealDisk.list(dir.path()).unwrap(), ["file"]);
        let mut kept = vec![0; 20_000];
        let count = RealDisk.open(&path).unwrap().read_at(0, &mut kept).unwrap();
        assert!(kept[..count] == before[..]);
    }
}
