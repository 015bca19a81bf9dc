//! Tests of the whole session, joined to a mail store in memory: no socket, no clock.

mod client;
mod endings;
mod fuzz;
mod resync;
mod store;
mod transcripts;
mod two_sessions;
