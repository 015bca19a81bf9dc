//! FETCH (RFC 9051, 6.4.5 and 7.5.2; MODSEQ: RFC 7162; BINARY: RFC 3516; SAVEDATE: RFC 8514; PREVIEW:
//! RFC 8970).
//!
//! Messages are asked for in pages of rows; only items about a header, a structure or a body go further, and bodies
//! pass in chunks, so memory does not grow with the mailbox or the message.

mod choice;
mod items;
mod literal;
mod message;
mod print;
mod run;
mod section;

pub(crate) use items::Arguments;
pub(crate) use run::run;
