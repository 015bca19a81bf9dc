//! The protocols as sessions without I/O: SMTP, IMAP, POP3, SASL and the administration wire.
//!
//! Nothing here opens a socket, reads a clock, takes a lock or starts a thread.

#[cfg(test)]
mod captured;
mod lines;
mod session;
#[cfg(test)]
mod transcript;

pub mod imap;
pub mod pop3;
pub mod sasl;
pub mod smtp;

pub use session::{INPUT_CHUNK, OUTPUT_CHUNK, Peer, Session, Step, TlsFacts};
