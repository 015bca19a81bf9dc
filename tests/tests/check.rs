//! `axigend --check`: what is sound is found sound and left as it is; every damage is one line that says where.

use axigen_tests::{Home, PASSWORD};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// All files below a directory with their bytes.
fn files(below: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(below).expect("a directory").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.is_file() {
            found.insert(path.clone(), fs::read(&path).expect("a file"));
        }
    }
    found
}

/// A stopped server with three messages for ann, the second of them also bob's, and one in the queue for nobody here.
fn filled() -> Home {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let mut imap = daemon.imap("ann@example.test");
    for number in 1..=3 {
        let text = format!("Subject: {number}\r\n\r\nthe body of message {number}\r\n");
        imap.append("INBOX", "", text.as_bytes()).expect("IMAP").ok();
    }
    imap.command("CREATE Kept").expect("IMAP").ok();
    imap.command("SELECT INBOX").expect("IMAP").ok();
    imap.command("COPY 2 Kept").expect("IMAP").ok();
    assert!(daemon.stop().success());
    home
}

/// Flips a bit of the first byte of `text` in the containers of a directory.
fn damage(directory: &Path, text: &str) {
    for (path, mut bytes) in files(directory) {
        let at = bytes
            .windows(text.len())
            .position(|window| window == text.as_bytes());
        if let Some(at) = at.filter(|_| path.extension().is_some_and(|ending| ending == "hsf")) {
            bytes[at] ^= 1;
            fs::write(&path, bytes).expect("the damage");
            return;
        }
    }
    panic!("{text:?} is nowhere");
}

#[test]
fn a_sound_directory_is_left_as_it_is() {
    let home = filled();
    let before = files(home.path());
    let (code, text) = home.check();
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("domains 1, accounts 3, mailboxes")
            && text.contains("messages 4, queued 0; problems 0"),
        "{text}"
    );
    assert!(files(home.path()) == before, "something was changed");
}

#[test]
fn what_a_kill_leaves_is_sound_and_left_as_it_is() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let mut imap = daemon.imap("ann@example.test");
    for _ in 0..20 {
        imap.append("INBOX", "", b"Subject: x\r\n\r\nx\r\n")
            .expect("IMAP")
            .ok();
    }
    daemon.kill();
    let before = files(home.path());
    let (code, text) = home.check();
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("messages 20,"), "{text}");
    assert!(files(home.path()) == before, "something was changed");
}

#[test]
fn a_directory_in_use_is_not_checked() {
    let home = Home::new();
    let daemon = home.start();
    let (code, text) = home.check();
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("in use"), "{text}");
    assert!(daemon.stop().success());
    assert_eq!(home.check().0, Some(0));
}

#[test]
fn a_directory_that_is_not_there_is_a_wrong_call() {
    let home = Home::empty();
    let mut command = home.axigend();
    let missing = home.path().join("missing");
    let output = command.arg("--check").arg("-W").arg(&missing).output();
    // Given twice, -W is refused before anything else; the other way is a directory that was removed.
    assert_eq!(output.expect("axigend starts").status.code(), Some(2));
    fs::remove_dir_all(home.path()).expect("removed");
    let (code, text) = home.check();
    assert_eq!(code, Some(2), "{text}");
    assert!(!missing.exists() && !home.path().exists());
    fs::create_dir_all(home.path()).expect("for the harness");
}

#[test]
fn a_flipped_bit_in_a_body_is_reported_for_every_message_that_has_it() {
    let home = filled();
    damage(&home.path().join("domains"), "the body of message 2");
    let (code, text) = home.check();
    assert_eq!(code, Some(1), "{text}");
    for place in ["INBOX", "Kept"] {
        let uid = if place == "INBOX" { 2 } else { 1 };
        let wanted = format!("account ann@example.test folder {place} (");
        let line = text.lines().find(|line| line.contains(&wanted));
        let line = line.unwrap_or_else(|| panic!("{wanted} is not in {text}"));
        assert!(
            line.starts_with("domains/example.test/") && line.contains(&format!(" uid {uid}: ")),
            "{line}"
        );
        assert!(line.contains("is damaged"), "{line}");
    }
    assert!(text.contains("problems 2\n"), "{text}");
    // The rest is served.
    let daemon = home.start();
    let mut imap = daemon.imap("ann@example.test");
    imap.command("SELECT INBOX").expect("IMAP").ok();
    assert_eq!(imap.bodies("1,3").expect("the others").len(), 2);
    assert!(
        !imap
            .command("UID FETCH 2 BODY.PEEK[]")
            .is_ok_and(|answer| { answer.is_ok() && answer.texts().join("").contains("message 2") })
    );
}

#[test]
fn damage_to_log_index_and_objects_is_reported() {
    let home = filled();
    // The name of a folder stands in the log, the name of an account in the log of the objects.
    damage(&home.path().join("domains/example.test/messages"), "Kept");
    let (code, text) = home.check();
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("domains/example.test/messages: 00.hsf: damaged at offset"),
        "{text}"
    );
    let home = filled();
    let index = home.path().join("domains/example.test/objects/index.redb");
    let mut bytes = fs::read(&index).expect("the index");
    bytes[..64].fill(b'x');
    fs::write(&index, bytes).expect("the damage");
    let (code, text) = home.check();
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("domains/example.test/objects: index.redb is damaged"),
        "{text}"
    );
    // A start rebuilds it, and then all is well.
    let daemon = home.start();
    daemon.admin(&[
        "UPDATE Domain example.test",
        &format!("ADD Account carl password {PASSWORD}"),
        "COMMIT",
    ]);
    assert!(daemon.stop().success());
    let (code, text) = home.check();
    assert_eq!(code, Some(0), "{text}");
}
