//! SERVER/IMAP (services-core 3.2.5).

use super::connectivity;
use crate::schema::Attr;
use crate::value::Kind;

connectivity!("SERVER/IMAP", "server-imap", idle: "1800", more: &[]);

static OWN: [Attr; 2] = [
    Attr::new("imapIdEnabled", Kind::Bool, "yes", "answers the ID command")
        .live(crate::schema::Live::NewSessions)
        .works(),
    Attr::new(
        "imapShowAllFolders",
        Kind::Bool,
        "no",
        "lists folders of calendars, contacts, tasks and notes too",
    ),
];

/// The IMAP service.
pub(super) static IMAP: Context = Context {
    path: "SERVER/IMAP",
    prompt: "server-imap",
    title: "IMAP",
    leave: Leave::Commit,
    attrs: &[
        &groups::ERROR_LIMITS,
        &groups::THREADS,
        &groups::LOGGING,
        &groups::LOGIN,
        &groups::USERDB,
        &groups::GREETING,
        &OWN,
    ],
    defaults: &[("maxConnThreads", "64"), ("minConnThreads", "4")],
    children: &[
        groups::access_control(&ACCESS_CONTROL),
        groups::listeners(
            &LISTENER,
            "{ address = 0.0.0.0:143 } { address = [::]:143 } \
             { address = 0.0.0.0:993 sslEnable = yes } { address = [::]:993 sslEnable = yes }",
        ),
    ],
    commands: &[&groups::SERVICE, &groups::RESET],
    ..Context::EMPTY
};
