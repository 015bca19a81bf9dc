//! A disk that fails on purpose, for crash tests.
//!
//! It keeps apart what was synced and what was not. The power can go off at a chosen sync; [`FaultDisk::survivors`]
//! then says what a machine finds after it: everything synced, and of the rest each write kept, dropped or torn as a
//! seed decides (names of files likewise). It can also be full, or answer writes and syncs with errors.

mod torn;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;

use super::{
    Disk, DiskFile, MemoryDisk,
    memory::{read_slice, write_slice},
};

/// A day in 2026, so that tests see plausible dates.
const FIRST_TIME: i64 = 1_790_000_000;
/// Disks write whole sectors: a torn write ends at such a boundary or at a byte, both are tried.
const SECTOR: u64 = 512;

/// A disk in memory whose power, space and health the test decides. Clones are the same disk.
#[derive(Clone, Default)]
pub struct FaultDisk {
    state: Arc<Mutex<State>>,
}

/// Files with their bytes, directories, and the clock.
type Content = (BTreeMap<PathBuf, Vec<u8>>, BTreeSet<PathBuf>, i64);

#[derive(Default)]
struct State {
    files: Vec<FileState>,
    /// Names now, and those that are durable.
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    unsynced_names: Vec<(PathBuf, NameChange)>,
    dirs: BTreeSet<PathBuf>,
    /// The file written last.
    last_written: Option<usize>,
    syncs: u64,
    power_off_at: Option<u64>,
    off: bool,
    capacity: Option<u64>,
    fail_writes: bool,
    fail_syncs: bool,
    clock: i64,
}

#[derive(Default)]
struct FileState {
    now: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Len(u64),
}

#[derive(Clone)]
enum NameChange {
    Set(usize),
    Gone,
}

impl FaultDisk {
    /// An empty disk without faults.
    pub fn new() -> Self {
        let state = State {
            clock: FIRST_TIME,
            ..State::default()
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// This disk for opening a store on it.
    pub fn shared(&self) -> Arc<dyn Disk> {
        Arc::new(self.clone())
    }

    /// As [`FaultDisk::survivors`], but again as a disk that can fail.
    #[must_use]
    pub fn after_power_cut(&self, seed: u64) -> Self {
        Self::holding(self.state.lock().survivors(seed))
    }

    /// A disk on which exactly this is durable.
    fn holding((files, dirs, clock): Content) -> Self {
        let mut state = State {
            dirs,
            clock,
            ..State::default()
        };
        for (path, content) in files {
            state.names.insert(path, state.files.len());
            state.files.push(FileState {
                now: content.clone(),
                durable: content,
                unsynced: Vec::new(),
            });
        }
        state.durable_names.clone_from(&state.names);
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// What is on the disk after the power went off, as a disk without faults. The same seed gives the same.
    pub fn survivors(&self, seed: u64) -> Arc<MemoryDisk> {
        let (files, dirs, _) = self.state.lock().survivors(seed);
        let disk = MemoryDisk::new();
        for dir in dirs {
            disk.insert_dir(dir);
        }
        for (path, content) in files {
            disk.insert(path, content);
        }
        disk
    }

    /// The power goes off in the sync with this number, before it takes effect. Counted from 1 since creation.
    pub fn power_off_at_sync(&self, sync: u64) {
        self.state.lock().power_off_at = Some(sync);
    }

    /// The power goes off now.
    pub fn power_off(&self) {
        self.state.lock().off = true;
    }

    /// Whether the power is off.
    pub fn is_off(&self) -> bool {
        self.state.lock().off
    }

    /// Syncs (of files and directories) so far.
    pub fn syncs(&self) -> u64 {
        self.state.lock().syncs
    }

    /// Bytes of all files may not pass this; `None` for no limit.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.state.lock().capacity = bytes;
    }

    /// Bytes of all files.
    pub fn used(&self) -> u64 {
        self.state.lock().used()
    }

    /// Whether writes answer with an I/O error (EIO) after having written a part.
    pub fn set_fail_writes(&self, fail: bool) {
        self.state.lock().fail_writes = fail;
    }

    /// Whether syncs answer with an I/O error; what was not synced is then lost or not.
    pub fn set_fail_syncs(&self, fail: bool) {
        self.state.lock().fail_syncs = fail;
    }

    /// Flips one bit of a file, durably: damage on the medium.
    pub fn flip_bit(&self, path: &Path, offset: u64, bit: u8) -> io::Result<()> {
        let mut state = self.state.lock();
        let id = *state.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        let file = &mut state.files[id];
        for content in [&mut file.now, &mut file.durable] {
            if let Some(byte) = usize::try_from(offset).ok().and_then(|at| content.get_mut(at)) {
                *byte ^= 1 << (bit % 8);
            }
        }
        Ok(())
    }
}

impl State {
    fn check(&self) -> io::Result<()> {
        if self.off {
            Err(io::Error::other("the power is off"))
        } else {
            Ok(())
        }
    }

    fn used(&self) -> u64 {
        self.names
            .values()
            .map(|id| self.files[*id].now.len() as u64)
            .sum()
    }

    /// Bytes by which files may still grow.
    fn room(&self) -> u64 {
        self.capacity
            .map_or(u64::MAX, |capacity| capacity.saturating_sub(self.used()))
    }

    fn count_sync(&mut self) -> io::Result<()> {
        self.check()?;
        self.syncs += 1;
        if self.power_off_at.is_some_and(|at| self.syncs >= at) {
            self.off = true;
        }
        self.check()?;
        if self.fail_syncs {
            Err(io::Error::other("injected sync error"))
        } else {
            Ok(())
        }
    }

    fn write(&mut self, id: usize, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.check()?;
        let growth = (offset + bytes.len() as u64).saturating_sub(self.files[id].now.len() as u64);
        let lacking = growth.saturating_sub(self.room());
        let (written, error) = if self.fail_writes {
            (bytes.len() / 2, Some(io::Error::other("injected write error")))
        } else if lacking > 0 {
            let fits = (bytes.len() as u64).saturating_sub(lacking) as usize;
            (fits, Some(io::ErrorKind::StorageFull.into()))
        } else {
            (bytes.len(), None)
        };
        let written = &bytes[..written];
        if !written.is_empty() {
            let file = &mut self.files[id];
            write_slice(&mut file.now, offset, written);
            file.unsynced.push(Change::Write(offset, written.to_vec()));
            self.last_written = Some(id);
        }
        error.map_or(Ok(()), Err)
    }

    fn set_len(&mut self, id: usize, len: u64, take_space: bool) -> io::Result<()> {
        self.check()?;
        let growth = len.saturating_sub(self.files[id].now.len() as u64);
        if take_space && growth > self.room() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let file = &mut self.files[id];
        file.now.resize(len as usize, 0);
        file.unsynced.push(Change::Len(len));
        Ok(())
    }

    fn change_name(&mut self, path: &Path, change: NameChange) {
        match change {
            NameChange::Set(id) => self.names.insert(path.to_owned(), id),
            NameChange::Gone => self.names.remove(path),
        };
        self.unsynced_names.push((path.to_owned(), change));
    }

    fn survivors(&self, seed: u64) -> Content {
        let mut dice = Dice(seed);
        let mut names = self.durable_names.clone();
        // A journal keeps the order of names: some first part of the changes is there.
        let kept = dice.below(self.unsynced_names.len() as u64 + 1) as usize;
        for (path, change) in &self.unsynced_names[..kept] {
            match change {
                NameChange::Set(id) => names.insert(path.clone(), *id),
                NameChange::Gone => names.remove(path),
            };
        }
        let files = names
            .into_iter()
            .map(|(path, id)| (path, self.files[id].survivor(&mut dice)));
        (files.collect(), self.dirs.clone(), self.clock)
    }
}

impl FileState {
    fn survivor(&self, dice: &mut Dice) -> Vec<u8> {
        let mut content = self.durable.clone();
        // Whole outcomes are drawn as well: all kept and all dropped are the common cases of real machines.
        let mode = dice.below(4);
        for change in &self.unsynced {
            let fate = match mode {
                0 => 0,
                1 => 1,
                _ => dice.below(3),
            };
            match (change, fate) {
                (_, 1) => {}
                (Change::Len(len), _) => content.resize(*len as usize, 0),
                (Change::Write(offset, bytes), 0) => write_slice(&mut content, *offset, bytes),
                (Change::Write(offset, bytes), _) => {
                    let keep = dice.tear(*offset, bytes.len() as u64) as usize;
                    if keep > 0 {
                        write_slice(&mut content, *offset, &bytes[..keep]);
                    }
                }
            }
        }
        content
    }
}

/// A small deterministic generator (splitmix64); tests must not depend on a crate's version for their seeds.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }

    /// How many bytes of a torn write arrive: up to a sector boundary, or any number.
    fn tear(&mut self, offset: u64, len: u64) -> u64 {
        let cut = self.below(len + 1);
        if self.below(2) == 0 {
            cut
        } else {
            cut.saturating_sub((offset + cut) % SECTOR)
        }
    }
}

/// A file of the disk.
struct FaultFile {
    disk: FaultDisk,
    id: usize,
}

impl DiskFile for FaultFile {
    fn len(&self) -> io::Result<u64> {
        let state = self.disk.state.lock();
        state.check()?;
        Ok(state.files[self.id].now.len() as u64)
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let state = self.disk.state.lock();
        state.check()?;
        Ok(read_slice(&state.files[self.id].now, offset, buf))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.disk.state.lock().write(self.id, offset, bytes)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.disk.state.lock().set_len(self.id, len, false)
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        self.disk.state.lock().set_len(self.id, len, true)
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.disk.state.lock();
        state.count_sync()?;
        let file = &mut state.files[self.id];
        for change in std::mem::take(&mut file.unsynced) {
            match change {
                Change::Write(offset, bytes) => write_slice(&mut file.durable, offset, &bytes),
                Change::Len(len) => file.durable.resize(len as usize, 0),
            }
        }
        Ok(())
    }
}

impl Disk for FaultDisk {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let state = self.state.lock();
        state.check()?;
        let id = *state.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::new(FaultFile {
            disk: self.clone(),
            id,
        }))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.state.lock();
        state.check()?;
        if state.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if state.room() == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let id = state.files.len();
        state.files.push(FileState::default());
        state.change_name(path, NameChange::Set(id));
        Ok(Arc::new(FaultFile {
            disk: self.clone(),
            id,
        }))
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        state.check()?;
        state.dirs.extend(path.ancestors().map(Path::to_owned));
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        state.check()?;
        let id = *state.names.get(from).ok_or(io::ErrorKind::NotFound)?;
        state.change_name(to, NameChange::Set(id));
        state.change_name(from, NameChange::Gone);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        state.check()?;
        if !state.names.contains_key(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        state.change_name(path, NameChange::Gone);
        Ok(())
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        state.check()?;
        let inside: Vec<_> = state
            .names
            .keys()
            .filter(|name| name.starts_with(path))
            .cloned()
            .collect();
        for name in inside {
            state.change_name(&name, NameChange::Gone);
        }
        state.dirs.retain(|name| !name.starts_with(path));
        Ok(())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        let state = self.state.lock();
        state.check()?;
        if !state.dirs.contains(dir) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let entries = state
            .names
            .keys()
            .chain(&state.dirs)
            .filter(|path| path.parent() == Some(dir));
        let mut list: Vec<String> = entries
            .filter_map(|path| path.file_name()?.to_str().map(str::to_owned))
            .collect();
        list.sort_unstable();
        Ok(list)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        state.count_sync()?;
        let (durable, rest) = std::mem::take(&mut state.unsynced_names)
            .into_iter()
            .partition(|(path, _)| path.parent() == Some(dir));
        state.unsynced_names = rest;
        let durable: Vec<(PathBuf, NameChange)> = durable;
        for (path, change) in durable {
            match change {
                NameChange::Set(id) => state.durable_names.insert(path, id),
                NameChange::Gone => state.durable_names.remove(&path),
            };
        }
        Ok(())
    }

    fn unix_time(&self) -> i64 {
        let mut state = self.state.lock();
        state.clock += 1;
        state.clock
    }
}
