//! What daemon and tool agree on: values, the schema of everything administered, the grammar of the
//! administration language, the control protocol. No I/O, no threads.
//!
//! Start reading at [`schema`]: one declaration per attribute, from which parsing, `SET`/`SHOW`/`HELP`/`RESET`,
//! completion, the configuration file and the typed settings are derived.

pub mod control;
pub mod grammar;
pub mod refusal;
pub mod schema;
pub mod value;

pub use refusal::{Cause, Refusal};
