//! Where domains lie: EDIT Domain, and how a copied, moved or deleted one comes into the list (services-other 3.2.9,
//! WIRE.md 5.1).

use crate::schema::{Access, Attr, Child, ChildVerb, Command, Context, Leave};
use crate::value::Kind;

/// Which domain it is.
const NAME: Attr = Attr::new("name", Kind::DomainName, "", "name of the domain")
    .access(Access::ReadOnly)
    .works();

/// Settled when a domain is made, and changed where its storages are.
pub(super) const GROUPWARE_SUPPORT: Attr = Attr::new(
    "groupwareSupport",
    Kind::Bool,
    "yes",
    "calendars, contacts, tasks and notes",
)
.also(&["maclSupport"]);

static NAMED: [Attr; 1] = [NAME];

static PLACED: [Attr; 2] = [
    NAME,
    Attr::new(
        "domainLocation",
        Kind::Location,
        "",
        "directory of the domain that is registered",
    )
    .access(Access::ReadOnly)
    .works(),
];

static EDIT_ATTRS: [Attr; 4] = [
    NAME,
    Attr::new(
        "domainLocation",
        Kind::Location,
        "",
        "directory of its storage; when it was moved, what lies below moves along",
    )
    .works(),
    Attr::new(
        "domainObjectsLocation",
        Kind::Location,
        "",
        "directory of its objects",
    )
    .works(),
    GROUPWARE_SUPPORT,
];

static TEMPLATE: [Command; 1] = [Command::not_built(
    "SET [wmFilterTemplatePath <sieve file path>]",
    "message rules that new accounts begin with",
)];

/// Maintenance of a domain that is out of service.
static MAINTENANCE: [Command; 7] = [
    Command::act(
        "COMPACT all|domainStorage|domainObjectsStorage|messagesStorage [forced]",
        "CompactOffline",
        "gives back free space of the storages",
    ),
    Command::act(
        "COMPACT attach | peek [<timeout>]",
        "CompactJob",
        "follows or shows a compaction",
    ),
    Command::act("COMPACT abort", "CompactJob", "ends a compaction"),
    Command::act(
        "REPAIR domainContainer [forced|reset]",
        "RepairContainer",
        "makes names and numbers of the domain's objects agree; forced makes their index anew first",
    ),
    Command::not_built(
        "REPAIR publicContainer [forced|reset|resetFlags]",
        "rebuilds public folders",
    ),
    Command::act(
        "REPAIR attach | peek [<timeout>]",
        "RepairJob",
        "follows or shows a repair",
    ),
    Command::act("REPAIR abort", "RepairJob", "ends a repair"),
];

/// The storages of a domain that is disabled.
pub(in crate::schema::contexts) static DOMAIN_EDIT: Context = Context {
    path: "domain-edit",
    prompt: "domain-edit",
    title: "Domain-Edit",
    leave: Leave::Commit,
    attrs: &[&EDIT_ATTRS],
    children: &[messages_locations(&[
        ChildVerb::List,
        ChildVerb::Add,
        ChildVerb::Update,
        ChildVerb::Remove,
    ])],
    commands: &[&TEMPLATE, &MAINTENANCE],
    ..Context::EMPTY
};

/// A domain that is taken into the list.
pub(in crate::schema::contexts) static DOMAIN_REGISTER: Context = Context {
    path: "domain-register",
    prompt: "domain-register",
    title: "Domain-Register",
    leave: Leave::Commit,
    attrs: &[&PLACED],
    ..Context::EMPTY
};

/// A deleted domain that is brought back.
pub(in crate::schema::contexts) static DOMAIN_RESTORE: Context = Context {
    path: "domain-restore",
    prompt: "domain-restore",
    title: "Domain-Restore",
    leave: Leave::Commit,
    attrs: &[&NAMED],
    ..Context::EMPTY
};

/// Where the mail of a domain is.
pub(super) const fn messages_locations(verbs: &'static [ChildVerb]) -> Child {
    Child::names(
        ("MessagesLocation", "MessagesLocations"),
        "messagesLocations",
        "<unitLocationURI>",
        Kind::Location,
    )
    .called("location of messages", "The list of locations of messages:")
    .verbs(verbs)
}
