//! SERVER/SMTP-INCOMING (services-core 3.2.1).

use super::connectivity;
use crate::schema::{Attr, Live};
use crate::value::Kind;

connectivity!("SERVER/SMTP-INCOMING", "server-smtpIncoming", idle: "300", more: &LISTENER_DOMAIN);

static LISTENER_DOMAIN: [Attr; 1] = [Attr::new(
    "listenerDomain",
    Kind::DomainName,
    "",
    "domain that connections to this listener belong to",
)
.usage("<domain>")];

static OWN: [Attr; 1] = [Attr::new(
    "maxReceivedHeaders",
    Kind::COUNT,
    "30",
    "most Received headers of a message, more are taken for a loop",
)
.usage("<maxHeaders>")
.live(Live::NewSessions)
.works()];

static ROUTING: [Attr; 1] = [Attr::new(
    "enableSmtpRouting",
    Kind::Bool,
    "no",
    "passes mail on to the back end of each recipient",
)];

static MAPPING_DATA: Context = Context {
    path: "SERVER/SMTP-INCOMING/mappingData",
    prompt: "server-smtpIncoming-mappingData",
    title: "MappingData",
    leave: Leave::Done,
    back_keeps: true,
    attrs: &[&groups::MAPPING],
    ..Context::EMPTY
};

/// The SMTP receiving service.
pub(super) static SMTP_INCOMING: Context = Context {
    path: "SERVER/SMTP-INCOMING",
    prompt: "server-smtpIncoming",
    title: "SMTP-Incoming",
    leave: Leave::Commit,
    attrs: &[
        &groups::ERROR_LIMITS,
        &groups::THREADS,
        &groups::LOGGING,
        &OWN,
        &groups::USERDB,
        &ROUTING,
    ],
    defaults: &[("maxConnThreads", "32"), ("minConnThreads", "4")],
    children: &[
        Child::part("mappingData", "mappingData", &MAPPING_DATA)
            .called("where mail is passed on to", "")
            .without_effect(),
        groups::access_control(&ACCESS_CONTROL),
        groups::listeners(
            &LISTENER,
            "{ address = 0.0.0.0:25 } { address = [::]:25 } { address = 0.0.0.0:587 } { address = [::]:587 } \
             { address = 0.0.0.0:465 sslEnable = yes } { address = [::]:465 sslEnable = yes }",
        ),
    ],
    commands: &[&groups::SERVICE, &groups::RESET],
    ..Context::EMPTY
};
