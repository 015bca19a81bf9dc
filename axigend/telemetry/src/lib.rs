//! The log service: `tracing` events become AXIGEN's log lines, by rules, in files.
//!
//! A protocol thread only formats the text of an event and puts it into a bounded queue; one thread, `log-writer`, does the
//! rest: local time, rules, files, rotation. When the queue is full the line is lost and counted, and the count is logged:
//! mail never waits for its log. Levels are AXIGEN's bit mask (services-core, "Logging"), per service and per rule.
//!
//! Enter with [`Telemetry::start`]; give its [`LogLayer`] to a subscriber, or call [`Telemetry::install`].

mod feed;
mod file;
mod layer;
mod level;
mod line;
mod queue;
mod record;
mod rule;
mod telemetry;
mod writer;

#[cfg(test)]
mod tests;

pub use feed::{Feed, Reader};
pub use layer::LogLayer;
pub use level::{CRITICAL, ERROR, INFORMATION, Levels, PROTOCOL, WARNING};
pub use telemetry::{Options, Telemetry};
