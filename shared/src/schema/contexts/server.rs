//! SERVER: what concerns the whole server, and the way to its services (services-core 3.1.2).

use super::{cli, imap, log, pop3, processing, smtp_incoming};
use crate::schema::{Access, Attr, Child, Command, Context, Leave, Live, Unit, groups};
use crate::value::{Choices, Kind};

/// Shortest key for server-side secrets (services-core 3.1.2).
const KEY: Kind = Kind::Password { min: 32, max: 255 };
/// Shortest key of the sender rewriting scheme (services-core 3.1.2).
const SRS_KEY: Kind = Kind::Password { min: 10, max: 255 };

static OWN: [Attr; 31] = [
    Attr::new(
        "primaryDomain",
        Kind::DomainName,
        "",
        "domain of addresses and logins without one, empty for that of the host",
    )
    .usage("<name>")
    .live(Live::NewSessions)
    .works(),
    Attr::new(
        "caBundlePath",
        Kind::Path,
        "",
        "trusted authorities for outgoing connections, empty for those of the system",
    )
    .usage("<file>"),
    Attr::new(
        "sslRandomFile",
        Kind::Path,
        "none",
        "source of randomness, not needed here",
    )
    .usage("<file>"),
    Attr::new(
        "enableIOSynchronization",
        Kind::Bool,
        "yes",
        "what was answered is on disk",
    )
    .works(),
    Attr::new(
        "defaultTimezone",
        Kind::TEXT,
        "",
        "time zone of dates shown to users, empty for that of the host",
    )
    .usage("<timezone>"),
    Attr::new("defaultLanguage", Kind::TEXT, "en", "language of WebMail").usage("<lang>"),
    Attr::new(
        "autodetectLanguage",
        Kind::Bool,
        "yes",
        "takes the language of the browser",
    ),
    Attr::new(
        "allowedLanguages",
        Kind::TEXT,
        "",
        "languages that users may choose, with blanks between, empty for all",
    )
    .usage("<languages>"),
    Attr::new(
        "serverName",
        Kind::DomainName,
        "localhost",
        "name of the server in greetings and headers",
    )
    .usage("<name>")
    .live(Live::NewSessions)
    .works(),
    Attr::new(
        "pushNotificationGeneratorPath",
        Kind::Path,
        "",
        "directory of push notifications",
    ),
    Attr::new(
        "maxIndexingThreads",
        Kind::SOME,
        "2",
        "threads that index for searching",
    )
    .usage("<no.>")
    .works(),
    Attr::new(
        "sendStatisticsEmail",
        Kind::Bool,
        "no",
        "sends statistics by mail",
    ),
    Attr::new(
        "postmasterStatisticsEmailAddress",
        Kind::EmailAddress,
        "",
        "who gets the statistics",
    ),
    Attr::new(
        "enableStorageStatistics",
        Kind::Bool,
        "yes",
        "counts what storages do",
    ),
    Attr::new(
        "brandingName",
        Kind::TEXT,
        "",
        "name of the product that users see",
    )
    .usage("<name>"),
    Attr::new("enableTnefCommand", Kind::Bool, "no", "offers the TNEF command"),
    Attr::new(
        "allowAliasLogins",
        Kind::Bool,
        "yes",
        "users may log in with an alias",
    )
    .live(Live::NewSessions)
    .works(),
    Attr::new(
        "pop3ExclusiveLock",
        Kind::Bool,
        "yes",
        "a mailbox takes one POP3 session at a time",
    )
    .live(Live::NewSessions)
    .works(),
    Attr::new(
        "enableSRS",
        Kind::Bool,
        "no",
        "rewrites the sender of forwarded mail",
    ),
    Attr::new("srsSecretKey", SRS_KEY, "", "key of the sender rewriting scheme")
        .usage("<key>")
        .access(Access::WriteOnly),
    Attr::new(
        "searchIndexOptimizeThreshold",
        Kind::COUNT,
        "1000",
        "messages added after which the parts of a search index are merged; more than 32 parts are merged in any case",
    )
    .works(),
    Attr::new(
        "searchIndexVacuumAbsoluteThreshold",
        Kind::COUNT,
        "10000",
        "removed messages that a search index must have before it is cleaned of them",
    )
    .works(),
    Attr::new(
        "searchIndexVacuumRelativeThreshold",
        Kind::PERCENT,
        "20",
        "share of removed messages that a search index must also have before it is cleaned of them",
    )
    .usage("<percent>")
    .unit(Unit::Percent)
    .works(),
    Attr::new(
        "searchIndexTokenizer",
        Kind::Choice(Choices::of(&["default", "mecab"]).also(&[("defaut", &["default"])])),
        "default",
        "how text is cut into words for searching; the index is of three bytes in a row, in every language, so neither value changes it",
    )
    .usage("<default|mecab>"),
    Attr::new(
        "enableConversationIndexDefault",
        Kind::Bool,
        "yes",
        "groups messages to conversations unless an account says otherwise",
    ),
    Attr::new(
        "indexAutoRescheduleTimeout",
        Kind::ChoiceOr {
            choices: Choices::of(&["never", "apocalypse"]),
            min: 1,
            max: 2_147_483_647,
        },
        "600",
        "when indexing that failed is begun again; never: not before the domain is opened again, apocalypse: the same",
    )
    .usage("<never | apocalypse | <delay in seconds>>")
    .unit(Unit::Seconds)
    .works(),
    Attr::new(
        "serverSecretKey",
        KEY,
        "",
        "key for secrets that the server keeps",
    )
    .usage("<key>")
    .access(Access::WriteOnly),
    Attr::new(
        "emailSampleCollection",
        Kind::ChoiceSet(
            Choices::of(&["antiSpamFalseNegative", "antiSpamFalsePositive"]).also(&[
                ("all", &["antiSpamFalseNegative", "antiSpamFalsePositive"]),
                ("none", &[]),
                ("off", &[]),
            ]),
        ),
        "()",
        "keeps copies of mail that users class anew",
    ),
    Attr::new(
        "emailSampleCollectionPath",
        Kind::Path,
        "",
        "directory of those copies",
    ),
    Attr::new(
        "emailSampleRetentionPeriod",
        Kind::COUNT,
        "30",
        "how long those copies are kept",
    )
    .usage("<days>")
    .unit(Unit::Days),
    Attr::new(
        "templatesPath",
        Kind::Path,
        "templates/",
        "directory of templates of notices",
    ),
];

/// Names of services, in the spelling of `services` (services-core 3.1.1); `smtp` stands for the trio.
const SERVICES: Choices = Choices::of(&[
    "smtpIncoming",
    "smtpOutgoing",
    "processing",
    "pop3",
    "imap",
    "webmail",
    "webadmin",
    "cli",
    "log",
    "rpop",
    "ftpbackup",
    "report",
    "pop3proxy",
    "imapproxy",
    "webmailproxy",
])
.also(&[
    ("smtp", &["smtpIncoming", "smtpOutgoing", "processing"]),
    ("smtp-incoming", &["smtpIncoming"]),
    ("smtp-outgoing", &["smtpOutgoing"]),
    ("ftp-backup", &["ftpbackup"]),
    ("pop3-proxy", &["pop3proxy"]),
    ("imap-proxy", &["imapproxy"]),
    ("webmail-proxy", &["webmailproxy"]),
]);

/// Known to the configuration file and to old scripts.
static FILE: [Attr; 2] = [
    Attr::new(
        "services",
        Kind::ChoiceSet(SERVICES),
        "(smtpIncoming processing pop3 imap cli log)",
        "services that run when the server starts",
    )
    .usage("(list of services)")
    .legacy()
    .works(),
    Attr::new(
        "smtpFiltersFile",
        Kind::Path,
        "filters/smtpFilters.script",
        "the policy script",
    )
    .access(Access::FileOnly),
];

static STORES: [Command; 20] = [
    Command::act(
        "SAVE Config [<path>]",
        "SaveConfig",
        "writes the running configuration to disk, or beside it",
    ),
    Command::act(
        "SHOW Config",
        "ShowConfig",
        "shows the running configuration as in the file",
    ),
    Command::act(
        "SHOW StorageInformation [details]",
        "ShowStorageInformation",
        "shows what the server's storage takes, in KB",
    ),
    Command::act(
        "SHOW StorageStatistics [details|summary][average][raw][mboxDetails][mboxReset]",
        "ShowStorageStatistics",
        "shows what storages did since counting began",
    ),
    Command::act(
        "SHOW DisposableMetadataInformation",
        "ShowDisposableMetadata",
        "shows cached metadata of messages",
    ),
    Command::not_built(
        "SHOW BrandingElement <element>",
        "shows an image of the product's look",
    ),
    Command::not_built(
        "ESET BrandingElement <element>",
        "sets an image of the product's look",
    ),
    Command::act(
        "LIST Storages [matchingURI <pattern>]",
        "ListStorages",
        "lists open storages",
    ),
    Command::act(
        "LIST activeStorageTransactions [matchingURI <pattern>] [details]",
        "ListTransactions",
        "lists work on storages",
    ),
    Command::act(
        "READLOCK Storages [matchingURI <pattern>]",
        "ReadLock",
        "lets storages only be read, until READUNLOCK or the end of this session",
    ),
    Command::act(
        "READUNLOCK Storages [matchingURI <pattern>]",
        "ReadUnlock",
        "lets storages be written again",
    ),
    Command::act(
        "COMPACT ServerStorage [forced]",
        "CompactServer",
        "gives back space of the server's storage",
    ),
    Command::act(
        "COMPACT attach | peek [<timeout>]",
        "CompactJob",
        "follows or shows a compaction",
    ),
    Command::act("COMPACT abort", "CompactJob", "ends a compaction"),
    Command::not_built("UPDATE SmtpFilters [<path>]", "replaces the policy script"),
    Command::not_built("SHOW SmtpFilters [<path>]", "shows the policy script"),
    Command::act(
        "ENABLE [detailed] [mbox] StorageStatistics",
        "EnableStorageStatistics",
        "begins to count what storages do",
    ),
    Command::act(
        "DISABLE StorageStatistics",
        "DisableStorageStatistics",
        "ends counting what storages do",
    ),
    Command::not_built("CREATE domainData path <path> id <id>", "not needed any more").legacy(),
    Command::not_built("REGISTER domainData <path>", "not needed any more").legacy(),
];

static OBJECTS: [Command; 10] = [
    Command::not_built("LIST Usermaps", "lists every user map"),
    Command::not_built("ADD Usermap [name] <name>", "adds the user map").enters(),
    Command::not_built("UPDATE Usermap [name] <name>", "changes the user map").enters(),
    Command::not_built("REMOVE Usermap [name] <name>", "removes the user map"),
    Command::not_built("SHOW Usermap [name] <name> [ATTR <param>]", "shows the user map"),
    Command::not_built("LIST smsConnectors", "lists every connector for text messages"),
    Command::not_built(
        "ADD smsConnector [name] <name>",
        "adds the connector for text messages",
    )
    .enters(),
    Command::not_built(
        "UPDATE smsConnector [name] <name>",
        "changes the connector for text messages",
    )
    .enters(),
    Command::not_built(
        "REMOVE smsConnector [name] <name>",
        "removes the connector for text messages",
    ),
    Command::not_built(
        "SHOW smsConnector [name] <name> [[ATTR] <param>]",
        "shows the connector for text messages",
    ),
];

static PARTS: [Command; 23] = [
    Command::not_built("CONFIG RPOP", "configures fetching from remote mailboxes").enters(),
    Command::not_built("CONFIG SMTP-OUTGOING", "configures SMTP sending").enters(),
    Command::not_built("CONFIG WEBMAIL", "configures WebMail").enters(),
    Command::not_built("CONFIG WEBADMIN", "configures WebAdmin").enters(),
    Command::not_built("CONFIG FTP-BACKUP", "configures backup by FTP").enters(),
    Command::not_built("CONFIG DNR", "configures the resolver").enters(),
    Command::not_built("CONFIG REPORT", "configures reporting").enters(),
    Command::not_built("CONFIG POP3-Proxy", "configures the POP3 proxy").enters(),
    Command::not_built("CONFIG IMAP-Proxy", "configures the IMAP proxy").enters(),
    Command::not_built("CONFIG WEBMAIL-Proxy", "configures the WebMail proxy").enters(),
    Command::not_built("CONFIG USERDB", "configures user databases").enters(),
    Command::not_built("CONFIG PERMISSIONS", "configures rights of administrators").enters(),
    Command::not_built("CONFIG FILTERS", "configures filters").enters(),
    Command::not_built("CONFIG MOBILITY", "configures mobile devices").enters(),
    Command::not_built("CONFIG CLUSTER", "configures the cluster").enters(),
    Command::not_built(
        "CONFIG InitialAccountSettings",
        "configures what new accounts begin with",
    )
    .enters(),
    Command::not_built("CONFIG AUTODISCOVERY", "configures automatic set-up of clients").enters(),
    Command::not_built("CONFIG CERTS", "configures certificates").enters(),
    Command::not_built("CONFIG CALLOG", "configures the log of calendars").enters(),
    Command::not_built("CONFIG SECURITY", "configures the log of security").enters(),
    Command::not_built("CONFIG JOBLOG", "configures the log of jobs").enters(),
    Command::not_built("CONFIG MAILBOXAPI", "configures the mailbox interface").enters(),
    Command::not_built("CONFIG SRVLOG", "configures the log of the server").enters(),
];

/// The server.
pub(super) static SERVER: Context = Context {
    path: "SERVER",
    prompt: "server",
    title: "Server",
    leave: Leave::Commit,
    attrs: &[&OWN, &FILE],
    children: &[
        Child::part("LOG", "log", &log::LOG).called("the log service", ""),
        Child::part("CLI", "cli", &cli::CLI).called("the command line interface", ""),
        Child::part("SMTP-INCOMING", "smtpIncoming", &smtp_incoming::SMTP_INCOMING)
            .called("SMTP receiving", ""),
        Child::part("PROCESSING", "processing", &processing::PROCESSING)
            .called("processing of the queue", ""),
        Child::part("POP3", "pop3", &pop3::POP3).called("POP3", ""),
        Child::part("IMAP", "imap", &imap::IMAP).called("IMAP", ""),
    ],
    commands: &[&STORES, &OBJECTS, &groups::RESET, &PARTS],
    ..Context::EMPTY
};
