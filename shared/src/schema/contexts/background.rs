//! Services without listeners of their own: SMTP sending, fetching from remote mailboxes, reporting, and the logs of single modules
//! (services-core 3.2.3, services-other).

use crate::schema::{Attr, Child, Context, Leave, groups};
use crate::value::Kind;

static SENDING: [Attr; 1] = [Attr::new("enableIPv6", Kind::Bool, "no", "sends over IPv6 too")];

/// SMTP sending.
pub(super) static SMTP_OUTGOING: Context = Context {
    path: "SERVER/SMTP-OUTGOING",
    prompt: "server-smtpOutgoing",
    title: "SMTP-Outgoing",
    leave: Leave::Commit,
    attrs: &[&SENDING, &groups::THREADS, &groups::LOGGING],
    commands: &[&groups::UNBUILT_SERVICE, &groups::RESET],
    built: false,
    ..Context::EMPTY
};

/// Fetching from remote mailboxes.
pub(super) static RPOP: Context = Context {
    path: "SERVER/RPOP",
    prompt: "server-rpop",
    title: "RPOP",
    leave: Leave::Commit,
    attrs: &[&groups::THREADS, &groups::LOGGING],
    commands: &[&groups::UNBUILT_SERVICE, &groups::RESET],
    built: false,
    ..Context::EMPTY
};

static REPORTING: [Attr; 6] = [
    Attr::new("SNMPEnable", Kind::Bool, "no", "answers SNMP"),
    Attr::new(
        "SNMPSentTrapsToAllManagers",
        Kind::Bool,
        "yes",
        "sends traps to everybody who asked before",
    ),
    Attr::new("SNMPCommunity", Kind::TEXT, "", "community that may ask").usage("<string>"),
    Attr::new("DomainEnable", Kind::Bool, "no", "counts by domain"),
    Attr::new("DomainObjectEnable", Kind::Bool, "no", "counts by account"),
    Attr::new(
        "reportingInterval",
        Kind::COUNT,
        "53",
        "weeks that counts are kept",
    )
    .usage("<weeks>"),
];

static REPORT_LISTENER: Context = Context {
    path: "SERVER/REPORT/listener",
    prompt: "server-report-listener",
    title: "Listener",
    leave: Leave::Commit,
    attrs: &[&groups::PLAIN_LISTENER],
    built: false,
    ..Context::EMPTY
};

/// Reporting.
pub(super) static REPORT: Context = Context {
    path: "SERVER/REPORT",
    prompt: "server-report",
    title: "Report",
    leave: Leave::Commit,
    attrs: &[&groups::LOGGING, &REPORTING],
    children: &[
        Child::many(
            ("Listener", "Listeners"),
            "listeners",
            ("address", "<address>"),
            &REPORT_LISTENER,
        )
        .called("listener", "The list of listeners:")
        .columns(&[("address", 20), ("enable", 7)])
        .initially("{ address = 127.0.0.1:162 }")
        .without_effect(),
        Child::names(
            ("SNMPTrapDestination", "SNMPTrapDestinations"),
            "snmpTrapDestinations",
            "<address>",
            Kind::Text { max: 255 },
        )
        .called("destination of traps", "The list of SNMP trap destinations:")
        .without_effect(),
    ],
    commands: &[&groups::UNBUILT_SERVICE, &groups::RESET],
    built: false,
    ..Context::EMPTY
};

/// The log of one module, which has nothing but that.
macro_rules! module_log {
    ($name:ident, $path:literal, $prompt:literal, $title:literal) => {
        #[doc = concat!("The log of ", $title, ".")]
        pub(super) static $name: Context = Context {
            path: $path,
            prompt: $prompt,
            title: $title,
            leave: Leave::Commit,
            attrs: &[&groups::LOGGING],
            commands: &[&groups::SAVE, &groups::RESET],
            built: false,
            ..Context::EMPTY
        };
    };
}

module_log!(CALLOG, "SERVER/CALLOG", "server-callog", "CALLOG");
module_log!(JOBLOG, "SERVER/JOBLOG", "server-joblog", "JOBLOG");
module_log!(SRVLOG, "SERVER/SRVLOG", "server-srvlog", "SRVLOG");
module_log!(SECURITY, "SERVER/SECURITY", "server-security", "SECURITY");
module_log!(MAILBOXAPI, "SERVER/MAILBOXAPI", "server-mailboxapi", "MAILBOXAPI");
