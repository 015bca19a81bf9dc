//! Last step: the state of each recipient, the time of the next try, the report to the sender; one write.

use axigen_shared::Refusal;
use axigend_config::Settings;
use axigend_queue::{BodyType, Entry, Envelope, Incoming, Queue, Recipient, RecipientState, Stage};
use jiff::tz::TimeZone;

use crate::expand::Place;
use crate::report::{Facts, Failure, Kind};
use crate::retry::{DELAY_REPORT_AFTER, is_given_up, next_try};
use crate::verdict::{Verdict, given_up};

/// Most bytes of the original header that go back with a report: enough for any honest one.
const HEADERS_MOST: usize = 64 * 1024;

/// What an attempt did for one recipient.
#[derive(Clone, Debug)]
pub(crate) enum Attempted {
    /// It was finished before.
    Nothing,
    Delivered(Place),
    /// It waits for SMTP sending.
    Relay,
    Refused(Verdict, String),
}

/// States after an attempt, and who has to be told.
#[derive(Debug, Default)]
struct Concluded {
    states: Vec<RecipientState>,
    failed: Vec<Failure>,
    delayed: Vec<Failure>,
}

/// Writes the outcome of an attempt; `Ok(true)` when the message is finished.
pub(crate) async fn conclude(
    queue: &std::sync::Arc<Queue>,
    settings: &Settings,
    entry: &Entry,
    attempted: Vec<Attempted>,
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
    let states = concluded.states;
    let finished = states.iter().all(|state| state.stage.is_finished());
    let next = next.or_else(|| Some(next_try(now, 1, settings.processing.sched_interval, LONGEST)));
    let next = if finished { None } else { next };
    let all_delivered = states.iter().all(|state| state.stage == Stage::Delivered);
    queue.finish_and_submit(entry.id, states, next, reports).await?;
    let id = entry.id.number();
    match next {
        Some(at) => tracing::info!(module = "PROCESSING", id, "SCHEDULED for {}", shown_time(at)),
        None if all_delivered => tracing::info!(module = "PROCESSING", id, "SENT"),
        None => tracing::info!(
            module = "PROCESSING",
            id,
            "FAILED for at least one recipient, finished"
        ),
    }
    Ok(finished)
}

/// No bound on the delay of the one extra try after a report that could not be made.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(u32::MAX as u64);

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
                tracing::info!(
                    module = "PROCESSING",
                    id = entry.id.number(),
                    "PROCESSED-LOCAL <{}> to {} folder {:?}",
                    recipient.address,
                    place.shown,
                    place.folder
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

/// The reports that this outcome calls for, ready to be queued. None for the null sender: that would be a report about
/// a report (RFC 5321, 4.5.5).
async fn reports(
    queue: &std::sync::Arc<Queue>,
    settings: &Settings,
    entry: &Entry,
    concluded: &Concluded,
    now: i64,
) -> Result<Vec<(Incoming, Envelope)>, Refusal> {
    let mut ready = Vec::new();
    let until = give_up_time(settings, now);
    let due = [
        (Kind::Failed, &concluded.failed),
        (Kind::Delayed { until }, &concluded.delayed),
    ];
    for (kind, failures) in due.into_iter().filter(|(_, failures)| !failures.is_empty()) {
        if entry.envelope.reverse_path.is_empty() {
            if kind == Kind::Failed {
                tracing::warn!(
                    module = "PROCESSING",
                    id = entry.id.number(),
                    "double bounce: the sender is <>, no report is sent and the message is dropped"
                );
            }
            continue;
        }
        ready.push(report(queue, settings, entry, (kind, failures), now).await?);
    }
    Ok(ready)
}

/// Upper bound of the time until which a message failing for the fourth time is tried.
fn give_up_time(settings: &Settings, now: i64) -> i64 {
    let (sched, max) = (
        settings.processing.sched_interval,
        settings.processing.max_sched_interval,
    );
    // The sum of a doubling series reaches `max` soon: the steps after that are multiplied, not added one by one.
    let retries = settings.processing.max_retry_count;
    let added = retries.min(64);
    let steps = (DELAY_REPORT_AFTER..=added).fold(now, |at, tries| next_try(at, tries, sched, max));
    let rest = i64::from(retries - added);
    let step = i64::try_from(max.as_secs()).unwrap_or(i64::MAX);
    steps.saturating_add(rest.saturating_mul(step))
}

async fn report(
    queue: &std::sync::Arc<Queue>,
    settings: &Settings,
    entry: &Entry,
    (kind, failures): (Kind, &[Failure]),
    now: i64,
) -> Result<(Incoming, Envelope), Refusal> {
    let mut message = queue.incoming();
    let headers = header_of(entry);
    let facts = Facts {
        kind,
        sender: &entry.envelope.reverse_path,
        server_name: &settings.server.server_name,
        primary_domain: report_domain(settings),
        about: entry.id.to_string(),
        own_id: message.id().to_string(),
        received_at: entry.envelope.received_at,
        now,
        zone: TimeZone::system(),
        failures,
        headers: &headers,
    };
    let bytes = facts.message();
    message.chunk(&bytes).await?;
    let envelope = Envelope {
        reverse_path: String::new(),
        recipients: vec![Recipient::new(entry.envelope.reverse_path.clone())],
        received_at: now,
        body_type: if bytes.is_ascii() {
            BodyType::SevenBit
        } else {
            BodyType::EightBitMime
        },
        smtp_utf8: facts.is_international(),
        authenticated: None,
        peer: "local".to_owned(),
    };
    tracing::info!(
        module = "PROCESSING",
        id = entry.id.number(),
        "report {} to <{}>",
        message.id(),
        entry.envelope.reverse_path
    );
    Ok((message, envelope))
}

/// The domain that reports come from; a server without a primary domain has at least a name.
fn report_domain(settings: &Settings) -> &str {
    match settings.server.primary_domain.as_str() {
        "" => &settings.server.server_name,
        domain => domain,
    }
}

/// The header of the message, whole lines only, at most [`HEADERS_MOST`] bytes. What cannot be read is left out: the
/// report matters more.
fn header_of(entry: &Entry) -> Vec<u8> {
    let length = usize::try_from(entry.body.len())
        .unwrap_or(usize::MAX)
        .min(HEADERS_MOST);
    let mut bytes = vec![0; length];
    let read = entry.body.read_at(0, &mut bytes).unwrap_or(0);
    bytes.truncate(read);
    header_in(bytes)
}

/// Cuts a message after its header, or after the last whole line.
fn header_in(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = if bytes.starts_with(b"\r\n") {
        Some(0)
    } else {
        bytes
            .windows(4)
            .position(|window| window == b"\r\n\r\n")
            .map(|at| at + 2)
    };
    let last_line = || {
        bytes
            .windows(2)
            .rposition(|window| window == b"\r\n")
            .map_or(0, |at| at + 2)
    };
    let end = end.unwrap_or_else(last_line);
    bytes.truncate(end);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_header_goes_back() {
        for (message, header) in [
            (&b"a: b\r\nc: d\r\n\r\nbody\r\n"[..], &b"a: b\r\nc: d\r\n"[..]),
            (b"\r\nbody", b""),
            (b"a: b\r\nc: cut off", b"a: b\r\n"),
            (b"no line", b""),
            (b"", b""),
        ] {
            assert_eq!(header_in(message.to_vec()), header);
        }
    }
}
