//! Places beside the configuration: the queue, the tracer, queries, and those of old scripts (services-core 3.2.2, WIRE.md 5.1).

use crate::schema::{Command, Context, Leave, Verb};

static QUEUE_COMMANDS: [Command; 11] = [
    Command::not_built("FORCE QUEUE", "tries all messages at once"),
    Command::not_built("LIST", "lists the messages of the queue"),
    Command::not_built("LIST ID <id>", "shows one message"),
    Command::not_built("LIST FILTER <filters>...", "lists messages that fit"),
    Command::not_built("RETRY <mailid>|lastFilter", "tries messages at once"),
    Command::not_built("NDR <mailid>|lastFilter", "returns messages to their senders"),
    Command::not_built("DELETE <mailid>|lastFilter", "deletes messages"),
    Command::new(
        "ENTER QUARANTINE",
        Verb::Open("QUEUE/QUARANTINE"),
        "goes to the quarantine",
    )
    .enters(),
    Command::not_built("ENABLE PROCESSING DEBUG", "works on one message at a time"),
    Command::not_built("DISABLE PROCESSING DEBUG", "works on all messages again"),
    Command::not_built("CONTINUE PROCESSING DEBUG", "works on the next message"),
];

/// The queue.
pub(super) static QUEUE: Context = Context {
    path: "QUEUE",
    prompt: "queue",
    title: "Queue",
    leave: Leave::Free,
    commands: &[&QUEUE_COMMANDS],
    built: false,
    ..Context::EMPTY
};

static QUARANTINE_COMMANDS: [Command; 5] = [
    Command::not_built("LIST", "lists the messages in quarantine"),
    Command::not_built("LIST ID <id>", "shows one message"),
    Command::not_built("LIST FILTER <filters>...", "lists messages that fit"),
    Command::not_built("DELIVER <mailid>|lastFilter", "delivers messages"),
    Command::not_built("DELETE <mailid>|lastFilter", "deletes messages"),
];

/// The quarantine.
pub(super) static QUARANTINE: Context = Context {
    path: "QUEUE/QUARANTINE",
    prompt: "queue-quarantine",
    title: "Quarantine",
    leave: Leave::Free,
    commands: &[&QUARANTINE_COMMANDS],
    built: false,
    ..Context::EMPTY
};

static TRACER_COMMANDS: [Command; 7] = [
    Command::not_built(
        "ENABLE WEBDAV TRACE FOR USER <user@domain> INTO <file>",
        "records what a user does by WebDAV",
    ),
    Command::not_built("DISABLE WEBDAV TRACE", "ends that"),
    Command::not_built(
        "ENABLE HTTPC TRACE FOR <label> INTO <file> [MODE PROTOCOL|HEX]",
        "records requests of this server",
    ),
    Command::not_built("DISABLE HTTPC TRACE", "ends that"),
    Command::not_built(
        "ENABLE CALENDAR AUDIT FOR USER <regex> INTO CALLOG|FILE <file>",
        "records changes of calendars",
    ),
    Command::not_built("DISABLE CALENDAR AUDIT", "ends that"),
    Command::not_built(
        "DECODE CIPHERSUITE <ciphers> [legacy]",
        "lists the ciphers that a text means",
    ),
];

/// Traces.
pub(super) static TRACER: Context = Context {
    path: "TRACER",
    prompt: "tracer",
    title: "Tracer",
    leave: Leave::Free,
    commands: &[&TRACER_COMMANDS],
    built: false,
    ..Context::EMPTY
};

static JSONQUERY_COMMANDS: [Command; 1] = [Command::not_built(
    "QUERY <path>",
    "asks for something as JSON: /domains",
)];

/// Queries in JSON.
pub(super) static JSONQUERY: Context = Context {
    path: "JSONQUERY",
    prompt: "jsonquery",
    title: "JsonQuery",
    leave: Leave::Done,
    commands: &[&JSONQUERY_COMMANDS],
    built: false,
    ..Context::EMPTY
};

static DEBUG_COMMANDS: [Command; 2] = [
    Command::not_built("EXEC listCliHelp <path>", "writes HELP of all contexts to a file"),
    Command::new("QUIT DEBUG", Verb::Back, "leaves").enters(),
];

/// Debugging.
pub(super) static DEBUG: Context = Context {
    path: "DEBUG",
    prompt: "debug",
    title: "Debug",
    leave: Leave::Free,
    commands: &[&DEBUG_COMMANDS],
    built: false,
    ..Context::EMPTY
};

static COMMANDS_COMMANDS: [Command; 3] = [
    Command::new(
        "ENTER SERVER",
        Verb::Open("COMMANDS/SERVER"),
        "goes to commands of the server",
    )
    .enters(),
    Command::new(
        "ENTER STORAGE",
        Verb::Open("COMMANDS/STORAGE"),
        "goes to commands of the storage",
    )
    .enters(),
    Command::not_built("SET passwd <password>", "sets the password of admin"),
];

/// Immediate commands of old scripts.
pub(super) static COMMANDS: Context = Context {
    path: "COMMANDS",
    prompt: "commands",
    title: "Commands",
    leave: Leave::Free,
    commands: &[&COMMANDS_COMMANDS],
    built: false,
    ..Context::EMPTY
};

static COMMANDS_SERVER_COMMANDS: [Command; 5] = [
    Command::not_built("FORCE QUEUE", "tries all messages at once"),
    Command::not_built("SAVE CONFIG [<path>]", "writes the running configuration to disk"),
    Command::not_built("SHOW CONFIG", "shows the running configuration"),
    Command::not_built("START Service <service>", "starts a service"),
    Command::not_built("STOP Service <service>", "stops a service"),
];

/// Immediate commands of the server.
pub(super) static COMMANDS_SERVER: Context = Context {
    path: "COMMANDS/SERVER",
    prompt: "commands-server",
    title: "Server",
    leave: Leave::Free,
    commands: &[&COMMANDS_SERVER_COMMANDS],
    built: false,
    ..Context::EMPTY
};

/// Immediate commands of the storage.
pub(super) static COMMANDS_STORAGE: Context = Context {
    path: "COMMANDS/STORAGE",
    prompt: "commands-storage",
    title: "Storage",
    leave: Leave::Free,
    built: false,
    ..Context::EMPTY
};

/// Migrations.
pub(super) static MIGRATION: Context = Context {
    path: "MIGRATION",
    prompt: "migration",
    title: "Migration",
    leave: Leave::Free,
    built: false,
    ..Context::EMPTY
};

static REPORTING_COMMANDS: [Command; 4] = [
    Command::not_built("VIEW COUNTERS all", "shows every counter"),
    Command::not_built("VIEW COUNTERS others", "shows counters of no domain"),
    Command::not_built("VIEW COUNTERS domain <names>...", "shows counters of domains"),
    Command::not_built("VIEW QUEUE", "shows counters of the queue"),
];

/// Counters.
pub(super) static REPORTING: Context = Context {
    path: "REPORTING",
    prompt: "reporting",
    title: "Reporting",
    leave: Leave::Free,
    commands: &[&REPORTING_COMMANDS],
    built: false,
    ..Context::EMPTY
};
