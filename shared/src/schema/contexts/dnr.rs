//! SERVER/DNR: the resolver (services-core 3.1, "DNR").

use crate::schema::{Access, Attr, Child, Command, Context, Leave, Unit, groups};
use crate::value::Kind;

static OWN: [Attr; 3] = [
    Attr::new("timeout", Kind::COUNT, "5", "how long a nameserver may take").unit(Unit::Seconds),
    Attr::new(
        "retries",
        Kind::COUNT,
        "3",
        "how often a nameserver is asked again",
    ),
    Attr::new(
        "cacheSize",
        Kind::COUNT,
        "1000",
        "most answers that are remembered",
    ),
];

static NAMESERVER_ATTRS: [Attr; 4] = [
    Attr::new("priority", Kind::COUNT, "5", "the lower, the earlier it is asked").access(Access::Key),
    Attr::new("address", Kind::Ip, "none", "address of the nameserver"),
    Attr::new("timeout", Kind::COUNT, "5", "how long it may take").unit(Unit::Seconds),
    Attr::new("retries", Kind::COUNT, "3", "how often it is asked again"),
];

static NAMESERVER: Context = Context {
    path: "SERVER/DNR/nameserver",
    prompt: "server-dnr-nameserver",
    title: "Nameserver",
    leave: Leave::Done,
    attrs: &[&NAMESERVER_ATTRS],
    built: false,
    ..Context::EMPTY
};

static QUERIES: [Command; 8] = [
    Command::not_built("EMPTYCACHE", "forgets every answer"),
    Command::not_built("QUERY A <domain.name>", "asks for IPv4 addresses"),
    Command::not_built("QUERY MX <domain.name>", "asks for mail exchangers"),
    Command::not_built("QUERY NS <domain.name>", "asks for nameservers"),
    Command::not_built("QUERY TXT <domain.name>", "asks for texts"),
    Command::not_built("QUERY PTR <ip.address>", "asks for the name of an address"),
    Command::not_built("QUERY AAAA <domain.name>", "asks for IPv6 addresses"),
    Command::not_built("REMOVE All", "removes every nameserver"),
];

/// The resolver.
pub(super) static DNR: Context = Context {
    path: "SERVER/DNR",
    prompt: "server-dnr",
    title: "DNR",
    leave: Leave::Commit,
    attrs: &[&OWN, &groups::LOGGING],
    children: &[Child::many(
        ("Nameserver", "Nameservers"),
        "nameservers",
        ("priority", "<priority>"),
        &NAMESERVER,
    )
    .called("nameserver", "The list of nameservers:")
    .columns(&[("priority", 8), ("address", 20), ("timeout", 7), ("retries", 0)])
    .without_effect()],
    commands: &[&groups::SAVE, &groups::RESET, &QUERIES],
    built: false,
    ..Context::EMPTY
};
