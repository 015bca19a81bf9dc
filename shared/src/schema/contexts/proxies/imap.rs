//! SERVER/IMAP-Proxy (cluster.md, "Proxies").

use super::super::connectivity;
use super::{CONNECTION, LISTENER_DOMAIN, ON_PROXY, START_TLS};
use crate::schema::Attr;
use crate::value::Kind;

connectivity!("SERVER/IMAP-Proxy", "server-imapProxy", idle: "300", more: &LISTENER_DOMAIN, built: false);

static OWN: [Attr; 1] = [Attr::new(
    "imapIdEnabled",
    Kind::Bool,
    "yes",
    "answers the ID command",
)];

static CONNECTION_DATA: Context = Context {
    path: "SERVER/IMAP-Proxy/connectionData",
    prompt: "server-imapProxy-connectionData",
    title: "ConnectionData",
    leave: Leave::Done,
    attrs: &[&CONNECTION],
    built: false,
    ..Context::EMPTY
};

static MAPPING_DATA: Context = Context {
    path: "SERVER/IMAP-Proxy/mappingData",
    prompt: "server-imapProxy-mappingData",
    title: "MappingData",
    leave: Leave::Done,
    attrs: &[&groups::MAPPING],
    defaults: &[("mappingPort", "143")],
    built: false,
    ..Context::EMPTY
};

/// The proxy.
pub(in crate::schema::contexts) static IMAP_PROXY: Context = Context {
    path: "SERVER/IMAP-Proxy",
    prompt: "server-imapProxy",
    title: "IMAP-Proxy",
    leave: Leave::Commit,
    attrs: &[
        &groups::ERROR_LIMITS,
        &groups::THREADS,
        &groups::LOGGING,
        &START_TLS,
        &groups::USERDB,
        &ON_PROXY,
        &groups::GREETING,
        &OWN,
    ],
    children: &[
        Child::part("connectionData", "connectionData", &CONNECTION_DATA)
            .called("connections to the back ends", "")
            .without_effect(),
        Child::part("mappingData", "mappingData", &MAPPING_DATA)
            .called("how the back end of a user is found", "")
            .without_effect(),
        groups::access_control(&ACCESS_CONTROL),
        groups::listeners(&LISTENER, "{ address = 127.0.0.1:143 }"),
    ],
    commands: &[&groups::UNBUILT_SERVICE, &groups::RESET],
    built: false,
    ..Context::EMPTY
};
