//! Damaged rows are put right, once; a store that is held still can be copied.

use std::{path::Path, sync::Arc};

use axigen_shared::Cause;
use bytes::Bytes;

use super::*;
use crate::{
    disk::MemoryDisk,
    ledger::NotesUsage,
    mail::{Flags, MailboxLimits, NewMessage, StoreOptions, keys, rows::encode_number},
};

const OWNER: AccountId = 5;

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

fn append(store: &Arc<Store>, folder: &str, count: usize) -> Result<(), Refusal> {
    let message = |at: usize| NewMessage {
        body: Arc::new(Bytes::from(format!("Subject: {at}\r\n\r\n{folder}\r\n"))),
        flags: Flags::default(),
        internal_date: 17,
    };
    let messages = (0..count).map(message).collect();
    run(store
        .mailbox(OWNER)
        .append(folder, messages, MailboxLimits::default()))
    .map(drop)
}

fn filled() -> Arc<Store> {
    let store = Store::open(Path::new("/domain"), MemoryDisk::new(), &StoreOptions::default()).unwrap();
    let mailbox = store.mailbox(OWNER);
    run(mailbox.create_default_folders()).unwrap();
    run(mailbox.create_folder("Work/2026", None, MailboxLimits::default())).unwrap();
    append(&store, "INBOX", 3).unwrap();
    append(&store, "Work/2026", 2).unwrap();
    store
}

/// Does something to the tables that no operation does.
fn damage(store: &Store, work: impl FnOnce(&mut crate::Txn<'_>) -> Result<(), Refusal> + Send + 'static) {
    store.ledger.write_blocking(work).unwrap();
    assert_ne!(store.check(false).unwrap(), Vec::<String>::new(), "it is noticed");
}

fn repaired(store: &Store) -> Vec<String> {
    let done = store.repair(OWNER).unwrap();
    assert_ne!(done, Vec::<String>::new());
    assert_eq!(store.check(true).unwrap(), Vec::<String>::new());
    assert_eq!(
        store.repair(OWNER).unwrap(),
        Vec::<String>::new(),
        "once is enough"
    );
    done
}

#[test]
fn nothing_is_done_where_nothing_is_wrong() {
    assert_eq!(filled().repair(OWNER).unwrap(), Vec::<String>::new());
    assert_eq!(filled().repair(77).unwrap(), Vec::<String>::new());
}

#[test]
fn counters_and_change_rows_are_counted_again() {
    let store = filled();
    let inbox = store.mailbox(OWNER).folder("INBOX").unwrap();
    damage(&store, move |txn| {
        let mut row = look::folder(txn, OWNER, inbox.id)?;
        row.messages = 17;
        row.unseen = 0;
        row.uid_next = 2;
        txn.put(keys::FOLDER, &keys::folder(OWNER, inbox.id), &row.encode())?;
        let mut mailbox = look::mailbox(txn, OWNER)?.unwrap();
        mailbox.size = 1;
        mailbox.modseq = 1;
        txn.put(keys::MAILBOX, &keys::mailbox(OWNER), &mailbox.encode())?;
        let changes = look::numbered(txn, keys::CHANGE, OWNER, inbox.id, 0, 1)?;
        txn.delete(keys::CHANGE, &keys::change(OWNER, inbox.id, changes[0].0))?;
        txn.put(
            keys::CHANGE,
            &keys::change(OWNER, inbox.id, 999),
            &encode_number(7),
        )
    });
    repaired(&store);
    let after = store.mailbox(OWNER).folder("INBOX").unwrap();
    assert_eq!((after.messages, after.unseen, after.uid_next), (3, 3, 4));
}

#[test]
fn folders_are_made_again_from_their_messages() {
    let store = filled();
    let work = store.mailbox(OWNER).folder("Work/2026").unwrap();
    let top = store.mailbox(OWNER).folder("Work").unwrap();
    damage(&store, move |txn| {
        txn.delete(keys::FOLDER, &keys::folder(OWNER, work.id))?;
        txn.delete(keys::NAME, &keys::name(OWNER, "Work/2026"))?;
        txn.delete(keys::FOLDER, &keys::folder(OWNER, top.id))
    });
    repaired(&store);
    let recovered = format!("Recovered-{}", work.id);
    let folder = store.mailbox(OWNER).folder(&recovered).unwrap();
    assert_eq!((folder.id, folder.messages, folder.uid_next), (work.id, 2, 3));
    assert!(folder.uid_validity > work.uid_validity);
    assert_eq!(
        store.mailbox(OWNER).folder("Work").unwrap_err().cause,
        Cause::NoSuchFolder
    );
}

#[test]
fn names_and_levels_lead_to_folders_again() {
    let store = filled();
    let work = store.mailbox(OWNER).folder("Work/2026").unwrap();
    let inbox = store.mailbox(OWNER).folder("INBOX").unwrap();
    damage(&store, move |txn| {
        txn.delete(keys::NAME, &keys::name(OWNER, "Work/2026"))?;
        txn.put(keys::NAME, &keys::name(OWNER, "Astray"), &encode_number(900))?;
        txn.put(keys::NAME, &keys::name(OWNER, "Double"), &encode_number(inbox.id))
    });
    let done = repaired(&store);
    assert!(done.iter().any(|line| line.contains("Astray")), "{done:?}");
    assert_eq!(store.mailbox(OWNER).folder("Work/2026").unwrap().id, work.id);
    damage(&store, move |txn| {
        let top = look::folder_id(txn, OWNER, "Work")?.unwrap();
        txn.delete(keys::NAME, &keys::name(OWNER, "Work"))?;
        txn.delete(keys::FOLDER, &keys::folder(OWNER, top))
    });
    repaired(&store);
    assert!(store.mailbox(OWNER).folder("Work").unwrap().has_children);
}

#[test]
fn a_store_held_still_refuses_writes_and_is_read() {
    let store = filled();
    let one = store.ledger.freeze().unwrap();
    let other = store.ledger.freeze().unwrap();
    for held in [one, other] {
        let refusal = append(&store, "INBOX", 1).unwrap_err();
        assert!(refusal.cause.is_temporary() && refusal.detail.contains("READLOCK"));
        assert_eq!(store.mailbox(OWNER).folder("INBOX").unwrap().messages, 3);
        assert!(store.ledger.facts().unwrap().usage.live_bytes > 0);
        drop(held);
    }
    append(&store, "INBOX", 1).unwrap();
    assert_eq!(store.mailbox(OWNER).folder("INBOX").unwrap().messages, 4);
}

#[test]
fn cached_summaries_can_go() {
    let store = filled();
    let row = store.mailbox(OWNER).messages(1, 0, 1).unwrap().remove(0);
    store
        .mailbox(OWNER)
        .note(vec![(row.body, Bytes::from_static(b"a note"))]);
    append(&store, "INBOX", 1).unwrap();
    assert!(store.ledger.notes_usage().unwrap().notes > 0);
    assert!(store.ledger.forget_notes().unwrap() > 0);
    assert_eq!(store.ledger.notes_usage().unwrap(), NotesUsage::default());
    assert_eq!(store.mailbox(OWNER).notes(&[row.body]).unwrap(), [None]);
}

#[test]
fn what_a_store_does_is_counted_on_demand() {
    let store = filled();
    assert_eq!(store.ledger.counted(), None);
    store.ledger.count(true, 9);
    append(&store, "INBOX", 1).unwrap();
    let row = store.mailbox(OWNER).messages(1, 0, 1).unwrap().remove(0);
    run(store.mailbox(OWNER).read(row.body, 0, 5)).unwrap();
    let counted = store.ledger.counted().unwrap();
    assert_eq!((counted.writes, counted.syncs, counted.reads), (1, 1, 1));
    assert_eq!(counted.read_bytes, 5);
    assert!(counted.written_bytes > row.size);
    store.ledger.count(false, 9);
    assert_eq!(store.ledger.counted(), None);
}

#[test]
fn references_are_counted_again_by_whom_they_are_used() {
    let store = filled();
    let rows = store.mailbox(OWNER).messages(1, 0, 3).unwrap();
    let (many, gone) = (rows[0].body, rows[1].body);
    damage(&store, move |txn| {
        txn.retain_body(many, 3)?;
        txn.release_body(gone)?;
        txn.append_body(&Bytes::from_static(b"Subject: nobody's"))?;
        Ok(())
    });
    let done = store.repair_books().unwrap();
    let said = |what: &str| done.iter().filter(|line| line.contains(what)).count();
    assert_eq!(said("1 references counted, 4 were noted"), 1, "{done:?}");
    assert_eq!(said("it was not in the books"), 1, "{done:?}");
    assert_eq!(said("it is given up"), 1, "{done:?}");
    assert_eq!(store.check(true).unwrap(), Vec::<String>::new());
    assert_eq!(
        store.repair_books().unwrap(),
        Vec::<String>::new(),
        "once is enough"
    );
    let used = store.ledger.usage().live_bytes;
    run(store.mailbox(OWNER).expunge(1, None, false)).unwrap();
    assert!(store.ledger.usage().live_bytes < used);
    assert_eq!(store.check(true).unwrap(), Vec::<String>::new());
}
