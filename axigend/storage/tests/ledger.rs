//! The ledger alone: all or nothing, visibility, bodies, close and reopen, rebuild, full and broken disks.

use std::{path::Path, sync::Arc};

use axigen_shared::{Cause, Refusal};
use axigend_storage::{BodyRef, Disk, FaultDisk, Ledger, LedgerOptions, MemoryDisk, RealDisk};
use bytes::Bytes;

const DIR: &str = "/store";
const TABLES: &[&str] = &["one", "two"];

fn options() -> LedgerOptions {
    LedgerOptions {
        cache_bytes: 1 << 20,
        ..LedgerOptions::new("test", TABLES, 1)
    }
}

fn open(disk: Arc<dyn Disk>) -> Arc<Ledger> {
    Ledger::open(Path::new(DIR), disk, options()).unwrap()
}

fn put(ledger: &Ledger, key: &'static [u8], value: &'static [u8]) -> Result<(), Refusal> {
    ledger.write_blocking(move |txn| txn.put("one", key, value))
}

fn get(ledger: &Ledger, key: &[u8]) -> Option<Vec<u8>> {
    ledger.read(|snapshot| snapshot.get("one", key)).unwrap()
}

fn store_body(ledger: &Ledger, body: Bytes) -> Result<BodyRef, Refusal> {
    ledger.write_blocking(move |txn| {
        let stored = txn.append_body(&body)?;
        txn.put("two", &stored.encode(), b"body")?;
        Ok(stored)
    })
}

#[test]
fn a_refused_operation_leaves_no_trace() {
    let disk = MemoryDisk::new();
    let ledger = open(disk.clone());
    put(&ledger, b"a", b"1").unwrap();
    let refused: Result<(), _> = ledger.write_blocking(|txn| {
        txn.put("one", b"a", b"2")?;
        txn.append_body(&Bytes::from(vec![7; 3 << 20]))?;
        txn.delete("one", b"a")?;
        assert_eq!(txn.get("one", b"a")?, None);
        Err(Refusal::new(Cause::Conflict, "no"))
    });
    assert_eq!(refused.unwrap_err().cause, Cause::Conflict);
    assert_eq!(get(&ledger, b"a").unwrap(), b"1");
    put(&ledger, b"b", b"3").unwrap();
    let used = ledger.usage().container_bytes;
    assert!(used < 4096, "the refused body takes space: {used}");
    ledger.close().unwrap();
    let ledger = open(disk);
    assert_eq!(get(&ledger, b"a").unwrap(), b"1");
    assert_eq!(get(&ledger, b"b").unwrap(), b"3");
    assert_eq!(ledger.usage().live_bytes, 0);
}

#[test]
fn a_panicking_operation_is_refused_and_the_rest_lives() {
    let ledger = open(MemoryDisk::new());
    let refused = ledger.write_blocking::<()>(|txn| {
        txn.put("one", b"a", b"1")?;
        panic!("a defect")
    });
    assert_eq!(refused.unwrap_err().cause, Cause::Internal);
    put(&ledger, b"b", b"2").unwrap();
    assert_eq!(get(&ledger, b"a"), None);
}

#[test]
fn an_operation_sees_its_own_changes_in_order() {
    let ledger = open(MemoryDisk::new());
    for key in [b"a", b"c", b"e", b"g"] {
        put(&ledger, key, b"old").unwrap();
    }
    let seen = ledger.write_blocking(|txn| {
        txn.put("one", b"b", b"new")?;
        txn.put("one", b"c", b"new")?;
        txn.delete("one", b"e")?;
        txn.put("one", b"h", b"new")?;
        let all = txn.scan("one", b"a", b"z", 100)?;
        let two = txn.scan("one", b"b", b"h", 2)?;
        Ok((all, two))
    });
    let (all, two) = seen.unwrap();
    let keys: Vec<_> = all.iter().map(|(key, _)| key.as_slice()).collect();
    assert_eq!(keys, [b"a", b"b", b"c", b"g", b"h"]);
    assert_eq!(all[2].1, b"new");
    assert_eq!(
        two.iter().map(|(key, _)| key.as_slice()).collect::<Vec<_>>(),
        [b"b", b"c"]
    );
}

#[test]
fn unknown_tables_and_large_rows_are_refused() {
    let ledger = open(MemoryDisk::new());
    let refused = ledger.write_blocking(|txn| txn.put("three", b"a", b"b"));
    assert_eq!(refused.unwrap_err().cause, Cause::Internal);
    let refused = ledger.write_blocking(|txn| txn.put("one", &[0; 5000], b"b"));
    assert_eq!(refused.unwrap_err().cause, Cause::TooLarge);
}

#[test]
fn bodies_are_counted_and_read_back() {
    let disk = MemoryDisk::new();
    let ledger = open(disk.clone());
    let content: Bytes = (0..700_000_u32)
        .map(|at| (at / 3) as u8)
        .collect::<Vec<_>>()
        .into();
    let body = store_body(&ledger, content.clone()).unwrap();
    assert_eq!(ledger.read_body_blocking(body, 0, usize::MAX).unwrap(), content);
    assert_eq!(
        ledger.read_body_blocking(body, 699_990, 100).unwrap(),
        content[699_990..]
    );
    assert!(ledger.read_body_blocking(body, 800_000, 100).unwrap().is_empty());
    ledger.verify_body_blocking(body).unwrap();
    ledger
        .write_blocking(move |txn| txn.retain_body(body, 2))
        .unwrap();
    for left in [2, 1, 0] {
        assert_eq!(
            ledger.usage().live_bytes,
            content.len() as u64,
            "{left} references"
        );
        ledger.write_blocking(move |txn| txn.release_body(body)).unwrap();
    }
    assert_eq!(ledger.usage().live_bytes, 0);
    assert!(ledger.write_blocking(move |txn| txn.release_body(body)).is_err());
    // Copying from one ledger to another goes in pieces.
    let body = store_body(&ledger, content.clone()).unwrap();
    let other = open(MemoryDisk::new());
    let source = ledger.body_source(body);
    let copied = other.write_blocking(move |txn| txn.append_body(&source)).unwrap();
    assert_eq!(other.read_body_blocking(copied, 0, usize::MAX).unwrap(), content);
    // An empty body is a body.
    let empty = store_body(&ledger, Bytes::new()).unwrap();
    assert!(ledger.read_body_blocking(empty, 0, 10).unwrap().is_empty());
}

#[test]
fn damage_to_a_body_is_noticed_when_it_is_read_whole() {
    let disk = FaultDisk::new();
    let ledger = open(disk.shared());
    let body = store_body(&ledger, Bytes::from(vec![1; 1000])).unwrap();
    disk.flip_bit(&Path::new(DIR).join("00.hsf"), body.offset + 500, 3)
        .unwrap();
    assert_eq!(
        ledger.read_body_blocking(body, 0, 1000).unwrap_err().cause,
        Cause::StorageFailure
    );
    assert!(ledger.verify_body_blocking(body).is_err());
    // The rest of the ledger does not suffer.
    put(&ledger, b"a", b"1").unwrap();
}

#[test]
fn closed_means_refused() {
    let ledger = open(MemoryDisk::new());
    ledger.close().unwrap();
    assert_eq!(put(&ledger, b"a", b"1").unwrap_err().cause, Cause::ShuttingDown);
    assert_eq!(
        ledger
            .read(|snapshot| snapshot.get("one", b"a"))
            .unwrap_err()
            .cause,
        Cause::ShuttingDown
    );
    ledger.close().unwrap();
}

#[test]
fn containers_roll_and_a_lost_index_is_rebuilt_from_them() {
    let disk = MemoryDisk::new();
    let small = LedgerOptions {
        max_file_size: 10_000,
        ..options()
    };
    let ledger = Ledger::open(Path::new(DIR), disk.clone(), small.clone()).unwrap();
    let mut bodies = Vec::new();
    for number in 0..40_u8 {
        bodies.push(store_body(&ledger, Bytes::from(vec![number; 1500])).unwrap());
    }
    for body in bodies.drain(..10) {
        ledger
            .write_blocking(move |txn| {
                txn.release_body(body)?;
                txn.delete("two", &body.encode())
            })
            .unwrap();
    }
    let before = ledger
        .read(|snapshot| snapshot.scan("two", &[], &[0xff; 21], 1000))
        .unwrap();
    let usage = ledger.usage();
    ledger.close().unwrap();
    assert!(disk.list(Path::new(DIR)).unwrap().contains(&"05.hsf".to_owned()));
    disk.remove(&Path::new(DIR).join("index.redb")).unwrap();
    let ledger = Ledger::open(Path::new(DIR), disk.clone(), small).unwrap();
    assert_eq!(
        ledger
            .read(|snapshot| snapshot.scan("two", &[], &[0xff; 21], 1000))
            .unwrap(),
        before
    );
    assert_eq!(ledger.usage().live_bytes, usage.live_bytes);
    assert_eq!(ledger.usage().container_bytes, usage.container_bytes);
    for (at, body) in bodies.iter().enumerate() {
        assert_eq!(
            ledger.read_body_blocking(*body, 0, 2000).unwrap(),
            vec![10 + at as u8; 1500]
        );
    }
}

#[test]
fn a_damaged_index_is_set_aside_and_rebuilt() {
    let disk = MemoryDisk::new();
    let ledger = open(disk.clone());
    put(&ledger, b"a", b"1").unwrap();
    ledger.close().unwrap();
    let index = disk.open(&Path::new(DIR).join("index.redb")).unwrap();
    index.write_at(0, &[0xaa; 4096]).unwrap();
    drop(index);
    let ledger = open(disk.clone());
    assert_eq!(get(&ledger, b"a").unwrap(), b"1");
    assert!(
        disk.list(Path::new(DIR))
            .unwrap()
            .contains(&"index.damaged".to_owned())
    );
}

#[test]
fn dead_containers_are_removed_where_they_are_not_needed() {
    let disk = MemoryDisk::new();
    let queue = LedgerOptions {
        max_file_size: 10_000,
        rebuildable: false,
        checkpoint_batches: 4,
        ..options()
    };
    let ledger = Ledger::open(Path::new(DIR), disk.clone(), queue.clone()).unwrap();
    let kept = store_body(&ledger, Bytes::from_static(b"stays")).unwrap();
    for number in 0..40_u8 {
        let body = store_body(&ledger, Bytes::from(vec![number; 1500])).unwrap();
        ledger
            .write_blocking(move |txn| {
                txn.release_body(body)?;
                txn.delete("two", &body.encode())
            })
            .unwrap();
    }
    ledger.close().unwrap();
    let files = disk.list(Path::new(DIR)).unwrap();
    assert!(files.len() <= 4, "{files:?}");
    let ledger = Ledger::open(Path::new(DIR), disk, queue).unwrap();
    assert_eq!(ledger.read_body_blocking(kept, 0, 10).unwrap(), "stays");
    assert!(ledger.usage().container_bytes < 30_000);
}

#[test]
fn a_newer_format_is_refused_and_a_new_table_is_not() {
    let disk = MemoryDisk::new();
    let newer = LedgerOptions {
        format: 2,
        ..options()
    };
    Ledger::open(Path::new(DIR), disk.clone(), newer)
        .unwrap()
        .close()
        .unwrap();
    let refusal = Ledger::open(Path::new(DIR), disk.clone(), options())
        .err()
        .unwrap();
    assert!(refusal.detail.contains("newer version"), "{refusal}");
    let more = LedgerOptions {
        format: 2,
        tables: &["one", "two", "three"],
        ..options()
    };
    let ledger = Ledger::open(Path::new(DIR), disk, more).unwrap();
    ledger.write_blocking(|txn| txn.put("three", b"a", b"b")).unwrap();
}

#[test]
fn a_full_disk_refuses_and_recovers_without_restart() {
    let disk = FaultDisk::new();
    let ledger = open(disk.shared());
    put(&ledger, b"a", b"1").unwrap();
    for room in [0, 1, 30, 100, 700, 50_000] {
        disk.set_capacity(Some(disk.used() + room));
        let body = Bytes::from(vec![5; 1 << 20]);
        let refusal = store_body(&ledger, body).unwrap_err();
        assert_eq!(refusal.cause, Cause::StorageFull, "room for {room}: {refusal}");
        assert_eq!(get(&ledger, b"a").unwrap(), b"1");
        disk.set_capacity(None);
        put(&ledger, b"b", b"2").unwrap();
    }
    let survivors = disk.after_power_cut(1);
    ledger.close().unwrap();
    let ledger = open(survivors.shared());
    assert_eq!(get(&ledger, b"b").unwrap(), b"2");
    assert_eq!(
        ledger
            .read(|snapshot| snapshot.scan("two", &[], &[0xff; 21], 10))
            .unwrap(),
        []
    );
}

#[test]
fn a_disk_that_stays_full_keeps_reading_and_never_lies() {
    let disk = FaultDisk::new();
    let quick = LedgerOptions {
        checkpoint_batches: 3,
        cache_bytes: 64 << 10,
        ..options()
    };
    let ledger = Ledger::open(Path::new(DIR), disk.shared(), quick).unwrap();
    disk.set_capacity(Some(disk.used() + 3_000_000));
    let mut stored = Vec::new();
    let mut refused = 0;
    for number in 0..4000_u32 {
        let body = Bytes::from(number.to_be_bytes().repeat(400));
        match store_body(&ledger, body.clone()) {
            Ok(at) => stored.push((at, body)),
            Err(refusal) => {
                assert_eq!(refusal.cause, Cause::StorageFull, "{refusal}");
                refused += 1;
            }
        }
    }
    assert!(
        refused > 0 && stored.len() > 500,
        "{refused} refused, {} stored",
        stored.len()
    );
    assert_eq!(ledger.failure(), None);
    disk.set_capacity(None);
    put(&ledger, b"a", b"1").unwrap();
    for (at, body) in &stored {
        assert_eq!(ledger.read_body_blocking(*at, 0, 2000).unwrap(), body);
    }
    let rows = ledger
        .read(|snapshot| snapshot.scan("two", &[], &[0xff; 21], 9999))
        .unwrap();
    assert_eq!(rows.len(), stored.len());
    ledger.close().unwrap();
}

#[test]
fn a_write_error_refuses_the_batch_only() {
    let disk = FaultDisk::new();
    let ledger = open(disk.shared());
    put(&ledger, b"a", b"1").unwrap();
    disk.set_fail_writes(true);
    assert_eq!(put(&ledger, b"a", b"2").unwrap_err().cause, Cause::StorageFailure);
    disk.set_fail_writes(false);
    assert_eq!(get(&ledger, b"a").unwrap(), b"1");
    put(&ledger, b"b", b"2").unwrap();
    assert_eq!(get(&ledger, b"b").unwrap(), b"2");
}

#[test]
fn a_failed_sync_makes_the_ledger_read_only_until_reopened() {
    let disk = FaultDisk::new();
    let ledger = open(disk.shared());
    put(&ledger, b"a", b"1").unwrap();
    disk.set_fail_syncs(true);
    assert_eq!(put(&ledger, b"a", b"2").unwrap_err().cause, Cause::StorageFailure);
    disk.set_fail_syncs(false);
    let refusal = put(&ledger, b"b", b"2").unwrap_err();
    assert!(refusal.detail.contains("read-only until a restart"), "{refusal}");
    assert!(ledger.failure().is_some());
    assert_eq!(get(&ledger, b"a").unwrap(), b"1");
    let after = disk.after_power_cut(3);
    assert!(ledger.close().is_err());
    let ledger = open(after.shared());
    let value = get(&ledger, b"a").unwrap();
    assert!(value == b"1" || value == b"2");
    put(&ledger, b"b", b"2").unwrap();
}

#[test]
fn damage_behind_a_sync_costs_only_what_was_damaged() {
    let disk = FaultDisk::new();
    let ledger = open(disk.shared());
    let first = store_body(&ledger, Bytes::from(vec![1; 1000])).unwrap();
    let second = store_body(&ledger, Bytes::from(vec![2; 1000])).unwrap();
    let third = store_body(&ledger, Bytes::from(vec![3; 1000])).unwrap();
    // Header, body and both of them damaged after they were synced; then the power goes.
    let container = Path::new(DIR).join("00.hsf");
    disk.flip_bit(&container, first.offset + 100, 0).unwrap();
    disk.flip_bit(&container, second.offset + 20, 0).unwrap();
    let after = disk.after_power_cut(1);
    let ledger = open(after.shared());
    assert!(ledger.read_body_blocking(first, 0, 2000).is_err());
    assert_eq!(ledger.read_body_blocking(third, 0, 2000).unwrap(), vec![3; 1000]);
    let rows = ledger
        .read(|snapshot| snapshot.scan("two", &[], &[0xff; 21], 10))
        .unwrap();
    assert_eq!(rows.len(), 3, "the log records of all three are whole");
}

#[test]
fn a_damaged_file_header_costs_nothing_while_the_index_is_there() {
    let disk = FaultDisk::new();
    let ledger = open(disk.shared());
    let body = store_body(&ledger, Bytes::from(vec![1; 1000])).unwrap();
    disk.flip_bit(&Path::new(DIR).join("00.hsf"), 30, 0).unwrap();
    let ledger = open(disk.after_power_cut(1).shared());
    assert_eq!(ledger.read_body_blocking(body, 0, 2000).unwrap(), vec![1; 1000]);
    assert_eq!(get(&ledger, b"a"), None);
    put(&ledger, b"a", b"1").unwrap();
    ledger.close().unwrap();
}

#[test]
fn without_synchronization_nothing_is_synced_but_the_checkpoint() {
    let disk = FaultDisk::new();
    let ledger = Ledger::open(
        Path::new(DIR),
        disk.shared(),
        LedgerOptions {
            sync: false,
            ..options()
        },
    )
    .unwrap();
    let before = disk.syncs();
    for _ in 0..10 {
        put(&ledger, b"a", b"1").unwrap();
    }
    assert_eq!(disk.syncs(), before);
    ledger.set_sync(true);
    put(&ledger, b"a", b"2").unwrap();
    assert_eq!(disk.syncs(), before + 1);
    ledger.close().unwrap();
    assert!(disk.syncs() > before + 1);
}

#[test]
fn the_real_disk_does_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a/b");
    let ledger = Ledger::open(&path, RealDisk::shared(), options()).unwrap();
    let content = Bytes::from(vec![9; 3 << 20]);
    let body = store_body(&ledger, content.clone()).unwrap();
    let again = Ledger::open(&path, RealDisk::shared(), options()).err().unwrap();
    assert_eq!(again.cause, Cause::InUse);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(
        runtime.block_on(ledger.read_body(body, 0, usize::MAX)).unwrap(),
        content
    );
    assert_eq!(
        runtime.block_on(ledger.read_body(body, 5, 10)).unwrap(),
        content[5..15]
    );
    runtime.block_on(ledger.verify_body(body)).unwrap();
    runtime
        .block_on(ledger.write(|txn| txn.put("one", b"a", b"1")))
        .unwrap();
    ledger.close().unwrap();
    let ledger = Ledger::open(&path, RealDisk::shared(), options()).unwrap();
    assert_eq!(get(&ledger, b"a").unwrap(), b"1");
    assert_eq!(ledger.read_body_blocking(body, 0, usize::MAX).unwrap(), content);
}

#[test]
fn an_unreadable_container_is_kept_even_when_the_index_is_lost_too() {
    let disk = FaultDisk::new();
    let ledger = open(disk.shared());
    store_body(&ledger, Bytes::from(vec![1; 100_000])).unwrap();
    ledger.close().unwrap();
    disk.flip_bit(&Path::new(DIR).join("00.hsf"), 30, 0).unwrap();
    disk.remove(&Path::new(DIR).join("index.redb")).unwrap();
    let ledger = open(disk.shared());
    put(&ledger, b"a", b"1").unwrap();
    ledger.close().unwrap();
    let files = disk.list(Path::new(DIR)).unwrap();
    assert!(
        files.contains(&"00.hsf".to_owned()) && files.contains(&"01.hsf".to_owned()),
        "{files:?}"
    );
}

#[test]
fn a_flipped_bit_costs_at_most_the_operation_it_hits() {
    let disk = FaultDisk::new();
    let ledger = open(disk.shared());
    let content = |number: u8| Bytes::from(vec![number; 200]);
    let bodies: Vec<BodyRef> = (0..60_u8)
        .map(|number| store_body(&ledger, content(number)).unwrap())
        .collect();
    ledger.close().unwrap();
    let name = Path::new(DIR).join("00.hsf");
    let (first, end) = (bodies[0].offset, disk.open(&name).unwrap().len().unwrap());
    for flip in 0..150_u64 {
        let hurt = disk.after_power_cut(0);
        let offset = first + flip * 7919 % (end - first);
        hurt.flip_bit(&name, offset, (flip % 8) as u8).unwrap();
        // With the index gone, so that everything has to be read back.
        hurt.remove(&Path::new(DIR).join("index.redb")).unwrap();
        let ledger = open(hurt.shared());
        let mut lost = 0;
        for (number, body) in (0..).zip(&bodies) {
            let listed = ledger
                .read(|snapshot| snapshot.get("two", &body.encode()))
                .unwrap()
                .is_some();
            let read = ledger
                .read_body_blocking(*body, 0, 1000)
                .is_ok_and(|bytes| bytes == content(number));
            lost += u32::from(!listed || !read);
        }
        assert!(lost <= 1, "bit at {offset}: {lost} lost");
        put(&ledger, b"a", b"1").unwrap();
        ledger.close().unwrap();
    }
}

#[test]
fn what_an_open_cut_off_does_not_come_back_under_new_records() {
    // Large enough to be written in two pieces, so that a cut can keep the second without the first.
    let body = Bytes::from(vec![b'x'; 3 << 19]);
    let store = |disk: &FaultDisk, key: &'static [u8]| {
        let ledger = open(disk.shared());
        if get(&ledger, b"old").is_some() {
            return None;
        }
        disk.power_off_at_sync(disk.syncs() + 1);
        let body = body.clone();
        let done = ledger.write_blocking(move |txn| {
            let stored = txn.append_body(&body)?;
            txn.put("one", key, &stored.encode())
        });
        disk.power_off();
        Some(done)
    };
    let first = FaultDisk::new();
    assert!(store(&first, b"old").unwrap().is_err());
    let mut looked_at = 0;
    for seed in 0..100 {
        let second = first.after_power_cut(seed);
        // Whole, by luck: then it is there, and stays.
        let Some(done) = store(&second, b"new") else {
            continue;
        };
        assert!(done.is_err());
        for seed in 0..100 {
            let ledger = open(second.survivors(seed));
            assert_eq!(get(&ledger, b"old"), None, "what was gone is back");
            looked_at += 1;
        }
    }
    assert!(looked_at > 1000, "{looked_at}");
}
