//! POP3 as a session without I/O: RFC 1939 (without APOP), texts of services-core 3.2.4.
//!
//! Also CAPA and response codes (RFC 2449, 3206), STLS (RFC 2595), AUTH with SASL (RFC 5034), pipelining.
//! [`Session`] owns the dialogue and the snapshot of the mailbox: the messages that were there at login keep their
//! numbers to the end. One that somebody else removes becomes a *zombie*: LIST shows it with size 0, RETR is refused.
//! It does not own the mailbox, the lock on it, or the delay after a wrong password; those are the service's.
//!
//! Stored lines end in CRLF. Where a message has a bare LF all the same (binary mail), it goes out as CRLF, so that no
//! client sees an end of the answer where there is none.
//!
//! From the outside in: `session` (steps), `reading` (lines), `command` (the table), `commands` (what they do),
//! `maildrop` (the snapshot), `sending` and `stuffing` (a message on its way out), `answer` (what is said to a
//! refusal).

mod answer;
mod bounds;
mod command;
mod commands;
mod maildrop;
mod reading;
mod request;
mod sending;
mod session;
mod stuffing;

pub use bounds::{CHUNK, MAILDROP_MAX, PRE_AUTH_MEMORY};
pub use maildrop::{Maildrop, Message};
pub use request::{Answer, Request};
pub use session::{Session, Settings};

#[cfg(test)]
mod tests;
