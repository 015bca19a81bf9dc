//! With the index or without: the same messages are found.
//!
//! Random mail (encodings, character sets, nested parts, headers folded and encoded, broken things) lies in a store;
//! random needles are asked for by the index and by a scan with the matcher, while the index is empty, half there, whole,
//! merged, after messages have gone, after a restart, and with files damaged or removed. The index may let too many pass,
//! never too few; and a whole index must let few pass.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use axigend_message::Walker;
use axigend_protocol::imap::{Inspection, Test};
use axigend_search::{IndexSettings, Question, SearchIndex, Sieve};
use axigend_storage::{
    BodyRef, Disk, Flags, Mailbox, MailboxLimits, MemoryDisk, NewMessage, Store, StoreOptions, SystemFlags,
};
use bytes::Bytes;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const DIR: &str = "/messages";

/// A store in memory with one mailbox.
struct Rig {
    disk: Arc<dyn Disk>,
    store: Arc<Store>,
    mailbox: Mailbox,
    index: Arc<SearchIndex>,
    runtime: tokio::runtime::Runtime,
}

impl Rig {
    fn new() -> Self {
        let disk: Arc<dyn Disk> = MemoryDisk::new();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (store, mailbox, index) = Self::open(&disk);
        runtime.block_on(mailbox.create_default_folders()).unwrap();
        Self {
            disk,
            store,
            mailbox,
            index,
            runtime,
        }
    }

    fn open(disk: &Arc<dyn Disk>) -> (Arc<Store>, Mailbox, Arc<SearchIndex>) {
        let options = StoreOptions {
            max_file_size: 20_000,
            ..StoreOptions::default()
        };
        let store = Store::open(Path::new(DIR), Arc::clone(disk), &options).unwrap();
        let mailbox = store.mailbox(1);
        let index = SearchIndex::new(&store);
        (store, mailbox, index)
    }

    fn restart(&mut self) {
        self.index.stop();
        self.store.close().unwrap();
        (self.store, self.mailbox, self.index) = Self::open(&self.disk);
    }

    fn append(&self, messages: &[Vec<u8>]) {
        let new = |message: &Vec<u8>| NewMessage {
            body: Arc::new(Bytes::from(message.clone())),
            flags: Flags::system(SystemFlags::NONE),
            internal_date: 0,
        };
        let all = messages.iter().map(new).collect();
        let appended = self.mailbox.append("INBOX", all, MailboxLimits::default());
        self.runtime.block_on(appended).unwrap();
    }

    fn remove(&self, which: impl Fn(u32) -> bool) {
        let uids = self
            .bodies()
            .into_iter()
            .map(|(uid, _)| uid)
            .filter(|uid| which(*uid));
        let folder = self.mailbox.folder("INBOX").unwrap().id;
        let gone = self.mailbox.expunge(folder, Some(uids.collect()), false);
        self.runtime.block_on(gone).unwrap();
    }

    fn bodies(&self) -> Vec<(u32, BodyRef)> {
        let folder = self.mailbox.folder("INBOX").unwrap().id;
        let rows = self.mailbox.messages(folder, 0, usize::MAX).unwrap();
        let bodies: Vec<_> = rows.iter().map(|row| (row.uid, row.body)).collect();
        let uids: Vec<u32> = rows.iter().map(|row| row.uid).collect();
        assert_eq!(self.mailbox.bodies(folder, &uids).unwrap(), bodies);
        bodies
    }

    fn files(&self) -> Vec<PathBuf> {
        let dir = Path::new(DIR).join("search");
        self.disk
            .list(&dir)
            .unwrap_or_default()
            .iter()
            .map(|name| dir.join(name))
            .collect()
    }

    /// Compares the index with a scan; returns how many candidates there were that do not pass, of messages indexed.
    fn compare(&self, tests: &[Test]) -> Result<usize, TestCaseError> {
        let bodies = self.bodies();
        let sieve = Sieve::new(&self.index, tests.iter().map(question));
        let possible = sieve.map(|mut sieve| sieve.sift(bodies.iter().map(|(_, body)| *body)));
        let mut in_vain = 0;
        for (place, (uid, body)) in bodies.iter().enumerate() {
            let message = self.store.read_blocking(*body, 0, usize::MAX).unwrap();
            for (number, passes) in scan(&message, tests).into_iter().enumerate() {
                let may = possible.as_ref().is_none_or(|rows| rows[place][number]);
                prop_assert!(
                    may || !passes,
                    "message {uid} was left out of {:?}:\n{}",
                    tests[number],
                    String::from_utf8_lossy(&message)
                );
                in_vain += usize::from(may && !passes);
            }
        }
        Ok(in_vain)
    }
}

fn question(test: &Test) -> Question<'_> {
    match test {
        Test::Field { name, needle } => Question::Field { name, needle },
        Test::Body { needle } => Question::Body(needle),
        Test::Text { needle } => Question::Text(needle),
        Test::Sent { .. } => Question::Other,
    }
}

/// What the matcher says, in pieces other than those that the index read.
fn scan(message: &[u8], tests: &[Test]) -> Vec<bool> {
    let mut inspection = Inspection::new(tests);
    let mut walker = Walker::new();
    walker.feed(message);
    let structure = walker.finish();
    inspection.header(&message[..structure.root.header.end as usize], true);
    for part in Inspection::parts(&structure) {
        inspection.begin(&part);
        let bytes = &message[part.range.start as usize..part.range.end as usize];
        let mut pieces = bytes.chunks(7).peekable();
        while let Some(piece) = pieces.next() {
            inspection.feed(piece, pieces.peek().is_none());
        }
    }
    inspection.passed()
}

/// Words that mail is made of; some share most of their trigrams.
const WORDS: [&str; 16] = [
    "invoice",
    "INVOICES",
    "meeting",
    "Grüße",
    "GRÜSSE",
    "straße",
    "İstanbul",
    "naïve",
    "日本語テスト",
    "абвгд",
    "banana",
    "ananas",
    "x",
    "=?utf-8?q?",
    "a@b.test",
    "\u{1F600}smile",
];

fn text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        4 => prop::sample::select(&WORDS[..]).prop_map(str::to_owned),
        1 => "[a-c]{1,6}",
        1 => "\\PC{1,5}",
    ];
    prop::collection::vec((word, prop::sample::select(&[" ", "\r\n", "", ", "][..])), 0..25)
        .prop_map(|words| words.into_iter().map(|(word, gap)| word + gap).collect())
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for (number, group) in bytes.chunks(3).enumerate() {
        let mut word = [0; 3];
        word[..group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes([0, word[0], word[1], word[2]]);
        for digit in 0..4 {
            out.push(if digit > group.len() {
                '='
            } else {
                char::from(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize])
            });
        }
        if number % 19 == 18 {
            out.push_str("\r\n");
        }
    }
    out
}

fn quoted(bytes: &[u8]) -> String {
    let mut out = String::new();
    for (place, byte) in bytes.iter().enumerate() {
        if place % 11 == 10 {
            out.push_str("=\r\n");
        }
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(*byte));
        } else {
            let _ = write!(out, "={byte:02X}");
        }
    }
    out
}

/// One part, header and body.
fn leaf() -> impl Strategy<Value = Vec<u8>> {
    let kind = prop::sample::select(&["plain", "html", "x"][..]);
    let charset = prop::sample::select(&["utf-8", "iso-8859-1", "utf-16le", "shift_jis", "klingon"][..]);
    (text(), kind, charset, 0..4_u8).prop_map(|(text, kind, charset, encoding)| {
        let bytes: Vec<u8> = match charset {
            "iso-8859-1" => text
                .chars()
                .map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?'))
                .collect(),
            "utf-16le" => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            _ => text.clone().into_bytes(),
        };
        let (name, body) = match encoding {
            0 => ("base64", base64(&bytes).into_bytes()),
            1 => ("quoted-printable", quoted(&bytes).into_bytes()),
            2 => ("8bit", bytes),
            _ => ("x-unknown", bytes),
        };
        let media = if kind == "x" {
            "application/x"
        } else if kind == "html" {
            "text/html"
        } else {
            "text/plain"
        };
        let head =
            format!("Content-Type: {media}; charset={charset}\r\nContent-Transfer-Encoding: {name}\r\n\r\n");
        [head.into_bytes(), body].concat()
    })
}

fn message() -> impl Strategy<Value = Vec<u8>> {
    let field = prop_oneof![
        text().prop_map(|text| format!("Subject: {}\r\n", text.replace("\r\n", "\r\n "))),
        text().prop_map(|text| format!(
            "Subject: =?utf-8?b?{}?=\r\n =?utf-8?q?{}?=\r\n",
            base64(text.as_bytes()).replace("\r\n", ""),
            quoted(b"more").replace("=\r\n", "")
        )),
        ("[a-c]{1,3}", "[a-c.]{1,5}").prop_map(|(name, domain)| format!(
            "To: \"{name} \\\"x\\\"\" <{name} . b @ (c) {domain}>, plain@{domain}\r\n"
        )),
        text().prop_map(|text| format!("X-Other{}: {}\r\n", text.len(), text.replace("\r\n", ""))),
        Just("Broken line\r\n".to_owned()),
    ];
    let parts = prop::collection::vec(leaf(), 0..4);
    (prop::collection::vec(field, 0..5), parts, 0..4_u8).prop_map(|(fields, parts, shape)| {
        let mut out: Vec<u8> = fields.concat().into_bytes();
        match (shape, parts.as_slice()) {
            (0, [part, ..]) => out.extend_from_slice(part),
            (1, [part, ..]) => {
                out.extend_from_slice(b"Content-Type: message/rfc822\r\n\r\nSubject: inner banana\r\n");
                out.extend_from_slice(part);
            }
            (2 | 3, parts) => {
                out.extend_from_slice(b"Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble\r\n");
                for part in parts {
                    out.extend_from_slice(b"--b\r\n");
                    out.extend_from_slice(part);
                    out.extend_from_slice(b"\r\n");
                }
                if shape == 2 {
                    out.extend_from_slice(b"--b--\r\nepilogue");
                }
            }
            _ => out.extend_from_slice(b"\r\nno parts at all"),
        }
        out
    })
}

fn needle() -> impl Strategy<Value = String> {
    let word = prop::sample::select(&WORDS[..]);
    prop_oneof![
        // A piece of what may be there, in any case.
        (word.clone(), 0..6_usize, 1..8_usize, any::<bool>()).prop_map(|(word, from, len, upper)| {
            let piece: String = word.chars().skip(from).take(len).collect();
            if upper { piece.to_uppercase() } else { piece }
        }),
        // A near miss.
        word.clone().prop_map(|word| word.replace('a', "e")),
        // Over a gap between words.
        (
            word.clone(),
            prop::sample::select(&[" ", "\r\n", ", ", ""][..]),
            word
        )
            .prop_map(|(left, gap, right)| format!("{left}{gap}{right}")),
        "[a-c]{0,4}",
        "@[a-c.]{1,4}",
    ]
}

fn test() -> impl Strategy<Value = Test> {
    let name = prop::sample::select(&["Subject", "to", "TO", "X-Other5", "broken", "Content-Type"][..]);
    prop_oneof![
        needle().prop_map(|needle| Test::Body { needle }),
        needle().prop_map(|needle| Test::Text { needle }),
        (name, needle()).prop_map(|(name, needle)| Test::Field {
            name: name.to_owned(),
            needle
        }),
    ]
}

fn settings() -> IndexSettings {
    IndexSettings {
        optimize_after: 0,
        vacuum_entries: 1,
        vacuum_percent: 1,
        ..IndexSettings::default()
    }
}

/// What happens between two comparisons.
#[derive(Clone, Debug)]
enum Event {
    Append(Vec<Vec<u8>>),
    Remove(u32),
    Index,
    Restart,
    /// Overwrite bytes of a file of the index.
    Damage(usize, u64),
    /// Cut a file, or remove it.
    Cut(usize, u64),
    RemoveAll,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => prop::collection::vec(message(), 1..6).prop_map(Event::Append),
        1 => (2..5_u32).prop_map(Event::Remove),
        4 => Just(Event::Index),
        1 => Just(Event::Restart),
        1 => (any::<usize>(), any::<u64>()).prop_map(|(file, at)| Event::Damage(file, at)),
        1 => (any::<usize>(), 0..3_u64).prop_map(|(file, len)| Event::Cut(file, len)),
        1 => Just(Event::RemoveAll),
    ]
}

fn happen(rig: &mut Rig, event: &Event) {
    match event {
        Event::Append(messages) => rig.append(messages),
        Event::Remove(every) => rig.remove(|uid| uid % every == 0),
        Event::Index => rig.index.catch_up(&settings()).unwrap(),
        Event::Restart => rig.restart(),
        Event::Damage(file, at) => {
            let files = rig.files();
            if let Some(path) = files.get(file % files.len().max(1)) {
                let file = rig.disk.open(path).unwrap();
                let len = file.len().unwrap().max(1);
                file.write_at(at % len, &[0xa5; 9]).unwrap();
            }
        }
        Event::Cut(file, len) => {
            let files = rig.files();
            if let Some(path) = files.get(file % files.len().max(1)) {
                if *len == 0 {
                    rig.disk.remove(path).unwrap();
                } else {
                    rig.disk.open(path).unwrap().set_len(len * 4096).unwrap();
                }
            }
        }
        Event::RemoveAll => {
            let _ = rig.disk.remove_dir_all(&Path::new(DIR).join("search"));
        }
    }
}

#[test]
fn the_index_never_hides_a_message() {
    let events = prop::collection::vec(event(), 1..14);
    let tests = prop::collection::vec(test(), 1..12);
    let mut runner = TestRunner::new(Config::with_cases(150));
    let outcome = runner.run(&(events, tests), |(events, tests)| {
        let mut rig = Rig::new();
        for event in &events {
            happen(&mut rig, event);
            rig.compare(&tests)?;
        }
        // Whatever happened, the index is whole again after a while, and then nothing is a candidate for nothing.
        rig.restart();
        rig.index.catch_up(&settings()).unwrap();
        rig.compare(&tests)?;
        rig.index.catch_up(&settings()).unwrap();
        rig.compare(&tests)?;
        let status = rig.index.status();
        prop_assert_eq!(status.documents, status.bodies);
        Ok(())
    });
    outcome.unwrap();
}

fn plain(number: u32) -> Vec<u8> {
    format!(
        "Subject: message {number}\r\nX-Common: needle\r\n\r\ntext of number {number} ends{number}here\r\n"
    )
    .into_bytes()
}

fn body(needle: &str) -> Test {
    Test::Body {
        needle: needle.to_owned(),
    }
}

#[test]
fn a_whole_index_leaves_little_to_read() {
    let rig = Rig::new();
    rig.append(&(0..500).map(plain).collect::<Vec<_>>());
    assert_eq!(rig.compare(&[body("ends77here")]).unwrap(), 499);
    rig.index.catch_up(&settings()).unwrap();
    assert_eq!(rig.compare(&[body("ends77here")]).unwrap(), 0);
    // What stands in every header is not looked for in bodies, and the other way round.
    let subject = |needle: &str| Test::Field {
        name: "Subject".into(),
        needle: needle.into(),
    };
    assert_eq!(
        rig.compare(&[body("needle"), subject("text of"), subject("message 123")])
            .unwrap(),
        0
    );
    // Too short for trigrams.
    assert!(Sieve::new(&rig.index, [Question::Body("ab"), Question::Other]).is_none());
}

#[test]
fn addresses_are_found_in_their_envelope_form() {
    let rig = Rig::new();
    rig.append(&[b"To: \"Jo \\\"x\\\"\" <john . doe @ (here) example.org>\r\n\r\n".to_vec()]);
    rig.index.catch_up(&settings()).unwrap();
    let to = |needle: &str| Test::Field {
        name: "to".into(),
        needle: needle.into(),
    };
    let tests = [to("John.Doe@example"), to("jo \"x\""), to("john.dee")];
    let bodies = rig.bodies();
    let message = rig.store.read_blocking(bodies[0].1, 0, usize::MAX).unwrap();
    assert_eq!(scan(&message, &tests), [true, true, false]);
    assert_eq!(rig.compare(&tests).unwrap(), 0);
}

#[test]
fn messages_that_come_later_are_candidates_until_they_are_indexed() {
    let mut rig = Rig::new();
    rig.append(&(0..10).map(plain).collect::<Vec<_>>());
    rig.index.catch_up(&settings()).unwrap();
    rig.append(&(10..13).map(plain).collect::<Vec<_>>());
    assert_eq!(rig.compare(&[body("ends5here")]).unwrap(), 3);
    rig.restart();
    // Before it has been loaded the index says nothing.
    assert!(Sieve::for_counting(&rig.index).is_none());
    rig.index.catch_up(&settings()).unwrap();
    assert_eq!(rig.compare(&[body("ends5here")]).unwrap(), 0);
    assert_eq!(rig.index.status().documents, 13);
}

#[test]
fn thresholds_decide_when_segments_are_merged_and_cleaned() {
    let rig = Rig::new();
    let lazy = IndexSettings {
        optimize_after: 1000,
        vacuum_entries: 1000,
        ..settings()
    };
    for number in 0..8 {
        rig.append(&[plain(number)]);
        rig.index.catch_up(&lazy).unwrap();
    }
    assert_eq!(rig.index.status().segments, 8);
    rig.remove(|uid| uid % 2 == 0);
    rig.index.catch_up(&lazy).unwrap();
    assert_eq!((rig.index.status().documents, rig.index.status().bodies), (8, 4));
    let share = IndexSettings {
        vacuum_entries: 1,
        vacuum_percent: 51,
        ..lazy.clone()
    };
    rig.index.catch_up(&share).unwrap();
    assert_eq!(rig.index.status().documents, 8);
    rig.index.catch_up(&settings()).unwrap();
    assert_eq!(
        (rig.index.status().documents, rig.index.status().segments),
        (4, 1)
    );
    assert_eq!(rig.compare(&[body("ends4here"), body("ends5here")]).unwrap(), 0);
    // A pile of segments is merged whatever the threshold says.
    for number in 8..50 {
        rig.append(&[plain(number)]);
        rig.index.catch_up(&lazy).unwrap();
    }
    assert!(rig.index.status().segments <= 33, "{:?}", rig.index.status());
    assert_eq!(rig.files().len() as u64, rig.index.status().segments);
}

#[test]
fn a_segment_of_other_mail_at_the_same_places_is_thrown_away() {
    let mut rig = Rig::new();
    rig.append(&(0..10).map(plain).collect::<Vec<_>>());
    rig.index.catch_up(&settings()).unwrap();
    let saved: Vec<(PathBuf, Vec<u8>)> = rig
        .files()
        .into_iter()
        .map(|path| {
            let file = rig.disk.open(&path).unwrap();
            let mut bytes = vec![0; file.len().unwrap() as usize];
            file.read_at(0, &mut bytes).unwrap();
            (path, bytes)
        })
        .collect();
    // Another store in the same directory, with mail of the same sizes.
    rig.index.stop();
    rig.store.close().unwrap();
    rig.disk.remove_dir_all(Path::new(DIR)).unwrap();
    let disk = Arc::clone(&rig.disk);
    (rig.store, rig.mailbox, rig.index) = Rig::open(&disk);
    rig.runtime
        .block_on(rig.mailbox.create_default_folders())
        .unwrap();
    rig.append(&(10..20).map(plain).collect::<Vec<_>>());
    rig.disk.create_dir_all(&Path::new(DIR).join("search")).unwrap();
    for (path, bytes) in saved {
        rig.disk.create(&path).unwrap().write_at(0, &bytes).unwrap();
    }
    rig.restart();
    rig.index.catch_up(&settings()).unwrap();
    assert_eq!(rig.compare(&[body("ends15here"), body("ends5here")]).unwrap(), 0);
}

#[test]
fn a_message_without_end_of_trigrams_is_always_a_candidate() {
    let rig = Rig::new();
    let noise: String = (0_u32..600_000)
        .filter_map(|number| char::from_u32(0x10000 + number.wrapping_mul(2_654_435_761) % 0x10_0000))
        .collect();
    rig.append(&[
        plain(1),
        format!("Subject: noise\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{noise}").into_bytes(),
        plain(3),
    ]);
    rig.index.catch_up(&settings()).unwrap();
    assert_eq!(rig.index.status().documents, 2);
    assert_eq!(rig.compare(&[body("ends3here")]).unwrap(), 1);
}
