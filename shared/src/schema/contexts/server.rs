//! SERVER: what concerns the whole server, and the way to its services (services-core 3.1.2).

use super::{
    background, cli, clients, cluster, dnr, filters, ftp_backup, imap, log, pop3, processing, proxies,
    smtp_incoming, userdb, web,
};
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
        "counts what storages do, from when they are opened first",
    )
    .works(),
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

static PERMISSIONS: [Command; 1] =
    [Command::not_built("CONFIG PERMISSIONS", "configures rights of administrators").enters()];

/// A part that nothing acts on yet.
const fn unbuilt(
    word: &'static str,
    field: &'static str,
    context: &'static Context,
    noun: &'static str,
) -> Child {
    Child::part(word, field, context)
        .called(noun, "")
        .without_effect()
}

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
        unbuilt(
            "RPOP",
            "rpop",
            &background::RPOP,
            "fetching from remote mailboxes",
        ),
        unbuilt(
            "SMTP-OUTGOING",
            "smtpOutgoing",
            &background::SMTP_OUTGOING,
            "SMTP sending",
        ),
        unbuilt("WEBMAIL", "webmail", &web::WEBMAIL, "WebMail"),
        unbuilt("WEBADMIN", "webadmin", &web::WEBADMIN, "WebAdmin"),
        unbuilt(
            "FTP-BACKUP",
            "ftpBackup",
            &ftp_backup::FTP_BACKUP,
            "backup by FTP",
        ),
        unbuilt("DNR", "dnr", &dnr::DNR, "the resolver"),
        unbuilt("REPORT", "report", &background::REPORT, "reporting"),
        unbuilt("POP3-Proxy", "pop3Proxy", &proxies::POP3_PROXY, "the POP3 proxy"),
        unbuilt("IMAP-Proxy", "imapProxy", &proxies::IMAP_PROXY, "the IMAP proxy"),
        unbuilt(
            "WEBMAIL-Proxy",
            "webmailProxy",
            &proxies::WEBMAIL_PROXY,
            "the WebMail proxy",
        ),
        unbuilt("USERDB", "userdb", &userdb::USERDB, "user databases"),
        unbuilt("FILTERS", "filters", &filters::FILTERS, "filters of all mail"),
        unbuilt("MOBILITY", "mobility", &clients::MOBILITY, "mobile devices"),
        unbuilt("CLUSTER", "cluster", &cluster::CLUSTER, "the cluster"),
        unbuilt(
            "InitialAccountSettings",
            "initialAccountSettings",
            &clients::INITIAL_ACCOUNT_SETTINGS,
            "what new accounts begin with",
        ),
        unbuilt(
            "AUTODISCOVERY",
            "autodiscovery",
            &clients::AUTODISCOVERY,
            "automatic set-up of clients",
        ),
        unbuilt("CERTS", "certs", &clients::CERTS, "certificates"),
        unbuilt("CALLOG", "callog", &background::CALLOG, "the log of calendars"),
        unbuilt(
            "SECURITY",
            "security",
            &background::SECURITY,
            "the log of security",
        ),
        unbuilt("JOBLOG", "joblog", &background::JOBLOG, "the log of jobs"),
        unbuilt(
            "MAILBOXAPI",
            "mailboxapi",
            &background::MAILBOXAPI,
            "the log of the mailbox interface",
        ),
        unbuilt("SRVLOG", "srvlog", &background::SRVLOG, "the log of the server"),
        Child::many(
            ("Usermap", "Usermaps"),
            "usermaps",
            ("name", "<name>"),
            &userdb::USERMAP,
        )
        .called("user map", "The list of user maps:")
        .columns(&[("name", 20), ("type", 0)])
        .without_effect(),
        Child::many(
            ("smsConnector", "smsConnectors"),
            "smsConnectors",
            ("name", "<name>"),
            &clients::SMS_CONNECTOR,
        )
        .called(
            "connector for text messages",
            "The list of connectors for text messages:",
        )
        .columns(&[("name", 20), ("url", 0)])
        .without_effect(),
    ],
    commands: &[&STORES, &groups::RESET, &PERMISSIONS],
    ..Context::EMPTY
};
