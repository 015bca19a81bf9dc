//! How a ledger is opened and what it takes.

use std::{sync::Arc, time::Duration};

use super::statistics::Statistics;

/// How a ledger is opened.
#[derive(Clone, Debug)]
pub struct LedgerOptions {
    /// Name for thread and log, at most 8 bytes: "store", "queue", "objects".
    pub name: &'static str,
    /// Names of the tables. Tables may be added later; they are stored by name.
    pub tables: &'static [&'static str],
    /// Format of the values in the tables: a ledger written with a higher one is refused. Values of lower ones carry
    /// their own version.
    pub format: u32,
    /// A container file is closed and a next one begun at this size in bytes. One batch may go over it.
    pub max_file_size: u64,
    /// No body is taken when the containers hold as much as so many full files. Changes without bodies, and
    /// compaction, may go over it: they are what makes room again.
    pub max_files: u32,
    /// No body is taken at all, as if the storage were full.
    pub read_only: bool,
    /// Cache of the index in bytes.
    pub cache_bytes: usize,
    /// Whether writes wait for the disk (`enableIOSynchronization`).
    pub sync: bool,
    /// True: containers are kept until a compaction has restated the log, and a lost index is rebuilt from them
    /// exactly. False: a container is removed once none of its bodies is referenced; a lost index is then rebuilt as
    /// far as the remaining files go, which keeps every operation whose bodies are still referenced but may bring
    /// back what was deleted.
    pub rebuildable: bool,
    /// A durable commit of the index after so many bytes of log: what a start after a crash reads at most.
    pub checkpoint_bytes: u64,
    /// A durable commit of the index after so many batches.
    pub checkpoint_batches: u32,
    /// A durable commit of the index when nothing was written for so long; zero for never.
    pub checkpoint_idle: Duration,
    /// Counters that go on from an earlier time when it was open.
    pub statistics: Option<Arc<Statistics>>,
}

impl LedgerOptions {
    /// The usual values.
    pub const fn new(name: &'static str, tables: &'static [&'static str], format: u32) -> Self {
        Self {
            name,
            tables,
            format,
            max_file_size: 1 << 30,
            max_files: u32::MAX,
            read_only: false,
            cache_bytes: 16 << 20,
            sync: true,
            rebuildable: true,
            checkpoint_bytes: 64 << 20,
            checkpoint_batches: 4096,
            checkpoint_idle: Duration::from_secs(5),
            statistics: None,
        }
    }
}

/// What a ledger takes on disk, sizes in bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct LedgerUsage {
    /// All container files.
    pub container_bytes: u64,
    /// Bodies that are referenced.
    pub live_bytes: u64,
    /// How many these are.
    pub bodies: u64,
    /// The index file.
    pub index_bytes: u64,
}
