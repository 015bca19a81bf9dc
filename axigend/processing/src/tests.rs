//! Messages walk through processing on a memory disk: delivered once, refused for a reason, reported to who sent them.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axigen_shared::schema::{Action, Change, Object, Step, Value, context};
use axigen_shared::value::Secret;
use axigend_config::RunningConfig;
use axigend_directory::{Directory, NewDomain};
use axigend_queue::{Envelope, ManualClock, Queue, QueueId, QueueOptions, Recipient, Stage};
use axigend_storage::{Disk, FaultDisk, Mailbox, MemoryDisk, Store, StoreOptions, Stores};
use tokio::sync::mpsc;

use crate::Processing;
use crate::attempt::{Parts, attempt};
use crate::deliver::{Mail, deliver, delivery_key};
use crate::expand::{Destination, expand_all};

mod direct;
mod groups;

const NOW: i64 = 1_790_000_000;
const DOMAIN: &str = "example.org";
const MESSAGE: &[u8] = b"Message-ID: <1@example.org>\r\nSubject: hi\r\n\r\nbody\r\n";
/// A cheap hash, so that tests do not spend their time on argon2.
const SECRET: &str = "{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3";

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(work)
}

/// A server without protocols.
struct Rig {
    disk: Arc<dyn Disk>,
    clock: Arc<ManualClock>,
    parts: Arc<Parts>,
    finished: mpsc::Receiver<(Arc<Store>, u64)>,
}

fn config() -> Arc<RunningConfig> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("axigen.cfg");
    let text = "server = { primaryDomain = example.org serverName = mail.example.org
        processing = { schedInterval = 300 maxSchedInterval = 28800 maxRetryCount = 5 deliveryThreads = 2 } }";
    std::fs::write(&file, text).unwrap();
    Arc::new(RunningConfig::load(&file).unwrap().0)
}

impl Rig {
    /// With accounts ann and bob.
    async fn new() -> Self {
        Self::new_on(MemoryDisk::new()).await
    }

    async fn new_on(disk: Arc<dyn Disk>) -> Self {
        let rig = Self::on(disk, Arc::new(ManualClock::new(NOW)));
        let directory = &rig.parts.directory;
        let new = NewDomain {
            name: DOMAIN.into(),
            postmaster_password: Secret::new(SECRET),
            ..NewDomain::default()
        };
        directory.create_domain(new).await.unwrap();
        for name in ["ann", "bob"] {
            let mut account = Object::new(context("domain/account").unwrap());
            account.set_text("name", name).unwrap();
            directory
                .add_account(DOMAIN, account, Some(Secret::new(SECRET)))
                .await
                .unwrap();
        }
        rig
    }

    fn on(disk: Arc<dyn Disk>, clock: Arc<ManualClock>) -> Self {
        let options = QueueOptions {
            clock: clock.clone(),
            ..QueueOptions::default()
        };
        let (forget, finished) = mpsc::channel(100);
        let parts = Parts {
            queue: Queue::open(Path::new("/w/queue"), disk.clone(), options).unwrap(),
            directory: Directory::open(Path::new("/w/serverData"), Path::new("/w"), disk.clone()).unwrap(),
            stores: Arc::new(Stores::new(disk.clone(), StoreOptions::default())),
            config: config(),
            forget,
            lists: crate::lists::Lists::default(),
        };
        Self {
            disk,
            clock,
            parts: Arc::new(parts),
            finished,
        }
    }

    /// Stops in order and starts on the same disk.
    fn restarted(self) -> Self {
        self.parts.queue.close();
        self.parts.stores.close_all();
        self.parts.directory.close();
        Self::on(self.disk.clone(), self.clock.clone())
    }

    async fn submit(&self, from: &str, to: &[&str], message: &[u8]) -> QueueId {
        let mut incoming = self.parts.queue.incoming();
        incoming.chunk(message).await.unwrap();
        let envelope = Envelope {
            reverse_path: from.into(),
            recipients: to.iter().map(|to| Recipient::new(*to)).collect(),
            received_at: self.parts.queue.clock().now(),
            peer: "test".into(),
            ..Envelope::default()
        };
        incoming.commit(envelope).await.unwrap()
    }

    /// One attempt at the next due message.
    async fn attempt(&self) -> QueueId {
        let entry = self.parts.queue.take().await.unwrap();
        let id = entry.id;
        attempt(&self.parts, entry).await;
        id
    }

    fn mailbox(&self, name: &str) -> Mailbox {
        let account = self.parts.directory.account_named(DOMAIN, name).unwrap();
        self.parts
            .stores
            .get(&account.message_dir)
            .unwrap()
            .mailbox(account.id)
    }

    /// The messages in a folder; none when the mailbox was never used.
    async fn messages(&self, name: &str, folder: &str) -> Vec<String> {
        let mailbox = self.mailbox(name);
        let Ok(folder) = mailbox.folder(folder) else {
            return Vec::new();
        };
        let mut texts = Vec::new();
        for row in mailbox.messages(folder.id, 1, 100).unwrap() {
            let bytes = mailbox.read(row.body, 0, row.size as usize).await.unwrap();
            texts.push(String::from_utf8(bytes.to_vec()).unwrap());
        }
        texts
    }

    fn stages(&self, id: QueueId) -> Vec<Stage> {
        let listed = self.parts.queue.look_at(id).unwrap();
        listed.map_or_else(Vec::new, |listed| {
            listed.recipients.iter().map(|(_, state)| state.stage).collect()
        })
    }

    fn queued(&self) -> usize {
        self.parts.queue.counts().total
    }

    async fn set_bob(&self, part: &'static str, name: &'static str, value: Value) {
        let change = Change::here(Action::Set(name, value)).below(Step::Part(part));
        self.parts
            .directory
            .update_account(DOMAIN, "bob", &[change], None)
            .await
            .unwrap();
    }
}

#[test]
fn one_copy_for_all_with_the_return_path() {
    run(async {
        let rig = Rig::new().await;
        let alias = Change::here(Action::AddName("aliases", "robert".into()));
        rig.parts
            .directory
            .update_account(DOMAIN, "bob", &[alias], None)
            .await
            .unwrap();
        let to = ["ann@example.org", "BOB", "robert@EXAMPLE.org", "postmaster"];
        rig.submit("out@side.test", &to, MESSAGE).await;
        rig.attempt().await;
        let expected = format!(
            "Return-Path: <out@side.test>\r\n{}",
            String::from_utf8_lossy(MESSAGE)
        );
        for name in ["ann", "bob", "postmaster"] {
            assert_eq!(
                rig.messages(name, "INBOX").await,
                std::slice::from_ref(&expected),
                "{name}"
            );
        }
        let body = |name: &str| {
            let mailbox = rig.mailbox(name);
            let inbox = mailbox.folder("INBOX").unwrap();
            mailbox.messages(inbox.id, 1, 9).unwrap()[0].body
        };
        assert_eq!(body("ann"), body("bob"), "a single copy");
        assert_eq!(rig.queued(), 0);
    });
}

#[test]
fn a_crash_between_delivery_and_the_queue_delivers_once() {
    run(async {
        let rig = Rig::new().await;
        rig.submit("out@side.test", &["ann@example.org", "bob@example.org"], MESSAGE)
            .await;
        let entry = rig.parts.queue.take().await.unwrap();
        let expanded = expand_all(&rig.parts.directory, &entry.envelope, |_| true, DOMAIN, 10);
        let places: Vec<_> = expanded
            .into_iter()
            .map(|one| match one.destination {
                Destination::Local(place) => place,
                other => panic!("{other:?}"),
            })
            .collect();
        // Only one of them, and then the server is gone.
        deliver(&rig.parts.stores, &Mail::of_entry(&entry).await, &places[..1]).await;
        let key = delivery_key(&entry);
        drop(entry);
        let mut rig = rig.restarted();
        assert_eq!(rig.queued(), 1);
        rig.attempt().await;
        for name in ["ann", "bob"] {
            assert_eq!(rig.messages(name, "INBOX").await.len(), 1, "{name}");
        }
        assert_eq!(rig.queued(), 0);
        let (store, finished) = rig.finished.recv().await.unwrap();
        assert_eq!(finished, key);
        store.forget_delivery(finished).await.unwrap();
    });
}

/// Messages of the crash test: to whom, and whether one of them is unknown.
const WALKS: [(&[&str], bool); 3] = [
    (&["bob@example.org"], false),
    (&["bob@example.org", "ann@example.org"], false),
    (&["jim@example.org", "bob@example.org"], true),
];

/// Submits and processes; returns which submissions were answered. Stops at the first trouble, as a dead server does.
async fn walk(rig: &Rig, disk: &FaultDisk) -> Vec<usize> {
    let mut accepted = Vec::new();
    for (number, (to, _)) in WALKS.iter().enumerate() {
        let mut incoming = rig.parts.queue.incoming();
        let message = format!("Subject: {number}\r\n\r\n");
        let envelope = Envelope {
            reverse_path: "ann@example.org".into(),
            recipients: to.iter().map(|to| Recipient::new(*to)).collect(),
            received_at: NOW,
            ..Envelope::default()
        };
        if incoming.chunk(message.as_bytes()).await.is_err() || incoming.commit(envelope).await.is_err() {
            break;
        }
        accepted.push(number);
        while rig.queued() > 0 && !disk.is_off() {
            rig.attempt().await;
        }
        if disk.is_off() {
            break;
        }
    }
    accepted
}

/// What is in the mailboxes once everything left was processed: subjects, and reports about a subject.
async fn settled(rig: &Rig) -> Vec<String> {
    rig.clock.advance(600);
    while rig.queued() > 0 {
        rig.attempt().await;
    }
    let mut found = Vec::new();
    for name in ["ann", "bob"] {
        for text in rig.messages(name, "INBOX").await {
            let kind = if text.contains("Auto-Submitted") {
                "report"
            } else {
                "mail"
            };
            let subject = text
                .lines()
                .rfind(|line| line.starts_with("Subject: "))
                .unwrap()
                .to_owned();
            found.push(format!("{name} {kind} {subject}"));
        }
    }
    found.sort_unstable();
    found
}

#[test]
fn power_goes_off_at_every_sync_and_everything_arrives_once() {
    run(async {
        let disk = FaultDisk::new();
        let rig = Rig::new_on(disk.shared()).await;
        let before = disk.syncs();
        assert_eq!(walk(&rig, &disk).await.len(), WALKS.len());
        let after = disk.syncs();
        assert!(after - before >= 12, "{before} {after}");
        for sync in before + 1..=after {
            let disk = FaultDisk::new();
            let rig = Rig::new_on(disk.shared()).await;
            disk.power_off_at_sync(sync);
            let accepted = walk(&rig, &disk).await;
            for seed in 0..3 {
                let rig = Rig::on(disk.survivors(seed), Arc::new(ManualClock::new(NOW)));
                let found = settled(&rig).await;
                let mut distinct = found.clone();
                distinct.dedup();
                assert_eq!(found, distinct, "sync {sync} seed {seed}: something came twice");
                for number in &accepted {
                    let (to, unknown) = WALKS[*number];
                    for name in to
                        .iter()
                        .filter_map(|to| to.strip_suffix("@example.org"))
                        .filter(|name| *name != "jim")
                    {
                        let wanted = format!("{name} mail Subject: {number}");
                        assert!(
                            found.contains(&wanted),
                            "sync {sync} seed {seed}: {wanted} is lost of {found:?}"
                        );
                    }
                    let report = format!("ann report Subject: {number}");
                    assert_eq!(
                        found.contains(&report),
                        unknown,
                        "sync {sync} seed {seed}: {report}"
                    );
                }
                rig.restarted();
            }
        }
    });
}

#[test]
fn unknown_recipients_are_reported_to_a_local_sender_at_once() {
    run(async {
        let rig = Rig::new().await;
        rig.submit(
            "ann@example.org",
            &["jim@example.org", "bob@example.org"],
            MESSAGE,
        )
        .await;
        rig.attempt().await;
        assert_eq!(rig.messages("bob", "INBOX").await.len(), 1);
        assert_eq!(rig.queued(), 1, "the report");
        rig.attempt().await;
        let reports = rig.messages("ann", "INBOX").await;
        assert_eq!((reports.len(), rig.queued()), (1, 0));
        for expected in [
            "Return-Path: <>\r\n",
            "From: Mail Delivery System <postmaster@example.org>\r\n",
            "To: <ann@example.org>\r\n",
            "Auto-Submitted: auto-replied\r\n",
            "Content-Type: multipart/report; report-type=delivery-status;",
            "Reporting-MTA: dns; mail.example.org\r\n",
            "Final-Recipient: rfc822; jim@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n",
            "In-Reply-To: <1@example.org>\r\n",
            "Subject: hi\r\n",
        ] {
            assert!(reports[0].contains(expected), "{expected} in {}", reports[0]);
        }
        assert!(
            !reports[0].contains("body\r\n") && !reports[0].contains("bob@"),
            "{}",
            reports[0]
        );
    });
}

#[test]
fn a_report_about_a_report_is_never_made() {
    run(async {
        let rig = Rig::new().await;
        rig.submit("", &["jim@example.org"], MESSAGE).await;
        rig.attempt().await;
        assert_eq!(rig.queued(), 0);
    });
}

#[test]
fn what_is_not_local_waits_for_sending() {
    run(async {
        let rig = Rig::new().await;
        // A report to a remote sender is such a message.
        rig.submit("out@side.test", &["jim@example.org"], MESSAGE).await;
        rig.attempt().await;
        let report = rig.attempt().await;
        assert_eq!(rig.stages(report), [Stage::Relay]);
        for _ in 0..9 {
            rig.clock.advance(28800);
            assert_eq!(rig.attempt().await, report);
        }
        let listed = rig.parts.queue.look_at(report).unwrap().unwrap();
        assert_eq!((listed.tries, listed.state.word()), (0, "SCHEDULED"));
    });
}

#[test]
fn a_full_mailbox_is_tried_again_reported_as_delayed_and_given_up() {
    run(async {
        let rig = Rig::new().await;
        rig.set_bob("quotas", "totalMessageSize", Value::Number(1)).await;
        let large: Vec<u8> = [MESSAGE, "x".repeat(900).as_bytes(), b"\r\n"].concat();
        rig.submit("ann@example.org", &["bob@example.org"], &large).await;
        rig.attempt().await;
        assert_eq!(rig.messages("bob", "INBOX").await.len(), 1, "the first one fits");
        let id = rig
            .submit("ann@example.org", &["bob@example.org", "ann@example.org"], &large)
            .await;
        for (tries, wait) in (1..).zip([300, 600, 1200, 2400, 4800]) {
            assert_eq!(rig.attempt().await, id);
            let listed = rig.parts.queue.look_at(id).unwrap().unwrap();
            assert_eq!(listed.tries, tries);
            assert_eq!(listed.next_try, rig.parts.queue.clock().now() + wait);
            assert_eq!(rig.stages(id), [Stage::Waiting, Stage::Delivered]);
            if tries == 4 {
                assert_ne!(rig.attempt().await, id, "the delay report");
                assert!(
                    rig.messages("ann", "INBOX").await[1].contains("Action: delayed\r\nStatus: 4.2.2\r\n")
                );
            }
            rig.clock.advance(wait);
        }
        assert_eq!(rig.attempt().await, id);
        assert_eq!(rig.stages(id), []);
        rig.attempt().await;
        let mail = rig.messages("ann", "INBOX").await;
        assert_eq!((mail.len(), rig.queued()), (3, 0));
        assert!(
            mail[2]
                .contains("Action: failed\r\nStatus: 5.2.2\r\nDiagnostic-Code: x-axigend; Mailbox full\r\n")
        );
        assert_eq!(rig.messages("bob", "INBOX").await.len(), 1);
    });
}

#[test]
fn what_can_never_fit_or_may_not_receive_fails_at_once() {
    run(async {
        let rig = Rig::new().await;
        rig.set_bob("quotas", "totalMessageSize", Value::Number(1)).await;
        rig.submit("ann@example.org", &["bob@example.org"], &[b'x'; 3000])
            .await;
        rig.attempt().await;
        rig.set_bob("limits", "services", Value::Set(vec!["imap"])).await;
        rig.submit("ann@example.org", &["bob@example.org"], MESSAGE).await;
        for _ in 0..3 {
            rig.attempt().await;
        }
        let reports = rig.messages("ann", "INBOX").await;
        assert!(
            reports[0].contains("Status: 5.2.3\r\n") && reports[1].contains("Status: 5.2.1\r\n"),
            "{reports:?}"
        );
    });
}

#[test]
fn catch_all_takes_what_nobody_is_and_a_disabled_domain_waits() {
    run(async {
        let rig = Rig::new().await;
        let set =
            |name: &'static str, value: &str| Change::here(Action::Set(name, Value::Text(value.into())));
        let changes = [
            Change::here(Action::Set("catchAllType", Value::Choice("account"))),
            set("catchAllAccountName", "bob"),
            set("catchAllFolderName", "Spam"),
        ];
        rig.parts.directory.update_domain(DOMAIN, &changes).await.unwrap();
        rig.submit("out@side.test", &["jim@example.org"], MESSAGE).await;
        rig.attempt().await;
        assert_eq!(rig.messages("bob", "Spam").await.len(), 1);
        rig.parts.directory.disable_domain(DOMAIN).await.unwrap();
        let id = rig.submit("out@side.test", &["bob@example.org"], MESSAGE).await;
        rig.attempt().await;
        assert_eq!(rig.stages(id), [Stage::Waiting]);
        rig.parts.directory.enable_domain(DOMAIN).await.unwrap();
        rig.clock.advance(300);
        rig.attempt().await;
        assert_eq!(rig.messages("bob", "INBOX").await.len(), 1);
    });
}

#[test]
fn the_threads_deliver_and_stop() {
    run(async {
        let rig = Rig::new().await;
        let parts = &rig.parts;
        let processing = Processing::new(
            parts.queue.clone(),
            parts.directory.clone(),
            parts.stores.clone(),
            parts.config.clone(),
        );
        processing.start().unwrap();
        assert!(processing.is_running());
        let mailbox = rig.mailbox("bob");
        mailbox.create_default_folders().await.unwrap();
        let mut changes = mailbox.watch();
        for _ in 0..100 {
            rig.submit("ann@example.org", &["bob@example.org"], MESSAGE).await;
        }
        let all = async {
            while mailbox.folder("INBOX").unwrap().messages < 100 {
                changes.changed().await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_mins(1), all).await.unwrap();
        assert_eq!(processing.stop(Duration::from_mins(1)).await.cut, 0);
        assert_eq!((rig.queued(), processing.is_running()), (0, false));
        processing.start().unwrap();
        // Without grace, whether the threads end by themselves or are cut is a race.
        processing.stop(Duration::ZERO).await;
        assert!(!processing.is_running());
    });
}
