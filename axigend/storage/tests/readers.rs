//! \Seen of readers of another's mailbox against a plain model: each has their own, all else is shared; it survives
//! restarts, power cuts and the loss of the index, and what is kept of it is bounded.

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use axigend_storage::{
    CompactOptions, Disk, FaultDisk, FlagOp, Flags, FolderId, Mailbox, MemoryDisk, NewMessage, Progress,
    Store, StoreOptions, SystemFlags,
};
use proptest::prelude::*;

use support::{NO_LIMITS, runtime};

const DIR: &str = "/domain";
const OWNER: u64 = 1;
const READERS: [u64; 3] = [OWNER, 20, 30];
const SEEN: SystemFlags = SystemFlags::SEEN;

fn options() -> StoreOptions {
    StoreOptions {
        cache_bytes: 1 << 20,
        max_file_size: 100_000,
        checkpoint_batches: 15,
        ..StoreOptions::default()
    }
}

fn open(disk: &Arc<dyn Disk>) -> Arc<Store> {
    Store::open(Path::new(DIR), Arc::clone(disk), &options()).unwrap()
}

/// What somebody does.
#[derive(Clone, Debug)]
enum Op {
    Append(SystemFlags, usize),
    Flags(Vec<u32>, FlagOp, SystemFlags),
    /// STORE of messages that have not changed since the reader looked last.
    Conditional(Vec<u32>, SystemFlags),
    Expunge(Vec<u32>),
    Copy(Vec<u32>, bool),
    Restart,
    Rebuild,
    Compact,
}

fn op() -> impl Strategy<Value = (usize, bool, Op)> {
    let flags = || any::<u8>().prop_map(SystemFlags::from_bits);
    let uids =
        || (1_u32..14, 1_u32..5).prop_map(|(first, count)| (first..first + count).collect::<Vec<u32>>());
    let kind = prop::sample::select(vec![FlagOp::Set, FlagOp::Add, FlagOp::Remove]);
    let op = prop_oneof![
        4 => (flags(), 1_usize..4).prop_map(|(flags, count)| Op::Append(flags, count)),
        8 => (uids(), kind, flags()).prop_map(|(uids, op, flags)| Op::Flags(uids, op, flags)),
        2 => (uids(), flags()).prop_map(|(uids, flags)| Op::Conditional(uids, flags)),
        2 => uids().prop_map(Op::Expunge),
        2 => (uids(), any::<bool>()).prop_map(|(uids, moves)| Op::Copy(uids, moves)),
        1 => Just(Op::Restart),
        1 => Just(Op::Rebuild),
        1 => Just(Op::Compact),
    ];
    (0_usize..3, any::<bool>(), op)
}

/// One message: the flags that all share (\Seen of the owner among them), and which of the others have seen it.
#[derive(Clone, Debug, Default)]
struct Message {
    shared: SystemFlags,
    seen_by: BTreeSet<u64>,
}

impl Message {
    fn flags(&self, reader: u64) -> SystemFlags {
        if reader == OWNER {
            self.shared
        } else if self.seen_by.contains(&reader) {
            self.shared.with(SEEN)
        } else {
            self.shared.without(SEEN)
        }
    }

    fn set(&mut self, reader: u64, flags: SystemFlags) {
        if reader == OWNER {
            self.shared = flags;
            return;
        }
        let owners = self.shared.only(SEEN);
        self.shared = flags.without(SEEN).with(owners);
        if flags.contains(SEEN) {
            self.seen_by.insert(reader);
        } else {
            self.seen_by.remove(&reader);
        }
    }

    fn change(&mut self, reader: u64, op: FlagOp, flags: SystemFlags) {
        let now = self.flags(reader);
        self.set(
            reader,
            match op {
                FlagOp::Set => flags,
                FlagOp::Add => now.with(flags),
                FlagOp::Remove => now.without(flags),
            },
        );
    }
}

/// What a reader knows who only follows the changes of one folder.
#[derive(Default)]
struct Follower {
    modseq: u64,
    flags: BTreeMap<u32, SystemFlags>,
}

impl Follower {
    fn follow(&mut self, mailbox: &Mailbox, folder: FolderId, runtime: &tokio::runtime::Runtime) {
        let before = self.modseq;
        let summary = runtime.block_on(mailbox.changed_since(folder, before)).unwrap();
        let (mut changed, mut vanished) = (BTreeSet::new(), BTreeSet::new());
        loop {
            let page = mailbox.changes_since(folder, self.modseq, 3).unwrap();
            assert!(page.history_known && page.highest_modseq >= self.modseq);
            for row in page.rows {
                assert!(row.modseq > before && row.modseq <= page.highest_modseq);
                changed.insert(row.uid);
                self.flags.insert(row.uid, row.flags.system);
            }
            for uid in page.vanished {
                vanished.insert(uid);
                self.flags.remove(&uid);
            }
            self.modseq = page.highest_modseq;
            if page.complete {
                break;
            }
        }
        assert_eq!(summary.highest_modseq, self.modseq);
        let gone: Vec<u32> = vanished.into_iter().collect();
        assert_eq!(summary.vanished, gone);
        assert!(
            changed
                .iter()
                .all(|uid| summary.changed.binary_search(uid).is_ok())
        );
    }
}

struct World {
    disk: Arc<MemoryDisk>,
    store: Arc<Store>,
    runtime: tokio::runtime::Runtime,
    folders: [BTreeMap<u32, Message>; 2],
    next: [u32; 2],
    followers: BTreeMap<(u64, usize), Follower>,
}

impl World {
    fn new() -> Self {
        let disk = MemoryDisk::new();
        let store = open(&(disk.clone() as Arc<dyn Disk>));
        let runtime = runtime();
        let owner = store.mailbox(OWNER);
        for name in NAMES {
            runtime
                .block_on(owner.create_folder(name, None, NO_LIMITS))
                .unwrap();
        }
        Self {
            disk,
            store,
            runtime,
            folders: Default::default(),
            next: [1, 1],
            followers: BTreeMap::new(),
        }
    }

    fn mailbox(&self, reader: u64) -> Mailbox {
        self.store.mailbox(OWNER).open_as(reader)
    }

    fn perform(&mut self, reader: u64, at: usize, op: &Op) {
        let mailbox = self.mailbox(reader);
        let folder = mailbox.folder(NAMES[at]).unwrap().id;
        let flags = |system| Flags {
            system,
            keywords: Vec::new(),
        };
        match op {
            Op::Append(system, count) => {
                let message = NewMessage {
                    body: Arc::new(bytes::Bytes::from_static(b"x")),
                    flags: flags(*system),
                    internal_date: 0,
                };
                let new = vec![message; *count];
                self.runtime
                    .block_on(mailbox.append(NAMES[at], new, NO_LIMITS))
                    .unwrap();
                for _ in 0..*count {
                    let mut message = Message::default();
                    message.set(reader, *system);
                    self.add(at, message);
                }
            }
            Op::Flags(uids, op, system) => {
                let change = mailbox.set_flags(folder, uids.clone(), *op, flags(*system), None);
                let changed = self.runtime.block_on(change).unwrap();
                for uid in uids {
                    if let Some(message) = self.folders[at].get_mut(uid) {
                        message.change(reader, *op, *system);
                    }
                }
                for row in changed.rows {
                    assert_eq!(row.flags.system, self.folders[at][&row.uid].flags(reader));
                }
            }
            Op::Conditional(uids, system) => self.conditional(reader, at, uids, flags(*system)),
            Op::Expunge(uids) => {
                let gone = mailbox.expunge(folder, Some(uids.clone()), false);
                self.runtime.block_on(gone).unwrap();
                self.folders[at].retain(|uid, _| !uids.contains(uid));
            }
            Op::Copy(uids, moves) => self.copy(&mailbox, reader, at, uids, *moves),
            Op::Restart => self.reopen(false),
            Op::Rebuild => self.reopen(true),
            Op::Compact => {
                let options = CompactOptions {
                    forced: true,
                    ..CompactOptions::default()
                };
                self.store.compact(options, &Progress::new()).unwrap();
            }
        }
    }

    fn conditional(&mut self, reader: u64, at: usize, uids: &[u32], flags: Flags) {
        let mailbox = self.mailbox(reader);
        let folder = mailbox.folder(NAMES[at]).unwrap().id;
        let since = self.followers.entry((reader, at)).or_default().modseq;
        let fresh = mailbox.messages(folder, 0, usize::MAX).unwrap();
        let system = flags.system;
        let change = mailbox.set_flags(folder, uids.to_vec(), FlagOp::Add, flags, Some(since));
        let changed = self.runtime.block_on(change).unwrap();
        for row in fresh.iter().filter(|row| uids.contains(&row.uid)) {
            assert_eq!(changed.modified.contains(&row.uid), row.modseq > since);
        }
        for row in changed.rows {
            let message = self.folders[at].get_mut(&row.uid).unwrap();
            message.change(reader, FlagOp::Add, system);
        }
    }

    fn copy(&mut self, mailbox: &Mailbox, reader: u64, at: usize, uids: &[u32], moves: bool) {
        let (folder, to) = (mailbox.folder(NAMES[at]).unwrap().id, NAMES[1 - at]);
        let copied = self.runtime.block_on(async {
            if moves {
                mailbox.move_messages(folder, uids.to_vec(), to, NO_LIMITS).await
            } else {
                mailbox.copy(folder, uids.to_vec(), to, NO_LIMITS).await
            }
        });
        let bodies = |uid: u32, at: usize| {
            let folder = mailbox.folder(NAMES[at]).unwrap().id;
            mailbox
                .message(folder, uid)
                .unwrap()
                .map(|row| mailbox.content_name(row.body))
        };
        let copied = copied.unwrap();
        for (source, target) in copied.source.iter().zip(&copied.target) {
            if !moves {
                assert_eq!(
                    bodies(*source, at),
                    bodies(*target, 1 - at),
                    "copies have one EMAILID"
                );
            }
            let message = self.folders[at][source].clone();
            let mut new = Message {
                shared: message.shared,
                seen_by: BTreeSet::new(),
            };
            // The copy is the reader's doing: as this reader saw it, and unseen by the others.
            new.set(reader, message.flags(reader));
            self.add(1 - at, new);
        }
        if moves {
            self.folders[at].retain(|uid, _| !copied.source.contains(uid));
        }
    }

    fn add(&mut self, at: usize, message: Message) {
        self.folders[at].insert(self.next[at], message);
        self.next[at] += 1;
    }

    fn reopen(&mut self, rebuilt: bool) {
        self.store.close().unwrap();
        if rebuilt {
            self.disk.remove(&Path::new(DIR).join("index.redb")).unwrap();
        }
        self.store = open(&(self.disk.clone() as Arc<dyn Disk>));
    }

    fn compare(&mut self) {
        for reader in READERS {
            let mailbox = self.mailbox(reader);
            for (at, name) in NAMES.iter().enumerate() {
                let info = mailbox.folder(name).unwrap();
                let wanted: BTreeMap<u32, SystemFlags> = self.folders[at]
                    .iter()
                    .map(|(uid, message)| (*uid, message.flags(reader)))
                    .collect();
                let rows = mailbox.messages(info.id, 0, usize::MAX).unwrap();
                assert!(rows.iter().all(|row| row.modseq <= info.highest_modseq));
                let shown: BTreeMap<u32, SystemFlags> =
                    rows.iter().map(|row| (row.uid, row.flags.system)).collect();
                assert_eq!(shown, wanted, "reader {reader}, {name}");
                for row in &rows {
                    assert_eq!(mailbox.message(info.id, row.uid).unwrap().as_ref(), Some(row));
                }
                let unseen = |(_, flags): &(&u32, &SystemFlags)| !flags.contains(SEEN);
                assert_eq!(info.unseen as usize, wanted.iter().filter(unseen).count());
                let first = wanted.iter().find(unseen).map(|(uid, _)| *uid);
                let numbers = self.runtime.block_on(mailbox.numbers(info.id)).unwrap();
                assert_eq!(numbers.first_unseen, first);
                assert!(numbers.uids.iter().eq(wanted.keys()));
                let follower = self.followers.entry((reader, at)).or_default();
                follower.follow(&mailbox, info.id, &self.runtime);
                assert_eq!(follower.flags, wanted, "reader {reader} following {name}");
            }
        }
    }
}

const NAMES: [&str; 2] = ["Team", "Archive"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_reader_sees_what_the_model_says(ops in prop::collection::vec(op(), 1..40)) {
        let mut world = World::new();
        for (at, (reader, first, op)) in ops.iter().enumerate() {
            world.perform(READERS[*reader], usize::from(*first), op);
            if at % 3 == 0 {
                world.compare();
            }
        }
        world.compare();
        world.reopen(true);
        world.compare();
        prop_assert_eq!(world.store.check(true).unwrap(), Vec::<String>::new());
    }
}

fn append(store: &Arc<Store>, runtime: &tokio::runtime::Runtime, count: usize) {
    let message = NewMessage {
        body: Arc::new(bytes::Bytes::from_static(b"x")),
        flags: Flags::default(),
        internal_date: 0,
    };
    let owner = store.mailbox(OWNER);
    let appended = owner.append("Team", vec![message; count], NO_LIMITS);
    runtime.block_on(appended).unwrap();
}

fn seen() -> Flags {
    Flags {
        system: SEEN,
        keywords: Vec::new(),
    }
}

#[test]
fn what_was_acknowledged_survives_a_power_cut() {
    let (disk, runtime) = (FaultDisk::new(), runtime());
    let store = open(&(Arc::new(disk.clone()) as Arc<dyn Disk>));
    let owner = store.mailbox(OWNER);
    let team = runtime
        .block_on(owner.create_folder("Team", None, NO_LIMITS))
        .unwrap()
        .id;
    append(&store, &runtime, 700);
    let reader = owner.open_as(20);
    for uid in [3, 511, 512, 700] {
        runtime
            .block_on(reader.set_flags(team, vec![uid], FlagOp::Add, seen(), None))
            .unwrap();
        let after = open(&(disk.survivors(1) as Arc<dyn Disk>));
        let rows = after
            .mailbox(OWNER)
            .open_as(20)
            .messages(team, 0, usize::MAX)
            .unwrap();
        let found: Vec<u32> = rows
            .iter()
            .filter(|row| row.flags.system == SEEN)
            .map(|row| row.uid)
            .collect();
        let wanted: Vec<u32> = [3, 511, 512, 700]
            .into_iter()
            .filter(|marked| *marked <= uid)
            .collect();
        assert_eq!(found, wanted);
        assert_eq!(
            after.mailbox(OWNER).folder("Team").unwrap().unseen,
            700,
            "the owner has seen nothing"
        );
    }
}

#[test]
fn a_client_that_follows_is_told_what_changed_and_little_more() {
    let (disk, runtime) = (MemoryDisk::new(), runtime());
    let store = open(&(disk as Arc<dyn Disk>));
    let owner = store.mailbox(OWNER);
    let team = runtime
        .block_on(owner.create_folder("Team", None, NO_LIMITS))
        .unwrap()
        .id;
    append(&store, &runtime, 1500);
    let (ann, bob) = (owner.open_as(20), owner.open_as(30));
    let all: Vec<u32> = (1..=1500).collect();
    runtime
        .block_on(ann.set_flags(team, all, FlagOp::Add, seen(), None))
        .unwrap();
    let told = |mailbox: &Mailbox, since: u64| -> Vec<u32> {
        let changes = mailbox.changes_since(team, since, usize::MAX - 1).unwrap();
        changes.rows.iter().map(|row| row.uid).collect()
    };
    let mut at = ann.folder("Team").unwrap().highest_modseq;
    for uid in [700, 3, 4, 1500, 700] {
        let op = if uid == 700 { FlagOp::Remove } else { FlagOp::Set };
        let flags = if uid == 3 { Flags::default() } else { seen() };
        let changed = runtime
            .block_on(ann.set_flags(team, vec![uid], op, flags, None))
            .unwrap();
        let news = told(&ann, at);
        // Of 4, 1500 and 700 nothing changes the second time.
        let wanted = if changed.rows[0].modseq > at {
            vec![uid]
        } else {
            vec![]
        };
        assert_eq!(news, wanted);
        assert_eq!(
            told(&bob, at),
            Vec::<u32>::new(),
            "a reader's \\Seen is nobody else's news"
        );
        assert_eq!(told(&owner, at), Vec::<u32>::new());
        at = ann.folder("Team").unwrap().highest_modseq;
    }
    assert_eq!(bob.folder("Team").unwrap().unseen, 1500);
    assert_eq!(ann.folder("Team").unwrap().unseen, 2);
}

#[test]
fn what_is_kept_goes_with_messages_folders_and_readers() {
    let (disk, runtime) = (MemoryDisk::new(), runtime());
    let store = open(&(disk as Arc<dyn Disk>));
    let owner = store.mailbox(OWNER);
    let team = runtime
        .block_on(owner.create_folder("Team", None, NO_LIMITS))
        .unwrap()
        .id;
    append(&store, &runtime, 3000);
    for reader in [20, 30] {
        let every_other: Vec<u32> = (1..=3000).step_by(2).collect();
        let reader = owner.open_as(reader);
        runtime
            .block_on(reader.set_flags(team, every_other, FlagOp::Add, seen(), None))
            .unwrap();
        assert_eq!(reader.folder("Team").unwrap().unseen, 1500);
    }
    runtime.block_on(owner.forget_reader(20)).unwrap();
    assert_eq!(owner.open_as(20).folder("Team").unwrap().unseen, 3000);
    assert_eq!(owner.open_as(30).folder("Team").unwrap().unseen, 1500);
    assert_eq!(owner.open_as(OWNER).reader(), OWNER);
    // A folder that is made anew has nothing of the old one, and nothing is left behind.
    runtime.block_on(owner.delete_folder("Team")).unwrap();
    assert_eq!(store.check(true).unwrap(), Vec::<String>::new());
    let again = runtime
        .block_on(owner.create_folder("Team", None, NO_LIMITS))
        .unwrap();
    assert_ne!(again.mailbox_id, "F1-1");
    append(&store, &runtime, 5);
    assert_eq!(owner.open_as(30).folder("Team").unwrap().unseen, 5);
}
