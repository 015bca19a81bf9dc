//! A client that goes away and comes back with QRESYNC knows after it what a client knows that asks for everything.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use proptest::prelude::{Just, Strategy, prop_assert_eq, prop_oneof, proptest};

use super::{client::Client, store::Store};

/// What happens in the mailbox.
#[derive(Clone, Debug)]
enum Act {
    Append,
    Store {
        uid: u32,
        flag: &'static str,
        op: &'static str,
    },
    Expunge {
        uid: u32,
    },
    Move {
        uid: u32,
    },
    Close,
}

/// How the client comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// With its MODSEQ alone.
    Plain,
    /// Naming the UIDs that it has.
    Known,
    /// Naming message numbers, too.
    Matching,
    /// By UID FETCH … VANISHED after a plain SELECT.
    Fetch,
}

fn act() -> impl Strategy<Value = Act> {
    let flag = proptest::sample::select(vec!["\\Deleted", "\\Seen", "$Label"]);
    let op = proptest::sample::select(vec!["+FLAGS", "-FLAGS", "FLAGS"]);
    prop_oneof![
        3 => Just(Act::Append),
        4 => (1_u32..25, flag, op).prop_map(|(uid, flag, op)| Act::Store { uid, flag, op }),
        3 => (1_u32..25).prop_map(|uid| Act::Expunge { uid }),
        1 => (1_u32..25).prop_map(|uid| Act::Move { uid }),
        1 => Just(Act::Close),
    ]
}

fn rounds() -> impl Strategy<Value = Vec<(How, Vec<Act>, Vec<Act>)>> {
    let how = proptest::sample::select(vec![How::Plain, How::Known, How::Matching, How::Fetch]);
    let acts = || proptest::collection::vec(act(), 0..12);
    proptest::collection::vec((how, acts(), acts()), 1..6)
}

/// What a client keeps while it is away.
#[derive(Default)]
struct Kept {
    uid_validity: u32,
    modseq: u64,
    flags: BTreeMap<u32, String>,
}

/// The number after this word.
fn number(line: &str, before: &str) -> Option<u64> {
    let rest = line.split_once(before)?.1;
    rest.split(|letter: char| !letter.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

fn set(uids: impl Iterator<Item = u32>) -> String {
    uids.map(|uid| uid.to_string()).collect::<Vec<_>>().join(",")
}

impl Kept {
    fn hear(&mut self, answer: &[String]) {
        for line in answer {
            if let Some(gone) = line.strip_prefix("* VANISHED ") {
                let gone = gone.strip_prefix("(EARLIER) ").unwrap_or(gone);
                for range in gone.split(',') {
                    let (first, last) = range.split_once(':').unwrap_or((range, range));
                    let (first, last): (u32, u32) = (first.parse().unwrap(), last.parse().unwrap());
                    self.flags.retain(|uid, _| *uid < first || *uid > last);
                }
            } else if line.contains(" FETCH (") {
                let uid = number(line, "UID ").expect("a UID in every FETCH after ENABLE QRESYNC");
                if let Some((_, flags)) = line.split_once("FLAGS (") {
                    let flags = flags.split(')').next().unwrap().replace("\\Recent", "");
                    self.flags.insert(uid as u32, flags.trim().to_owned());
                }
                assert!(line.contains("MODSEQ (") || !line.contains("FLAGS"), "{line}");
            } else if let Some(modseq) = number(line, "[HIGHESTMODSEQ ") {
                self.modseq = modseq;
            } else if let Some(validity) = number(line, "[UIDVALIDITY ") {
                self.uid_validity = validity as u32;
            }
            assert!(!line.contains("EXPUNGE\r"), "{line}");
        }
    }

    /// Comes back.
    fn open(&mut self, client: &mut Client, how: How) {
        client.log_in();
        client.command("ENABLE QRESYNC");
        let (validity, modseq) = (self.uid_validity, self.modseq);
        let known = set(self.flags.keys().copied());
        let numbers = set(1..=self.flags.len() as u32);
        let known_or_all = if known.is_empty() { "1:4294967295" } else { &known };
        let command = match how {
            _ if validity == 0 => "SELECT INBOX".to_owned(),
            How::Fetch => "SELECT INBOX".to_owned(),
            How::Known => format!("SELECT INBOX (QRESYNC ({validity} {modseq} {known_or_all}))"),
            How::Matching if !known.is_empty() => {
                format!("SELECT INBOX (QRESYNC ({validity} {modseq} {known} ({numbers} {known})))")
            }
            _ => format!("SELECT INBOX (QRESYNC ({validity} {modseq}))"),
        };
        let answer = client.command(&command);
        assert!(
            answer.last().is_some_and(|line| line.starts_with("t OK")),
            "{answer:?}"
        );
        self.hear(&answer);
        if how == How::Fetch {
            let since = modseq.max(1);
            let answer = client.command(&format!("UID FETCH 1:* FLAGS (CHANGEDSINCE {since} VANISHED)"));
            self.hear(&answer);
        }
        // What came is known by UIDNEXT; it is asked for as any client does.
        let next = self.flags.keys().next_back().map_or(1, |uid| uid + 1);
        let answer = client.command(&format!("UID FETCH {next}:* (FLAGS MODSEQ)"));
        self.hear(&answer);
    }
}

/// Does it, and hears of it.
fn perform(client: &mut Client, act: &Act, kept: &mut Kept) {
    let commands = match act {
        Act::Append => {
            client.send(b"t APPEND INBOX {14+}\r\nSubject: a\r\n\r\n\r\n");
            vec!["NOOP".to_owned()]
        }
        Act::Store { uid, flag, op } => vec![format!("UID STORE {uid} {op} ({flag})")],
        Act::Expunge { uid } => {
            vec![
                format!("UID STORE {uid} +FLAGS.SILENT (\\Deleted)"),
                format!("UID EXPUNGE {uid}"),
            ]
        }
        Act::Move { uid } => vec![format!("UID MOVE {uid} Trash")],
        Act::Close => {
            // The client knows which go: those that it knows to be \Deleted.
            client
                .command("NOOP")
                .iter()
                .for_each(|line| kept.hear(std::slice::from_ref(line)));
            kept.flags.retain(|_, flags| !flags.contains("\\Deleted"));
            vec![
                "CLOSE".to_owned(),
                format!("SELECT INBOX (QRESYNC ({} {}))", kept.uid_validity, kept.modseq),
            ]
        }
    };
    for command in commands {
        let answer = client.command(&command);
        kept.hear(&answer);
        let next = kept.flags.keys().next_back().map_or(1, |uid| uid + 1);
        kept.hear(&client.command(&format!("UID FETCH {next}:* (FLAGS MODSEQ)")));
    }
}

fn truth(store: &Rc<RefCell<Store>>) -> BTreeMap<u32, String> {
    let mut client = Client::new(store);
    client.log_in();
    client.command("EXAMINE INBOX");
    let mut kept = Kept::default();
    kept.hear(&client.command("UID FETCH 1:* (FLAGS MODSEQ)"));
    kept.flags
}

proptest! {
    #[test]
    fn coming_back_is_as_good_as_asking_for_everything(rounds in rounds()) {
        let store = Store::new();
        let mut kept = Kept::default();
        for (how, away, there) in &rounds {
            let mut other = Client::new(&store);
            other.log_in();
            other.command("ENABLE QRESYNC");
            let mut others = Kept::default();
            others.hear(&other.command("SELECT INBOX"));
            for act in away {
                perform(&mut other, act, &mut others);
            }
            let mut client = Client::new(&store);
            kept.open(&mut client, *how);
            prop_assert_eq!(&kept.flags, &truth(&store), "{:?} {:?}", how, away);
            for act in there {
                perform(&mut client, act, &mut kept);
            }
            let news = client.command("NOOP");
            kept.hear(&news);
            prop_assert_eq!(&kept.flags, &truth(&store), "{:?}", there);
        }
    }
}
