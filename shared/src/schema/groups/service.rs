//! What every service has: error limits, threads, logging, logins, its switch (services-core 3.2, 3.3.3).

use crate::schema::{Attr, Command, Live, Verb};
use crate::value::{Choices, Kind};

/// Wrong commands and failed logins that a session may have (services-core 3.2.1).
pub static ERROR_LIMITS: [Attr; 2] = [
    Attr::new(
        "maxErrors",
        Kind::COUNT,
        "20",
        "wrong commands allowed in a session before it is closed, 0 for no limit",
    )
    .usage("<maxErrors>")
    .live(Live::NewSessions)
    .works(),
    Attr::new(
        "maxAuthErrors",
        Kind::COUNT,
        "5",
        "failed logins allowed in a session before it is closed, 0 for no limit",
    )
    .usage("<maxErrors>")
    .live(Live::NewSessions)
    .works(),
];

/// Threads that serve connections (services-core 3.3.3). Defaults are per service.
pub static THREADS: [Attr; 2] = [
    Attr::new("maxConnThreads", Kind::SOME, "16", "most threads under load")
        .usage("<maxThreads>")
        .works(),
    Attr::new(
        "minConnThreads",
        Kind::SOME,
        "2",
        "threads that exist from the start of the service",
    )
    .usage("<minThreads>")
    .works(),
];

/// What is logged and where to (services-core, "Logging").
pub static LOGGING: [Attr; 3] = [
    Attr::new(
        "logLevel",
        Kind::Uint { min: 0, max: 31 },
        "15",
        "what is logged: sum of 1 critical, 2 errors, 4 warnings, 8 information, 16 protocol",
    )
    .usage("<level>")
    .works(),
    Attr::new(
        "logType",
        Kind::Choice(Choices::of(&["internal", "system", "remote"])),
        "internal",
        "where it is logged: the log service here, the system's log, a remote log service",
    ),
    Attr::new(
        "logHost",
        Kind::Address,
        "127.0.0.1:2000",
        "the remote log service",
    )
    .usage("<host>"),
];

const AUTH_TYPES: Choices = Choices::of(&["plain", "login", "cram-md5", "digest-md5", "gssapi"]).also(&[
    ("all", &["plain", "login", "cram-md5", "digest-md5", "gssapi"]),
    ("none", &[]),
]);

/// How users may log in, with and without encryption (services-core 3.2.4).
///
/// The documented default of the clear text switches is "yes"; ours and the stock configuration's is "no": a password
/// must not cross the network in clear unless the administrator asks for it.
pub static LOGIN: [Attr; 5] = [
    Attr::new(
        "allowStartTLS",
        Kind::Bool,
        "yes",
        "offers encryption on clear connections",
    )
    .live(Live::NewSessions)
    .works(),
    Attr::new(
        "secureConnAuthTypes",
        Kind::ChoiceSet(AUTH_TYPES),
        "(plain login cram-md5 digest-md5 gssapi)",
        "SASL mechanisms allowed on encrypted connections",
    )
    .usage("(types)")
    .live(Live::NewSessions)
    .works(),
    Attr::new(
        "plainConnAuthTypes",
        Kind::ChoiceSet(AUTH_TYPES),
        "()",
        "SASL mechanisms allowed on clear connections",
    )
    .usage("(types)")
    .live(Live::NewSessions)
    .works(),
    Attr::new(
        "secureConnAllowLogin",
        Kind::Bool,
        "yes",
        "allows name and password on encrypted connections",
    )
    .live(Live::NewSessions)
    .works(),
    Attr::new(
        "plainConnAllowLogin",
        Kind::Bool,
        "no",
        "allows name and password on clear connections",
    )
    .live(Live::NewSessions)
    .works(),
];

/// Where passwords are checked.
pub static USERDB: [Attr; 2] = [
    Attr::new(
        "userdbConnectorType",
        Kind::Choice(
            Choices::of(&["local", "ldapBind", "ldapPassword", "oauth"]).also(&[("ldap", &["ldapBind"])]),
        ),
        "local",
        "where passwords are checked",
    ),
    Attr::new(
        "userdbConnectorName",
        Kind::TEXT,
        "",
        "the connector that checks passwords",
    )
    .usage("<name>"),
];

/// Longest greeting: it has to fit the first line of every protocol.
const MAX_GREETING: usize = 400;

/// The greeting; empty for the product's own.
pub static GREETING: [Attr; 1] = [Attr::new(
    "greetingsText",
    Kind::Text { max: MAX_GREETING },
    "",
    "text of the greeting, empty for the usual one",
)
.usage("<text>")
.live(Live::NewSessions)
.works()];

/// Switch of a service, and saving from its context.
pub static SERVICE: [Command; 3] = [
    Command::act(
        "SAVE Config",
        "SaveConfig",
        "writes the running configuration to disk",
    ),
    Command::act("START Service", "StartService", "starts the service at once"),
    Command::act("STOP Service", "StopService", "stops the service at once"),
];

/// The same for a service that is not built yet.
pub static UNBUILT_SERVICE: [Command; 3] = [
    Command::act(
        "SAVE Config",
        "SaveConfig",
        "writes the running configuration to disk",
    ),
    Command::not_built("START Service", "starts the service at once"),
    Command::not_built("STOP Service", "stops the service at once"),
];

/// Saving from a context that is no service.
pub static SAVE: [Command; 1] = [Command::act(
    "SAVE Config",
    "SaveConfig",
    "writes the running configuration to disk",
)];

/// Back to the active configuration.
pub static RESET: [Command; 1] = [Command::new(
    "RESET",
    Verb::Reset,
    "takes the active configuration again, pending changes are dropped",
)];
