//! The power goes off on purpose: at every sync of a scripted workload, and at random places of random ones.
//!
//! The script is cut at each of its syncs; what is left of the unsynced writes is drawn a few times, and the last of them is
//! torn at every sector. A random workload has one cut, one tear, and perhaps cuts while it recovers.
//!
//! `AXIGEN_CRASH_SEEDS=100000` runs more random workloads, `AXIGEN_CRASH_SEED=17` repeats one,
//! `AXIGEN_CRASH_OUTCOMES=50` draws more of the scripted ones.
//! After each cut: every acknowledged operation is there, the one in flight is there wholly or not at all, the books
//! are clean, no number went back, and opening once more changes nothing.

mod support;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axigend_storage::{Disk, FaultDisk, FlagOp, Store, StoreOptions, SystemFlags};

use support::{
    Dice, Marks, Model, Op, apply, runtime, same,
    seeds::{Seeds, report},
};

const DIR: &str = "/domain";
/// Survivors drawn for each cut of the scripted workload.
const OUTCOMES: u64 = 5;
/// Where a write can be torn: disks write whole sectors.
const SECTOR: u64 = 512;
/// Random workloads.
const SEEDS: Seeds = Seeds {
    name: "AXIGEN_CRASH",
    usual: 2000,
    regressions: include_str!("crash.seeds"),
    command: "-p axigend-storage --test crash random",
};

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
        settle(&store, runtime);
        if !disk.is_off() {
            told.marks.advance(&store);
        }
    }
    disk.power_off();
    told
}

/// Waits until the committer has done what it does after an answer (a checkpoint), so that a run does not depend on who is
/// faster: a write that is refused changes nothing, and is answered in its turn.
fn settle(store: &Arc<Store>, runtime: &tokio::runtime::Runtime) {
    let _ = runtime.block_on(store.mailbox(u64::MAX).delete_folder("nothing"));
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
    // A power cut costs the index nothing, once there is one: it is not rebuilt.
    let names = disk.shared().list(Path::new(DIR)).unwrap();
    let damaged = names.iter().any(|name| name == "index.damaged");
    assert!(!damaged || told.model == Model::default(), "{what}: {names:?}");
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
        Op::Append(
            1,
            "A/B",
            vec![(vec![b'b'; 5000].into(), SystemFlags::SEEN, vec!["work"])],
        ),
        Op::Copy(1, "INBOX", vec![1], "A/B", true),
        Op::Flags(
            1,
            "A/B",
            vec![1, 2],
            FlagOp::Add,
            SystemFlags::DELETED,
            vec!["$Junk"],
        ),
        Op::Rename(1, "A", "D"),
        Op::Expunge(1, "D/B", Some(vec![1]), true),
        Op::Upkeep,
        Op::Rename(2, "INBOX", "Work/2026"),
        Op::Copy(700, "Work", vec![1], "INBOX", false),
        Op::Expunge(700, "Work", None, false),
        Op::Upkeep,
    ];
    ops.extend((0..50).map(|_| Op::draw(dice.next(), true)));
    ops
}

#[test]
fn a_cut_at_every_sync_of_the_script() {
    let runtime = runtime();
    let ops = script();
    let whole = FaultDisk::new();
    run(&whole, &ops, &runtime);
    let syncs = whole.syncs();
    assert!(syncs > 50, "{syncs} syncs");
    let outcomes = std::env::var("AXIGEN_CRASH_OUTCOMES").map_or(OUTCOMES, |count| count.parse().unwrap());
    let (next, torn) = (AtomicU64::new(1), AtomicU64::new(0));
    let work = || {
        let runtime = support::runtime();
        loop {
            let sync = next.fetch_add(1, Ordering::Relaxed);
            if sync > syncs {
                return;
            }
            let disk = FaultDisk::new();
            disk.power_off_at_sync(sync);
            let told = run(&disk, &ops, &runtime);
            for seed in 0..outcomes {
                let what = format!("cut at sync {sync}, outcome {seed}");
                inspect(&disk.after_power_cut(seed), &told, &runtime, &what);
            }
            for keep in (0..=disk.last_write().unwrap_or(0)).step_by(SECTOR as usize) {
                let what = format!("cut at sync {sync}, last write torn at {keep}");
                inspect(&disk.after_torn_write(keep), &told, &runtime, &what);
                torn.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    report(&format!(
        "the script cut at {syncs} syncs with {outcomes} outcomes each, and torn {} times",
        torn.into_inner()
    ));
}

/// The workload of a seed, a cut drawn from all its syncs, and what is left after it.
fn drawn(seed: u64, runtime: &tokio::runtime::Runtime) -> (FaultDisk, Told, Dice) {
    let mut dice = Dice(seed);
    let large = seed.is_multiple_of(16);
    let ops: Vec<Op> = (0..10 + dice.below(50))
        .map(|_| Op::draw(dice.next(), large))
        .collect();
    let whole = FaultDisk::new();
    run(&whole, &ops, runtime);
    let disk = FaultDisk::new();
    disk.power_off_at_sync(1 + dice.below(whole.syncs()));
    let told = run(&disk, &ops, runtime);
    let left = match disk.last_write() {
        Some(len) if dice.below(2) == 0 => disk.after_torn_write(dice.below(len / SECTOR + 1) * SECTOR),
        _ => disk.after_power_cut(dice.next()),
    };
    (left, told, dice)
}

#[test]
fn random_workloads_with_a_cut_and_another_while_recovering() {
    SEEDS.run(|seed| {
        let runtime = runtime();
        let (mut left, told, mut dice) = drawn(seed, &runtime);
        // The machine may fail again while it recovers.
        for _ in 0..dice.below(3) {
            left.power_off_at_sync(1 + dice.below(6));
            let opened = Store::open(Path::new(DIR), left.shared(), &options());
            left.power_off();
            drop(opened);
            left = left.after_power_cut(dice.next());
        }
        inspect(&left, &told, &runtime, &format!("seed {seed}"));
    });
}

#[test]
fn the_same_seed_is_the_same_run() {
    let runtime = runtime();
    for seed in 0..40 {
        let [one, other] = [(), ()].map(|()| {
            let (left, told, mut dice) = drawn(seed, &runtime);
            let used = left.used();
            let store = Store::open(Path::new(DIR), left.shared(), &options()).unwrap();
            let seen = support::observe(&store, &runtime);
            (
                told.model,
                told.in_flight,
                seen,
                (used, left.syncs(), dice.next()),
            )
        });
        assert!(one.0 == other.0 && one.1 == other.1, "seed {seed}: told differs");
        assert!(one.2 == other.2, "seed {seed}: what is left differs");
        assert_eq!(one.3, other.3, "seed {seed}: bytes, syncs, dice");
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
