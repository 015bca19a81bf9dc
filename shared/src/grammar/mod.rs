//! The grammar of the administration language (WIRE.md 5): from a line to a command with arguments.
//!
//! [`tokens`] resolves quoting; [`forms`] are the commands of a context, each with a pattern parsed once from its usage line;
//! [`parse`] finds the one that a line means; [`help`] lists them; [`complete`] tells what may stand at a cursor. Nothing
//! here runs anything.

mod build;
mod complete;
mod form;
mod matcher;
mod mismatch;
mod parse;
mod pattern;
mod tokens;

pub use complete::{Candidate, Completion, LiveNames, complete};
pub use form::{Form, forms, help};
pub use mismatch::{Mismatch, nearest};
pub use parse::{Args, Matched, parse};
pub use tokens::{MAX_LINE, Token, tokens};
