//! Single bits flipped and files cut short, anywhere in a closed store: what is whole stays readable, what is not is
//! reported, nothing panics, and repairing twice gives what repairing once gave.
//!
//! `AXIGEN_DAMAGE_SEEDS=100000` damages more copies, `AXIGEN_DAMAGE_SEED=17` repeats one.

mod support;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axigen_shared::Cause;
use axigend_storage::{AccountId, BodyRef, Disk, MemoryDisk, Store, StoreOptions, SystemFlags};
use bytes::Bytes;
use support::{
    ACCOUNTS, Dice, Op, apply, runtime,
    seeds::{Seeds, report},
};

const DIR: &str = "/domain";
const INDEX: &str = "index.redb";
/// Damaged copies.
const SEEDS: Seeds = Seeds {
    name: "AXIGEN_DAMAGE",
    usual: 10_000,
    regressions: include_str!("damage.seeds"),
    command: "-p axigend-storage --test damage any",
};

/// Files by name.
type Files = BTreeMap<String, Vec<u8>>;
/// Every message by account, folder and UID: its bytes, or why it cannot be read.
type Messages = BTreeMap<(AccountId, String, u32), Result<Bytes, String>>;

fn options() -> StoreOptions {
    StoreOptions {
        cache_bytes: 1 << 20,
        max_file_size: 40_000,
        ..StoreOptions::default()
    }
}

fn open(disk: &Arc<MemoryDisk>) -> Result<Arc<Store>, axigen_shared::Refusal> {
    Store::open(Path::new(DIR), Arc::clone(disk) as Arc<dyn Disk>, &options())
}

fn files(disk: &dyn Disk) -> Files {
    let dir = Path::new(DIR);
    let read = |name: String| {
        let file = disk.open(&dir.join(&name)).unwrap();
        let mut bytes = vec![0; file.len().unwrap() as usize];
        file.read_at(0, &mut bytes).unwrap();
        (name, bytes)
    };
    disk.list(dir).unwrap().into_iter().map(read).collect()
}

fn disk_of(files: &Files) -> Arc<MemoryDisk> {
    let (disk, dir) = (MemoryDisk::new(), PathBuf::from(DIR));
    disk.create_dir_all(&dir).unwrap();
    for (name, bytes) in files {
        disk.create(&dir.join(name)).unwrap().write_at(0, bytes).unwrap();
    }
    disk
}

/// A store with folders, flags, copies, shared bodies and expunges in several containers.
fn filled() -> Files {
    let runtime = runtime();
    let disk = MemoryDisk::new();
    let store = open(&disk).unwrap();
    let mut dice = Dice(20_261_127);
    for number in 0..40 {
        let body = vec![b'a' + number as u8 % 26; 100 + number * 90].into();
        let op = Op::Deliver(1000 + number as u64, body, vec![(1, "INBOX"), (700, "Work")]);
        runtime.block_on(apply(&store, &op)).unwrap();
        // Refusals are as good as anything else here.
        let _ = runtime.block_on(apply(&store, &Op::draw(dice.next(), false)));
    }
    store.close().unwrap();
    files(&*disk)
}

fn rows(store: &Arc<Store>) -> BTreeMap<(AccountId, String, u32), BodyRef> {
    let mut found = BTreeMap::new();
    for account in ACCOUNTS {
        let mailbox = store.mailbox(account);
        for folder in mailbox.folders().unwrap_or_default() {
            for row in mailbox.messages(folder.id, 0, usize::MAX).unwrap_or_default() {
                found.insert((account, folder.name.clone(), row.uid), row.body);
            }
        }
    }
    found
}

/// Reads everything; a body that the index says is larger than all files is not asked for.
fn messages(store: &Arc<Store>, runtime: &tokio::runtime::Runtime) -> Messages {
    let read = |(key, body): ((AccountId, String, u32), BodyRef)| {
        let mailbox = store.mailbox(key.0);
        let bytes = if body.len > 1 << 20 {
            Err("longer than any file".to_owned())
        } else {
            runtime
                .block_on(mailbox.read(body, 0, usize::MAX))
                .map_err(|refusal| refusal.detail)
        };
        (key, bytes)
    };
    rows(store).into_iter().map(read).collect()
}

/// What was done to a copy.
#[derive(Debug)]
enum Damage {
    Flip(String, u64),
    Cut(String, u64),
}

fn damage(files: &mut Files, dice: &mut Dice) -> Damage {
    let names: Vec<String> = files.keys().cloned().collect();
    // Containers more often: the index is large and mostly empty.
    let name = if dice.below(4) == 0 {
        INDEX.to_owned()
    } else {
        names[dice.below(names.len() as u64 - 1) as usize].clone()
    };
    let bytes = files.get_mut(&name).unwrap();
    let at = dice.below(bytes.len() as u64);
    if dice.below(10) == 0 {
        bytes.truncate(at as usize);
        return Damage::Cut(name, at);
    }
    bytes[at as usize] ^= 1 << dice.below(8);
    Damage::Flip(name, at)
}

/// Whether the damage touches the record of this body: header, bytes or checksum.
fn touches(damage: &Damage, body: BodyRef) -> bool {
    let (Damage::Flip(name, at) | Damage::Cut(name, at)) = damage;
    let end = body.offset + 44 + body.len + 4;
    *name == format!("{:02X}.hsf", body.file)
        && match damage {
            Damage::Flip(..) => (body.offset..end).contains(at),
            Damage::Cut(..) => *at < end,
        }
}

struct Sound {
    files: Files,
    bodies: BTreeMap<(AccountId, String, u32), BodyRef>,
    messages: Messages,
}

/// The damaged store as the server would find it: what is whole is served.
fn serve(damaged: &Files, damage: &Damage, sound: &Sound, problems: &[String], what: &str) {
    let runtime = runtime();
    let store = open(&disk_of(damaged)).unwrap_or_else(|refusal| panic!("{what}: {refusal}"));
    let found = messages(&store, &runtime);
    let (Damage::Flip(file, _) | Damage::Cut(file, _)) = damage;
    for (key, bytes) in &sound.messages {
        let whole = found.get(key) == Some(bytes);
        if file != INDEX && !touches(damage, sound.bodies[key]) {
            assert!(whole, "{what}: {key:?} is whole and cannot be read");
        }
        if !whole {
            let (account, folder, uid) = key;
            let place = format!("account {account} folder {folder} (");
            let named = |problem: &String| {
                problem.starts_with(&place) && problem.contains(&format!(" uid {uid}: "))
                    || problem.contains(INDEX)
            };
            assert!(
                problems.iter().any(named),
                "{what}: {key:?} is not reported: {problems:?}"
            );
        }
    }
    // Whatever a damaged page does to the index engine, the committer lives and answers.
    let text = vec![(vec![b'm'; 50].into(), SystemFlags::NONE, vec![])];
    for _ in 0..2 {
        let done = runtime.block_on(apply(&store, &Op::Append(1, "INBOX", text.clone())));
        let gone = done.is_err_and(|refusal| refusal.cause == Cause::ShuttingDown);
        assert!(!gone, "{what}: the committer is gone");
    }
    let closed = store.close();
    // An index with a damaged page may not let itself be written; the log has everything.
    assert!(closed.is_ok() || file == INDEX, "{what}: {closed:?}");
}

/// What an administrator does: an index that is reported is removed, and the store opened. What it holds then.
fn repair(files: &Files, problems: &[String], runtime: &tokio::runtime::Runtime) -> (Files, Messages) {
    let disk = disk_of(files);
    if problems.iter().any(|problem| problem.contains(INDEX)) {
        let _ = disk.remove(&Path::new(DIR).join(INDEX));
    }
    let store = open(&disk).unwrap();
    let found = messages(&store, runtime);
    store.close().unwrap();
    (self::files(&*disk), found)
}

fn check(files: &Files) -> Result<Vec<String>, axigen_shared::Refusal> {
    let disk: Arc<dyn Disk> = disk_of(files);
    Store::check_closed(Path::new(DIR), disk, &|account| account.to_string()).map(|report| report.problems)
}

#[test]
fn any_flipped_bit_or_cut_costs_what_it_hits_and_is_reported() {
    support::quiet_about_damage();
    let files = filled();
    assert!(files.len() > 3, "several containers");
    let store = open(&disk_of(&files)).unwrap();
    let sound = Sound {
        bodies: rows(&store),
        messages: messages(&store, &runtime()),
        files,
    };
    assert!(sound.messages.len() > 80 && sound.messages.values().all(Result::is_ok));
    assert_eq!(check(&sound.files).unwrap(), Vec::<String>::new());
    let (reported, lost) = (AtomicU64::new(0), AtomicU64::new(0));
    SEEDS.run(|seed| {
        let mut dice = Dice(seed);
        let mut damaged = sound.files.clone();
        let damage = damage(&mut damaged, &mut dice);
        let what = format!("seed {seed}, {damage:?}");
        let problems = check(&damaged).unwrap_or_else(|refusal| panic!("{what}: {refusal}"));
        reported.fetch_add(u64::from(!problems.is_empty()), Ordering::Relaxed);
        serve(&damaged, &damage, &sound, &problems, &what);
        let runtime = runtime();
        let (once, found) = repair(&damaged, &problems, &runtime);
        let after = check(&once).unwrap();
        let (twice, again) = repair(&once, &after, &runtime);
        assert!(found == again, "{what}: repaired twice it holds something else");
        assert_eq!(check(&twice).unwrap(), after, "{what}");
        for (key, bytes) in &sound.messages {
            let whole = found.get(key) == Some(bytes);
            lost.fetch_add(u64::from(!whole), Ordering::Relaxed);
            assert!(
                whole || touches(&damage, sound.bodies[key]),
                "{what}: {key:?} is whole and lost by the repair"
            );
        }
    });
    report(&format!(
        "damage reported in {} copies, {} messages unreadable after repair",
        reported.into_inner(),
        lost.into_inner()
    ));
}
