//! The server that SMTP sessions talk to in tests: two accounts, one domain, a queue in memory.

use std::{collections::BTreeMap, sync::Arc};

use axigen_shared::{Cause, Refusal};

use crate::{
    sasl::Credentials,
    session::Peer,
    smtp::{Answer, Opened, Request, Route, Session, Settings, SmtpPolicy, Submission},
    transcript::{Connection, Stage},
};

/// Accounts `ann` and `bob` of `example.test`, password `Secret-1`.
pub(super) struct World {
    pub settings: Settings,
    /// Addresses whose mailbox is full.
    full: Vec<String>,
    /// What fails, and why: the name of a request and the cause.
    pub failing: Option<(&'static str, Cause)>,
    /// Messages in progress, by connection.
    open: BTreeMap<u32, Vec<u8>>,
    /// What was queued.
    pub queued: Vec<(Submission, Vec<u8>)>,
    /// Questions asked, by name.
    pub asked: Vec<&'static str>,
}

impl World {
    pub(super) fn new() -> Self {
        let settings = Settings {
            server_name: "mail.example.test".into(),
            primary_domain: "example.test".into(),
            max_errors: 10,
            max_auth_errors: 5,
            policy: Arc::new(SmtpPolicy::default()),
        };
        let (full, open, queued, asked) = (Vec::new(), BTreeMap::new(), Vec::new(), Vec::new());
        Self {
            settings,
            full,
            failing: None,
            open,
            queued,
            asked,
        }
    }

    pub(super) fn with_policy(change: impl FnOnce(&mut SmtpPolicy)) -> Self {
        let mut world = Self::new();
        let mut policy = SmtpPolicy::default();
        change(&mut policy);
        world.settings.policy = Arc::new(policy);
        world
    }

    pub(super) fn connect(&self, tls: bool) -> Session {
        let peer = Peer {
            remote: Some(([192, 0, 2, 7], 40001).into()),
            local: Some(([127, 0, 0, 1], 25).into()),
            uid: None,
            session_id: 1,
            tls: tls.then(Default::default),
            can_start_tls: true,
        };
        Session::new(self.settings.clone(), peer)
    }

    /// What a client hears that says all this, in these pieces, and then waits.
    pub(super) fn hear<'a>(&mut self, pieces: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
        let mut connection = Connection::new(self.connect(false));
        connection.go_on(|request| self.answer(1, request));
        for piece in pieces {
            crate::session::Session::input(connection.session(), piece);
            connection.go_on(|request| self.answer(1, request));
        }
        connection.heard
    }

    fn fails<T>(&self, name: &'static str, good: T) -> Result<T, Refusal> {
        match self.failing {
            Some((failing, cause)) if failing == name => Err(Refusal::new(cause, "as the test wants it")),
            _ => Ok(good),
        }
    }

    fn recipient(&self, address: &str) -> Result<Route, Refusal> {
        let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
        match (
            local.to_ascii_lowercase().as_str(),
            domain.to_ascii_lowercase().as_str(),
        ) {
            (_, "disabled.test") => Err(Refusal::new(Cause::DomainDisabled, "")),
            _ if self.full.iter().any(|full| full == address) => Err(Refusal::new(Cause::OverQuota, "")),
            ("ann" | "bob" | "postmaster", "example.test") | ("postmaster", "under_score.test") => {
                Ok(Route::Local)
            }
            ("closed", "example.test") => Err(Refusal::new(Cause::NotPermitted, "smtpIncoming is off")),
            (_, "example.test" | "under_score.test" | "b\u{fc}cher.test") => {
                Err(Refusal::new(Cause::NoSuchAccount, ""))
            }
            _ => Ok(Route::Remote),
        }
    }
}

fn verify(credentials: &Credentials) -> Result<String, Refusal> {
    let name = credentials
        .login
        .strip_suffix("@example.test")
        .unwrap_or(&credentials.login);
    if matches!(name, "ann" | "bob") && credentials.password.as_bytes() == b"Secret-1" {
        Ok(format!("{name}@example.test"))
    } else {
        Err(Refusal::new(Cause::AuthenticationFailed, ""))
    }
}

impl Stage for World {
    type Session = Session;

    fn open(&mut self, tls: bool) -> Session {
        self.connect(tls)
    }

    fn answer(&mut self, connection: u32, request: Request) -> Answer {
        let (name, answer) = match request {
            Request::Authenticate(credentials) => {
                let verified = self.fails("Authenticate", ()).and_then(|()| verify(&credentials));
                ("Authenticate", Answer::Authenticated(verified))
            }
            Request::Sender { .. } => ("Sender", Answer::Sender(self.fails("Sender", ()))),
            Request::Recipient { address, .. } => {
                let found = self
                    .fails("Recipient", ())
                    .and_then(|()| self.recipient(&address));
                ("Recipient", Answer::Recipient(found))
            }
            Request::Open { .. } => {
                self.open.insert(connection, Vec::new());
                let opened = Opened {
                    id: "2C2605".into(),
                    date: "Thu, 15 Jan 2026 09:30:00 +0100".into(),
                };
                ("Open", Answer::Opened(self.fails("Open", opened)))
            }
            Request::Chunk(bytes) => {
                assert!(bytes.len() <= crate::smtp::BODY_CHUNK);
                self.open
                    .get_mut(&connection)
                    .map(|open| open.extend(bytes))
                    .unwrap_or_default();
                ("Chunk", Answer::Taken(self.fails("Chunk", ())))
            }
            Request::Commit(submission) => {
                let message = self.open.remove(&connection).unwrap_or_default();
                let done = self.fails("Commit", ());
                if done.is_ok() {
                    self.queued.push((*submission, message));
                }
                ("Commit", Answer::Committed(done))
            }
            Request::Discard => {
                self.open.remove(&connection);
                ("Discard", Answer::Discarded)
            }
        };
        self.asked.push(name);
        answer
    }

    fn direct(&mut self, words: &[&str]) {
        match words {
            ["full", address] => self.full.push((*address).to_owned()),
            ["max_errors", number] => self.settings.max_errors = number.parse().expect("a number"),
            _ => panic!("unknown direction {words:?}"),
        }
    }

    /// A reply, however many lines.
    fn unit(heard: &[u8]) -> Option<usize> {
        let mut at = 0;
        for line in heard.split_inclusive(|octet| *octet == b'\n') {
            at += line.len();
            if line.ends_with(b"\n") && line.get(3) != Some(&b'-') {
                return Some(at);
            }
        }
        None
    }
}
