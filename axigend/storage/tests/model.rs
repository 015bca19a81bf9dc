//! Random operations by several clients against a plain model, and a crowd of clients at once.

mod support;

use std::{path::Path, sync::Arc};

use axigend_storage::{Disk, MemoryDisk, MessageRow, Store, StoreOptions, SystemFlags};
use proptest::prelude::*;

use support::{ACCOUNTS, Dice, Marks, Mirror, Model, Op, apply, runtime, same};

const DIR: &str = "/domain";

fn options() -> StoreOptions {
    StoreOptions {
        cache_bytes: 1 << 20,
        max_file_size: 200_000,
        checkpoint_batches: 20,
        ..StoreOptions::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_store_does_what_the_model_does(numbers in prop::collection::vec(any::<u64>(), 1..90)) {
        let runtime = runtime();
        let disk = MemoryDisk::new();
        let mut store = Store::open(Path::new(DIR), disk.clone(), &options()).unwrap();
        let (mut model, mut mirror, mut marks) = (Model::default(), Mirror::default(), Marks::default());
        for (at, number) in numbers.iter().enumerate() {
            let op = Op::draw(*number, false);
            let wanted = model.apply(&op);
            let got = runtime.block_on(apply(&store, &op)).map_err(|refusal| refusal.cause);
            prop_assert_eq!(got, wanted, "{:?}", op);
            marks.advance(&store);
            prop_assert!(numbers_hold(&store, &runtime, at as u64), "{:?}", op);
            if at % 5 == 0 {
                for account in ACCOUNTS {
                    mirror.follow(account, &store.mailbox(account));
                }
            }
            if at % 31 == 30 {
                store.close().unwrap();
                store = Store::open(Path::new(DIR), disk.clone(), &options()).unwrap();
            }
        }
        prop_assert!(same(&store, &model, &runtime));
        prop_assert_eq!(store.check(true).unwrap(), Vec::<String>::new());
        store.close().unwrap();
    }
}

/// Whether the numbers of some folders, which are remembered from one look to the next, are those of their messages.
fn numbers_hold(store: &Arc<Store>, runtime: &tokio::runtime::Runtime, turn: u64) -> bool {
    ACCOUNTS.iter().all(|account| {
        let mailbox = store.mailbox(*account);
        let mut folders = mailbox.folders().unwrap();
        // Not each time, so that copies are behind by more than one change.
        folders.retain(|folder| !(u64::from(folder.id) + turn).is_multiple_of(4));
        folders.iter().all(|folder| {
            let rows = mailbox.messages(folder.id, 0, usize::MAX).unwrap();
            let numbers = runtime.block_on(mailbox.numbers(folder.id)).unwrap();
            let unseen = |row: &&MessageRow| !row.flags.system.contains(SystemFlags::SEEN);
            let first_unseen = rows.iter().find(unseen).map(|row| row.uid);
            numbers.first_unseen == first_unseen && numbers.uids.iter().eq(rows.iter().map(|row| &row.uid))
        })
    })
}

#[test]
fn a_crowd_of_clients_leaves_clean_books() {
    let disk = MemoryDisk::new();
    let store = Store::open(Path::new(DIR), disk.clone(), &options()).unwrap();
    std::thread::scope(|scope| {
        for client in 0..8_u64 {
            let store = Arc::clone(&store);
            scope.spawn(move || {
                let runtime = runtime();
                let mut dice = Dice(client);
                for _ in 0..150 {
                    let op = Op::draw(dice.next(), false);
                    // Refusals are expected here: the others are at work too.
                    let _ = runtime.block_on(apply(&store, &op));
                    let account = ACCOUNTS[dice.below(3) as usize];
                    let mailbox = store.mailbox(account);
                    for folder in mailbox.folders().unwrap_or_default() {
                        let _ = mailbox.changes_since(folder.id, 0, 100);
                    }
                }
            });
        }
    });
    assert_eq!(store.check(true).unwrap(), Vec::<String>::new());
    let runtime = runtime();
    let before = support::observe(&store, &runtime);
    store.close().unwrap();
    let store = Store::open(Path::new(DIR), disk, &options()).unwrap();
    assert_eq!(support::observe(&store, &runtime), before);
}

#[test]
fn the_index_is_rebuilt_from_the_containers_alone() {
    let runtime = runtime();
    let disk = MemoryDisk::new();
    let store = Store::open(Path::new(DIR), disk.clone(), &options()).unwrap();
    let (mut dice, mut model, mut marks) = (Dice(4711), Model::default(), Marks::default());
    for _ in 0..600 {
        let op = Op::draw(dice.next(), false);
        let wanted = model.apply(&op);
        assert_eq!(
            runtime
                .block_on(apply(&store, &op))
                .map_err(|refusal| refusal.cause),
            wanted
        );
    }
    marks.advance(&store);
    let infos = |store: &Arc<Store>| ACCOUNTS.map(|account| store.mailbox(account).folders().unwrap());
    let (before, usage) = (infos(&store), store.usage());
    store.close().unwrap();
    disk.remove(&Path::new(DIR).join("index.redb")).unwrap();
    let store = Store::open(Path::new(DIR), disk, &options()).unwrap();
    assert_eq!(infos(&store), before, "numbers and all");
    assert_eq!(store.usage().used_kb, usage.used_kb);
    assert!(same(&store, &model, &runtime));
    assert_eq!(store.check(true).unwrap(), Vec::<String>::new());
    marks.advance(&store);
}
