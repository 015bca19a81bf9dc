//! The server that POP3 sessions talk to in tests: two accounts with a few messages.

use std::collections::BTreeMap;

use axigen_shared::{Cause, Refusal};
use bytes::Bytes;

use crate::{
    pop3::{Answer, Maildrop, Message, Request, Session, Settings},
    sasl::{Credentials, LoginRules, Mechanisms},
    session::Peer,
    transcript::{Connection, Stage},
};

/// Accounts `ann` and `bob` of `example.test`, password `Secret-1`; logins in clear allowed.
pub(super) struct World {
    pub settings: Settings,
    /// Messages by account and UID.
    pub boxes: BTreeMap<&'static str, BTreeMap<u32, Vec<u8>>>,
    /// Who holds which mailbox, by connection.
    locks: BTreeMap<u32, &'static str>,
    /// The message opened last, by connection.
    open: BTreeMap<u32, u32>,
    /// UIDs that got \Seen.
    pub seen: Vec<u32>,
    /// What fails, and why.
    pub failing: Option<(&'static str, Cause)>,
}

impl World {
    pub(super) fn new() -> Self {
        let settings = Settings {
            server_name: "mail.example.test".into(),
            greeting: String::new(),
            login: LoginRules {
                plain: Mechanisms::ALL,
                plain_login: true,
                ..LoginRules::default()
            },
            max_errors: 10,
            max_auth_errors: 5,
        };
        let boxes = [("ann", BTreeMap::new()), ("bob", BTreeMap::new())].into();
        let (locks, open) = (BTreeMap::new(), BTreeMap::new());
        Self {
            settings,
            boxes,
            locks,
            open,
            seen: Vec::new(),
            failing: None,
        }
    }

    /// Gives ann a message.
    pub(super) fn store(&mut self, uid: u32, message: &[u8]) {
        self.boxes.entry("ann").or_default().insert(uid, message.to_vec());
    }

    pub(super) fn connect(&self, tls: bool) -> Session {
        let peer = Peer {
            remote: None,
            local: None,
            uid: None,
            session_id: 1,
            tls: tls.then(Default::default),
            can_start_tls: true,
        };
        Session::new(self.settings.clone(), &peer)
    }

    /// What a client hears that says all this, in these pieces, and then waits.
    pub(super) fn hear<'a>(&mut self, pieces: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
        let mut connection = Connection::new(self.connect(false));
        connection.go_on(|request| self.answer(1, request));
        for piece in pieces {
            crate::session::Session::input(connection.session(), piece);
            connection.go_on(|request| self.answer(1, request));
        }
        self.locks.clear();
        connection.heard
    }

    fn fails(&self, name: &str) -> Result<(), Refusal> {
        match self.failing {
            Some((failing, cause)) if failing == name => Err(Refusal::new(cause, "as the test wants it")),
            _ => Ok(()),
        }
    }

    fn log_in(&mut self, connection: u32, credentials: &Credentials) -> Result<Maildrop, Refusal> {
        self.fails("Login")?;
        let name = credentials
            .login
            .strip_suffix("@example.test")
            .unwrap_or(&credentials.login);
        let (owner, messages) = self
            .boxes
            .get_key_value(name)
            .filter(|_| credentials.password.as_bytes() == b"Secret-1")
            .ok_or(Refusal::new(Cause::AuthenticationFailed, ""))?;
        if self.locks.values().any(|held| held == owner) {
            return Err(Refusal::new(Cause::InUse, ""));
        }
        self.locks.insert(connection, owner);
        let rows = messages
            .iter()
            .map(|(uid, message)| Message::new(*uid, message.len() as u64))
            .collect();
        Ok(Maildrop::new(7, rows))
    }

    fn mailbox(&mut self, connection: u32) -> &mut BTreeMap<u32, Vec<u8>> {
        let owner = self.locks.get(&connection).copied().unwrap_or("bob");
        self.boxes.entry(owner).or_default()
    }

    fn open(&mut self, connection: u32, uid: u32) -> Result<u64, Refusal> {
        self.fails("Open")?;
        self.open.insert(connection, uid);
        let message = self.mailbox(connection).get(&uid);
        message
            .map(|message| message.len() as u64)
            .ok_or(Refusal::new(Cause::NoSuchMessage, ""))
    }

    fn read(&mut self, connection: u32, offset: u64, len: usize) -> Result<Bytes, Refusal> {
        self.fails("Read")?;
        assert!(len <= crate::pop3::CHUNK);
        let uid = self.open.get(&connection).copied().unwrap_or_default();
        let message = self.mailbox(connection).get(&uid).cloned().unwrap_or_default();
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(message.len());
        let to = from.saturating_add(len).min(message.len());
        Ok(Bytes::copy_from_slice(&message[from..to]))
    }
}

impl Stage for World {
    type Session = Session;

    fn open(&mut self, tls: bool) -> Session {
        self.connect(tls)
    }

    fn answer(&mut self, connection: u32, request: Request) -> Answer {
        match request {
            Request::Login(credentials) => Answer::LoggedIn(self.log_in(connection, &credentials)),
            Request::Refresh => {
                let there: Vec<_> = self.mailbox(connection).keys().copied().collect();
                Answer::Gone((1..100).filter(|uid| !there.contains(uid)).collect())
            }
            Request::Open { uid } => Answer::Opened(self.open(connection, uid)),
            Request::Read { offset, len } => Answer::Octets(self.read(connection, offset, len)),
            Request::Seen { uid } => {
                self.seen.push(uid);
                Answer::Noted
            }
            Request::Update { uids } => {
                let allowed = self.fails("Update");
                if allowed.is_ok() {
                    self.mailbox(connection).retain(|uid, _| !uids.contains(uid));
                }
                self.locks.remove(&connection);
                Answer::Updated(allowed)
            }
        }
    }

    fn direct(&mut self, words: &[&str]) {
        match words {
            ["remove", uid] => {
                let uid: u32 = uid.parse().expect("a UID");
                self.boxes
                    .values_mut()
                    .for_each(|messages| messages.retain(|known, _| *known != uid));
            }
            _ => panic!("unknown direction {words:?}"),
        }
    }

    fn unit(heard: &[u8]) -> Option<usize> {
        crate::transcript::line_end(heard)
    }
}
