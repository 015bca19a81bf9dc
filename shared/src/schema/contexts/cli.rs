//! SERVER/CLI: the AXIGEN command line interface over TCP (WIRE.md 4.3).

use super::connectivity;
use crate::schema::{Attr, Live};
use crate::value::Kind;

connectivity!("SERVER/CLI", "server-cli", idle: "300", more: &[]);

static OWN: [Attr; 1] = [Attr::new(
    "maxAuthCommands",
    Kind::COUNT,
    "20",
    "commands allowed before login until the session is closed, 0 for no limit",
)
.usage("<maxCmds>")
.live(Live::NewSessions)
.works()];

/// The CLI service.
pub(super) static CLI: Context = Context {
    path: "SERVER/CLI",
    prompt: "server-cli",
    title: "CLI",
    leave: Leave::Commit,
    attrs: &[&groups::ERROR_LIMITS, &OWN, &groups::THREADS, &groups::LOGGING],
    defaults: &[("maxConnThreads", "8"), ("minConnThreads", "1")],
    children: &[
        groups::access_control(&ACCESS_CONTROL),
        groups::listeners(&LISTENER, "{ address = 127.0.0.1:7000 }"),
    ],
    commands: &[&groups::SERVICE, &groups::RESET],
    ..Context::EMPTY
};
