//! What is asked over the control socket.
//!
//! One JSON object a line. The server speaks first ([`Hello`]); the client answers with requests, each with an id of its own
//! choosing that every frame of the reply repeats.

use serde::{Deserialize, Serialize};

/// First line of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hello {
    /// Version of the protocol ([`super::VERSION`]).
    pub protocol: u32,
    /// Name and version of the server.
    pub server: String,
    /// What the peer may do, by the credentials of its process.
    pub access: Access,
    /// The first prompt: `<#> ` or `<login> `.
    pub prompt: String,
}

/// What peer credentials allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Access {
    /// `admin`, without a password (root and the daemon's own user).
    Admin,
    /// Has to log in.
    Login,
}

/// What the client says of itself; optional, the first request may come without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Welcome {
    /// Version of the protocol that the client speaks.
    pub protocol: u32,
    /// Name and version of the client.
    pub client: String,
    /// Forget what the credentials of the process allow: it will log in with USER, and be that administrator.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub login: bool,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Repeated in every frame of the reply.
    pub id: u64,
    /// What is asked.
    #[serde(flatten)]
    pub subject: Subject,
}

/// What is asked.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Subject {
    /// What the client is.
    Welcome(Welcome),
    /// Runs a line in the session's context. After USER the line is the password.
    Line {
        /// The line, without its end.
        line: String,
    },
    /// Lines of a multi-line input, with which the terminator is not sent.
    Text {
        /// The lines, without their ends.
        lines: Vec<String>,
    },
    /// Completes a line.
    Complete {
        /// The line.
        line: String,
        /// Where the cursor stands, in bytes.
        cursor: usize,
    },
    /// Describes a context, or everything.
    Schema {
        /// Path of the context; all when absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<String>,
        /// Only what has no effect yet.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        without_effect: bool,
    },
    /// Prints objects as documents: a table of the way to an object (JSON, a list of words) and its document.
    Export {
        /// Domains; all when empty.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        domains: Vec<String>,
        /// Whether the configuration of the server comes first.
        #[serde(default)]
        server: bool,
        /// Whether passwords of accounts come as hashes.
        #[serde(default)]
        hashes: bool,
    },
    /// Makes objects be as their documents say, each all or nothing; answered by a list of [`super::Outcome`], in order.
    Apply {
        /// The objects, at most [`super::MAX_APPLIED`].
        objects: Vec<Wanted>,
        /// Only tells what would be done.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        check: bool,
        /// Leaves alone what a document does not mention.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        keep: bool,
    },
    /// Follows something until `Stop` (log, queue, statistics).
    Follow {
        /// What.
        what: String,
    },
    /// Ends a follow.
    Stop {
        /// The id of the follow.
        of: u64,
    },
}

/// An object as it is wanted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The way to it: `["SERVER"]`, `["Domain", "example.test", "Account", "ann"]`.
    pub way: Vec<String>,
    /// What is explicit in it; `null` when it is to be removed.
    pub document: serde_json::Value,
}

impl std::fmt::Debug for Subject {
    /// Names the kind only: a line may be a password.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Welcome(_) => "Welcome",
            Self::Line { .. } => "Line(..)",
            Self::Text { .. } => "Text(..)",
            Self::Complete { .. } => "Complete(..)",
            Self::Schema { .. } => "Schema",
            Self::Export { .. } => "Export",
            Self::Apply { .. } => "Apply(..)",
            Self::Follow { .. } => "Follow",
            Self::Stop { .. } => "Stop",
        })
    }
}
