//! The service's half of IMAP on a real store in memory.

use std::{
    io,
    path::Path,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::Duration,
};

use axigen_shared::Cause;
use axigend_directory::AccountKey;
use axigend_protocol::imap::{Answer, Event, HEADER_MAX, Test};
use axigend_storage::{
    Disk, DiskFile, FlagOp, Flags, Mailbox, MailboxLimits, MemoryDisk, NewMessage, StoreOptions, Stores,
    SystemFlags,
};
use bytes::Bytes;

use super::{mailbox::OpenMailbox, recents::Recents};

/// A mailbox with default folders; the registry keeps its store open.
async fn mailbox() -> (Stores, Mailbox) {
    let stores = Stores::new(MemoryDisk::new(), StoreOptions::default());
    let store = stores.get(Path::new("/store")).expect("a store");
    let mailbox = store.mailbox(1);
    mailbox.create_default_folders().await.expect("the first folders");
    (stores, mailbox)
}

async fn open(mailbox: &Mailbox) -> OpenMailbox {
    open_with(mailbox, &Recents::default()).await
}

/// A session among those that know of each other.
async fn open_with(mailbox: &Mailbox, recents: &Recents) -> OpenMailbox {
    let account = AccountKey {
        domain: 1,
        account: 1,
    };
    OpenMailbox::new(mailbox.clone(), account, recents.clone())
        .await
        .expect("a mailbox")
}

async fn append(mailbox: &Mailbox, message: &str) -> u32 {
    let body = Arc::new(Bytes::from(message.to_owned()));
    let new = NewMessage {
        body,
        flags: Flags::system(SystemFlags::NONE),
        internal_date: 0,
    };
    mailbox
        .append("INBOX", vec![new], MailboxLimits::default())
        .await
        .expect("an append")
        .uids[0]
}

#[tokio::test(flavor = "current_thread")]
async fn a_reader_of_anothers_folder_has_a_seen_of_its_own() {
    let (_stores, mailbox) = mailbox().await;
    for number in 0..3 {
        append(&mailbox, &format!("Subject: {number}\r\n\r\n")).await;
    }
    let (mut owner, mut reader) = (open(&mailbox).await, open(&mailbox.open_as(2)).await);
    let since = owner
        .select("INBOX", false)
        .await
        .expect("INBOX")
        .folder
        .highest_modseq;
    reader.select("INBOX", false).await.expect("INBOX");
    let folder = reader.folder().expect("open");
    let seen = Flags::system(SystemFlags::SEEN);
    let changed = reader
        .mailbox
        .set_flags(folder, vec![1, 2], FlagOp::Add, seen, None)
        .await
        .expect("flags");
    assert_eq!(changed.rows.len(), 2);
    let told = reader.changes(since).await.expect("changes");
    assert_eq!(told.rows.iter().map(|row| row.uid).collect::<Vec<_>>(), [1, 2]);
    let quiet = owner.changes(since).await.expect("changes");
    assert!(quiet.rows.is_empty() && quiet.highest_modseq == told.highest_modseq);
    assert_eq!(reader.uids().await.expect("UIDs").first_unseen, Some(3));
    assert_eq!(owner.uids().await.expect("UIDs").first_unseen, Some(1));
    assert_eq!(reader.folder_named("INBOX").await.expect("INBOX").unseen, 1);
    assert_eq!(owner.folder_named("INBOX").await.expect("INBOX").unseen, 3);
}

#[tokio::test(flavor = "current_thread")]
async fn changes_are_told_once_and_wake_a_listener() {
    let (_stores, mailbox) = mailbox().await;
    append(&mailbox, "Subject: 1\r\n\r\n").await;
    let mut open = open(&mailbox).await;
    let opened = open.select("INBOX", true).await.expect("INBOX");
    assert_eq!((opened.folder.messages, opened.first_recent), (1, 1));
    let since = opened.folder.highest_modseq;
    let none = open.changes(since).await.expect("no changes");
    assert!(none.rows.is_empty() && none.highest_modseq == since && !none.more);

    let uid = append(&mailbox, "Subject: 2\r\n\r\n").await;
    assert_eq!(open.event().await, Event::Changed);
    let changes = open.changes(since).await.expect("changes");
    assert_eq!(changes.rows.iter().map(|row| row.uid).collect::<Vec<_>>(), [uid]);
    let again = open
        .changes(changes.highest_modseq)
        .await
        .expect("no more changes");
    assert!(again.rows.is_empty() && again.vanished.is_empty());

    let folder = open.folder().expect("open");
    let deleted = Flags::system(SystemFlags::DELETED);
    mailbox
        .set_flags(folder, vec![uid], FlagOp::Add, deleted, None)
        .await
        .expect("flags");
    mailbox.expunge(folder, None, true).await.expect("an expunge");
    let gone = open
        .changes(changes.highest_modseq)
        .await
        .expect("an expunge to tell");
    assert_eq!(gone.vanished, [uid]);
}

#[tokio::test(flavor = "current_thread")]
async fn recent_messages_belong_to_who_selects_first() {
    let (_stores, mailbox) = mailbox().await;
    let uid = append(&mailbox, "Subject: 1\r\n\r\n").await;
    let mut first = open(&mailbox).await;
    let mut second = open(&mailbox).await;
    assert_eq!(
        second.select("INBOX", false).await.expect("EXAMINE").first_recent,
        uid
    );
    assert_eq!(
        first.select("INBOX", true).await.expect("SELECT").first_recent,
        uid
    );
    assert!(second.select("INBOX", true).await.expect("SELECT").first_recent > uid);
    assert_eq!(
        second.select("Nowhere", true).await.map(drop).unwrap_err().cause,
        Cause::NoSuchFolder
    );
    assert_eq!(second.folder().unwrap_err().cause, Cause::Internal);
}

#[tokio::test(flavor = "current_thread")]
async fn newcomers_are_recent_in_the_session_that_is_told_first() {
    let (_stores, mailbox) = mailbox().await;
    let recents = Recents::default();
    let (mut first, mut second) = (
        open_with(&mailbox, &recents).await,
        open_with(&mailbox, &recents).await,
    );
    first.select("INBOX", true).await.expect("SELECT");
    second.select("INBOX", true).await.expect("SELECT");
    let (one, two) = (
        append(&mailbox, "A: 1\r\n\r\n").await,
        append(&mailbox, "A: 2\r\n\r\n").await,
    );
    assert!(first.newcomers(one, true).expect("newcomers") <= one);
    assert_eq!(second.newcomers(two, true).expect("newcomers"), two);
    assert_eq!(first.newcomers(two, true).expect("newcomers"), two + 1);
    let mut third = open_with(&mailbox, &recents).await;
    assert_eq!(
        third.folder_named("INBOX").await.expect("INBOX").first_recent,
        two + 1
    );
    assert_eq!(
        third.select("INBOX", true).await.expect("SELECT").first_recent,
        two + 1
    );
    let three = append(&mailbox, "A: 3\r\n\r\n").await;
    assert!(third.newcomers(three, false).expect("newcomers") <= three);
    third.leave().await;
    first.leave().await;
    assert_eq!(mailbox.folder("INBOX").expect("INBOX").recent_from, two + 1);
    second.leave().await;
    assert_eq!(
        open(&mailbox)
            .await
            .select("INBOX", true)
            .await
            .expect("SELECT")
            .first_recent,
        three
    );
}

#[tokio::test(flavor = "current_thread")]
async fn rows_come_dense_and_sparse() {
    let (_stores, mailbox) = mailbox().await;
    for _ in 0..40 {
        append(&mailbox, "Subject: x\r\n\r\n").await;
    }
    let mut open = open(&mailbox).await;
    open.select("INBOX", false).await.expect("INBOX");
    for wanted in [
        vec![],
        vec![3, 4, 5],
        vec![2, 40],
        vec![1, 39, 40, 41],
        (1..=40).collect(),
    ] {
        let Answer::Rows(rows) = open.rows(&wanted).await.expect("rows") else {
            panic!("not rows")
        };
        let there: Vec<u32> = wanted.iter().copied().filter(|uid| *uid <= 40).collect();
        assert_eq!(rows.iter().map(|row| row.uid).collect::<Vec<_>>(), there);
    }
    assert_eq!(
        open.uids().await.expect("uids").uids.get(38..),
        Some(&[39, 40][..])
    );
}

#[tokio::test(flavor = "current_thread")]
async fn headers_of_any_length_are_found() {
    let (_stores, mailbox) = mailbox().await;
    let long = format!("X-Long: {}\r\n", "x".repeat(20_000));
    let endless = format!("Subject: {}\r\n", "y".repeat(HEADER_MAX + 10));
    let rows: Vec<(String, usize, bool)> = vec![
        ("Subject: a\r\n\r\nbody".into(), 14, true),
        ("Subject: a\n\nbody".into(), 12, true),
        ("Subject: a\r\n".into(), 12, true),
        (format!("{long}\r\nbody"), long.len() + 2, true),
        (format!("{endless}\r\nbody"), HEADER_MAX, false),
    ];
    let mut uids = Vec::new();
    for (message, ..) in &rows {
        uids.push(append(&mailbox, message).await);
    }
    let mut open = open(&mailbox).await;
    open.select("INBOX", false).await.expect("INBOX");
    let folder = open.folder().expect("open");
    for ((message, len, complete), uid) in rows.iter().zip(uids) {
        let OpenMailbox {
            mailbox, messages, ..
        } = &mut open;
        let header = messages.header(mailbox, folder, uid).await.expect("a header");
        assert_eq!(
            (header.bytes.len(), header.complete),
            (*len, *complete),
            "{message:.20}"
        );
        assert_eq!(header.bytes, message.as_bytes()[..*len]);
        let structure = messages
            .structure(mailbox, folder, uid)
            .await
            .expect("a structure");
        assert_eq!(structure.root.body.end, message.len() as u64);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn tests_read_only_what_they_need() {
    let (_stores, mailbox) = mailbox().await;
    let uid = append(
        &mailbox,
        &format!("Subject: hello\r\n\r\n{}needle\r\n", "straw\r\n".repeat(30_000)),
    )
    .await;
    let mut open = open(&mailbox).await;
    open.select("INBOX", false).await.expect("INBOX");
    let folder = open.folder().expect("open");
    let tests = [
        Test::Field {
            name: "subject".into(),
            needle: "HELLO".into(),
        },
        Test::Body {
            needle: "NEEDLE".into(),
        },
        Test::Text {
            needle: "absent".into(),
        },
    ];
    let OpenMailbox {
        mailbox, messages, ..
    } = &mut open;
    assert_eq!(
        messages.test(mailbox, folder, uid, &tests).await.expect("tests"),
        [true, true, false]
    );
    assert_eq!(
        messages
            .test(mailbox, folder, uid + 1, &tests)
            .await
            .expect("tests"),
        [false; 3]
    );
}

/// A disk that begins to answer when it is told to.
struct SlowDisk {
    disk: Arc<MemoryDisk>,
    go_on: parking_lot::Mutex<Receiver<()>>,
}

impl SlowDisk {
    fn new() -> (Arc<Self>, SyncSender<()>) {
        let (sender, receiver) = sync_channel(1);
        let slow = Self {
            disk: MemoryDisk::new(),
            go_on: parking_lot::Mutex::new(receiver),
        };
        (Arc::new(slow), sender)
    }
}

impl Disk for SlowDisk {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.open(path)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.create(path)
    }

    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
        // Bounded, so that a failing test ends.
        let told = self.go_on.lock().recv_timeout(Duration::from_secs(10));
        told.map_err(|_| io::Error::other("the thread was held up"))?;
        self.disk.create_dir_all(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.disk.remove(path)
    }

    fn remove_dir_all(&self, path: &Path) -> io::Result<()> {
        self.disk.remove_dir_all(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<String>> {
        self.disk.list(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.disk.sync_dir(dir)
    }

    fn unix_time(&self) -> i64 {
        self.disk.unix_time()
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_store_that_opens_slowly_holds_up_nobody_else() {
    let (disk, go_on) = SlowDisk::new();
    let stores = Arc::new(Stores::new(disk, StoreOptions::default()));
    let dir = Path::new("/store");
    // The second waits for the first; the third stands for another session of the thread.
    let (first, second, ()) = tokio::join!(stores.open(dir), stores.open(dir), async {
        go_on.send(()).expect("somebody waits");
    });
    assert!(Arc::ptr_eq(&first.expect("a store"), &second.expect("a store")));
    assert!(stores.open(dir).await.is_ok());
}
