//! The power goes off at every sync of a workload: what was answered is there, what was finished is gone.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use axigen_shared::Cause;
use axigend_queue::{Envelope, ManualClock, Queue, QueueId, QueueOptions, Recipient, RecipientState, Stage};
use axigend_storage::{Disk, FaultDisk};

const NOW: i64 = 1_790_000_000;
/// Different fates of what was not synced, per crash point.
const SEEDS: u64 = 4;
/// Where the last write is torn: disks write whole sectors.
const SECTOR: usize = 512;

fn open(disk: Arc<dyn Disk>) -> Result<Arc<Queue>, axigen_shared::Refusal> {
    let clock = Arc::new(ManualClock::new(NOW + 1000));
    Queue::open(
        Path::new("/queue"),
        disk,
        QueueOptions {
            clock,
            body_memory: 0,
            ..QueueOptions::default()
        },
    )
}

fn envelope(number: usize) -> Envelope {
    Envelope {
        reverse_path: format!("sender{number}@example.org"),
        recipients: vec![Recipient::new("bob@example.org")],
        received_at: NOW + number as i64,
        ..Envelope::default()
    }
}

fn body(number: usize) -> Vec<u8> {
    // Every third one is large enough for a spool file.
    let length = if number % 3 == 2 { 200_000 } else { 500 + number };
    (0..length).map(|at| ((at * 7 + number) % 253) as u8).collect()
}

/// What the outside was told.
#[derive(Default)]
struct Told {
    /// Accepted, with the number of the message.
    accepted: BTreeMap<QueueId, usize>,
    finished: BTreeSet<QueueId>,
    /// Asked to be finished, without an answer: either is right.
    unsure: BTreeSet<QueueId>,
}

async fn workload(disk: &FaultDisk) -> Told {
    let mut told = Told::default();
    let Ok(queue) = open(disk.shared()) else {
        return told;
    };
    for number in 0..8 {
        let mut incoming = queue.incoming();
        let id = incoming.id();
        let mut whole = true;
        for piece in body(number).chunks(60_000) {
            whole &= incoming.chunk(piece).await.is_ok();
        }
        if whole && incoming.commit(envelope(number)).await.is_ok() {
            told.accepted.insert(id, number);
            if number % 2 == 1 {
                let entry = queue.take().await.unwrap();
                let states = vec![RecipientState {
                    stage: Stage::Delivered,
                    ..RecipientState::default()
                }];
                match queue.finish(entry.id, states, None).await {
                    Ok(()) => told.finished.insert(entry.id),
                    Err(_) => told.unsure.insert(entry.id),
                };
            }
        }
    }
    queue.close();
    told
}

async fn check(disk: Arc<dyn Disk>, told: &Told, at: &str) {
    let queue = open(disk).unwrap_or_else(|refusal| panic!("{at}: {refusal}"));
    let total = queue.counts().total;
    let mut found = BTreeSet::new();
    for _ in 0..total {
        let entry = queue.take().await.unwrap();
        let number = usize::try_from(entry.envelope.received_at - NOW).unwrap();
        assert_eq!(entry.envelope, envelope(number), "{at}");
        let mut bytes = vec![0; entry.body.len() as usize];
        assert_eq!(entry.body.read_at(0, &mut bytes).unwrap(), bytes.len(), "{at}");
        assert!(bytes == body(number), "{at}: body of {}", entry.id);
        assert!(found.insert(entry.id), "{at}: twice");
        let states = vec![RecipientState {
            stage: Stage::Failed,
            ..RecipientState::default()
        }];
        queue.finish(entry.id, states, None).await.unwrap();
    }
    for id in told
        .accepted
        .keys()
        .filter(|id| !told.finished.contains(id) && !told.unsure.contains(id))
    {
        assert!(found.contains(id), "{at}: {id} was accepted and is lost");
    }
    for id in &told.finished {
        assert!(!found.contains(id), "{at}: {id} was finished and is back");
    }
    // New ids are not those of messages that were told to somebody.
    let next = queue.incoming().id();
    assert!(!told.accepted.contains_key(&next), "{at}: {next} again");
    queue.close();
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(work)
}

#[test]
fn power_goes_off_at_every_sync() {
    run(async {
        let disk = FaultDisk::new();
        let told = workload(&disk).await;
        assert_eq!(told.accepted.len(), 8);
        let syncs = disk.syncs();
        assert!(syncs >= 12, "{syncs}");
        check(disk.survivors(0), &told, "no crash").await;
        for sync in 1..=syncs {
            let disk = FaultDisk::new();
            disk.power_off_at_sync(sync);
            let told = workload(&disk).await;
            for seed in 0..SEEDS {
                check(disk.survivors(seed), &told, &format!("sync {sync} seed {seed}")).await;
            }
            for keep in (0..=disk.last_write().unwrap_or(0)).step_by(SECTOR) {
                let at = format!("sync {sync}, last write torn at {keep}");
                check(disk.after_torn_write(keep).shared(), &told, &at).await;
            }
        }
    });
}

#[test]
fn a_full_disk_is_a_refusal_and_no_more() {
    run(async {
        let disk = FaultDisk::new();
        let queue = open(disk.shared()).unwrap();
        let submit = |number: usize| {
            let queue = queue.clone();
            async move {
                let mut incoming = queue.incoming();
                for piece in body(number).chunks(60_000) {
                    incoming.chunk(piece).await?;
                }
                incoming.commit(envelope(number)).await
            }
        };
        submit(0).await.unwrap();
        disk.set_capacity(Some(disk.used()));
        for number in [1, 2] {
            assert_eq!(
                submit(number).await.unwrap_err().cause,
                Cause::StorageFull,
                "{number}"
            );
        }
        assert_eq!(queue.counts().total, 1);
        disk.set_capacity(None);
        submit(3).await.unwrap();
        submit(2).await.unwrap();
        assert_eq!(queue.counts().total, 3);
        queue.close();
        let left = disk.shared().list(Path::new("/queue/incoming")).unwrap();
        assert!(left.is_empty(), "{left:?}");
    });
}

#[test]
fn one_unreadable_entry_is_set_aside_and_the_rest_flows() {
    use axigend_storage::{Ledger, LedgerOptions};
    run(async {
        let disk = FaultDisk::new();
        assert_eq!(workload(&disk).await.accepted.len(), 8);
        // Damage a record behind the queue's back, with the same tables and a valid checksum.
        let options = LedgerOptions {
            rebuildable: false,
            ..LedgerOptions::new("queue", &["entry", "due", "aside", "meta"], 1)
        };
        let ledger = Ledger::open(Path::new("/queue"), disk.shared(), options).unwrap();
        let victim = ledger
            .read(|at| at.scan("entry", &[], &[0xFF; 4], 1))
            .unwrap()
            .remove(0)
            .0;
        let key = victim.clone();
        ledger
            .write_blocking(move |txn| txn.put("entry", &key, b"\x01nonsense"))
            .unwrap();
        ledger.close().unwrap();
        let queue = open(disk.shared()).unwrap();
        let mut seen = 0;
        for _ in 0..3 {
            let entry = queue.take().await.unwrap();
            assert_ne!(entry.id.number().to_be_bytes(), victim[..]);
            let states = vec![RecipientState {
                stage: Stage::Delivered,
                ..RecipientState::default()
            }];
            queue.finish(entry.id, states, None).await.unwrap();
            seen += 1;
        }
        assert_eq!((seen, queue.list(None, 10).unwrap().len()), (3, 0));
        queue.close();
    });
}
