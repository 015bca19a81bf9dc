//! SERVER/WEBMAIL-Proxy (cluster.md, "Proxies").

use super::super::connectivity;
use super::super::web::{
    HTTP, INTERFACES, ORIGIN, RECOVERY, host_name_resolvers, http_records, url_redirects,
};
use super::{CONNECTION, LISTENER_DOMAIN, ON_PROXY};
use crate::schema::Attr;
use crate::value::Kind;

connectivity!("SERVER/WEBMAIL-Proxy", "server-webmailProxy", idle: "300", more: &LISTENER_DOMAIN, built: false, most: ["1000", "1200", "100"]);
http_records!("SERVER/WEBMAIL-Proxy", "server-webmailProxy", resolvers);

static PLACE: [Attr; 1] = [Attr::new(
    "path",
    Kind::Path,
    "webmail",
    "directory of its pages, below the working directory",
)];

static REQUESTS: [Attr; 1] = [Attr::new(
    "requestsQueueMaxSize",
    Kind::COUNT,
    "64",
    "most requests that wait for a back end",
)
.usage("<size>")];

static ACCESS: [Attr; 3] = [
    Attr::new(
        "enableMobileWebmail",
        Kind::Bool,
        "no",
        "has pages for telephones",
    ),
    Attr::new(
        "userInterfaceType",
        Kind::Choice(INTERFACES),
        "ajaxDefault",
        "which user interfaces there are",
    )
    .usage("<ajaxDefault | ajaxOnly | standardDefault | standardOnly>"),
    Attr::new(
        "httpBindBackend",
        Kind::TEXT,
        "",
        "back end that everything is passed to which belongs to no user",
    )
    .usage("<url>"),
];

static CONNECTION_DATA: Context = Context {
    path: "SERVER/WEBMAIL-Proxy/ConnectionData",
    prompt: "server-webmailProxy-connectionData",
    title: "ConnectionData",
    leave: Leave::Done,
    attrs: &[&CONNECTION],
    built: false,
    ..Context::EMPTY
};

static MAPPING_DATA: Context = Context {
    path: "SERVER/WEBMAIL-Proxy/MappingData",
    prompt: "server-webmailProxy-mappingData",
    title: "MappingData",
    leave: Leave::Done,
    attrs: &[&groups::MAPPING],
    defaults: &[("mappingPort", "80")],
    built: false,
    ..Context::EMPTY
};

/// The WebMail proxy.
pub(in crate::schema::contexts) static WEBMAIL_PROXY: Context = Context {
    path: "SERVER/WEBMAIL-Proxy",
    prompt: "server-webmailProxy",
    title: "WebMail-Proxy",
    leave: Leave::Commit,
    attrs: &[
        &groups::ERROR_LIMITS,
        &groups::THREADS,
        &groups::LOGGING,
        &PLACE,
        &HTTP,
        &groups::USERDB,
        &REQUESTS,
        &ON_PROXY,
        &ACCESS,
        &RECOVERY,
        &ORIGIN,
    ],
    defaults: &[("httpBodyMaxSize", "4096")],
    children: &[
        Child::part("ConnectionData", "connectionData", &CONNECTION_DATA)
            .called("connections to the back ends", "")
            .without_effect(),
        Child::part("MappingData", "mappingData", &MAPPING_DATA)
            .called("how the back end of a user is found", "")
            .without_effect(),
        groups::access_control(&ACCESS_CONTROL),
        url_redirects(&URL_REDIRECT),
        host_name_resolvers(&HOST_NAME_RESOLVER),
        groups::listeners(&LISTENER, "{ address = 127.0.0.1:80 }"),
    ],
    commands: &[&groups::UNBUILT_SERVICE, &groups::RESET],
    built: false,
    ..Context::EMPTY
};
