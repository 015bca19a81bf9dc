//! The load of the kill test and its oracle.
//!
//! Clients: two that send by SMTP (to one or both accounts), one that appends and sets flags by IMAP, one that reads and
//! deletes by POP3, and an administrator who adds accounts. Each ends when its connection breaks. A client that got no answer sends the same message again
//! in the next round, as a mail client would.

use axigen_tests::{Daemon, Imap, PASSWORD, Pop3, Service, Smtp};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;

/// Folder into which the IMAP client appends.
pub const FOLDER: &str = "Load";
/// Stands for user and folder where accounts are noted.
const ACCOUNTS: &str = "accounts";
/// Clients that send by SMTP.
const SENDERS: u32 = 2;

/// What clients sent and what the server said, in memory and in a synced file.
#[derive(Clone)]
pub struct Oracle(Arc<(Mutex<Facts>, Condvar)>);

struct Facts {
    file: File,
    /// (user, folder, id) → how often it was sent, and whether the server ever said yes.
    messages: BTreeMap<(String, String, String), Message>,
    answers: u64,
}

#[derive(Clone, Copy, Default)]
struct Message {
    sent: u32,
    acknowledged: u32,
    /// A POP3 client asked to delete it: it may be gone.
    deleting: bool,
    /// The server said that it is deleted: it must be gone.
    deleted: bool,
    flagged: bool,
}

impl Oracle {
    /// An oracle that writes to this file.
    pub fn new(path: &Path) -> Self {
        let file = File::create(path).expect("the oracle's file");
        Self(Arc::new((
            Mutex::new(Facts {
                file,
                messages: BTreeMap::new(),
                answers: 0,
            }),
            Condvar::new(),
        )))
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.0
            .0
            .lock()
            .expect("no client panics while it holds the oracle")
    }

    fn note(&self, what: &str, user: &str, folder: &str, id: &str, change: impl FnOnce(&mut Message)) {
        let mut facts = self.facts();
        writeln!(facts.file, "{what} {user} {folder} {id}")
            .and_then(|()| facts.file.sync_data())
            .expect("the oracle writes");
        change(
            facts
                .messages
                .entry((user.into(), folder.into(), id.into()))
                .or_default(),
        );
    }

    fn answered(&self) {
        self.facts().answers += 1;
        self.0.1.notify_all();
    }

    fn sending(&self, users: &[&str], folder: &str, id: &str) {
        for user in users {
            self.note("send", user, folder, id, |message| message.sent += 1);
        }
    }

    fn acknowledge(&self, users: &[&str], folder: &str, id: &str) {
        for user in users {
            self.note("ack", user, folder, id, |message| message.acknowledged += 1);
        }
        self.answered();
    }

    /// Acknowledged copies and all copies sent.
    pub fn totals(&self) -> (u64, u64) {
        let facts = self.facts();
        let sum = |count: fn(&Message) -> u32| {
            facts
                .messages
                .values()
                .map(|message| u64::from(count(message)))
                .sum()
        };
        (sum(|message| message.acknowledged), sum(|message| message.sent))
    }

    /// Ids in a user's INBOX that were acknowledged and are not among these messages.
    pub fn missing(&self, user: &str, bodies: &[(u32, Vec<u8>)]) -> Vec<String> {
        let there: BTreeSet<String> = bodies.iter().map(|(_, body)| id_of(body)).collect();
        let facts = self.facts();
        let wanted = facts.messages.iter().filter(|((owner, folder, _), message)| {
            owner == user && folder == "INBOX" && message.acknowledged > 0 && !message.deleting
        });
        wanted
            .map(|((_, _, id), _)| id.clone())
            .filter(|id| !there.contains(id))
            .collect()
    }

    /// Compares a folder with what was sent to it.
    pub fn check(&self, user: &str, folder: &str, bodies: &[(u32, Vec<u8>)], problems: &mut Vec<String>) {
        let mut copies: BTreeMap<String, u32> = BTreeMap::new();
        for (uid, body) in bodies {
            let id = id_of(body);
            if !body.ends_with(&message(&id)) {
                problems.push(format!("{user} {folder}: UID {uid} ({id}) is not what was sent"));
            }
            *copies.entry(id).or_default() += 1;
        }
        for ((owner, place, id), message) in &self.facts().messages {
            if owner != user || place != folder {
                continue;
            }
            let there = copies.remove(id).unwrap_or(0);
            // One for each yes; one more for each try that never got an answer.
            let fewest = if message.deleting { 0 } else { message.acknowledged };
            let most = if message.deleted { 0 } else { message.sent };
            if there < fewest || there > most {
                problems.push(format!(
                    "{user} {folder}: {id} is there {there} times, expected {fewest} to {most}"
                ));
            }
        }
        for (id, count) in copies {
            problems.push(format!(
                "{user} {folder}: {id} is there {count} times and was never sent"
            ));
        }
    }
}

impl Oracle {
    /// Checks that every account whose COMMIT was answered is in the list, and no other that was never asked for.
    pub fn check_accounts(&self, listed: &BTreeSet<String>, problems: &mut Vec<String>) {
        for ((_, place, name), account) in &self.facts().messages {
            if place == ACCOUNTS && account.acknowledged > 0 && !listed.contains(name) {
                problems.push(format!("the account {name} was acknowledged and is lost"));
            }
        }
    }

    /// Checks that what was flagged with a yes is flagged.
    pub fn check_flags(
        &self,
        user: &str,
        folder: &str,
        flagged: &BTreeSet<String>,
        problems: &mut Vec<String>,
    ) {
        for ((owner, place, id), message) in &self.facts().messages {
            if owner == user && place == folder && message.flagged && !flagged.contains(id) {
                problems.push(format!(
                    "{user} {folder}: the flag of {id} was acknowledged and is lost"
                ));
            }
        }
    }
}

/// Clients at work.
pub struct Load {
    oracle: Oracle,
    from: u64,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    /// Starts all clients.
    pub fn start(daemon: &Daemon<'_>, oracle: &Oracle, round: u32) -> Self {
        let from = oracle.facts().answers;
        let mut clients = Vec::new();
        for sender in 0..SENDERS {
            let (oracle, address) = (oracle.clone(), daemon.address(Service::Smtp));
            clients.push(client(move || send(&oracle, address, round, sender)));
        }
        let (imap_oracle, address) = (oracle.clone(), daemon.address(Service::Imap));
        clients.push(client(move || append(&imap_oracle, address, round)));
        let (pop3_oracle, address) = (oracle.clone(), daemon.address(Service::Pop3));
        clients.push(client(move || fetch_and_delete(&pop3_oracle, address)));
        let (oracle_of_accounts, axictl) = (oracle.clone(), daemon.home().axictl());
        clients.push(client(move || administer(&oracle_of_accounts, &axictl, round)));
        Self {
            oracle: oracle.clone(),
            from,
            clients,
        }
    }

    /// Waits until the server has said yes this often since the start.
    pub fn wait_for_answers(&self, count: u32) {
        let facts = self.oracle.facts();
        let until = self.from + u64::from(count);
        let waited = self
            .oracle
            .0
            .1
            .wait_timeout_while(facts, axigen_tests::PATIENCE, |facts| facts.answers < until);
        assert!(
            !waited.expect("no client panics").1.timed_out(),
            "the load got no {count} answers"
        );
    }

    /// Waits until all clients have noticed that the server is gone.
    pub fn join(self) {
        for client in self.clients {
            client.join().expect("a client does not panic");
        }
    }
}

/// A client ends with the error that the kill brings; before that every answer counts.
fn client(work: impl FnOnce() -> io::Result<()> + Send + 'static) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let _ = work();
    })
}

fn send(oracle: &Oracle, address: SocketAddr, round: u32, sender: u32) -> io::Result<()> {
    let mut smtp = Smtp::hello(address)?;
    // What had no answer in the round before is sent again under its own name.
    let again = oracle.facts().unanswered(&format!("smtp-{sender}-"));
    let fresh = (0..).map(|number| (recipients(number), format!("smtp-{sender}-{round}-{number}")));
    for (users, id) in again.into_iter().chain(fresh) {
        let users: Vec<&str> = users.iter().map(String::as_str).collect();
        oracle.sending(&users, "INBOX", &id);
        let reply = smtp.send("load@example.org", &users, &message(&id))?;
        if reply.code != 250 {
            return Err(io::Error::other(reply.text()));
        }
        oracle.acknowledge(&users, "INBOX", &id);
    }
    Ok(())
}

fn recipients(number: u32) -> Vec<String> {
    let users: &[&str] = match number % 3 {
        0 => &["ann@example.test"],
        1 => &["bob@example.test"],
        _ => &["ann@example.test", "bob@example.test"],
    };
    users.iter().map(ToString::to_string).collect()
}

fn append(oracle: &Oracle, address: SocketAddr, round: u32) -> io::Result<()> {
    let user = "ann@example.test";
    let mut imap = Imap::login(address, user, PASSWORD)?;
    imap.command(&format!("CREATE {FOLDER}"))?;
    imap.command(&format!("SELECT {FOLDER}"))?;
    for number in 0.. {
        let id = format!("imap-{round}-{number}");
        oracle.sending(&[user], FOLDER, &id);
        let answer = imap.append(FOLDER, "\\Seen", &message(&id))?;
        if !answer.is_ok() {
            return Err(io::Error::other(answer.tagged));
        }
        oracle.acknowledge(&[user], FOLDER, &id);
        let answer = imap.command("STORE * +FLAGS.SILENT (\\Flagged)")?;
        if answer.is_ok() {
            oracle.note("flag", user, FOLDER, &id, |message| message.flagged = true);
        }
    }
    Ok(())
}

fn fetch_and_delete(oracle: &Oracle, address: SocketAddr) -> io::Result<()> {
    let user = "bob@example.test";
    loop {
        let mut pop3 = Pop3::login(address, user, PASSWORD)?;
        let count = pop3.unique_ids()?.len();
        let mut deleted = Vec::new();
        for number in 1..=count.min(3) {
            let id = id_of(&pop3.lines(&format!("RETR {number}"))?);
            // Its copies share a name; only one that was sent once can be told apart afterwards.
            if oracle.facts().sent_once(user, &id) {
                oracle.note("delete", user, "INBOX", &id, |message| message.deleting = true);
                pop3.command(&format!("DELE {number}"))?;
                deleted.push(id);
            }
        }
        pop3.command("QUIT")?;
        for id in deleted {
            oracle.note("deleted", user, "INBOX", &id, |message| message.deleted = true);
        }
    }
}

/// Adds accounts, one after the other, each with a session of `axictl` of its own.
fn administer(oracle: &Oracle, template: &Command, round: u32) -> io::Result<()> {
    for number in 0.. {
        let name = format!("account-{round}-{number}");
        oracle.sending(&[ACCOUNTS], ACCOUNTS, &name);
        let mut axictl = Command::new(template.get_program());
        axictl.args(template.get_args()).stdin(Stdio::null());
        let add = format!("ADD Account {name} password {PASSWORD}");
        let output = axictl
            .args(["UPDATE Domain example.test", &add, "COMMIT"])
            .output()?;
        if !output.status.success() {
            return Err(io::Error::other(
                String::from_utf8_lossy(&output.stderr).into_owned(),
            ));
        }
        oracle.acknowledge(&[ACCOUNTS], ACCOUNTS, &name);
    }
    Ok(())
}

impl Facts {
    fn sent_once(&self, user: &str, id: &str) -> bool {
        let key = (user.to_owned(), "INBOX".to_owned(), id.to_owned());
        self.messages
            .get(&key)
            .is_some_and(|message| message.sent == 1 && message.acknowledged == 1)
    }

    /// Messages of a sender that were sent and never acknowledged, with their recipients.
    fn unanswered(&self, sender: &str) -> Vec<(Vec<String>, String)> {
        let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for ((user, _, id), message) in &self.messages {
            if id.starts_with(sender) && message.acknowledged == 0 {
                found.entry(id.clone()).or_default().push(user.clone());
            }
        }
        found.into_iter().map(|(id, users)| (users, id)).collect()
    }
}

/// The message with this id: its size and text follow from the id, so that a damaged one is recognised.
pub fn message(id: &str) -> Vec<u8> {
    let seed: usize = id.bytes().map(usize::from).sum();
    let mut text = format!("From: load@example.org\r\nSubject: {id}\r\nX-Load: {id}\r\n\r\n");
    for line in 0..seed % 97 {
        let _ = writeln!(text, "{id} line {line} .\r\n.{}\r", "x".repeat(line % 70));
    }
    text.into_bytes()
}

/// The id in a message, or a text that says there is none.
pub fn id_of(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let id = text.lines().find_map(|line| line.strip_prefix("X-Load: "));
    id.unwrap_or("(no id)").to_owned()
}
