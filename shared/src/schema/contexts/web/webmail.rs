//! SERVER/WEBMAIL (services-other, "WebMail").

use super::super::connectivity;
use super::{
    HTTP, INTERFACES, ORIGIN, RECOVERY, SESSIONS, UPLOAD, host_name_resolvers, http_records, url_redirects,
};
use crate::schema::Attr;
use crate::value::Kind;

connectivity!("SERVER/WEBMAIL", "server-webmail", idle: "300", more: &LISTENER_DOMAIN, built: false, most: ["1000", "1200", "100"]);
http_records!("SERVER/WEBMAIL", "server-webmail", resolvers);

static PLACE: [Attr; 1] = [Attr::new(
    "path",
    Kind::Path,
    "webmail",
    "directory of its pages, below the working directory",
)];

static DOMAINS: [Attr; 1] = [Attr::new(
    "showDomainList",
    Kind::Bool,
    "no",
    "lets users choose their domain from a list",
)];

static ACCESS: [Attr; 7] = [
    Attr::new(
        "enableMobileWebmail",
        Kind::Bool,
        "yes",
        "has pages for telephones",
    ),
    Attr::new(
        "enableActiveSync",
        Kind::Bool,
        "yes",
        "lets devices synchronise by ActiveSync",
    ),
    Attr::new(
        "enableIcalCalendar",
        Kind::Bool,
        "yes",
        "gives out calendars as iCalendar",
    ),
    Attr::new(
        "enableIcalFreebusy",
        Kind::Bool,
        "yes",
        "tells when users are busy",
    ),
    Attr::new(
        "enableWebDAVCardDAV",
        Kind::Bool,
        "yes",
        "contacts by CardDAV (RFC 6352)",
    ),
    Attr::new(
        "enableWebDAVCalDAV",
        Kind::Bool,
        "yes",
        "calendars by CalDAV (RFC 4791)",
    ),
    Attr::new(
        "userInterfaceType",
        Kind::Choice(INTERFACES),
        "ajaxDefault",
        "which user interfaces there are",
    )
    .usage("<ajaxDefault | ajaxOnly | standardDefault | standardOnly>"),
];

static EXTRAS: [Attr; 4] = [
    Attr::new(
        "enableZoomConnector",
        Kind::Bool,
        "no",
        "makes Zoom meetings of appointments",
    ),
    Attr::new(
        "enableTeamsConnector",
        Kind::Bool,
        "no",
        "makes Teams meetings of appointments",
    ),
    Attr::new(
        "enableOfficeDocumentsPreview",
        Kind::Bool,
        "no",
        "shows office documents",
    ),
    Attr::new(
        "batchAsyncThreshold",
        Kind::COUNT,
        "1000",
        "milliseconds after which a long job of a user goes on in the background",
    )
    .usage("<count>"),
];

static LISTENER_DOMAIN: [Attr; 1] = [Attr::new(
    "listenerDomain",
    Kind::DomainName,
    "",
    "domain that connections to this listener belong to",
)
.usage("<domain>")];

/// WebMail.
pub(in crate::schema::contexts) static WEBMAIL: Context = Context {
    path: "SERVER/WEBMAIL",
    prompt: "server-webmail",
    title: "WebMail",
    leave: Leave::Commit,
    attrs: &[
        &groups::ERROR_LIMITS,
        &groups::THREADS,
        &groups::LOGGING,
        &PLACE,
        &SESSIONS,
        &HTTP,
        &UPLOAD,
        &DOMAINS,
        &groups::USERDB,
        &ACCESS,
        &RECOVERY,
        &EXTRAS,
        &ORIGIN,
    ],
    children: &[
        groups::access_control(&ACCESS_CONTROL),
        url_redirects(&URL_REDIRECT),
        host_name_resolvers(&HOST_NAME_RESOLVER),
        groups::listeners(&LISTENER, "{ address = 127.0.0.1:80 }"),
    ],
    commands: &[&groups::UNBUILT_SERVICE, &groups::RESET],
    built: false,
    ..Context::EMPTY
};
