//! SERVER/LOG: the log service and its rules (services-core, "Logging").

use crate::schema::{Access, Attr, Child, Context, Leave, Unit, groups};
use crate::value::{Choices, Kind};

static OWN: [Attr; 1] = [Attr::new(
    "enableSecurityLog",
    Kind::Bool,
    "no",
    "keeps a separate log of logins and refusals",
)];

static LISTENER: Context = Context {
    path: "SERVER/LOG/listener",
    prompt: "server-log-listener",
    title: "Listener",
    leave: Leave::Commit,
    attrs: &[&groups::PLAIN_LISTENER],
    ..Context::EMPTY
};

const MODULES: Choices = Choices::of(&[
    "SMTP-IN",
    "SMTP-OUT",
    "IMAP",
    "POP3",
    "WEBMAIL",
    "WEBADMIN",
    "DNR",
    "RPOP",
    "CLI",
    "PROCESSING",
    "LOG",
    "REPORTING",
    "FTP-BACKUP",
    "PROXY_POP3",
    "PROXY_IMAP",
    "USERDB",
    "PROXY_WEBMAIL",
    "FILTERS",
    "CALLOG",
    "SECURITY",
    "JOBLOG",
    "SERVER",
    "MAILBOXAPI",
    "*",
])
.also(&[("SRVLOG", &["SERVER"]), ("all", &["*"])]);

static RULE_ATTRS: [Attr; 10] = [
    Attr::new(
        "priority",
        Kind::COUNT,
        "100",
        "rules are tried from the lowest number up",
    )
    .usage("<priority>")
    .access(Access::Key)
    .works(),
    Attr::new(
        "hostname",
        Kind::TEXT,
        "*",
        "host whose records the rule takes, * for all",
    )
    .usage("<hostname>")
    .works(),
    Attr::new(
        "module",
        Kind::Choice(MODULES),
        "*",
        "module whose records the rule takes, * for all",
    )
    .usage("<module>")
    .works(),
    Attr::new(
        "logLevel",
        Kind::Uint { min: 0, max: 31 },
        "31",
        "levels that the rule takes",
    )
    .usage("<level>")
    .works(),
    Attr::new(
        "fileName",
        Kind::LogFile,
        "everything.txt",
        "file that is written, below log/ of the working directory",
    )
    .usage("<name>")
    .works(),
    Attr::new(
        "fileSize",
        Kind::SIZE,
        "5120",
        "size at which a new file is begun, 0 for never",
    )
    .usage("<size>")
    .unit(Unit::Kilobytes)
    .works(),
    Attr::new(
        "fileTime",
        Kind::COUNT,
        "86400",
        "age at which a new file is begun, 0 for never",
    )
    .usage("<time>")
    .unit(Unit::Seconds)
    .works(),
    Attr::new(
        "fileCount",
        Kind::COUNT,
        "10",
        "old files that are kept, 0 for all",
    )
    .works(),
    Attr::new(
        "rotatePeriod",
        Kind::Choice(Choices::of(&["none", "day", "week", "month"])),
        "none",
        "period after which a new file is begun",
    )
    .usage("<period>")
    .works(),
    Attr::new(
        "type",
        Kind::Choice(Choices::of(&["local", "remote"])),
        "local",
        "records of this server or of others",
    )
    .works(),
];

static RULE: Context = Context {
    path: "SERVER/LOG/rule",
    prompt: "server-log-rule",
    title: "Rule",
    leave: Leave::Done,
    attrs: &[&RULE_ATTRS],
    ..Context::EMPTY
};

/// The log service.
pub(super) static LOG: Context = Context {
    path: "SERVER/LOG",
    prompt: "server-log",
    title: "LOG",
    leave: Leave::Commit,
    attrs: &[&OWN, &groups::LOGGING],
    children: &[
        Child::many(
            ("Listener", "Listeners"),
            "listeners",
            ("address", "<address>"),
            &LISTENER,
        )
        .called("listener", "The list of listeners:")
        .columns(&[("address", 20), ("enable", 7)])
        .initially("{ address = 127.0.0.1:2000 }")
        .without_effect(),
        Child::many(("Rule", "Rules"), "rules", ("priority", "<priority>"), &RULE)
            .called("rule", "The list of rules:")
            .columns(&[
                ("priority", 8),
                ("hostname", 16),
                ("module", 13),
                ("logLevel", 8),
                ("fileName", 24),
                ("type", 7),
            ])
            .initially("{ priority = 100 }"),
    ],
    commands: &[&groups::SERVICE, &groups::RESET],
    ..Context::EMPTY
};
