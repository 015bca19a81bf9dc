//! SERVER/POP3-Proxy (cluster.md, "Proxies").

use super::super::connectivity;
use super::{CONNECTION, LISTENER_DOMAIN, ON_PROXY, START_TLS};

connectivity!("SERVER/POP3-Proxy", "server-pop3Proxy", idle: "300", more: &LISTENER_DOMAIN, built: false);

static CONNECTION_DATA: Context = Context {
    path: "SERVER/POP3-Proxy/connectionData",
    prompt: "server-pop3Proxy-connectionData",
    title: "ConnectionData",
    leave: Leave::Done,
    attrs: &[&CONNECTION],
    built: false,
    ..Context::EMPTY
};

static MAPPING_DATA: Context = Context {
    path: "SERVER/POP3-Proxy/mappingData",
    prompt: "server-pop3Proxy-mappingData",
    title: "MappingData",
    leave: Leave::Done,
    attrs: &[&groups::MAPPING],
    defaults: &[("mappingPort", "110")],
    built: false,
    ..Context::EMPTY
};

/// The proxy.
pub(in crate::schema::contexts) static POP3_PROXY: Context = Context {
    path: "SERVER/POP3-Proxy",
    prompt: "server-pop3Proxy",
    title: "POP3-Proxy",
    leave: Leave::Commit,
    attrs: &[
        &groups::ERROR_LIMITS,
        &groups::THREADS,
        &groups::LOGGING,
        &START_TLS,
        &groups::USERDB,
        &ON_PROXY,
        &groups::GREETING,
    ],
    children: &[
        Child::part("connectionData", "connectionData", &CONNECTION_DATA)
            .called("connections to the back ends", "")
            .without_effect(),
        Child::part("mappingData", "mappingData", &MAPPING_DATA)
            .called("how the back end of a user is found", "")
            .without_effect(),
        groups::access_control(&ACCESS_CONTROL),
        groups::listeners(&LISTENER, "{ address = 127.0.0.1:110 }"),
    ],
    commands: &[&groups::UNBUILT_SERVICE, &groups::RESET],
    built: false,
    ..Context::EMPTY
};
