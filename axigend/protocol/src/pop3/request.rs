//! What a POP3 session asks of the server, and what it is answered.

use axigen_shared::Refusal;
use bytes::Bytes;

use super::maildrop::Maildrop;
use crate::sasl::Credentials;

/// A question only the server can answer.
#[derive(Debug)]
pub enum Request {
    /// Log in, lock the mailbox, take the snapshot. A wrong password is answered after the delay of services-core
    /// 3.2.4. → [`Answer::LoggedIn`]
    Login(Credentials),
    /// Which messages of the snapshot has somebody else removed since the last question? → [`Answer::Gone`]
    Refresh,
    /// Get ready to read this message. → [`Answer::Opened`]
    Open {
        /// UID of a message of the snapshot.
        uid: u32,
    },
    /// Octets of the message opened last. → [`Answer::Octets`]
    Read {
        /// From here.
        offset: u64,
        /// At most so many, never more than [`super::CHUNK`].
        len: usize,
    },
    /// This message was sent whole by RETR: it gets \Seen, sooner or later. → [`Answer::Noted`]
    Seen {
        /// UID of a message of the snapshot.
        uid: u32,
    },
    /// QUIT: remove these, then let go of the mailbox (UPDATE state). → [`Answer::Updated`]
    Update {
        /// UIDs, ascending; may be empty.
        uids: Vec<u32>,
    },
}

/// The answer to a [`Request`].
#[derive(Debug)]
pub enum Answer {
    /// The mailbox is open, or why not.
    LoggedIn(Result<Maildrop, Refusal>),
    /// UIDs that are no longer there; others may be among them.
    Gone(Vec<u32>),
    /// Size of the message in octets.
    Opened(Result<u64, Refusal>),
    /// Octets of it; empty only at its end.
    Octets(Result<Bytes, Refusal>),
    /// Heard.
    Noted,
    /// All were removed, or some were not.
    Updated(Result<(), Refusal>),
}
