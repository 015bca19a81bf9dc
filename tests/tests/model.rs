//! Mailboxes against a model, over sockets: random scripts by several clients at once.
//!
//! Two to five sessions of one user take turns at random. A plain model of folders, UIDs and flags says what must be
//! there; each session also has a mirror that learns only from what the server tells it (EXISTS, EXPUNGE, FETCH), as a real client
//! does, and after each of its turns the mirror must be what the model says. What a session has not been told yet it does
//! not know: so its commands fall on messages that others have changed or expunged meanwhile. At the end a fresh session
//! looks at everything. Every script works below a folder of its own, so that all share one server.
//!
//! `AXIGEN_MODEL_SCRIPTS=10000` runs more.

use axigen_tests::{Completed, Daemon, Home, Imap, report};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Instant;

const USER: &str = "ann@example.test";
/// Scripts in one run.
const SCRIPTS: u32 = 500;
/// Folders of one script.
const FOLDERS: [&str; 3] = ["one", "two", "two/sub"];
/// Flags that commands set and remove.
const FLAGS: [&str; 5] = ["\\Seen", "\\Flagged", "\\Deleted", "\\Answered", "$Label1"];

/// A message that a client knows only the number of.
const UNKNOWN: (u32, FlagSet) = (0, FlagSet::new());

#[derive(Clone, Debug)]
enum Command {
    Append {
        folder: usize,
        flags: u8,
    },
    Select {
        folder: usize,
    },
    Store {
        from: u8,
        to: u8,
        op: char,
        flags: u8,
        by_uid: bool,
    },
    Expunge,
    UidExpunge {
        from: u8,
        to: u8,
    },
    Copy {
        from: u8,
        to: u8,
        folder: usize,
    },
    Move {
        from: u8,
        to: u8,
        folder: usize,
    },
    Close,
    Noop,
}

type FlagSet = BTreeSet<String>;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Message {
    uid: u32,
    subject: String,
    flags: FlagSet,
}

#[derive(Clone, Debug)]
struct Folder {
    next: u32,
    messages: Vec<Message>,
}

struct Model {
    root: String,
    folders: Vec<Folder>,
    counter: u32,
}

/// One client: its session, and what it has been told of the folder it has open.
struct Client {
    imap: Imap,
    selected: Option<usize>,
    mirror: Vec<(u32, FlagSet)>,
}

fn command() -> impl Strategy<Value = Command> {
    let folder = 0..FOLDERS.len();
    let flags = 0u8..32;
    prop_oneof![
        4 => (folder.clone(), flags.clone()).prop_map(|(folder, flags)| Command::Append { folder, flags }),
        2 => folder.clone().prop_map(|folder| Command::Select { folder }),
        4 => (any::<u8>(), any::<u8>(), prop_oneof![Just('='), Just('+'), Just('-')], flags, any::<bool>())
            .prop_map(|(from, to, op, flags, by_uid)| Command::Store { from, to, op, flags, by_uid }),
        1 => Just(Command::Expunge),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(from, to)| Command::UidExpunge { from, to }),
        2 => (any::<u8>(), any::<u8>(), folder.clone()).prop_map(|(from, to, folder)| Command::Copy { from, to, folder }),
        2 => (any::<u8>(), any::<u8>(), folder).prop_map(|(from, to, folder)| Command::Move { from, to, folder }),
        1 => Just(Command::Close),
        1 => Just(Command::Noop),
    ]
}

#[test]
fn mailboxes_agree_with_a_plain_model_whatever_several_clients_do() {
    let scripts =
        std::env::var("AXIGEN_MODEL_SCRIPTS").map_or(SCRIPTS, |text| text.parse().expect("a number"));
    let home = Home::new();
    let daemon = home.start_with_accounts();
    daemon.script(
        "UPDATE Domain example.test\nUPDATE Account ann\nCONFIG Quotas\nSET mboxCount 99999\nSET totalMessageCount 9999999\n\
         SET totalMessageSize 99999999\nDONE\nCOMMIT\nCOMMIT\n",
    );
    let (cases, commands, began) = (Cell::new(0u32), Cell::new(0), Instant::now());
    let mut runner = TestRunner::new(Config {
        cases: scripts,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..Config::default()
    });
    let script = (2usize..=5, prop::collection::vec((0usize..5, command()), 1..60));
    let outcome = runner.run(&script, |(clients, script)| {
        cases.set(cases.get() + 1);
        commands.set(commands.get() + script.len());
        run(&daemon, &format!("case{}", cases.get()), clients, &script).map_err(TestCaseError::fail)
    });
    if let Err(fault) = outcome {
        panic!("{fault}");
    }
    report(&format!(
        "{} scripts, {} commands of 2 to 5 clients in {} s",
        cases.get(),
        commands.get(),
        began.elapsed().as_secs()
    ));
}

fn run(daemon: &Daemon<'_>, root: &str, clients: usize, script: &[(usize, Command)]) -> Result<(), String> {
    let mut first = daemon.imap(USER);
    let mut model = Model::new(root);
    for name in FOLDERS {
        expect_ok(first.command(&format!("CREATE {root}/{name}")))?;
    }
    let mut clients: Vec<Client> = (0..clients).map(|_| Client::new(daemon)).collect();
    let count = clients.len();
    for (number, (client, command)) in script.iter().enumerate() {
        clients[client % count]
            .turn(&mut model, command)
            .map_err(|fault| format!("{number}: client {}: {command:?}: {fault}", client % count))?;
    }
    for client in &mut clients {
        client.catch_up(&model)?;
    }
    // What another session sees is what the model says, in every folder.
    let mut other = daemon.imap(USER);
    for (index, folder) in model.folders.iter().enumerate() {
        expect_ok(other.command(&format!("EXAMINE {}", model.name(index))))?;
        folder.compare(&mut other)?;
    }
    Ok(())
}

impl Model {
    fn new(root: &str) -> Self {
        let empty = Folder {
            next: 1,
            messages: Vec::new(),
        };
        Self {
            root: root.to_owned(),
            folders: vec![empty; FOLDERS.len()],
            counter: 0,
        }
    }

    fn name(&self, folder: usize) -> String {
        format!("{}/{}", self.root, FOLDERS[folder])
    }
}

impl Client {
    fn new(daemon: &Daemon<'_>) -> Self {
        Self {
            imap: daemon.imap(USER),
            selected: None,
            mirror: Vec::new(),
        }
    }

    /// One command, then a look at what it has been told.
    fn turn(&mut self, model: &mut Model, command: &Command) -> Result<(), String> {
        match command {
            Command::Append { folder, flags } => self.append(model, *folder, *flags)?,
            Command::Select { folder } => {
                self.mirror.clear();
                self.say(&format!("SELECT {}", model.name(*folder)))?;
                self.selected = Some(*folder);
                self.learn_new()?;
            }
            Command::Noop => {}
            _ => {
                if let Some(selected) = self.selected {
                    self.on_selected(model, selected, command)?;
                }
            }
        }
        self.catch_up(model)
    }

    /// Sends a command that must succeed, and learns from what is told on the way.
    fn say(&mut self, command: &str) -> Result<Completed, String> {
        let answer = expect_ok(self.imap.command(command))?;
        self.learn(&answer, command)?;
        Ok(answer)
    }

    /// What a client does with untagged responses (RFC 9051, 7.4.1, 7.5).
    fn learn(&mut self, answer: &Completed, command: &str) -> Result<(), String> {
        for text in answer.texts() {
            let mut words = text.trim_start_matches("* ").splitn(3, ' ');
            let (Some(number), Some(word)) = (
                words.next().and_then(|word| word.parse::<usize>().ok()),
                words.next(),
            ) else {
                continue;
            };
            match word {
                "EXPUNGE" => {
                    // Numbers must stay what they are while a command that uses them is in progress (7.5.1).
                    if command.starts_with("STORE") || command.starts_with("FETCH") {
                        return Err(format!("EXPUNGE during {command}"));
                    }
                    if number == 0 || number > self.mirror.len() {
                        return Err(format!("{text} with {} messages", self.mirror.len()));
                    }
                    self.mirror.remove(number - 1);
                }
                "EXISTS" => {
                    if number < self.mirror.len() {
                        return Err(format!("{text} with {} messages", self.mirror.len()));
                    }
                    self.mirror.resize(number, UNKNOWN);
                }
                "FETCH" => {
                    let uid = between(&text, "UID ", " ").or_else(|| between(&text, "UID ", ")"));
                    let Some(known) = self.mirror.get_mut(number.wrapping_sub(1)) else {
                        return Err(format!("{text} with {} messages", self.mirror.len()));
                    };
                    known.0 = uid.and_then(|uid| uid.parse().ok()).unwrap_or(known.0);
                    known.1 = flags_in(&text).unwrap_or_else(|| known.1.clone());
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Asks about messages that it has only been told the number of.
    fn learn_new(&mut self) -> Result<(), String> {
        let new = self.mirror.iter().position(|known| *known == UNKNOWN);
        let Some(new) = new else { return Ok(()) };
        let command = format!("FETCH {}:{} (UID FLAGS)", new + 1, self.mirror.len());
        self.say(&command).map(drop)
    }

    /// After NOOP it has been told everything: its mirror is what the model says.
    fn catch_up(&mut self, model: &Model) -> Result<(), String> {
        let Some(selected) = self.selected else {
            return Ok(());
        };
        self.say("NOOP")?;
        let wanted = &model.folders[selected].messages;
        self.learn_new()?;
        let same = wanted.len() == self.mirror.len()
            && wanted
                .iter()
                .zip(&self.mirror)
                .all(|(message, (uid, flags))| message.uid == *uid && message.flags == *flags);
        if same {
            return Ok(());
        }
        Err(format!(
            "\nit was told {:#?}\nthe model has {wanted:#?}",
            self.mirror
        ))
    }

    fn append(&mut self, model: &mut Model, folder: usize, flags: u8) -> Result<(), String> {
        model.counter += 1;
        let subject = format!("{}-{}", model.root, model.counter);
        let flags = chosen(flags);
        let text = format!("Subject: {subject}\r\n\r\nbody\r\n");
        let answer = expect_ok(
            self.imap
                .append(&model.name(folder), &list(&flags), text.as_bytes()),
        )?;
        self.learn(&answer, "APPEND")?;
        let target = &mut model.folders[folder];
        let uid = target.next;
        target.next += 1;
        target.messages.push(Message { uid, subject, flags });
        if answer.tagged.contains(&format!(" {uid}]")) {
            Ok(())
        } else {
            Err(format!("expected UID {uid}: {}", answer.tagged))
        }
    }

    /// UIDs of some messages as this client knows them; some may be gone.
    fn uids(&self, from: u8, to: u8) -> (Range<usize>, BTreeSet<u32>) {
        let range = range(from, to, self.mirror.len());
        let uids = self.mirror[range.clone()].iter().map(|(uid, _)| *uid).collect();
        (range, uids)
    }

    fn on_selected(&mut self, model: &mut Model, selected: usize, command: &Command) -> Result<(), String> {
        let is_deleted = |message: &Message| message.flags.contains("\\Deleted");
        match *command {
            Command::Expunge | Command::Close => {
                // What others have marked since counts as well, once it is known here.
                self.say("NOOP")?;
                let close = matches!(command, Command::Close);
                self.say(if close { "CLOSE" } else { "EXPUNGE" })?;
                if close {
                    self.selected = None;
                    self.mirror.clear();
                }
                model.folders[selected]
                    .messages
                    .retain(|message| !is_deleted(message));
            }
            _ if self.mirror.is_empty() => {}
            Command::Store {
                from,
                to,
                op,
                flags,
                by_uid,
            } => self.store(
                &mut model.folders[selected],
                (from, to),
                op,
                &chosen(flags),
                by_uid,
            )?,
            Command::UidExpunge { from, to } => {
                let (_, uids) = self.uids(from, to);
                self.say(&format!("UID EXPUNGE {}", set(&uids)))?;
                model.folders[selected]
                    .messages
                    .retain(|message| !(uids.contains(&message.uid) && is_deleted(message)));
            }
            Command::Copy { from, to, folder } => {
                self.transfer(model, selected, folder, (from, to), false)?;
            }
            Command::Move { from, to, folder } => self.transfer(model, selected, folder, (from, to), true)?,
            Command::Append { .. } | Command::Select { .. } | Command::Noop => {}
        }
        Ok(())
    }

    fn store(
        &mut self,
        folder: &mut Folder,
        (from, to): (u8, u8),
        op: char,
        flags: &FlagSet,
        by_uid: bool,
    ) -> Result<(), String> {
        let (range, uids) = self.uids(from, to);
        let there = |uid: &u32| folder.messages.iter().any(|message| message.uid == *uid);
        // What STORE by number says of messages that are gone is the server's choice (RFC 2180, 4.2).
        let by_uid = by_uid || !uids.iter().all(there);
        let sign = if op == '=' { String::new() } else { op.to_string() };
        let items = format!("{sign}FLAGS ({})", list(flags));
        if by_uid {
            self.say(&format!("UID STORE {} {items}", set(&uids)))?;
        } else {
            self.say(&format!("STORE {}:{} {items}", range.start + 1, range.end))?;
        }
        for message in folder
            .messages
            .iter_mut()
            .filter(|message| uids.contains(&message.uid))
        {
            match op {
                '+' => message.flags.extend(flags.iter().cloned()),
                '-' => message.flags.retain(|flag| !flags.contains(flag)),
                _ => message.flags.clone_from(flags),
            }
        }
        Ok(())
    }

    fn transfer(
        &mut self,
        model: &mut Model,
        from: usize,
        to: usize,
        (first, last): (u8, u8),
        moves: bool,
    ) -> Result<(), String> {
        let (_, uids) = self.uids(first, last);
        let verb = if moves { "MOVE" } else { "COPY" };
        self.say(&format!("UID {verb} {} {}", set(&uids), model.name(to)))?;
        let source = &mut model.folders[from].messages;
        let taken: Vec<Message> = source
            .iter()
            .filter(|message| uids.contains(&message.uid))
            .cloned()
            .collect();
        if moves {
            source.retain(|message| !uids.contains(&message.uid));
        }
        let target = &mut model.folders[to];
        for mut message in taken {
            message.uid = target.next;
            target.next += 1;
            target.messages.push(message);
        }
        Ok(())
    }
}

impl Folder {
    fn compare(&self, imap: &mut Imap) -> Result<(), String> {
        let found = if self.messages.is_empty() {
            let answer = expect_ok(imap.command("UID SEARCH ALL"))?;
            let some = answer
                .texts()
                .iter()
                .any(|text| text.chars().any(|character| character.is_ascii_digit()));
            if some {
                return Err(format!("should be empty: {:?}", answer.texts()));
            }
            Vec::new()
        } else {
            let items = "(UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])";
            let answer = expect_ok(imap.command(&format!("FETCH 1:* {items}")))?;
            answer
                .texts()
                .iter()
                .filter_map(|text| parse(text))
                .collect::<Vec<_>>()
        };
        if found == self.messages {
            return Ok(());
        }
        Err(format!(
            "\nthe server has {found:#?}\nthe model has {:#?}",
            self.messages
        ))
    }
}

fn range(from: u8, to: u8, count: usize) -> Range<usize> {
    let (from, to) = (usize::from(from) % count, usize::from(to) % count);
    from.min(to)..from.max(to) + 1
}

fn set(uids: &BTreeSet<u32>) -> String {
    uids.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

fn list(flags: &FlagSet) -> String {
    flags.iter().cloned().collect::<Vec<_>>().join(" ")
}

fn chosen(bits: u8) -> FlagSet {
    (0..FLAGS.len())
        .filter(|bit| bits & (1 << bit) != 0)
        .map(|bit| FLAGS[bit].to_owned())
        .collect()
}

fn between(text: &str, before: &str, after: &str) -> Option<String> {
    Some(text.split_once(before)?.1.split_once(after)?.0.to_owned())
}

/// The flags of a FETCH response, without \Recent.
fn flags_in(text: &str) -> Option<FlagSet> {
    let flags = between(text, "FLAGS (", ")")?;
    let flags = flags.split_whitespace().map(ToOwned::to_owned);
    Some(flags.filter(|flag| flag != "\\Recent").collect())
}

/// UID, flags and subject of a FETCH response.
fn parse(text: &str) -> Option<Message> {
    let uid = between(text, "UID ", " ")
        .or_else(|| between(text, "UID ", ")"))?
        .parse()
        .ok()?;
    Some(Message {
        uid,
        subject: between(text, "Subject: ", "\r\n")?,
        flags: flags_in(text)?,
    })
}

fn expect_ok(answer: std::io::Result<Completed>) -> Result<Completed, String> {
    let answer = answer.map_err(|error| error.to_string())?;
    if answer.is_ok() {
        Ok(answer)
    } else {
        Err(answer.tagged)
    }
}
