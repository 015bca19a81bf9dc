//! Third step: local delivery, one call per message storage with all its recipients, so that one copy serves them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use axigen_shared::{Cause, Refusal};
use axigend_queue::{Entry, Envelope};
use axigend_storage::{BodySource, Delivered, LocalDelivery, Store, Stores};

use crate::expand::Place;
use crate::prefixed::Prefixed;
use crate::summary::summarized;
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

/// A message as the stores take it.
pub(crate) struct Mail {
    key: Option<u64>,
    body: Arc<dyn BodySource>,
    received_at: i64,
}

impl Mail {
    /// An entry of the queue: delivering it again is recognised.
    pub(crate) async fn of_entry(entry: &Entry) -> Self {
        Self {
            key: Some(delivery_key(entry)),
            ..Self::once(&entry.envelope, &entry.body).await
        }
    }

    /// A message that is delivered once or not at all.
    ///
    /// It is stored with the Return-Path of final delivery (RFC 5321, 4.4), which replaces none, because what came in
    /// had no business to have one that matters.
    pub(crate) async fn once(envelope: &Envelope, body: &Arc<dyn BodySource>) -> Self {
        let return_path = format!("Return-Path: <{}>\r\n", envelope.reverse_path);
        let stored = Prefixed::new(return_path.into_bytes(), Arc::clone(body));
        Self {
            key: None,
            body: summarized(Arc::new(stored)).await,
            received_at: envelope.received_at,
        }
    }
}

/// Delivers to every place; one outcome each, same order, and the stores that were asked. Safe to repeat: a place that
/// has the message already answers as delivered.
pub(crate) async fn deliver(
    stores: &Stores,
    mail: &Mail,
    places: &[Place],
) -> (Vec<Outcome>, Vec<Arc<Store>>) {
    let mut groups: BTreeMap<&PathBuf, Vec<usize>> = BTreeMap::new();
    for (at, place) in places.iter().enumerate() {
        groups.entry(&place.store).or_default().push(at);
    }
    let mut outcomes = vec![unanswered(); places.len()];
    let mut asked = Vec::new();
    for (dir, members) in groups {
        let there: Vec<&Place> = members.iter().filter_map(|at| places.get(*at)).collect();
        let answers = match stores.get(dir) {
            Ok(store) => {
                let answers = deliver_to_store(&store, mail, &there).await;
                asked.push(store);
                answers
            }
            Err(refusal) => Err(refusal),
        };
        let answers = answers.unwrap_or_else(|refusal| vec![refused(&refusal); there.len()]);
        for (at, answer) in members.into_iter().zip(answers) {
            if let Some(outcome) = outcomes.get_mut(at) {
                *outcome = answer;
            }
        }
    }
    (outcomes, asked)
}

/// Delivers to places of one store, one outcome each; an account that is meant by several recipients is asked once.
/// `Err` when the store could not take the message for anybody.
pub(crate) async fn deliver_to_store(
    store: &Store,
    mail: &Mail,
    places: &[&Place],
) -> Result<Vec<Outcome>, Refusal> {
    let mut distinct: Vec<&Place> = Vec::new();
    for place in places {
        if !distinct.iter().any(|known| known.account == place.account) {
            distinct.push(place);
        }
    }
    let delivery = LocalDelivery {
        key: mail.key,
        body: Arc::clone(&mail.body),
        internal_date: mail.received_at,
        recipients: distinct.iter().map(|place| place.deliver_to()).collect(),
    };
    let answers = store.deliver(delivery).await?;
    let answer_of = |place: &&Place| {
        let at = distinct.iter().position(|known| known.account == place.account);
        match at.and_then(|at| answers.get(at)) {
            Some(Delivered::Stored { .. } | Delivered::AlreadyStored) => Outcome::Delivered,
            Some(Delivered::Refused(refusal)) => refused(refusal),
            None => unanswered(),
        }
    };
    Ok(places.iter().map(answer_of).collect())
}

fn refused(refusal: &Refusal) -> Outcome {
    Outcome::Refused(Verdict::of(refusal.cause), refusal.to_string())
}

fn unanswered() -> Outcome {
    Outcome::Refused(Verdict::of(Cause::Internal), "no answer".to_owned())
}
