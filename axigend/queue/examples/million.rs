//! A queue of a million messages: how long it takes to be opened, what it holds in memory, what a decision costs.
//!
//! `cargo run --release -p axigend-queue --example million -- [DIRECTORY] [MESSAGES]`. Fills the queue without waiting
//! for the disk, then opens it as a server does and works: takes due entries, puts them off, pages through the list.
//! Prints one JSON line per figure.

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use axigend_queue::{Envelope, Queue, QueueOptions, Recipient, RecipientState, Stage};
use axigend_storage::RealDisk;
use tokio::{runtime::Runtime, task::JoinSet};

/// Messages being submitted at a time while the queue is filled.
const WRITERS: u64 = 256;
/// Entries taken and put off again for the median.
const DECISIONS: usize = 20_000;
const BODY: &[u8] = b"Subject: waiting\r\n\r\nfor a server that does not answer\r\n";

fn main() {
    let mut arguments = std::env::args().skip(1);
    let dir = arguments.next().unwrap_or_else(|| "target/million".to_owned());
    let messages: u64 = arguments
        .next()
        .and_then(|count| count.parse().ok())
        .unwrap_or(1_000_000);
    let dir = Path::new(&dir);
    assert!(!dir.exists(), "{} is there already", dir.display());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime");
    fill(&runtime, dir, messages);
    let began = Instant::now();
    let queue = open(dir, true);
    print("open", began.elapsed().as_secs_f64() * 1e3, "ms");
    print("memory open", memory_mb(), "MB RssAnon");
    work(&runtime, &queue);
    print("memory after work", memory_mb(), "MB RssAnon");
    list(&queue, messages);
    queue.close();
    std::fs::remove_dir_all(dir).expect("the directory is ours");
}

fn open(dir: &Path, sync: bool) -> Arc<Queue> {
    let options = QueueOptions {
        sync,
        ..QueueOptions::default()
    };
    Queue::open(dir, RealDisk::shared(), options).expect("a queue")
}

fn fill(runtime: &Runtime, dir: &Path, messages: u64) {
    let queue = open(dir, false);
    let began = Instant::now();
    runtime.block_on(async {
        let mut writing = JoinSet::new();
        for number in 0..messages {
            if writing.len() as u64 >= WRITERS {
                writing.join_next().await;
            }
            let queue = Arc::clone(&queue);
            writing.spawn(async move {
                let mut incoming = queue.incoming();
                incoming.chunk(BODY).await.expect("room");
                let envelope = Envelope {
                    reverse_path: "sender@example.test".into(),
                    recipients: vec![Recipient::new(format!("user{number}@remote.test"))],
                    received_at: 1_790_000_000 + number as i64 / 100,
                    ..Envelope::default()
                };
                incoming.commit(envelope).await.expect("queued");
            });
        }
        writing.join_all().await;
    });
    print(
        "submitted without sync",
        messages as f64 / began.elapsed().as_secs_f64(),
        "messages/s",
    );
    queue.close();
}

/// Takes entries and puts them off by an hour, as a sender does whose remote host is away.
fn work(runtime: &Runtime, queue: &Arc<Queue>) {
    let later = queue.clock().now() + 3600;
    let mut taking = Vec::with_capacity(DECISIONS);
    runtime.block_on(async {
        for _ in 0..DECISIONS {
            let began = Instant::now();
            let entry = queue.take().await.expect("the queue is open");
            taking.push(began.elapsed());
            let states = vec![RecipientState {
                stage: Stage::Relay,
                ..RecipientState::default()
            }];
            queue.set_sync(false);
            queue
                .finish(entry.id, states, Some(later))
                .await
                .expect("put off");
        }
    });
    taking.sort_unstable();
    let at = |part: f64| taking[((DECISIONS - 1) as f64 * part) as usize].as_secs_f64() * 1e6;
    print("take, median", at(0.5), "us");
    print("take, p99", at(0.99), "us");
    print("take, longest", at(1.0), "us");
}

fn list(queue: &Queue, messages: u64) {
    let began = Instant::now();
    let (mut after, mut seen) = (None, 0_u64);
    loop {
        let page = queue.list(after, 1000).expect("a page");
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        seen += page.len() as u64;
    }
    assert_eq!(seen, messages);
    print("list all", began.elapsed().as_secs_f64(), "s");
}

fn print(what: &str, value: f64, unit: &str) {
    println!(r#"{{"bench":"queue million","what":"{what}","value":{value:.2},"unit":"{unit}"}}"#);
}

/// Memory of this process that no file backs.
fn memory_mb() -> f64 {
    // Freed pages go back to the system only after a while.
    std::thread::sleep(Duration::from_millis(200));
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kb = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kb.unwrap_or_default() / 1024.0
}
