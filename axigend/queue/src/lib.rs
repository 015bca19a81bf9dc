//! The mail queue: from the moment SMTP says 250 until every recipient is finished, a message is here.
//!
//! Enter with [`Queue::incoming`], work with [`Queue::take`] and [`Queue::finish`], look with [`Queue::list`]; a message
//! that is delivered at once and never becomes an entry leaves again as [`Received`]. Owns
//! ids, envelopes, states, the schedule's due times and the spool of messages being received. Does not own what is
//! done with an entry, nor when it is tried again: processing decides both and says so to `finish`.
//!
//! States (services-core 3.2.2) as which bytes exist:
//! * incoming: memory, or a file in `incoming/`; nobody answers for it; removed at start.
//! * RECEIVED, SCHEDULED: body in a container and record in the index, synced; due now or later.
//! * PROCESSING: the same bytes; that a worker has it is known in memory only, so a crash makes it due again.
//! * done: nothing is left, containers without live bodies are removed.

mod check;
mod clock;
mod codec;
mod desk;
mod entry;
mod envelope;
mod id;
mod incoming;
mod list;
mod memory;
mod queue;
mod ready;
mod scan;
mod spool;
mod spooled;
mod state;
mod tables;
mod write;

pub use check::{QueueReport, check};
pub use clock::{Clock, ManualClock, SystemClock, Wait};
pub use entry::Entry;
pub use envelope::{BodyType, Envelope, Recipient};
pub use id::QueueId;
pub use incoming::{Incoming, Received};
pub use list::{Counts, LIST_MOST, Listed};
pub use queue::{Queue, QueueOptions};
pub use spooled::{SPOOL_MEMORY, SpooledBody};
pub use state::{EntryState, RecipientState, Stage};
