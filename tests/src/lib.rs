//! The harness: starts the real `axigend` in a directory of its own, speaks to it as clients do, and always ends it.
//!
//! Owns how a test gets a server ([`Home`], [`Daemon`]), plain connections ([`Wire`]) with the little of SMTP, IMAP and POP3 that
//! tests share, the transcript runner ([`transcript`]), and external clients ([`client`]). The tests are in `tests/tests/`.
//! It knows the server only from outside: binaries, sockets and files. So the inside can change without a
//! test being touched, and a test that fails shows what a user would have seen.
//!
//! Rules: no sleeps (wait for a reply or a state), an address of its own for every test, no order between tests.

mod binary;
mod client;
mod daemon;
mod imap;
mod pop3;
mod ports;
mod smtp;
mod transcript;
mod wire;

use std::io::Write as _;

pub use binary::{binary, top};
pub use client::{Client, Ran};
pub use daemon::{Daemon, Home, PASSWORD};
pub use imap::{Completed, Imap};
pub use pop3::Pop3;
pub use ports::{Host, Service};
pub use smtp::{Reply, Smtp};
pub use transcript::{Script, run_script};
pub use wire::{PATIENCE, Wire};

/// Says what a long test did, also when it passes: past the capture that holds back what tests print.
pub fn report(text: &str) {
    // Standard error may be closed; the test counts all the same.
    let _ = writeln!(std::io::stderr(), "      {text}");
}
