//! Telling the sender: which reports an outcome calls for, made ready to be queued with it.
//!
//! A report goes through the queue like any mail (its sender may be remote); what it looks like is in `report`.

use std::sync::Arc;

use axigen_shared::Refusal;
use axigend_config::Settings;
use axigend_queue::{BodyType, Entry, Envelope, Incoming, Queue, Recipient};
use jiff::tz::TimeZone;

use crate::conclude::Concluded;
use crate::report::{Facts, Failure, Kind};
use crate::retry::{DELAY_REPORT_AFTER, next_try};

/// Most bytes of the original header that go back with a report: enough for any honest one.
const HEADERS_MOST: usize = 64 * 1024;

/// The reports that this outcome calls for, ready to be queued. None for the null sender: that would be a report about
/// a report (RFC 5321, 4.5.5).
pub(crate) async fn reports(
    queue: &Arc<Queue>,
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
    queue: &Arc<Queue>,
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
