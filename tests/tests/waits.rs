//! No thread of connections waits for the disk: mail sessions of every kind on a server whose caches are cold.
//!
//! The server itself says when such a thread makes a call that may wait; that it had to read from the disk at all is seen
//! in the threads it started for that.

use axigen_tests::{Daemon, Home, PASSWORD};
use rustix::fs::{Advice, fadvise};
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;

const ANN: &str = "ann@example.test";
const BOB: &str = "bob@example.test";
const MESSAGES: usize = 60;
/// More than the queue holds in memory.
const LARGE: usize = 400 * 1024;

fn message(number: usize, length: usize) -> Vec<u8> {
    let mut text = format!(
        "From: someone@example.org\r\nTo: {ANN}\r\nSubject: number {number}\r\n\
         Content-Type: text/plain\r\n\r\nThis is number {number}.\r\n"
    )
    .into_bytes();
    while text.len() < length {
        text.extend_from_slice(b"0123456789 0123456789 0123456789 0123456789\r\n");
    }
    text
}

/// Takes everything below a directory out of the page cache.
fn cool(dir: &Path) {
    for entry in fs::read_dir(dir).expect("a directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            cool(&path);
        } else if path.is_file() {
            let file = File::open(&path).expect("a file");
            file.sync_all().expect("its pages can be written");
            fadvise(&file, 0, None, Advice::DontNeed).expect("advice");
        }
    }
}

/// Names of the daemon's threads without their numbers.
fn threads(daemon: &Daemon<'_>) -> BTreeSet<String> {
    let tasks = fs::read_dir(format!("/proc/{}/task", daemon.pid())).expect("its threads");
    let names = tasks
        .flatten()
        .map(|task| fs::read_to_string(task.path().join("comm")));
    let names = names.flatten();
    names
        .map(|name| {
            name.trim_end()
                .trim_end_matches(|end: char| end == '-' || end.is_ascii_digit())
                .to_owned()
        })
        .collect()
}

/// A start with cold caches.
fn start_cold(home: &Home) -> Daemon<'_> {
    cool(home.path());
    let daemon = home.start();
    // Opening the domains has read some of it.
    cool(home.path());
    daemon
}

/// Stops the daemon; what it says of waits.
fn stopped(daemon: Daemon<'_>) -> Vec<String> {
    let home = daemon.home();
    assert!(daemon.stop().success());
    let log = fs::read_to_string(home.path().join("log/everything.txt")).expect("the log");
    assert!(log.contains("SMTP-IN"));
    let waits = log.lines().filter(|line| line.contains("waits for the disk"));
    waits.map(str::to_owned).collect()
}

fn receive(daemon: &Daemon<'_>, count: usize) {
    let mut smtp = daemon.smtp();
    for number in 0..count {
        let length = if number % 20 == 7 { LARGE } else { 500 };
        let sent = smtp.send("someone@example.org", &[ANN, BOB], &message(number, length));
        assert_eq!(sent.expect("SMTP answers").code, 250);
    }
    let refused = smtp.envelope("someone@example.org", &["nobody@example.test"], "");
    assert_eq!(refused.expect("SMTP answers").code, 550);
}

fn fetch_by_pop3(daemon: &Daemon<'_>) {
    let mut pop3 = daemon.pop3(BOB);
    let ids = pop3.unique_ids().expect("UIDL");
    assert!(ids.len() >= MESSAGES);
    for (number, _) in &ids {
        pop3.lines(&format!("RETR {number}")).expect("a message");
    }
    pop3.command("DELE 1").expect("DELE");
    pop3.command("QUIT").expect("QUIT");
}

fn read_by_imap(daemon: &Daemon<'_>) {
    let mut imap = daemon.imap(ANN);
    let mut other = daemon.imap(ANN);
    other.command("SELECT INBOX").expect("SELECT").ok();
    let idle = other.send(b"IDLE").expect("IDLE");
    other.response().expect("a continuation");
    for command in [
        "LIST \"\" *",
        "LSUB \"\" *",
        "GETQUOTAROOT INBOX",
        "STATUS Sent (MESSAGES UIDNEXT UNSEEN RECENT)",
        "CREATE Work/Old",
        "RENAME Work/Old Work/New",
        "SELECT INBOX",
        "UID FETCH 1:* (FLAGS)",
        "FETCH 1:* (UID ENVELOPE BODYSTRUCTURE INTERNALDATE)",
        "FETCH 1,5,55 (BODY.PEEK[HEADER.FIELDS (SUBJECT)] BODY[TEXT])",
        "SEARCH SUBJECT \"number 17\"",
        "SEARCH BODY \"is number 5\"",
        "SEARCH UNSEEN LARGER 1000",
        "STORE 1:20 +FLAGS (\\Seen $Work)",
        "COPY 1:10 Work/New",
        "MOVE 3 Trash",
        "STORE 2 +FLAGS (\\Deleted)",
        "EXPUNGE",
        "NOOP",
        "UNSELECT",
        "SELECT Work/New",
        "UID SEARCH ALL",
        "CLOSE",
        "DELETE Work/New",
    ] {
        let answer = imap.command(command).expect("IMAP answers");
        assert!(answer.is_ok(), "{command}: {}", answer.tagged);
    }
    for length in [100, LARGE] {
        let appended = imap.append("INBOX", "\\Flagged", &message(99, length));
        appended.expect("IMAP answers").ok();
    }
    other.response().expect("news");
    other.wire.send_line("DONE").expect("it is sent");
    other.complete(&idle).expect("the end of IDLE").ok();
    other.command("FETCH 1:* (FLAGS)").expect("FETCH").ok();
    other.command("LOGOUT").expect("BYE");
}

#[test]
fn no_connection_thread_waits_for_the_disk() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    daemon.script(
        "UPDATE Domain example.test\nUPDATE Account ann\nCONFIG Quotas\nSET totalMessageSize 1000000\nDONE\nCOMMIT\n\
         UPDATE Account bob\nCONFIG Quotas\nSET totalMessageCount 5000\nDONE\nCOMMIT\nCOMMIT\nSAVE CONFIG\n",
    );
    receive(&daemon, MESSAGES);
    assert_eq!(stopped(daemon), Vec::<String>::new());
    // Every session is once the first of all.
    let sessions: [fn(&Daemon<'_>); 3] = [|daemon| receive(daemon, 3), fetch_by_pop3, read_by_imap];
    for first in 0..sessions.len() {
        let daemon = start_cold(&home);
        for session in sessions.iter().cycle().skip(first).take(sessions.len()) {
            session(&daemon);
            cool(home.path());
        }
        let mut smtp = daemon.smtp();
        smtp.start_tls().expect("STARTTLS");
        smtp.auth_plain(ANN, PASSWORD).expect("AUTH").expect("235");
        let sent = smtp.send(ANN, &[BOB], &message(1, LARGE));
        assert_eq!(sent.expect("SMTP answers").code, 250);
        let threads = threads(&daemon);
        assert_eq!(stopped(daemon), Vec::<String>::new());
        assert!(
            threads.contains("opening") && threads.contains("storage"),
            "{threads:?}"
        );
    }
}
