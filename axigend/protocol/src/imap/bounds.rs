//! Every bound of an IMAP session, with its reason. Beyond a bound the client gets an answer, never more memory.

use crate::session::{INPUT_CHUNK, OUTPUT_CHUNK};

/// Longest command line before login: room for a SASL-IR token; a stranger gets no more.
pub(crate) const LINE_PRE_LOGIN: usize = 8 * 1024;
/// Longest line after login: RFC 7162, 4 asks for 8 KiB at least; long UID sets of real clients stay below this.
pub(crate) const LINE_MAX: usize = 64 * 1024;
/// Longest literal before login: a user name or password.
pub(crate) const LITERAL_PRE_LOGIN: usize = 1024;
/// Longest literal after login, APPEND excepted: names, search strings.
pub(crate) const LITERAL_MAX: usize = 64 * 1024;
/// Longest command, all its lines and literals together, before login.
pub(crate) const COMMAND_PRE_LOGIN: usize = LINE_PRE_LOGIN + 2 * LITERAL_PRE_LOGIN;
/// Longest command after login.
pub(crate) const COMMAND_MAX: usize = 4 * LINE_MAX;
/// Most bytes of a refused command that are read and dropped to stay in step, before login.
pub(crate) const DRAIN_PRE_LOGIN: u64 = 64 * 1024;
/// The same after login: a non-synchronising APPEND above the limit is worth reading past, so that the client hears why.
pub(crate) const DRAIN_MAX: u64 = 256 * 1024 * 1024;
/// Memory that a connection can make the session hold before login: the command, the input not yet looked at, and
/// one answer. Commands before login answer with a few lines.
pub const PRE_LOGIN_MEMORY: usize = COMMAND_PRE_LOGIN + 2 * LINE_PRE_LOGIN + 2 * INPUT_CHUNK;

/// Longest tag; real ones have some ten characters.
pub(crate) const TAG_MAX: usize = 64;
/// Deepest nesting of parentheses in SEARCH: keys are walked recursively.
pub(crate) const SEARCH_DEPTH_MAX: usize = 32;
/// Most keys of one SEARCH.
pub(crate) const SEARCH_KEYS_MAX: usize = 512;
/// Most members of one sequence set; a client that knows more ranges sends two commands.
pub(crate) const SET_MEMBERS_MAX: usize = 16 * 1024;
/// Most message numbers that a client sends along with QRESYNC; RFC 7162, 3.2.5.2 advises a few that grow like powers.
pub(crate) const SEQUENCE_MATCH_MAX: usize = 4096;
/// Most numbers of a section part specifier: deeper than any message that is parsed.
pub(crate) const SECTION_DEPTH_MAX: usize = 64;
/// Most data items, header field names, flags, patterns or options in one list.
pub(crate) const LIST_MEMBERS_MAX: usize = 256;
/// Longest keyword in bytes; real ones are words.
pub(crate) const KEYWORD_MAX: usize = 128;
/// Keywords that a folder has in use at most; the store keeps each as one bit of 64.
pub(crate) const KEYWORD_LIMIT: usize = 64;
/// Most keywords remembered of the selected mailbox.
pub(crate) const KEYWORDS_MAX: usize = 4096;
/// Longest mailbox name in bytes of UTF-8.
pub(crate) const NAME_MAX: usize = 1024;
/// Most wildcards of one LIST pattern: the matcher's work per character of a name.
pub(crate) const WILDCARDS_MAX: usize = 32;
/// Most messages of one MULTIAPPEND (RFC 3502).
pub(crate) const MULTIAPPEND_MAX: usize = 256;
/// Most entries remembered of what the client was told in this command, so as not to repeat it.
pub(crate) const TOLD_MAX: usize = 64 * 1024;

/// Most messages of one SORT or THREAD, whose keys are all held at once.
pub(crate) const SORT_MAX: usize = 250_000;
/// Most references of all messages of one THREAD.
pub(crate) const REFERENCES_MAX: usize = 4_000_000;

/// Message rows asked for at a time.
pub const ROWS_PAGE: usize = 256;
/// Messages of which it is asked at a time what need not be read of them.
pub const SIFT_PAGE: usize = 4096;
/// Messages whose flags are changed by one request.
pub(crate) const STORE_PAGE: usize = 1024;
/// Bytes of a message asked for at a time.
pub const CHUNK: usize = OUTPUT_CHUNK;
/// Longest header that is handed over whole; a longer one is read in pieces.
pub const HEADER_MAX: usize = 256 * 1024;
