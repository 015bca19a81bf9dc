//! `kill -9` under load, twenty times: nothing that was acknowledged may be lost, and nothing may move backwards.
//!
//! The oracle is a file outside the server's directory. Clients write to it, and sync it, what they are about to send and
//! what the server said to it. After each kill the server is started on the same directory and asked for
//! everything; then the next load begins. What may be there twice is only what a client sent twice because
//! it never got an answer.
//!
//! This kills the process, not the machine: what the kernel already holds is safe. Losing unsynced writes is tested
//! below, at the storage's disk edge.

mod load;

use axigen_tests::{Daemon, Home, Imap, PATIENCE};
use load::{Load, Oracle};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Kills in one run.
const ROUNDS: u32 = 20;

/// UIDs of a folder as they were seen so far.
#[derive(Default)]
struct Seen {
    uid_validity: Option<u32>,
    highest: u32,
    next: u32,
    messages: BTreeMap<u32, String>,
}

#[test]
fn twenty_kills_under_load_lose_no_acknowledged_message() {
    let home = Home::new();
    let outside = tempfile::tempdir().expect("a directory outside the server's");
    let oracle = Oracle::new(&outside.path().join("oracle.log"));
    home.start_with_accounts().kill();
    let mut seen: BTreeMap<(String, String), Seen> = BTreeMap::new();
    for round in 0..ROUNDS {
        let daemon = home.start();
        verify(&daemon, &oracle, &mut seen);
        let load = Load::start(&daemon, &oracle, round);
        // A different amount of work each round, so that the kill falls on different moments.
        load.wait_for_answers(40 + (round * 97) % 500);
        daemon.kill();
        load.join();
    }
    let daemon = home.start();
    verify(&daemon, &oracle, &mut seen);
    let (acknowledged, sent) = oracle.totals();
    eprintln!("{ROUNDS} kills, {sent} messages sent, {acknowledged} acknowledged, none lost");
    assert!(acknowledged > u64::from(ROUNDS), "the load did hardly anything");
    assert!(daemon.stop().success());
}

/// Asks the started server for everything and compares with the oracle.
fn verify(daemon: &Daemon<'_>, oracle: &Oracle, seen: &mut BTreeMap<(String, String), Seen>) {
    let mut problems = Vec::new();
    for user in ["ann@example.test", "bob@example.test"] {
        let mut imap = daemon.imap(user);
        wait_for(&mut imap, oracle, user);
        for folder in ["INBOX", load::FOLDER] {
            let key = (user.to_owned(), folder.to_owned());
            let answer = imap.command(&format!("SELECT {folder}")).expect("IMAP answers");
            if !answer.is_ok() {
                assert_eq!(folder, load::FOLDER, "{user}: {}", answer.tagged);
                continue;
            }
            let seen = seen.entry(key).or_default();
            let validity = answer.code_number("UIDVALIDITY");
            let next = answer.code_number("UIDNEXT").expect("UIDNEXT");
            let bodies = if answer.texts().iter().any(|text| text == "* 0 EXISTS") {
                Vec::new()
            } else {
                imap.bodies("1:*").expect("all messages")
            };
            seen.check(user, folder, validity, next, &bodies, &mut problems);
            oracle.check(user, folder, &bodies, &mut problems);
            oracle.check_flags(user, folder, &flagged(&mut imap, &bodies), &mut problems);
        }
    }
    let listed = daemon.admin(&["UPDATE Domain example.test", "LIST Accounts"]);
    oracle.check_accounts(&listed.lines().map(str::to_owned).collect(), &mut problems);
    assert!(
        problems.is_empty(),
        "{}\n{}",
        problems.join("\n"),
        daemon.home().log_tail()
    );
}

/// The ids of the messages that carry \Flagged.
fn flagged(imap: &mut Imap, bodies: &[(u32, Vec<u8>)]) -> BTreeSet<String> {
    let answer = imap.command("UID SEARCH FLAGGED").expect("IMAP answers").ok();
    let numbers = answer.texts().join(" ");
    let uids: BTreeSet<u32> = numbers
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    bodies
        .iter()
        .filter(|(uid, _)| uids.contains(uid))
        .map(|(_, body)| load::id_of(body))
        .collect()
}

/// Waits until what the queue took over has been delivered.
fn wait_for(imap: &mut Imap, oracle: &Oracle, user: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        imap.command("SELECT INBOX").expect("IMAP answers").ok();
        let bodies = imap.bodies("1:*").unwrap_or_default();
        let missing = oracle.missing(user, &bodies);
        if missing.is_empty() {
            return;
        }
        let shown = &missing[..missing.len().min(10)];
        assert!(
            Instant::now() < deadline,
            "{user}: {} acknowledged and lost: {shown:?}",
            missing.len()
        );
    }
}

impl Seen {
    fn check(
        &mut self,
        user: &str,
        folder: &str,
        validity: Option<u32>,
        next: u32,
        bodies: &[(u32, Vec<u8>)],
        problems: &mut Vec<String>,
    ) {
        if self.uid_validity.is_some() && self.uid_validity != validity {
            problems.push(format!(
                "{user} {folder}: UIDVALIDITY {:?} became {validity:?}",
                self.uid_validity
            ));
        }
        self.uid_validity = validity;
        let before = self.highest;
        for (uid, body) in bodies {
            let id = load::id_of(body);
            match self.messages.get(uid) {
                Some(known) if *known != id => {
                    problems.push(format!("{user} {folder}: UID {uid} was {known}, is {id}"));
                }
                None if *uid <= before => {
                    problems.push(format!(
                        "{user} {folder}: new message {id} got the old UID {uid} (highest {before})"
                    ));
                }
                Some(_) | None => {}
            }
            self.messages.insert(*uid, id);
            self.highest = self.highest.max(*uid);
        }
        if next < self.next {
            problems.push(format!("{user} {folder}: UIDNEXT {} became {next}", self.next));
        }
        self.next = next;
        if next <= self.highest {
            problems.push(format!(
                "{user} {folder}: UIDNEXT {next} but UID {} was seen",
                self.highest
            ));
        }
    }
}
