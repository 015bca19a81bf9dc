//! Two ways to the engine, as sessions without I/O: the AXIGEN text dialogue and the JSON lines of the control socket.
//!
//! Both cut input into bounded lines, ask [`crate::Request`]s one at a time and in order, and render what comes back.
//! Neither knows a command.

mod control;
mod lines;
mod text;
mod writing;

pub use control::ControlSession;
pub use text::TextSession;
pub use writing::MAX_TEXT;
