//! The registry of open stores: idle ones are closed, and nobody notices.

mod support;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use axigend_storage::{FaultDisk, MemoryDisk, StoreOptions, Stores};

use support::{Op, apply, runtime};

const DIR: &str = "/a/messages";
const MINUTE: Duration = Duration::from_mins(1);

fn deliver(key: u64) -> Op {
    Op::Deliver(key, vec![b'x'; 200].into(), vec![(1, "INBOX")])
}

#[test]
fn a_store_nobody_uses_is_closed_and_opened_again() {
    let stores = Stores::new(MemoryDisk::new(), StoreOptions::default());
    let runtime = runtime();
    let start = Instant::now();
    let store = stores.get(Path::new(DIR)).unwrap();
    runtime.block_on(apply(&store, &deliver(1))).unwrap();
    let mailbox = store.mailbox(1);
    drop(store);
    // A mailbox is held all the time.
    for minute in 0..20 {
        assert_eq!(stores.close_idle(start + minute * MINUTE), 0);
    }
    let watch = mailbox.watch();
    drop(mailbox);
    // Now it is watched.
    for minute in 20..40 {
        assert_eq!(stores.close_idle(start + minute * MINUTE), 0);
    }
    drop(watch);
    // Asked for in between.
    for minute in 40..60 {
        assert!(stores.opened(Path::new(DIR)).is_some());
        assert_eq!(stores.close_idle(start + minute * MINUTE), 0);
    }
    let closed: Vec<usize> = (60..66)
        .map(|minute| stores.close_idle(start + minute * MINUTE))
        .collect();
    assert_eq!(closed, [0, 0, 0, 0, 1, 0]);
    assert!(stores.opened(Path::new(DIR)).is_none());
    let store = stores.get(Path::new(DIR)).unwrap();
    assert_eq!(store.mailbox(1).folder("INBOX").unwrap().messages, 1);
    runtime.block_on(apply(&store, &deliver(2))).unwrap();
}

#[test]
fn a_store_that_refuses_until_a_restart_is_not_restarted_quietly() {
    let disk = FaultDisk::new();
    let stores = Stores::new(disk.shared(), StoreOptions::default());
    let runtime = runtime();
    let start = Instant::now();
    let store = stores.get(Path::new(DIR)).unwrap();
    disk.set_fail_syncs(true);
    assert!(runtime.block_on(apply(&store, &deliver(1))).is_err());
    disk.set_fail_syncs(false);
    drop(store);
    for minute in 0..20 {
        assert_eq!(stores.close_idle(start + minute * MINUTE), 0);
    }
    assert!(stores.get(Path::new(DIR)).unwrap().failure().is_some());
}

#[test]
fn closing_while_others_come_and_go_refuses_nobody() {
    let stores = Arc::new(Stores::new(MemoryDisk::new(), StoreOptions::default()));
    let over = AtomicBool::new(false);
    let closed = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..2_u64)
            .map(|client| {
                let stores = Arc::clone(&stores);
                scope.spawn(move || {
                    let runtime = runtime();
                    for number in 0..300 {
                        let store = stores.get(Path::new(DIR)).unwrap();
                        let op = deliver(client << 32 | number);
                        runtime.block_on(apply(&store, &op)).unwrap();
                        drop(store);
                        std::thread::yield_now();
                    }
                })
            })
            .collect();
        let (stores, over) = (&stores, &over);
        let closer = scope.spawn(move || {
            // A clock that runs fast.
            let (mut now, mut closed) = (Instant::now(), 0);
            while !over.load(Ordering::Relaxed) || closed == 0 {
                now += 10 * MINUTE;
                closed += stores.close_idle(now);
            }
            closed
        });
        for client in clients {
            client.join().unwrap();
        }
        over.store(true, Ordering::Relaxed);
        closer.join().unwrap()
    });
    assert!(closed > 0);
    let store = stores.get(Path::new(DIR)).unwrap();
    assert_eq!(store.mailbox(1).folder("INBOX").unwrap().messages, 600);
    assert_eq!(store.check(true).unwrap(), Vec::<String>::new());
}
