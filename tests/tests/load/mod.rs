//! The load of the kill test: clients at work on every protocol until the server goes away under them.
//!
//! Some send by SMTP to one or both accounts; some append, flag, move and expunge by IMAP; one reads and deletes by
//! POP3; an administrator adds accounts. Each ends when its connection breaks. A client that got no answer sends the same
//! message again in the next round, as a mail client would. What they do is told to the [`Oracle`] before and after.

mod log;
mod oracle;

use axigen_tests::{Completed, Daemon, Imap, PASSWORD, Pop3, Service, Smtp};
pub use oracle::{Oracle, Shown};
use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::thread::JoinHandle;

/// The users.
pub const USERS: [&str; 2] = ["ann@example.test", "bob@example.test"];
/// Folder into which IMAP clients append, and the one into which they move.
pub const FOLDERS: [&str; 2] = ["Load", "Moved"];
/// Clients that send by SMTP.
const SENDERS: u32 = 6;
/// Clients that append by IMAP, for each user.
const APPENDERS: u32 = 2;

/// Clients at work.
pub struct Load {
    oracle: Oracle,
    from: u64,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    /// Starts all clients.
    pub fn start(daemon: &Daemon<'_>, oracle: &Oracle, round: u32) -> Self {
        let mut load = Self {
            oracle: oracle.clone(),
            from: oracle.answers(),
            clients: Vec::new(),
        };
        for user in USERS {
            let mut imap = daemon.imap(user);
            for folder in FOLDERS {
                // There from the second round on.
                imap.command(&format!("CREATE {folder}")).expect("IMAP answers");
            }
        }
        let smtp = daemon.address(Service::Smtp);
        for sender in 0..SENDERS {
            load.client(move |oracle| send(oracle, smtp, round, sender));
        }
        let imap = daemon.address(Service::Imap);
        for (user, number) in USERS
            .into_iter()
            .flat_map(|user| (0..APPENDERS).map(move |number| (user, number)))
        {
            load.client(move |oracle| append(oracle, imap, user, &format!("imap-{round}-{number}")));
        }
        let pop3 = daemon.address(Service::Pop3);
        load.client(move |oracle| fetch_and_delete(oracle, pop3));
        let axictl = daemon.home().axictl();
        load.client(move |oracle| administer(oracle, &axictl, round));
        load
    }

    /// A client ends with the error that the kill brings; before that every answer counts.
    fn client(&mut self, work: impl FnOnce(&Oracle) -> io::Result<()> + Send + 'static) {
        let oracle = self.oracle.clone();
        self.clients.push(std::thread::spawn(move || {
            if let Err(error) = work(&oracle)
                && error.kind() == io::ErrorKind::Other
            {
                oracle.refused(format!("a client was refused: {error}"));
            }
        }));
    }

    /// Waits until the server has said yes this often since the start.
    pub fn wait_for_answers(&self, count: u32) {
        assert!(
            self.oracle.wait_for(self.from + u64::from(count)),
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

fn yes(answer: Completed) -> io::Result<Completed> {
    if answer.is_ok() {
        Ok(answer)
    } else {
        Err(io::Error::other(answer.tagged))
    }
}

fn send(oracle: &Oracle, address: SocketAddr, round: u32, sender: u32) -> io::Result<()> {
    let mut smtp = Smtp::hello(address)?;
    // What had no answer in the round before is sent again under its own name.
    let again = oracle.unanswered(&format!("smtp-{sender}-"));
    let fresh = (0..).map(|number| (recipients(number), format!("smtp-{sender}-{round}-{number}")));
    for (users, id) in again.into_iter().chain(fresh) {
        let users: Vec<&str> = users.iter().map(String::as_str).collect();
        oracle.sending(&users, "INBOX", &id);
        let reply = smtp.send("load@example.org", &users, &message(&id))?;
        if reply.code != 250 {
            return Err(io::Error::other(reply.text()));
        }
        oracle.sent(&users, &id);
    }
    Ok(())
}

fn recipients(number: u32) -> Vec<String> {
    let users: &[&str] = match number % 3 {
        0 => &USERS[..1],
        1 => &USERS[1..],
        _ => &USERS,
    };
    users.iter().map(ToString::to_string).collect()
}

/// APPEND and STORE always, then MOVE or EXPUNGE or nothing.
fn append(oracle: &Oracle, address: SocketAddr, user: &str, name: &str) -> io::Result<()> {
    let [folder, moved] = FOLDERS;
    let mut imap = Imap::login(address, user, PASSWORD)?;
    yes(imap.command(&format!("SELECT {folder}"))?)?;
    for number in 0.. {
        let id = format!("{name}-{number}");
        oracle.sending(&[user], folder, &id);
        let answer = yes(imap.append(folder, "\\Seen", &message(&id))?)?;
        let uid = second_number(&answer.tagged, "APPENDUID")?;
        oracle.has_uid(user, folder, uid, &id);
        oracle.sent(&[user], &id);
        oracle.flagging(user, &id);
        yes(imap.command(&format!("UID STORE {uid} +FLAGS.SILENT (\\Flagged)"))?)?;
        oracle.flagged(user, &id);
        match number % 4 {
            0 => {
                oracle.moving(user, &id, moved);
                let answer = yes(imap.command(&format!("UID MOVE {uid} {moved}"))?)?;
                let texts = answer.texts().join("\n") + &answer.tagged;
                let copied = texts.split_once("COPYUID").map_or("", |(_, after)| after);
                let uid = copied.split([']', ' ']).nth(3).and_then(|uid| uid.parse().ok());
                let uid = uid.ok_or_else(|| io::Error::other(format!("no COPYUID: {texts}")))?;
                oracle.has_uid(user, moved, uid, &id);
                oracle.moved(user, &id);
            }
            1 => {
                let ids = [id];
                oracle.deleting(user, &ids);
                yes(imap.command(&format!("UID STORE {uid} +FLAGS.SILENT (\\Deleted)"))?)?;
                yes(imap.command(&format!("UID EXPUNGE {uid}"))?)?;
                oracle.deleted(user, &ids);
            }
            2 => note_marks(oracle, &mut imap, user)?,
            _ => {}
        }
    }
    Ok(())
}

/// The second number after a word: `[APPENDUID validity uid]`.
fn second_number(text: &str, word: &str) -> io::Result<u32> {
    let found = text
        .split_once(word)
        .and_then(|(_, after)| after.split([']', ' ']).nth(2)?.parse().ok());
    found.ok_or_else(|| io::Error::other(format!("no {word}: {text}")))
}

/// What the server says of numbers that must never go back.
fn note_marks(oracle: &Oracle, imap: &mut Imap, user: &str) -> io::Result<()> {
    for folder in FOLDERS.into_iter().chain(["INBOX"]) {
        let answer = imap.command(&format!("STATUS {folder} (UIDVALIDITY UIDNEXT HIGHESTMODSEQ)"))?;
        let texts = yes(answer)?.texts();
        let text = texts
            .into_iter()
            .find(|text| text.starts_with("* STATUS"))
            .unwrap_or_default();
        let number = |word: &str| -> Option<u64> {
            let after = text.split_once(&format!("{word} "))?.1;
            after.split([' ', ')']).next()?.parse().ok()
        };
        let marks = (number("UIDVALIDITY"), number("UIDNEXT"), number("HIGHESTMODSEQ"));
        let (Some(validity), Some(next), Some(modseq)) = marks else {
            return Err(io::Error::other(text));
        };
        oracle.marks(user, folder, (validity, next, modseq));
    }
    Ok(())
}

fn fetch_and_delete(oracle: &Oracle, address: SocketAddr) -> io::Result<()> {
    let user = USERS[1];
    loop {
        let mut pop3 = Pop3::login(address, user, PASSWORD)?;
        let count = pop3.unique_ids()?.len();
        let mut ids = Vec::new();
        for number in 1..=count.min(5) {
            let id = id_of(&pop3.lines(&format!("RETR {number}"))?);
            // Copies share a name; only one that was sent once can be told apart afterwards.
            if oracle.sent_once(user, &id) {
                pop3.command(&format!("DELE {number}"))?;
                ids.push(id);
            }
        }
        oracle.deleting(user, &ids);
        pop3.command("QUIT")?;
        oracle.deleted(user, &ids);
    }
}

/// Adds accounts, one after the other, each with a session of `axictl` of its own.
fn administer(oracle: &Oracle, template: &Command, round: u32) -> io::Result<()> {
    for number in 0.. {
        let name = format!("account-{round}-{number}");
        oracle.adding(&name);
        let mut axictl = Command::new(template.get_program());
        axictl.args(template.get_args()).stdin(Stdio::null());
        let add = format!("ADD Account {name} password {PASSWORD}");
        let output = axictl
            .args(["UPDATE Domain example.test", &add, "COMMIT"])
            .output()?;
        if !output.status.success() {
            // The tool cannot tell a refusal from a server that went away.
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        oracle.added(&name);
    }
    Ok(())
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
