//! One message storage: a ledger with the tables of mailboxes.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use axigen_shared::{Cause, Refusal};
use parking_lot::Mutex;

use super::{
    check::{self, StoreReport},
    deliver::{deliver, forget},
    folder_ops::{Step, remove_mailbox_step},
    keys,
    mailbox::Mailbox,
    numbers::NumbersCache,
    types::{AccountId, Delivered, LocalDelivery, StoreUsage},
    watch::Watchers,
};
use crate::{
    disk::Disk,
    ledger::{CompactOptions, Compacted, Ledger, LedgerOptions, Progress, Statistics},
};

/// Finished queue entries whose markers wait for the next delivery to take them along; more of them are removed by a
/// write of their own.
const FORGET_LIMIT: usize = 256;

/// Default of `maxFiles`, as in AXIGEN: with the default `maxFileSize`, 128 GiB.
const MAX_FILES: u32 = 128;

/// How much mail a store takes (services-other 3.2.9, "Model").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreLimits {
    /// A container file is closed and a next one begun at this size in bytes (`maxFileSize`).
    pub max_file_size: u64,
    /// New mail is refused when the containers hold as much as so many full files (`maxFiles`). Flags, deleting and
    /// compaction go on.
    pub max_files: u32,
    /// New mail is refused as by a full storage (`readOnly`).
    pub read_only: bool,
}

impl StoreLimits {
    /// What all container files may take, in bytes.
    pub fn capacity(&self) -> u64 {
        self.max_file_size.saturating_mul(self.max_files.into())
    }
}

/// How stores are opened.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// A container file is closed and a next one begun at this size in bytes (`maxFileSize`).
    pub max_file_size: u64,
    /// New mail is refused when the containers hold as much as so many full files (`maxFiles`). Flags, deleting and
    /// compaction go on.
    pub max_files: u32,
    /// New mail is refused as by a full storage (`readOnly`).
    pub read_only: bool,
    /// Cache of the index in bytes, for a store opened alone; [`super::Stores`] gives each a share of one budget.
    pub cache_bytes: usize,
    /// Whether answers wait for the disk (`enableIOSynchronization`).
    pub sync: bool,
    /// A durable commit of the index after so many bytes: what a start after a crash reads at most.
    pub checkpoint_bytes: u64,
    /// A durable commit of the index after so many batches.
    pub checkpoint_batches: u32,
    /// Counters that go on from an earlier time when it was open.
    pub statistics: Option<Arc<Statistics>>,
}

impl Default for StoreOptions {
    fn default() -> Self {
        let ledger = LedgerOptions::new("store", keys::TABLES, keys::FORMAT);
        Self {
            max_file_size: ledger.max_file_size,
            max_files: MAX_FILES,
            read_only: ledger.read_only,
            cache_bytes: 32 << 20,
            sync: ledger.sync,
            checkpoint_bytes: ledger.checkpoint_bytes,
            checkpoint_batches: ledger.checkpoint_batches,
            statistics: None,
        }
    }
}

impl StoreOptions {
    /// The same with these limits.
    #[must_use]
    pub fn limited(self, limits: StoreLimits) -> Self {
        Self {
            max_file_size: limits.max_file_size,
            max_files: limits.max_files,
            read_only: limits.read_only,
            ..self
        }
    }

    fn limits(&self) -> StoreLimits {
        StoreLimits {
            max_file_size: self.max_file_size,
            max_files: self.max_files,
            read_only: self.read_only,
        }
    }
}

/// An open message storage.
pub struct Store {
    pub(super) dir: PathBuf,
    pub(super) ledger: Arc<Ledger>,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) numbers: NumbersCache,
    pub(super) watchers: Arc<Watchers>,
    /// Queue keys whose markers can go.
    finished: Mutex<Vec<u64>>,
    limits: StoreLimits,
}

impl Store {
    /// Opens the store in `dir`, creates it when there is none.
    pub fn open(dir: &Path, disk: Arc<dyn Disk>, options: &StoreOptions) -> Result<Arc<Self>, Refusal> {
        let ledger_options = LedgerOptions {
            max_file_size: options.max_file_size,
            max_files: options.max_files,
            read_only: options.read_only,
            cache_bytes: options.cache_bytes,
            sync: options.sync,
            checkpoint_bytes: options.checkpoint_bytes,
            checkpoint_batches: options.checkpoint_batches,
            statistics: options.statistics.clone(),
            ..LedgerOptions::new("store", keys::TABLES, keys::FORMAT)
        };
        let ledger = Ledger::open(dir, Arc::clone(&disk), ledger_options)?;
        Ok(Arc::new(Self {
            dir: dir.to_owned(),
            ledger,
            disk,
            numbers: NumbersCache::default(),
            watchers: Watchers::new(),
            finished: Mutex::default(),
            limits: options.limits(),
        }))
    }

    /// Checks the store in `dir`, which nobody uses: files, counters, indexes, every message. `naming` says who an
    /// account is. On a [`crate::ReadOnlyDisk`] nothing is changed.
    pub fn check_closed(
        dir: &Path,
        disk: Arc<dyn Disk>,
        naming: &dyn Fn(AccountId) -> String,
    ) -> Result<StoreReport, Refusal> {
        let options = LedgerOptions::new("store", keys::TABLES, keys::FORMAT);
        let mut problems = Vec::new();
        let Some(ledger) = Ledger::open_checked(dir, disk, options, &mut problems)? else {
            return Ok(StoreReport::default());
        };
        let mut report = check::check(&ledger, true, naming)?;
        problems.append(&mut report.problems);
        report.problems = problems;
        Ok(report)
    }

    /// Finishes what waits and closes all files. Later calls are refused.
    pub fn close(&self) -> Result<(), Refusal> {
        let finished = std::mem::take(&mut *self.finished.lock());
        if !finished.is_empty() {
            // Markers that stay do no harm, since keys are not used again.
            let _ = self.ledger.write_blocking(move |txn| forget(txn, &finished));
        }
        self.ledger.close()
    }

    /// The mailbox of an account; it need not exist yet.
    pub fn mailbox(self: &Arc<Self>, owner: AccountId) -> Mailbox {
        Mailbox::new(Arc::clone(self), owner)
    }

    /// Stores one message for local recipients, with one copy of the body; one result per recipient in their order.
    /// Doing it again with the same key changes nothing for those already served.
    pub async fn deliver(&self, delivery: LocalDelivery) -> Result<Vec<Delivered>, Refusal> {
        let now = self.disk.unix_time();
        let watchers = Arc::clone(&self.watchers);
        let finished = std::mem::take(&mut *self.finished.lock());
        let again = finished.clone();
        let owners: Vec<AccountId> = delivery.recipients.iter().map(|one| one.account).collect();
        let written = self.ledger.write(move |txn| {
            forget(txn, &finished)?;
            deliver(txn, &delivery, now, &watchers)
        });
        let result = written.await;
        for owner in owners {
            self.ledger.owner_wrote(owner);
        }
        if result.is_err() {
            self.finished.lock().extend(again);
        }
        result
    }

    /// The queue entry with this key is finished and will not be delivered again. Not waited for: the marker goes
    /// along with a later write, and one that stays does no harm.
    pub async fn forget_delivery(&self, key: u64) -> Result<(), Refusal> {
        let many = {
            let mut finished = self.finished.lock();
            finished.push(key);
            if finished.len() < FORGET_LIMIT {
                return Ok(());
            }
            std::mem::take(&mut *finished)
        };
        self.ledger.write(move |txn| forget(txn, &many)).await
    }

    /// Removes a mailbox with all its folders and messages. Its counters stay.
    pub async fn remove_mailbox(&self, owner: AccountId) -> Result<(), Refusal> {
        loop {
            let now = self.disk.unix_time();
            let watchers = Arc::clone(&self.watchers);
            let step = self
                .ledger
                .write(move |txn| remove_mailbox_step(txn, owner, now, &watchers));
            if matches!(step.await?, Step::Done) {
                return Ok(());
            }
        }
    }

    /// Gives space back, on line; see [`Ledger::compact`]. Blocks for as long as it takes: not for a connection thread.
    pub fn compact(&self, options: CompactOptions, progress: &Progress) -> Result<Compacted, Refusal> {
        self.ledger.compact(options, progress)
    }

    /// Whether somebody waits for changes of a mailbox or for the ledger itself; holders of the store are counted by
    /// [`super::Stores`].
    pub(super) fn is_waited_for(&self) -> bool {
        self.watchers.are_watching() || Arc::strong_count(&self.ledger) > 1
    }

    /// What the store takes on disk.
    pub fn usage(&self) -> StoreUsage {
        let usage = self.ledger.usage();
        StoreUsage {
            total_kb: usage
                .container_bytes
                .saturating_add(usage.index_bytes)
                .div_ceil(1024),
            used_kb: usage.live_bytes.div_ceil(1024),
        }
    }

    /// Why it takes no new mail now, if it takes none: it is read-only or full. Never waits.
    pub fn closed_to_mail(&self) -> Option<Refusal> {
        if self.limits.read_only {
            return Some(Refusal::new(Cause::StorageFull, "the storage is read-only"));
        }
        let used = self.ledger.usage().container_bytes;
        (used >= self.limits.capacity()).then(|| {
            let detail = format!(
                "the storage is full: {used} of {} bytes are used",
                self.limits.capacity()
            );
            Refusal::new(Cause::StorageFull, detail)
        })
    }

    /// Bytes of new mail that it takes yet, as far as its limits go.
    pub fn room(&self) -> u64 {
        let used = self.ledger.usage().container_bytes;
        if self.limits.read_only {
            0
        } else {
            self.limits.capacity().saturating_sub(used)
        }
    }

    /// Why writes are refused until a restart, if they are.
    pub fn failure(&self) -> Option<Refusal> {
        self.ledger.failure()
    }

    /// Whether answers wait for the disk from now on.
    pub fn set_sync(&self, sync: bool) {
        self.ledger.set_sync(sync);
    }

    /// Compares all counters and indexes with a recount; with `bodies` also reads every message. Problems in words,
    /// none when all is well. Takes time and reads everything: not for a connection thread.
    pub fn check(&self, bodies: bool) -> Result<Vec<String>, Refusal> {
        check::check(&self.ledger, bodies, &|account| account.to_string()).map(|report| report.problems)
    }
}
