//! Processing: takes messages from the queue, finds out who is meant, delivers, and tells senders what failed.
//!
//! Enter with [`Processing`]; one attempt at one message reads in order in `attempt`: expand → filter → deliver →
//! conclude, a file each. What needs no queue is delivered while its sender waits (`direct`). Owns the delivery threads, the retry schedule and reports. Does not own the queue (which it
//! tells the outcome), mailboxes or the directory, and never talks to remote hosts.

mod attempt;
mod conclude;
mod deliver;
mod direct;
mod expand;
mod journal;
mod lists;
mod notify;
mod prefixed;
mod processing;
mod report;
mod retry;
mod summary;
#[cfg(test)]
mod tests;
mod verdict;
mod workers;

pub use processing::Processing;
pub use retry::{is_given_up, next_try};
pub use workers::Stopped;
