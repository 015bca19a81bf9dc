//! Third step: local delivery, one call per message storage with all its recipients, so that one copy serves them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axigend_queue::Entry;
use axigend_storage::{BodySource, Delivered, LocalDelivery, Store, Stores};

use crate::expand::Place;
use crate::prefixed::Prefixed;
use crate::verdict::Verdict;

/// What became of one place.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Delivered,
    Refused(Verdict, String),
}

/// Seconds since 1970 that a delivery key has room for; 34 thousand years.
const KEY_SECONDS: u64 = (1 << 40) - 1;

/// Identity of a message for the stores: its queue id and, because ids come back, the second it was received in.
pub(crate) fn delivery_key(entry: &Entry) -> u64 {
    let seconds = entry.envelope.received_at.cast_unsigned() & KEY_SECONDS;
    (seconds << 24) | u64::from(entry.id.number())
}

/// The message as it is stored: with the Return-Path of final delivery (RFC 5321, 4.4), which replaces none, because
/// what came in had no business to have one that matters.
pub(crate) fn stored_body(entry: &Entry) -> Arc<dyn BodySource> {
    let return_path = format!("Return-Path: <{}>\r\n", entry.envelope.reverse_path);
    Arc::new(Prefixed::new(return_path.into_bytes(), Arc::clone(&entry.body)))
}

/// Delivers to every place; one outcome each, same order, and the stores that were asked. Safe to repeat: a place that
/// has the message already answers as delivered.
pub(crate) async fn deliver(
    stores: &Stores,
    entry: &Entry,
    places: &[Place],
) -> (Vec<Outcome>, Vec<Arc<Store>>) {
    let mut groups: BTreeMap<&PathBuf, Vec<usize>> = BTreeMap::new();
    for (at, place) in places.iter().enumerate() {
        groups.entry(&place.store).or_default().push(at);
    }
    let unanswered = Outcome::Refused(
        Verdict::of(axigen_shared::Cause::Internal),
        "no answer".to_owned(),
    );
    let mut outcomes = vec![unanswered; places.len()];
    let mut asked = Vec::new();
    for (dir, members) in groups {
        let (answers, store) = deliver_to_store(stores, dir, entry, places, &members).await;
        asked.extend(store);
        for (at, answer) in members.into_iter().zip(answers) {
            if let Some(outcome) = outcomes.get_mut(at) {
                *outcome = answer;
            }
        }
    }
    (outcomes, asked)
}

/// The members of one store. An account that is meant by several recipients is asked once.
async fn deliver_to_store(
    stores: &Stores,
    dir: &Path,
    entry: &Entry,
    places: &[Place],
    members: &[usize],
) -> (Vec<Outcome>, Option<Arc<Store>>) {
    let places: Vec<&Place> = members.iter().filter_map(|at| places.get(*at)).collect();
    let mut distinct: Vec<&Place> = Vec::new();
    for place in &places {
        if !distinct.iter().any(|known| known.account == place.account) {
            distinct.push(place);
        }
    }
    let all = |refusal: axigen_shared::Refusal| {
        let outcome = Outcome::Refused(Verdict::of(refusal.cause), refusal.to_string());
        vec![outcome; places.len()]
    };
    let store = match stores.get(dir) {
        Ok(store) => store,
        Err(refusal) => return (all(refusal), None),
    };
    let delivery = LocalDelivery {
        key: delivery_key(entry),
        body: stored_body(entry),
        internal_date: entry.envelope.received_at,
        recipients: distinct.iter().map(|place| place.deliver_to()).collect(),
    };
    let answers = match store.deliver(delivery).await {
        Ok(answers) => answers,
        Err(refusal) => return (all(refusal), Some(store)),
    };
    let answer_of = |place: &&Place| {
        let at = distinct.iter().position(|known| known.account == place.account);
        match at.and_then(|at| answers.get(at)) {
            Some(Delivered::Stored { .. } | Delivered::AlreadyStored) => Outcome::Delivered,
            Some(Delivered::Refused(refusal)) => {
                Outcome::Refused(Verdict::of(refusal.cause), refusal.to_string())
            }
            None => Outcome::Refused(
                Verdict::of(axigen_shared::Cause::Internal),
                "no answer".to_owned(),
            ),
        }
    };
    (places.iter().map(answer_of).collect(), Some(store))
}
