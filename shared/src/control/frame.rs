//! Frames: the JSON lines a reply is cut into.

use super::{Hello, Reply};
use serde::{Deserialize, Serialize};

/// Version of the protocol. Fields may be added within a version, never change their meaning.
pub const VERSION: u32 = 1;
/// Longest line of the server in bytes: a million rows stream in constant memory.
pub const MAX_FRAME: usize = 64 * 1024;
/// Longest line of a client in bytes: a mailing list with 65,536 members as one document.
pub const MAX_REQUEST: usize = 8 * 1024 * 1024;
/// Most objects of one request to apply.
pub const MAX_APPLIED: usize = 256;

/// One line of the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "frame")]
pub enum Frame {
    /// The first line of a connection.
    Hello(Hello),
    /// Begins a reply.
    Head(Head),
    /// Rows of the table (a cell each), or lines of the text, that the head announced.
    Rows {
        /// Id of the request.
        id: u64,
        /// The rows.
        rows: Vec<Vec<String>>,
    },
    /// Ends a reply.
    End {
        /// Id of the request.
        id: u64,
        /// How a long job ended, whose head came when it began: all of the reply but its body.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ended: Option<Box<Reply>>,
    },
    /// Something that happened while following; of a long job how far it is (`progress`, a sentence).
    Event {
        /// Id of the follow request.
        id: u64,
        /// What happened.
        value: serde_json::Value,
    },
    /// The client broke the protocol; the connection is closed.
    Fault {
        /// What was wrong.
        message: String,
    },
}

/// The reply without the rows of its table and the lines of its text, which follow in `Rows`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// Id of the request.
    pub id: u64,
    /// The reply, its table or text empty.
    pub reply: Reply,
}
