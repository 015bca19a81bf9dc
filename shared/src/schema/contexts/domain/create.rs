//! domain-create: a domain before its first COMMIT (domains-groupware, "Domains").

use super::places::{GROUPWARE_SUPPORT, messages_locations};
use crate::schema::{Access, Attr, ChildVerb, Context, Leave};
use crate::value::Kind;

static CREATE_ATTRS: [Attr; 6] = [
    Attr::new("name", Kind::DomainName, "", "name of the new domain").works(),
    Attr::new(
        "postmasterPassword",
        Kind::PASSWORD,
        "",
        "password of its postmaster",
    )
    .usage("<pass>")
    .also(&["postmasterPasswd"])
    .access(Access::WriteOnly)
    .works(),
    Attr::new(
        "domainLocation",
        Kind::Location,
        "",
        "directory of its storage, empty for domains/ and its name",
    )
    .usage("<unitLocationURI>")
    .works(),
    Attr::new(
        "wmFilterTemplatePath",
        Kind::Path,
        "none",
        "message rules that new accounts begin with",
    )
    .usage("<sieve file path>"),
    Attr::new(
        "domainObjectsLocation",
        Kind::Location,
        "",
        "directory of its objects, empty for one below domainLocation",
    )
    .usage("<unitLocationURI>")
    .works(),
    GROUPWARE_SUPPORT,
];

/// A domain that is being created.
pub(in crate::schema::contexts) static DOMAIN_CREATE: Context = Context {
    path: "domain-create",
    prompt: "domain-create",
    title: "Domain-Create",
    leave: Leave::Commit,
    attrs: &[&CREATE_ATTRS],
    children: &[messages_locations(&[
        ChildVerb::List,
        ChildVerb::Add,
        ChildVerb::Remove,
    ])],
    ..Context::EMPTY
};
