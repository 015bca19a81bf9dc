//! The lines of the log by which an administrator follows a message, the same on both ways of delivery
//! (services-core, "Logging": one line for each change of state, under the message's id).

use axigend_queue::{Envelope, QueueId};

use crate::expand::Place;

/// The message is the server's now.
pub(crate) fn received(id: QueueId, envelope: &Envelope, size: u64) {
    tracing::info!(
        module = "PROCESSING",
        id = id.number(),
        "RECEIVED from <{}>, recipients={}, size={size}, by {}",
        envelope.reverse_path,
        envelope.recipients.len(),
        envelope.peer
    );
}

/// An attempt begins; the first has number 1.
pub(crate) fn processing(id: QueueId, attempt: u32) {
    tracing::info!(
        module = "PROCESSING",
        id = id.number(),
        "PROCESSING attempt {attempt}"
    );
}

/// A recipient has it.
pub(crate) fn delivered(id: QueueId, address: &str, place: &Place) {
    tracing::info!(
        module = "PROCESSING",
        id = id.number(),
        "PROCESSED-LOCAL <{address}> to {} folder {:?}",
        place.shown,
        place.folder
    );
}

/// Every recipient has it.
pub(crate) fn sent(id: QueueId) {
    tracing::info!(module = "PROCESSING", id = id.number(), "SENT");
}
