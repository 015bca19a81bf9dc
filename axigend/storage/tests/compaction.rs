//! Compaction of a mail store: space comes back, nobody notices, and whatever happens meanwhile loses nothing.

mod support;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use axigen_shared::Cause;
use axigend_storage::{
    CompactOptions, Compacted, Disk, FaultDisk, FlagOp, Flags, MemoryDisk, Progress, Store, StoreOptions,
    SystemFlags,
};

use support::{ACCOUNTS, Dice, Marks, Model, Op, apply, observe, runtime, same};

const DIR: &str = "/domain";
/// Survivors looked at for each cut of the scripted workload.
const OUTCOMES: u64 = 4;
/// Random workloads, each with its own cut.
const SEEDS: u64 = 600;
/// Random workloads stop after this even on a slow machine.
const SECONDS: u64 = 30;
const FORCED: CompactOptions = CompactOptions {
    forced: true,
    chunk_bytes: 4000,
    split_after: None,
    index_slack: 0,
};

fn options() -> StoreOptions {
    StoreOptions {
        cache_bytes: 256 << 10,
        max_file_size: 30_000,
        max_files: 100_000,
        checkpoint_batches: 7,
        ..StoreOptions::default()
    }
}

fn open(disk: Arc<dyn Disk>) -> Arc<Store> {
    Store::open(Path::new(DIR), disk, &options()).unwrap()
}

fn deliver(key: u64, size: usize) -> Op {
    Op::Deliver(key, vec![key as u8; size].into(), vec![(1, "INBOX"), (2, "Work")])
}

/// Removes every message of an account's INBOX but those with these UIDs.
fn keep_only(store: &Arc<Store>, account: u64, keep: impl Fn(u32) -> bool) {
    let runtime = runtime();
    for name in ["INBOX", "Work"] {
        let mailbox = store.mailbox(account);
        let Ok(folder) = mailbox.folder(name) else {
            continue;
        };
        let rows = mailbox.messages(folder.id, 0, usize::MAX).unwrap();
        let gone: Vec<u32> = rows.iter().map(|row| row.uid).filter(|uid| !keep(*uid)).collect();
        runtime
            .block_on(mailbox.expunge(folder.id, Some(gone), false))
            .unwrap();
    }
}

/// A store with `count` messages of which one in ten was kept.
fn thinned(disk: Arc<dyn Disk>, count: u64) -> Arc<Store> {
    thin(open(disk), count)
}

fn thin(store: Arc<Store>, count: u64) -> Arc<Store> {
    let runtime = runtime();
    for key in 0..count {
        runtime.block_on(apply(&store, &deliver(key, 2000))).unwrap();
    }
    for account in [1, 2] {
        keep_only(&store, account, |uid| uid % 10 == 0);
    }
    store
}

fn clean(store: &Store) {
    assert_eq!(store.check(true).unwrap(), Vec::<String>::new());
}

/// Opens what is on the disk with its index and without, and compares with the open store.
fn reopens_as(store: &Arc<Store>, disk: &FaultDisk) {
    let runtime = runtime();
    let infos = |store: &Arc<Store>| ACCOUNTS.map(|account| store.mailbox(account).folders().unwrap());
    let (wanted, numbers) = (observe(store, &runtime), infos(store));
    for lost in [false, true] {
        let copy = disk.after_power_cut(7);
        if lost {
            copy.remove(&Path::new(DIR).join("index.redb")).unwrap();
        }
        let again = open(copy.shared());
        assert!(observe(&again, &runtime) == wanted, "index lost: {lost}");
        assert_eq!(infos(&again), numbers, "index lost: {lost}");
        assert_eq!(again.usage().used_kb, store.usage().used_kb);
        clean(&again);
    }
}

#[test]
fn space_comes_back_and_deleted_mail_does_not() {
    let disk = FaultDisk::new();
    let store = thinned(disk.shared(), 200);
    let before = store.usage().total_kb;
    let progress = Progress::new();
    let done = store.compact(CompactOptions::default(), &progress).unwrap();
    let after = store.usage().total_kb;
    assert!(done.removed_files > 10 && !done.aborted, "{done:?}");
    assert!(
        done.moved_bodies >= 15 && done.moved_bytes == done.moved_bodies * 2000,
        "{done:?}"
    );
    assert!(
        after + done.given_back_bytes / 1024 <= before + 64 && after < before * 6 / 10,
        "{before} KB, then {after} KB, {done:?}"
    );
    let (containers, total) = progress.containers();
    assert_eq!(containers, total);
    assert!(progress.bytes().0 > 30_000, "{progress:?}");
    clean(&store);
    reopens_as(&store, &disk);
    // Nothing to be gained now: neither moves it anything, nor does it write.
    let syncs = disk.syncs();
    let again = store
        .compact(CompactOptions::default(), &Progress::new())
        .unwrap();
    assert_eq!(again, Compacted::default());
    assert_eq!(disk.syncs(), syncs);
}

#[test]
fn a_store_without_free_space_is_left_alone_unless_forced() {
    let disk = FaultDisk::new();
    let store = open(disk.shared());
    let runtime = runtime();
    for key in 0..60 {
        runtime.block_on(apply(&store, &deliver(key, 3000))).unwrap();
    }
    keep_only(&store, 1, |uid| uid % 10 != 0);
    keep_only(&store, 2, |uid| uid % 10 != 0);
    let plain = store
        .compact(CompactOptions::default(), &Progress::new())
        .unwrap();
    assert_eq!(plain, Compacted::default());
    let forced = store.compact(FORCED, &Progress::new()).unwrap();
    assert!(forced.removed_files > 3 && forced.moved_bodies > 40, "{forced:?}");
    clean(&store);
    reopens_as(&store, &disk);
}

#[test]
fn it_can_be_done_again_and_again() {
    let disk = FaultDisk::new();
    let store = open(disk.shared());
    let (runtime, mut dice, mut model) = (runtime(), Dice(11), Model::default());
    let mut marks = Marks::default();
    for _ in 0..12 {
        for _ in 0..60 {
            let op = Op::draw(dice.next(), false);
            let wanted = model.apply(&op);
            let got = runtime.block_on(apply(&store, &op));
            assert_eq!(got.map_err(|refusal| refusal.cause), wanted);
        }
        store.compact(FORCED, &Progress::new()).unwrap();
        assert!(same(&store, &model, &runtime));
        clean(&store);
        marks.advance(&store);
        reopens_as(&store, &disk);
    }
    let files = disk.list(Path::new(DIR)).unwrap();
    assert!(files.len() < 14, "{files:?}");
    let containers = store.usage().total_kb * 1024
        - disk
            .open(&Path::new(DIR).join("index.redb"))
            .unwrap()
            .len()
            .unwrap();
    let live = store.usage().used_kb * 1024;
    assert!(containers < live + 300_000, "{containers} bytes for {live}");
}

#[test]
fn it_stops_when_told_and_goes_on_where_it_was() {
    let disk = FaultDisk::new();
    let store = thinned(disk.shared(), 200);
    let progress = Progress::new();
    progress.abort();
    let none = store.compact(FORCED, &progress).unwrap();
    assert!(none.aborted && none.moved_bodies == 0, "{none:?}");
    // Stopped somewhere in the middle, by whoever looks on.
    let progress = Progress::new();
    let some = std::thread::scope(|scope| {
        let compaction = scope.spawn(|| store.compact(FORCED, &progress).unwrap());
        while progress.bytes().0 < 8000 {
            std::thread::yield_now();
        }
        progress.abort();
        compaction.join().unwrap()
    });
    clean(&store);
    reopens_as(&store, &disk);
    let rest = store.compact(FORCED, &Progress::new()).unwrap();
    assert!(rest.moved_bodies > 0 || !some.aborted, "{some:?}, {rest:?}");
    assert!(!rest.aborted);
    clean(&store);
    reopens_as(&store, &disk);
}

#[test]
fn only_one_at_a_time() {
    let store = thinned(MemoryDisk::new(), 300);
    let progress = Progress::new();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| store.compact(FORCED, &progress));
        while progress.bytes().0 == 0 && !first.is_finished() {
            std::thread::yield_now();
        }
        let second = store.compact(FORCED, &Progress::new());
        let first = first.is_finished();
        assert!(first || second.is_err_and(|refusal| refusal.cause == Cause::InUse));
    });
}

#[test]
fn readers_and_writers_notice_nothing() {
    let disk = FaultDisk::new();
    let store = thinned(disk.shared(), 150);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for account in [1, 2] {
            let (store, over) = (&store, &over);
            scope.spawn(move || {
                let runtime = runtime();
                let mailbox = store.mailbox(account);
                while !over.load(Ordering::Relaxed) {
                    for folder in mailbox.folders().unwrap() {
                        for row in mailbox.messages(folder.id, 0, usize::MAX).unwrap() {
                            let body = runtime.block_on(mailbox.read(row.body, 0, usize::MAX)).unwrap();
                            assert_eq!(body.len() as u64, row.size);
                            assert!(body.windows(2).all(|pair| pair[0] == pair[1]));
                            let part = runtime.block_on(mailbox.read(row.body, 100, 50)).unwrap();
                            assert_eq!(part, body.slice(100..150));
                        }
                    }
                }
            });
        }
        let (writing, over) = (&store, &over);
        scope.spawn(move || {
            let runtime = runtime();
            let mut key = 10_000;
            while !over.load(Ordering::Relaxed) {
                runtime.block_on(apply(writing, &deliver(key, 1000))).unwrap();
                let flags = Op::Flags(
                    1,
                    "INBOX",
                    vec![10, 20, 30],
                    FlagOp::Add,
                    SystemFlags::SEEN,
                    vec![],
                );
                runtime.block_on(apply(writing, &flags)).unwrap();
                key += 1;
            }
        });
        let mut removed = 0;
        for _ in 0..12 {
            removed += store.compact(FORCED, &Progress::new()).unwrap().removed_files;
        }
        assert!(removed > 20, "{removed}");
        over.store(true, Ordering::Relaxed);
    });
    clean(&store);
    reopens_as(&store, &disk);
}

#[test]
fn a_body_that_cannot_be_read_stays_with_its_container() {
    let disk = FaultDisk::new();
    let store = thinned(disk.shared(), 100);
    let mailbox = store.mailbox(1);
    let inbox = mailbox.folder("INBOX").unwrap();
    let row = &mailbox.messages(inbox.id, 0, usize::MAX).unwrap()[0];
    let name = Path::new(DIR).join(format!("{:02X}.hsf", row.body.file));
    disk.flip_bit(&name, row.body.offset + 200, 0).unwrap();
    let done = store.compact(FORCED, &Progress::new()).unwrap();
    assert_eq!(done.unreadable_bodies, 1);
    assert!(done.removed_files > 3, "{done:?}");
    assert!(disk.open(&name).is_ok());
    let problems = store.check(true).unwrap();
    assert!(!problems.is_empty(), "it is reported as before");
    assert!(
        problems.iter().all(|problem| problem.contains("damaged")),
        "{problems:?}"
    );
    // Mended (by a backup, say) it is moved too.
    disk.flip_bit(&name, row.body.offset + 200, 0).unwrap();
    store.compact(FORCED, &Progress::new()).unwrap();
    clean(&store);
    assert!(disk.open(&name).is_err());
    reopens_as(&store, &disk);
}

#[test]
fn a_full_disk_ends_it_and_the_store_goes_on() {
    let disk = FaultDisk::new();
    let store = thinned(disk.shared(), 100);
    let runtime = runtime();
    let before = observe(&store, &runtime);
    for room in [0, 300, 5000, 12_000, 30_000] {
        disk.set_capacity(Some(disk.used() + room));
        let refused = store.compact(FORCED, &Progress::new());
        assert_eq!(refused.unwrap_err().cause, Cause::StorageFull, "room for {room}");
        assert!(observe(&store, &runtime) == before, "room for {room}");
        disk.set_capacity(None);
        clean(&store);
        reopens_as(&store, &disk);
    }
    assert_eq!(store.failure(), None);
    let done = store.compact(FORCED, &Progress::new()).unwrap();
    assert!(done.removed_files > 3, "{done:?}");
    assert!(observe(&store, &runtime) == before);
    reopens_as(&store, &disk);
}

#[test]
fn a_failed_sync_ends_it_and_reading_goes_on() {
    let disk = FaultDisk::new();
    let store = thinned(disk.shared(), 200);
    let runtime = runtime();
    let before = observe(&store, &runtime);
    let progress = Progress::new();
    let refused = std::thread::scope(|scope| {
        let compaction = scope.spawn(|| store.compact(FORCED, &progress));
        while progress.bytes().0 == 0 {
            std::thread::yield_now();
        }
        disk.set_fail_syncs(true);
        compaction.join().unwrap().unwrap_err()
    });
    assert_eq!(refused.cause, Cause::StorageFailure);
    disk.set_fail_syncs(false);
    assert!(store.failure().is_some());
    assert!(observe(&store, &runtime) == before);
    assert!(store.compact(FORCED, &Progress::new()).is_err());
    let after = open(disk.after_power_cut(5).shared());
    assert!(observe(&after, &runtime) == before);
    after.compact(FORCED, &Progress::new()).unwrap();
    clean(&after);
}

/// Operations with compactions between them, until the disk is off. What was acknowledged and what may be.
fn run(
    disk: &FaultDisk,
    ops: &[Op],
    every: usize,
    runtime: &tokio::runtime::Runtime,
) -> (Model, Option<Model>) {
    let mut model = Model::default();
    let Ok(store) = Store::open(Path::new(DIR), disk.shared(), &options()) else {
        return (model, None);
    };
    for (at, op) in ops.iter().enumerate() {
        if at % every == every - 1 && store.compact(FORCED, &Progress::new()).is_err() {
            assert!(disk.is_off());
            break;
        }
        let mut after = model.clone();
        let wanted = after.apply(op);
        let got = runtime
            .block_on(apply(&store, op))
            .map_err(|refusal| refusal.cause);
        if disk.is_off() && got != wanted {
            return (model, wanted.is_ok().then_some(after));
        }
        assert_eq!(got, wanted, "{op:?}");
        model = after;
    }
    disk.power_off();
    (model, None)
}

/// Opens what is left, with its index or without, and compares; then compacts it.
fn inspect(disk: &FaultDisk, told: &(Model, Option<Model>), runtime: &tokio::runtime::Runtime, what: &str) {
    for lost in [false, true] {
        let copy = disk.after_power_cut(0);
        if lost {
            let _ = copy.remove(&Path::new(DIR).join("index.redb"));
        }
        let store = Store::open(Path::new(DIR), copy.shared(), &options())
            .unwrap_or_else(|refusal| panic!("{what}, index lost: {lost}: {refusal}"));
        let model = std::iter::once(&told.0)
            .chain(&told.1)
            .find(|model| same(&store, model, runtime));
        let model = model.unwrap_or_else(|| panic!("{what}, index lost: {lost}: neither state"));
        assert_eq!(store.check(true).unwrap(), Vec::<String>::new(), "{what}");
        store.compact(FORCED, &Progress::new()).unwrap();
        assert!(same(&store, model, runtime), "{what}, compacted");
        assert_eq!(store.check(true).unwrap(), Vec::<String>::new(), "{what}");
        store.close().unwrap();
        let store = open(copy.shared());
        assert!(same(&store, model, runtime), "{what}, the second open differs");
    }
}

#[test]
fn a_cut_at_every_sync_of_a_compaction() {
    let runtime = runtime();
    let mut dice = Dice(20_261_127);
    let mut ops: Vec<Op> = (0..25).map(|key| deliver(key, 1500)).collect();
    ops.extend((0..40).map(|_| Op::draw(dice.next(), false)));
    let whole = FaultDisk::new();
    run(&whole, &ops, 16, &runtime);
    let syncs = whole.syncs();
    assert!(syncs > 100, "{syncs} syncs");
    for sync in 1..=syncs {
        let disk = FaultDisk::new();
        disk.power_off_at_sync(sync);
        let told = run(&disk, &ops, 16, &runtime);
        for seed in 0..OUTCOMES {
            let left = disk.after_power_cut(seed);
            inspect(
                &left,
                &told,
                &runtime,
                &format!("cut at sync {sync}, outcome {seed}"),
            );
        }
    }
}

#[test]
fn random_workloads_with_compactions_and_a_cut() {
    let runtime = runtime();
    let start = Instant::now();
    for seed in 0..SEEDS {
        if start.elapsed().as_secs() > SECONDS {
            eprintln!("stopped after {seed} seeds");
            break;
        }
        let mut dice = Dice(seed);
        let ops: Vec<Op> = (0..20 + dice.below(60))
            .map(|_| Op::draw(dice.next(), false))
            .collect();
        let disk = FaultDisk::new();
        disk.power_off_at_sync(1 + dice.below(220));
        let told = run(&disk, &ops, 4 + dice.below(12) as usize, &runtime);
        let mut left = disk.after_power_cut(dice.next());
        // The machine may fail again while it recovers and compacts.
        for _ in 0..dice.below(3) {
            left.power_off_at_sync(1 + dice.below(30));
            if let Ok(store) = Store::open(Path::new(DIR), left.shared(), &options()) {
                let _ = store.compact(FORCED, &Progress::new());
            }
            left.power_off();
            left = left.after_power_cut(dice.next());
        }
        inspect(&left, &told, &runtime, &format!("seed {seed}"));
    }
}

#[test]
fn a_full_storage_refuses_mail_and_allows_what_makes_room() {
    let small = StoreOptions {
        max_files: 4,
        ..options()
    };
    let disk = FaultDisk::new();
    let store = Store::open(Path::new(DIR), disk.shared(), &small).unwrap();
    let runtime = runtime();
    let mut key = 0;
    let refusal = loop {
        match runtime.block_on(apply(&store, &deliver(key, 4000))) {
            Ok(()) => key += 1,
            Err(refusal) => break refusal,
        }
    };
    assert_eq!(refusal.cause, Cause::StorageFull);
    assert!(store.closed_to_mail().is_some() && store.room() == 0);
    assert!((20..40).contains(&key), "{key} messages of 4000 bytes in 120000");
    // APPEND too; nothing of it stays.
    let before = observe(&store, &runtime);
    let append = Op::Append(1, "INBOX", vec![(vec![1; 10].into(), SystemFlags::NONE, vec![])]);
    assert_eq!(
        runtime.block_on(apply(&store, &append)).unwrap_err().cause,
        Cause::StorageFull
    );
    assert!(observe(&store, &runtime) == before);
    // Flags, copies within the store and deleting need no body.
    let flags = Op::Flags(
        1,
        "INBOX",
        vec![1, 2],
        FlagOp::Add,
        SystemFlags::SEEN,
        vec!["work"],
    );
    runtime.block_on(apply(&store, &flags)).unwrap();
    runtime
        .block_on(apply(&store, &Op::Copy(1, "INBOX", vec![1], "Sent", false)))
        .unwrap();
    keep_only(&store, 1, |uid| uid % 5 == 0);
    keep_only(&store, 2, |uid| uid % 5 == 0);
    assert_eq!(
        runtime.block_on(apply(&store, &append)).unwrap_err().cause,
        Cause::StorageFull
    );
    let done = store
        .compact(CompactOptions::default(), &Progress::new())
        .unwrap();
    assert!(done.given_back_bytes > 20_000, "{done:?}");
    assert!(store.closed_to_mail().is_none() && store.room() > 20_000);
    runtime.block_on(apply(&store, &append)).unwrap();
    clean(&store);
    reopens_as(&store, &disk);
}

#[test]
fn a_read_only_storage_refuses_mail_only() {
    let disk = MemoryDisk::new();
    let runtime = runtime();
    let store = open(disk.clone());
    runtime.block_on(apply(&store, &deliver(1, 100))).unwrap();
    store.close().unwrap();
    let read_only = StoreOptions {
        read_only: true,
        ..options()
    };
    let store = Store::open(Path::new(DIR), disk, &read_only).unwrap();
    let refusal = runtime.block_on(apply(&store, &deliver(2, 100))).unwrap_err();
    assert_eq!(refusal.cause, Cause::StorageFull);
    let mailbox = store.mailbox(1);
    let inbox = mailbox.folder("INBOX").unwrap().id;
    let seen = Flags {
        system: SystemFlags::SEEN,
        ..Flags::default()
    };
    runtime
        .block_on(mailbox.set_flags(inbox, vec![1], FlagOp::Add, seen, None))
        .unwrap();
}

#[test]
fn a_damaged_header_is_survived_where_the_index_or_another_header_knows_better() {
    let disk = FaultDisk::new();
    let store = thinned(disk.shared(), 120);
    store.compact(FORCED, &Progress::new()).unwrap();
    let runtime = runtime();
    runtime.block_on(apply(&store, &deliver(5000, 700))).unwrap();
    let wanted = observe(&store, &runtime);
    store.close().unwrap();
    let containers: Vec<String> = disk
        .list(Path::new(DIR))
        .unwrap()
        .into_iter()
        .filter(|name| !name.starts_with("index"))
        .collect();
    for name in &containers {
        // While the index is there no header is needed, and what it knew goes on to the next containers.
        let hurt = disk.after_power_cut(1);
        hurt.flip_bit(&Path::new(DIR).join(name), 20, 1).unwrap();
        let store = open(hurt.shared());
        assert!(observe(&store, &runtime) == wanted, "{name}");
        store.compact(FORCED, &Progress::new()).unwrap();
        assert!(observe(&store, &runtime) == wanted, "{name}");
        reopens_as(&store, &hurt);
    }
}

#[test]
fn the_header_of_the_container_where_the_log_starts_is_not_needed() {
    let disk = FaultDisk::new();
    let large = StoreOptions {
        max_file_size: 1 << 20,
        ..options()
    };
    let store = thin(Store::open(Path::new(DIR), disk.shared(), &large).unwrap(), 120);
    store.compact(FORCED, &Progress::new()).unwrap();
    let runtime = runtime();
    let wanted = observe(&store, &runtime);
    store.close().unwrap();
    let files = disk.list(Path::new(DIR)).unwrap();
    assert_eq!(files, ["01.hsf", "02.hsf", "index.redb"]);
    disk.remove(&Path::new(DIR).join("index.redb")).unwrap();
    disk.flip_bit(&Path::new(DIR).join("01.hsf"), 20, 1).unwrap();
    let store = open(disk.shared());
    assert!(observe(&store, &runtime) == wanted);
    clean(&store);
}
