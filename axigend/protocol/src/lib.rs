//! The protocols as sessions without I/O: SMTP, IMAP, POP3, SASL and the administration wire.
//!
//! Nothing here opens a socket, reads a clock, takes a lock or starts a thread.

mod session;

pub use session::{INPUT_CHUNK, OUTPUT_CHUNK, Peer, Session, Step, TlsFacts};
