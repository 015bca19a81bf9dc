//! The POP3 session as the driver sees it, and what its commands may touch.
//!
//! Answers collect in one buffer that is written when there is nothing more to read, so that pipelined commands are
//! answered together (RFC 2449, 6.6). At most one question is open at a time; meanwhile nothing is read.

use super::{
    command::{State, Wrong},
    maildrop::{Maildrop, Message},
    request::{Answer, Request},
    sending::Sending,
};
use crate::{
    lines::Lines,
    sasl::{self, Credentials, LoginRules, Mechanisms, Progress},
    session::{self, INPUT_CHUNK, OUTPUT_CHUNK, Peer, Step, TlsFacts},
};

/// The product's name in the greeting and in CAPA.
pub(super) const PRODUCT: &str = "axigend";

/// What a session must know of the configuration; it keeps these values to its end.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `serverName`.
    pub server_name: String,
    /// `greetingsText`; empty for the default.
    pub greeting: String,
    /// Who may log in how.
    pub login: LoginRules,
    /// `maxErrors`: wrong commands allowed, one more closes the session; 0 = no limit.
    pub max_errors: u32,
    /// `maxAuthErrors`: failed logins allowed, the last one closes the session; 0 = no limit.
    pub max_auth_errors: u32,
}

/// One POP3 connection.
pub struct Session {
    settings: Settings,
    can_start_tls: bool,
    pub(super) lines: Lines,
    pub(super) output: Vec<u8>,
    pub(super) phase: Phase,
    secure: bool,
    /// Name given by USER.
    pub(super) user: Option<String>,
    /// The snapshot, after login.
    pub(super) maildrop: Option<Maildrop>,
    question: Option<Request>,
    pub(super) pending: Option<Pending>,
    errors: u32,
    auth_errors: u32,
    stopping: bool,
}

/// What comes next.
pub(super) enum Phase {
    /// Command lines.
    Commands,
    /// A response of an AUTH exchange.
    Sasl(sasl::Dialogue),
    /// More lines of LIST or UIDL, from this message number on.
    Listing(Listing, usize),
    /// More of a message.
    Sending(Sending),
    /// TLS.
    Handshake,
    /// Nothing more is read.
    Over,
}

/// Which listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listing {
    List,
    Uidl,
}

impl Listing {
    /// The line of one message.
    pub(super) fn line(self, maildrop: &Maildrop, number: usize, message: &Message) -> String {
        match self {
            Self::List => format!("{number} {}", message.octets),
            Self::Uidl => format!("{number} {}", maildrop.unique_id(message)),
        }
    }
}

/// What the open question was about.
#[derive(Debug)]
pub(super) enum Pending {
    Login,
    Stat,
    List(Option<usize>),
    Open { uid: u32, top: Option<u64> },
    Read(Sending),
    Seen,
    Update,
}

impl Session {
    /// A session with this client; it greets first.
    pub fn new(settings: Settings, peer: &Peer) -> Self {
        let greeting = match settings.greeting.as_str() {
            "" => format!("{} {PRODUCT} POP3 ready", settings.server_name),
            text => text.to_owned(),
        };
        let mut session = Self {
            settings,
            can_start_tls: peer.can_start_tls,
            lines: Lines::default(),
            output: Vec::new(),
            phase: Phase::Commands,
            secure: peer.is_private(),
            user: None,
            maildrop: None,
            question: None,
            pending: None,
            errors: 0,
            auth_errors: 0,
            stopping: false,
        };
        session.ok(&greeting);
        session
    }

    pub(super) fn state(&self) -> State {
        if self.maildrop.is_some() {
            State::Transaction
        } else {
            State::Authorization
        }
    }

    pub(super) fn is_secure(&self) -> bool {
        self.secure
    }

    /// Mechanisms that this connection may use now.
    pub(super) fn mechanisms(&self) -> Mechanisms {
        self.settings.login.mechanisms(self.secure)
    }

    /// Whether USER and PASS are allowed now.
    pub(super) fn allows_login(&self) -> bool {
        self.settings.login.allows_login(self.secure)
    }

    pub(super) fn offers_stls(&self) -> bool {
        !self.secure && self.can_start_tls && self.settings.login.start_tls
    }

    /// `+OK`.
    pub(super) fn ok(&mut self, text: &str) {
        self.line(&format!("+OK {text}"));
    }

    /// `-ERR`.
    pub(super) fn err(&mut self, text: &str) {
        self.line(&format!("-ERR {text}"));
    }

    /// A line as it is.
    pub(super) fn line(&mut self, line: &str) {
        tracing::debug!(">> {line}");
        self.output.extend_from_slice(line.as_bytes());
        self.output.extend_from_slice(b"\r\n");
    }

    pub(super) fn sign_off(&mut self) {
        let text = format!("{} signing off", self.settings.server_name);
        self.ok(&text);
    }

    /// Says what was wrong, or that too much was.
    pub(super) fn wrong(&mut self, wrong: &Wrong) {
        self.errors = self.errors.saturating_add(1);
        if self.settings.max_errors > 0 && self.errors > self.settings.max_errors {
            self.err("Too many errors, closing connection");
            self.phase = Phase::Over;
        } else {
            self.err(wrong.0);
        }
    }

    /// After a failed login was answered: the last one allowed ends the session.
    pub(super) fn count_auth_error(&mut self) {
        self.auth_errors = self.auth_errors.saturating_add(1);
        if self.settings.max_auth_errors > 0 && self.auth_errors >= self.settings.max_auth_errors {
            self.phase = Phase::Over;
        }
    }

    /// Opens the question that `pending` will know the answer of.
    pub(super) fn ask(&mut self, request: Request, pending: Pending) {
        self.question = Some(request);
        self.pending = Some(pending);
    }

    pub(super) fn log_in(&mut self, credentials: Credentials) {
        self.ask(Request::Login(credentials), Pending::Login);
    }

    /// Goes on with an AUTH exchange.
    pub(super) fn sasl(&mut self, dialogue: sasl::Dialogue, progress: Progress) -> Result<(), Wrong> {
        match progress {
            Progress::Challenge(text) => {
                self.line(&format!("+ {text}"));
                self.phase = Phase::Sasl(dialogue);
                Ok(())
            }
            Progress::Verify(credentials) => {
                self.log_in(credentials);
                Ok(())
            }
            Progress::NotAuthorized => {
                self.err("[AUTH] Invalid user or password");
                self.count_auth_error();
                Ok(())
            }
            Progress::Cancelled => Err(Wrong("Authentication cancelled")),
            Progress::Malformed(why) => Err(Wrong(why)),
        }
    }

    /// After STLS was granted: nothing that came with it is read (RFC 2595, 4).
    pub(super) fn begin_handshake(&mut self) {
        self.phase = Phase::Handshake;
        let discarded = self.lines.clear();
        if discarded > 0 {
            tracing::warn!("{discarded} bytes that came together with STLS were discarded");
        }
    }

    /// Reads or sends on; false when that needs more input.
    fn advance(&mut self) -> bool {
        match std::mem::replace(&mut self.phase, Phase::Commands) {
            Phase::Commands => self.command_line(),
            Phase::Sasl(dialogue) => self.sasl_line(dialogue),
            Phase::Listing(listing, from) => {
                self.list(listing, from);
                true
            }
            Phase::Sending(sending) => {
                self.send(sending);
                true
            }
            phase @ (Phase::Handshake | Phase::Over) => {
                self.phase = phase;
                false
            }
        }
    }

    /// Some lines of a listing; the rest when these are written.
    fn list(&mut self, listing: Listing, from: usize) {
        let Some(maildrop) = &self.maildrop else { return };
        for (number, message) in maildrop.from(from) {
            if self.output.len() >= OUTPUT_CHUNK {
                self.phase = Phase::Listing(listing, number);
                return;
            }
            self.output
                .extend_from_slice(listing.line(maildrop, number, message).as_bytes());
            self.output.extend_from_slice(b"\r\n");
        }
        self.output.extend_from_slice(b".\r\n");
    }

    /// Bytes held, for the tests of bounds.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.lines.held() + self.output.capacity() + self.user.as_ref().map_or(0, String::capacity)
    }
}

impl session::Session for Session {
    type Request = Request;
    type Answer = Answer;

    fn input(&mut self, bytes: &[u8]) {
        if !matches!(self.phase, Phase::Handshake | Phase::Over) {
            self.lines.push(bytes);
        }
    }

    fn answer(&mut self, answer: Answer) {
        self.answered(answer);
    }

    /// RFC 1939, 3: the connection is closed without a word and without removing anything.
    fn timeout(&mut self) {
        self.phase = Phase::Over;
    }

    fn end_of_input(&mut self) {
        self.phase = Phase::Over;
    }

    fn secured(&mut self, _: TlsFacts) {
        self.lines.clear();
        self.secure = true;
        self.user = None;
        self.phase = Phase::Commands;
    }

    fn shutdown(&mut self) {
        self.stopping = true;
    }

    fn next(&mut self) -> Step<Request> {
        loop {
            if self.output.len() >= OUTPUT_CHUNK {
                return Step::Write(std::mem::take(&mut self.output));
            }
            if let Some(request) = self.question.take() {
                return Step::Ask(request);
            }
            if self.pending.is_none() {
                if self.stopping && matches!(self.phase, Phase::Commands | Phase::Sasl(_)) {
                    self.err("Server shutting down");
                    self.phase = Phase::Over;
                }
                if self.advance() {
                    continue;
                }
                self.lines.relax(INPUT_CHUNK);
            }
            if !self.output.is_empty() {
                return Step::Write(std::mem::take(&mut self.output));
            }
            return match self.phase {
                Phase::Handshake => Step::StartTls,
                Phase::Over => Step::Close,
                _ => Step::Read,
            };
        }
    }
}
