//! Opening: find the containers, open the index, bring the index up to the log, continue the newest container.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axigen_shared::{Cause, Refusal};

use super::{
    bodies::Uses,
    core::Core,
    index::{Index, State},
    options::LedgerOptions,
    replay::replay,
    tables::Names,
    watched::WatchedDisk,
};
use crate::{
    container::{FileHead, LogStart, Reader, Writer, container_name, container_number},
    disk::{Disk, DiskFile},
    error::{io_refusal, newer},
};

/// A container found at open.
pub(super) struct Container {
    pub(super) file: Arc<dyn DiskFile>,
    /// Header and its length; `None` when it cannot be read.
    pub(super) head: Option<(FileHead, u64)>,
}

/// All containers by number.
pub(super) type Containers = BTreeMap<u32, Container>;

/// Where a ledger lives.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) dir: PathBuf,
    pub(super) options: LedgerOptions,
    pub(super) reader: Arc<Reader>,
    sync_failed: Arc<AtomicBool>,
}

impl Place {
    pub(super) fn new(dir: &Path, disk: Arc<dyn Disk>, options: LedgerOptions) -> Self {
        let (disk, sync_failed) = WatchedDisk::watch(disk);
        let reader = Reader::new(Arc::clone(&disk), dir);
        Self {
            disk,
            dir: dir.to_owned(),
            options,
            reader,
            sync_failed,
        }
    }

    /// Whether a sync failed, of any file here: then what is on the disk is unknown.
    pub(super) fn sync_failed(&self) -> bool {
        self.sync_failed.load(Ordering::Relaxed)
    }

    pub(super) fn names(&self) -> Names {
        Names::new(self.options.tables)
    }

    /// Opens what is there or creates it.
    pub(super) fn open(&self) -> Result<Core, Refusal> {
        self.disk
            .create_dir_all(&self.dir)
            .map_err(|error| io_refusal("creating the storage", &error))?;
        let index = Index::open(&*self.disk, &self.dir, self.options.cache_bytes, self.names())?;
        self.open_with(index)
    }

    /// The same with an index that is open already.
    pub(super) fn open_with(&self, index: Index) -> Result<Core, Refusal> {
        let state = index.prepare()?;
        if let Some(state) = state {
            self.check_format(state.format)?;
        }
        let mut containers = self.containers(state.as_ref())?;
        let Some(start) = self.start(state, &containers)? else {
            return self.begin(
                index,
                state,
                containers.last_key_value().map(|(number, _)| *number),
            );
        };
        let mut uses = Uses::load(&*index.publish()?, index.names().meta())?;
        let replayed = replay(&self.dir, &index, &mut uses, &mut containers, start)?;
        let writer = self.writer(&replayed.end, containers)?;
        let mut core = Core::new(self.clone(), index, writer, uses)?;
        if replayed.changed {
            core.checkpoint()?;
        }
        Ok(core)
    }

    /// Takes a damaged index out of the way.
    pub(super) fn set_index_aside(&self) -> Result<(), Refusal> {
        Index::set_aside(&*self.disk, &self.dir)
    }

    fn check_format(&self, found: u32) -> Result<(), Refusal> {
        if found > self.options.format {
            return Err(newer(&self.dir.display().to_string(), found, self.options.format));
        }
        Ok(())
    }

    /// Opens all containers. The last one is dropped when its header never reached the disk: nothing was ever
    /// acknowledged in it.
    fn containers(&self, state: Option<&State>) -> Result<Containers, Refusal> {
        let refuse = |error: io::Error| io_refusal("container", &error);
        let names = self.disk.list(&self.dir).map_err(refuse)?;
        let mut found = Containers::new();
        for number in names.iter().filter_map(|name| container_number(name)) {
            let file = self
                .disk
                .open(&self.dir.join(container_name(number)))
                .map_err(refuse)?;
            let head = FileHead::read(&*file)?.filter(|(head, _)| head.number == number);
            let head = head.or_else(|| {
                state
                    .filter(|state| state.file == number)
                    .map(|state| self.known_head(state))
            });
            if let Some((head, _)) = &head {
                self.check_format(head.format)?;
            }
            found.insert(number, Container { file, head });
        }
        if let Some((number, Container { head: None, file })) = found.last_key_value()
            && state.is_none_or(|state| state.file < *number)
            && file.len().map_err(refuse)? <= FileHead::LONGEST
        {
            let number = *number;
            found.remove(&number);
            self.disk
                .remove(&self.dir.join(container_name(number)))
                .map_err(refuse)?;
            self.disk.sync_dir(&self.dir).map_err(refuse)?;
        }
        if state.is_none() {
            self.mend_log_start(&mut found);
        }
        Ok(found)
    }

    /// The header of the container in which the log starts may be damaged: what it says is known from the one that
    /// names it, and a rebuild needs the records behind it more than any others.
    fn mend_log_start(&self, containers: &mut Containers) {
        let heads = containers.values().rev();
        let Some((named_by, start)) = heads
            .filter_map(|container| container.head.as_ref())
            .find_map(|(head, _)| Some((head.clone(), head.log_start?)))
        else {
            return;
        };
        if let Some(container) = containers.get_mut(&start.file)
            && container.head.is_none()
        {
            let (head, _) = self.known_head(&State {
                format: named_by.format,
                mark: named_by.mark,
                file: start.file,
                offset: start.offset,
                sequence: start.sequence,
                log_start: None,
            });
            let tables = named_by.tables;
            container.head = Some((FileHead { tables, ..head }, start.offset));
        }
    }

    /// The header of the container that the index was following, from what the index (or a later header) knows: a
    /// damaged header must not cost the records behind it.
    fn known_head(&self, state: &State) -> (FileHead, u64) {
        let name = container_name(state.file);
        tracing::error!(
            module = "STORAGE",
            "{}: the header of {name} is damaged",
            self.dir.display()
        );
        let State {
            format,
            mark,
            file,
            offset,
            sequence,
            log_start,
        } = *state;
        (
            FileHead {
                format,
                mark,
                number: file,
                sequence,
                log_start,
                tables: self.table_names(),
            },
            offset,
        )
    }

    /// From where the log has to be replayed; `None` when there is no log.
    fn start(&self, state: Option<State>, containers: &Containers) -> Result<Option<Start>, Refusal> {
        let heads = || {
            containers
                .values()
                .filter_map(|container| container.head.as_ref())
        };
        let Some((oldest, oldest_len)) = heads().next() else {
            return Ok(None);
        };
        if let Some(stranger) = heads().find(|(head, _)| head.mark != oldest.mark) {
            let name = container_name(stranger.0.number);
            let detail = format!("{name} in {} belongs to another storage", self.dir.display());
            return Err(Refusal::new(Cause::StorageFailure, detail));
        }
        match state {
            Some(state) if state.mark == oldest.mark => Ok(Some(Start {
                state,
                rebuild: false,
            })),
            Some(_) => {
                let detail = format!(
                    "the index in {} belongs to another storage; remove it",
                    self.dir.display()
                );
                Err(Refusal::new(Cause::StorageFailure, detail))
            }
            None => {
                if oldest.number > 0 || containers.len() > 1 {
                    tracing::warn!(
                        module = "STORAGE",
                        "rebuilding the index of {} from {} containers",
                        self.dir.display(),
                        containers.len()
                    );
                }
                let log_start = self.log_start(containers);
                let first = log_start.unwrap_or(LogStart {
                    file: oldest.number,
                    offset: *oldest_len,
                    sequence: oldest.sequence,
                });
                let state = State {
                    format: oldest.format,
                    mark: oldest.mark,
                    file: first.file,
                    offset: first.offset,
                    sequence: first.sequence,
                    log_start,
                };
                Ok(Some(Start { state, rebuild: true }))
            }
        }
    }

    /// Where the log to rebuild from begins, by the newest header that can be read and whose containers are there;
    /// `None` for the oldest record.
    fn log_start(&self, containers: &Containers) -> Option<LogStart> {
        let heads = containers
            .values()
            .rev()
            .filter_map(|container| container.head.as_ref());
        // Before the first restatement headers name none.
        let mut named = heads.map_while(|(head, _)| head.log_start);
        named.find(|start| !self.options.rebuildable || containers.contains_key(&start.file))
    }

    /// A new ledger, or one whose containers are all gone or unreadable up to number `last`.
    fn begin(&self, index: Index, state: Option<State>, last: Option<u32>) -> Result<Core, Refusal> {
        let newest = last.max(state.map(|state| state.file));
        if newest.is_some() {
            let dir = self.dir.display();
            tracing::error!(
                module = "STORAGE",
                "no container of {dir} can be read; going on without them"
            );
        }
        let number = newest.map_or(0, |newest| newest.saturating_add(1));
        let head = FileHead {
            format: self.options.format,
            mark: state.map_or_else(random_mark, |state| Ok(state.mark))?,
            number,
            sequence: state.map_or(1, |state| state.sequence),
            log_start: None,
            tables: self.table_names(),
        };
        let writer = self.create(head)?;
        let uses = Uses::load(&*index.publish()?, index.names().meta())?;
        let mut core = Core::new(self.clone(), index, writer, uses)?;
        core.checkpoint()?;
        Ok(core)
    }

    fn table_names(&self) -> Vec<String> {
        self.names().logged().map(str::to_owned).collect()
    }

    fn create(&self, head: FileHead) -> Result<Writer, Refusal> {
        Writer::create(Arc::clone(&self.disk), &self.dir, head)
            .map_err(|error| io_refusal("creating a container", &error))
    }

    /// Continues the newest container, or begins a new one where the newest cannot be continued: other tables, a
    /// newer format of values, or an end that is not where the index knows it.
    fn writer(&self, end: &State, mut containers: Containers) -> Result<Writer, Refusal> {
        let tables = self.table_names();
        let newest = containers.pop_last();
        let number = newest
            .as_ref()
            .map_or(end.file, |(number, _)| *number)
            .max(end.file);
        if let Some((
            found,
            Container {
                file,
                head: Some((head, _)),
            },
        )) = newest
            && found == end.file
            && head.tables == tables
            && head.format == self.options.format
            && file.len().map_err(|error| io_refusal("container", &error))? == end.offset
        {
            let disk = Arc::clone(&self.disk);
            return Ok(Writer::resume(
                disk,
                &self.dir,
                file,
                head,
                end.offset,
                end.sequence,
            ));
        }
        let number = number
            .checked_add(1)
            .ok_or_else(|| Refusal::new(Cause::StorageFull, "too many containers"))?;
        let format = self.options.format;
        self.create(FileHead {
            format,
            mark: end.mark,
            number,
            sequence: end.sequence,
            log_start: end.log_start,
            tables,
        })
    }
}

/// Where replay begins.
#[derive(Clone, Copy)]
pub(super) struct Start {
    pub(super) state: State,
    /// Everything is replayed into an empty index.
    pub(super) rebuild: bool,
}

/// An identity for a new ledger that no mail can guess.
fn random_mark() -> Result<u64, Refusal> {
    getrandom::u64().map_err(|error| Refusal::new(Cause::StorageFailure, format!("random numbers: {error}")))
}
