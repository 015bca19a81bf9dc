//! What a mailbox promises, one property a test.

mod support;

use std::{path::Path, sync::Arc};

use axigen_shared::Cause;
use axigend_storage::{
    DeliverTo, Delivered, FaultDisk, FlagOp, Flags, FolderQuota, KEYWORD_LIMIT, LocalDelivery, Mailbox,
    MailboxLimits, MemoryDisk, NewMessage, SpecialUse, Store, StoreOptions, Stores, SystemFlags,
};
use bytes::Bytes;

use support::NO_LIMITS;

fn store() -> Arc<Store> {
    Store::open(Path::new("/domain"), MemoryDisk::new(), &StoreOptions::default()).unwrap()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    support::runtime().block_on(future)
}

fn mailbox() -> Mailbox {
    let mailbox = store().mailbox(5);
    run(mailbox.create_default_folders()).unwrap();
    mailbox
}

fn message(len: usize) -> NewMessage {
    NewMessage {
        body: Arc::new(Bytes::from(vec![b'm'; len])),
        flags: Flags::default(),
        internal_date: 17,
    }
}

fn append(mailbox: &Mailbox, folder: &str, count: usize) -> Vec<u32> {
    let messages = (0..count).map(|_| message(100)).collect();
    run(mailbox.append(folder, messages, NO_LIMITS)).unwrap().uids
}

fn words(words: &[&str]) -> Flags {
    Flags {
        system: SystemFlags::NONE,
        keywords: words.iter().map(|word| (*word).to_owned()).collect(),
    }
}

fn delivery(key: u64, recipients: Vec<DeliverTo>) -> LocalDelivery {
    let body = Arc::new(Bytes::from_static(b"Subject: hello\r\n\r\nhello\r\n"));
    LocalDelivery {
        key: Some(key),
        body,
        internal_date: 1_790_000_000,
        recipients,
    }
}

fn to(account: u64, folder: &str, limits: MailboxLimits) -> DeliverTo {
    DeliverTo {
        account,
        folder: folder.to_owned(),
        limits,
    }
}

#[test]
fn a_new_mailbox_has_its_default_folders_once() {
    let mailbox = mailbox();
    run(mailbox.create_default_folders()).unwrap();
    let folders = mailbox.folders().unwrap();
    let names: Vec<_> = folders.iter().map(|folder| folder.name.as_str()).collect();
    assert_eq!(names, ["INBOX", "Drafts", "Sent", "Spam", "Trash"]);
    assert_eq!(folders[3].special_use, Some(SpecialUse::Junk));
    assert_eq!(mailbox.subscriptions().unwrap().len(), 5);
    let inbox = mailbox.folder("inBox").unwrap();
    assert!(inbox.uid_validity > 1_700_000_000 && inbox.uid_next == 1 && inbox.highest_modseq >= 1);
    assert_eq!(mailbox.folder("None").unwrap_err().cause, Cause::NoSuchFolder);
    assert_eq!(mailbox.folder_by_id(99).unwrap_err().cause, Cause::NoSuchFolder);
    // A folder that was deleted on purpose stays deleted.
    run(mailbox.delete_folder("Spam")).unwrap();
    run(mailbox.create_default_folders()).unwrap();
    assert_eq!(mailbox.folders().unwrap().len(), 4);
}

#[test]
fn parents_are_created_and_children_seen() {
    let mailbox = mailbox();
    let created = run(mailbox.create_folder("a/b/c", Some(SpecialUse::Archive), NO_LIMITS)).unwrap();
    assert_eq!(
        (created.name.as_str(), created.special_use),
        ("a/b/c", Some(SpecialUse::Archive))
    );
    assert!(mailbox.folder("a").unwrap().has_children);
    assert!(!mailbox.folder("a/b/c").unwrap().has_children);
    // A name that only begins alike is no child.
    run(mailbox.create_folder("d", None, NO_LIMITS)).unwrap();
    run(mailbox.create_folder("d2", None, NO_LIMITS)).unwrap();
    assert!(!mailbox.folder("d").unwrap().has_children);
    let again = run(mailbox.create_folder("a/b", None, NO_LIMITS));
    assert_eq!(again.unwrap_err().cause, Cause::AlreadyExists);
    assert_eq!(
        run(mailbox.delete_folder("a/b")).unwrap_err().cause,
        Cause::Conflict
    );
    assert_eq!(
        run(mailbox.delete_folder("INBOX")).unwrap_err().cause,
        Cause::NotPermitted
    );
    assert_eq!(
        run(mailbox.create_folder("x\ny", None, NO_LIMITS))
            .unwrap_err()
            .cause,
        Cause::Invalid
    );
}

#[test]
fn nothing_goes_back_when_a_name_is_used_again() {
    let mailbox = mailbox();
    let first = run(mailbox.create_folder("Work", None, NO_LIMITS)).unwrap();
    append(&mailbox, "Work", 3);
    let before = mailbox.folder("Work").unwrap();
    run(mailbox.delete_folder("Work")).unwrap();
    let second = run(mailbox.create_folder("Work", None, NO_LIMITS)).unwrap();
    assert!(second.id > first.id && second.uid_validity > first.uid_validity);
    assert!(second.highest_modseq > before.highest_modseq);
}

#[test]
fn renaming_keeps_the_folder_and_takes_children_along() {
    let mailbox = mailbox();
    run(mailbox.create_folder("a/b/c", None, NO_LIMITS)).unwrap();
    append(&mailbox, "a/b", 2);
    let before = mailbox.folder("a/b").unwrap();
    run(mailbox.rename_folder("a/b", "x/y", NO_LIMITS)).unwrap();
    let after = mailbox.folder("x/y").unwrap();
    assert_eq!(
        (after.id, after.uid_validity, after.messages),
        (before.id, before.uid_validity, 2)
    );
    assert!(
        mailbox.folder("x/y/c").is_ok() && mailbox.folder("a/b").is_err() && mailbox.folder("a/b/c").is_err()
    );
    assert_eq!(
        run(mailbox.rename_folder("x", "x/z", NO_LIMITS))
            .unwrap_err()
            .cause,
        Cause::Conflict
    );
    assert_eq!(
        run(mailbox.rename_folder("x", "INBOX", NO_LIMITS))
            .unwrap_err()
            .cause,
        Cause::AlreadyExists
    );
    // A child whose name would become too long refuses the whole.
    let deep = format!("x/{}", "n".repeat(600));
    run(mailbox.create_folder(&deep, None, NO_LIMITS)).unwrap();
    let refusal = run(mailbox.rename_folder("x", &"m".repeat(500), NO_LIMITS)).unwrap_err();
    assert_eq!(refusal.cause, Cause::Invalid);
    assert!(mailbox.folder(&deep).is_ok());
}

#[test]
fn renaming_inbox_moves_its_messages() {
    let mailbox = mailbox();
    append(&mailbox, "INBOX", 5000);
    let before = mailbox.folder("INBOX").unwrap();
    run(mailbox.rename_folder("INBOX", "Old/Mail", NO_LIMITS)).unwrap();
    let inbox = mailbox.folder("INBOX").unwrap();
    assert_eq!((inbox.id, inbox.messages, inbox.uid_next), (before.id, 0, 5001));
    assert_eq!(mailbox.folder("Old/Mail").unwrap().messages, 5000);
    let refusal = run(mailbox.rename_folder("INBOX", "Old/Mail", NO_LIMITS)).unwrap_err();
    assert_eq!(refusal.cause, Cause::AlreadyExists);
}

#[test]
fn renaming_creates_no_more_folders_than_allowed() {
    let mailbox = mailbox();
    run(mailbox.create_folder("a", None, NO_LIMITS)).unwrap();
    append(&mailbox, "INBOX", 1);
    let there = mailbox.folders().unwrap().len() as u64;
    let room = |more| MailboxLimits {
        folder_count: there + more,
        ..NO_LIMITS
    };
    for (from, to, lacking) in [("a", "b/c/d", 1), ("INBOX", "e", 0), ("INBOX", "e/f/g", 2)] {
        let refusal = run(mailbox.rename_folder(from, to, room(lacking))).unwrap_err();
        assert_eq!(refusal.cause, Cause::OverQuota, "{from} to {to}");
        assert_eq!(mailbox.folders().unwrap().len() as u64, there);
    }
    assert_eq!(mailbox.folder("INBOX").unwrap().messages, 1);
    // A name alone takes no room, even above the limit.
    let over = MailboxLimits {
        folder_count: 1,
        ..NO_LIMITS
    };
    run(mailbox.rename_folder("a", "z", over)).unwrap();
    run(mailbox.rename_folder("z", "b/c/d", room(2))).unwrap();
    run(mailbox.rename_folder("INBOX", "b/e", room(3))).unwrap();
    assert_eq!(mailbox.folder("b/e").unwrap().messages, 1);
}

#[test]
fn large_folders_are_deleted_in_steps() {
    let mailbox = mailbox();
    run(mailbox.create_folder("Big", None, NO_LIMITS)).unwrap();
    append(&mailbox, "Big", 9000);
    run(mailbox.delete_folder("Big")).unwrap();
    let usage = mailbox.usage().unwrap();
    assert_eq!((usage.messages, usage.size, usage.folders), (0, 0, 5));
}

#[test]
fn flags_change_as_asked_and_only_then_the_modseq() {
    let mailbox = mailbox();
    append(&mailbox, "INBOX", 3);
    let inbox = mailbox.folder("INBOX").unwrap();
    let seen = Flags::system(SystemFlags::SEEN);
    let changed =
        run(mailbox.set_flags(inbox.id, vec![3, 1, 1, 99], FlagOp::Add, seen.clone(), None)).unwrap();
    assert_eq!(changed.rows.iter().map(|row| row.uid).collect::<Vec<_>>(), [1, 3]);
    assert!(
        changed.rows[0].modseq > inbox.highest_modseq && changed.rows[0].modseq != changed.rows[1].modseq
    );
    assert_eq!(mailbox.folder("INBOX").unwrap().unseen, 1);
    let again = run(mailbox.set_flags(inbox.id, vec![1], FlagOp::Add, seen.clone(), None)).unwrap();
    assert_eq!(again.rows[0].modseq, changed.rows[0].modseq, "nothing changed");
    let since = inbox.highest_modseq;
    let some = run(mailbox.set_flags(inbox.id, vec![1, 2], FlagOp::Remove, seen, Some(since))).unwrap();
    assert_eq!((some.modified.as_slice(), some.rows.len()), (&[1][..], 1));
    let missing = run(mailbox.set_flags(77, vec![1], FlagOp::Set, Flags::default(), None));
    assert_eq!(missing.unwrap_err().cause, Cause::NoSuchFolder);
}

#[test]
fn keywords_are_bounded_and_given_back() {
    let mailbox = mailbox();
    append(&mailbox, "INBOX", 2);
    let inbox = mailbox.folder("INBOX").unwrap().id;
    let names: Vec<String> = (0..KEYWORD_LIMIT).map(|number| format!("word{number}")).collect();
    let all = Flags {
        system: SystemFlags::NONE,
        keywords: names.clone(),
    };
    run(mailbox.set_flags(inbox, vec![1], FlagOp::Set, all, None)).unwrap();
    let refusal = run(mailbox.set_flags(inbox, vec![2], FlagOp::Add, words(&["more"]), None)).unwrap_err();
    assert_eq!(refusal.cause, Cause::TooLarge);
    // ASCII case does not make another keyword, and the first spelling stays.
    let row = run(mailbox.set_flags(inbox, vec![2], FlagOp::Add, words(&["WORD7"]), None)).unwrap();
    assert_eq!(row.rows[0].flags.keywords, ["word7"]);
    run(mailbox.set_flags(inbox, vec![1], FlagOp::Remove, words(&["word3"]), None)).unwrap();
    run(mailbox.set_flags(inbox, vec![2], FlagOp::Add, words(&["more"]), None)).unwrap();
    let known = mailbox.folder("INBOX").unwrap().keywords;
    assert!(known.contains(&"more".to_owned()) && !known.contains(&"word3".to_owned()));
    let rows = mailbox.messages(inbox, 1, 10).unwrap();
    assert_eq!(rows[0].flags.keywords.len(), KEYWORD_LIMIT - 1);
    for wrong in ["", "two words", "a\r", &"x".repeat(200)] {
        let refusal = run(mailbox.set_flags(inbox, vec![2], FlagOp::Add, words(&[wrong]), None)).unwrap_err();
        assert_eq!(refusal.cause, Cause::Invalid, "{wrong:?}");
    }
}

#[test]
fn copies_share_bytes_and_keep_flags() {
    let mailbox = mailbox();
    let mut new = message(1_000_000);
    new.flags = words(&["$Label1"]);
    new.flags.system = SystemFlags::FLAGGED;
    run(mailbox.append("INBOX", vec![new], NO_LIMITS)).unwrap();
    let inbox = mailbox.folder("INBOX").unwrap().id;
    let copied = run(mailbox.copy(inbox, vec![1, 5], "Sent", NO_LIMITS)).unwrap();
    assert_eq!((copied.source, copied.target), (vec![1], vec![1]));
    let sent = mailbox.folder("Sent").unwrap();
    let (there, here) = (
        mailbox.message(sent.id, 1).unwrap().unwrap(),
        mailbox.message(inbox, 1).unwrap().unwrap(),
    );
    assert_eq!(
        (there.body, &there.flags, there.internal_date),
        (here.body, &here.flags, here.internal_date)
    );
    assert_eq!(mailbox.usage().unwrap().size, 2_000_000);
    run(mailbox.expunge(inbox, None, false)).unwrap();
    assert_eq!(run(mailbox.read(there.body, 0, 10)).unwrap(), vec![b'm'; 10]);
    let nowhere = run(mailbox.copy(sent.id, vec![1], "Nowhere", NO_LIMITS)).unwrap_err();
    assert_eq!(nowhere.cause, Cause::NoSuchFolder);
}

#[test]
fn moving_ignores_the_mailbox_quota_but_not_the_folders() {
    let mailbox = mailbox();
    append(&mailbox, "INBOX", 3);
    let inbox = mailbox.folder("INBOX").unwrap().id;
    let full = MailboxLimits {
        total_count: 3,
        ..NO_LIMITS
    };
    assert_eq!(
        run(mailbox.copy(inbox, vec![1], "Trash", full))
            .unwrap_err()
            .cause,
        Cause::OverQuota
    );
    run(mailbox.move_messages(inbox, vec![1], "Trash", full)).unwrap();
    run(mailbox.set_folder_quota(
        "Trash",
        FolderQuota {
            count: Some(2),
            size_kb: None,
        },
    ))
    .unwrap();
    assert_eq!(mailbox.folder_quota("Trash").unwrap().count, Some(2));
    assert_eq!(
        run(mailbox.move_messages(inbox, vec![2, 3], "Trash", full))
            .unwrap_err()
            .cause,
        Cause::OverQuota
    );
    assert_eq!(mailbox.folder("INBOX").unwrap().messages, 2, "all or nothing");
    run(mailbox.move_messages(inbox, vec![2], "Trash", full)).unwrap();
    run(mailbox.set_folder_quota("Trash", FolderQuota::default())).unwrap();
    run(mailbox.move_messages(inbox, vec![3], "Trash", full)).unwrap();
    // Moving within a folder gives new UIDs.
    let trash = mailbox.folder("Trash").unwrap().id;
    let moved = run(mailbox.move_messages(trash, vec![1], "Trash", full)).unwrap();
    assert_eq!((moved.source, moved.target), (vec![1], vec![4]));
}

#[test]
fn quotas_are_checked_where_messages_and_folders_are_made() {
    let mailbox = mailbox();
    let size = MailboxLimits {
        total_size_kb: 1,
        ..NO_LIMITS
    };
    run(mailbox.append("INBOX", vec![message(1024)], size)).unwrap();
    let refusal = run(mailbox.append("INBOX", vec![message(1)], size)).unwrap_err();
    assert_eq!(refusal.cause, Cause::OverQuota);
    let per_folder = MailboxLimits {
        folder_size_kb: 1,
        ..NO_LIMITS
    };
    assert!(run(mailbox.append("INBOX", vec![message(1)], per_folder)).is_err());
    run(mailbox.append("Sent", vec![message(1)], per_folder)).unwrap();
    let folders = MailboxLimits {
        folder_count: 7,
        ..NO_LIMITS
    };
    assert_eq!(
        run(mailbox.create_folder("a/b/c", None, folders))
            .unwrap_err()
            .cause,
        Cause::OverQuota
    );
    run(mailbox.create_folder("a/b", None, folders)).unwrap();
}

#[test]
fn expunge_takes_what_was_asked_for() {
    let mailbox = mailbox();
    append(&mailbox, "INBOX", 6);
    let inbox = mailbox.folder("INBOX").unwrap().id;
    let deleted = Flags::system(SystemFlags::DELETED);
    run(mailbox.set_flags(inbox, vec![2, 4, 6], FlagOp::Add, deleted, None)).unwrap();
    assert_eq!(run(mailbox.expunge(inbox, Some(vec![1, 2]), true)).unwrap(), [2]);
    assert_eq!(run(mailbox.expunge(inbox, None, true)).unwrap(), [4, 6]);
    assert_eq!(
        run(mailbox.expunge(inbox, None, true)).unwrap(),
        Vec::<u32>::new()
    );
    assert_eq!(run(mailbox.expunge(inbox, Some(vec![1]), false)).unwrap(), [1]);
    assert_eq!(mailbox.folder("INBOX").unwrap().messages, 2);
}

#[test]
fn old_history_is_forgotten_and_says_so() {
    let mailbox = mailbox();
    append(&mailbox, "INBOX", 12_000);
    let inbox = mailbox.folder("INBOX").unwrap();
    run(mailbox.expunge(inbox.id, None, false)).unwrap();
    let old = mailbox
        .changes_since(inbox.id, inbox.highest_modseq, usize::MAX)
        .unwrap();
    assert!(!old.history_known && old.complete && old.vanished.len() < 12_000);
    let recent = mailbox.folder("INBOX").unwrap().highest_modseq - 5000;
    let known = mailbox.changes_since(inbox.id, recent, usize::MAX).unwrap();
    assert!(known.history_known && known.vanished.len() == 5000);
}

#[test]
fn recent_is_claimed_once() {
    let mailbox = mailbox();
    append(&mailbox, "INBOX", 2);
    let inbox = mailbox.folder("INBOX").unwrap().id;
    assert_eq!(run(mailbox.claim_recent(inbox)).unwrap(), 1);
    assert_eq!(run(mailbox.claim_recent(inbox)).unwrap(), 3);
    append(&mailbox, "INBOX", 1);
    assert_eq!(run(mailbox.claim_recent(inbox)).unwrap(), 3);
    assert_eq!(mailbox.folder("INBOX").unwrap().recent_from, 4);
    append(&mailbox, "INBOX", 3);
    assert_eq!(run(mailbox.claim_recent_below(inbox, 6)).unwrap(), 4);
    assert_eq!(run(mailbox.claim_recent_below(inbox, 5)).unwrap(), 6);
    assert_eq!(mailbox.folder("INBOX").unwrap().recent_from, 6);
}

#[test]
fn a_delivery_is_stored_once_per_key_and_shares_its_body() {
    let store = store();
    let full = MailboxLimits {
        total_count: 1,
        ..NO_LIMITS
    };
    let first = delivery(
        7,
        vec![
            to(1, "INBOX", full),
            to(2, "Lists/Rust", NO_LIMITS),
            to(1, "INBOX", full),
        ],
    );
    let stored = run(store.deliver(first)).unwrap();
    assert_eq!(
        stored,
        [
            Delivered::Stored { uid: 1 },
            Delivered::Stored { uid: 1 },
            Delivered::AlreadyStored
        ]
    );
    assert_eq!(store.mailbox(2).folder("Lists/Rust").unwrap().messages, 1);
    assert_eq!(
        store.mailbox(2).folders().unwrap().len(),
        7,
        "defaults and the two new ones"
    );
    let again = delivery(7, vec![to(2, "INBOX", NO_LIMITS), to(3, "INBOX", NO_LIMITS)]);
    let stored = run(store.deliver(again)).unwrap();
    assert_eq!(stored, [Delivered::AlreadyStored, Delivered::Stored { uid: 1 }]);
    let other =
        run(store.deliver(delivery(8, vec![to(1, "INBOX", full), to(4, "INBOX", NO_LIMITS)]))).unwrap();
    let [Delivered::Refused(refusal), Delivered::Stored { .. }] = other.as_slice() else {
        panic!("{other:?}")
    };
    assert_eq!(refusal.cause, Cause::OverQuota);
    assert_eq!(store.check(true).unwrap(), Vec::<String>::new());
    // Once forgotten, the key is free again; markers go along with the next delivery.
    run(store.forget_delivery(7)).unwrap();
    run(store.deliver(delivery(9, vec![to(1, "INBOX", NO_LIMITS)]))).unwrap();
    let stored = run(store.deliver(delivery(7, vec![to(3, "INBOX", NO_LIMITS)]))).unwrap();
    assert_eq!(stored, [Delivered::Stored { uid: 2 }]);
}

#[test]
fn a_refused_recipient_leaves_no_mailbox_behind() {
    let store = store();
    let tiny = MailboxLimits {
        folder_size_kb: 1,
        ..NO_LIMITS
    };
    let mut big = delivery(1, vec![to(1, "INBOX", tiny)]);
    big.body = Arc::new(Bytes::from(vec![0; 5000]));
    assert!(matches!(
        run(store.deliver(big)).unwrap()[0],
        Delivered::Refused(_)
    ));
    assert_eq!(store.mailbox(1).folders().unwrap().len(), 0);
    assert_eq!(store.usage().used_kb, 0);
}

#[test]
fn an_impossible_folder_means_inbox() {
    let store = store();
    let few = MailboxLimits {
        folder_count: 5,
        ..NO_LIMITS
    };
    run(store.mailbox(1).create_default_folders()).unwrap();
    run(store.deliver(delivery(1, vec![to(1, "a//b", NO_LIMITS)]))).unwrap();
    run(store.deliver(delivery(2, vec![to(1, "One/More", few)]))).unwrap();
    assert_eq!(store.mailbox(1).folder("INBOX").unwrap().messages, 2);
}

#[test]
fn watchers_hear_of_their_mailbox_only() {
    let store = store();
    let (mine, other) = (store.mailbox(1), store.mailbox(2));
    let (mut mine_seen, mut other_seen) = (mine.watch(), other.watch());
    run(mine.create_default_folders()).unwrap();
    assert!(mine_seen.has_changed().unwrap() && !other_seen.has_changed().unwrap());
    mine_seen.borrow_and_update();
    run(store.deliver(delivery(
        1,
        vec![to(1, "INBOX", NO_LIMITS), to(2, "INBOX", NO_LIMITS)],
    )))
    .unwrap();
    assert!(mine_seen.has_changed().unwrap() && other_seen.has_changed().unwrap());
    mine_seen.borrow_and_update();
    other_seen.borrow_and_update();
    run(mine.subscribe("Somewhere", true)).unwrap();
    assert!(mine_seen.has_changed().unwrap() && !other_seen.has_changed().unwrap());
    assert!(mine.subscriptions().unwrap().contains(&"Somewhere".to_owned()));
}

#[test]
fn removed_mailboxes_are_gone_but_their_counters_stay() {
    let store = store();
    let mailbox = store.mailbox(1);
    run(mailbox.create_default_folders()).unwrap();
    append(&mailbox, "INBOX", 5000);
    let before = mailbox.folder("INBOX").unwrap();
    run(store.remove_mailbox(1)).unwrap();
    assert!(mailbox.folders().unwrap().is_empty() && mailbox.subscriptions().unwrap().is_empty());
    assert_eq!((store.usage().used_kb, mailbox.usage().unwrap().messages), (0, 0));
    run(mailbox.create_default_folders()).unwrap();
    let after = mailbox.folder("INBOX").unwrap();
    assert!(after.id > before.id && after.uid_validity > before.uid_validity);
    assert!(after.highest_modseq > before.highest_modseq);
    assert_eq!(store.check(true).unwrap(), Vec::<String>::new());
}

#[test]
fn stores_are_opened_once_and_closed_together() {
    let disk = MemoryDisk::new();
    let stores = Stores::new(disk, StoreOptions::default());
    assert!(stores.opened(Path::new("/a")).is_none());
    let first = stores.get(Path::new("/a")).unwrap();
    assert!(
        stores
            .opened(Path::new("/a"))
            .is_some_and(|store| Arc::ptr_eq(&first, &store))
    );
    assert!(Arc::ptr_eq(&first, &stores.get(Path::new("/a")).unwrap()));
    run(first.mailbox(1).create_default_folders()).unwrap();
    stores.close(Path::new("/a"));
    assert!(stores.opened(Path::new("/a")).is_none());
    assert_eq!(first.mailbox(1).folders().unwrap_err().cause, Cause::ShuttingDown);
    let again = stores.get(Path::new("/a")).unwrap();
    assert_eq!(again.mailbox(1).folders().unwrap().len(), 5);
    stores.close_all();
    assert_eq!(
        stores.get(Path::new("/a")).err().unwrap().cause,
        Cause::ShuttingDown
    );
    assert_eq!(
        stores.get(Path::new("/b")).err().unwrap().cause,
        Cause::ShuttingDown
    );
}

#[test]
fn a_full_disk_is_storage_full_for_every_operation() {
    let disk = FaultDisk::new();
    let store = Store::open(Path::new("/domain"), disk.shared(), &StoreOptions::default()).unwrap();
    let mailbox = store.mailbox(1);
    run(mailbox.create_default_folders()).unwrap();
    append(&mailbox, "INBOX", 1);
    let inbox = mailbox.folder("INBOX").unwrap().id;
    disk.set_capacity(Some(disk.used()));
    let causes = [
        run(store.deliver(delivery(1, vec![to(1, "INBOX", NO_LIMITS)])))
            .unwrap_err()
            .cause,
        run(mailbox.append("INBOX", vec![message(9)], NO_LIMITS))
            .unwrap_err()
            .cause,
        run(mailbox.copy(inbox, vec![1], "Sent", NO_LIMITS))
            .unwrap_err()
            .cause,
        run(mailbox.expunge(inbox, None, false)).unwrap_err().cause,
        run(mailbox.create_folder("x", None, NO_LIMITS))
            .unwrap_err()
            .cause,
    ];
    assert_eq!(causes, [Cause::StorageFull; 5]);
    assert_eq!(mailbox.folder("INBOX").unwrap().messages, 1);
    disk.set_capacity(None);
    append(&mailbox, "INBOX", 1);
    assert_eq!(store.check(true).unwrap(), Vec::<String>::new());
}
