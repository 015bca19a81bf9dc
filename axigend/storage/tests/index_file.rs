//! Compaction makes the index file smaller while it is in use, and cuts containers at a size.

mod support;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axigen_shared::Cause;
use axigend_storage::{
    CompactOptions, Compacted, Disk, FaultDisk, MailboxLimits, Progress, Store, StoreOptions,
};

use support::{ACCOUNTS, Op, apply, observe, runtime};

const DIR: &str = "/domain";
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

/// Size of the index file.
fn index_len(disk: &FaultDisk) -> u64 {
    let file = disk.open(&Path::new(DIR).join("index.redb"));
    file.unwrap().len().unwrap()
}

#[test]
fn the_index_becomes_smaller_after_much_was_deleted() {
    let disk = FaultDisk::new();
    let large = StoreOptions {
        max_file_size: 1 << 30,
        checkpoint_batches: 1000,
        ..options()
    };
    let store = Store::open(Path::new(DIR), disk.shared(), &large).unwrap();
    let runtime = runtime();
    let bodies: Vec<Op> = (0..250)
        .map(|key| {
            let boxes = vec![(1, "INBOX"), (2, "INBOX"), (3, "INBOX"), (1, "Work"), (2, "Work")];
            Op::Deliver(key, vec![key as u8; 100].into(), boxes)
        })
        .collect();
    for op in &bodies {
        runtime.block_on(apply(&store, op)).unwrap();
    }
    for account in [1, 2] {
        // Each copy doubles the folder.
        let mailbox = store.mailbox(account);
        let inbox = mailbox.folder("INBOX").unwrap();
        for _ in 0..6 {
            let rows = mailbox.messages(inbox.id, 0, usize::MAX).unwrap();
            let uids = rows.iter().map(|row| row.uid).collect();
            let copied = mailbox.copy(inbox.id, uids, "INBOX", MailboxLimits::default());
            runtime.block_on(copied).unwrap();
        }
    }
    let full = index_len(&disk);
    for account in [1, 2] {
        keep_only(&store, account, |uid| uid % 10 == 0);
    }
    let before = index_len(&disk);
    let options = CompactOptions {
        index_slack: 0,
        ..CompactOptions::default()
    };
    let done = store.compact(options, &Progress::new()).unwrap();
    let after = index_len(&disk);
    assert_eq!(before, full, "the file does not become smaller by itself");
    assert!(after < before / 3, "{before} bytes became {after}");
    assert_eq!(done.index_bytes, before - after);
    assert!(done.given_back_bytes >= done.index_bytes);
    clean(&store);
    reopens_as(&store, &disk);
    // It is small now, so that nothing more is done.
    let again = store.compact(options, &Progress::new()).unwrap();
    assert_eq!(again.index_bytes, 0);
    assert_eq!(index_len(&disk), after);
    let names = disk.list(Path::new(DIR)).unwrap();
    assert!(!names.iter().any(|name| name == "index.new"), "{names:?}");
}

#[test]
fn the_index_is_written_anew_while_it_is_read_and_written() {
    let disk = FaultDisk::new();
    let store = thinned(disk.shared(), 150);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (reading, over_to_read) = (&store, &over);
        scope.spawn(move || {
            let mailbox = reading.mailbox(1);
            let mut seen = 0;
            while !over_to_read.load(Ordering::Relaxed) {
                let info = mailbox.folder("INBOX").unwrap();
                assert!(info.uid_next >= seen, "what was seen is not taken back");
                seen = info.uid_next;
                mailbox.messages(info.id, 0, usize::MAX).unwrap();
            }
        });
        let (writing, over_to_write) = (&store, &over);
        scope.spawn(move || {
            let runtime = runtime();
            for key in 20_000.. {
                if over_to_write.load(Ordering::Relaxed) {
                    break;
                }
                runtime.block_on(apply(writing, &deliver(key, 300))).unwrap();
            }
        });
        let mut rewritten = 0;
        for _ in 0..20 {
            let done = store.compact(FORCED, &Progress::new()).unwrap();
            rewritten += u32::from(done.index_bytes > 0);
        }
        assert!(rewritten > 1, "{rewritten}");
        over.store(true, Ordering::Relaxed);
    });
    clean(&store);
    reopens_as(&store, &disk);
}

#[test]
fn what_a_crash_left_of_a_new_index_is_removed() {
    let disk = FaultDisk::new();
    let store = thinned(disk.shared(), 30);
    store.close().unwrap();
    let left = Path::new(DIR).join("index.new");
    let file = disk.create(&left).unwrap();
    file.write_at(0, b"half an index").unwrap();
    let store = open(disk.shared());
    assert!(disk.open(&left).is_err());
    clean(&store);
}

#[test]
fn containers_are_cut_at_a_size() {
    let disk = FaultDisk::new();
    let large = StoreOptions {
        max_file_size: 1 << 30,
        ..options()
    };
    let store = Store::open(Path::new(DIR), disk.shared(), &large).unwrap();
    let runtime = runtime();
    for key in 0..100 {
        runtime.block_on(apply(&store, &deliver(key, 2000))).unwrap();
    }
    let sizes = || -> Vec<u64> {
        let names = disk.list(Path::new(DIR)).unwrap();
        let files = names.iter().filter(|name| !name.starts_with("index"));
        let len = |name: &String| disk.open(&Path::new(DIR).join(name)).unwrap().len().unwrap();
        files.map(len).collect()
    };
    assert_eq!(sizes().len(), 1);
    let cut = CompactOptions {
        split_after: Some(40_000),
        chunk_bytes: 4000,
        ..CompactOptions::default()
    };
    let done = store.compact(cut, &Progress::new()).unwrap();
    assert_eq!(done.moved_bodies, 100);
    let now = sizes();
    assert!(now.len() > 4 && now.iter().all(|len| *len < 54_000), "{now:?}");
    clean(&store);
    reopens_as(&store, &disk);
    let again = store.compact(cut, &Progress::new()).unwrap();
    assert_eq!(again, Compacted::default());
    // The usual size counts again.
    let key = 900;
    for key in key..key + 40 {
        runtime.block_on(apply(&store, &deliver(key, 2000))).unwrap();
    }
    assert!(sizes().iter().any(|len| *len > 80_000), "{:?}", sizes());
}

/// Only the index is worth a compaction.
const INDEX_ONLY: CompactOptions = CompactOptions {
    forced: false,
    ..FORCED
};

fn holds_new_index(disk: &FaultDisk) -> bool {
    let names = disk.list(Path::new(DIR)).unwrap();
    names.iter().any(|name| name == "index.new")
}

/// A store that is full of what lives, but for its index.
fn with_large_index(disk: &FaultDisk) -> Arc<Store> {
    let large = StoreOptions {
        max_file_size: 1 << 30,
        ..options()
    };
    let store = Store::open(Path::new(DIR), disk.shared(), &large).unwrap();
    let runtime = runtime();
    for key in 0..40 {
        runtime.block_on(apply(&store, &deliver(key, 700))).unwrap();
    }
    store
}

#[test]
fn a_cut_at_every_sync_while_the_index_is_written_anew() {
    let runtime = runtime();
    let whole = FaultDisk::new();
    let store = with_large_index(&whole);
    let before = whole.syncs();
    let done = store.compact(INDEX_ONLY, &Progress::new()).unwrap();
    assert!(done.index_bytes > 0 && done.moved_bodies == 0, "{done:?}");
    let syncs = whole.syncs() - before;
    assert!(syncs > 4, "{syncs} syncs");
    let wanted = observe(&store, &runtime);
    for cut in 1..=syncs {
        let disk = FaultDisk::new();
        let store = with_large_index(&disk);
        disk.power_off_at_sync(disk.syncs() + cut);
        let _ = store.compact(INDEX_ONLY, &Progress::new());
        disk.power_off();
        for seed in 0..12 {
            let left = disk.after_power_cut(seed);
            let what = format!("cut at sync {cut} of {syncs}, outcome {seed}");
            let store = open(left.shared());
            assert!(observe(&store, &runtime) == wanted, "{what}");
            assert_eq!(store.check(true).unwrap(), Vec::<String>::new(), "{what}");
            let names = left.list(Path::new(DIR)).unwrap();
            let stray = names
                .iter()
                .find(|name| name.as_str() == "index.new" || name.as_str() == "index.damaged");
            assert_eq!(stray, None, "{what}: neither is left, and none was damaged");
            // It takes mail and can be compacted again.
            runtime.block_on(apply(&store, &deliver(900, 700))).unwrap();
            let after = observe(&store, &runtime);
            store.compact(INDEX_ONLY, &Progress::new()).unwrap();
            assert!(observe(&store, &runtime) == after, "{what}, compacted");
            reopens_as(&store, &left);
        }
    }
}

#[test]
fn an_abort_leaves_the_old_index() {
    let disk = FaultDisk::new();
    let store = with_large_index(&disk);
    let before = index_len(&disk);
    let progress = Progress::new();
    progress.abort();
    let done = store.compact(INDEX_ONLY, &progress).unwrap();
    assert!(done.aborted && done.index_bytes == 0, "{done:?}");
    assert!(index_len(&disk) == before && !holds_new_index(&disk));
    let done = store.compact(INDEX_ONLY, &Progress::new()).unwrap();
    assert!(!done.aborted && index_len(&disk) < before, "{done:?}");
    reopens_as(&store, &disk);
}

#[test]
fn a_full_disk_leaves_the_old_index() {
    let disk = FaultDisk::new();
    let store = with_large_index(&disk);
    let runtime = runtime();
    let (wanted, before) = (observe(&store, &runtime), index_len(&disk));
    for room in [0, 4096, 20_000] {
        disk.set_capacity(Some(disk.used() + room));
        let refused = store.compact(INDEX_ONLY, &Progress::new());
        assert_eq!(refused.unwrap_err().cause, Cause::StorageFull, "room for {room}");
        assert!(observe(&store, &runtime) == wanted && !holds_new_index(&disk));
        disk.set_capacity(None);
    }
    assert_eq!(index_len(&disk), before);
    let done = store.compact(INDEX_ONLY, &Progress::new()).unwrap();
    assert!(done.index_bytes > 0, "{done:?}");
    reopens_as(&store, &disk);
}
