//! The answer to one command.

use super::Body;
use serde::{Deserialize, Serialize};

/// How a command ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// Done.
    #[default]
    Ok,
    /// Understood, but refused: object not found, value out of range, permission.
    Refused,
    /// Not understood: unknown command, missing or wrong parameter. Counts against `maxErrors` (WIRE.md 4.3).
    Malformed,
}

/// What the session takes next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Expects {
    /// A command.
    #[default]
    Command,
    /// A password, raw, not to be echoed or kept.
    Password,
    /// Lines of text up to one that is the terminator; there is no prompt (WIRE.md 6.6).
    Text {
        /// The line that ends the text.
        terminator: String,
    },
    /// Nothing: the session is over.
    Nothing,
}

/// The answer to one command.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// How it ended.
    pub status: Status,
    /// One sentence: what was done, or why not.
    pub message: String,
    /// The prompt for the next command, complete: `<server-imap#> `. Empty where there is none.
    pub prompt: String,
    /// The payload.
    #[serde(default)]
    pub body: Body,
    /// Whether a draft was made active: `committing changes... done` goes before the status line.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub committed: bool,
    /// Whether the running server configuration differs from the one on disk.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsaved: bool,
    /// Whether this session has pending changes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pending: bool,
    /// What comes next.
    #[serde(default)]
    pub expects: Expects,
    /// What the administrator should know although the command succeeded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl Reply {
    /// Text of a plain success (WIRE.md 3).
    pub const SUCCESSFUL: &str = "command successful";

    /// Success without more to say.
    pub fn done() -> Self {
        Self {
            message: Self::SUCCESSFUL.to_owned(),
            ..Self::default()
        }
    }

    /// Success with a payload.
    pub fn with(body: Body) -> Self {
        Self { body, ..Self::done() }
    }

    /// A refusal.
    pub fn refused(message: impl Into<String>) -> Self {
        Self {
            status: Status::Refused,
            message: message.into(),
            ..Self::default()
        }
    }

    /// A command that was not understood.
    pub fn malformed(message: impl Into<String>) -> Self {
        Self {
            status: Status::Malformed,
            message: message.into(),
            ..Self::default()
        }
    }

    /// Whether it was done.
    pub fn ok(&self) -> bool {
        self.status == Status::Ok
    }
}
