//! The short way: a message for mailboxes of one open store is delivered while its sender waits for the 250.
//!
//! Its bytes are then written once, where they stay, and one sync pays for acceptance and delivery together. Nothing is
//! remembered against a second delivery, because nobody else has the message: a crash before the answer leaves it
//! either delivered or not there, and a sender without an answer sends again (RFC 5321, 4.2.5).
//! Whatever is not that simple goes through the queue, where it can wait: Processing is stopped, a recipient is
//! remote, refused or in another domain, the store is not open or has no room. So the two ways differ in nothing
//! that a sender or an administrator sees but in speed.

use std::path::Path;
use std::sync::Arc;

use axigen_shared::Refusal;
use axigend_queue::{Envelope, Incoming, QueueId, Received, Recipient};
use axigend_storage::{Store, ask};

use crate::deliver::{Mail, Outcome, deliver_to_store};
use crate::expand::{Destination, Place, expand_all};
use crate::journal;
use crate::processing::Processing;

/// Most places that are delivered to while the sender waits; a larger group has its mail from the queue.
const PLACES_MOST: usize = 1000;

/// A store that takes the message now, the recipients, groups replaced by members, and the places that they have in it.
type ShortWay = (Arc<Store>, Vec<Recipient>, Vec<Place>);

/// What the recipients of an envelope lead to.
#[derive(Default)]
struct Found {
    places: Vec<Place>,
    /// Who has them, in the same order.
    recipients: Vec<Recipient>,
    /// Recipients of every kind.
    all: usize,
}

impl Processing {
    /// Takes a message over: `Ok` means that it is on stable storage, delivered or queued, and only now may SMTP say
    /// 250. `announce` is called with the message's id as soon as that is certain, before anything else is logged of
    /// it.
    pub async fn accept(
        &self,
        incoming: Incoming,
        mut envelope: Envelope,
        announce: impl FnOnce(QueueId),
    ) -> Result<(), Refusal> {
        let received = incoming.received().await?;
        let outcomes = match self.short_way(&received, &envelope).await? {
            Some((store, recipients, places)) => {
                let mail = Mail::once(&envelope, received.body()).await;
                let there: Vec<&Place> = places.iter().collect();
                match deliver_to_store(&store, &mail, &there).await {
                    Ok(outcomes) => {
                        envelope.recipients = recipients;
                        Some((places, outcomes))
                    }
                    // Whether it is there is not known until a restart: in the queue it might come twice.
                    Err(refusal) if store.failure().is_some() => return Err(refusal),
                    Err(_) => None,
                }
            }
            None => None,
        };
        let Some((places, outcomes)) = outcomes else {
            announce(received.enqueue(envelope).await?);
            return Ok(());
        };
        settle(received, envelope, &places, &outcomes, announce).await
    }

    /// Where the recipients of this server have their mail.
    async fn places(&self, envelope: &Envelope, size: u64) -> Result<Found, Refusal> {
        let (directory, settings) = (Arc::clone(&self.directory), self.config.settings());
        let envelope = envelope.clone();
        let find = move || {
            let primary_domain = &settings.server.primary_domain;
            let expanded = expand_all(&directory, &envelope, |_| true, primary_domain, size);
            let mut found = Found {
                all: expanded.len(),
                ..Found::default()
            };
            for one in expanded {
                if let Destination::Local(place) = one.destination {
                    found.places.push(place);
                    found.recipients.push(Recipient::new(one.address));
                }
            }
            Ok(found)
        };
        ask(find).await
    }

    /// The store and the places in it, when the message can be delivered now. Refused when it is for a store that takes
    /// nothing before a restart: until then the queue could only pile it up.
    async fn short_way(&self, received: &Received, envelope: &Envelope) -> Result<Option<ShortWay>, Refusal> {
        let Found {
            places,
            recipients,
            all,
        } = self.places(envelope, received.body().len()).await?;
        let mut stores: Vec<&Path> = places.iter().map(|place| place.store.as_path()).collect();
        stores.dedup();
        // Opening one may read the disk: the queue's threads do that.
        let open: Vec<Arc<Store>> = stores.iter().filter_map(|dir| self.stores.opened(dir)).collect();
        if let Some(refusal) = open.iter().find_map(|store| store.failure()) {
            return Err(refusal);
        }
        let is_simple = self.is_running() && places.len() == all && all <= PLACES_MOST && stores.len() == 1;
        Ok(open
            .into_iter()
            .next()
            .filter(|_| is_simple)
            .map(|store| (store, recipients, places)))
    }
}

/// Logs who has the message; a mailbox that has become full meanwhile is served by the queue.
async fn settle(
    received: Received,
    mut envelope: Envelope,
    places: &[Place],
    outcomes: &[Outcome],
    announce: impl FnOnce(QueueId),
) -> Result<(), Refusal> {
    let (id, size) = (received.id(), received.body().len());
    let tell = |envelope: &Envelope| {
        journal::received(id, envelope, size);
        journal::processing(id, 1);
        let results = envelope.recipients.iter().zip(places).zip(outcomes);
        for ((recipient, place), outcome) in results {
            if matches!(outcome, Outcome::Delivered) {
                journal::delivered(id, &recipient.address, place);
            }
        }
    };
    if outcomes
        .iter()
        .all(|outcome| matches!(outcome, Outcome::Delivered))
    {
        if let Err(refusal) = received.finished().await {
            // The message is there; only its id may be given out again after a restart.
            tracing::warn!(
                module = "PROCESSING",
                id = id.number(),
                "the id could not be remembered: {refusal}"
            );
        }
        announce(id);
        tell(&envelope);
        journal::sent(id);
        return Ok(());
    }
    let all = envelope.clone();
    let mut outcome = outcomes.iter();
    envelope
        .recipients
        .retain(|_| !matches!(outcome.next(), Some(Outcome::Delivered)));
    received.enqueue(envelope).await?;
    announce(id);
    tell(&all);
    Ok(())
}
