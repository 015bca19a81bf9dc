//! Every bound of an SMTP session, with its reason. Beyond a bound the client gets an answer, never more memory.

use crate::{
    sasl::SASL_LINE_MAX,
    session::{INPUT_CHUNK, OUTPUT_CHUNK},
};

/// Longest line that is heard at all: AUTH with an initial response (RFC 4954, 4), with room for the keyword.
pub(super) const LINE_MAX: usize = SASL_LINE_MAX + 32;
/// Longest command line but AUTH, CRLF not counted. RFC 5321, 4.5.3.1.4 asks for 512; SIZE, BODY, SMTPUTF8 and AUTH=
/// add 553 to MAIL (RFC 1870, 6152, 6531, 4954).
pub(super) const COMMAND_LINE_MAX: usize = 2048;
/// Longest path with its angle brackets and source route (RFC 5321, 4.5.3.1.3).
pub(super) const PATH_MAX: usize = 256;
/// Longest local part (RFC 5321, 4.5.3.1.1).
pub(super) const LOCAL_PART_MAX: usize = 64;
/// Longest domain, and longest name in HELO and EHLO (RFC 5321, 4.5.3.1.2).
pub(super) const DOMAIN_MAX: usize = 255;
/// Most parameters of one command: twice what is defined for MAIL.
pub(super) const PARAMETERS_MAX: usize = 8;
/// Most recipients of one message whatever the policy says: the top of the range of `maxRcptCount`
/// (services-core 3.2.1).
pub const RECIPIENTS_MAX: usize = 1000;
/// Largest piece of a message in one [`super::Request::Chunk`].
pub const BODY_CHUNK: usize = OUTPUT_CHUNK;
/// Most octets of a refused message that are read and dropped. An honest client is told after the end of a message
/// that is far too large; who goes on longer only wants to keep us busy.
pub(super) const DRAIN_MAX: u64 = 1024 * 1024 * 1024;
/// Longest part of a header line that is looked at: names of fields and the Message-ID for the log
/// (RFC 5322, 2.1.1: 998).
pub(super) const HEADER_LINE_MAX: usize = 998;
/// Longest line of the dialogue in the log.
pub(super) const LOG_LINE_MAX: usize = 1024;

/// Memory that a connection can make its session hold, authenticated or not: one line with the input behind it, the
/// replies to it, one piece of a message, and the recipients. The queue's spool of the message comes on top; it has
/// a bound of its own.
pub const PRE_AUTH_MEMORY: usize = 2 * (LINE_MAX + INPUT_CHUNK)
    + 2 * OUTPUT_CHUNK
    + 2 * (BODY_CHUNK + HEADER_LINE_MAX)
    + RECIPIENTS_MAX * (PATH_MAX + size_of::<super::Mailbox>());

const _: () = assert!(
    PRE_AUTH_MEMORY < 1024 * 1024,
    "a stranger's connection must cost less than 1 MiB"
);
