//! Real mail: every message file that the mail-parser crate ships, many of them malformed, goes in and comes back unchanged.
//!
//! The files are found in the source of the dependency itself (`cargo metadata`), so nothing is copied into this tree. Bare LF
//! is made CRLF first. DATA refuses bare CR and NUL (services-core 3.2.1: only CRLF ends a line); BDAT and APPEND carry
//! them. Whatever happens, the server must stay up and answer.

use axigen_tests::{Home, Imap, PASSWORD, PATIENCE, Service, Smtp, top};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// Fewer files than this means that they were not found, not that the crate ships fewer.
const AT_LEAST: usize = 110;

/// A message as it is sent, and where it came from.
struct Sample {
    name: String,
    message: Vec<u8>,
}

impl Sample {
    /// DATA takes lines that end in CRLF only, and no NUL (RFC 5321, 2.3.8; RFC 5322, 2.2).
    fn fits_data(&self) -> bool {
        let bare = |index: usize| self.message.get(index + 1) != Some(&b'\n');
        !self.message.contains(&0)
            && !self
                .message
                .iter()
                .enumerate()
                .any(|(index, &byte)| byte == b'\r' && bare(index))
    }
}

fn samples() -> Vec<Sample> {
    let resources = mail_parser_source().join("resources");
    let mut paths = Vec::new();
    collect(&resources.join("eml"), &mut paths);
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    collect(&resources.join("maildir"), &mut paths);
    paths.sort();
    assert!(
        paths.len() >= AT_LEAST,
        "only {} messages in {}",
        paths.len(),
        resources.display()
    );
    let read = |path: &PathBuf| Sample {
        name: path
            .strip_prefix(&resources)
            .unwrap_or(path)
            .display()
            .to_string(),
        message: crlf(&std::fs::read(path).expect("a file of the crate")),
    };
    paths.iter().map(read).collect()
}

fn mail_parser_source() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // Crates of other platforms were never fetched.
    let here = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", &here])
        .current_dir(top())
        .output()
        .expect("cargo starts");
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let package = packages
        .iter()
        .find(|package| package["name"] == "mail-parser")
        .expect("mail-parser");
    assert_eq!(package["version"], "0.11.9");
    Path::new(package["manifest_path"].as_str().expect("a path"))
        .parent()
        .expect("a directory")
        .to_owned()
}

fn collect(directory: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory)
        .expect("a directory of the crate")
        .flatten()
    {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, paths);
        } else {
            paths.push(path);
        }
    }
}

/// Bare LF made CRLF; CR without LF stays.
fn crlf(text: &[u8]) -> Vec<u8> {
    let mut made = Vec::with_capacity(text.len() + text.len() / 32);
    for (index, &byte) in text.iter().enumerate() {
        if byte == b'\n' && (index == 0 || text[index - 1] != b'\r') {
            made.push(b'\r');
        }
        made.push(byte);
    }
    made
}

/// Waits until the folder holds this many messages, then fetches all of them.
fn fetch_all(imap: &mut Imap, count: usize) -> Vec<Vec<u8>> {
    let deadline = Instant::now() + PATIENCE;
    let wanted = format!("* {count} EXISTS");
    loop {
        let selected = imap.command("SELECT INBOX").expect("IMAP answers").ok();
        if selected.texts().contains(&wanted) {
            break;
        }
        assert!(
            Instant::now() < deadline,
            "never {count} messages: {:?}",
            selected.texts()
        );
    }
    imap.bodies("1:*")
        .expect("all messages")
        .into_iter()
        .map(|(_, body)| body)
        .collect()
}

/// What stands before the message must be whole header lines of ours and nothing else.
#[track_caller]
fn assert_came_back(sample: &Sample, stored: &[u8], sent: &[u8]) {
    let added = stored.strip_suffix(sent);
    let added = added.unwrap_or_else(|| {
        panic!(
            "{}: {} bytes sent, {} stored",
            sample.name,
            sent.len(),
            stored.len()
        )
    });
    let text =
        std::str::from_utf8(added).unwrap_or_else(|_| panic!("{}: added bytes are not text", sample.name));
    let ours = [
        "Return-Path:",
        "Received:",
        "Delivered-To:",
        "X-Original-To:",
        " ",
        "\t",
    ];
    for line in text.split_inclusive("\r\n") {
        let known = ours.iter().any(|beginning| line.starts_with(beginning));
        assert!(known && line.ends_with("\r\n"), "{}: added {line:?}", sample.name);
    }
    assert!(
        text.contains("Received:"),
        "{}: no Received header was added",
        sample.name
    );
}

#[test]
fn every_message_comes_back_identical_through_data() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let (taken, refused): (Vec<_>, Vec<_>) = samples().into_iter().partition(Sample::fits_data);
    let mut smtp = daemon.smtp();
    for sample in &taken {
        let reply = smtp
            .send("a@example.org", &["ann@example.test"], &sample.message)
            .expect(&sample.name);
        assert_eq!(reply.code, 250, "{}: {}", sample.name, reply.text());
    }
    assert!(
        !refused.is_empty(),
        "the crate ships a message with a bare CR and one with NUL"
    );
    for sample in &refused {
        let reply = smtp
            .send("a@example.org", &["ann@example.test"], &sample.message)
            .expect(&sample.name);
        assert!(
            reply.text().starts_with(BARE),
            "{}: {}",
            sample.name,
            reply.text()
        );
    }
    let stored = fetch_all(&mut daemon.imap("ann@example.test"), taken.len());
    let expected = taken.iter().map(|sample| {
        let mut sent = sample.message.clone();
        if !sent.ends_with(b"\r\n") {
            sent.extend_from_slice(b"\r\n");
        }
        sent
    });
    match_up(&taken, &stored, expected.collect());
}

#[test]
fn every_message_comes_back_identical_through_bdat() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let all = samples();
    let mut smtp = daemon.smtp();
    for (index, sample) in all.iter().enumerate() {
        // Pieces of every size, down to single bytes for short messages.
        let piece = if sample.message.len() < 600 {
            1 + index % 7
        } else {
            1 + sample.message.len() / (1 + index % 5)
        };
        let to = ["ann@example.test"];
        let reply = smtp
            .send_chunks("a@example.org", &to, &sample.message, piece)
            .expect(&sample.name);
        assert_eq!(reply.code, 250, "{}: {}", sample.name, reply.text());
    }
    let stored = fetch_all(&mut daemon.imap("ann@example.test"), all.len());
    let expected = all.iter().map(|sample| sample.message.clone()).collect();
    match_up(&all, &stored, expected);
}

#[test]
fn every_message_comes_back_identical_through_append_and_survives_every_fetch() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let all = samples();
    let mut imap = daemon.imap("ann@example.test");
    for sample in &all {
        let answer = if sample.message.contains(&0) {
            // A literal with NUL is a literal8 (RFC 3516, 4.4).
            let mut command = format!("APPEND INBOX ~{{{}+}}\r\n", sample.message.len()).into_bytes();
            command.extend_from_slice(&sample.message);
            let tag = imap.send(&command).expect(&sample.name);
            imap.complete(&tag).expect(&sample.name)
        } else {
            imap.append("INBOX", "", &sample.message).expect(&sample.name)
        };
        assert!(answer.is_ok(), "{}: {}", sample.name, answer.tagged);
    }
    let stored = fetch_all(&mut imap, all.len());
    for (sample, stored) in all.iter().zip(&stored) {
        assert!(*stored == sample.message, "{} came back changed", sample.name);
    }
    // Every question about structure must have an answer, whatever the message looks like.
    for items in [
        "(ENVELOPE BODY BODYSTRUCTURE RFC822.SIZE)",
        "(BODY.PEEK[HEADER] BODY.PEEK[TEXT] BODY.PEEK[HEADER.FIELDS (SUBJECT FROM)])",
        "(BODY.PEEK[1] BODY.PEEK[1.MIME] BODY.PEEK[2] BODY.PEEK[1.1.1] BODY.PEEK[2.HEADER])",
        "(BINARY.SIZE[1])",
        "(BODY.PEEK[]<3.17>)",
    ] {
        for number in 1..=all.len() {
            let answer = imap
                .command(&format!("FETCH {number} {items}"))
                .expect("IMAP answers");
            // A part that cannot be decoded may be refused with UNKNOWN-CTE (RFC 3516, 4.3), not with BAD.
            let tagged = &answer.tagged;
            let decided = answer.is_ok() || (items.contains("BINARY") && tagged.starts_with("NO"));
            assert!(decided, "{}: {items}: {tagged}", all[number - 1].name);
        }
    }
    for criterion in [
        "SUBJECT a",
        "BODY a",
        "TEXT e",
        "FROM a",
        "SENTSINCE 1-Jan-1990",
        "HEADER Message-ID \"\"",
    ] {
        imap.command(&format!("SEARCH CHARSET UTF-8 {criterion}"))
            .expect("IMAP answers")
            .ok();
    }
}

/// What is remembered of messages must not be seen: FETCH says the same when the message was just stored, after a
/// restart, when nothing is remembered because the index was rebuilt, and when it is remembered again.
#[test]
fn fetch_says_the_same_fresh_restarted_and_rebuilt() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let mut imap = daemon.imap("ann@example.test");
    let mut smtp = daemon.smtp();
    let mut count = 0;
    for sample in samples() {
        if !sample.message.contains(&0) {
            imap.append("INBOX", "", &sample.message)
                .expect(&sample.name)
                .ok();
            count += 1;
        }
        if sample.fits_data() {
            let reply = smtp.send("a@example.org", &["ann@example.test"], &sample.message);
            assert_eq!(reply.expect(&sample.name).code, 250, "{}", sample.name);
            count += 1;
        }
    }
    let large = format!(
        "Subject: large\r\nTo: {}\r\n\r\n{}",
        "x@y, ".repeat(3000),
        "text\r\n".repeat(20_000)
    );
    imap.append("INBOX", "", large.as_bytes())
        .expect("a large message")
        .ok();
    count += 1;
    fetch_all(&mut imap, count);
    let fresh = everything(&mut imap, count);
    assert!(daemon.stop().success());
    let daemon = home.start();
    let restarted = everything(&mut daemon.imap("ann@example.test"), count);
    assert!(daemon.stop().success());
    let index = home.path().join("domains/example.test/messages/index.redb");
    std::fs::remove_file(index).expect("the index");
    let daemon = home.start();
    let rebuilt = everything(&mut daemon.imap("ann@example.test"), count);
    let again = everything(&mut daemon.imap("ann@example.test"), count);
    for (number, fresh) in fresh.iter().enumerate() {
        for other in [&restarted, &rebuilt, &again] {
            let other = String::from_utf8_lossy(&other[number]);
            assert_eq!(String::from_utf8_lossy(fresh), other, "message {}", number + 1);
        }
    }
}

/// What FETCH says of each message, structure and all, in the order of numbers.
fn everything(imap: &mut Imap, count: usize) -> Vec<Vec<u8>> {
    imap.command("EXAMINE INBOX").expect("IMAP answers").ok();
    let mut said = vec![Vec::new(); count];
    for items in [
        "(UID ENVELOPE)",
        "(UID BODY BODYSTRUCTURE PREVIEW)",
        "(UID BODY.PEEK[HEADER] BODY.PEEK[HEADER.FIELDS (To Subject)] BODY.PEEK[1.MIME] BODY.PEEK[1]<0.100>)",
    ] {
        let answer = imap
            .command(&format!("FETCH 1:* {items}"))
            .expect("IMAP answers")
            .ok();
        let fetched = answer
            .untagged
            .iter()
            .filter(|line| line.windows(7).any(|word| word == b" FETCH "));
        let mut numbers = 0;
        for (said, line) in said.iter_mut().zip(fetched) {
            said.extend_from_slice(line);
            numbers += 1;
        }
        assert_eq!(numbers, count, "{items}");
    }
    said
}

#[test]
fn pop3_gives_every_message_as_it_was_stored() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let fits: Vec<_> = samples().into_iter().filter(Sample::fits_data).collect();
    let mut imap = daemon.imap("bob@example.test");
    for sample in &fits {
        imap.append("INBOX", "", &sample.message)
            .expect(&sample.name)
            .ok();
    }
    let mut pop3 = daemon.pop3("bob@example.test");
    for (index, sample) in fits.iter().enumerate() {
        let body = pop3.lines(&format!("RETR {}", index + 1)).expect(&sample.name);
        let mut expected = sample.message.clone();
        if !expected.ends_with(b"\r\n") {
            expected.extend_from_slice(b"\r\n");
        }
        assert!(
            body == expected,
            "{}: {} bytes stored, {} sent",
            sample.name,
            expected.len(),
            body.len()
        );
        pop3.lines(&format!("TOP {} 3", index + 1)).expect(&sample.name);
    }
}

#[test]
fn a_dialogue_cut_off_anywhere_leaves_the_server_answering() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let address = daemon.address(Service::Smtp);
    for (index, sample) in samples().iter().enumerate() {
        let mut smtp = Smtp::hello(address).expect("SMTP answers");
        smtp.envelope("a@example.org", &["bob@example.test"], "")
            .expect("an envelope");
        smtp.command("DATA").expect("DATA").expect("354");
        // Half a message, then the connection is gone: nothing of it may be delivered.
        let half = sample.message.len() * (index % 4) / 4;
        smtp.wire.send(&sample.message[..half]).expect("half a message");
    }
    let mut smtp = daemon.smtp();
    smtp.send("a@example.org", &["bob@example.test"], b"Subject: whole\r\n\r\n")
        .expect("SMTP")
        .expect("250");
    let mut imap = Imap::login(daemon.address(Service::Imap), "bob@example.test", PASSWORD).expect("IMAP");
    let stored = fetch_all(&mut imap, 1);
    assert!(stored[0].ends_with(b"Subject: whole\r\n\r\n"));
}

/// Finds each message among those stored (delivery may change their order) and checks it.
fn match_up(samples: &[Sample], stored: &[Vec<u8>], expected: Vec<Vec<u8>>) {
    let mut left: Vec<&Vec<u8>> = stored.iter().collect();
    for (sample, sent) in samples.iter().zip(expected) {
        // The shortest that ends so: an empty message is the end of every other.
        let fitting = left.iter().enumerate().filter(|(_, body)| body.ends_with(&sent));
        let found = fitting.min_by_key(|(_, body)| body.len()).map(|(index, _)| index);
        let index = found.unwrap_or_else(|| panic!("{} did not come back", sample.name));
        assert_came_back(sample, left.swap_remove(index), &sent);
    }
    assert!(left.is_empty(), "{} messages too many", left.len());
}

/// What DATA answers to a bare CR, a bare LF or a NUL (axigend(8), "What DATA refuses").
const BARE: &str = "550 5.6.0 Message contains bare CR, bare LF or NUL";
