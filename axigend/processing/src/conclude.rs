//! Last step: the state of each recipient, the time of the next try, the report to the sender; one write.

use std::sync::Arc;

use axigen_shared::Refusal;
use axigend_config::Settings;
use axigend_queue::{Entry, Envelope, Incoming, Queue, RecipientState, Stage};

use crate::expand::Place;
use crate::journal;
use crate::notify::reports;
use crate::report::Failure;
use crate::retry::{DELAY_REPORT_AFTER, is_given_up, next_try};
use crate::verdict::{Verdict, given_up};

/// What an attempt did for one recipient.
#[derive(Clone, Debug)]
pub(crate) enum Attempted {
    /// It was finished before.
    Nothing,
    Delivered(Place),
    /// A mailing list has dealt with it, in these words.
    Handled(String),
    /// It waits for SMTP sending.
    Relay,
    Refused(Verdict, String),
}

/// States after an attempt, and who has to be told.
#[derive(Debug, Default)]
pub(crate) struct Concluded {
    states: Vec<RecipientState>,
    /// Given up in this attempt.
    pub(crate) failed: Vec<Failure>,
    /// Failing for so long that the sender should know.
    pub(crate) delayed: Vec<Failure>,
}

/// Writes the outcome of an attempt; `Ok(true)` when the message is finished.
pub(crate) async fn conclude(
    queue: &Arc<Queue>,
    settings: &Settings,
    entry: &Entry,
    attempted: Vec<Attempted>,
    answers: Vec<(Incoming, Envelope)>,
) -> Result<bool, Refusal> {
    let now = queue.clock().now();
    let mut concluded = judge(settings, entry, attempted);
    let next = next_try_of(settings, &concluded.states, now);
    let reports = match reports(queue, settings, entry, &concluded, now).await {
        Ok(reports) => reports,
        Err(refusal) => {
            // Nobody may be given up without a report: they are tried once more.
            tracing::error!(
                module = "PROCESSING",
                id = entry.id.number(),
                "a report could not be made: {refusal}"
            );
            reopen(entry, &mut concluded.states);
            Vec::new()
        }
    };
    let mut messages = reports;
    messages.extend(answers);
    let states = concluded.states;
    let again = settings.processing.sched_interval;
    let finished = states.iter().all(|state| state.stage.is_finished());
    let next = next.or_else(|| Some(next_try(now, 1, again, again)));
    let next = if finished { None } else { next };
    let all_delivered = states.iter().all(|state| state.stage == Stage::Delivered);
    // Groups were replaced by members, so states and recipients are written together.
    let recipients = Some(entry.envelope.recipients.clone());
    queue
        .finish_expanded(entry.id, recipients, states, next, messages)
        .await?;
    let id = entry.id.number();
    match next {
        Some(at) => tracing::info!(module = "PROCESSING", id, "SCHEDULED for {}", shown_time(at)),
        None if all_delivered => journal::sent(entry.id),
        None => tracing::info!(
            module = "PROCESSING",
            id,
            "FAILED for at least one recipient, finished"
        ),
    }
    Ok(finished)
}

fn shown_time(at: i64) -> String {
    jiff::Timestamp::from_second(at).map_or_else(|_| at.to_string(), |at| at.to_string())
}

/// The state of each recipient after the attempt; logs it.
fn judge(settings: &Settings, entry: &Entry, attempted: Vec<Attempted>) -> Concluded {
    let mut concluded = Concluded::default();
    let recipients = entry.envelope.recipients.iter().zip(&entry.states);
    for ((recipient, before), attempted) in recipients.zip(attempted) {
        let mut state = before.clone();
        match attempted {
            Attempted::Nothing => {}
            Attempted::Delivered(place) => {
                state.stage = Stage::Delivered;
                "2.0.0".clone_into(&mut state.status);
                state.text.clear();
                journal::delivered(entry.id, &recipient.address, &place);
            }
            Attempted::Handled(detail) => {
                state.stage = Stage::Delivered;
                "2.0.0".clone_into(&mut state.status);
                state.text.clear();
                tracing::info!(
                    module = "PROCESSING",
                    id = entry.id.number(),
                    "PROCESSED-LIST <{}> {detail}",
                    recipient.address
                );
            }
            Attempted::Relay => {
                state.stage = Stage::Relay;
                "4.4.0".clone_into(&mut state.status);
                "waits for SMTP sending".clone_into(&mut state.text);
                tracing::warn!(
                    module = "PROCESSING",
                    id = entry.id.number(),
                    "<{}> is not local: SMTP sending is not built, the message stays in the queue",
                    recipient.address
                );
            }
            Attempted::Refused(verdict, detail) => {
                refused(
                    settings,
                    entry,
                    &recipient.address,
                    &mut state,
                    &verdict,
                    &detail,
                    &mut concluded,
                );
            }
        }
        concluded.states.push(state);
    }
    concluded
}

/// A recipient that could not be delivered to.
fn refused(
    settings: &Settings,
    entry: &Entry,
    address: &str,
    state: &mut RecipientState,
    verdict: &Verdict,
    detail: &str,
    concluded: &mut Concluded,
) {
    let id = entry.id.number();
    state.stage = Stage::Waiting;
    state.tries = state.tries.saturating_add(1);
    verdict.status.clone_into(&mut state.status);
    verdict.text.clone_into(&mut state.text);
    if verdict.permanent || is_given_up(state.tries, settings.processing.max_retry_count) {
        state.stage = Stage::Failed;
        if !verdict.permanent {
            state.status = given_up(verdict.status);
        }
        tracing::info!(
            module = "PROCESSING",
            id,
            "FAILED <{address}> {} {} after {} tries: {detail}",
            state.status,
            state.text,
            state.tries
        );
        concluded.failed.push(failure(address, state));
        return;
    }
    tracing::info!(
        module = "PROCESSING",
        id,
        "<{address}> {} {}, try {}: {detail}",
        state.status,
        state.text,
        state.tries
    );
    if state.tries >= DELAY_REPORT_AFTER && !state.delay_reported {
        state.delay_reported = true;
        concluded.delayed.push(failure(address, state));
    }
}

fn failure(address: &str, state: &RecipientState) -> Failure {
    Failure {
        address: address.to_owned(),
        status: state.status.clone(),
        text: state.text.clone(),
    }
}

/// Recipients given up in this attempt wait again.
fn reopen(entry: &Entry, states: &mut [RecipientState]) {
    for (state, before) in states.iter_mut().zip(&entry.states) {
        if state.stage == Stage::Failed && before.stage != Stage::Failed {
            *state = before.clone();
        }
        state.delay_reported = before.delay_reported;
    }
}

/// When the message is due again: the soonest of its waiting recipients; one that only waits for SMTP sending is
/// looked at every `maxSchedInterval`.
fn next_try_of(settings: &Settings, states: &[RecipientState], now: i64) -> Option<i64> {
    let (sched, max) = (
        settings.processing.sched_interval,
        settings.processing.max_sched_interval,
    );
    let time = |state: &RecipientState| match state.stage {
        Stage::Waiting => Some(next_try(now, state.tries, sched, max)),
        Stage::Relay => Some(next_try(now, 1, max, max)),
        Stage::Delivered | Stage::Failed => None,
    };
    states.iter().filter_map(time).min()
}
