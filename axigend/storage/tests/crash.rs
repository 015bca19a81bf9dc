//! The power goes off on purpose: at every sync of a scripted workload, and at random places of random ones.
//!
//! After each cut: every acknowledged operation is there, the one in flight is there wholly or not at all, the books
//! are clean, no number went back, and opening once more changes nothing.

mod support;

use std::{path::Path, time::Instant};

use axigend_storage::{Disk, FaultDisk, Store, StoreOptions};

use support::{Dice, Marks, Model, Op, apply, runtime, same};

const DIR: &str = "/domain";
/// Survivors looked at for each cut of the scripted workload.
const OUTCOMES: u64 = 5;
/// Random workloads, each with its own cut; `CRASH_SEEDS=100000` runs more of them.
const SEEDS: u64 = 2000;
/// Random workloads stop after this even on a slow machine, unless a number was asked for.
const SECONDS: u64 = 30;

fn options() -> StoreOptions {
    StoreOptions {
        cache_bytes: 256 << 10,
        max_file_size: 60_000,
        checkpoint_batches: 7,
        ..StoreOptions::default()
    }
}

/// What was acknowledged when the power went.
struct Told {
    model: Model,
    /// The model with the operation in flight done too.
    in_flight: Option<Model>,
    marks: Marks,
}

/// Runs operations until the disk is off.
fn run(disk: &FaultDisk, ops: &[Op], runtime: &tokio::runtime::Runtime) -> Told {
    let mut told = Told {
        model: Model::default(),
        in_flight: None,
        marks: Marks::default(),
    };
    let Ok(store) = Store::open(Path::new(DIR), disk.shared(), &options()) else {
        return told;
    };
    for op in ops {
        let mut after = told.model.clone();
        let wanted = after.apply(op);
        let got = runtime
            .block_on(apply(&store, op))
            .map_err(|refusal| refusal.cause);
        if disk.is_off() && got != wanted {
            told.in_flight = wanted.is_ok().then_some(after);
            break;
        }
        assert_eq!(got, wanted, "{op:?}");
        told.model = after;
        if !disk.is_off() {
            told.marks.advance(&store);
        }
    }
    disk.power_off();
    told
}

/// Opens what is left and compares.
fn inspect(disk: &FaultDisk, told: &Told, runtime: &tokio::runtime::Runtime, what: &str) {
    let store = Store::open(Path::new(DIR), disk.shared(), &options())
        .unwrap_or_else(|refusal| panic!("{what}: {refusal}"));
    let acknowledged = same(&store, &told.model, runtime);
    let with_last = told
        .in_flight
        .as_ref()
        .is_some_and(|model| same(&store, model, runtime));
    assert!(
        acknowledged || with_last,
        "{what}: neither the acknowledged state nor the next"
    );
    assert_eq!(store.check(true).unwrap(), Vec::<String>::new(), "{what}");
    told.marks.clone().advance(&store);
    store.close().unwrap();
    let store = Store::open(Path::new(DIR), disk.shared(), &options()).unwrap();
    let state = if acknowledged {
        Some(&told.model)
    } else {
        told.in_flight.as_ref()
    };
    assert!(
        state.is_some_and(|model| same(&store, model, runtime)),
        "{what}: the second open differs"
    );
    // And it goes on from there.
    let more = Op::Deliver(9_999, vec![b'x'; 99].into(), vec![(1, "INBOX")]);
    runtime.block_on(apply(&store, &more)).unwrap();
    store.close().unwrap();
}

/// Everything a store does, in few operations.
fn script() -> Vec<Op> {
    let mut dice = Dice(20_261_124);
    let mut ops = vec![
        Op::Deliver(
            1,
            vec![b'a'; 3000].into(),
            vec![(1, "INBOX"), (2, "INBOX"), (700, "Work")],
        ),
        Op::Create(1, "A/B"),
    ];
    ops.extend((0..60).map(|_| Op::draw(dice.next(), true)));
    ops
}

#[test]
fn a_cut_at_every_sync_of_the_script() {
    let runtime = runtime();
    let ops = script();
    let whole = FaultDisk::new();
    run(&whole, &ops, &runtime);
    let syncs = whole.syncs();
    assert!(syncs > 40, "{syncs} syncs");
    for sync in 1..=syncs {
        let disk = FaultDisk::new();
        disk.power_off_at_sync(sync);
        let told = run(&disk, &ops, &runtime);
        for seed in 0..OUTCOMES {
            inspect(
                &disk.after_power_cut(seed),
                &told,
                &runtime,
                &format!("cut at sync {sync}, outcome {seed}"),
            );
        }
    }
}

#[test]
fn random_workloads_with_a_cut_and_another_while_recovering() {
    let runtime = runtime();
    let start = Instant::now();
    let asked = std::env::var("CRASH_SEEDS")
        .ok()
        .and_then(|seeds| seeds.parse().ok());
    for seed in 0..asked.unwrap_or(SEEDS) {
        if asked.is_none() && start.elapsed().as_secs() > SECONDS {
            eprintln!("stopped after {seed} seeds");
            break;
        }
        let mut dice = Dice(seed);
        let large = seed % 16 == 0;
        let ops: Vec<Op> = (0..10 + dice.below(50))
            .map(|_| Op::draw(dice.next(), large))
            .collect();
        let disk = FaultDisk::new();
        disk.power_off_at_sync(1 + dice.below(90));
        let told = run(&disk, &ops, &runtime);
        let mut left = disk.after_power_cut(dice.next());
        // The machine may fail again while it recovers.
        for _ in 0..dice.below(3) {
            left.power_off_at_sync(1 + dice.below(6));
            let opened = Store::open(Path::new(DIR), left.shared(), &options());
            left.power_off();
            drop(opened);
            left = left.after_power_cut(dice.next());
        }
        inspect(&left, &told, &runtime, &format!("seed {seed}"));
    }
}

#[test]
fn a_cut_with_the_index_gone_is_survived_too() {
    let runtime = runtime();
    for seed in 0..40 {
        let mut dice = Dice(seed ^ 0xabcd);
        let ops: Vec<Op> = (0..40).map(|_| Op::draw(dice.next(), false)).collect();
        let disk = FaultDisk::new();
        disk.power_off_at_sync(5 + dice.below(60));
        let told = run(&disk, &ops, &runtime);
        let left = disk.after_power_cut(dice.next());
        let _ = left.remove(&Path::new(DIR).join("index.redb"));
        inspect(&left, &told, &runtime, &format!("seed {seed}"));
    }
}

#[test]
fn clients_that_share_a_batch_each_keep_what_they_were_told() {
    for seed in 0..150 {
        let mut dice = Dice(seed);
        let disk = FaultDisk::new();
        disk.power_off_at_sync(4 + dice.below(30));
        let Ok(store) = Store::open(Path::new(DIR), disk.shared(), &options()) else {
            continue;
        };
        let told: Vec<u32> = std::thread::scope(|scope| {
            let client = |account: u64| {
                let store = store.clone();
                scope.spawn(move || {
                    let runtime = runtime();
                    let mut told = 0;
                    loop {
                        let body = vec![account as u8; 100 + told as usize].into();
                        let op = Op::Deliver(account << 32 | u64::from(told), body, vec![(account, "INBOX")]);
                        if runtime.block_on(apply(&store, &op)).is_err() {
                            return told;
                        }
                        told += 1;
                    }
                })
            };
            let clients: Vec<_> = (1..=6).map(client).collect();
            clients.into_iter().map(|client| client.join().unwrap()).collect()
        });
        let left = disk.after_power_cut(dice.next());
        let store = Store::open(Path::new(DIR), left.shared(), &options()).unwrap();
        for (account, told) in (1..).zip(told) {
            let mailbox = store.mailbox(account);
            let rows = mailbox
                .folder("INBOX")
                .map(|inbox| mailbox.messages(inbox.id, 0, usize::MAX).unwrap());
            let rows = rows.unwrap_or_default();
            let found = rows.len() as u32;
            assert!(
                found == told || found == told + 1,
                "seed {seed}: told {told}, found {found}"
            );
            for (at, row) in rows.iter().enumerate() {
                assert_eq!(row.size, 100 + at as u64);
            }
        }
        assert_eq!(store.check(true).unwrap(), Vec::<String>::new());
    }
}
