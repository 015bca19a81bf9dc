//! SERVER/FILTERS: filters of all mail (services-core, "Filters").

use crate::schema::{Access, Attr, Child, ChildVerb, Command, Context, Leave, Unit, groups};
use crate::value::{Choices, Kind};

static SCRIPT_ATTRS: [Attr; 3] = [
    Attr::new("name", Kind::Text { max: 255 }, "", "name of the filter")
        .usage("<name>")
        .access(Access::Key),
    Attr::new("type", Kind::Text { max: 255 }, "sieve", "language of the script"),
    Attr::new("file", Kind::Path, "", "the script").usage("<path>"),
];

static SOCKET_ATTRS: [Attr; 6] = [
    Attr::new("name", Kind::Text { max: 255 }, "", "name of the filter")
        .usage("<name>")
        .access(Access::Key),
    Attr::new(
        "address",
        Kind::Text { max: 255 },
        "",
        "where the filter listens: inet://host:port or local://path",
    )
    .usage("<addr>"),
    Attr::new("protocolFile", Kind::Path, "", "how it is spoken to").usage("<path>"),
    Attr::new("idleTimeout", Kind::COUNT, "60", "how long it may be silent")
        .usage("<timeout>")
        .unit(Unit::Seconds),
    Attr::new(
        "actionOnMatch",
        Kind::TEXT,
        "pass",
        "what is done with what it finds",
    )
    .usage("<action>"),
    Attr::new("maxConnections", Kind::COUNT, "20", "most connections to it").usage("<no.>"),
];

static INTEGRATED_ATTRS: [Attr; 5] = [
    Attr::new("name", Kind::Text { max: 255 }, "", "name of the filter")
        .usage("<name>")
        .access(Access::Key),
    Attr::new("enable", Kind::Bool, "yes", "whether it is used"),
    Attr::new("type", Kind::Text { max: 255 }, "", "kind of filter"),
    Attr::new("command", Kind::Text { max: 1024 }, "", "how it is run"),
    Attr::new("requestTimeout", Kind::COUNT, "60", "how long it may take")
        .usage("<timeout>")
        .unit(Unit::Seconds),
];

static ACTIVE_ATTRS: [Attr; 4] = [
    Attr::new("priority", Kind::COUNT, "100", "the lower, the earlier it runs").access(Access::Key),
    Attr::new("filterName", Kind::Text { max: 255 }, "", "which filter").usage("<name>"),
    Attr::new(
        "filterType",
        Kind::Choice(Choices::of(&["socket", "script", "integrated"])),
        "script",
        "kind of that filter",
    )
    .usage("<type>"),
    Attr::new(
        "applyOn",
        Kind::ChoiceSet(Choices::of(&[
            "local",
            "relay",
            "localOnCluster",
            "relayFromCluster",
        ])),
        "(local relay)",
        "which mail it sees",
    )
    .usage("(local relay localOnCluster relayFromCluster)"),
];

static UPLOAD: [Command; 1] = [Command::not_built(
    "UPLOAD filter",
    "takes the script from the lines that follow",
)];

static DATABASE: [Command; 2] = [
    Command::not_built("SHOW databaseUpdateStatus", "shows how old its database is").legacy(),
    Command::not_built("UPDATE Database", "fetches its database anew").legacy(),
];

static SCRIPT: Context = Context {
    path: "SERVER/FILTERS/ScriptFilter",
    prompt: "server-filters-script",
    title: "ScriptFilter",
    leave: Leave::Done,
    attrs: &[&SCRIPT_ATTRS],
    commands: &[&UPLOAD],
    built: false,
    ..Context::EMPTY
};

static SOCKET: Context = Context {
    path: "SERVER/FILTERS/SocketFilter",
    prompt: "server-filters-socket",
    title: "SocketFilter",
    leave: Leave::Done,
    attrs: &[&SOCKET_ATTRS],
    built: false,
    ..Context::EMPTY
};

static INTEGRATED: Context = Context {
    path: "SERVER/FILTERS/IntegratedFilter",
    prompt: "server-filters-integrated",
    title: "IntegratedFilter",
    leave: Leave::Done,
    attrs: &[&INTEGRATED_ATTRS],
    commands: &[&DATABASE],
    built: false,
    ..Context::EMPTY
};

static ACTIVE: Context = Context {
    path: "SERVER/FILTERS/ActiveFilter",
    prompt: "server-filters-active",
    title: "ActiveFilter",
    leave: Leave::Done,
    attrs: &[&ACTIVE_ATTRS],
    built: false,
    ..Context::EMPTY
};

static ALL: [Command; 1] = [Command::not_built(
    "LIST Filters",
    "lists every filter of every kind",
)];

const fn filters(
    words: (&'static str, &'static str),
    field: &'static str,
    context: &'static Context,
    with: &'static [&'static str],
) -> Child {
    Child::many(words, field, ("name", "<name>"), context)
        .called("filter", "The list of filters:")
        .columns(&[("name", 0)])
        .with(with)
        .without_effect()
}

const fn addresses(
    words: (&'static str, &'static str),
    field: &'static str,
    noun: &'static str,
    title: &'static str,
) -> Child {
    Child::names(words, field, "<address_pattern>", Kind::Text { max: 255 })
        .called(noun, title)
        .verbs(&[
            ChildVerb::List,
            ChildVerb::Add,
            ChildVerb::Remove,
            ChildVerb::Reset,
        ])
        .without_effect()
}

/// Filters of all mail.
pub(super) static FILTERS: Context = Context {
    path: "SERVER/FILTERS",
    prompt: "server-filters",
    title: "Filters",
    leave: Leave::Commit,
    attrs: &[&groups::LOGGING],
    children: &[
        filters(
            ("ScriptFilter", "ScriptFilters"),
            "scriptFilters",
            &SCRIPT,
            &["file"],
        ),
        filters(
            ("SocketFilter", "SocketFilters"),
            "socketFilters",
            &SOCKET,
            &["address", "protocolFile"],
        ),
        filters(
            ("IntegratedFilter", "IntegratedFilters"),
            "integratedFilters",
            &INTEGRATED,
            &["type", "command"],
        ),
        Child::many(
            ("ActiveFilter", "ActiveFilters"),
            "activeFilters",
            ("priority", "<no.>"),
            &ACTIVE,
        )
        .called("active filter", "The list of active filters:")
        .columns(&[
            ("priority", 8),
            ("filterName", 24),
            ("filterType", 12),
            ("applyOn", 0),
        ])
        .with(&["filterName", "filterType"])
        .without_effect(),
        addresses(
            ("Whitelist", "Whitelist"),
            "whitelist",
            "address",
            "The list of addresses that are always let through:",
        ),
        addresses(
            ("Blacklist", "Blacklist"),
            "blacklist",
            "address",
            "The list of addresses that are never let through:",
        ),
    ],
    commands: &[&groups::RESET, &ALL],
    built: false,
    ..Context::EMPTY
};
