//! Two clients on one mailbox: each keeps its own picture from what it is told, and the pictures stay true.

use proptest::prelude::{Just, Strategy, prop_assert_eq, prop_oneof, proptest};

use super::{client::Client, store::Store};

/// What one client does.
#[derive(Clone, Debug)]
enum Act {
    Append,
    Store {
        place: usize,
        flag: &'static str,
        op: &'static str,
        silent: bool,
    },
    Expunge,
    Move {
        place: usize,
    },
    Search,
    Fetch {
        place: usize,
    },
    Noop,
    Idle,
}

fn acts() -> impl Strategy<Value = Vec<(bool, Act)>> {
    let flag = proptest::sample::select(vec!["\\Deleted", "\\Seen", "$Label"]);
    let op = proptest::sample::select(vec!["+FLAGS", "-FLAGS", "FLAGS"]);
    let act = prop_oneof![
        Just(Act::Append),
        (0_usize..8, flag, op, proptest::bool::ANY).prop_map(|(place, flag, op, silent)| Act::Store {
            place,
            flag,
            op,
            silent
        }),
        Just(Act::Expunge),
        (0_usize..8).prop_map(|place| Act::Move { place }),
        Just(Act::Search),
        (0_usize..8).prop_map(|place| Act::Fetch { place }),
        Just(Act::Noop),
        Just(Act::Idle),
    ];
    proptest::collection::vec((proptest::bool::ANY, act), 0..40)
}

/// A client with what it believes: one entry per message number, its flags if it was told.
struct Believer {
    client: Client,
    flags: Vec<Option<Vec<String>>>,
}

impl Believer {
    fn new(mut client: Client, condstore: bool) -> Self {
        client.log_in();
        let mut believer = Self {
            client,
            flags: Vec::new(),
        };
        believer.run(if condstore {
            "SELECT INBOX (CONDSTORE)"
        } else {
            "SELECT INBOX"
        });
        believer
    }

    fn run(&mut self, command: &str) -> Vec<String> {
        let responses = self.client.command(command);
        for line in &responses {
            self.believe(line);
        }
        responses
    }

    fn believe(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["*", number, "EXISTS", ..] => {
                let count: usize = number.parse().unwrap();
                assert!(count >= self.flags.len(), "EXISTS never shrinks the mailbox");
                self.flags.resize(count, None);
            }
            ["*", number, "EXPUNGE", ..] => {
                let number: usize = number.parse().unwrap();
                self.flags.remove(number - 1);
            }
            ["*", number, "FETCH", ..] => {
                let number: usize = number.parse().unwrap();
                if let Some((_, rest)) = line.split_once("FLAGS (") {
                    self.flags[number - 1] = Some(sorted(rest.split(')').next().unwrap()));
                }
            }
            _ => {}
        }
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Append => {
                self.client
                    .send(b"t APPEND INBOX {14+}\r\nSubject: a\r\n\r\n\r\n");
                self.listen();
            }
            Act::Store {
                place,
                flag,
                op,
                silent,
            } if *place < self.flags.len() => {
                let suffix = if *silent { ".SILENT" } else { "" };
                if *silent {
                    self.flags[*place] = None;
                }
                self.run(&format!("STORE {} {op}{suffix} ({flag})", place + 1));
            }
            Act::Move { place } if *place < self.flags.len() => {
                drop(self.run(&format!("MOVE {} Trash", place + 1)));
            }
            Act::Fetch { place } if *place < self.flags.len() => {
                drop(self.run(&format!("FETCH {} (FLAGS BODY[])", place + 1)));
            }
            Act::Search => drop(self.run("SEARCH ALL")),
            Act::Expunge => drop(self.run("EXPUNGE")),
            Act::Noop => drop(self.run("NOOP")),
            Act::Idle => {
                self.client.send(b"t IDLE\r\n");
                self.client.wake();
                self.client.send(b"DONE\r\n");
                self.listen();
            }
            _ => {}
        }
    }

    fn listen(&mut self) {
        while let Some(response) = self.client.response() {
            self.believe(&String::from_utf8_lossy(&response));
        }
    }
}

fn sorted(flags: &str) -> Vec<String> {
    let mut flags: Vec<String> = flags
        .split(' ')
        .filter(|flag| !flag.is_empty())
        .map(str::to_owned)
        .collect();
    flags.retain(|flag| flag != "\\Recent");
    flags.sort();
    flags
}

proptest! {
    #[test]
    fn pictures_stay_true(acts in acts(), condstore: bool) {
        let store = Store::new();
        let mut pair =
            [Believer::new(Client::new(&store), condstore), Believer::new(Client::new(&store), false)];
        for (second, act) in &acts {
            pair[usize::from(*second)].act(act);
        }
        for believer in &mut pair {
            believer.run("NOOP");
            let told = believer.flags.clone();
            believer.flags.iter_mut().for_each(|flags| *flags = None);
            let count = believer.flags.len();
            if count > 0 {
                let answer = believer.run("FETCH 1:* FLAGS");
                let fetched = answer.iter().filter(|line| line.contains(" FETCH (")).count();
                prop_assert_eq!(fetched, count, "{:?}", answer);
            }
            for (told, truth) in told.iter().zip(&believer.flags) {
                if told.is_some() {
                    prop_assert_eq!(told, truth);
                }
            }
        }
    }
}
