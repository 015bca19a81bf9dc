//! What daemon and tool agree on: values, the schema of everything administered, the grammar of the
//! administration language, the control protocol. No I/O, no threads.

pub mod refusal;

pub use refusal::{Cause, Refusal};
