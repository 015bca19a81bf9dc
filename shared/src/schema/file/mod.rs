//! The syntax of the configuration file (services-core, "Configuration file"), used for `axigen.cfg` and to store objects.
//!
//! ```text
//! file    = { attr } ;                     # to end of line and /* */ are comments
//! attr    = NAME "=" value ;
//! value   = simple | "(" { simple | object } ")" | object ;
//! object  = "{" { attr } "}" ;
//! simple  = WORD | QUOTED ;
//! ```
//!
//! `lexer` cuts tokens with their places, `tree` makes values of them without knowing any attribute, `read` holds the
//! values to a context. All mistakes are collected; `place` finds where something was written. `write` is the canonical form: 4 spaces, order of the schema.

mod lexer;
mod place;
mod read;
mod tree;
mod write;

pub use place::place;
pub use read::{Diagnostic, Severity};
pub use write::{Scope, print};

pub(super) use read::{parse, parse_set};
