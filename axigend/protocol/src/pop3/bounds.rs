//! Every bound of a POP3 session, with its reason.

use crate::{
    sasl::SASL_LINE_MAX,
    session::{INPUT_CHUNK, OUTPUT_CHUNK},
};

/// Longest line that is heard at all: AUTH with an initial response (RFC 5034, 4), with room for the keyword.
pub(super) const LINE_MAX: usize = SASL_LINE_MAX + 32;
/// Longest command line but AUTH, CRLF not counted: RFC 2449, 4 asks for 255; long pass phrases get room.
pub(super) const COMMAND_LINE_MAX: usize = 1100;
/// Octets of a message asked for at a time.
pub const CHUNK: usize = OUTPUT_CHUNK;
/// Most messages of one snapshot: 16 bytes each make 16 MiB at most for a session that has logged in.
pub const MAILDROP_MAX: usize = 1024 * 1024;

/// Memory that a connection can make its session hold before login: one line with the input behind it, twice for a
/// growing buffer, and the answers to it.
pub const PRE_AUTH_MEMORY: usize = 2 * (LINE_MAX + INPUT_CHUNK) + 2 * OUTPUT_CHUNK;
