//! SEARCH (RFC 9051, 6.4.4; ESEARCH: RFC 4731; SEARCHRES: RFC 5182; MODSEQ: RFC 7162, 3.1.5; EMAILID and THREADID: RFC
//! 8474, 5.3; PARTIAL: RFC 9394).
//!
//! Keys about numbers, flags, sizes and dates are decided here from pages of rows. Keys about the content become
//! [`Test`]s, which the service applies to the messages that the other keys leave undecided: headers first, bodies only
//! where still needed; before that, what the service knows not to pass without reading is left out.

mod eval;
mod inspection;
mod keys;
mod parse;
mod run;
mod sift;

pub use inspection::Inspection;
pub use keys::{DateTest, Test};
pub(crate) use parse::{Arguments, Results};
pub(crate) use run::{Found, find, run, say_results};
