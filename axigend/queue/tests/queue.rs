//! The queue from outside: what was answered is there, what is finished is gone, schedules follow the clock.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axigend_queue::{
    Entry, Envelope, ManualClock, Queue, QueueId, QueueOptions, Recipient, RecipientState, SPOOL_MEMORY,
    Stage,
};
use axigend_storage::{Disk, MemoryDisk};

const NOW: i64 = 1_790_000_000;

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(work)
}

fn dir() -> &'static Path {
    Path::new("/queue")
}

fn open(disk: &Arc<MemoryDisk>, clock: &Arc<ManualClock>, bound: usize) -> Arc<Queue> {
    let options = QueueOptions {
        proc_queue_size: bound,
        clock: clock.clone(),
        // Every large body goes through a file.
        body_memory: 0,
        ..QueueOptions::default()
    };
    Queue::open(dir(), disk.clone(), options).unwrap()
}

fn fresh() -> (Arc<MemoryDisk>, Arc<ManualClock>) {
    (MemoryDisk::new(), Arc::new(ManualClock::new(NOW)))
}

fn envelope(to: &[&str], received_at: i64) -> Envelope {
    Envelope {
        reverse_path: "ann@example.org".into(),
        recipients: to.iter().map(|to| Recipient::new(*to)).collect(),
        received_at,
        peer: "test".into(),
        ..Envelope::default()
    }
}

async fn submit(queue: &Arc<Queue>, body: &[u8], received_at: i64) -> QueueId {
    let mut incoming = queue.incoming();
    for piece in body.chunks(50_000) {
        incoming.chunk(piece).await.unwrap();
    }
    let id = incoming.id();
    assert_eq!(
        incoming
            .commit(envelope(&["bob@example.org"], received_at))
            .await
            .unwrap(),
        id
    );
    id
}

fn body_of(entry: &Entry) -> Vec<u8> {
    let mut bytes = vec![0; entry.body.len() as usize];
    let mut at = 0;
    while at < bytes.len() {
        let count = entry.body.read_at(at as u64, &mut bytes[at..]).unwrap();
        assert_ne!(count, 0);
        at += count;
    }
    bytes
}

fn states(stage: Stage, tries: u32) -> Vec<RecipientState> {
    vec![RecipientState {
        stage,
        tries,
        status: "4.2.2".into(),
        text: "Mailbox full".into(),
        delay_reported: false,
    }]
}

#[test]
fn a_message_goes_in_and_out_and_is_gone() {
    let (disk, clock) = fresh();
    run(async {
        let queue = open(&disk, &clock, 10);
        let id = submit(&queue, b"Subject: hi\r\n\r\nbody\r\n", NOW).await;
        let listed = &queue.list(None, 10).unwrap()[0];
        assert_eq!((listed.id, listed.tries, listed.size), (id, 0, 21));
        let entry = queue.take().await.unwrap();
        assert_eq!(entry.id, id);
        assert_eq!(body_of(&entry), b"Subject: hi\r\n\r\nbody\r\n");
        queue.finish(id, states(Stage::Delivered, 0), None).await.unwrap();
        drop(entry);
        assert!(queue.list(None, 10).unwrap().is_empty());
        assert_eq!(queue.counts().total, 0);
        queue.close();
        assert!(queue.take().await.is_none());
        let queue = open(&disk, &clock, 10);
        assert!(queue.list(None, 10).unwrap().is_empty());
        queue.close();
    });
}

#[test]
fn large_messages_are_spooled_and_leave_no_file() {
    let (disk, clock) = fresh();
    let body: Vec<u8> = (0..3 * SPOOL_MEMORY + 17).map(|at| (at % 251) as u8).collect();
    run(async {
        let queue = open(&disk, &clock, 10);
        submit(&queue, &body, NOW).await;
        let mut dropped = queue.incoming();
        dropped.chunk(&body).await.unwrap();
        assert_eq!(dropped.len(), body.len() as u64);
        drop(dropped);
        let entry = queue.take().await.unwrap();
        assert_eq!(body_of(&entry), body);
        queue.close();
    });
    assert!(disk.list(&dir().join("incoming")).unwrap().is_empty());
}

#[test]
fn large_messages_stay_in_memory_while_there_is_room() {
    const MEBIBYTE: usize = 1 << 20;
    let (disk, _) = fresh();
    let files = || disk.list(&dir().join("incoming")).unwrap().len();
    let options = QueueOptions {
        body_memory: 5 * MEBIBYTE as u64,
        ..QueueOptions::default()
    };
    let body = |fill: u8| vec![fill; 2 * MEBIBYTE];
    run(async {
        let queue = Queue::open(dir(), disk.clone(), options).unwrap();
        let mut taken = Vec::new();
        for fill in 1..=3 {
            let mut incoming = queue.incoming();
            for piece in body(fill).chunks(50_000) {
                incoming.chunk(piece).await.unwrap();
            }
            assert_eq!(files(), usize::from(fill == 3), "body {fill}");
            taken.push(incoming.received().await.unwrap());
        }
        for (received, fill) in taken.drain(..).zip(1..) {
            let mut bytes = vec![0; 2 * MEBIBYTE];
            let mut have = 0;
            while have < bytes.len() {
                have += received.body().read_at(have as u64, &mut bytes[have..]).unwrap();
            }
            assert!(bytes == body(fill), "body {fill}");
        }
        // What was dropped left its room to others, one beyond every bound has none.
        let mut incoming = queue.incoming();
        incoming.chunk(&body(4)).await.unwrap();
        // The name of the third body's file goes a little later than the body.
        let deadline = Instant::now() + Duration::from_secs(30);
        while files() > 0 {
            assert!(Instant::now() < deadline, "the file is still there");
            std::thread::yield_now();
        }
        let mut giant = queue.incoming();
        for _ in 0..9 {
            giant.chunk(&body(5)).await.unwrap();
        }
        assert_eq!(files(), 1);
        drop((incoming, giant));
        queue.close();
    });
    assert_eq!(files(), 0);
}

/// Two bodies that together have no room: who announced its size waits for the other instead of using the disk.
#[test]
fn an_announced_body_waits_for_room() {
    const MEBIBYTE: usize = 1 << 20;
    let (disk, _) = fresh();
    let files = || disk.list(&dir().join("incoming")).unwrap().len();
    let options = QueueOptions {
        body_memory: 5 * MEBIBYTE as u64,
        ..QueueOptions::default()
    };
    run(async {
        let queue = Queue::open(dir(), disk.clone(), options).unwrap();
        let mut first = queue.incoming();
        first.expect(3 * MEBIBYTE as u64);
        first.chunk(&vec![1; MEBIBYTE]).await.unwrap();
        let mut second = queue.incoming();
        second.expect(3 * MEBIBYTE as u64);
        let piece = vec![2; MEBIBYTE];
        let waits = async {
            for _ in 0..3 {
                second.chunk(&piece).await.unwrap();
            }
        };
        let ends = async move {
            for _ in 0..2 {
                first.chunk(&vec![1; MEBIBYTE]).await.unwrap();
                tokio::task::yield_now().await;
            }
            drop(first.received().await.unwrap());
        };
        tokio::join!(waits, ends);
        assert_eq!(files(), 0);
        // Nobody makes room any more: the wait ends, the file is there.
        let mut third = queue.incoming();
        third.expect(3 * MEBIBYTE as u64);
        third.chunk(&vec![3; 2 * MEBIBYTE]).await.unwrap();
        assert_eq!(files(), 1);
        // What never has room does not wait, whatever is announced.
        let mut liar = queue.incoming();
        liar.expect(u64::MAX);
        liar.chunk(&vec![4; MEBIBYTE]).await.unwrap();
        assert_eq!(files(), 2);
        drop((second, third, liar));
        queue.close();
    });
    assert_eq!(files(), 0);
}

#[test]
fn what_was_received_half_is_removed_at_start() {
    let (disk, clock) = fresh();
    open(&disk, &clock, 10).close();
    disk.create(&dir().join("incoming/0000FF")).unwrap();
    open(&disk, &clock, 10).close();
    assert!(disk.list(&dir().join("incoming")).unwrap().is_empty());
}

#[test]
fn unfinished_entries_are_due_again_after_a_restart() {
    let (disk, clock) = fresh();
    run(async {
        let queue = open(&disk, &clock, 10);
        let id = submit(&queue, b"x", NOW).await;
        let taken = queue.take().await.unwrap();
        queue.close();
        drop(taken);
        let queue = open(&disk, &clock, 10);
        let again = queue.take().await.unwrap();
        assert_eq!(again.id, id);
        assert_eq!(again.envelope, envelope(&["bob@example.org"], NOW));
        assert_eq!(body_of(&again), b"x");
        queue.close();
    });
}

#[test]
fn a_scheduled_entry_comes_when_its_time_has_come() {
    let (disk, clock) = fresh();
    run(async {
        let queue = open(&disk, &clock, 10);
        let id = submit(&queue, b"x", NOW).await;
        let entry = queue.take().await.unwrap();
        queue
            .finish(id, states(Stage::Waiting, 1), Some(NOW + 300))
            .await
            .unwrap();
        drop(entry);
        assert_eq!(queue.list(None, 1).unwrap()[0].next_try, NOW + 300);
        let mut take = std::pin::pin!(queue.take());
        assert!(futures_poll(&mut take).await.is_none(), "too early");
        clock.advance(299);
        assert!(futures_poll(&mut take).await.is_none(), "still too early");
        clock.advance(1);
        let entry = take.await.unwrap();
        assert_eq!(
            (entry.id, entry.tries, entry.states),
            (id, 1, states(Stage::Waiting, 1))
        );
        queue.close();
    });
}

/// Polls a few times, so that woken parts run.
async fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    for _ in 0..5 {
        tokio::select! { biased; output = &mut *future => return Some(output), () = tokio::task::yield_now() => {} }
    }
    None
}

#[test]
fn an_entry_dropped_unfinished_is_due_again() {
    let (disk, clock) = fresh();
    run(async {
        let queue = open(&disk, &clock, 10);
        let id = submit(&queue, b"x", NOW).await;
        drop(queue.take().await.unwrap());
        assert_eq!(queue.take().await.unwrap().id, id);
        queue.close();
    });
}

#[test]
fn a_long_queue_waits_on_disk_and_comes_in_order_once_each() {
    let (disk, clock) = fresh();
    run(async {
        let queue = open(&disk, &clock, 4);
        let mut ids = Vec::new();
        for number in 0..50i64 {
            ids.push(submit(&queue, b"x", NOW + number / 10).await);
            assert!(queue.counts().ready <= 4);
        }
        clock.advance(10);
        let mut taken = Vec::new();
        for _ in 0..50 {
            let entry = queue.take().await.unwrap();
            taken.push(entry.id);
            queue
                .finish(entry.id, states(Stage::Delivered, 0), None)
                .await
                .unwrap();
        }
        assert_eq!(taken, ids);
        assert!(futures_poll(&mut std::pin::pin!(queue.take())).await.is_none());
        queue.close();
    });
}

#[test]
fn ids_go_on_after_a_restart() {
    let (disk, clock) = fresh();
    run(async {
        let queue = open(&disk, &clock, 10);
        let first = submit(&queue, b"x", NOW).await;
        let entry = queue.take().await.unwrap();
        queue.finish(first, states(Stage::Failed, 1), None).await.unwrap();
        drop(entry);
        queue.close();
        let queue = open(&disk, &clock, 10);
        assert!(queue.incoming().id() > first);
        queue.close();
    });
}

#[test]
fn a_report_is_queued_with_the_outcome_or_not_at_all() {
    let (disk, clock) = fresh();
    run(async {
        let queue = open(&disk, &clock, 10);
        let id = submit(&queue, b"x", NOW).await;
        let entry = queue.take().await.unwrap();
        let report = |text: &'static [u8]| {
            let queue = queue.clone();
            async move {
                let mut message = queue.incoming();
                message.chunk(text).await.unwrap();
                (message, envelope(&["ann@example.org"], NOW))
            }
        };
        // One state too many: refused as a whole.
        let wrong = [states(Stage::Failed, 1), states(Stage::Failed, 1)].concat();
        let messages = vec![report(b"first").await];
        assert!(queue.finish_and_submit(id, wrong, None, messages).await.is_err());
        drop(entry);
        assert_eq!(queue.list(None, 9).unwrap().len(), 1);
        clock.advance(60);
        let entry = queue.take().await.unwrap();
        let messages = vec![report(b"second").await];
        queue
            .finish_and_submit(id, states(Stage::Failed, 1), None, messages)
            .await
            .unwrap();
        drop(entry);
        let entry = queue.take().await.unwrap();
        assert_eq!(body_of(&entry), b"second");
        assert_eq!(queue.counts().total, 1);
        queue.close();
    });
}

#[test]
fn useless_messages_are_refused() {
    let (disk, clock) = fresh();
    run(async {
        let queue = open(&disk, &clock, 10);
        assert!(
            queue.incoming().commit(Envelope::default()).await.is_err(),
            "nobody to deliver to"
        );
        let id = submit(&queue, b"x", NOW).await;
        let entry = queue.take().await.unwrap();
        assert!(
            queue.finish(id, states(Stage::Waiting, 1), None).await.is_err(),
            "no next try"
        );
        drop(entry);
        let late = queue.clone();
        queue.close();
        assert!(late.incoming().chunk(b"x").await.is_err(), "closed");
    });
}
