//! The index: one redb file with all tables, and what it says about the log it follows.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::Arc,
};

use axigen_shared::{Cause, Refusal};
use redb::{Builder, Database, DatabaseError, Durability, ReadableDatabase, StorageError, TableError};

use super::{
    backend::{IndexBackend, IndexFile},
    bodies::Uses,
    guard::{Base, Write},
    tables::{Names, Published, Tables, View},
};
use crate::{
    container::LogStart,
    disk::Disk,
    error::{damaged, index_refusal, io_refusal, newer},
};

/// Where an index goes that cannot be opened, for whoever wants to look.
const DAMAGED_NAME: &str = "index.damaged";
/// An index up to this size is read whole at every open: that takes milliseconds, and a damaged page that is only found
/// when it is written costs the process. It is the index of some 300,000 messages.
const VERIFY_LIMIT: u64 = 64 << 20;
/// Newest version of the state row. Written where there is a log start; without one version 1 says the same.
const VERSION: u8 = 2;
/// Version of the state row without a log start.
const PLAIN_VERSION: u8 = 1;
/// Key of the state row in `meta`.
const STATE_KEY: &[u8] = b"state";

/// Up to where the index knows the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct State {
    /// Format of the table values.
    pub format: u32,
    /// Identity of the ledger whose log it is.
    pub mark: u64,
    /// Container, offset and sequence of the next record.
    pub file: u32,
    pub offset: u64,
    pub sequence: u64,
    /// Where a rebuild would begin: known here too, should the header that says so be damaged.
    pub log_start: Option<LogStart>,
}

impl State {
    pub(super) fn save(&self, tables: &mut Tables<'_>) -> Result<(), Refusal> {
        let mut value = vec![self.log_start.map_or(PLAIN_VERSION, |_| VERSION)];
        value.extend_from_slice(&self.format.to_be_bytes());
        value.extend_from_slice(&self.mark.to_be_bytes());
        value.extend_from_slice(&self.file.to_be_bytes());
        value.extend_from_slice(&self.offset.to_be_bytes());
        value.extend_from_slice(&self.sequence.to_be_bytes());
        if let Some(start) = &self.log_start {
            value.extend_from_slice(&start.encode());
        }
        tables.put(tables.meta(), STATE_KEY, &value)
    }

    fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let version = bytes.first().copied().unwrap_or_default();
        if version > VERSION {
            return Err(newer("index", version.into(), VERSION.into()));
        }
        let (bytes, rest) = bytes
            .split_first_chunk::<33>()
            .ok_or_else(|| damaged("index state"))?;
        let log_start = match version {
            VERSION => Some(LogStart::decode(rest).ok_or_else(|| damaged("index state"))?),
            _ => None,
        };
        let half = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let word = |at: usize| u64::from(half(at)) << 32 | u64::from(half(at + 4));
        Ok(Self {
            format: half(1),
            mark: word(5),
            file: half(13),
            offset: word(17),
            sequence: word(25),
            log_start,
        })
    }
}

/// An open index.
pub(super) struct Index {
    database: Base,
    names: Names,
    /// Held once more by everybody who reads.
    readers: Arc<()>,
}

impl Index {
    /// Name of the index file.
    pub(super) const FILE: &str = "index.redb";
    /// Name of the file that a compaction writes the index anew to. Left behind by a crash it is worth nothing.
    const NEW_FILE: &str = "index.new";

    /// Reads the whole index in `dir`: up to where it knows the log; the inner error says what is wrong with it.
    pub(super) fn look(
        disk: &dyn Disk,
        dir: &Path,
        cache: usize,
        names: Names,
    ) -> Result<Result<Option<State>, String>, Refusal> {
        match Self::try_open(disk, dir, Self::FILE, cache, names)? {
            Ok(index) => match index.verified().and_then(Self::usable) {
                Ok(index) => {
                    let state = index.prepare()?;
                    index.close()?;
                    Ok(Ok(state))
                }
                Err(reason) => Ok(Err(reason)),
            },
            Err(reason) => Ok(Err(reason)),
        }
    }

    /// Reads every page and compares it with its checksum, which redb does only when it is asked to. After a panic the
    /// index is given up.
    fn verified(mut self) -> Result<Self, String> {
        let verify = || self.database.database_mut().map(Database::check_integrity);
        let verified = catch_unwind(AssertUnwindSafe(verify));
        // An error of the disk says nothing of what the index holds: whoever goes on meets it again.
        let disk_error = |error: &DatabaseError| {
            matches!(
                error,
                DatabaseError::Storage(StorageError::Io(_) | StorageError::PreviousIo)
            )
        };
        if let Ok(Some(result)) = verified
            && (result.as_ref().is_ok_and(|sound| *sound) || result.as_ref().is_err_and(disk_error))
        {
            return Ok(self);
        }
        self.abandon();
        Err("a page is damaged".to_owned())
    }

    /// [`Index::verified`], unless that would take long.
    fn verified_if_small(self) -> Result<Self, String> {
        if self.len() > VERIFY_LIMIT {
            return Ok(self);
        }
        self.verified()
    }

    /// Opens the index in `dir`. A file that cannot be used is set aside: `None` in the state then says that the index has
    /// to be rebuilt.
    pub(super) fn open(disk: &dyn Disk, dir: &Path, cache: usize, names: Names) -> Result<Self, Refusal> {
        let path = dir.join(Self::FILE);
        Self::drop_new(disk, dir)?;
        let opened = Self::try_open(disk, dir, Self::FILE, cache, names)?
            .and_then(Self::verified_if_small)
            .and_then(Self::usable);
        let index = match opened {
            Ok(index) => index,
            Err(reason) => {
                tracing::error!(
                    module = "STORAGE",
                    "{} cannot be read ({reason}); it is set aside and rebuilt from the containers",
                    path.display()
                );
                Self::set_aside(disk, dir)?;
                Self::try_open(disk, dir, Self::FILE, cache, names)?.map_err(|reason| no_new(&reason))?
            }
        };
        // Not before: the verification may write, and then in redb's own order.
        index.database.file().relax();
        Ok(index)
    }

    /// An empty index beside the one in use, to become it by [`Index::take_over`].
    pub(super) fn begin_new(
        disk: &dyn Disk,
        dir: &Path,
        cache: usize,
        names: Names,
    ) -> Result<Self, Refusal> {
        Self::drop_new(disk, dir)?;
        let index =
            Self::try_open(disk, dir, Self::NEW_FILE, cache, names)?.map_err(|reason| no_new(&reason))?;
        index.database.file().relax();
        Ok(index)
    }

    /// Removes what [`Index::begin_new`] made.
    pub(super) fn drop_new(disk: &dyn Disk, dir: &Path) -> Result<(), Refusal> {
        match disk.remove(&dir.join(Self::NEW_FILE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(io_refusal("removing an unfinished index", &error))
            }
            _ => Ok(()),
        }
    }

    /// Puts the index that [`Index::begin_new`] made, durable by now, in the place of the one in use.
    pub(super) fn take_over(disk: &dyn Disk, dir: &Path) -> Result<(), Refusal> {
        disk.rename(&dir.join(Self::NEW_FILE), &dir.join(Self::FILE))
            .and_then(|()| disk.sync_dir(dir))
            .map_err(|error| io_refusal("putting the new index in its place", &error))
    }

    /// Lets redb give back what it does not use. Nobody may be reading.
    pub(super) fn shrink(&mut self) -> Result<(), Refusal> {
        let shrunk = self.database.database_mut().map(Database::compact);
        match shrunk {
            Some(Err(error)) => Err(index_refusal(error)),
            _ => Ok(()),
        }
    }

    /// Whether somebody still reads what [`Index::publish`] gave.
    pub(super) fn is_read(&self) -> bool {
        Arc::strong_count(&self.readers) > 1
    }

    /// Takes the index out of the way, so that the next open makes a new one.
    pub(super) fn set_aside(disk: &dyn Disk, dir: &Path) -> Result<(), Refusal> {
        let moved = disk
            .rename(&dir.join(Self::FILE), &dir.join(DAMAGED_NAME))
            .and_then(|()| disk.sync_dir(dir));
        moved.map_err(|error| io_refusal("setting the index aside", &error))
    }

    /// Gives the index up after a panic went through it.
    pub(super) fn abandon(self) {
        self.database.abandon();
    }

    /// The index, if what is needed to go on can be read: the tables and what it knows of the log. redb itself finds a
    /// damaged page only by what comes of it.
    fn usable(self) -> Result<Self, String> {
        match catch_unwind(AssertUnwindSafe(|| self.find_damage())) {
            Ok(None) => Ok(self),
            Ok(Some(reason)) => {
                self.abandon();
                Err(reason)
            }
            Err(_) => {
                self.abandon();
                Err("damaged".to_owned())
            }
        }
    }

    fn find_damage(&self) -> Option<String> {
        let look = || -> Result<(), String> {
            let Ok(txn) = self.begin() else { return Ok(()) };
            let tables = match Tables::try_open(&txn, self.names) {
                Ok(tables) => tables,
                // Not what the index holds, but the disk: whoever goes on meets it again.
                Err(TableError::Storage(StorageError::Io(_) | StorageError::PreviousIo)) => return Ok(()),
                Err(error) => return Err(error.to_string()),
            };
            Uses::load(&tables, tables.meta()).map_err(|refusal| refusal.detail)?;
            match tables.get(tables.meta(), STATE_KEY) {
                Ok(Some(state)) if state.first().is_some_and(|version| *version <= VERSION) => {
                    State::decode(&state).map(drop).map_err(|refusal| refusal.detail)
                }
                Ok(_) => Ok(()),
                Err(refusal) => Err(refusal.detail),
            }
        };
        look().err()
    }

    /// The inner error is damage, the outer one anything else.
    fn try_open(
        disk: &dyn Disk,
        dir: &Path,
        name: &str,
        cache: usize,
        names: Names,
    ) -> Result<Result<Self, String>, Refusal> {
        let refuse = |error: io::Error| io_refusal("index file", &error);
        let path = dir.join(name);
        let opened = match disk.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let created = disk.create(&path).map_err(refuse)?;
                disk.sync_dir(dir).map_err(refuse)?;
                created
            }
            other => other.map_err(refuse)?,
        };
        opened.lock().map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => Refusal::new(
                Cause::InUse,
                format!("{} is open in another process", dir.display()),
            ),
            _ => refuse(error),
        })?;
        let file = IndexFile::new(opened).map_err(refuse)?;
        let backend = IndexBackend(Arc::clone(&file));
        // redb may panic on a file that was altered from outside; such a file is as good as none.
        let database = catch_unwind(AssertUnwindSafe(|| {
            Builder::new().set_cache_size(cache).create_with_backend(backend)
        }));
        match database {
            Ok(Ok(database)) => {
                let database = Base::new(database, file);
                Ok(Ok(Self {
                    database,
                    names,
                    readers: Arc::default(),
                }))
            }
            Ok(Err(error)) => match redb::Error::from(error) {
                redb::Error::Corrupted(reason) => Ok(Err(reason)),
                redb::Error::Io(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
                    ) =>
                {
                    Ok(Err(error.to_string()))
                }
                other => Err(index_refusal(other)),
            },
            Err(_) => Ok(Err("damaged".to_owned())),
        }
    }

    /// Closes the file; the commits since the last checkpoint are in the log only.
    pub(super) fn close(self) -> Result<(), Refusal> {
        self.settle()?;
        match self.database.take() {
            Some(database) => database.close().map_err(index_refusal),
            None => Ok(()),
        }
    }

    /// Bytes of the index file.
    pub(super) fn len(&self) -> u64 {
        self.database.file().len()
    }

    pub(super) fn names(&self) -> Names {
        self.names
    }

    /// Creates tables that are missing, and reads what the index says about the log: `None` when it is new.
    pub(super) fn prepare(&self) -> Result<Option<State>, Refusal> {
        let txn = self.begin()?;
        let value = {
            let tables = Tables::open(&txn, self.names)?;
            tables.get(tables.meta(), STATE_KEY)?
        };
        Self::commit(txn)?;
        value.map(|value| State::decode(&value)).transpose()
    }

    /// Begins a transaction that will be visible but not durable.
    pub(super) fn begin(&self) -> Result<Write, Refusal> {
        let mut txn = self.database.begin_write().map_err(index_refusal)?;
        txn.set_durability(Durability::None).map_err(index_refusal)?;
        Ok(Write::new(txn))
    }

    /// Makes a transaction visible.
    pub(super) fn commit(txn: Write) -> Result<(), Refusal> {
        txn.take()
            .map_or(Ok(()), |txn| txn.commit().map_err(index_refusal))
    }

    /// The tables as of now, for readers.
    pub(super) fn publish(&self) -> Result<Arc<Published>, Refusal> {
        let txn = self.database.begin_read().map_err(index_refusal)?;
        Ok(Arc::new(Published::new(txn, self.names, &self.readers)))
    }

    /// Whether a checkpoint can be begun: what was put off is done.
    pub(super) fn settle(&self) -> Result<(), Refusal> {
        self.database
            .file()
            .settle()
            .map_err(|error| io_refusal("index file", &error))
    }

    /// Makes everything committed durable. The log up to there must be durable already.
    pub(super) fn checkpoint(&self) -> Result<(), Refusal> {
        let mut txn = self.database.begin_write().map_err(index_refusal)?;
        // A start after a crash must not walk the whole file.
        txn.set_quick_repair(true);
        txn.commit().map_err(index_refusal)?;
        self.database.file().relax();
        Ok(())
    }
}

/// The refusal where not even an empty index can be opened.
fn no_new(reason: &str) -> Refusal {
    Refusal::new(Cause::StorageFailure, format!("a new index: {reason}"))
}
