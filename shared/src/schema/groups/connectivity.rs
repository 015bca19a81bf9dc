//! Listeners, their TLS, rules and limits (services-core 3.3.1, 3.3.2).

use crate::schema::{Access, Attr, Child, ChildVerb, Context, Effect, Live, Unit};
use crate::value::{Choices, Kind};

/// Columns and their widths of a list of listeners; a client needs `enable` last (WIRE.md 6.1).
const LISTENER_COLUMNS: &[(&str, usize)] = &[("address", 20), ("enable", 7)];
/// Columns and their widths of a list of rules.
const RULE_COLUMNS: &[(&str, usize)] = &[("ipSet", 28), ("enable", 6), ("priority", 9)];

/// Longest time in seconds that an attribute takes: a year.
const YEAR: Kind = Kind::Uint {
    min: 1,
    max: 366 * 24 * 3600,
};

/// Limits on connections; `total` says whether those on simultaneous connections work here.
const fn limits(total: Effect) -> [Attr; 6] {
    let mut all = [
        Attr::new(
            "maxConnections",
            Kind::COUNT,
            "0",
            "most simultaneous connections, 0 for no limit",
        )
        .usage("<maxConn>"),
        Attr::new("timeInterval", YEAR, "60", "window of maxIntervalConnections")
            .usage("<interval>")
            .unit(Unit::Seconds),
        Attr::new(
            "maxIntervalConnections",
            Kind::COUNT,
            "0",
            "most new connections in the window, 0 for no limit",
        )
        .usage("<interval>"),
        Attr::new(
            "peerMaxConnections",
            Kind::COUNT,
            "0",
            "most simultaneous connections from one address, 0 for no limit",
        )
        .usage("<maxConn>"),
        Attr::new(
            "peerTimeInterval",
            YEAR,
            "60",
            "window of peerMaxIntervalConnections",
        )
        .usage("<interval>")
        .unit(Unit::Seconds),
        Attr::new(
            "peerMaxIntervalConnections",
            Kind::COUNT,
            "0",
            "most new connections from one address in the window, 0 for no limit",
        )
        .usage("<interval>"),
    ];
    all[0].effect = total;
    all[3].effect = total;
    all
}

/// Limits of a listener. `peerMaxConnections` is 50 there ("ours"), by the context's defaults.
pub static LISTENER_LIMITS: [Attr; 6] = limits(Effect::Works);
/// Limits of a service for all its listeners.
pub static ACCESS_LIMITS: [Attr; 6] = limits(Effect::None);
/// Limits of an allow rule.
pub static ALLOW_RULE_LIMITS: [Attr; 6] = limits(Effect::None);

/// Address and switch of a TCP listener.
pub static LISTENER: [Attr; 2] = [
    Attr::new(
        "address",
        Kind::Address,
        "0.0.0.0:1",
        "address and port that is listened on",
    )
    .access(Access::Key)
    .works(),
    Attr::new(
        "enable",
        Kind::Bool,
        "yes",
        "whether the listener is open; a closed one keeps its settings",
    )
    .works(),
];

/// Time-out and encryption of a TCP listener. The time-out's default is per service.
pub static LISTENER_TLS: [Attr; 2] = [
    Attr::new(
        "idleTimeout",
        YEAR,
        "300",
        "a connection that is silent for longer is closed",
    )
    .usage("<timeout>")
    .unit(Unit::Seconds)
    .live(Live::NewSessions)
    .works(),
    Attr::new("sslEnable", Kind::Bool, "no", "encryption from the first byte")
        .live(Live::NewSessions)
        .works(),
];

/// PROXY protocol and cluster of a TCP listener.
pub static LISTENER_TAIL: [Attr; 3] = [
    Attr::new(
        "proxyProtocol",
        Kind::ChoiceSet(
            Choices::of(&["allowV1", "allowV2", "allowAll", "isOptional"]).or_nothing("disabled"),
        ),
        "disabled",
        "takes the address of the client from a PROXY header",
    )
    .usage("(list)"),
    Attr::new(
        "proxyProtocolTimeout",
        YEAR,
        "5",
        "how long is waited for the PROXY header",
    )
    .usage("<timeout>")
    .unit(Unit::Seconds),
    Attr::new(
        "nonClusterListener",
        Kind::Bool,
        "no",
        "keeps the listener out of cluster traffic",
    ),
];

/// A UDP listener has address and switch only; log records of remote servers are not taken yet.
pub static PLAIN_LISTENER: [Attr; 2] = [
    Attr::new(
        "address",
        Kind::Address,
        "0.0.0.0:1",
        "address and port that is listened on",
    )
    .access(Access::Key),
    Attr::new("enable", Kind::Bool, "yes", "whether the listener is open"),
];

/// What all rules have.
pub static RULE: [Attr; 3] = [
    Attr::new(
        "ipSet",
        Kind::IpSet,
        "0.0.0.0-254.255.255.255",
        "addresses that the rule is about",
    )
    .access(Access::Key),
    Attr::new("enable", Kind::Bool, "yes", "whether the rule counts"),
    Attr::new("priority", Kind::COUNT, "1000", "the lowest number decides").usage("<priority>"),
];

const VERSIONS: Choices = Choices::of(&["tls1_1", "tls1_2", "tls1_3"])
    .also(&[
        ("tls11", &["tls1_1"]),
        ("tls12", &["tls1_2"]),
        ("tls13", &["tls1_3"]),
    ])
    // Too old for any library of today.
    .ignoring(&["ssl2", "ssl3", "tls1", "tls1_0", "tls10"]);

/// TLS of a listener, for `sslEnable` and for STARTTLS (services-core 3.3.1).
pub static SSL: [Attr; 9] = [
    Attr::new(
        "allowedVersions",
        Kind::ChoiceSet(VERSIONS),
        "(tls1_2 tls1_3)",
        "versions of TLS that are spoken",
    )
    .usage("(version list)")
    .live(Live::NewSessions)
    .works(),
    Attr::new(
        "maxChainDepth",
        Kind::Uint { min: 0, max: 100 },
        "4",
        "longest chain of a client's certificate",
    )
    .usage("<maxDepth>"),
    Attr::new(
        "cipherSuite",
        Kind::TEXT,
        "",
        "cipher suites, empty for those of the library",
    )
    .usage("<cipher>"),
    Attr::new(
        "preferServerCipherSuiteOrder",
        Kind::Bool,
        "yes",
        "the server's order of cipher suites decides",
    ),
    Attr::new("useEphemeralKey", Kind::Bool, "yes", "forward secrecy"),
    Attr::new(
        "certFile",
        Kind::Path,
        "axigen_cert.pem",
        "certificate chain and private key in one PEM file, below the working directory",
    )
    .usage("<file>")
    .live(Live::NewSessions)
    .works(),
    Attr::new(
        "caFile",
        Kind::Path,
        "none",
        "authorities for certificates of clients",
    )
    .usage("<file>"),
    Attr::new(
        "dhParamFile",
        Kind::Path,
        "axigen_dh.pem",
        "Diffie-Hellman parameters",
    )
    .usage("<file>"),
    Attr::new(
        "requestClientAuth",
        Kind::Bool,
        "no",
        "asks clients for a certificate",
    ),
];

/// Where a front end passes connections on to (services-core 3.2.1). The port's default is per service.
pub static MAPPING: [Attr; 3] = [
    Attr::new(
        "userMap",
        Kind::TEXT,
        "none",
        "user map that knows the back end of a user",
    )
    .usage("<map>"),
    Attr::new(
        "mappingHost",
        Kind::TEXT,
        "127.0.0.1",
        "the back end without a user map",
    )
    .usage("<host>"),
    Attr::new(
        "mappingPort",
        Kind::Uint { min: 1, max: 65535 },
        "25",
        "port of the back end",
    )
    .usage("<port>"),
];

/// The TCP listeners of a service.
pub const fn listeners(context: &'static Context, initially: &'static str) -> Child {
    const VERBS: &[ChildVerb] = &[
        ChildVerb::List,
        ChildVerb::ResetSet,
        ChildVerb::Add,
        ChildVerb::Update,
        ChildVerb::Remove,
        ChildVerb::Show,
    ];
    Child::many(
        ("Listener", "Listeners"),
        "listeners",
        ("address", "<address>"),
        context,
    )
    .called("listener", "The list of listeners:")
    .columns(LISTENER_COLUMNS)
    .verbs(VERBS)
    .initially(initially)
}

/// Allow rules.
pub const fn allow_rules(context: &'static Context) -> Child {
    const VERBS: &[ChildVerb] = &[
        ChildVerb::List,
        ChildVerb::Add,
        ChildVerb::Update,
        ChildVerb::Remove,
        ChildVerb::ShowAll,
    ];
    Child::many(
        ("AllowRule", "AllowRules"),
        "allowRules",
        ("ipSet", "<ipRange>"),
        context,
    )
    .called("allow rule", "The list of allow rules:")
    .columns(RULE_COLUMNS)
    .verbs(VERBS)
    .without_effect()
}

/// Deny rules, edited in one line.
pub const fn deny_rules(context: &'static Context) -> Child {
    Child::record(
        ("DenyRule", "DenyRules"),
        "denyRules",
        ("ipSet", "<ipRange>"),
        context,
    )
    .called("deny rule", "The list of deny rules:")
    .columns(RULE_COLUMNS)
    .may_with(&["enable", "priority"])
    .without_effect()
}

/// Rules and limits of a service for all its listeners.
pub const fn access_control(context: &'static Context) -> Child {
    Child::part("AccessControl", "accessControl", context)
        .called("rules and limits for all listeners of the service", "")
        .without_effect()
}
