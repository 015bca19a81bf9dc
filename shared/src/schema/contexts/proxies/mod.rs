//! The proxies of a cluster: they take connections of users and pass them on to the back end that has the mailbox
//! (cluster.md, "Proxies").

mod imap;
mod pop3;
mod webmail;

pub(super) use imap::IMAP_PROXY;
pub(super) use pop3::POP3_PROXY;
pub(super) use webmail::WEBMAIL_PROXY;

use crate::schema::{Attr, Unit};
use crate::value::Kind;

static CONNECTION: [Attr; 4] = [
    Attr::new(
        "rwTimeout",
        Kind::COUNT,
        "400",
        "how long a back end may be silent",
    )
    .usage("<no.>")
    .unit(Unit::Seconds),
    Attr::new(
        "maxConnections",
        Kind::COUNT,
        "64",
        "most connections to one back end",
    )
    .usage("<no.>"),
    Attr::new("sslEnable", Kind::Bool, "no", "speaks TLS to the back ends"),
    Attr::new(
        "localInterface",
        Kind::Ip,
        "0.0.0.0",
        "address that connections go out from",
    )
    .usage("<interface>"),
];

static START_TLS: [Attr; 1] = [Attr::new(
    "allowStartTLS",
    Kind::Bool,
    "yes",
    "offers encryption on clear connections",
)];

static ON_PROXY: [Attr; 1] = [Attr::new(
    "authenticateOnProxy",
    Kind::Bool,
    "no",
    "checks passwords here and not on the back end",
)];

static LISTENER_DOMAIN: [Attr; 1] = [Attr::new(
    "listenerDomain",
    Kind::DomainName,
    "",
    "domain that connections to this listener belong to",
)
.usage("<domain>")];
