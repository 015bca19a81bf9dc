//! SEARCH finds the same with the index, without it, while it is made, and when it is damaged; and what an administrator
//! sets and sees of it.

use axigen_tests::{Daemon, Home, Imap, PATIENCE};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::Instant;

/// What is asked. `{n}` numbers are those of messages below.
const QUERIES: [&str; 22] = [
    "BODY \"number 17 ends\"",
    "BODY \"NUMBER 1\"",
    "BODY needle",
    "TEXT needle",
    "TEXT \"message 23\"",
    "SUBJECT \"message 2\"",
    "SUBJECT gr\u{fc}\u{df}e",
    "BODY \u{dc}BERBLICK",
    "BODY berbl",
    "BODY \"over the line\"",
    "BODY hidden",
    "BODY inner",
    "TO john.doe@example.org",
    "FROM \"example.test\"",
    "HEADER X-Common \"\"",
    "HEADER X-Nowhere \"\"",
    "NOT BODY \"ends\"",
    "OR BODY \"number 3 ends\" SUBJECT \"message 31\"",
    "UNSEEN BODY \"number 3\" NOT SUBJECT \"message 30\"",
    "BODY en",
    "BODY \"\"",
    "2:20 TEXT \"number 1\" NOT TEXT \"number 12\"",
];

fn message(number: u32) -> Vec<u8> {
    let plain = format!("text of number {number} ends here\r\n");
    let (head, body) = match number % 6 {
        0 => ("Content-Type: text/plain".to_owned(), plain),
        1 => (
            "Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable".to_owned(),
            format!("ein =DCber=\r\nblick over =\r\nthe line\r\n{plain}"),
        ),
        2 => (
            "Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64".to_owned(),
            // "needle in base64"
            "bmVlZGxlIGluIGJh\r\nc2U2NA==\r\n".to_owned(),
        ),
        3 => (
            "Content-Type: multipart/mixed; boundary=b".to_owned(),
            format!("--b\r\nContent-Type: application/x\r\n\r\nhidden\r\n--b\r\n\r\n{plain}--b--\r\n"),
        ),
        4 => (
            "Content-Type: message/rfc822".to_owned(),
            format!("Subject: inner needle\r\n\r\n{plain}"),
        ),
        _ => ("To: \"John\" <john . doe @ (here) example.org>".to_owned(), plain),
    };
    format!("Subject: message {number}\r\nFrom: a@example.test\r\nX-Common: needle\r\n{head}\r\n\r\n{body}")
        .into_bytes()
}

/// All answers, by UID so that they stay comparable.
fn answers(imap: &mut Imap) -> BTreeMap<&'static str, String> {
    let mut answers = BTreeMap::new();
    for query in QUERIES {
        let command = if query.is_ascii() {
            format!("UID SEARCH {query}")
        } else {
            let (key, needle) = query.split_once(' ').expect("a key and a needle");
            format!("UID SEARCH CHARSET UTF-8 {key} {{{}+}}\r\n{needle}", needle.len())
        };
        let found = imap.command(&command).expect("SEARCH").ok();
        let line = found
            .texts()
            .into_iter()
            .find(|line| line.starts_with("* SEARCH"));
        answers.insert(query, line.expect("an answer"));
    }
    answers
}

fn append(imap: &mut Imap, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let flags = if number % 3 == 0 { "\\Seen" } else { "" };
        imap.append("INBOX", flags, &message(number))
            .expect("APPEND")
            .ok();
    }
}

fn directory(home: &Home) -> PathBuf {
    home.path().join("domains/example.test/messages/search")
}

fn segments(home: &Home) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory(home)).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// Damages every block of every part.
fn damage(home: &Home) {
    for path in segments(home) {
        let file = OpenOptions::new().write(true).open(&path).expect("a part");
        for at in (0..file.metadata().expect("its size").len()).step_by(512) {
            file.write_all_at(&[0x5a; 3], at).expect("damage");
        }
    }
}

fn status(daemon: &Daemon<'_>) -> BTreeMap<String, String> {
    let shown = daemon.admin(&[
        "--plain",
        "UPDATE Domain example.test",
        "SHOW SearchIndexInformation diag",
    ]);
    let pair = |line: &str| {
        let (name, value) = line.split_once(" = ").or_else(|| line.split_once(": "))?;
        Some((name.trim().to_owned(), value.trim().to_owned()))
    };
    shown.lines().filter_map(pair).collect()
}

/// Waits until the index is as wanted.
fn wait(
    daemon: &Daemon<'_>,
    what: &str,
    wanted: impl Fn(&BTreeMap<String, String>) -> bool,
) -> BTreeMap<String, String> {
    let begun = Instant::now();
    loop {
        let status = status(daemon);
        if wanted(&status) {
            return status;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}: {status:?}");
    }
}

fn indexed(daemon: &Daemon<'_>) -> BTreeMap<String, String> {
    wait(daemon, "all messages are indexed", |status| {
        status["Search index status"] == "idle" && status["Indexed messages"] == status["Stored messages"]
    })
}

fn set(daemon: &Daemon<'_>, setting: &str) {
    daemon.script(&format!("CONFIG SERVER\nSET {setting}\nCOMMIT\n"));
}

#[test]
fn the_same_is_found_with_the_index_and_without() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    set(&daemon, "indexAutoRescheduleTimeout never");
    // Where the index should be made lies a file: it cannot be made, and nobody who searches notices.
    fs::create_dir_all(directory(&home).parent().expect("a store")).expect("the store's directory");
    fs::write(directory(&home), "in the way").expect("a file");
    let mut imap = daemon.imap("ann");
    append(&mut imap, 0..40);
    imap.command("SELECT INBOX").expect("SELECT").ok();
    let scanned = answers(&mut imap);
    assert_eq!(scanned["BODY \"number 17 ends\""], "* SEARCH 18");
    wait(&daemon, "the failure is told", |status| {
        status["Search index status"] == "failed"
    });
    assert_eq!(answers(&mut imap), scanned);

    // To be tried again, and then out of the way: without a restart or another change.
    set(&daemon, "indexAutoRescheduleTimeout 1");
    wait(&daemon, "it failed again", |status| {
        status["Search index status"] == "failed"
    });
    fs::remove_file(directory(&home)).expect("the file goes");
    indexed(&daemon);
    assert!(!segments(&home).is_empty());
    assert_eq!(answers(&mut imap), scanned, "indexed");

    // What comes later is found at once; what goes is not kept in the index.
    set(&daemon, "searchIndexVacuumAbsoluteThreshold 1");
    set(&daemon, "searchIndexVacuumRelativeThreshold 0");
    append(&mut imap, 1000..1003);
    let found = imap
        .command("UID SEARCH TEXT \"message 1002\"")
        .expect("SEARCH")
        .ok();
    assert!(
        found.texts().contains(&"* SEARCH 43".to_owned()),
        "{:?}",
        found.texts()
    );
    indexed(&daemon);
    imap.command("UID STORE 41:* +FLAGS (\\Deleted)")
        .expect("STORE")
        .ok();
    imap.command("EXPUNGE").expect("EXPUNGE").ok();
    assert_eq!(answers(&mut imap), scanned, "without those that are gone");

    damage(&home);
    assert_eq!(answers(&mut imap), scanned, "damaged");
    indexed(&daemon);
    assert_eq!(answers(&mut imap), scanned, "made again");
    fs::remove_dir_all(directory(&home)).expect("the index goes");
    assert_eq!(answers(&mut imap), scanned, "removed");
    indexed(&daemon);
    assert!(!segments(&home).is_empty());

    daemon.kill();
    let daemon = home.start();
    let mut imap = daemon.imap("ann");
    imap.command("SELECT INBOX").expect("SELECT").ok();
    assert_eq!(answers(&mut imap), scanned, "after a crash");
    indexed(&daemon);
    assert_eq!(answers(&mut imap), scanned, "after a crash, indexed");
    assert!(daemon.stop().success());
}

#[test]
fn one_body_is_indexed_once_and_counted_for_every_recipient() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let recipients = ["ann@example.test", "bob@example.test"];
    daemon
        .smtp()
        .send("a@client.test", &recipients, &message(7))
        .expect("mail")
        .expect("250");
    let mut bob = daemon.imap("bob");
    append(&mut bob, 0..3);
    let begun = Instant::now();
    while !bob
        .command("STATUS INBOX (MESSAGES)")
        .expect("STATUS")
        .texts()
        .concat()
        .contains("MESSAGES 4")
    {
        assert!(begun.elapsed() < PATIENCE, "delivered");
    }
    let status = wait(&daemon, "both bodies", |status| status["Indexed messages"] == "4");
    assert_eq!(status["Stored messages"], "4");
    let all = daemon.admin(&[
        "--plain",
        "UPDATE Domain example.test",
        "SHOW SearchIndexInformation allfolders",
    ]);
    let row = |shown: &str, name: &str| {
        let cells = |line: &str| {
            line.split('|')
                .map(|cell| cell.trim().to_owned())
                .collect::<Vec<_>>()
        };
        let found = shown.lines().map(cells).find(|cells| cells[0] == name);
        found.unwrap_or_else(|| panic!("no {name} in {shown}"))[1..].to_vec()
    };
    assert_eq!(
        (row(&all, "ann"), row(&all, "bob")),
        (vec!["1".into(), "1".into()], vec!["4".into(), "4".into()])
    );
    let bobs = daemon.admin(&[
        "--plain",
        "UPDATE Domain example.test",
        "UPDATE Account bob",
        "SHOW SearchIndexInformation folder INBOX",
    ]);
    assert_eq!(row(&bobs, "INBOX"), ["4", "4"]);
    let jobs = daemon.admin(&[
        "--plain",
        "CONFIG SERVER",
        "CONFIG PROCESSING",
        "SHOW SearchIndexJobs",
    ]);
    assert_eq!(row(&jobs, "domains/example.test/messages")[1..], ["4", "4"]);
}

fn threads(daemon: &Daemon<'_>) -> usize {
    let tasks = fs::read_dir(format!("/proc/{}/task", daemon.pid())).expect("threads");
    let name = |path: PathBuf| fs::read_to_string(path.join("comm")).unwrap_or_default();
    tasks
        .flatten()
        .filter(|task| name(task.path()).starts_with("search-"))
        .count()
}

#[test]
fn threads_are_as_many_as_set() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    for (setting, expected) in [(None, 2), (Some(5), 5), (Some(1), 1)] {
        if let Some(count) = setting {
            set(&daemon, &format!("maxIndexingThreads {count}"));
        }
        let begun = Instant::now();
        while threads(&daemon) != expected {
            assert!(
                begun.elapsed() < PATIENCE,
                "{} threads, not {expected}",
                threads(&daemon)
            );
        }
    }
    append(&mut daemon.imap("ann"), 0..2);
    assert_eq!(indexed(&daemon)["Stored messages"], "2");
}

#[test]
fn thresholds_are_felt_at_once() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let mut imap = daemon.imap("ann");
    imap.command("SELECT INBOX").expect("SELECT").ok();
    for number in 0..4 {
        append(&mut imap, number..number + 1);
        indexed(&daemon);
    }
    assert_eq!(indexed(&daemon)["Search index parts"], "4");
    set(&daemon, "searchIndexOptimizeThreshold 1");
    wait(&daemon, "merged", |status| status["Search index parts"] == "1");
    imap.command("STORE 1:2 +FLAGS (\\Deleted)").expect("STORE").ok();
    imap.command("EXPUNGE").expect("EXPUNGE").ok();
    let before = wait(&daemon, "counted", |status| {
        status["Search index status"] == "idle"
    });
    assert_eq!(
        (
            before["Stored messages"].as_str(),
            before["Indexed messages"].as_str()
        ),
        ("2", "4")
    );
    set(&daemon, "searchIndexVacuumAbsoluteThreshold 1");
    wait(&daemon, "cleaned", |status| status["Indexed messages"] == "2");
    set(&daemon, "searchIndexVacuumRelativeThreshold 60");
    imap.command("STORE 1 +FLAGS (\\Deleted)").expect("STORE").ok();
    imap.command("EXPUNGE").expect("EXPUNGE").ok();
    let kept = wait(&daemon, "seen", |status| {
        status["Search index status"] == "idle" && status["Stored messages"] == "1"
    });
    assert_eq!(kept["Indexed messages"], "2", "half is less than the share");
}
