//! How the engine's replies travel: the control protocol and the AXIGEN text.
//!
//! One [`Reply`] is the answer to a command, whoever typed it. [`axigen`] turns it into the bytes of the AXIGEN CLI
//! (WIRE.md 6); [`frames`] cuts it into JSON lines for the control socket and [`Assembler`] puts it together again.

mod body;
mod frame;
mod frames;
mod list;
mod outcome;
mod reply;
mod request;
mod text;

pub use body::{Attribute, Body, Column, Form, HelpLine, Note, Section, Table};
pub use frame::{Frame, Head, MAX_APPLIED, MAX_FRAME, MAX_REQUEST, VERSION};
pub use frames::{Assembler, frames};
pub use list::List;
pub use outcome::{Effect, Outcome, Setting};
pub use reply::{Expects, Reply, Status};
pub use request::{Access, Hello, Request, Subject, Wanted, Welcome};
pub use text::{axigen, axigen_lines};
