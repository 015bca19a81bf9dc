//! Settings of the queue's processing (services-core 3.2.2).

use super::View;
use axigen_shared::Refusal;
use axigen_shared::schema::Object;
use std::time::Duration;

/// Processing of the queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessingSettings {
    /// Wait before the first retry.
    pub sched_interval: Duration,
    /// Longest wait before a retry; at least `sched_interval`.
    pub max_sched_interval: Duration,
    /// Retries before a message is returned.
    pub max_retry_count: u32,
    /// Directory of the queue; relative is below the working directory. A change needs a restart.
    pub queue_path: String,
    /// Most sub-directories of the queue. Without effect yet.
    pub queue_entry_count: u32,
    /// Threads that deliver to local mailboxes; at least 1.
    pub delivery_threads: u32,
    /// Threads that run filters; at least 1. Without effect yet.
    pub filtering_threads: u32,
    /// Messages held in memory for work at once.
    pub proc_queue_size: u32,
    /// Most messages a second for one mailbox; 0 is no limit. Without effect yet.
    pub messages_per_second: u32,
    /// How long a mailbox is closed that got more. Without effect yet.
    pub disable_interval: Duration,
    /// What is logged: sum of 1, 2, 4, 8, 16.
    pub log_level: u8,
}

impl TryFrom<&Object> for ProcessingSettings {
    type Error = Refusal;

    fn try_from(service: &Object) -> Result<Self, Refusal> {
        let view = View(service);
        Ok(Self {
            sched_interval: view.seconds("schedInterval")?,
            max_sched_interval: view.seconds("maxSchedInterval")?,
            max_retry_count: view.number("maxRetryCount")?,
            queue_path: view.path("queuePath")?.unwrap_or_else(|| "queue".to_owned()),
            queue_entry_count: view.number("queueEntryCount")?,
            delivery_threads: view.number("deliveryThreads")?,
            filtering_threads: view.number("filteringThreads")?,
            proc_queue_size: view.number("procQueueSize")?,
            messages_per_second: view.number("messagesPerSecond")?,
            disable_interval: view.seconds("disableInterval")?,
            log_level: view.level()?,
        })
    }
}
