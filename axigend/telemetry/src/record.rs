//! One event on its way from a protocol thread to the writer, and what else the writer is told.

use crate::rule::Rule;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

/// Who speaks, when the event does not say.
pub const SERVER: &str = "SERVER";

/// An event as the protocol thread saw it. Local time, host and file are the writer's business.
#[derive(Clone, Debug)]
pub struct Record {
    /// Seconds since 1970.
    pub seconds: i64,
    /// One AXIGEN level.
    pub level: u8,
    /// Module name, as "SMTP-IN".
    pub module: Arc<str>,
    /// Session number or message id; 0 for none.
    pub id: u32,
    /// Not yet escaped.
    pub text: String,
}

/// What the writer is told.
pub enum Message {
    /// Write this.
    Line(Record),
    /// These rules from now on.
    Rules(Vec<Rule>),
    /// Close and open all files: somebody moved them (SIGHUP).
    Reopen,
    /// Rotate all files now (SIGUSR1).
    Rotate,
    /// Everything before this is in its file: say so.
    Flush(SyncSender<()>),
    /// Everything before this is in its file: end.
    Close,
}
