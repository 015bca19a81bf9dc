//! domain, its creation, its accounts and their defaults (domains-groupware, "Domains", "Accounts").

use super::domain_places::{GROUPWARE_SUPPORT, messages_locations};
use crate::schema::{Access, Attr, Child, ChildVerb, Command, Context, Layout, Leave, Live, groups};
use crate::value::{Choices, Kind};

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
pub(super) static DOMAIN_CREATE: Context = Context {
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

static ACCOUNT_DEFAULT_QUOTAS: Context = Context {
    path: "domain/accountDefaultQuotas",
    prompt: "domain-accountDefaultQuotas",
    title: "AccountDefaultQuotas",
    leave: Leave::Done,
    attrs: &[&groups::QUOTAS],
    commands: &[&NOTIFICATION],
    ..Context::EMPTY
};

static ACCOUNT_DEFAULT_LIMITS: Context = Context {
    path: "domain/accountDefaultLimits",
    prompt: "domain-accountDefaultLimits",
    title: "AccountDefaultLimits",
    leave: Leave::Done,
    attrs: &[&groups::LIMITS],
    children: &[exceptions(&[ChildVerb::List, ChildVerb::Add, ChildVerb::Remove])],
    ..Context::EMPTY
};

const fn exceptions(verbs: &'static [ChildVerb]) -> Child {
    Child::names(
        ("sentRecipientsExceptions", "sentRecipientsExceptions"),
        "sentRecipientsExceptions",
        "<pattern>",
        Kind::Text { max: 255 },
    )
    .called(
        "exception of the limit of recipients",
        "The list of exceptions of the limit of recipients:",
    )
    .verbs(verbs)
    .without_effect()
}

static NOTIFICATION: [Command; 1] = [Command::not_built(
    "ESET quotaLimitNotificationBody",
    "text of the warning, for old scripts",
)
.legacy()];

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
    Command::not_built(
        "LIST MEMBERSHIP [noGroups][noLists][sameDomain][directReference]",
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

static ACCOUNT: Context = Context {
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
        "amount at which cached data is dropped, 0 for never",
    )
    .usage("<no.>"),
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

static DOMAIN_COMMANDS: [Command; 17] = [
    Command::not_built("SET [name <name>]", "renames the domain"),
    Command::act(
        "SHOW postmasterAccount",
        "ShowPostmasterAccount",
        "shows which account is postmaster",
    ),
    Command::act(
        "RESET postmasterAccount",
        "ResetPostmasterAccount",
        "gives the role back to postmaster, at once",
    ),
    Command::not_built("RESET ldapSynchronization", "begins the synchronisation anew"),
    Command::not_built("RESET maintenanceDate", "runs the daily maintenance again"),
    Command::act(
        "SHOW RegistryInformation",
        "ShowRegistryInformation",
        "shows number and dates",
    ),
    Command::act(
        "SHOW StorageInformation [details]",
        "ShowStorageInformation",
        "shows what the storages take, in KB",
    ),
    Command::act(
        "SHOW StorageStatistics [details|summary][average][raw][mboxDetails][mboxReset]",
        "ShowStorageStatistics",
        "shows what storages did since counting began",
    ),
    Command::not_built(
        "SHOW AccountingStatistics [since <date>][until <date>]",
        "shows use",
    ),
    Command::act(
        "SHOW DisposableMetadataInformation",
        "ShowDisposableMetadata",
        "shows cached metadata of messages",
    ),
    Command::not_built(
        "SHOW BrandingElement <element>",
        "shows an image of the product's look",
    ),
    Command::act(
        "SHOW SearchIndexInformation [diag] [details] [allfolders]",
        "ShowSearchIndexInformation",
        "shows the search index of the domain; allfolders and details: how many messages of each account are in it",
    ),
    Command::not_built(
        "SHOW CalendarSearchIndexInformation [diag] [details | allfolders]",
        "shows search indexes of calendars",
    ),
    Command::not_built(
        "SHOW ContactSearchIndexInformation [diag] [details | allfolders]",
        "shows search indexes of contacts",
    ),
    Command::not_built(
        "SHOW SortIndexInformation [details | allfolders]",
        "shows sort indexes",
    ),
    Command::not_built(
        "SHOW ConversationIndexInformation [diag] [details]",
        "shows indexes of conversations",
    ),
    Command::not_built("LIST SearchFolders [details]", "lists folders that are searches"),
];

static DOMAIN_OBJECTS: [Command; 26] = [
    Command::not_built("LIST Groups [wildcard (ex: account*)]", "lists every group"),
    Command::not_built("ADD Group [name] <name>", "adds the group").enters(),
    Command::not_built("UPDATE Group [name] <name>", "changes the group").enters(),
    Command::not_built("REMOVE Group [name] <name>", "removes the group"),
    Command::not_built("SHOW Group [name] <name> [ATTR <param>]", "shows the group"),
    Command::not_built("LIST Forwarders [wildcard (ex: account*)]", "as LIST Groups").legacy(),
    Command::not_built("ADD Forwarder [name] <name>", "as ADD Group")
        .enters()
        .legacy(),
    Command::not_built("UPDATE Forwarder [name] <name>", "as UPDATE Group")
        .enters()
        .legacy(),
    Command::not_built("REMOVE Forwarder [name] <name>", "as REMOVE Group").legacy(),
    Command::not_built(
        "LIST FolderRcpts [wildcard (ex: account*)]",
        "lists every folder recipient",
    ),
    Command::not_built("ADD FolderRcpt [name] <name>", "adds the folder recipient").enters(),
    Command::not_built("UPDATE FolderRcpt [name] <name>", "changes the folder recipient").enters(),
    Command::not_built("REMOVE FolderRcpt [name] <name>", "removes the folder recipient"),
    Command::not_built(
        "SHOW FolderRcpt [name] <name> [ATTR <param>]",
        "shows the folder recipient",
    ),
    Command::not_built("LIST Lists [wildcard (ex: account*)]", "lists every mailing list"),
    Command::not_built(
        "ADD List [name] <listName> password <password> adminEmail <email>",
        "adds the mailing list",
    )
    .enters(),
    Command::not_built("UPDATE List [name] <listName>", "changes the mailing list").enters(),
    Command::not_built("REMOVE List [name] <listName>", "removes the mailing list"),
    Command::not_built(
        "SHOW List [name] <listName> [ATTR <param>]",
        "shows the mailing list",
    ),
    Command::not_built(
        "LIST AccountClasses [wildcard (ex: account*)]",
        "lists every account class",
    ),
    Command::not_built(
        "ADD accountClass [name] <accountClassName>",
        "adds the account class",
    )
    .enters(),
    Command::not_built(
        "UPDATE accountClass [name] <accountClassName>",
        "changes the account class",
    )
    .enters(),
    Command::not_built(
        "REMOVE accountClass [name] <accountClassName>",
        "removes the account class",
    ),
    Command::not_built(
        "LIST Ghosts [wildcard (ex: account*)]",
        "lists accounts that left the directory",
    ),
    Command::not_built(
        "REMOVE GHOSTS [wildcard (ex: g*)]",
        "removes accounts that left the directory",
    ),
    Command::not_built(
        "LIST DomainObjectsInfo [wildcard (ex: account*)]",
        "lists every object with its kind",
    ),
];

static DOMAIN_PARTS: [Command; 13] = [
    Command::not_built("ESET appenderHtml", "sets the text that is added to mail"),
    Command::not_built(
        "ESET BrandingElement <element>",
        "sets an image of the product's look",
    ),
    Command::not_built("CONFIG MIGRATIONDATA", "configures automatic migration").enters(),
    Command::not_built("CONFIG FILTERS", "configures message rules").enters(),
    Command::not_built("CONFIG adminLimits", "configures limits of domain administrators").enters(),
    Command::not_built(
        "CONFIG accountDefaultFilters",
        "configures message rules that accounts inherit",
    )
    .enters(),
    Command::not_built(
        "CONFIG folderRcptDefaultLimits",
        "configures limits that folder recipients inherit",
    )
    .enters(),
    Command::not_built("CONFIG autodiscovery", "configures automatic set-up of clients").enters(),
    Command::not_built(
        "CONFIG accountDefaultSendRecvRestrictions",
        "configures restrictions that accounts inherit",
    )
    .enters(),
    Command::not_built(
        "CONFIG accountDefaultWebmailAdvertising",
        "configures advertising that accounts inherit",
    )
    .enters(),
    Command::not_built("CONFIG PUBLIC-FOLDER", "configures public folders").enters(),
    Command::not_built("CONFIG PERMISSIONS", "configures rights of administrators").enters(),
    Command::not_built(
        "CONFIG initialAccountSettings",
        "configures what new accounts begin with",
    )
    .enters(),
];

const ACCOUNTS: &[(&str, &str)] = &[("accountName", "Account")];

static DOMAIN_JOBS: [Command; 32] = [
    Command::act(
        "PURGE disposableMetadata",
        "PurgeDisposableMetadata",
        "drops cached metadata of messages, which is made again when it is wanted",
    ),
    Command::act(
        "PURGE public|account folders <folderName> [<folderName or purgeCondition>...]",
        "PurgeFolders",
        "removes mail from folders of all users: names with commas between, then [older than <days>] [larger than <KB>] [seen|unseen]",
    ),
    Command::not_built(
        "MIGRATE account <accountName> remoteHost <host> remotePort <port> remoteUser <imap-user> remotePass <imap-pass> [ignoreFolders (folders)] [overrideQuota <yes|no>] [deleteOriginal <yes|no>] [structureOnly <yes|no>] [verbose <yes|no>]",
        "copies mail from another server",
    ),
    Command::not_built("MIGRATE LIST", "lists running migrations"),
    Command::not_built(
        "MIGRATE ATTACH|PEEK|ABORT <accountName> [<timeout>]",
        "follows or ends a migration",
    ),
    Command::act("LIST Storages", "ListStorages", "lists the storages"),
    Command::act(
        "LIST activeStorageTransactions [details]",
        "ListTransactions",
        "lists long work on storages",
    ),
    Command::act(
        "READLOCK Storages",
        "ReadLock",
        "lets storages only be read, until READUNLOCK or the end of this session",
    ),
    Command::act(
        "READUNLOCK Storages",
        "ReadUnlock",
        "lets storages be written again",
    ),
    Command::act(
        "COMPACT All [forced] [splitAfter <max_size> into <split_storage_usid>]",
        "Compact",
        "gives back space of all storages; forced also where it is little",
    ),
    Command::act(
        "COMPACT Storage usid <storage_usid> [forced] [splitAfter <max_size> into <split_storage_usid>]",
        "Compact",
        "gives back space of a storage",
    ),
    Command::act(
        "COMPACT attach | peek | abort [<timeout>]",
        "CompactJob",
        "follows, shows or ends a compaction",
    ),
    Command::act(
        "SCAN ALL [purge|softPurge][verbose][readOnly][imapLeaks][cachedOnly][clearCache][analyzeStructure][recoverTo <accountName>]",
        "Scan",
        "checks all storages; purge removes damaged messages, softPurge marks them as deleted",
    ),
    Command::act(
        "SCAN Storage usid <storage_usid>... [purge|softPurge][verbose][readOnly][imapLeaks][cachedOnly][clearCache][analyzeStructure][recoverTo <accountName>]",
        "Scan",
        "checks storages",
    ),
    Command::act(
        "SCAN DomainContainer",
        "ScanContainer",
        "checks the objects of the domain",
    ),
    Command::not_built("SCAN PublicFolders", "checks public folders"),
    Command::act("SCAN Account <accountName>", "ScanAccount", "checks one account").names(ACCOUNTS),
    Command::act(
        "SCAN attach | peek | abort [<timeout>]",
        "ScanJob",
        "follows, shows or ends a check",
    ),
    Command::act(
        "ENABLE [detailed] StorageStatistics",
        "EnableStorageStatistics",
        "begins to count what storages do",
    ),
    Command::not_built("ENABLE traceLog <what>", "begins a trace"),
    Command::act(
        "DISABLE StorageStatistics",
        "DisableStorageStatistics",
        "ends counting what storages do",
    ),
    Command::not_built("DISABLE traceLog <what>", "ends a trace"),
    Command::act(
        "UPGRADE Storage",
        "UpgradeStorage",
        "brings storages to the newest format",
    ),
    Command::act(
        "REPAIR Accounts <accountName>... [skip-stage-3]",
        "Repair",
        "counts everything of accounts again and puts right what disagrees",
    )
    .names(ACCOUNTS),
    Command::act(
        "REPAIR attach | peek | abort [<timeout>]",
        "RepairJob",
        "follows, shows or ends a repair",
    ),
    Command::not_built("SYNCCONTACTS", "rebuilds the contacts of the domain"),
    Command::act(
        "FINDINVALIDMSG attach | peek | abort [<timeout>]",
        "FindInvalidJob",
        "follows, shows or ends a search for damaged messages",
    ),
    Command::act(
        "FINDINVALIDMSG <accountName>... [purge] [details]",
        "FindInvalid",
        "finds damaged messages; purge removes those that cannot be read",
    )
    .names(ACCOUNTS),
    Command::not_built("RECOVER domain <options>", "recovers the objects of a domain"),
    Command::act(
        "RECOVER accounts [setpassword <passwd>] [dryrun]",
        "RecoverAccounts",
        "gives mailboxes without account one again, recovered- and its number",
    ),
    Command::act(
        "RECOVER attach | peek | abort [<timeout>]",
        "RecoverJob",
        "follows, shows or ends a recovery",
    ),
    Command::not_built("PURGEMAPIPROPS <options>", "drops properties of Outlook"),
];

static DOMAIN_REST: [Command; 1] = [Command::not_built(
    "REMOVE TmpSearchFolders <all | account>",
    "removes temporary searches",
)];

/// A domain.
pub(super) static DOMAIN: Context = Context {
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
