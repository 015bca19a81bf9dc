//! The daily maintenance with a clock that is moved: mail goes when it has been in its folder for so many days. And
//! what is told of work on storages.

use super::Desk;
use crate::administration::Administration;
use axigend_storage::{Disk, DiskFile, Flags, MailboxLimits, MemoryDisk, NewMessage};
use bytes::Bytes;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

const DAY: i64 = 86_400;

/// A disk whose clock is so many seconds wrong.
struct Clock {
    disk: Arc<dyn Disk>,
    off: AtomicI64,
}

impl Disk for Clock {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.open(path)
    }
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.create(path)
    }
    fn create_dir_all(&self, path: &Path) -> io::Result<()> {
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
        jiff::Timestamp::now().as_second() + self.off.load(Ordering::Relaxed)
    }
}

/// Mail for ann that came `days` ago.
async fn with_mail(clock: &Clock, desk: &Desk, days: i64, folders: &[&str]) {
    clock.off.store(-days * DAY, Ordering::Relaxed);
    let account = desk.parts.directory.account_named("a.test", "ann").unwrap();
    let mailbox = desk.parts.stores.get(&account.message_dir).unwrap();
    let mailbox = mailbox.mailbox(account.id);
    // Folders are made at the first use of an account, which this is.
    mailbox.create_default_folders().await.unwrap();
    for folder in folders {
        let message = NewMessage {
            body: Arc::new(Bytes::from_static(b"Subject: x\r\n\r\nx\r\n")),
            flags: Flags::default(),
            // When it was written does not count.
            internal_date: 17,
        };
        let limits = MailboxLimits::default();
        mailbox.append(folder, vec![message], limits).await.unwrap();
    }
    clock.off.store(0, Ordering::Relaxed);
}

fn left(desk: &Desk) -> Vec<u32> {
    let account = desk.parts.directory.account_named("a.test", "ann").unwrap();
    let mailbox = desk.parts.stores.get(&account.message_dir).unwrap();
    let mailbox = mailbox.mailbox(account.id);
    let count = |name: &&str| mailbox.folder(name).unwrap().messages;
    ["INBOX", "Trash", "Spam", "Drafts"].iter().map(count).collect()
}

async fn maintained(desk: &Desk) {
    let parts = Arc::clone(&desk.parts);
    let daily = tokio::task::spawn_blocking(move || Administration::maintain_daily(&parts));
    daily.await.unwrap();
}

/// A domain with ann, on a disk whose clock can be moved.
async fn with_ann() -> (Arc<Clock>, Desk) {
    let clock = Arc::new(Clock {
        disk: MemoryDisk::new(),
        off: AtomicI64::new(0),
    });
    let mut desk = Desk::on(clock.clone());
    desk.all(&[
        "CREATE Domain name a.test postmasterPassword 'p w'",
        "COMMIT",
        "UPDATE Domain a.test",
        "ADD Account name ann password secret",
        "COMMIT",
    ])
    .await;
    (clock, desk)
}

#[tokio::test]
async fn old_mail_goes_once_a_day() {
    let (clock, mut desk) = with_ann().await;
    let all = ["INBOX", "Trash", "Spam", "Drafts"];
    with_mail(&clock, &desk, 31, &all).await;
    with_mail(&clock, &desk, 29, &all).await;
    maintained(&desk).await;
    assert_eq!(left(&desk), [2, 1, 1, 2]);
    // Done today; a change of the limits is felt tomorrow.
    desk.all(&[
        "CONFIG accountDefaultQuotas",
        "SET autopurgeAgeLimit 28",
        "SET autopurgeFolders 'Drafts, Spam'",
        "DONE",
        "COMMIT",
    ])
    .await;
    maintained(&desk).await;
    assert_eq!(left(&desk), [2, 1, 1, 2]);
    let yesterday = jiff::Timestamp::now().as_second() - DAY;
    let directory = &desk.parts.directory;
    directory
        .set_maintenance_date("a.test", Some(yesterday))
        .await
        .unwrap();
    maintained(&desk).await;
    assert_eq!(left(&desk), [2, 1, 0, 0]);
    assert!(directory.maintenance_date("a.test").unwrap() > Some(yesterday));
    desk.close().await;
}

#[tokio::test]
async fn an_account_may_have_its_own_age_and_a_reset_begins_at_once() {
    let (clock, mut desk) = with_ann().await;
    desk.all(&[
        "UPDATE Account ann",
        "CONFIG Quotas",
        "SET autopurgeAgeLimit 0",
        "DONE",
        "COMMIT",
    ])
    .await;
    with_mail(&clock, &desk, 300, &["Spam"]).await;
    desk.parts
        .directory
        .set_maintenance_date("a.test", None)
        .await
        .unwrap();
    maintained(&desk).await;
    assert_eq!(left(&desk), [0, 0, 1, 0]);
    desk.all(&[
        "UPDATE Account ann",
        "CONFIG Quotas",
        "SET autopurgeAgeLimit 299",
        "DONE",
        "COMMIT",
    ])
    .await;
    desk.all(&["RESET maintenanceDate"]).await;
    let task = desk
        .parts
        .jobs
        .find(crate::jobs::JobKind::Daily, "a.test")
        .unwrap();
    task.ended_within(std::time::Duration::from_mins(1)).await;
    assert_eq!(left(&desk), [0, 0, 0, 0]);
    desk.close().await;
}

#[tokio::test]
async fn work_that_runs_is_listed_by_where_it_is_done() {
    let mut desk = super::with_domain().await;
    let (stop, stopped) = std::sync::mpsc::channel::<()>();
    let (tell, told) = std::sync::mpsc::channel();
    let jobs = Arc::clone(&desk.parts.jobs);
    jobs.start(crate::jobs::JobKind::Scan, "a.test", move |task| {
        task.say("so far so good");
        task.progress("half".to_owned());
        tell.send(()).unwrap();
        stopped.recv().unwrap();
        Ok(String::new())
    })
    .unwrap();
    told.recv().unwrap();
    let listed = desk.text("LIST activeStorageTransactions details").await;
    assert!(
        listed.contains("half") && listed.contains("so far so good"),
        "{listed}"
    );
    // The domain stays where it is meanwhile, see below.
    desk.all(&["BACK", "CONFIG SERVER"]).await;
    for (pattern, found) in [
        ("*a.test*", true),
        ("file://*objects", true),
        ("*elsewhere*", false),
    ] {
        let line = format!("LIST activeStorageTransactions matchingURI {pattern}");
        let listed = desk.text(&line).await;
        assert_eq!(listed.contains("half"), found, "{listed}");
        assert!(!listed.contains("so far"), "{listed}");
    }
    desk.all(&["BACK"]).await;
    let refused = desk.reply("DELETE Domain name a.test").await;
    assert!(
        refused.message.contains("SCAN of a.test runs"),
        "{}",
        refused.message
    );
    stop.send(()).unwrap();
    desk.parts.jobs.close();
    desk.close().await;
}
