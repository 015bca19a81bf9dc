//! What an administrator can set of search indexes.

use std::time::Duration;

/// Settings of all search indexes (services-core 3.1.2), as they are at the moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexSettings {
    /// Threads that index (`maxIndexingThreads`), at least one.
    pub threads: u32,
    /// Messages added after which segments are merged (`searchIndexOptimizeThreshold`).
    pub optimize_after: u64,
    /// Dead entries that an index must have before they are removed (`searchIndexVacuumAbsoluteThreshold`) …
    pub vacuum_entries: u64,
    /// … and their share in percent (`searchIndexVacuumRelativeThreshold`).
    pub vacuum_percent: u64,
    /// When work that failed is tried again (`indexAutoRescheduleTimeout`); `None`: when the store is opened again.
    pub retry: Option<Duration>,
}

impl Default for IndexSettings {
    fn default() -> Self {
        Self {
            threads: 2,
            optimize_after: 1000,
            vacuum_entries: 10_000,
            vacuum_percent: 20,
            retry: None,
        }
    }
}
