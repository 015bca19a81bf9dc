//! `kill -9` under load, again and again: nothing that was acknowledged may be lost, and nothing may move backwards.
//!
//! The oracle's log is a file outside the server's directory. Clients write to it, and it is synced, what they are about to
//! do and what the server said to it. After each kill the directory as it lies there is checked (`axigend --check`); then the
//! server is started on it and asked for everything; then the next load begins. What may be there twice is only what a
//! client sent twice because it never got an answer. At the end a loss is planted, which must be found.
//!
//! This kills the process, not the machine: what the kernel already holds is safe. Losing unsynced writes is tested
//! below, at the storage's disk edge. `AXIGEN_KILL_ROUNDS=1000` kills more often.

mod load;

use axigen_tests::{Daemon, Home, Imap, PATIENCE, report};
use load::{FOLDERS, Load, Oracle, Shown, USERS};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// Kills in one run.
const ROUNDS: u32 = 30;
/// A run counts only with so many acknowledged operations.
const ACKNOWLEDGED: u64 = 10_000;
/// And with so many that a kill cut off.
const CUT: u64 = 100;
/// A start after a kill should not take longer.
const START_GOAL: Duration = Duration::from_secs(3);
/// Messages of one folder before it is emptied, so that a long run asks for as much as a short one.
const FULL: usize = 6000;

/// UIDs of a folder as they were seen so far.
#[derive(Default)]
struct Seen {
    marks: Option<(u64, u64, u64)>,
    messages: BTreeMap<u32, String>,
}

/// One run.
struct Run {
    oracle: Oracle,
    seen: BTreeMap<(&'static str, String), Seen>,
    starts: Vec<Duration>,
}

#[test]
fn kills_under_load_lose_no_acknowledged_operation() {
    let rounds = std::env::var("AXIGEN_KILL_ROUNDS").map_or(ROUNDS, |text| text.parse().expect("a number"));
    let home = Home::new();
    let outside = tempfile::tempdir().expect("a directory outside the server's");
    let oracle = Oracle::new(&outside.path().join("oracle.log"));
    let daemon = home.start_with_accounts();
    for user in ["ann", "bob"] {
        daemon.script(&format!(
            "UPDATE Domain example.test\nUPDATE Account {user}\nCONFIG Quotas\nSET totalMessageSize 99999999\n\
             SET totalMessageCount 9999999\nSET messageCount 9999999\nSET messageSize 99999999\nDONE\nCOMMIT\nCOMMIT\n"
        ));
    }
    daemon.kill();
    let mut run = Run {
        oracle,
        seen: BTreeMap::new(),
        starts: Vec::new(),
    };
    for round in 0..rounds {
        let daemon = run.start(&home);
        run.verify(&daemon);
        run.empty_full_folders(&daemon);
        let load = Load::start(&daemon, &run.oracle, round);
        // A different amount of work each round, so that the kill falls on different moments.
        load.wait_for_answers(350 + (round * 97) % 400);
        daemon.kill();
        load.join();
        let (code, text) = home.check();
        assert_eq!(code, Some(0), "round {round}: {text}\n{}", home.log_tail());
    }
    let daemon = run.start(&home);
    run.verify(&daemon);
    run.report(rounds);
    run.find_a_planted_loss(&daemon);
    assert!(daemon.stop().success());
}

impl Run {
    fn start<'home>(&mut self, home: &'home Home) -> Daemon<'home> {
        let began = Instant::now();
        let daemon = home.start();
        self.starts.push(began.elapsed());
        daemon
    }

    fn report(&mut self, rounds: u32) {
        let totals = self.oracle.totals();
        self.starts.sort_unstable();
        let (median, longest) = (
            self.starts[self.starts.len() / 2],
            self.starts[self.starts.len() - 1],
        );
        report(&format!(
            "{rounds} kills: {} operations acknowledged ({} copies of messages), none lost; {} cut off; \
             start after a kill: median {median:?}, longest {longest:?} (goal {START_GOAL:?})",
            totals.acknowledged, totals.messages, totals.cut
        ));
        if rounds >= ROUNDS {
            assert!(
                totals.acknowledged >= ACKNOWLEDGED && totals.cut >= CUT,
                "the load did too little: {totals:?}"
            );
        }
    }

    /// Fails when the server does not show what the oracle knows.
    fn verify(&mut self, daemon: &Daemon<'_>) {
        for user in USERS {
            wait_for_queue(&mut daemon.imap(user), &self.oracle, user);
        }
        let problems = self.problems(daemon);
        let end = daemon.home().log_tail();
        assert!(problems.is_empty(), "{}\n{end}", problems.join("\n"));
    }

    /// Asks the started server for everything and compares with the oracle.
    fn problems(&mut self, daemon: &Daemon<'_>) -> Vec<String> {
        let mut problems = Vec::new();
        self.oracle.check_refusals(&mut problems);
        for user in USERS {
            let mut imap = daemon.imap(user);
            let mut shown = Shown::new();
            let mut plain = BTreeSet::new();
            for folder in FOLDERS.into_iter().chain(["INBOX"]) {
                let Some((marks, bodies, flagged)) = look(&mut imap, folder) else {
                    assert_ne!(folder, "INBOX");
                    continue;
                };
                let seen = self.seen.entry((user, folder.to_owned())).or_default();
                seen.check(user, folder, marks, &bodies, &mut problems);
                self.oracle.check_marks(user, folder, marks, &mut problems);
                let unflagged = bodies.iter().filter(|(uid, _)| !flagged.contains(uid));
                plain.extend(unflagged.map(|(_, body)| load::id_of(body)));
                shown.insert(folder.to_owned(), bodies);
            }
            self.oracle.check(user, &shown, &mut problems);
            self.oracle.check_flags(user, &plain, &mut problems);
            check_quota(&mut imap, user, &shown, &mut problems);
        }
        let listed = daemon.admin(&["UPDATE Domain example.test", "LIST Accounts"]);
        self.oracle
            .check_accounts(&listed.lines().map(str::to_owned).collect(), &mut problems);
        problems
    }

    /// An acknowledged message is removed without the oracle's knowledge, and one that never was is acknowledged to it:
    /// both must be found, and nothing else.
    fn find_a_planted_loss(&mut self, daemon: &Daemon<'_>) {
        let user = USERS[0];
        let victim = self.oracle.a_kept_message(user, "INBOX").expect("a message");
        let mut imap = daemon.imap(user);
        imap.command("SELECT INBOX").expect("IMAP answers").ok();
        let found = imap
            .command(&format!("UID SEARCH HEADER X-Load {victim}"))
            .expect("IMAP answers")
            .ok();
        let found = found.texts().join(" ");
        let bodies = imap.bodies(&found.split_whitespace().skip(2).collect::<Vec<_>>().join(","));
        let bodies = bodies.expect("the message");
        let uid = bodies
            .iter()
            .find(|(_, body)| load::id_of(body) == victim)
            .expect("it")
            .0;
        imap.command(&format!("UID STORE {uid} +FLAGS (\\Deleted)"))
            .expect("IMAP answers")
            .ok();
        imap.command(&format!("UID EXPUNGE {uid}"))
            .expect("IMAP answers")
            .ok();
        let problems = self.problems(daemon);
        assert_eq!(
            problems,
            [format!("{user}: {victim} is there 0 times, expected 1 to 1")]
        );
        self.oracle.sending(&[user], "INBOX", "planted");
        self.oracle.sent(&[user], "planted");
        let problems = self.problems(daemon);
        let found = problems
            .iter()
            .filter(|problem| problem.contains("planted is there 0 times"));
        assert_eq!((problems.len(), found.count()), (2, 1), "{problems:?}");
        report(&format!(
            "the planted losses were found: {victim} and one that never was"
        ));
    }

    /// Removes everything from folders that have grown large; the oracle knows.
    fn empty_full_folders(&mut self, daemon: &Daemon<'_>) {
        for user in USERS {
            let mut imap = daemon.imap(user);
            for folder in FOLDERS.into_iter().chain(["INBOX"]) {
                let Some((_, bodies, _)) = look(&mut imap, folder) else {
                    continue;
                };
                if bodies.len() <= FULL {
                    continue;
                }
                let ids: Vec<String> = bodies.iter().map(|(_, body)| load::id_of(body)).collect();
                self.oracle.deleting(user, &ids);
                imap.command(&format!("SELECT {folder}"))
                    .expect("IMAP answers")
                    .ok();
                imap.command("STORE 1:* +FLAGS.SILENT (\\Deleted)")
                    .expect("IMAP answers")
                    .ok();
                imap.command("EXPUNGE").expect("IMAP answers").ok();
                self.oracle.deleted(user, &ids);
            }
        }
    }
}

/// UIDVALIDITY, UIDNEXT and HIGHESTMODSEQ of a folder, its messages, and which are flagged; `None` when it is not there.
type Look = ((u64, u64, u64), Vec<(u32, Vec<u8>)>, BTreeSet<u32>);

fn look(imap: &mut Imap, folder: &str) -> Option<Look> {
    let answer = imap.command(&format!("EXAMINE {folder}")).expect("IMAP answers");
    if !answer.is_ok() {
        return None;
    }
    let number = |name: &str| answer.code_number(name).map(u64::from).expect("a number");
    let marks = (number("UIDVALIDITY"), number("UIDNEXT"), number("HIGHESTMODSEQ"));
    if answer.texts().iter().any(|text| text == "* 0 EXISTS") {
        return Some((marks, Vec::new(), BTreeSet::new()));
    }
    let bodies = imap.bodies("1:*").expect("all messages");
    let answer = imap.command("UID SEARCH FLAGGED").expect("IMAP answers").ok();
    let numbers = answer.texts().join(" ");
    let flagged = numbers.split_whitespace().filter_map(|word| word.parse().ok());
    Some((marks, bodies, flagged.collect()))
}

/// What the quota says is what a recount says.
fn check_quota(imap: &mut Imap, user: &str, shown: &Shown, problems: &mut Vec<String>) {
    let answer = imap.command("GETQUOTA \"\"").expect("IMAP answers").ok();
    let text = answer.texts().join(" ");
    let resource = |word: &str| -> Option<u64> {
        let after = text.split_once(&format!("{word} "))?.1;
        after.split(' ').next()?.parse().ok()
    };
    let bodies = || shown.values().flatten().map(|(_, body)| body.len() as u64);
    let counted = (bodies().sum::<u64>().div_ceil(1024), bodies().count() as u64);
    let told = (resource("STORAGE"), resource("MESSAGE"));
    if told != (Some(counted.0), Some(counted.1)) {
        problems.push(format!("{user}: the quota says {told:?}, counted {counted:?}"));
    }
}

/// Waits until what the queue took over has been delivered; what never comes is found by the comparison.
fn wait_for_queue(imap: &mut Imap, oracle: &Oracle, user: &str) {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let (_, bodies, _) = look(imap, "INBOX").expect("INBOX");
        if oracle.missing(user, &bodies).is_empty() {
            return;
        }
    }
}

impl Seen {
    fn check(
        &mut self,
        user: &str,
        folder: &str,
        marks: (u64, u64, u64),
        bodies: &[(u32, Vec<u8>)],
        problems: &mut Vec<String>,
    ) {
        let before = self.marks.replace(marks).unwrap_or((marks.0, 1, 1));
        if before.0 != marks.0 || before.1 > marks.1 || before.2 > marks.2 {
            problems.push(format!(
                "{user} {folder}: UIDVALIDITY, UIDNEXT, HIGHESTMODSEQ {before:?} became {marks:?}"
            ));
        }
        for (uid, body) in bodies {
            let (id, number) = (load::id_of(body), u64::from(*uid));
            match self.messages.insert(*uid, id.clone()) {
                Some(known) if known != id => {
                    problems.push(format!("{user} {folder}: UID {uid} was {known}, is {id}"));
                }
                None if number < before.1 => {
                    problems.push(format!("{user} {folder}: new message {id} got the old UID {uid}"));
                }
                Some(_) | None => {}
            }
            if number >= marks.1 {
                problems.push(format!(
                    "{user} {folder}: UIDNEXT {} but UID {uid} is there",
                    marks.1
                ));
            }
        }
    }
}
