//! SERVER/WEBADMIN (services-other, "WebAdmin").

use super::super::connectivity;
use super::{HTTP, SESSIONS, UPLOAD, http_records, url_redirects};
use crate::schema::{Attr, Unit};
use crate::value::{Choices, Kind};

connectivity!("SERVER/WEBADMIN", "server-webadmin", idle: "300", more: &[], built: false, most: ["1000", "1200", "100"]);
http_records!("SERVER/WEBADMIN", "server-webadmin");

static PLACE: [Attr; 1] = [Attr::new(
    "path",
    Kind::Path,
    "webadmin",
    "directory of its pages, below the working directory",
)];

static SECURITY: [Attr; 9] = [
    Attr::new(
        "accountSecurityAlternativeEmailAddressEnabled",
        Kind::Bool,
        "no",
        "asks administrators for another address",
    ),
    Attr::new(
        "accountSecurityPhoneNumberEnabled",
        Kind::Bool,
        "no",
        "asks administrators for a telephone number",
    ),
    Attr::new(
        "accountSecuritySmsConnector",
        Kind::TEXT,
        "",
        "connector that text messages are sent by",
    )
    .usage("<smsConnectorName>"),
    Attr::new(
        "accountSecurityMandatory",
        Kind::Bool,
        "no",
        "no login before these were given",
    ),
    Attr::new(
        "accountSecurityUpdateInterval",
        Kind::COUNT,
        "180",
        "after how long these are asked for again",
    )
    .usage("<days>")
    .unit(Unit::Days),
    Attr::new(
        "twoFactorAuthEnabled",
        Kind::Choice(Choices::of(&["disabled", "enabled", "mandatory"])),
        "disabled",
        "a second factor for logins",
    )
    .usage("<disabled|enabled|mandatory>"),
    Attr::new(
        "twoFactorAuthCommunicationMethods",
        Kind::ChoiceSet(Choices::of(&["email", "sms", "authApp"])),
        "()",
        "ways of the second factor",
    )
    .usage("([email] [sms] [authApp])"),
    Attr::new(
        "twoFactorAuthEmailFileName",
        Kind::Path,
        "",
        "template of the mail with the code",
    )
    .usage("<path>"),
    Attr::new(
        "twoFactorAuthSmsFileName",
        Kind::Path,
        "",
        "template of the text message with the code",
    )
    .usage("<path>"),
];

/// WebAdmin.
pub(in crate::schema::contexts) static WEBADMIN: Context = Context {
    path: "SERVER/WEBADMIN",
    prompt: "server-webadmin",
    title: "WebAdmin",
    leave: Leave::Commit,
    attrs: &[
        &groups::ERROR_LIMITS,
        &groups::THREADS,
        &groups::LOGGING,
        &PLACE,
        &SESSIONS,
        &HTTP,
        &UPLOAD,
        &SECURITY,
    ],
    children: &[
        groups::access_control(&ACCESS_CONTROL),
        url_redirects(&URL_REDIRECT),
        groups::listeners(&LISTENER, "{ address = 127.0.0.1:9000 }"),
    ],
    commands: &[&groups::UNBUILT_SERVICE, &groups::RESET],
    built: false,
    ..Context::EMPTY
};
