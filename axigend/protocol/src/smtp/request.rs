//! What an SMTP session asks of the server, and what it is answered.

use axigen_shared::Refusal;

use super::{parameter::BodyType, path::ReversePath};
use crate::sasl::Credentials;

/// A question only the server can answer.
#[derive(Debug)]
pub enum Request {
    /// Do these belong to an account that may submit mail? → [`Answer::Authenticated`]
    Authenticate(Credentials),
    /// May the authenticated account open a message? Asked only after AUTH. → [`Answer::Sender`]
    Sender {
        /// MAIL FROM.
        reverse_path: ReversePath,
        /// SIZE=, in octets.
        size: Option<u64>,
    },
    /// Who is this, and has the mailbox room? → [`Answer::Recipient`]
    Recipient {
        /// `local@domain`, syntax checked.
        address: String,
        /// SIZE=, in octets.
        size: Option<u64>,
    },
    /// Begin a message; it replaces one that was begun before. → [`Answer::Opened`]
    Open {
        /// Octets that will come as far as the sender said so (SIZE=, the first BDAT); 0 if it did not.
        announced: u64,
    },
    /// The next piece of the message, at most [`super::BODY_CHUNK`] octets; the first begins with the Received field
    /// of this server. → [`Answer::Taken`]
    Chunk(Vec<u8>),
    /// The message is whole: make it durable. → [`Answer::Committed`]
    Commit(Box<Submission>),
    /// Forget the message that was begun. → [`Answer::Discarded`]
    Discard,
}

/// The answer to a [`Request`].
#[derive(Debug)]
pub enum Answer {
    /// The account's address.
    Authenticated(Result<String, Refusal>),
    /// The sender may go on.
    Sender(Result<(), Refusal>),
    /// Where mail for this recipient goes.
    Recipient(Result<Route, Refusal>),
    /// A message was begun.
    Opened(Result<Opened, Refusal>),
    /// The piece was taken; after a refusal the message is no longer there.
    Taken(Result<(), Refusal>),
    /// The message is on disk, synced. Only now `250` is said.
    Committed(Result<(), Refusal>),
    /// The message is forgotten.
    Discarded,
}

/// Where mail for a recipient goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// To a mailbox of this server.
    Local,
    /// To another server.
    Remote,
}

/// A message that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Queue id, for the Received field.
    pub id: String,
    /// Date and time now (RFC 5322, 3.3), for the Received field.
    pub date: String,
}

/// The envelope of a whole message, and what the log line wants to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submission {
    /// MAIL FROM.
    pub reverse_path: ReversePath,
    /// RCPT TO, each `local@domain`, in order.
    pub recipients: Vec<String>,
    /// BODY=.
    pub body_type: BodyType,
    /// SMTPUTF8.
    pub smtp_utf8: bool,
    /// The account that was logged in.
    pub authenticated: Option<String>,
    /// The name given in HELO or EHLO.
    pub hello: String,
    /// Message-ID of the header as it stands there; empty when there is none.
    pub message_id: String,
    /// Octets of the message as received, our Received field not counted.
    pub size: u64,
}
