//! The services: each joins a protocol to the parts that answer it. Services never import one another.
//!
//! [`Services`] is what administration sees of them: which are built, which run, how to start, stop and change them.

mod log;
mod registry;

pub use log::LogService;
pub use registry::{Change, Services, Started};
