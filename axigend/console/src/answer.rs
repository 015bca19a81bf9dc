//! What sessions ask the engine, and what it answers.

use axigen_shared::control::{Reply, Wanted};

/// A question of a session.
#[derive(Clone, PartialEq, Eq)]
pub enum Request {
    /// Runs a line; while a password is awaited the line is that password, raw.
    Line(Vec<u8>),
    /// The line was longer than the session takes.
    LineTooLong,
    /// The lines of a multi-line input; `None` when they were more than the session takes.
    Text(Option<Vec<String>>),
    /// Nobody is logged in any more, whoever was; what was pending is dropped.
    LogOut,
    /// More rows of the list, or lines of the job, that the last answer began.
    More,
    /// Prints objects as documents.
    Export {
        /// Domains; all when empty.
        domains: Vec<String>,
        /// Whether the configuration of the server comes first.
        server: bool,
        /// Whether passwords of accounts come as hashes.
        hashes: bool,
    },
    /// Makes objects be as their documents say.
    Apply {
        /// The objects.
        objects: Vec<Wanted>,
        /// Only tells what would be done.
        check: bool,
        /// Leaves alone what a document does not mention.
        keep: bool,
    },
    /// Follows something ("log") until [`Request::Unfollow`].
    Follow {
        /// What.
        what: String,
    },
    /// Follows nothing any more.
    Unfollow,
    /// Completes a line at a cursor (in bytes).
    Complete {
        /// The line.
        line: String,
        /// The cursor.
        cursor: usize,
    },
    /// Describes one context, or all.
    Schema {
        /// Path of the context; all when absent.
        path: Option<String>,
        /// Only what has no effect yet.
        without_effect: bool,
    },
}

impl std::fmt::Debug for Request {
    /// Names the question only: a line may be a password.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Line(_) => "Line(..)",
            Self::LineTooLong => "LineTooLong",
            Self::Text(_) => "Text(..)",
            Self::LogOut => "LogOut",
            Self::More => "More",
            Self::Export { .. } => "Export",
            Self::Apply { .. } => "Apply(..)",
            Self::Follow { .. } => "Follow",
            Self::Unfollow => "Unfollow",
            Self::Complete { .. } => "Complete(..)",
            Self::Schema { .. } => "Schema",
        })
    }
}

/// The answer to a [`Request`].
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A reply; with `more` its table, or the lines of its job, go on in answers to [`Request::More`], and the reply
    /// ends after the last of them.
    Reply {
        /// The reply.
        reply: Box<Reply>,
        /// Whether rows follow.
        more: bool,
        /// How the connection wants its text.
        options: Options,
    },
    /// Further rows of the table.
    Rows {
        /// The rows.
        rows: Vec<Vec<String>>,
        /// Whether rows follow.
        more: bool,
    },
    /// A job goes on that the last reply with `more` began to follow.
    Job {
        /// What it said since.
        lines: Vec<String>,
        /// How far it is, when that has changed.
        progress: Option<String>,
        /// The reply, without its body, once it has ended.
        ended: Option<Box<Reply>>,
    },
    /// What is followed has news, a line each.
    News(Vec<String>),
    /// The list could not be read on; the reply ends with this refusal.
    Broken(String),
}

/// Options of a connection (WIRE.md 4.2 and 6.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Data lines only.
    pub quiet: bool,
    /// Terminal control sequences; all they do is hide the typed password.
    pub console_codes: bool,
    /// The line that ends a multi-line input.
    pub multiline_eof: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            quiet: false,
            console_codes: false,
            multiline_eof: ".".to_owned(),
        }
    }
}
