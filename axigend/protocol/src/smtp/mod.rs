//! SMTP receiving as a session without I/O: RFC 5321 with its extensions, texts of services-core 3.2.1.
//!
//! [`Session`] hears bytes, says replies and asks a [`Request`] for everything only the server can know. It owns the
//! dialogue, the syntax of commands and addresses, the limits of [`SmtpPolicy`], the decoding of DATA and BDAT, and
//! the Received field. It does not own who is local, what is in the queue, or the time.
//!
//! Extensions: PIPELINING (RFC 2920), AUTH (4954), 8BITMIME (6152), BINARYMIME and CHUNKING (3030), SIZE (1870),
//! STARTTLS (3207), SMTPUTF8 (6531), ENHANCEDSTATUSCODES (2034). Enhanced codes stand in every reply but the
//! greeting, the replies to HELO, EHLO, STARTTLS and RSET, and the 421 that ends a session: those texts are AXIGEN's.
//!
//! # End of data
//!
//! Only CRLF `.` CRLF ends DATA. A bare CR, a bare LF or a NUL ends nothing: the message is read up to its real end,
//! dropped, and answered `550 5.6.0 Message contains bare CR, bare LF or NUL`. So what one server calls the end of a
//! message can never begin a second message here. BDAT counts octets instead; its content is refused in the same way
//! unless the sender declared BODY=BINARYMIME. A BDAT whose size cannot be read ends the session, because commands
//! and message could no longer be told apart. Input that arrived together with STARTTLS is discarded.
//!
//! From the outside in: `session` (steps), `reading` (lines), `command` (the table), `commands` (one file each),
//! `path` and `parameter` (syntax), `message`, `transaction`, `body`, `dot` and `chunk` (a message on its way),
//! `answered` (what the server answered), `reply` and `answer` (what is said).

mod answer;
mod answered;
mod body;
mod bounds;
mod chunk;
mod command;
mod commands;
mod dot;
mod header;
mod message;
mod parameter;
mod path;
mod policy;
mod reading;
mod received;
mod reply;
mod request;
mod session;
mod transaction;

pub use bounds::{BODY_CHUNK, PRE_AUTH_MEMORY, RECIPIENTS_MAX};
pub use parameter::BodyType;
pub use path::{Mailbox, ReversePath};
pub use policy::{Delivery, SmtpPolicy};
pub use request::{Answer, Opened, Request, Route, Submission};
pub use session::{Session, Settings};

#[cfg(test)]
mod tests;
