//! Services that speak HTTP: WebMail and WebAdmin (services-other, "WebMail", "WebAdmin").

mod webadmin;
mod webmail;

pub(super) use webadmin::WEBADMIN;
pub(super) use webmail::WEBMAIL;

use crate::schema::{Access, Attr, Child, ChildVerb, Context, Unit};
use crate::value::{Choices, Kind};

static SESSIONS: [Attr; 2] = [
    Attr::new(
        "sessionIdleTimeout",
        Kind::COUNT,
        "900",
        "how long a session may be idle",
    )
    .usage("<timeout>")
    .unit(Unit::Seconds),
    Attr::new(
        "sessionActivityTimeout",
        Kind::COUNT,
        "216000",
        "how long a session may last",
    )
    .usage("<timeout>")
    .unit(Unit::Seconds),
];

/// What every HTTP service may be asked for.
pub(super) static HTTP: [Attr; 6] = [
    Attr::new(
        "allowKeepAlive",
        Kind::Bool,
        "yes",
        "keeps connections open between requests",
    ),
    Attr::new(
        "allowLargeIncomingData",
        Kind::Bool,
        "no",
        "takes bodies larger than the limit where something is uploaded",
    ),
    Attr::new(
        "httpHeadersMaxSize",
        Kind::SIZE,
        "64",
        "largest headers of a request",
    )
    .usage("<size>")
    .unit(Unit::Kilobytes),
    Attr::new("httpBodyMaxSize", Kind::SIZE, "1024", "largest body of a request")
        .usage("<size>")
        .unit(Unit::Kilobytes),
    Attr::new(
        "httpServerHeaderEnable",
        Kind::Bool,
        "no",
        "names the server in its answers",
    ),
    Attr::new(
        "httpHstsHeaderValue",
        Kind::TEXT,
        "",
        "value of the header Strict-Transport-Security, none when empty (RFC 6797)",
    )
    .usage("<value>"),
];

static UPLOAD: [Attr; 1] = [Attr::new("uploadMaxSize", Kind::SIZE, "131072", "largest upload")
    .usage("<size>")
    .unit(Unit::Kilobytes)];

/// Kinds of user interface.
pub(super) const INTERFACES: Choices =
    Choices::of(&["ajaxDefault", "ajaxOnly", "standardDefault", "standardOnly"]);

/// Attributes that WebMail and its proxy have in common.
pub(super) static RECOVERY: [Attr; 5] = [
    Attr::new(
        "enablePasswordRecovery",
        Kind::Bool,
        "no",
        "lets users who forgot their password set a new one",
    ),
    Attr::new(
        "enableUsernameRecovery",
        Kind::Bool,
        "no",
        "tells users their login name",
    ),
    Attr::new(
        "allowSPNEGOAuth",
        Kind::Bool,
        "yes",
        "lets browsers log in with Kerberos (RFC 4559)",
    ),
    Attr::new(
        "enableLoginCaptcha",
        Kind::Bool,
        "no",
        "asks for a captcha after failed logins",
    ),
    Attr::new(
        "showCaptchaAfterFailedLoginsCount",
        Kind::COUNT,
        "3",
        "failed logins before a captcha is asked for",
    )
    .usage("<count>"),
];

/// Which other sites may use the service.
pub(super) static ORIGIN: [Attr; 1] = [Attr::new(
    "accessControlAllowOrigin",
    Kind::TEXT,
    "none",
    "origin of other sites that may use the service, * for every one, none for no one",
)
.usage("<none | * | origin>")];

pub(super) static REDIRECT_ATTRS: [Attr; 4] = [
    Attr::new("address", Kind::DomainName, "", "host name that is asked for")
        .usage("<address>")
        .access(Access::Key),
    Attr::new(
        "port",
        Kind::Uint { min: 1, max: 65535 },
        "443",
        "port it leads to",
    )
    .usage("<port>"),
    Attr::new("host", Kind::DomainName, "", "host it leads to").usage("<host>"),
    Attr::new("auto", Kind::Bool, "no", "made by the server itself"),
];

pub(super) static RESOLVER_ATTRS: [Attr; 2] = [
    Attr::new("host", Kind::DomainName, "", "host name that is asked for")
        .usage("<host>")
        .access(Access::Key),
    Attr::new("domain", Kind::DomainName, "", "domain whose users come by it").usage("<domain>"),
];

/// Where requests for another host name are led to.
pub(super) const fn url_redirects(context: &'static Context) -> Child {
    Child::record(
        ("UrlRedirect", "UrlRedirects"),
        "urlRedirects",
        ("address", "<address>"),
        context,
    )
    .called("redirection", "The list of URL redirects:")
    .columns(&[("address", 24), ("port", 6), ("host", 24), ("auto", 4)])
    .with(&["port", "host"])
    .may_with(&["port", "host", "auto"])
    .verbs(&[
        ChildVerb::List,
        ChildVerb::Add,
        ChildVerb::Update,
        ChildVerb::Remove,
    ])
    .without_effect()
}

/// Which domain the users of a host name belong to.
pub(super) const fn host_name_resolvers(context: &'static Context) -> Child {
    Child::record(
        ("HostNameResolver", "HostNameResolvers"),
        "hostNameResolvers",
        ("host", "<host>"),
        context,
    )
    .called("host name resolver", "The list of host name resolvers:")
    .columns(&[("host", 24), ("domain", 0)])
    .may_with(&["domain"])
    .without_effect()
}

/// The contexts of [`url_redirects`] and [`host_name_resolvers`] below a service.
macro_rules! http_records {
    ($path:literal, $prompt:literal) => {
        static URL_REDIRECT: Context = Context {
            path: concat!($path, "/urlRedirect"),
            prompt: concat!($prompt, "-urlRedirect"),
            title: "UrlRedirect",
            leave: Leave::Done,
            attrs: &[&crate::schema::contexts::web::REDIRECT_ATTRS],
            built: false,
            ..Context::EMPTY
        };
    };
    ($path:literal, $prompt:literal, resolvers) => {
        crate::schema::contexts::web::http_records!($path, $prompt);

        static HOST_NAME_RESOLVER: Context = Context {
            path: concat!($path, "/hostNameResolver"),
            prompt: concat!($prompt, "-hostNameResolver"),
            title: "HostNameResolver",
            leave: Leave::Done,
            attrs: &[&crate::schema::contexts::web::RESOLVER_ATTRS],
            built: false,
            ..Context::EMPTY
        };
    };
}

pub(super) use http_records;
