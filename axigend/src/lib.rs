//! The daemon `axigend`: every mail service in one process.
//!
//! Start reading at [`Server`]: it builds every part in order. `startup` is the way from the command line to it, `services`
//! joins protocols to parts, `administration` answers the administration engine, `demo` is the embedded demonstration.

mod administration;
mod demo;
mod jobs;
mod parts;
mod server;
mod services;
mod startup;

pub use jobs::{JobKind, Jobs, Task};
pub use parts::Parts;
pub use server::{Server, ServerOptions};
pub use services::{Change, LogService, Services, Started};
pub use startup::{StartError, WorkingDirectory, run};
