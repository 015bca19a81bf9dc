//! The disk of a running server fails: what cannot be kept is refused for now, what was kept stays, and when the fault is
//! over everything works again without a restart. Only after a failed sync nothing is taken before one, and the log says so.
//!
//! Two ways. A small file system that is really full, where mounting is allowed; the run says which was used. And libfiu
//! (Debian: fiu-utils), which makes single system calls of the daemon fail with a chosen error, and can stop doing so.

use axigen_tests::{Daemon, Home, Imap, PASSWORD, PATIENCE, Pop3, Service, Smtp, report};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const ANN: &str = "ann@example.test";
const BOB: &str = "bob@example.test";
const ENOSPC: i32 = 28;
const EIO: i32 = 5;
/// Longer than the storage waits before it makes an idle index durable (5 s), so that this too meets the fault.
const LONG: Duration = Duration::from_secs(7);

/// A message that passes through memory only, and one that needs a spool file.
fn small() -> Vec<u8> {
    b"Subject: small\r\n\r\nsmall\r\n".to_vec()
}

fn large() -> Vec<u8> {
    format!("Subject: large\r\n\r\n{}", "0123456789abcdef\r\n".repeat(20_000)).into_bytes()
}

/// More than is held in memory of one message; SMTP takes no such message by default, IMAP does.
fn huge() -> Vec<u8> {
    format!(
        "Subject: huge\r\n\r\n{}",
        "0123456789abcdef\r\n".repeat(1_000_000)
    )
    .into_bytes()
}

/// A daemon whose system calls can be made to fail.
struct Faulty<'home> {
    daemon: Daemon<'home>,
    pipes: PathBuf,
}

impl<'home> Faulty<'home> {
    fn start(home: &'home Home) -> Self {
        let pipes = home.path().join("fiu");
        let axigend = home.axigend();
        let mut command = Command::new("fiu-run");
        command
            .args(["-x", "-f"])
            .arg(&pipes)
            .arg(axigend.get_program())
            .args(axigend.get_args());
        Self {
            daemon: home.start_command(command),
            pipes,
        }
    }

    fn tell(&self, command: &str) {
        let output = Command::new("fiu-ctrl")
            .arg("-f")
            .arg(&self.pipes)
            .args(["-c", command])
            .arg(self.daemon.pid().to_string())
            .output()
            .expect("fiu-ctrl starts (Debian: fiu-utils)");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && said.is_empty(), "{command}: {said}");
    }

    fn fail(&self, call: &str, errno: i32) {
        self.tell(&format!("enable name=posix/io/{call},failinfo={errno}"));
    }

    fn heal(&self, call: &str) {
        self.tell(&format!("disable name=posix/io/{call}"));
    }
}

/// A server with a message in each INBOX; what was acknowledged is counted from there.
fn prepared(home: &Home) {
    let daemon = home.start_with_accounts();
    for user in [ANN, BOB] {
        let mut imap = daemon.imap(user);
        for _ in 0..2 {
            imap.append("INBOX", "", &small()).expect("IMAP").ok();
        }
    }
    assert!(daemon.stop().success());
}

fn send(daemon: &Daemon<'_>, message: &[u8]) -> String {
    let mut smtp = Smtp::hello(daemon.address(Service::Smtp)).expect("SMTP answers");
    smtp.send("a@example.org", &[ANN], message)
        .expect("SMTP answers")
        .text()
}

fn append(daemon: &Daemon<'_>, message: &[u8]) -> String {
    daemon
        .imap(BOB)
        .append("INBOX", "", message)
        .expect("IMAP answers")
        .tagged
}

fn store(daemon: &Daemon<'_>, flag: &str) -> String {
    let mut imap = daemon.imap(BOB);
    imap.command("SELECT INBOX").expect("IMAP answers").ok();
    imap.command(&format!("UID STORE 2 +FLAGS ({flag})"))
        .expect("IMAP answers")
        .tagged
}

/// Deletes the first message by POP3: what QUIT said.
fn delete(daemon: &Daemon<'_>) -> Result<String, String> {
    let mut pop3 = Pop3::login(daemon.address(Service::Pop3), BOB, PASSWORD).expect("POP3 answers");
    pop3.command("DELE 1").expect("DELE only marks");
    pop3.command("QUIT").map_err(|error| error.to_string())
}

fn add_account(daemon: &Daemon<'_>, name: &str) -> bool {
    let script = format!("UPDATE Domain example.test\nADD Account {name} password {PASSWORD}\nCOMMIT\n");
    daemon.script_output(&script, &[]).status.success()
}

/// Temporary refusals, each in the words of its protocol.
#[track_caller]
fn refused(daemon: &Daemon<'_>, message: &[u8]) {
    let said = send(daemon, message);
    assert!(said.starts_with("45"), "{said}");
    let said = append(daemon, message);
    assert!(said.starts_with("NO "), "{said}");
}

#[track_caller]
fn refused_changes(daemon: &Daemon<'_>) {
    let said = store(daemon, "\\Flagged");
    assert!(said.starts_with("NO "), "{said}");
    let said = delete(daemon);
    assert!(
        said.as_ref().is_err_and(|said| said.starts_with("-ERR")),
        "{said:?}"
    );
    assert!(!add_account(daemon, "refused"), "an account was added");
}

fn count(daemon: &Daemon<'_>, user: &str) -> usize {
    let mut imap = Imap::login(daemon.address(Service::Imap), user, PASSWORD).expect("IMAP lets the user in");
    let answer = imap.command("SELECT INBOX").expect("IMAP answers").ok();
    let exists = answer
        .texts()
        .iter()
        .find_map(|text| text.strip_prefix("* ")?.strip_suffix(" EXISTS")?.parse().ok());
    exists.expect("EXISTS")
}

#[track_caller]
fn wait_for_messages(daemon: &Daemon<'_>, user: &str, wanted: usize) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let found = count(daemon, user);
        if found == wanted {
            return;
        }
        assert!(
            found < wanted && Instant::now() < deadline,
            "{user}: {found} messages, not {wanted}\n{}",
            daemon.home().log_tail()
        );
    }
}

fn log(home: &Home) -> String {
    let read = |name: &str| fs::read(home.path().join(name)).unwrap_or_default();
    let text = [read("log/everything.txt"), read("stderr.txt")].concat();
    String::from_utf8_lossy(&text).into_owned()
}

#[track_caller]
fn no_panic(home: &Home) {
    let log = log(home);
    let defects: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("defect in") || line.contains("panicked"))
        .collect();
    assert!(defects.is_empty(), "{}", defects.join("\n"));
}

/// Everything works: one more message for each, a flag, a deletion and an account.
#[track_caller]
fn works(daemon: &Daemon<'_>, account: &str) {
    let said = send(daemon, &large());
    assert!(said.starts_with("250"), "{said}\n{}", daemon.home().log_tail());
    assert!(append(daemon, &large()).starts_with("OK"));
    assert!(store(daemon, "\\Answered").starts_with("OK"));
    assert!(
        add_account(daemon, account),
        "no account is added:\n{}",
        storage_errors(daemon.home())
    );
}

/// The fault is over: what was put out of service comes back when it is asked for.
#[track_caller]
fn recovers(daemon: &Daemon<'_>) {
    let deadline = Instant::now() + PATIENCE;
    while !store(daemon, "\\Draft").starts_with("OK") || !add_account(daemon, "recovered") {
        assert!(
            Instant::now() < deadline,
            "not in service again:\n{}",
            storage_errors(daemon.home())
        );
    }
}

/// What the log says of the storage.
fn storage_errors(home: &Home) -> String {
    let log = log(home);
    let lines = log
        .lines()
        .filter(|line| line.contains("STORAGE") || line.contains("CONTROL"));
    lines.rev().take(20).collect::<Vec<_>>().join("\n")
}

/// Writes fail for longer than a checkpoint is away: refusals all the time, then everything as before.
fn writes_fail(errno: i32) {
    let home = Home::new();
    prepared(&home);
    let faulty = Faulty::start(&home);
    let daemon = &faulty.daemon;
    works(daemon, "before");
    wait_for_messages(daemon, ANN, 3);
    faulty.fail("rw/pwrite", errno);
    let until = Instant::now() + LONG;
    let mut refusals = 0;
    while Instant::now() < until {
        refused(daemon, &small());
        refused(daemon, &large());
        refusals += 4;
        if refusals == 4 {
            refused_changes(daemon);
        }
        // What is there can be read.
        assert_eq!((count(daemon, ANN), count(daemon, BOB)), (3, 3));
        // Gently: the storage makes its index durable only when it is idle.
        std::thread::park_timeout(Duration::from_millis(500));
    }
    faulty.heal("rw/pwrite");
    recovers(daemon);
    works(daemon, "after");
    wait_for_messages(daemon, ANN, 4);
    wait_for_messages(daemon, BOB, 4);
    assert!(delete(daemon).is_ok());
    wait_for_messages_gone(daemon, BOB, 3);
    no_panic(&home);
    assert!(faulty.daemon.stop().success());
    let (code, text) = home.check();
    assert_eq!(code, Some(0), "{text}");
    let daemon = home.start();
    assert_eq!((count(&daemon, ANN), count(&daemon, BOB)), (4, 3));
    report(&format!(
        "pwrite failed with error {errno} for {LONG:?}: {refusals} refusals, no restart needed"
    ));
}

#[track_caller]
fn wait_for_messages_gone(daemon: &Daemon<'_>, user: &str, wanted: usize) {
    assert_eq!(count(daemon, user), wanted, "{user}");
}

#[test]
fn writes_that_find_no_space_are_refused_for_now() {
    writes_fail(ENOSPC);
}

#[test]
fn writes_that_fail_are_refused_for_now() {
    writes_fail(EIO);
}

#[test]
fn files_that_cannot_be_opened_are_refused_for_now() {
    for errno in [ENOSPC, EIO] {
        let home = Home::new();
        prepared(&home);
        let faulty = Faulty::start(&home);
        let daemon = &faulty.daemon;
        works(daemon, "before");
        wait_for_messages(daemon, ANN, 3);
        faulty.fail("oc/open", errno);
        // A message beyond what is held in memory needs a spool file.
        let said = append(daemon, &huge());
        assert!(said.starts_with("NO "), "{said}");
        faulty.heal("oc/open");
        works(daemon, "after");
        wait_for_messages(daemon, ANN, 4);
        wait_for_messages(daemon, BOB, 4);
        no_panic(&home);
        assert!(faulty.daemon.stop().success());
        report(&format!(
            "open failed with error {errno}: refused, no restart needed"
        ));
    }
}

#[test]
fn a_configuration_that_cannot_be_saved_stays_as_it_was() {
    let home = Home::new();
    prepared(&home);
    let faulty = Faulty::start(&home);
    let daemon = &faulty.daemon;
    daemon.script("SAVE CONFIG\n");
    let before = fs::read(home.config_file()).expect("the configuration");
    let change = "CONFIG SERVER\nCONFIG IMAP\nSET maxErrors 7\nCOMMIT\nCOMMIT\nSAVE CONFIG\n";
    for call in ["dir/rename", "sync/fsync", "oc/open"] {
        faulty.fail(call, EIO);
        let saved = daemon.script_output(change, &[]).status.success();
        faulty.heal(call);
        assert!(!saved, "saved although {call} failed");
        assert!(
            fs::read(home.config_file()).expect("the configuration") == before,
            "{call}: the file has changed"
        );
    }
    daemon.script("SAVE CONFIG\n");
    let after = fs::read_to_string(home.config_file()).expect("the configuration");
    assert!(after.contains("maxErrors"), "{after}");
    works(daemon, "after");
    no_panic(&home);
    assert!(faulty.daemon.stop().success());
}

#[test]
fn after_a_failed_sync_nothing_is_taken_before_a_restart() {
    let home = Home::new();
    prepared(&home);
    let faulty = Faulty::start(&home);
    let daemon = &faulty.daemon;
    works(daemon, "before");
    wait_for_messages(daemon, ANN, 3);
    faulty.fail("sync/fdatasync", EIO);
    refused(daemon, &small());
    refused_changes(daemon);
    faulty.heal("sync/fdatasync");
    // What the disk has of the last write is unknown: the fault is over and still nothing is taken.
    refused(daemon, &small());
    refused_changes(daemon);
    assert_eq!(
        (count(daemon, ANN), count(daemon, BOB)),
        (3, 3),
        "reading goes on"
    );
    let log = log(&home);
    let loud = log
        .lines()
        .filter(|line| line.contains(" 01 ") && line.contains("read-only until a restart"));
    assert!(loud.count() >= 2, "the log is silent:\n{log}");
    no_panic(&home);
    let _ = faulty.daemon.stop();
    let (code, text) = home.check();
    assert_eq!(code, Some(0), "{text}");
    let daemon = home.start();
    works(&daemon, "after");
    // What was refused may have reached the disk; what was acknowledged must have.
    let found = (count(&daemon, ANN), count(&daemon, BOB));
    assert!(found.0 >= 3 && (4..=5).contains(&found.1), "{found:?}");
    assert!(daemon.stop().success());
    assert_eq!(home.check().0, Some(0));
}

#[test]
fn a_full_disk_refuses_for_now_never_lies_and_recovers_without_a_restart() {
    let home = Home::new();
    let Some(disk) = SmallDisk::mount(home.path()) else {
        report("a small file system cannot be mounted here: a full disk is tested by libfiu only");
        return writes_fail(ENOSPC);
    };
    report("a full disk is tested on a tmpfs of 24 MiB");
    let home = Home::inside(home.path());
    let daemon = home.start_with_accounts();
    let body = format!("Subject: x\r\n\r\n{}\r\n", "0123456789abcdef".repeat(4096));
    assert!(send(&daemon, body.as_bytes()).starts_with("250"));
    wait_for_messages(&daemon, ANN, 1);
    disk.fill();
    let accepted = 1 + until_refused(
        || send(&daemon, body.as_bytes()),
        "250",
        &["452 4.3.1", "451 4.3"],
    );
    let mut stored = until_refused(|| append(&daemon, body.as_bytes()), "OK", &["NO "]);
    // Room that was reserved before may be used; what counts is that the answer is true.
    if stored > 0 && delete(&daemon).is_ok() {
        stored -= 1;
    }
    let added = add_account(&daemon, "carl");
    disk.free();
    assert!(added || add_account(&daemon, "carl"));
    assert!(send(&daemon, body.as_bytes()).starts_with("250"));
    assert!(append(&daemon, body.as_bytes()).starts_with("OK"));
    wait_for_messages(&daemon, ANN, accepted + 1);
    wait_for_messages(&daemon, BOB, stored + 1);
    no_panic(&home);
    assert!(daemon.stop().success());
    let (code, text) = home.check();
    assert_eq!(code, Some(0), "{text}");
    let daemon = home.start();
    wait_for_messages(&daemon, ANN, accepted + 1);
    wait_for_messages(&daemon, BOB, stored + 1);
    wait_for_messages(&daemon, "carl@example.test", 0);
    drop(daemon);
    drop(home);
    drop(disk);
}

/// How many messages a full disk still took before it said so. What is reserved already may take some.
#[track_caller]
fn until_refused(mut send: impl FnMut() -> String, yes: &str, refusals: &[&str]) -> usize {
    for accepted in 0..400 {
        let said = send();
        if !said.starts_with(yes) {
            assert!(refusals.iter().any(|refusal| said.starts_with(refusal)), "{said}");
            return accepted;
        }
    }
    panic!("a full disk was not noticed");
}

/// A file system of a few MiB at a directory; unmounted on drop.
struct SmallDisk<'path>(&'path Path);

impl<'path> SmallDisk<'path> {
    fn mount(path: &'path Path) -> Option<Self> {
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=24m", "axigen-test"])
            .arg(path)
            .output();
        mount
            .is_ok_and(|output| output.status.success())
            .then_some(Self(path))
    }

    fn fill(&self) {
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.0.join("filler"))
            .expect("a file");
        for size in [1 << 20, 1 << 12, 1] {
            while file.write_all(&vec![b'x'; size]).is_ok() {}
        }
    }

    fn free(&self) {
        fs::remove_file(self.0.join("filler")).expect("the filler");
    }
}

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0).status();
    }
}
