//! The contexts, one file per area. The order of a declaration is the order of SHOW and HELP.

mod background;
mod cli;
mod clients;
mod cluster;
mod dnr;
mod domain;
mod filters;
mod ftp_backup;
mod imap;
mod log;
mod places;
mod pop3;
mod processing;
mod proxies;
mod root;
mod server;
mod smtp_incoming;
mod userdb;
mod web;

use super::Context;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The context of a connection that has not logged in.
pub fn login() -> &'static Context {
    &root::LOGIN
}

/// The context after login.
pub fn root() -> &'static Context {
    &root::ROOT
}

/// All contexts: those of a session, and everything reachable from them.
pub fn contexts() -> impl Iterator<Item = &'static Context> {
    by_path().values().copied()
}

/// The context with this path, spelled as in contexts.json.
pub fn context(path: &str) -> Option<&'static Context> {
    by_path().get(path).copied()
}

fn by_path() -> &'static BTreeMap<&'static str, &'static Context> {
    static PATHS: LazyLock<BTreeMap<&'static str, &'static Context>> = LazyLock::new(|| {
        let mut found = BTreeMap::new();
        let mut open: Vec<&'static Context> = vec![
            &root::LOGIN,
            &root::ROOT,
            &server::SERVER,
            &places::QUEUE,
            &places::QUARANTINE,
            &places::TRACER,
            &places::JSONQUERY,
            &places::DEBUG,
            &places::COMMANDS,
            &places::COMMANDS_SERVER,
            &places::COMMANDS_STORAGE,
            &places::MIGRATION,
            &places::REPORTING,
            &domain::DOMAIN_CREATE,
            &domain::DOMAIN_EDIT,
            &domain::DOMAIN_REGISTER,
            &domain::DOMAIN_RESTORE,
        ];
        while let Some(context) = open.pop() {
            if found.insert(context.path, context).is_none() {
                open.extend(context.children.iter().filter_map(super::Child::context));
            }
        }
        found
    });
    &PATHS
}

/// The contexts of a TCP service below the service itself: listener, its TLS and rules, access control.
///
/// Paths and prompts are built from those of the service; the idle time-out's default is per service. A service that is not
/// built yet says `built: false`; `most` are connections at once, in an interval, and at once of one peer for AccessControl.
macro_rules! connectivity {
    ($path:literal, $prompt:literal, idle: $idle:literal, more: $more:expr) => {
        connectivity!($path, $prompt, idle: $idle, more: $more, built: true);
    };
    ($path:literal, $prompt:literal, idle: $idle:literal, more: $more:expr, built: $built:literal) => {
        connectivity!($path, $prompt, idle: $idle, more: $more, built: $built, most: ["200", "600", "20"]);
    };
    ($path:literal, $prompt:literal, idle: $idle:literal, more: $more:expr, built: $built:literal, most: [$all:literal, $interval:literal, $peer:literal]) => {
        use crate::schema::groups;
        use crate::schema::{Child, Context, Leave};

        static SSLCONTROL: Context = Context {
            path: concat!($path, "/listener/SSLCONTROL"),
            prompt: concat!($prompt, "-listener-sslcontrol"),
            title: "SSLControl",
            leave: Leave::Done,
            attrs: &[&groups::SSL],
            built: $built,
            ..Context::EMPTY
        };

        connectivity!(rules LISTENER_ALLOW_RULE, LISTENER_DENY_RULE, $path, "/listener", $prompt, "-listener", $built);

        static LISTENER: Context = Context {
            path: concat!($path, "/listener"),
            prompt: concat!($prompt, "-listener"),
            title: "Listener",
            leave: Leave::Commit,
            attrs: &[&groups::LISTENER, &groups::LISTENER_LIMITS, &groups::LISTENER_TLS, &groups::LISTENER_TAIL, $more],
            defaults: &[("peerMaxConnections", "50"), ("idleTimeout", $idle)],
            children: &[
                Child::part("SSLCONTROL", "sslControl", &SSLCONTROL).called("TLS of the listener", ""),
                groups::deny_rules(&LISTENER_DENY_RULE),
                groups::allow_rules(&LISTENER_ALLOW_RULE),
            ],
            built: $built,
            ..Context::EMPTY
        };

        connectivity!(rules ALLOW_RULE, DENY_RULE, $path, "/AccessControl", $prompt, "-access-control", $built);

        static ACCESS_CONTROL: Context = Context {
            path: concat!($path, "/AccessControl"),
            prompt: concat!($prompt, "-access-control"),
            title: "AccessControl",
            leave: Leave::Done,
            attrs: &[&groups::ACCESS_LIMITS],
            defaults: &[
                ("maxConnections", $all),
                ("maxIntervalConnections", $interval),
                ("peerMaxConnections", $peer),
                ("peerMaxIntervalConnections", "600"),
            ],
            children: &[groups::deny_rules(&DENY_RULE), groups::allow_rules(&ALLOW_RULE)],
            built: $built,
            ..Context::EMPTY
        };
    };
    (rules $allow:ident, $deny:ident, $path:literal, $below:literal, $prompt:literal, $under:literal, $built:literal) => {
        static $allow: Context = Context {
            path: concat!($path, $below, "/AllowRule"),
            prompt: concat!($prompt, $under, "-allowrule"),
            title: "AllowRule",
            leave: Leave::Done,
            attrs: &[&groups::RULE, &groups::ALLOW_RULE_LIMITS],
            built: $built,
            ..Context::EMPTY
        };

        static $deny: Context = Context {
            path: concat!($path, $below, "/DenyRule"),
            prompt: concat!($prompt, $under, "-denyrule"),
            title: "DenyRule",
            leave: Leave::Done,
            attrs: &[&groups::RULE],
            built: $built,
            ..Context::EMPTY
        };
    };
}

use connectivity;
