//! domain/group (domains-groupware, "Groups").

use super::filters::filters;
use crate::schema::{Access, Attr, Child, Command, Context, Leave};
use crate::value::{Choices, Kind};

filters!(FILTERS, "domain/group/FILTERS", "domain-group-filters");

static GROUP_ATTRS: [Attr; 6] = [
    Attr::new(
        "name",
        Kind::LocalPart,
        "",
        "name of the group, the part of its address before the @",
    )
    .access(Access::Key)
    .works(),
    Attr::new("enable", Kind::Bool, "yes", "takes mail").works(),
    Attr::new(
        "publishContactInfo",
        Kind::Bool,
        "yes",
        "appears among the contacts of the domain",
    ),
    Attr::new(
        "membersSendMailAsGroup",
        Kind::Bool,
        "no",
        "members may send with its address",
    ),
    Attr::new(
        "distributeEmailTo",
        Kind::Choice(Choices::of(&["members", "domain", "server", "cluster", "nobody"])),
        "members",
        "who gets mail to it: its members, every account of the domain, of the server, of the cluster, nobody",
    )
    .usage("<members|domain|server|cluster|nobody>")
    .works(),
    Attr::new(
        "receiveEmailFrom",
        Kind::Choice(Choices::of(&[
            "anybody",
            "server",
            "domain",
            "members",
            "directMembers",
            "nobody",
        ])),
        "anybody",
        "who may write to it; all but anybody have to log in",
    )
    .usage("<anybody|server|domain|members|directMembers|nobody>")
    .works(),
];

static GROUP_COMMANDS: [Command; 3] = [
    Command::act(
        "LIST MEMBERSHIP [noGroups][noLists][sameDomain][directReference]",
        "ListMembership",
        "lists groups and lists it is in",
    ),
    Command::not_built("RESET ldapAssociation", "forgets the entry in the directory"),
    Command::act(
        "SHOW RegistryInformation",
        "ShowRegistryInformation",
        "shows dates",
    ),
];

pub(super) static GROUP: Context = Context {
    path: "domain/group",
    prompt: "domain-group",
    title: "Group",
    leave: Leave::Commit,
    attrs: &[&GROUP_ATTRS],
    children: &[
        Child::names(
            ("Address", "Addresses"),
            "addresses",
            "<address>",
            Kind::EmailAddress,
        )
        .called("address", "The list of addresses for this group:"),
        Child::part("FILTERS", "filters", &FILTERS)
            .called("message rules of the group", "")
            .without_effect(),
    ],
    commands: &[&GROUP_COMMANDS],
    ..Context::EMPTY
};
