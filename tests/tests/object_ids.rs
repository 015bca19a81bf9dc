//! Object ids and MODSEQs that clients keep for ever (RFC 8474, RFC 7162): the same after a kill, a compaction, and with an
//! index built anew from the containers; and what went before is still told.

use std::path::{Path, PathBuf};

use axigen_tests::{Daemon, Home, Imap};

/// What a client has kept of a folder: MAILBOXID, UIDVALIDITY, HIGHESTMODSEQ, and each message with its ids.
#[derive(Debug, PartialEq, Eq)]
struct Kept {
    mailbox_id: String,
    uid_validity: u32,
    modseq: String,
    messages: Vec<String>,
}

fn kept(imap: &mut Imap, folder: &str) -> Kept {
    let opened = imap.command(&format!("EXAMINE {folder}")).unwrap().ok();
    let code = |name: &str| {
        let texts = opened.texts();
        let found = texts
            .iter()
            .find_map(|text| text.split_once(&format!("[{name} ")));
        found.unwrap().1.split(']').next().unwrap().to_owned()
    };
    let fetched = imap
        .command("UID FETCH 1:* (EMAILID THREADID MODSEQ)")
        .unwrap()
        .ok()
        .texts();
    Kept {
        mailbox_id: code("MAILBOXID"),
        uid_validity: opened.code_number("UIDVALIDITY").unwrap(),
        modseq: code("HIGHESTMODSEQ"),
        messages: fetched
            .into_iter()
            .filter(|text| text.contains(" FETCH ("))
            .collect(),
    }
}

/// The ids in a FETCH answer.
fn ids(fetched: &str) -> &str {
    let (_, ids) = fetched.split_once("EMAILID").unwrap();
    ids.split(" MODSEQ").next().unwrap()
}

fn indexes(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(indexes(&path));
        } else if path.ends_with("index.redb") && path.iter().any(|part| part == "messages") {
            found.push(path);
        }
    }
    found
}

/// Fills two folders and removes some of it.
fn fill(daemon: &Daemon<'_>) {
    let mut imap = daemon.imap("ann");
    imap.command("CREATE Box").unwrap().ok();
    for number in 0..40 {
        let message =
            format!("Subject: {number}\r\nMessage-ID: <{number}@x>\r\nReferences: <0@x>\r\n\r\nx\r\n");
        imap.append("INBOX", "", message.as_bytes()).unwrap().ok();
    }
    imap.command("SELECT INBOX").unwrap().ok();
    imap.command("UID COPY 1:5 Box").unwrap().ok();
    imap.command("UID MOVE 6:9 Box").unwrap().ok();
    imap.command("UID STORE 20:30 +FLAGS (\\Deleted)").unwrap().ok();
    imap.command("EXPUNGE").unwrap().ok();
    imap.command("UID STORE 12 +FLAGS (\\Flagged)").unwrap().ok();
}

#[test]
fn ids_and_history_survive_kill_compaction_rename_and_a_rebuilt_index() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    fill(&daemon);
    let mut imap = daemon.imap("ann");
    let (inbox, boxed) = (kept(&mut imap, "INBOX"), kept(&mut imap, "Box"));
    assert_eq!((inbox.messages.len(), boxed.messages.len()), (25, 9));
    for (from, to) in inbox.messages.iter().zip(&boxed.messages).take(5) {
        assert_eq!(ids(from), ids(to), "a copy is the same message");
    }
    assert_ne!(inbox.mailbox_id, boxed.mailbox_id);
    daemon.kill();
    let daemon = home.start();
    check(&daemon, "Box", &inbox, &boxed);
    daemon.script("UPDATE Domain example.test\nCOMPACT All forced\n");
    daemon.imap("ann").command("RENAME Box Other/Box").unwrap().ok();
    check(&daemon, "Other/Box", &inbox, &boxed);
    daemon.kill();
    let found = indexes(home.path());
    assert!(
        !found.is_empty(),
        "no index of messages below {}",
        home.path().display()
    );
    for index in found {
        std::fs::remove_file(index).unwrap();
    }
    let daemon = home.start();
    check(&daemon, "Other/Box", &inbox, &boxed);
    let (code, text) = {
        assert!(daemon.stop().success());
        home.check()
    };
    assert_eq!(code, Some(0), "{text}");
}

fn check(daemon: &Daemon<'_>, name: &str, inbox: &Kept, boxed: &Kept) {
    let mut imap = daemon.imap("ann");
    assert_eq!(kept(&mut imap, "INBOX"), *inbox);
    assert_eq!(kept(&mut imap, name), *boxed);
    imap.command("ENABLE QRESYNC").unwrap().ok();
    let back = imap
        .command(&format!("SELECT INBOX (QRESYNC ({} 2))", inbox.uid_validity))
        .unwrap()
        .ok();
    let texts = back.texts();
    assert!(
        texts.iter().any(|text| text == "* VANISHED (EARLIER) 6:9,20:30"),
        "{texts:?}"
    );
    let changed = texts.iter().filter(|text| text.contains(" FETCH (")).count();
    assert_eq!(changed, inbox.messages.len(), "{texts:?}");
    let gone = imap.command("SELECT Box").unwrap();
    assert_eq!(gone.is_ok(), name == "Box");
}
