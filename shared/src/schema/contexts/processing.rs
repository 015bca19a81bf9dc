//! SERVER/PROCESSING (services-core 3.2.2).

use crate::schema::{Attr, Command, Context, Leave, Live, Unit, groups};
use crate::value::Kind;

/// Longest wait between two tries: 30 days.
const WAIT: Kind = Kind::Uint {
    min: 1,
    max: 30 * 24 * 3600,
};

static SCHEDULE: [Attr; 7] = [
    Attr::new(
        "maxSchedInterval",
        WAIT,
        "28800",
        "longest wait before a message is tried again",
    )
    .usage("<maxInterval>")
    .unit(Unit::Seconds)
    .works(),
    Attr::new(
        "schedInterval",
        WAIT,
        "300",
        "wait before the first retry, doubled after each failure",
    )
    .usage("<interval>")
    .unit(Unit::Seconds)
    .works(),
    Attr::new(
        "maxRetryCount",
        Kind::COUNT,
        "20",
        "retries before a message is returned to its sender",
    )
    .works(),
    Attr::new(
        "queuePath",
        Kind::Path,
        "queue",
        "directory of the queue, below the working directory",
    )
    .live(Live::Restart)
    .works(),
    Attr::new(
        "queueEntryCount",
        Kind::Uint { min: 1, max: 4096 },
        "64",
        "most sub-directories of the queue",
    ),
    Attr::new(
        "deliveryThreads",
        Kind::SOME,
        "8",
        "threads that deliver to local mailboxes",
    )
    .usage("<threads>")
    .works(),
    Attr::new("filteringThreads", Kind::SOME, "4", "threads that run filters").usage("<threads>"),
];

static FLOOD: [Attr; 4] = [
    Attr::new(
        "procQueueSize",
        Kind::Uint {
            min: 1,
            max: 1_000_000,
        },
        "256",
        "messages held in memory for work at once",
    )
    .usage("<size>")
    .works(),
    Attr::new(
        "messagesPerSecond",
        Kind::COUNT,
        "0",
        "most messages a second for one mailbox, 0 for no limit",
    )
    .usage("<no>"),
    Attr::new(
        "disableInterval",
        Kind::COUNT,
        "300",
        "how long a mailbox is closed that got more",
    )
    .usage("<no>")
    .unit(Unit::Seconds),
    Attr::new(
        "greylistingCache",
        Kind::COUNT,
        "50400",
        "how long a greylist entry is kept",
    )
    .usage("<no>")
    .unit(Unit::Minutes),
];

static STATISTICS: [Command; 7] = [
    Command::not_built("SHOW Statistics", "shows what was processed"),
    Command::act(
        "SHOW SearchIndexJobs",
        "ShowSearchIndexJobs",
        "shows the search indexes of the domains in use, and what is being done with them",
    ),
    Command::not_built(
        "SHOW CalendarSearchIndexJobs",
        "shows work on search indexes of calendars",
    ),
    Command::not_built(
        "SHOW ContactSearchIndexJobs",
        "shows work on search indexes of contacts",
    ),
    Command::not_built("SHOW SortIndexJobs", "shows work on sort indexes"),
    Command::not_built(
        "SHOW ConversationIndexJobs",
        "shows work on indexes of conversations",
    ),
    Command::not_built("SHOW UserJobStats [detailed]", "shows work for users"),
];

/// Processing of the queue.
pub(super) static PROCESSING: Context = Context {
    path: "SERVER/PROCESSING",
    prompt: "server-processing",
    title: "Processing",
    leave: Leave::Commit,
    attrs: &[&SCHEDULE, &groups::LOGGING, &FLOOD],
    commands: &[&groups::SERVICE, &STATISTICS, &groups::RESET],
    ..Context::EMPTY
};
