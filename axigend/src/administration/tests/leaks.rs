//! What storages keep wrongly is found, recovered, given up and counted anew, by the commands of an administrator.

use super::{Desk, with_domain};
use crate::jobs::JobKind;
use axigend_console::Request;
use axigend_storage::{Flags, MailboxLimits, NewMessage, Store};
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;

/// Runs a job to its end; what it said, and how it ended.
async fn job(desk: &mut Desk, kind: JobKind, line: &str) -> String {
    let request = Request::Line(line.as_bytes().to_vec());
    // It is followed below.
    drop(desk.engine.answer(request).await);
    let task = desk.parts.jobs.find(kind, "a.test").unwrap();
    task.ended_within(Duration::from_mins(1)).await;
    let look = task.now(0);
    let ended = look.ended.unwrap();
    format!("{}\n{ended:?}", look.lines.join("\n"))
}

fn store(desk: &Desk) -> Arc<Store> {
    let account = desk.parts.directory.account_named("a.test", "ann").unwrap();
    desk.parts.stores.get(&account.message_dir).unwrap()
}

fn messages(desk: &Desk, folder: &str) -> Option<u32> {
    let account = desk.parts.directory.account_named("a.test", "ann").unwrap();
    let mailbox = store(desk).mailbox(account.id);
    mailbox.folder(folder).ok().map(|folder| folder.messages)
}

/// Keeps a body that no message refers to.
fn leak(desk: &Desk) {
    let body = Bytes::from_static(b"Subject: lost\r\n\r\nx\r\n");
    let ledger = store(desk).ledger();
    ledger
        .write_blocking(move |txn| txn.append_body(&body).map(drop))
        .unwrap();
}

async fn with_ann() -> Desk {
    let mut desk = with_domain().await;
    desk.all(&["ADD Account name ann password secret", "COMMIT"])
        .await;
    desk
}

#[tokio::test]
async fn bodies_that_nobody_refers_to_are_recovered_or_given_up() {
    let mut desk = with_ann().await;
    leak(&desk);
    let found = job(&mut desk, JobKind::Scan, "SCAN ALL").await;
    assert!(
        found.contains("has 1 references, counted 0") && found.contains("not clean"),
        "{found}"
    );
    let recovered = job(&mut desk, JobKind::Scan, "SCAN ALL recoverTo ann").await;
    assert!(
        recovered.contains("1 messages are in the folder Recovered now"),
        "{recovered}"
    );
    assert_eq!(messages(&desk, "Recovered"), Some(1));
    let again = job(&mut desk, JobKind::Scan, "SCAN ALL recoverTo ann").await;
    assert!(again.contains("\"clean: "), "{again}");
    assert_eq!(messages(&desk, "Recovered"), Some(1));
    leak(&desk);
    let purged = job(&mut desk, JobKind::Scan, "SCAN ALL purge").await;
    assert!(purged.contains("it is given up"), "{purged}");
    let clean = job(&mut desk, JobKind::Scan, "SCAN ALL").await;
    assert!(clean.contains("\"clean: "), "{clean}");
    assert_eq!(store(&desk).usage().used_kb, 1);
    desk.close().await;
}

#[tokio::test]
async fn references_are_repaired_but_for_stage_three() {
    let mut desk = with_ann().await;
    let account = desk.parts.directory.account_named("a.test", "ann").unwrap();
    let mailbox = store(&desk).mailbox(account.id);
    let message = NewMessage {
        body: Arc::new(Bytes::from_static(b"Subject: x\r\n\r\nx\r\n")),
        flags: Flags::default(),
        internal_date: 17,
    };
    let limits = MailboxLimits::default();
    mailbox.create_default_folders().await.unwrap();
    mailbox.append("INBOX", vec![message], limits).await.unwrap();
    let inbox = mailbox.folder("INBOX").unwrap();
    let body = mailbox.messages(inbox.id, 0, 1).unwrap()[0].body;
    let ledger = store(&desk).ledger();
    ledger
        .write_blocking(move |txn| txn.retain_body(body, 5))
        .unwrap();
    drop(ledger);
    let skipped = job(&mut desk, JobKind::Repair, "REPAIR Accounts skip-stage-3 ann").await;
    assert!(skipped.contains(", 0 places put right"), "{skipped}");
    let done = job(&mut desk, JobKind::Repair, "REPAIR Accounts ann").await;
    assert!(
        done.contains("1 references counted, 6 were noted") && done.contains(", 1 places put right"),
        "{done}"
    );
    let again = job(&mut desk, JobKind::Repair, "REPAIR Accounts ann").await;
    assert!(again.contains(", 0 places put right"), "{again}");
    let clean = job(&mut desk, JobKind::Scan, "SCAN ALL").await;
    assert!(clean.contains("\"clean: "), "{clean}");
    desk.close().await;
}
