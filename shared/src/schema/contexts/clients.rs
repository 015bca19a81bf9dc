//! What clients of users find: automatic set-up, mobile devices, first settings of new accounts, text messages
//! (domains-groupware, services-other).

use crate::schema::{Access, Attr, Child, Command, Context, Leave};
use crate::value::{Choices, Kind};

static AUTO: [Attr; 4] = [
    Attr::new(
        "enableIMAPAutodiscovery",
        Kind::Bool,
        "yes",
        "tells clients how to use IMAP",
    ),
    Attr::new(
        "enablePOP3Autodiscovery",
        Kind::Bool,
        "yes",
        "tells clients how to use POP3",
    ),
    Attr::new(
        "enableSMTPAutodiscovery",
        Kind::Bool,
        "yes",
        "tells clients how to send",
    ),
    Attr::new(
        "enableWebdavAutodiscovery",
        Kind::Bool,
        "yes",
        "tells clients how to use calendars and contacts",
    ),
];

/// Addresses that clients are told.
pub(super) static URLS: [Attr; 5] = [
    Attr::new(
        "httpAutodiscoveryUrl",
        Kind::Text { max: 1024 },
        "",
        "address of ActiveSync",
    )
    .usage("<url>"),
    Attr::new(
        "imapAutodiscoveryUrl",
        Kind::Text { max: 1024 },
        "",
        "address of IMAP",
    )
    .usage("<url>"),
    Attr::new(
        "pop3AutodiscoveryUrl",
        Kind::Text { max: 1024 },
        "",
        "address of POP3",
    )
    .usage("<url>"),
    Attr::new(
        "smtpAutodiscoveryUrl",
        Kind::Text { max: 1024 },
        "",
        "address for sending",
    )
    .usage("<url>"),
    Attr::new(
        "webdavAutodiscoveryUrl",
        Kind::Text { max: 1024 },
        "",
        "address of calendars and contacts",
    )
    .usage("<url>"),
];

static DEFAULT_URLS: Context = Context {
    path: "SERVER/AUTODISCOVERY/defaultUrls",
    prompt: "server-autodiscovery-autodiscoveryDefaultUrls",
    title: "DefaultUrls",
    leave: Leave::Done,
    attrs: &[&URLS],
    built: false,
    ..Context::EMPTY
};

static SHOW_URLS: [Command; 1] = [Command::not_built("SHOW defaultUrls", "shows the addresses")];

/// Automatic set-up of clients.
pub(super) static AUTODISCOVERY: Context = Context {
    path: "SERVER/AUTODISCOVERY",
    prompt: "server-autodiscovery",
    title: "Autodiscovery",
    leave: Leave::Done,
    attrs: &[&AUTO],
    children: &[Child::part("defaultUrls", "defaultUrls", &DEFAULT_URLS)
        .called("addresses that clients are told", "")
        .without_effect()],
    commands: &[&SHOW_URLS],
    built: false,
    ..Context::EMPTY
};

static DEVICES: [Attr; 2] = [
    Attr::new(
        "enableMobileWebmail",
        Kind::Bool,
        "yes",
        "has pages for telephones",
    ),
    Attr::new(
        "enableActiveSync",
        Kind::Bool,
        "yes",
        "lets devices synchronise by ActiveSync",
    ),
];

/// Mobile devices.
pub(super) static MOBILITY: Context = Context {
    path: "SERVER/MOBILITY",
    prompt: "server-mobility",
    title: "Mobility",
    leave: Leave::Commit,
    attrs: &[&DEVICES],
    built: false,
    ..Context::EMPTY
};

/// What new accounts begin with.
pub(super) static INITIAL: [Attr; 8] = [
    Attr::new(
        "weekStartDay",
        Kind::Choice(Choices::of(&[
            "sunday",
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
        ])),
        "monday",
        "first day of the week",
    )
    .usage("<sunday|monday|tuesday|wednesday|thursday|friday|saturday>"),
    Attr::new(
        "workingDays",
        Kind::ChoiceSet(Choices::of(&[
            "sunday",
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
        ])),
        "(monday tuesday wednesday thursday friday)",
        "days on which is worked",
    )
    .usage("(sunday monday tuesday wednesday thursday friday saturday)"),
    Attr::new(
        "startWorkingTime",
        Kind::Text { max: 8 },
        "08:00:00",
        "when work begins",
    )
    .usage("<hh:mm[:ss]>"),
    Attr::new(
        "endWorkingTime",
        Kind::Text { max: 8 },
        "17:00:00",
        "when work ends",
    )
    .usage("<hh:mm[:ss]>"),
    Attr::new(
        "dateFormat",
        Kind::Text { max: 64 },
        "MM/DD/YYYY",
        "how dates are written",
    )
    .usage("<format>"),
    Attr::new(
        "timeFormat",
        Kind::Text { max: 64 },
        "hh:mm AM",
        "how times are written",
    )
    .usage("<format>"),
    Attr::new(
        "calendarType",
        Kind::Choice(Choices::of(&["gregorian", "persian"])),
        "gregorian",
        "which calendar is used",
    )
    .usage("<gregorian|persian>"),
    Attr::new(
        "autoAddRecipients",
        Kind::Bool,
        "yes",
        "keeps whom a user wrote to among the contacts",
    ),
];

/// What new accounts begin with.
pub(super) static INITIAL_ACCOUNT_SETTINGS: Context = Context {
    path: "SERVER/InitialAccountSettings",
    prompt: "server-initialAccountSettings",
    title: "InitialAccountSettings",
    leave: Leave::Done,
    attrs: &[&INITIAL],
    built: false,
    ..Context::EMPTY
};

static SMS_ATTRS: [Attr; 7] = [
    Attr::new("name", Kind::Text { max: 255 }, "", "name of the connector")
        .usage("<name>")
        .access(Access::Key),
    Attr::new(
        "url",
        Kind::Text { max: 1024 },
        "",
        "where a message is handed over",
    )
    .usage("<value>"),
    Attr::new("method", Kind::Text { max: 1024 }, "", "HTTP method").usage("<value>"),
    Attr::new(
        "contentType",
        Kind::Choice(Choices::of(&["none", "json", "formUrlEncoded"])),
        "json",
        "form of the request",
    )
    .usage("<value>"),
    Attr::new(
        "toParamName",
        Kind::Text { max: 1024 },
        "",
        "name of the field for the number",
    )
    .usage("<value>"),
    Attr::new(
        "bodyParamName",
        Kind::Text { max: 1024 },
        "",
        "name of the field for the text",
    )
    .usage("<value>"),
    Attr::new(
        "fromParamName",
        Kind::Text { max: 1024 },
        "",
        "name of the field for the sender",
    )
    .usage("<value>"),
];

static SMS_AUTH_ATTRS: [Attr; 4] = [
    Attr::new(
        "type",
        Kind::Choice(Choices::of(&["none", "basic", "bearer"])),
        "none",
        "how this server logs in",
    )
    .usage("<value>"),
    Attr::new("username", Kind::Text { max: 1024 }, "", "as whom").usage("<value>"),
    Attr::new("password", Kind::PASSWORD, "", "with which password")
        .usage("<value>")
        .access(Access::WriteOnly),
    Attr::new("token", Kind::PASSWORD, "", "with which token")
        .usage("<value>")
        .access(Access::WriteOnly),
];

static SMS_AUTH: Context = Context {
    path: "SERVER/smsConnector/Auth",
    prompt: "server-sms-connector-auth",
    title: "Auth",
    leave: Leave::Commit,
    attrs: &[&SMS_AUTH_ATTRS],
    built: false,
    ..Context::EMPTY
};

/// A connector for text messages.
pub(super) static SMS_CONNECTOR: Context = Context {
    path: "SERVER/smsConnector",
    prompt: "server-sms-connector",
    title: "SmsConnector",
    leave: Leave::Commit,
    attrs: &[&SMS_ATTRS],
    children: &[Child::part("Auth", "auth", &SMS_AUTH)
        .called("how this server logs in", "")
        .without_effect()],
    commands: &[&SMS_PARAMS],
    built: false,
    ..Context::EMPTY
};

static SMS_PARAMS: [Command; 4] = [
    Command::not_built(
        "ADD staticParam <name> <value>",
        "adds a field that is always sent",
    ),
    Command::not_built(
        "UPDATE staticParam <name> <value>",
        "changes a field that is always sent",
    ),
    Command::not_built("LIST staticParams", "lists fields that are always sent"),
    Command::not_built("REMOVE staticParam <name>", "removes a field that is always sent"),
];

static CERT_WORK: [Command; 2] = [
    Command::not_built(
        "GENERATE letsencrypt hostname <hostname> terms accept|yes [contact <email>]",
        "gets a certificate",
    ),
    Command::not_built(
        "REVOKE letsencrypt hostname <hostname>",
        "gives a certificate back",
    ),
];

/// Certificates.
pub(super) static CERTS: Context = Context {
    path: "SERVER/CERTS",
    prompt: "server-certs",
    title: "Certs",
    leave: Leave::Done,
    commands: &[&CERT_WORK],
    built: false,
    ..Context::EMPTY
};
