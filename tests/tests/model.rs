//! The state of IMAP mailboxes against a model, over a socket.
//!
//! Random command sequences run in a real session; a plain model of folders, UIDs and flags says what must be there. After
//! each command the session's own view is compared, and at the end a second, fresh session's. Every case works below a folder of
//! its own, so that all cases share one server.

use axigen_tests::{Completed, Daemon, Home, Imap};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// Folders of one case.
const FOLDERS: [&str; 3] = ["one", "two", "two/sub"];
/// Flags that commands set and remove.
const FLAGS: [&str; 5] = ["\\Seen", "\\Flagged", "\\Deleted", "\\Answered", "$Label1"];

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

#[derive(Clone, Debug, PartialEq, Eq)]
struct Message {
    uid: u32,
    subject: String,
    flags: BTreeSet<String>,
}

#[derive(Clone, Debug)]
struct Folder {
    next: u32,
    messages: Vec<Message>,
}

struct Model {
    root: String,
    folders: BTreeMap<usize, Folder>,
    selected: Option<usize>,
    counter: u32,
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
        1 => (any::<u8>(), any::<u8>()).prop_map(|(from, to)| Command::UidExpunge { from, to }),
        2 => (any::<u8>(), any::<u8>(), folder.clone()).prop_map(|(from, to, folder)| Command::Copy { from, to, folder }),
        2 => (any::<u8>(), any::<u8>(), folder).prop_map(|(from, to, folder)| Command::Move { from, to, folder }),
        1 => Just(Command::Close),
        1 => Just(Command::Noop),
    ]
}

#[test]
fn mailboxes_agree_with_a_plain_model_after_any_commands() {
    let home = Home::new();
    let daemon = home.start_with_accounts();
    let cases = Cell::new(0u32);
    let mut runner = TestRunner::new(Config {
        cases: 200,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&prop::collection::vec(command(), 1..40), |commands| {
        cases.set(cases.get() + 1);
        run(&daemon, &format!("case{}", cases.get()), &commands).map_err(TestCaseError::fail)
    });
    if let Err(fault) = outcome {
        panic!("{fault}");
    }
}

fn run(daemon: &Daemon<'_>, root: &str, commands: &[Command]) -> Result<(), String> {
    let mut imap = daemon.imap("ann@example.test");
    let mut model = Model::new(root);
    for name in FOLDERS {
        expect_ok(imap.command(&format!("CREATE {root}/{name}")))?;
    }
    for (number, command) in commands.iter().enumerate() {
        model
            .run(&mut imap, command)
            .map_err(|fault| format!("{number}: {command:?}: {fault}"))?;
    }
    // What another session sees is what the model says, in every folder.
    let mut other = daemon.imap("ann@example.test");
    for (index, folder) in &model.folders {
        expect_ok(other.command(&format!("EXAMINE {}", model.name(*index))))?;
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
        let folders = (0..FOLDERS.len()).map(|index| (index, empty.clone())).collect();
        Self {
            root: root.to_owned(),
            folders,
            selected: None,
            counter: 0,
        }
    }

    fn name(&self, folder: usize) -> String {
        format!("{}/{}", self.root, FOLDERS[folder])
    }

    fn run(&mut self, imap: &mut Imap, command: &Command) -> Result<(), String> {
        match command {
            Command::Append { folder, flags } => self.append(imap, *folder, *flags)?,
            Command::Select { folder } => {
                expect_ok(imap.command(&format!("SELECT {}", self.name(*folder))))?;
                self.selected = Some(*folder);
            }
            Command::Close => {
                if let Some(selected) = self.selected.take() {
                    expect_ok(imap.command("CLOSE"))?;
                    self.folder(selected)
                        .messages
                        .retain(|message| !message.flags.contains("\\Deleted"));
                }
            }
            Command::Noop => {
                expect_ok(imap.command("NOOP"))?;
            }
            _ => {
                if let Some(selected) = self.selected {
                    self.on_selected(imap, selected, command)?;
                }
            }
        }
        match self.selected {
            Some(selected) => self.folder(selected).clone().compare(imap),
            None => Ok(()),
        }
    }

    fn folder(&mut self, index: usize) -> &mut Folder {
        self.folders
            .get_mut(&index)
            .expect("all folders are in the model")
    }

    fn append(&mut self, imap: &mut Imap, folder: usize, flags: u8) -> Result<(), String> {
        self.counter += 1;
        let subject = format!("{}-{}", self.root, self.counter);
        let flags = chosen(flags);
        let list = flags.iter().cloned().collect::<Vec<_>>().join(" ");
        let text = format!("Subject: {subject}\r\n\r\nbody\r\n");
        let answer = expect_ok(imap.append(&self.name(folder), &list, text.as_bytes()))?;
        let target = self.folder(folder);
        let uid = target.next;
        target.next += 1;
        target.messages.push(Message { uid, subject, flags });
        let expected = format!(" {uid}]");
        if answer.tagged.contains(&expected) {
            Ok(())
        } else {
            Err(format!("expected UID {uid}: {}", answer.tagged))
        }
    }

    fn on_selected(&mut self, imap: &mut Imap, selected: usize, command: &Command) -> Result<(), String> {
        let count = self.folder(selected).messages.len();
        match *command {
            Command::Expunge => {
                expect_ok(imap.command("EXPUNGE"))?;
                self.folder(selected)
                    .messages
                    .retain(|message| !message.flags.contains("\\Deleted"));
            }
            _ if count == 0 => {}
            Command::Store {
                from,
                to,
                op,
                flags,
                by_uid,
            } => {
                let range = range(from, to, count);
                let sign = if op == '=' { String::new() } else { op.to_string() };
                let flags = chosen(flags);
                let list = flags.iter().cloned().collect::<Vec<_>>().join(" ");
                let folder = self.folder(selected);
                let (set, uid) = folder.set(&range, by_uid);
                expect_ok(imap.command(&format!("{uid}STORE {set} {sign}FLAGS ({list})")))?;
                for message in &mut folder.messages[range] {
                    match op {
                        '+' => message.flags.extend(flags.iter().cloned()),
                        '-' => message.flags.retain(|flag| !flags.contains(flag)),
                        _ => message.flags.clone_from(&flags),
                    }
                }
            }
            Command::UidExpunge { from, to } => {
                let range = range(from, to, count);
                let folder = self.folder(selected);
                let (set, _) = folder.set(&range, true);
                expect_ok(imap.command(&format!("UID EXPUNGE {set}")))?;
                let uids: BTreeSet<u32> = folder.messages[range].iter().map(|message| message.uid).collect();
                let goes =
                    |message: &Message| uids.contains(&message.uid) && message.flags.contains("\\Deleted");
                folder.messages.retain(|message| !goes(message));
            }
            Command::Copy { from, to, folder } => {
                self.transfer(imap, selected, folder, range(from, to, count), false)?;
            }
            Command::Move { from, to, folder } => {
                self.transfer(imap, selected, folder, range(from, to, count), true)?;
            }
            Command::Append { .. } | Command::Select { .. } | Command::Close | Command::Noop => {}
        }
        Ok(())
    }

    fn transfer(
        &mut self,
        imap: &mut Imap,
        from: usize,
        to: usize,
        range: std::ops::Range<usize>,
        moves: bool,
    ) -> Result<(), String> {
        let (set, _) = self.folder(from).set(&range, false);
        let verb = if moves { "MOVE" } else { "COPY" };
        expect_ok(imap.command(&format!("{verb} {set} {}", self.name(to))))?;
        let taken: Vec<Message> = self.folder(from).messages[range.clone()].to_vec();
        if moves {
            self.folder(from).messages.drain(range);
        }
        let target = self.folder(to);
        for mut message in taken {
            message.uid = target.next;
            target.next += 1;
            target.messages.push(message);
        }
        Ok(())
    }
}

impl Folder {
    /// The set for these messages, and the word UID when it holds UIDs.
    fn set(&self, range: &std::ops::Range<usize>, by_uid: bool) -> (String, &'static str) {
        if by_uid {
            let uids: Vec<_> = self.messages[range.clone()]
                .iter()
                .map(|message| message.uid.to_string())
                .collect();
            (uids.join(","), "UID ")
        } else {
            (format!("{}:{}", range.start + 1, range.end), "")
        }
    }

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

fn range(from: u8, to: u8, count: usize) -> std::ops::Range<usize> {
    let (from, to) = (usize::from(from) % count, usize::from(to) % count);
    from.min(to)..from.max(to) + 1
}

fn chosen(bits: u8) -> BTreeSet<String> {
    (0..FLAGS.len())
        .filter(|bit| bits & (1 << bit) != 0)
        .map(|bit| FLAGS[bit].to_owned())
        .collect()
}

/// UID, flags and subject of a FETCH response.
fn parse(text: &str) -> Option<Message> {
    let between =
        |before: &str, after: &str| Some(text.split_once(before)?.1.split_once(after)?.0.to_owned());
    let uid = between("UID ", " ")
        .or_else(|| between("UID ", ")"))?
        .parse()
        .ok()?;
    let flags = between("FLAGS (", ")")?
        .split_whitespace()
        .map(ToOwned::to_owned)
        .collect::<BTreeSet<_>>();
    let flags = flags.into_iter().filter(|flag| flag != "\\Recent").collect();
    Some(Message {
        uid,
        subject: between("Subject: ", "\r\n")?,
        flags,
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
