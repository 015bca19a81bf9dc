//! Runs transcripts (`tests/transcripts/README.md`) against sessions without sockets: tests only.
//!
//! The same files run against the started daemon. Here a [`Stage`] plays the server; lines of set-up (`>`) are for
//! the daemon, and `#! word ...` lines tell the stage what they bring about.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use crate::session::{Session, Step, TlsFacts};

/// What plays the server of a protocol.
pub(crate) trait Stage {
    /// The protocol.
    type Session: Session;
    /// A new connection, in clear or with TLS from the first byte.
    fn open(&mut self, tls: bool) -> Self::Session;
    /// Answers a question of this connection.
    fn answer(
        &mut self,
        connection: u32,
        request: <Self::Session as Session>::Request,
    ) -> <Self::Session as Session>::Answer;
    /// A `#!` line.
    fn direct(&mut self, words: &[&str]);
    /// How many bytes at the head of what was heard make one `S:`.
    fn unit(heard: &[u8]) -> Option<usize>;
}

/// All transcripts of a folder.
pub(crate) fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/transcripts")
        .join(folder);
    let mut found: Vec<_> = fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    found.sort();
    assert!(!found.is_empty(), "no transcripts in {}", folder.display());
    found
}

/// Runs one transcript; panics with line, expectation and what came.
pub(crate) fn run<S: Stage>(name: &str, text: &str, stage: &mut S) {
    let mut runner = Runner {
        stage,
        connections: BTreeMap::new(),
        bound: BTreeMap::new(),
    };
    for (at, line) in text.lines().enumerate() {
        if let Err(fault) = runner.line(line) {
            panic!("{name}:{}: {line}\n{fault}", at + 1);
        }
    }
}

/// One connection whose network is two vectors.
pub(crate) struct Connection<S> {
    session: S,
    /// What the server said and nobody has looked at.
    pub(crate) heard: Vec<u8>,
    pub(crate) closed: bool,
    start_tls: bool,
}

impl<S: Session> Connection<S> {
    pub(crate) fn new(session: S) -> Self {
        Self {
            session,
            heard: Vec::new(),
            closed: false,
            start_tls: false,
        }
    }

    pub(crate) fn session(&mut self) -> &mut S {
        &mut self.session
    }

    /// Goes on until the session waits for the client.
    pub(crate) fn go_on(&mut self, mut answer: impl FnMut(S::Request) -> S::Answer) {
        while !self.closed {
            match self.session.next() {
                Step::Write(bytes) => self.heard.extend(bytes),
                Step::Ask(request) => self.session.answer(answer(request)),
                Step::StartTls => {
                    self.start_tls = true;
                    return;
                }
                Step::Close => self.closed = true,
                Step::Read | Step::Listen => return,
            }
        }
    }
}

struct Runner<'a, S: Stage> {
    stage: &'a mut S,
    connections: BTreeMap<u32, Connection<S::Session>>,
    bound: BTreeMap<String, String>,
}

impl<S: Stage> Runner<'_, S> {
    fn line(&mut self, line: &str) -> Result<(), String> {
        if let Some(words) = line.strip_prefix("#! ") {
            self.stage.direct(&words.split(' ').collect::<Vec<_>>());
            return Ok(());
        }
        let side = line.chars().next().unwrap_or(' ');
        let rest = line.get(1..).unwrap_or_default();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let connection = rest
            .get(..digits)
            .and_then(|digits| digits.parse().ok())
            .unwrap_or(1);
        let mut mark = rest.get(digits..).unwrap_or_default().chars();
        let kind = mark.next().unwrap_or(' ');
        let text = mark.as_str().strip_prefix(' ').unwrap_or(mark.as_str());
        match (side, kind) {
            ('C', ':') => self.send(connection, &format!("{text}\\r\\n")),
            ('C', '+') => self.send(connection, text),
            ('C', '!') => self.act(connection, text),
            ('S', ':' | '+' | '?') => self.expect(connection, text, kind),
            ('S', '!') => self.expect_close(connection),
            _ => Ok(()),
        }
    }

    fn open(&mut self, connection: u32, tls: bool) {
        let session = self.stage.open(tls);
        self.connections.insert(connection, Connection::new(session));
        self.go_on(connection);
    }

    fn go_on(&mut self, connection: u32) -> &mut Connection<S::Session> {
        if !self.connections.contains_key(&connection) {
            self.open(connection, false);
        }
        let stage = &mut *self.stage;
        let open = self
            .connections
            .get_mut(&connection)
            .unwrap_or_else(|| unreachable!("just opened"));
        open.go_on(|request| stage.answer(connection, request));
        open
    }

    fn send(&mut self, connection: u32, text: &str) -> Result<(), String> {
        let bytes = literal(&self.substitute(text)?);
        for piece in bytes.chunks(crate::session::INPUT_CHUNK) {
            self.go_on(connection).session.input(piece);
        }
        self.go_on(connection);
        Ok(())
    }

    fn act(&mut self, connection: u32, text: &str) -> Result<(), String> {
        match text {
            "open" => self.open(connection, false),
            "open tls" => self.open(connection, true),
            "close" => {
                self.go_on(connection).session.end_of_input();
                self.go_on(connection);
            }
            "starttls" => {
                let open = self.go_on(connection);
                if !std::mem::take(&mut open.start_tls) {
                    return Err("the session does not want TLS now".to_owned());
                }
                open.session.secured(TlsFacts::default());
                self.go_on(connection);
            }
            _ => return Err("unknown act".to_owned()),
        }
        Ok(())
    }

    fn expect(&mut self, connection: u32, pattern: &str, kind: char) -> Result<(), String> {
        loop {
            let open = self.go_on(connection);
            let end = if kind == '+' {
                line_end(&open.heard)
            } else {
                S::unit(&open.heard)
            };
            let end = end
                .ok_or_else(|| format!("nothing more came but {:?}", String::from_utf8_lossy(&open.heard)))?;
            let unit: Vec<u8> = open.heard.drain(..end).collect();
            let text = String::from_utf8_lossy(&unit)
                .trim_end_matches("\r\n")
                .replace("\r\n", "\n");
            if pattern == "..." || self.fits(pattern, &text)? {
                if kind != '?' {
                    return Ok(());
                }
            } else if kind == '?' {
                let open = self.go_on(connection);
                open.heard.splice(..0, unit);
                return Ok(());
            } else {
                return Err(format!("got {text:?}"));
            }
        }
    }

    fn expect_close(&mut self, connection: u32) -> Result<(), String> {
        let open = self.go_on(connection);
        if open.closed && open.heard.is_empty() {
            return Ok(());
        }
        Err(format!(
            "closed: {}, heard {:?}",
            open.closed,
            String::from_utf8_lossy(&open.heard)
        ))
    }

    fn substitute(&self, text: &str) -> Result<String, String> {
        let mut parts = text.split('$');
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let end = part.find(|c: char| !c.is_alphanumeric()).unwrap_or(part.len());
            let (name, rest) = part.split_at(end);
            out.push_str(
                self.bound
                    .get(name)
                    .ok_or_else(|| format!("${name} is not bound"))?,
            );
            out.push_str(rest);
        }
        Ok(out)
    }

    /// Whether the whole text fits; `$name` is bound where it is seen first.
    fn fits(&mut self, pattern: &str, text: &str) -> Result<bool, String> {
        let Some(at) = pattern.find('$') else {
            return Ok(matches(&tokens(pattern), text));
        };
        let after = pattern.get(at + 1..).unwrap_or_default();
        let end = after.find(|c: char| !c.is_alphanumeric()).unwrap_or(after.len());
        let name = after.get(..end).unwrap_or_default();
        if self.bound.contains_key(name) {
            let known = self.substitute(pattern.get(..=at + end).unwrap_or_default())?;
            let pattern = format!("{known}{}", after.get(end..).unwrap_or_default());
            return self.fits(&pattern, text);
        }
        for len in 1..=text.len() {
            for from in 0..=text.len() - len {
                let Some(value) = text.get(from..from + len) else {
                    continue;
                };
                let tried = format!(
                    "{}{value}{}",
                    pattern.get(..at).unwrap_or_default(),
                    after.get(end..).unwrap_or_default()
                );
                if !tried.contains('$') && matches(&tokens(&tried), text) {
                    self.bound.insert(name.to_owned(), value.to_owned());
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// The first line with its end.
pub(crate) fn line_end(heard: &[u8]) -> Option<usize> {
    memchr::memchr(b'\n', heard).map(|at| at + 1)
}

/// A pattern as bytes and stars (`None`).
fn tokens(pattern: &str) -> Vec<Option<u8>> {
    let mut found = Vec::new();
    let mut rest = pattern;
    while let Some(at) = rest.find(['*', '\\']) {
        let (before, special) = rest.split_at(at);
        found.extend(before.bytes().map(Some));
        let width = match special.as_bytes() {
            [b'\\', b'x', ..] => 4,
            [b'\\', ..] => 2,
            _ => 1,
        };
        let (special, after) = special.split_at(width.min(special.len()));
        if special == "*" {
            found.push(None);
        } else {
            found.extend(literal(special).into_iter().map(Some));
        }
        rest = after;
    }
    found.extend(rest.bytes().map(Some));
    found
}

fn matches(pattern: &[Option<u8>], text: &str) -> bool {
    fn go(pattern: &[Option<u8>], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, rest) => rest.is_none(),
            (Some((None, after)), None) => go(after, text),
            (Some((None, after)), Some((_, rest))) => go(after, text) || go(pattern, rest),
            (Some((Some(wanted), after)), Some((octet, rest))) => wanted == octet && go(after, rest),
            (Some((Some(_), _)), None) => false,
        }
    }
    go(pattern, text.as_bytes())
}

/// Resolves the escapes.
fn literal(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut octets = text.bytes();
    while let Some(octet) = octets.next() {
        if octet != b'\\' {
            out.push(octet);
            continue;
        }
        match octets.next() {
            Some(b'r') => out.push(b'\r'),
            Some(b'n') => out.push(b'\n'),
            Some(b't') => out.push(b'\t'),
            Some(b'0') => out.push(0),
            Some(b'x') => {
                let digits: String = octets.by_ref().take(2).map(char::from).collect();
                out.push(u8::from_str_radix(&digits, 16).unwrap_or(b'?'));
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}
