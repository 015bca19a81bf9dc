//! domain/folderRcpt: an address bound to a public folder (domains-groupware, "Folder recipients"). Stored; its address
//! takes no mail before public folders are built.

use super::filters::filters;
use crate::schema::{Access, Attr, Child, Command, Context, Leave};
use crate::value::Kind;

filters!(FILTERS, "domain/folderRcpt/FILTERS", "domain-folderRcpt-filters");

static ATTRS: [Attr; 5] = [
    Attr::new(
        "name",
        Kind::LocalPart,
        "",
        "name of the recipient, the part of its address before the @",
    )
    .access(Access::Key)
    .works(),
    Attr::new("enable", Kind::Bool, "yes", "takes mail"),
    Attr::new(
        "mboxName",
        Kind::Text { max: 255 },
        "",
        "public folder that its mail goes to",
    )
    .usage("<name>"),
    Attr::new(
        "publishContactInfo",
        Kind::Bool,
        "yes",
        "appears among the contacts of the domain",
    ),
    Attr::new(
        "domainSendMailAs",
        Kind::Bool,
        "no",
        "users of the domain may send with its address",
    ),
];

static COMMANDS: [Command; 2] = [
    Command::act(
        "LIST MEMBERSHIP [noGroups][noLists][sameDomain][directReference]",
        "ListMembership",
        "lists groups and lists it is in",
    ),
    Command::act(
        "SHOW RegistryInformation",
        "ShowRegistryInformation",
        "shows dates",
    ),
];

/// AXIGEN 10.6 has the context and no attribute in it.
static SHOW: [Command; 1] = [Command::not_built("SHOW [ATTR <param>]", "shows the limits")];

static LIMITS: Context = Context {
    path: "domain/folderRcpt/LIMITS",
    prompt: "domain-folderRcpt-limits",
    title: "Limits",
    leave: Leave::Done,
    commands: &[&SHOW],
    ..Context::EMPTY
};

/// The same at the domain.
pub(super) static FOLDER_RCPT_DEFAULT_LIMITS: Context = Context {
    path: "domain/folderRcptDefaultLimits",
    prompt: "domain-folderRcptDefaultLimits",
    title: "FolderRcptDefaultLimits",
    leave: Leave::Done,
    commands: &[&SHOW],
    ..Context::EMPTY
};

pub(super) static FOLDER_RCPT: Context = Context {
    path: "domain/folderRcpt",
    prompt: "domain-folderRcpt",
    title: "FolderRcpt",
    leave: Leave::Commit,
    attrs: &[&ATTRS],
    children: &[
        Child::part("FILTERS", "filters", &FILTERS)
            .called("message rules of the recipient", "")
            .without_effect(),
        Child::part("LIMITS", "limits", &LIMITS)
            .called("limits of the recipient", "")
            .without_effect(),
    ],
    commands: &[&COMMANDS],
    ..Context::EMPTY
};
