//! A queue of each format that was ever released is opened, and everything in it is there.
//!
//! The queues are kept in `fixtures/`. When the format changes, raise it, run this with `UPDATE_FIXTURES=1`, and keep the old
//! files: they are opened for ever.

#[path = "../../storage/tests/support/pack.rs"]
mod pack;

use std::fmt::Write;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use axigend_queue::{BodyType, Envelope, ManualClock, Queue, QueueOptions, Recipient, RecipientState, Stage};
use axigend_storage::{Disk, MemoryDisk};
use pack::{fixture, unpack};

const NOW: i64 = 1_790_000_000;
const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
/// The present format's fixture; older ones stay in the list.
const FORMAT: &str = "queue-1";
const ALL: &[&str] = &[FORMAT];

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(work)
}

fn open(disk: &Arc<MemoryDisk>, now: i64) -> Arc<Queue> {
    let options = QueueOptions {
        clock: Arc::new(ManualClock::new(now)),
        ..QueueOptions::default()
    };
    Queue::open(Path::new("/queue"), Arc::clone(disk) as Arc<dyn Disk>, options).unwrap()
}

#[allow(
    clippy::needless_update,
    reason = "fields that come later have their default in an old fixture"
)]
fn envelope(number: i64) -> Envelope {
    let recipients = (0..=number % 3).map(|at| Recipient::new(format!("user{at}@example.org")));
    Envelope {
        reverse_path: if number == 2 {
            String::new()
        } else {
            format!("sender{number}@example.com")
        },
        recipients: recipients.collect(),
        received_at: NOW + number,
        body_type: if number == 3 {
            BodyType::EightBitMime
        } else {
            BodyType::default()
        },
        smtp_utf8: number == 4,
        authenticated: (number == 1).then(|| "ann@example.org".to_owned()),
        peer: format!("192.0.2.{number}"),
        ..Envelope::default()
    }
}

/// Fresh entries, one put off with what was said, one half delivered, one finished.
fn make() -> (Vec<u8>, String) {
    run(async {
        let disk = MemoryDisk::new();
        let queue = open(&disk, NOW + 100);
        for number in 0..6 {
            let mut incoming = queue.incoming();
            let body = format!(
                "Subject: {number}\r\n\r\n{}\r\n",
                "x".repeat(50 * number as usize)
            );
            incoming.chunk(body.as_bytes()).await.unwrap();
            incoming.commit(envelope(number)).await.unwrap();
        }
        for number in 0..3 {
            let entry = queue.take().await.unwrap();
            let mut states = vec![
                RecipientState {
                    stage: Stage::Delivered,
                    ..RecipientState::default()
                };
                entry.envelope.recipients.len()
            ];
            if number > 0 {
                states[0] = RecipientState {
                    stage: Stage::Waiting,
                    tries: 3,
                    status: "4.2.2".into(),
                    text: "Mailbox full".into(),
                    delay_reported: number == 2,
                };
            }
            let next = (number > 0).then_some(NOW + 1000 * number);
            queue.finish(entry.id, states, next).await.unwrap();
        }
        queue.close();
        let packed = pack::pack(&*disk, Path::new("/queue"));
        let listing = list(&open(&disk, NOW + 10_000)).await;
        (packed, listing)
    })
}

async fn list(queue: &Arc<Queue>) -> String {
    let mut out = String::new();
    let mut hands = Vec::new();
    for _ in 0..queue.counts().total {
        let entry = queue.take().await.unwrap();
        let mut body = vec![0; entry.body.len() as usize];
        assert_eq!(entry.body.read_at(0, &mut body).unwrap(), body.len());
        let envelope = &entry.envelope;
        let body = String::from_utf8(body).unwrap();
        writeln!(
            out,
            "{} from {:?} at {} {:?} {} {:?} {}: {body:?}",
            entry.id,
            envelope.reverse_path,
            envelope.received_at,
            envelope.body_type,
            envelope.smtp_utf8,
            envelope.authenticated,
            envelope.peer
        )
        .unwrap();
        for (recipient, state) in envelope.recipients.iter().zip(&entry.states) {
            writeln!(
                out,
                "  {} {:?} {} {:?} {:?} {}",
                recipient.address, state.stage, state.tries, state.status, state.text, state.delay_reported
            )
            .unwrap();
        }
        hands.push(entry);
    }
    writeln!(out, "next {}", queue.incoming().id()).unwrap();
    out
}

#[test]
fn a_queue_of_every_format_opens_and_goes_on() {
    for name in ALL {
        let (kept, listing) = fixture(FIXTURES, name, make);
        run(async {
            let report = axigend_queue::check(Path::new("/queue"), unpack(&kept)).unwrap();
            assert_eq!((report.entries, report.problems), (5, Vec::new()), "{name}");
            let disk = unpack(&kept);
            let queue = open(&disk, NOW + 10_000);
            assert_eq!(list(&queue).await, listing, "{name}");
            let mut incoming = queue.incoming();
            incoming.chunk(b"more").await.unwrap();
            incoming.commit(envelope(9)).await.unwrap();
            queue.close();
            assert_eq!(open(&disk, NOW + 10_000).counts().total, 6, "{name}");
        });
    }
}

#[test]
fn a_newer_format_is_refused_with_a_clear_message() {
    let (kept, _) = fixture(FIXTURES, FORMAT, make);
    let disk = unpack(&kept);
    for (path, mut bytes) in pack::files(&*disk, Path::new("/queue")) {
        if path.extension().is_some_and(|ending| ending == "hsf") {
            bytes[12..16].copy_from_slice(&99_u32.to_be_bytes());
            let len = usize::from(u16::from_be_bytes([bytes[10], bytes[11]]));
            let crc = crc32fast::hash(&bytes[..len - 4]);
            bytes[len - 4..len].copy_from_slice(&crc.to_be_bytes());
            pack::put(&*disk, &path, &bytes);
        }
    }
    let options = QueueOptions::default();
    let Err(refusal) = Queue::open(Path::new("/queue"), disk, options) else {
        panic!("a newer format was opened");
    };
    assert!(refusal.detail.contains("format 99"), "{}", refusal.detail);
}
