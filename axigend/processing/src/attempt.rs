//! One attempt at one message: expand, filter, deliver, conclude (services-core 3.2.2, "Processing steps").
//!
//! Every step is safe to repeat, because after a crash the whole attempt is: local delivery is idempotent per message
//! and account, and what follows from it (states, reports, removal) is one write of the queue.

use std::sync::Arc;

use axigen_shared::Cause;
use axigend_config::{RunningConfig, Settings};
use axigend_directory::Directory;
use axigend_queue::{Entry, Queue, Recipient, Stage};
use axigend_storage::{Store, Stores};
use tokio::sync::mpsc;

use crate::conclude::{Attempted, conclude};
use crate::deliver::{Mail, Outcome, deliver, delivery_key};
use crate::expand::{Destination, Place, expand_all};
use crate::journal;
use crate::lists::{self, Lists};
use crate::verdict::Verdict;

/// What an attempt works with.
pub(crate) struct Parts {
    pub(crate) queue: Arc<Queue>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) stores: Arc<Stores>,
    pub(crate) config: Arc<RunningConfig>,
    /// Deliveries that need not be remembered any more.
    pub(crate) forget: mpsc::Sender<(Arc<Store>, u64)>,
    pub(crate) lists: Lists,
}

/// Works on one entry until its state is on disk again.
pub(crate) async fn attempt(parts: &Parts, mut entry: Entry) {
    let settings = parts.config.settings();
    begin(&entry);
    let mut destinations = destinations(parts, &settings, &mut entry);
    filter(&entry, &mut destinations);
    let for_lists = destinations
        .iter()
        .any(|destination| matches!(destination, Some(Destination::List(..))));
    let answers = lists::decide(parts, &settings, &entry, &mut destinations).await;
    let (attempted, stores) = carry_out(parts, &entry, destinations).await;
    if for_lists {
        parts.lists.wake.notify_one();
    }
    let key = delivery_key(&entry);
    match conclude(&parts.queue, &settings, &entry, attempted, answers).await {
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

/// First step: where each unfinished recipient leads; `None` for finished ones. Groups become their members in the
/// entry, which is written so when the attempt is concluded; until then an attempt that is repeated expands again.
fn destinations(parts: &Parts, settings: &Settings, entry: &mut Entry) -> Vec<Option<Destination>> {
    let finished: Vec<bool> = entry
        .states
        .iter()
        .map(|state| state.stage.is_finished())
        .collect();
    let wanted = |at: usize| finished.get(at).is_some_and(|finished| !finished);
    let primary_domain = &settings.server.primary_domain;
    let expanded = expand_all(
        &parts.directory,
        &entry.envelope,
        wanted,
        primary_domain,
        entry.body.len(),
    );
    let mut expanded = expanded.into_iter().peekable();
    let before = std::mem::take(&mut entry.envelope.recipients);
    let states = std::mem::take(&mut entry.states);
    let mut destinations = Vec::with_capacity(before.len());
    for (at, (recipient, state)) in before.into_iter().zip(states).enumerate() {
        if state.stage.is_finished() {
            entry.envelope.recipients.push(recipient);
            entry.states.push(state);
            destinations.push(None);
            continue;
        }
        while let Some(one) = expanded.next_if(|one| one.of == at) {
            entry.envelope.recipients.push(Recipient::new(one.address));
            entry.states.push(state.clone());
            destinations.push(Some(one.destination));
        }
    }
    destinations
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
        Some(Destination::Handled(detail)) => Attempted::Handled(detail),
        // Lists have decided by now.
        Some(Destination::List(list, _)) => {
            let detail = format!("{} has not decided", list.address());
            Attempted::Refused(Verdict::of(Cause::Internal), detail)
        }
        Some(Destination::Refused(verdict, detail)) => Attempted::Refused(verdict, detail),
        Some(Destination::Local(place)) => match outcomes.next() {
            Some(Outcome::Delivered) => Attempted::Delivered(place),
            Some(Outcome::Refused(verdict, detail)) => Attempted::Refused(verdict, detail),
            None => Attempted::Nothing,
        },
    });
    (attempted.collect(), stores)
}
