//! One attempt at one message: expand, filter, deliver, conclude (services-core 3.2.2, "Processing steps").
//!
//! Every step is safe to repeat, because after a crash the whole attempt is: local delivery is idempotent per message
//! and account, and what follows from it (states, reports, removal) is one write of the queue.

use std::sync::Arc;

use axigend_config::{RunningConfig, Settings};
use axigend_directory::Directory;
use axigend_queue::{Entry, Queue, Stage};
use axigend_storage::{Store, Stores};
use tokio::sync::mpsc;

use crate::conclude::{Attempted, conclude};
use crate::deliver::{Mail, Outcome, deliver, delivery_key};
use crate::expand::{Destination, Place, expand};
use crate::journal;

/// What an attempt works with.
pub(crate) struct Parts {
    pub(crate) queue: Arc<Queue>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) stores: Arc<Stores>,
    pub(crate) config: Arc<RunningConfig>,
    /// Deliveries that need not be remembered any more.
    pub(crate) forget: mpsc::Sender<(Arc<Store>, u64)>,
}

/// Works on one entry until its state is on disk again.
pub(crate) async fn attempt(parts: &Parts, entry: Entry) {
    let settings = parts.config.settings();
    begin(&entry);
    let mut destinations = destinations(parts, &settings, &entry);
    filter(&entry, &mut destinations);
    let (attempted, stores) = carry_out(parts, &entry, destinations).await;
    let key = delivery_key(&entry);
    match conclude(&parts.queue, &settings, &entry, attempted).await {
        Ok(true) => {
            for store in stores {
                // A full channel leaves a few bytes in that store, no more.
                let _ = parts.forget.try_send((store, key));
            }
        }
        Ok(false) => {}
        Err(refusal) => {
            tracing::error!(
                module = "PROCESSING",
                id = entry.id.number(),
                "the outcome could not be written, the message is tried again: {refusal}"
            );
        }
    }
}

fn begin(entry: &Entry) {
    let untouched = entry.tries == 0 && entry.states.iter().all(|state| state.stage == Stage::Waiting);
    if untouched {
        journal::received(entry.id, &entry.envelope, entry.body.len());
    }
    journal::processing(entry.id, entry.tries.saturating_add(1));
}

/// First step: where each unfinished recipient leads; `None` for finished ones.
fn destinations(parts: &Parts, settings: &Settings, entry: &Entry) -> Vec<Option<Destination>> {
    let recipients = entry.envelope.recipients.iter().zip(&entry.states);
    let one = |address: &str| {
        expand(
            &parts.directory,
            address,
            &settings.server.primary_domain,
            entry.body.len(),
        )
    };
    recipients
        .map(|(recipient, state)| (!state.stage.is_finished()).then(|| one(&recipient.address)))
        .collect()
}

/// Second step: filters of server, domain and account run here, in order of (priority, level, name), on
/// `filteringThreads` threads, and may change destinations or the message. None is built yet.
fn filter(_entry: &Entry, _destinations: &mut [Option<Destination>]) {}

/// Third step: what became of each recipient, and the stores that took part.
async fn carry_out(
    parts: &Parts,
    entry: &Entry,
    destinations: Vec<Option<Destination>>,
) -> (Vec<Attempted>, Vec<Arc<Store>>) {
    let places: Vec<Place> = destinations
        .iter()
        .filter_map(|destination| match destination {
            Some(Destination::Local(place)) => Some(place.clone()),
            _ => None,
        })
        .collect();
    let (outcomes, stores) = deliver(&parts.stores, &Mail::of_entry(entry).await, &places).await;
    let mut outcomes = outcomes.into_iter();
    let attempted = destinations.into_iter().map(|destination| match destination {
        None => Attempted::Nothing,
        Some(Destination::Relay) => Attempted::Relay,
        Some(Destination::Refused(verdict, detail)) => Attempted::Refused(verdict, detail),
        Some(Destination::Local(place)) => match outcomes.next() {
            Some(Outcome::Delivered) => Attempted::Delivered(place),
            Some(Outcome::Refused(verdict, detail)) => Attempted::Refused(verdict, detail),
            None => Attempted::Nothing,
        },
    });
    (attempted.collect(), stores)
}
