//! domain/account and its parts (domains-groupware, "Accounts").

use super::defaults::{NOTIFICATION, exceptions};
use crate::schema::{Access, Attr, Child, ChildVerb, Command, Context, Leave, groups};
use crate::value::{Choices, Kind};

static QUOTA_COMMANDS: [Command; 3] = [
    Command::act("LIST Mboxes", "ListMboxes", "lists every folder of the account"),
    Command::act(
        "SET MboxQuota mboxName <name> messageCount <count> messageSize <size>",
        "SetMboxQuota",
        "sets the quota of one folder, sizes in KB",
    ),
    Command::act(
        "SHOW MboxQuota mboxName <name>",
        "ShowMboxQuota",
        "shows the quota of one folder",
    ),
];

static ACCOUNT_QUOTAS: Context = Context {
    path: "domain/account/Quotas",
    prompt: "domain-account-quotas",
    title: "Quotas",
    leave: Leave::Done,
    attrs: &[&groups::QUOTAS],
    commands: &[&QUOTA_COMMANDS, &NOTIFICATION],
    inherits: Some("domain/accountDefaultQuotas"),
    ..Context::EMPTY
};

static LIMIT_COMMANDS: [Command; 2] = [
    Command::not_built("SHOW sendQuota", "shows how much was sent in the interval"),
    Command::not_built("RESET sendQuota", "forgets how much was sent"),
];

static ACCOUNT_LIMITS: Context = Context {
    path: "domain/account/Limits",
    prompt: "domain-account-limits",
    title: "Limits",
    leave: Leave::Done,
    attrs: &[&groups::LIMITS, &groups::LIMITS_OF_ACCOUNT],
    children: &[exceptions(&[
        ChildVerb::List,
        ChildVerb::Add,
        ChildVerb::Remove,
        ChildVerb::Reset,
    ])],
    commands: &[&LIMIT_COMMANDS],
    inherits: Some("domain/accountDefaultLimits"),
    ..Context::EMPTY
};

static CONTACT_COMMANDS: [Command; 1] = [Command::not_built("ESET contactNotes", "notes of several lines")];

static CONTACT_INFO: Context = Context {
    path: "domain/account/ContactInfo",
    prompt: "domain-account-contactInfo",
    title: "ContactInfo",
    leave: Leave::Done,
    attrs: &[&groups::CONTACT],
    commands: &[&CONTACT_COMMANDS],
    ..Context::EMPTY
};

static ACCOUNT_ATTRS: [Attr; 10] = [
    Attr::new(
        "name",
        Kind::LocalPart,
        "",
        "name of the account, the part of its address before the @",
    )
    .access(Access::ReadOnly)
    .works(),
    Attr::new(
        "password",
        Kind::PASSWORD,
        "",
        "password of the account, or {SCHEME}hash of one",
    )
    .usage("<password> [respectEnforcement <yes|no>]")
    .also(&["passwd"])
    .access(Access::WriteOnly)
    .works(),
    Attr::new(
        "mustChangePass",
        Kind::Bool,
        "no",
        "the next login to WebMail has to change the password",
    ),
    Attr::new(
        "accountType",
        Kind::Choice(Choices::of(&["basic", "premium"])),
        "premium",
        "kind of account",
    )
    .usage("<basic|premium>"),
    Attr::new(
        "accountClassName",
        Kind::TEXT,
        "",
        "class that settings are inherited from",
    )
    .access(Access::ReadOnly),
    Attr::new("customerReference", Kind::TEXT, "", "reference for billing"),
    Attr::new("twoFactorConfigured", Kind::Bool, "no", "login takes two steps"),
    Attr::new(
        "publishContactInfo",
        Kind::Bool,
        "yes",
        "appears among the contacts of the domain",
    ),
    Attr::new(
        "filteringOption",
        Kind::Choice(Choices::of(&[
            "pass",
            "discard",
            "sendNDR",
            "moveToFilteredEmail",
            "moveToFilteredEmailWithIC",
        ])),
        "pass",
        "what happens to mail of senders that are not in the address book",
    )
    .usage("<pass|discard|sendNDR|moveToFilteredEmail|moveToFilteredEmailWithIC>"),
    Attr::new("twoFactorKey", Kind::PASSWORD, "", "key of the second login step")
        .usage("<string>")
        .access(Access::WriteOnly)
        .legacy(),
];

static ACCOUNT_COMMANDS: [Command; 36] = [
    Command::not_built("SET [name <name>]", "renames the account"),
    Command::act("LIST Folders", "ListFolders", "lists every folder of the account"),
    Command::not_built("LIST Delegates", "lists who may act for the account"),
    Command::not_built(
        "ADD Delegate <delegateName> resource <resource> permissions r|w|rw",
        "lets someone act for the account",
    ),
    Command::not_built(
        "REMOVE Delegate <delegateName> [resource <resource>]",
        "ends that",
    ),
    Command::act(
        "LIST MEMBERSHIP [noGroups][noLists][sameDomain][directReference]",
        "ListMembership",
        "lists groups and lists it is in",
    ),
    Command::not_built("LIST SecurityMethods", "lists ways of the second login step"),
    Command::not_built(
        "ADD securityMethod <sms|email> <target>",
        "adds a way of the second login step",
    ),
    Command::not_built(
        "REVOKE securityMethod <methodId>",
        "removes a way of the second login step",
    ),
    Command::not_built(
        "REVOKE all securityMethods",
        "removes all ways of the second login step",
    ),
    Command::not_built("CONFIG WebmailData", "configures WebMail").enters(),
    Command::not_built("CONFIG Filters", "configures message rules").enters(),
    Command::not_built(
        "CONFIG SendRecvRestrictions",
        "configures whom it may write to and hear from",
    )
    .enters(),
    Command::not_built("CONFIG WebmailAdvertising", "configures advertising in WebMail").enters(),
    Command::act(
        "PURGE account folders <folderName> [<folderName or purgeCondition>...]",
        "PurgeFolders",
        "removes mail from folders: names with commas between, then [older than <days>] [larger than <KB>] [seen|unseen]",
    ),
    Command::not_built(
        "PURGE calendarMetadata [folder <folderName>]",
        "drops cached data of calendars",
    ),
    Command::not_built("PURGE caldav <what>", "drops data of calendar clients"),
    Command::not_built("RESET ldapAssociation", "forgets the entry in the directory"),
    Command::not_built(
        "RESET messageMetadata attachments|calendar [allfolders|folder <folderName>]",
        "drops cached data of messages",
    ),
    Command::not_built("RESET folder <folderName> [<folderName>...]", "rebuilds folders"),
    Command::not_built(
        "RESET messageConversationIds",
        "groups messages to conversations again",
    ),
    Command::act(
        "SHOW RegistryInformation",
        "ShowRegistryInformation",
        "shows dates, last logins and use",
    ),
    Command::act(
        "SHOW SearchIndexInformation [diag] [allfolders] [folder <folderName>]",
        "ShowSearchIndexInformation",
        "shows how many messages of the folders are in the search index; diag: with the index of the domain",
    ),
    Command::not_built(
        "SHOW CalendarSearchIndexInformation [diag] [allfolders | folder <folderName>]",
        "shows the search index of calendars",
    ),
    Command::not_built(
        "SHOW ContactSearchIndexInformation [diag] [allfolders | folder <folderName>]",
        "shows the search index of contacts",
    ),
    Command::not_built(
        "SHOW SortIndexInformation [allfolders | folder <folderName>]",
        "shows the sort index",
    ),
    Command::not_built(
        "SHOW ConversationIndexInformation [diag]",
        "shows the index of conversations",
    ),
    Command::not_built(
        "ARCHIVE folder <folderName> older than <days>",
        "archives old mail",
    ),
    Command::not_built(
        "INHERIT SETTINGS FROM domainDefaults",
        "inherits settings from the domain",
    ),
    Command::not_built(
        "INHERIT SETTINGS FROM accountClass <accountClassName>",
        "inherits settings from an account class",
    ),
    Command::not_built(
        "IMPORTCONTACTS file <file_path> [folder <name>] [duplicatesPolicy <policy>]",
        "imports contacts",
    ),
    Command::not_built(
        "REPAIR contacts in folder <folder> remove invalid bday",
        "repairs contacts",
    ),
    Command::not_built(
        "REPAIR contacts in folder <folder> remove duplicates",
        "removes double contacts",
    ),
    Command::not_built("SHOW ContactInfo", "is in CONFIG ContactInfo").legacy(),
    Command::not_built("UPLOAD WMFilter", "is in CONFIG Filters").legacy(),
    Command::not_built("SHOW TotpToken", "shows the key of the second login step").legacy(),
];

pub(super) static ACCOUNT: Context = Context {
    path: "domain/account",
    prompt: "domain-account",
    title: "Account",
    leave: Leave::Commit,
    attrs: &[&ACCOUNT_ATTRS],
    children: &[
        Child::names(("Alias", "Aliases"), "aliases", "<aliasName>", Kind::LocalPart)
            .called("alias", "The list of aliases for this account:"),
        Child::part("Quotas", "quotas", &ACCOUNT_QUOTAS).called("quotas of the account", ""),
        Child::part("Limits", "limits", &ACCOUNT_LIMITS).called("limits of the account", ""),
        Child::part("ContactInfo", "contactInfo", &CONTACT_INFO)
            .called("contact information of the account", "")
            .without_effect(),
    ],
    commands: &[&ACCOUNT_COMMANDS],
    ..Context::EMPTY
};
