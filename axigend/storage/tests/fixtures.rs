//! A message storage of each format that was ever released is opened: everything is there, it goes on from there, and its
//! index can be rebuilt from its containers. One of a newer format is refused with a clear message.
//!
//! The storages are kept in `fixtures/`. When a format changes, raise `FORMAT`, run this with `UPDATE_FIXTURES=1`, and
//! keep the old files: they are opened for ever.

mod support;

use std::{
    fmt::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

use axigend_storage::{Disk, FlagOp, Flags, FolderId, Mailbox, MemoryDisk, Store, StoreOptions, SystemFlags};
use support::{
    ACCOUNTS, Op, apply,
    pack::{files, fixture, pack, put, unpack},
    runtime,
};

const DIR: &str = "/domain";
const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
/// The present format's fixture; older ones stay in the list.
const FORMAT: &str = "mail-2";
const ALL: &[&str] = &["mail-1", FORMAT];

fn open(disk: &Arc<MemoryDisk>) -> Result<Arc<Store>, axigen_shared::Refusal> {
    let options = StoreOptions {
        cache_bytes: 1 << 20,
        max_file_size: 3000,
        ..StoreOptions::default()
    };
    Store::open(Path::new(DIR), Arc::clone(disk) as Arc<dyn Disk>, &options)
}

/// Folders, flags, keywords, shared bodies, copies, expunge history, what a reader has seen, several containers; closed in
/// order.
fn make() -> (Vec<u8>, String) {
    let (disk, runtime) = (MemoryDisk::new(), runtime());
    let store = open(&disk).unwrap();
    let text = |number: u8| vec![b'A' + number; 200 + 30 * usize::from(number)].into();
    let both = || vec![(1, "INBOX"), (2, "INBOX"), (700, "Work/2026")];
    let mut script = vec![Op::Create(1, "A/B/C"), Op::Create(2, "D")];
    script.extend((0..6).map(|number| Op::Deliver(50 + u64::from(number), text(number), both())));
    let (seen, flagged) = (SystemFlags::SEEN, SystemFlags::FLAGGED);
    script.extend([
        Op::Append(
            1,
            "A/B",
            vec![
                (text(7), flagged, vec!["$Forwarded", "Größe"]),
                (text(8), seen, vec![]),
            ],
        ),
        Op::Flags(1, "INBOX", vec![1, 2, 3], FlagOp::Add, seen, vec!["work"]),
        Op::Flags(2, "INBOX", vec![2, 4], FlagOp::Add, SystemFlags::DELETED, vec![]),
        Op::Expunge(2, "INBOX", None, true),
        Op::Copy(1, "INBOX", vec![2, 3], "A/B/C", false),
        Op::Copy(1, "INBOX", vec![4], "A/B", true),
        Op::Rename(2, "D", "Work"),
        Op::Subscribe(1, "A/B", true),
        Op::Recent(700, "Work/2026"),
        Op::Expunge(700, "Work/2026", Some(vec![1, 6]), false),
    ]);
    for op in &script {
        runtime.block_on(apply(&store, op)).unwrap();
    }
    let reader = store.mailbox(1).open_as(2);
    let inbox = reader.folder("INBOX").unwrap().id;
    let flags = Flags {
        system: SystemFlags::SEEN,
        keywords: Vec::new(),
    };
    for (uids, op) in [(vec![2, 5, 6], FlagOp::Add), (vec![5], FlagOp::Remove)] {
        runtime
            .block_on(reader.set_flags(inbox, uids, op, flags.clone(), None))
            .unwrap();
    }
    let listing = list(&store, &runtime);
    store.close().unwrap();
    (pack(&*disk, Path::new(DIR)), listing)
}

/// Everything that can be seen of a store.
fn list(store: &Arc<Store>, runtime: &tokio::runtime::Runtime) -> String {
    let mut out = String::new();
    for account in ACCOUNTS {
        let mailbox = store.mailbox(account);
        let usage = mailbox.usage().unwrap();
        writeln!(
            out,
            "account {account}: {} messages, {} bytes, {} folders, subscribed {:?}",
            usage.messages,
            usage.size,
            usage.folders,
            mailbox.subscriptions().unwrap()
        )
        .unwrap();
        for folder in mailbox.folders().unwrap() {
            writeln!(
                out,
                "  folder {} {}: validity {}, next {}, modseq {}, unseen {}, deleted {}, recent from {}, {:?}",
                folder.id,
                folder.name,
                folder.uid_validity,
                folder.uid_next,
                folder.highest_modseq,
                folder.unseen,
                folder.deleted,
                folder.recent_from,
                folder.keywords
            )
            .unwrap();
            let changes = mailbox.changes_since(folder.id, 0, usize::MAX).unwrap();
            writeln!(
                out,
                "    gone {:?}, known {}",
                changes.vanished, changes.history_known
            )
            .unwrap();
            for row in mailbox.messages(folder.id, 0, usize::MAX).unwrap() {
                let body = runtime.block_on(mailbox.read(row.body, 0, usize::MAX)).unwrap();
                writeln!(
                    out,
                    "    uid {} modseq {} date {} saved {} flags {:02X} {:?} size {} sum {:08X}",
                    row.uid,
                    row.modseq,
                    row.internal_date,
                    row.saved,
                    row.flags.system.bits(),
                    row.flags.keywords,
                    row.size,
                    crc32fast::hash(&body)
                )
                .unwrap();
            }
            out.push_str(&seen(&mailbox, folder.id));
        }
    }
    out
}

/// What others than the owner have seen of a folder.
fn seen(mailbox: &Mailbox, folder: FolderId) -> String {
    let mut out = String::new();
    for reader in ACCOUNTS.into_iter().filter(|reader| *reader != mailbox.owner()) {
        let rows = mailbox.open_as(reader).messages(folder, 0, usize::MAX).unwrap();
        let seen = rows
            .iter()
            .filter(|row| row.flags.system.contains(SystemFlags::SEEN));
        let seen: Vec<(u32, u64)> = seen.map(|row| (row.uid, row.modseq)).collect();
        if !seen.is_empty() {
            writeln!(out, "    seen by {reader} with modseq {seen:?}").unwrap();
        }
    }
    out
}

#[test]
fn a_storage_of_every_format_opens_and_goes_on() {
    let runtime = runtime();
    for name in ALL {
        let (kept, listing) = if *name == FORMAT {
            fixture(FIXTURES, name, make)
        } else {
            fixture(FIXTURES, name, || {
                unreachable!("only the present format can be made")
            })
        };
        let disk = unpack(&kept);
        let store = open(&disk).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(list(&store, &runtime), listing, "{name}");
        assert_eq!(store.check(true).unwrap(), Vec::<String>::new(), "{name}");
        // The queue's keys are remembered: the same delivery again changes nothing.
        let again = Op::Deliver(50, vec![b'A'; 200].into(), vec![(1, "INBOX")]);
        runtime.block_on(apply(&store, &again)).unwrap();
        assert_eq!(list(&store, &runtime), listing, "{name}");
        let more = Op::Deliver(90, vec![b'z'; 99].into(), vec![(1, "INBOX"), (2, "Work")]);
        runtime.block_on(apply(&store, &more)).unwrap();
        let after = list(&store, &runtime);
        store.close().unwrap();
        let store = open(&disk).unwrap();
        assert_eq!(list(&store, &runtime), after, "{name}");
        assert_eq!(store.check(true).unwrap(), Vec::<String>::new(), "{name}");
        store.close().unwrap();
        // From the containers alone.
        let disk = unpack(&kept);
        disk.remove(&Path::new(DIR).join("index.redb")).unwrap();
        let store = open(&disk).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!(list(&store, &runtime), listing, "{name} rebuilt");
        assert_eq!(store.check(true).unwrap(), Vec::<String>::new(), "{name} rebuilt");
    }
}

/// Changes some bytes of every container and mends the checksum that covers them.
fn patched(pack: &[u8], patch: impl Fn(&mut Vec<u8>)) -> Arc<MemoryDisk> {
    let disk = unpack(pack);
    let containers: Vec<(PathBuf, Vec<u8>)> = files(&*disk, Path::new(DIR));
    for (path, mut bytes) in containers {
        if path.extension().is_some_and(|ending| ending == "hsf") {
            patch(&mut bytes);
            put(&*disk, &path, &bytes);
        }
    }
    disk
}

/// The checksum at the end of a file's header, which says its own length.
fn mend_head(bytes: &mut [u8]) {
    let len = usize::from(u16::from_be_bytes([bytes[10], bytes[11]]));
    let crc = crc32fast::hash(&bytes[..len - 4]);
    bytes[len - 4..len].copy_from_slice(&crc.to_be_bytes());
}

#[test]
fn a_newer_format_is_refused_with_a_clear_message() {
    let (kept, _) = fixture(FIXTURES, FORMAT, make);
    let newer_file = patched(&kept, |bytes| {
        bytes[8..10].copy_from_slice(&99_u16.to_be_bytes());
        mend_head(bytes);
    });
    let newer_values = patched(&kept, |bytes| {
        bytes[12..16].copy_from_slice(&99_u32.to_be_bytes());
        mend_head(bytes);
    });
    let newer_records = patched(&kept, |bytes| {
        let len = usize::from(u16::from_be_bytes([bytes[10], bytes[11]]));
        let Some(record) = bytes.get_mut(len..len + 44) else {
            return;
        };
        record[4..6].copy_from_slice(&99_u16.to_be_bytes());
        let crc = crc32fast::hash(&record[..40]);
        record[40..].copy_from_slice(&crc.to_be_bytes());
    });
    newer_records.remove(&Path::new(DIR).join("index.redb")).unwrap();
    for (what, disk) in [
        ("file", newer_file),
        ("values", newer_values),
        ("records", newer_records),
    ] {
        let before = files(&*disk, Path::new(DIR));
        let Err(refusal) = open(&disk) else {
            panic!("{what}: a newer format was opened");
        };
        assert!(
            refusal.detail.contains("format 99") && refusal.detail.contains("newer version"),
            "{what}: {}",
            refusal.detail
        );
        let containers = |files: Vec<(PathBuf, Vec<u8>)>| -> Vec<(PathBuf, Vec<u8>)> {
            let is_container = |path: &Path| path.extension().is_some_and(|ending| ending == "hsf");
            files.into_iter().filter(|(path, _)| is_container(path)).collect()
        };
        assert!(
            containers(files(&*disk, Path::new(DIR))) == containers(before),
            "{what}: something was changed"
        );
    }
}
