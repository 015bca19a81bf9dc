//! QUOTAS, LIMITS and WEBMAILDATA of domain/list. A list inherits nothing.

use super::defaults::exceptions;
use crate::schema::{Attr, ChildVerb, Command, Context, Leave, Unit, groups};
use crate::value::{Choices, Kind};

/// The quotas that count for any mailbox, which are the first of those of accounts.
pub(super) static MAILBOX_QUOTAS: &[Attr] = groups::QUOTAS.split_at(5).0;

static QUOTA_COMMANDS: [Command; 3] = [
    Command::act("LIST Mboxes", "ListMboxes", "lists every folder of the mailbox"),
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

pub(super) static QUOTAS: Context = Context {
    path: "domain/list/QUOTAS",
    prompt: "domain-list-quotas",
    title: "Quotas",
    leave: Leave::Done,
    attrs: &[MAILBOX_QUOTAS],
    commands: &[&QUOTA_COMMANDS],
    ..Context::EMPTY
};

static LIMIT_ATTRS: [Attr; 19] = [
    Attr::new(
        "sentMessagesCount",
        Kind::COUNT,
        "0",
        "most messages sent in the interval, 0 for no limit",
    )
    .usage("<count>"),
    Attr::new(
        "sentRecipientsCount",
        Kind::COUNT,
        "0",
        "most recipients written to in the interval, 0 for no limit",
    )
    .usage("<count>"),
    Attr::new(
        "sentMessagesSize",
        Kind::SIZE,
        "0",
        "most kilobytes sent in the interval, 0 for no limit",
    )
    .usage("<size>")
    .unit(Unit::Kilobytes),
    Attr::new(
        "sentMessagesInterval",
        Kind::COUNT,
        "3600",
        "the interval of the three maxima before",
    )
    .usage("<interval>")
    .unit(Unit::Seconds),
    Attr::new(
        "sentOverquotaFileName",
        Kind::Path,
        "",
        "template of the notice when the limits are passed",
    )
    .usage("<path>"),
    Attr::new(
        "sentOverquotaEmailAddress",
        Kind::EmailAddress,
        "",
        "who gets that notice, empty for no one",
    )
    .usage("<email>"),
    Attr::new(
        "pop3ConnectionCount",
        Kind::COUNT,
        "16",
        "most simultaneous POP3 sessions",
    )
    .usage("<count>")
    .works(),
    Attr::new(
        "imapConnectionCount",
        Kind::COUNT,
        "16",
        "most simultaneous IMAP sessions",
    )
    .usage("<count>")
    .works(),
    Attr::new(
        "webmailRCPTCount",
        Kind::COUNT,
        "100",
        "most recipients of a message written in WebMail",
    )
    .usage("<count>"),
    Attr::new(
        "webmailSessionCount",
        Kind::COUNT,
        "10",
        "most simultaneous WebMail sessions",
    )
    .usage("<count>"),
    Attr::new(
        "webmailAttSize",
        Kind::SIZE,
        "10240",
        "largest attachment in WebMail",
    )
    .usage("<size>")
    .unit(Unit::Kilobytes),
    Attr::new(
        "webmailAttCount",
        Kind::COUNT,
        "50",
        "most attachments of a message in WebMail",
    )
    .usage("<count>"),
    Attr::new(
        "webmailMessageSize",
        Kind::SIZE,
        "20480",
        "largest message written in WebMail",
    )
    .usage("<size>")
    .unit(Unit::Kilobytes),
    Attr::new(
        "overQuotaThreshold",
        Kind::PERCENT,
        "90",
        "use at which the administrator is warned",
    )
    .usage("<percent>")
    .unit(Unit::Percent),
    Attr::new(
        "quotaSendMessageThreshold",
        Kind::PERCENT,
        "100",
        "use from which nothing may be sent with its password, 0 for never",
    )
    .usage("<percent>")
    .unit(Unit::Percent),
    Attr::new(
        "archivingPolicy",
        Kind::ChoiceSet(Choices::of(&["folderPerYear", "folderPerMonth"])),
        "()",
        "folders that archiving makes",
    )
    .usage("([folderPerYear] [folderPerMonth])"),
    Attr::new(
        "localizedImapFolderNames",
        Kind::Bool,
        "no",
        "special folders appear translated in IMAP",
    ),
    Attr::new(
        "passExpirationType",
        Kind::Choice(Choices::of(&["interval", "date"])),
        "interval",
        "whether an interval or a date ends a password",
    )
    .usage("<interval|date>"),
    Attr::new(
        "passExpirationDate",
        Kind::Date,
        "",
        "the date that ends a password",
    )
    .usage("<\"Wed, 20 Jun 2018 02:15:34 +0300\">"),
];

pub(super) static LIMITS: Context = Context {
    path: "domain/list/LIMITS",
    prompt: "domain-list-limits",
    title: "Limits",
    leave: Leave::Done,
    attrs: &[&LIMIT_ATTRS],
    children: &[exceptions(&[ChildVerb::List, ChildVerb::Add, ChildVerb::Remove])],
    ..Context::EMPTY
};

static WEBMAIL_ATTRS: [Attr; 11] = [
    Attr::new("skin", Kind::TEXT, "", "look of the pages").usage("<skin>"),
    Attr::new("pageSize", Kind::COUNT, "20", "messages on a page").usage("<pageSize>"),
    Attr::new("saveToSent", Kind::Bool, "yes", "keeps what is sent"),
    Attr::new("deleteToTrash", Kind::Bool, "yes", "deleting moves to Trash"),
    Attr::new(
        "hideDeletedMessages",
        Kind::Bool,
        "no",
        "messages marked as deleted are not shown",
    ),
    Attr::new(
        "autoRefreshInterval",
        Kind::COUNT,
        "5",
        "time between two looks for new mail",
    )
    .usage("<minutes>")
    .unit(Unit::Minutes),
    Attr::new(
        "confirmMailDelete",
        Kind::Bool,
        "no",
        "asks before it deletes mail",
    ),
    Attr::new(
        "confirmFolderEmpty",
        Kind::Bool,
        "yes",
        "asks before it empties a folder",
    ),
    Attr::new(
        "htmlFilterLevel",
        Kind::COUNT,
        "1",
        "how much of HTML is taken out",
    )
    .usage("<no.>"),
    Attr::new("language", Kind::TEXT, "", "language of the pages").usage("<language>"),
    Attr::new("timezone", Kind::TEXT, "", "time zone of the pages").usage("<string>"),
];

static WEBMAIL_COMMANDS: [Command; 11] = [
    Command::not_built("LIST signatures", "lists signatures"),
    Command::not_built(
        "SHOW signature [id <signatureId>] [name <signatureName>]",
        "shows a signature",
    ),
    Command::not_built(
        "ESET signature [id <signatureId>] [name <signatureName>]",
        "sets a signature",
    ),
    Command::not_built(
        "ADD signature name <signatureName> [type <signatureType>]",
        "adds a signature",
    ),
    Command::not_built(
        "REMOVE signature [id <signatureId>] [name <signatureName>]",
        "removes a signature",
    ),
    Command::not_built("SHOW uiSettings", "shows settings of the pages"),
    Command::not_built("ESET uiSettings", "sets settings of the pages"),
    Command::not_built("RESET uiSettings", "drops settings of the pages"),
    Command::not_built("SHOW uiCustomSettings", "shows settings of changed pages"),
    Command::not_built("ESET uiCustomSettings", "sets settings of changed pages"),
    Command::not_built("RESET uiCustomSettings", "drops settings of changed pages"),
];

pub(super) static WEBMAIL_DATA: Context = Context {
    path: "domain/list/WEBMAILDATA",
    prompt: "domain-list-webmaildata",
    title: "WebmailData",
    leave: Leave::Done,
    attrs: &[&WEBMAIL_ATTRS],
    commands: &[&WEBMAIL_COMMANDS],
    ..Context::EMPTY
};
