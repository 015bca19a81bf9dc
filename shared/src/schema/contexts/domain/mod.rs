//! domain: its attributes, its creation, its places, its accounts and what these inherit (domains-groupware, "Domains").

mod account;
mod commands;
mod create;
mod defaults;
mod filters;
mod folder_rcpt;
mod group;
mod jobs;
mod list;
mod list_parts;
mod places;
mod public_folder;

pub(super) use create::DOMAIN_CREATE;
pub(super) use places::{DOMAIN_EDIT, DOMAIN_REGISTER, DOMAIN_RESTORE};

use self::account::ACCOUNT;
use self::commands::{DOMAIN_COMMANDS, DOMAIN_OBJECTS, DOMAIN_PARTS, DOMAIN_REST};
use self::defaults::{ACCOUNT_DEFAULT_LIMITS, ACCOUNT_DEFAULT_QUOTAS};
use self::folder_rcpt::{FOLDER_RCPT, FOLDER_RCPT_DEFAULT_LIMITS};
use self::group::GROUP;
use self::jobs::DOMAIN_JOBS;
use self::list::LIST;
use self::public_folder::PUBLIC_FOLDER;
use crate::schema::{Access, Attr, Child, Context, Layout, Leave, Live, groups};
use crate::value::{Choices, Kind};

static DOMAIN_ATTRS: [Attr; 20] = [
    Attr::new("name", Kind::DomainName, "", "name of the domain")
        .access(Access::ReadOnly)
        .works(),
    Attr::new(
        "assignedIp",
        Kind::Ip,
        "none",
        "address that belongs to the domain",
    ),
    Attr::new(
        "services",
        Kind::ChoiceSet(groups::USER_SERVICES),
        "(smtpIncoming smtpOutgoing pop3 imap webmail rpop)",
        "services that users of the domain may use",
    )
    .usage("(list of services)")
    .works(),
    Attr::new(
        "showWebmailLogin",
        Kind::Bool,
        "no",
        "appears in the list of domains at login to WebMail",
    ),
    Attr::new(
        "createUsersFromLdap",
        Kind::Bool,
        "no",
        "creates accounts at first login by LDAP",
    ),
    Attr::new(
        "publishRcptContacts",
        Kind::Bool,
        "yes",
        "accounts appear among the contacts of the domain",
    ),
    Attr::new(
        "enableAppender",
        Kind::Bool,
        "no",
        "adds a text to mail that is sent",
    ),
    Attr::new(
        "catchAllType",
        Kind::Choice(Choices::of(&["disabled", "account", "folder"]).also(&[("reject", &["disabled"])])),
        "disabled",
        "what happens to mail for unknown recipients: refused, to an account, to a public folder",
    )
    .works(),
    Attr::new(
        "catchAllAccountName",
        Kind::LocalPart,
        "",
        "account that gets mail for unknown recipients",
    )
    .usage("<value>")
    .works(),
    Attr::new(
        "catchAllFolderName",
        Kind::Text { max: 255 },
        "INBOX",
        "folder that it goes to",
    )
    .usage("<value>")
    .works(),
    Attr::new(
        "enableLDAPSync",
        Kind::Bool,
        "no",
        "keeps accounts as in a directory",
    ),
    Attr::new(
        "ldapSyncConnectorName",
        Kind::TEXT,
        "",
        "connector of that directory",
    )
    .usage("<name>"),
    Attr::new("customerReference", Kind::TEXT, "", "reference for billing"),
    Attr::new(
        "defaultTimezone",
        Kind::TEXT,
        "",
        "time zone of new accounts, empty for that of the server",
    )
    .usage("<timezone>"),
    Attr::new(
        "defaultLanguage",
        Kind::TEXT,
        "",
        "language of new accounts, empty for that of the server",
    )
    .usage("<lang>"),
    Attr::new(
        "disposableMetadataQuotaThreshold",
        Kind::COUNT,
        "0",
        "KB of cached metadata of messages above which the daily maintenance drops it, for each storage; 0 for never",
    )
    .usage("<no.>")
    .works(),
    Attr::new(
        "brandingName",
        Kind::TEXT,
        "",
        "name of the product that users see, empty for that of the server",
    )
    .usage("<name>"),
    Attr::new(
        "enableGravatar",
        Kind::Bool,
        "no",
        "shows pictures of senders from outside",
    ),
    Attr::new(
        "enablePushNotificationGenerator",
        Kind::Bool,
        "no",
        "writes push notifications",
    ),
    Attr::new(
        "postmasterAccount",
        Kind::LocalPart,
        "postmaster",
        "account that is postmaster, changed at once",
    )
    .usage("<name>")
    .live(Live::AtSet)
    .works(),
];

/// A domain.
pub(in crate::schema::contexts) static DOMAIN: Context = Context {
    path: "domain",
    prompt: "domain",
    title: "Domain",
    leave: Leave::Commit,
    attrs: &[&DOMAIN_ATTRS],
    children: &[
        Child::names(("Alias", "Aliases"), "aliases", "<aliasName>", Kind::DomainName)
            .called("alias", "The list of aliases for this domain:"),
        Child::part(
            "accountDefaultQuotas",
            "accountDefaultQuotas",
            &ACCOUNT_DEFAULT_QUOTAS,
        )
        .called("quotas that accounts inherit", ""),
        Child::part(
            "accountDefaultLimits",
            "accountDefaultLimits",
            &ACCOUNT_DEFAULT_LIMITS,
        )
        .called("limits that accounts inherit", ""),
        Child::stored(("Account", "Accounts"), "accounts", ("name", "<name>"), &ACCOUNT)
            .called("account", "The list of accounts for this domain:")
            .columns(&[("name", 0)])
            .layout(Layout::Bars)
            .with(&["password"])
            .wildcard("account*"),
        Child::stored(("Group", "Groups"), "groups", ("name", "<name>"), &GROUP)
            .called("group", "The list of groups for this domain:")
            .columns(&[("name", 0)])
            .layout(Layout::Bars)
            .wildcard("account*")
            .also(&[("Forwarder", "Forwarders")]),
        Child::stored(("List", "Lists"), "lists", ("name", "<listName>"), &LIST)
            .called("list", "The list of mailing lists for this domain:")
            .columns(&[("name", 0)])
            .layout(Layout::Bars)
            .with(&["password", "adminEmail"])
            .wildcard("account*"),
        Child::stored(
            ("FolderRcpt", "FolderRcpts"),
            "folderRcpts",
            ("name", "<name>"),
            &FOLDER_RCPT,
        )
        .called(
            "folder recipient",
            "The list of folder recipients for this domain:",
        )
        .columns(&[("name", 0)])
        .layout(Layout::Bars)
        .wildcard("account*")
        .without_effect(),
        Child::part(
            "folderRcptDefaultLimits",
            "folderRcptDefaultLimits",
            &FOLDER_RCPT_DEFAULT_LIMITS,
        )
        .called("limits that folder recipients inherit", "")
        .without_effect(),
        Child::part("PUBLIC-FOLDER", "publicFolder", &PUBLIC_FOLDER)
            .called("public folders", "")
            .without_effect(),
    ],
    commands: &[
        &DOMAIN_COMMANDS,
        &DOMAIN_OBJECTS,
        &DOMAIN_PARTS,
        &DOMAIN_JOBS,
        &DOMAIN_REST,
    ],
    ..Context::EMPTY
};
