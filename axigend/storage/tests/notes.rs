//! Notes on bodies: found while nothing is lost, never of another body.

mod support;

use std::{path::Path, sync::Arc};

use axigend_storage::{
    BodyRef, BodySource, DeliverTo, Disk, FaultDisk, Flags, LocalDelivery, Mailbox, NewMessage, Noted, Store,
    StoreOptions,
};
use bytes::Bytes;

use support::NO_LIMITS;

fn run<T>(future: impl Future<Output = T>) -> T {
    support::runtime().block_on(future)
}

fn open(disk: &FaultDisk, sync: bool) -> Arc<Store> {
    let options = StoreOptions {
        sync,
        ..StoreOptions::default()
    };
    Store::open(Path::new("/domain"), disk.shared(), &options).unwrap()
}

fn body(text: &'static str, note: &'static str) -> Arc<dyn BodySource> {
    let body = Arc::new(Bytes::from_static(text.as_bytes()));
    if note.is_empty() {
        return body;
    }
    Arc::new(Noted {
        body,
        note: Bytes::from_static(note.as_bytes()),
    })
}

fn append(mailbox: &Mailbox, bodies: Vec<Arc<dyn BodySource>>) -> Vec<u32> {
    let new = |body| NewMessage {
        body,
        flags: Flags::default(),
        internal_date: 0,
    };
    let messages = bodies.into_iter().map(new).collect();
    run(mailbox.append("INBOX", messages, NO_LIMITS)).unwrap().uids
}

fn bodies(mailbox: &Mailbox) -> Vec<BodyRef> {
    let inbox = mailbox.folder("INBOX").unwrap().id;
    let rows = mailbox.messages(inbox, 1, usize::MAX).unwrap();
    rows.iter().map(|row| row.body).collect()
}

fn notes(mailbox: &Mailbox) -> Vec<String> {
    let notes = mailbox.notes(&bodies(mailbox)).unwrap();
    let text =
        |note: Option<Bytes>| note.map_or("-".into(), |note| String::from_utf8(note.to_vec()).unwrap());
    notes.into_iter().map(text).collect()
}

fn mailbox(store: &Arc<Store>, account: u64) -> Mailbox {
    let mailbox = store.mailbox(account);
    run(mailbox.create_default_folders()).unwrap();
    mailbox
}

#[test]
fn one_note_serves_all_recipients_and_goes_with_the_last() {
    let disk = FaultDisk::new();
    let store = open(&disk, true);
    let to = |account| DeliverTo {
        account,
        folder: "INBOX".into(),
        limits: NO_LIMITS,
    };
    let delivery = LocalDelivery {
        key: Some(1),
        body: body("Subject: x\r\n\r\n", "x"),
        internal_date: 0,
        recipients: (1..=3).map(to).collect(),
    };
    run(store.deliver(delivery)).unwrap();
    let known = bodies(&store.mailbox(1));
    for account in 1..=3 {
        let mailbox = store.mailbox(account);
        assert_eq!(notes(&mailbox), ["x"]);
        let inbox = mailbox.folder("INBOX").unwrap().id;
        run(mailbox.expunge(inbox, None, false)).unwrap();
    }
    assert_eq!(store.mailbox(1).notes(&known).unwrap(), [None]);
    assert_eq!(store.check(true).unwrap(), [""; 0]);
}

#[test]
fn notes_are_found_near_and_far() {
    let disk = FaultDisk::new();
    let store = open(&disk, true);
    let (one, two) = (mailbox(&store, 1), mailbox(&store, 2));
    for round in 0..60 {
        let note = if round % 3 == 0 { "" } else { "one" };
        append(&one, vec![body("1", note)]);
        append(&two, (0..round % 20).map(|_| body("22", "two")).collect());
    }
    let expected: Vec<_> = (0..60)
        .map(|round| if round % 3 == 0 { "-" } else { "one" })
        .collect();
    assert_eq!(notes(&one), expected);
    assert!(notes(&two).iter().all(|note| note == "two"));
    let mut asked = bodies(&one);
    asked.reverse();
    asked.extend_from_within(..);
    let again = one.notes(&asked).unwrap();
    assert_eq!(again.len(), 120);
    assert!(
        again
            .iter()
            .zip(expected.iter().rev().cycle())
            .all(|(note, expected)| note.is_some() == (*expected == "one"))
    );
}

#[test]
fn later_notes_are_kept_of_what_is_there() {
    let disk = FaultDisk::new();
    let store = open(&disk, true);
    let one = mailbox(&store, 1);
    append(&one, vec![body("1", ""), body("2", "old")]);
    let known = bodies(&one);
    let longer = BodyRef { len: 7, ..known[0] };
    let (syncs, used) = (disk.syncs(), store.usage());
    let note = |text: &'static str| Bytes::from_static(text.as_bytes());
    one.note(vec![
        (known[0], note("new")),
        (longer, note("wrong")),
        (known[1], note("newer")),
    ]);
    one.note(vec![(known[1], Bytes::from(vec![b'x'; 1 << 20]))]);
    // Whatever is written now was asked for later.
    run(store.mailbox(1).subscribe("elsewhere", true)).unwrap();
    assert_eq!(notes(&one), ["new", "newer"]);
    assert_eq!(one.notes(&[longer]).unwrap(), [None]);
    assert_eq!((disk.syncs(), store.usage().used_kb), (syncs + 1, used.used_kb));
    store.close().unwrap();
    assert_eq!(notes(&open(&disk, true).mailbox(1)), ["new", "newer"]);
}

#[test]
fn a_rebuilt_index_has_no_notes_and_takes_new_ones() {
    let disk = FaultDisk::new();
    let store = open(&disk, true);
    append(&mailbox(&store, 1), vec![body("1", "a"), body("2", "b")]);
    store.close().unwrap();
    disk.remove(Path::new("/domain/index.redb")).unwrap();
    let store = open(&disk, true);
    let one = store.mailbox(1);
    assert_eq!(notes(&one), ["-", "-"]);
    one.note(vec![(bodies(&one)[1], Bytes::from_static(b"c"))]);
    append(&one, vec![body("3", "d")]);
    assert_eq!(notes(&one), ["-", "c", "d"]);
    assert_eq!(store.check(true).unwrap(), [""; 0]);
}

/// Without syncs a power cut takes bodies whose places are written again: no note may outlive its body.
#[test]
fn a_place_that_is_written_again_has_no_note_of_before() {
    let mut reused = 0;
    for seed in 0..200 {
        let disk = FaultDisk::new();
        let store = open(&disk, false);
        let one = mailbox(&store, 1);
        for _ in 0..4 {
            append(&one, vec![body("first", "first")]);
        }
        let before = bodies(&one);
        disk.power_off();
        let disk = disk.after_power_cut(seed);
        drop((one, store));
        let store = open(&disk, false);
        let one = mailbox(&store, 1);
        let kept = bodies(&one).len();
        for _ in 0..4 {
            append(&one, vec![body("other", "")]);
        }
        let after = bodies(&one);
        reused += after[kept..].iter().filter(|body| before.contains(body)).count();
        assert!(notes(&one)[kept..].iter().all(|note| note == "-"), "seed {seed}");
        assert!(
            notes(&one)[..kept]
                .iter()
                .all(|note| note == "-" || note == "first")
        );
        assert_eq!(store.check(true).unwrap(), [""; 0]);
    }
    assert!(reused > 0, "no place was written again: the test shows nothing");
}
