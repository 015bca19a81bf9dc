//! What mailing lists do with mail: nothing yet but making the folders of their mailboxes.

pub(crate) mod folders;

use std::sync::Arc;

use axigend_config::Settings;
use axigend_queue::{Entry, Envelope, Incoming};
use tokio::sync::Notify;

use crate::attempt::Parts;
use crate::expand::Destination;

/// What lists have in common while the server runs.
#[derive(Default)]
pub(crate) struct Lists {
    /// Something was put into the mailbox of a list.
    pub(crate) wake: Notify,
}

/// Decides for every list that a message is for.
pub(crate) async fn decide(
    _parts: &Parts,
    _settings: &Settings,
    _entry: &Entry,
    _destinations: &mut [Option<Destination>],
) -> Vec<(Incoming, Envelope)> {
    Vec::new()
}

/// Looks after all lists.
pub(crate) async fn keep(parts: Arc<Parts>) {
    parts.lists.wake.notified().await;
}
