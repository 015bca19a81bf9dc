//! The SMTP session as the driver sees it, and what its commands may touch.
//!
//! Replies collect in one buffer that is written when there is nothing more to read, so that a group of pipelined
//! commands is answered in one write (RFC 2920, 3.2). At most one question is open at a time, and while it is open
//! nothing is read: order of commands is order of replies.

use std::sync::Arc;

use super::{
    command::State,
    parameter::MailParameters,
    path::{Mailbox, ReversePath},
    policy::SmtpPolicy,
    reply::Reply,
    request::{Answer, Request},
    transaction::Transaction,
};
use crate::{
    lines::Lines,
    sasl::{self, Mechanism, Mechanisms, Progress},
    session::{self, INPUT_CHUNK, OUTPUT_CHUNK, Peer, Step, TlsFacts},
};

/// The product's name in greetings.
pub(super) const PRODUCT: &str = "axigend";

/// Why a session ends that did nothing wrong (RFC 5321, 3.8).
const STOPPING: &str = "Service closing transmission channel";

/// What a session must know of the configuration; it keeps these values to its end.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `serverName`.
    pub server_name: String,
    /// `primaryDomain`: completes addresses without a domain; empty = there is none.
    pub primary_domain: String,
    /// `maxErrors`: wrong commands allowed, one more closes the session; 0 = no limit.
    pub max_errors: u32,
    /// `maxAuthErrors`: failed authentications allowed, the last one closes the session; 0 = no limit.
    pub max_auth_errors: u32,
    /// Limits and switches.
    pub policy: Arc<SmtpPolicy>,
}

/// One connection to SMTP receiving.
pub struct Session {
    pub(super) settings: Settings,
    pub(super) peer: Peer,
    pub(super) lines: Lines,
    output: Vec<u8>,
    pub(super) phase: Phase,
    pub(super) tls: Option<TlsFacts>,
    pub(super) hello: Option<Hello>,
    /// The account that logged in.
    pub(super) account: Option<String>,
    /// AUTH was tried, with or without success.
    pub(super) auth_tried: bool,
    pub(super) transaction: Option<Transaction>,
    question: Option<Request>,
    pub(super) pending: Option<Pending>,
    errors: u32,
    auth_errors: u32,
    stopping: bool,
}

/// What the client called itself.
#[derive(Clone, Debug)]
pub(super) struct Hello {
    pub name: String,
    /// EHLO rather than HELO.
    pub extended: bool,
}

/// What the next bytes are.
pub(super) enum Phase {
    /// Command lines.
    Commands,
    /// A response of an AUTH exchange.
    Sasl(sasl::Dialogue),
    /// The message after DATA.
    Data,
    /// Octets of BDAT.
    Chunk(Chunk),
    /// Octets of a BDAT that was refused; this reply comes at their end.
    Skip(Chunk, Reply),
    /// TLS.
    Handshake,
    /// Nothing more is read.
    Over,
}

/// A BDAT in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Octets announced.
    pub size: u64,
    /// Octets still to come.
    pub left: u64,
    /// LAST was given.
    pub last: bool,
}

/// What the open question was about.
#[derive(Debug)]
pub(super) enum Pending {
    Authenticate,
    Sender(ReversePath, MailParameters),
    Recipient(Mailbox),
    OpenData,
    OpenChunk(Chunk),
    Piece,
    LastPiece,
    Commit,
    Discard,
}

/// What reading on came to.
pub(super) enum Advance {
    /// Something was done.
    Again,
    /// More input is needed.
    Wait,
}

impl Session {
    /// A session with this client; it greets first.
    pub fn new(settings: Settings, peer: Peer) -> Self {
        let greeting = settings
            .policy
            .smtp_greeting
            .clone()
            .unwrap_or_else(|| format!("{} {PRODUCT} ESMTP ready", settings.server_name));
        let mut session = Self {
            settings,
            tls: peer.tls.clone(),
            peer,
            lines: Lines::default(),
            output: Vec::new(),
            phase: Phase::Commands,
            hello: None,
            account: None,
            auth_tried: false,
            transaction: None,
            question: None,
            pending: None,
            errors: 0,
            auth_errors: 0,
            stopping: false,
        };
        session.say(&Reply::bare(220, greeting));
        session
    }

    /// Where the session stands, for the rows of the command table.
    pub(super) fn state(&self) -> State {
        match (&self.hello, &self.transaction) {
            (None, _) => State::Start,
            (_, None) => State::Ready,
            (_, Some(transaction)) if transaction.is_chunking() => State::Chunking,
            (_, Some(transaction)) if transaction.recipients.is_empty() => State::Mail,
            _ => State::Recipients,
        }
    }

    /// Mechanisms that this connection may use now.
    pub(super) fn mechanisms(&self) -> Mechanisms {
        let policy = &self.settings.policy;
        if self.tls.is_some() {
            policy.secure_conn_auth_types
        } else {
            policy.plain_conn_auth_types
        }
    }

    /// Whether this connection may use the mechanism now, or could under TLS.
    pub(super) fn ever_offers(&self, mechanism: Mechanism) -> bool {
        self.mechanisms().contains(mechanism)
            || self.settings.policy.secure_conn_auth_types.contains(mechanism)
    }

    pub(super) fn offers_start_tls(&self) -> bool {
        self.tls.is_none() && self.peer.can_start_tls && self.settings.policy.allow_start_tls
    }

    /// HELO or EHLO: what was said before is forgotten (RFC 5321, 4.1.4).
    pub(super) fn greet(&mut self, hello: Hello) {
        self.forget_transaction();
        self.hello = Some(hello);
    }

    /// Says a reply.
    pub(super) fn say(&mut self, reply: &Reply) {
        let from = self.output.len();
        reply.print(&mut self.output);
        if tracing::enabled!(tracing::Level::DEBUG) {
            for line in String::from_utf8_lossy(self.output.get(from..).unwrap_or_default()).lines() {
                tracing::debug!(">> {line}");
            }
        }
        if reply.closes() {
            self.phase = Phase::Over;
        }
    }

    /// Says the reply to a command that was refused, or that there were too many wrong ones.
    pub(super) fn wrong(&mut self, reply: &Reply) {
        self.errors = self.errors.saturating_add(u32::from(reply.counts()));
        if self.settings.max_errors > 0 && self.errors > self.settings.max_errors {
            self.leave("Too many errors, closing connection");
        } else {
            self.say(reply);
        }
    }

    /// Says that an authentication failed; after the last one allowed the session ends.
    pub(super) fn auth_failed(&mut self, reply: &Reply) {
        self.say(reply);
        self.auth_errors = self.auth_errors.saturating_add(1);
        if self.settings.max_auth_errors > 0 && self.auth_errors >= self.settings.max_auth_errors {
            self.leave("Too many errors, closing connection");
        }
    }

    /// 421 and the end.
    pub(super) fn leave(&mut self, why: &str) {
        let text = format!("{} {why}", self.settings.server_name);
        self.say(&Reply::bare(421, text));
        self.phase = Phase::Over;
    }

    /// Opens the question that `pending` will know the answer of.
    pub(super) fn ask(&mut self, request: Request, pending: Pending) {
        self.question = Some(request);
        self.pending = Some(pending);
    }

    /// Goes on with an AUTH exchange.
    pub(super) fn sasl(&mut self, dialogue: sasl::Dialogue, progress: Progress) -> Result<(), Reply> {
        match progress {
            Progress::Challenge(text) => {
                self.say(&Reply::bare(334, text));
                self.phase = Phase::Sasl(dialogue);
                Ok(())
            }
            Progress::Verify(credentials) => {
                self.ask(Request::Authenticate(credentials), Pending::Authenticate);
                Ok(())
            }
            Progress::NotAuthorized => {
                self.auth_failed(&Reply::new(535, "5.7.8", "Authentication failed"));
                Ok(())
            }
            Progress::Cancelled => Err(Reply::new(501, "5.7.0", "Authentication cancelled")),
            Progress::Malformed(why) => Err(Reply::new(501, "5.5.2", why)),
        }
    }

    /// After STARTTLS was granted: nothing that came with it is read (RFC 3207, 4.2).
    pub(super) fn begin_handshake(&mut self) {
        self.phase = Phase::Handshake;
        let discarded = self.lines.clear();
        if discarded > 0 {
            tracing::warn!("{discarded} bytes that came together with STARTTLS were discarded");
        }
    }

    fn advance(&mut self) -> Advance {
        match std::mem::replace(&mut self.phase, Phase::Commands) {
            Phase::Commands => self.command_line(),
            Phase::Sasl(dialogue) => self.sasl_line(dialogue),
            Phase::Data => self.read_data(),
            Phase::Chunk(chunk) => self.read_chunk(chunk),
            Phase::Skip(chunk, reply) => self.skip_chunk(chunk, reply),
            phase @ (Phase::Handshake | Phase::Over) => {
                self.phase = phase;
                Advance::Wait
            }
        }
    }

    /// Bytes held, for the tests of bounds.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        let recipients = self.transaction.as_ref().map_or(0, |transaction| {
            transaction
                .recipients
                .iter()
                .map(|mailbox| mailbox.address().len() + size_of::<Mailbox>())
                .sum::<usize>()
                + transaction.body.as_ref().map_or(0, super::body::Body::held)
        });
        self.lines.held() + self.output.capacity() + recipients
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

    fn timeout(&mut self) {
        self.leave("timeout expired waiting for data");
    }

    fn end_of_input(&mut self) {
        self.phase = Phase::Over;
    }

    fn secured(&mut self, tls: TlsFacts) {
        self.lines.clear();
        self.tls = Some(tls);
        self.hello = None;
        self.account = None;
        self.auth_tried = false;
        self.transaction = None;
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
                    self.leave(STOPPING);
                }
                if matches!(self.advance(), Advance::Again) {
                    continue;
                }
                // A message that is all here is still taken; for more of it a stop does not wait.
                if self.stopping && matches!(self.phase, Phase::Data | Phase::Chunk(_) | Phase::Skip(..)) {
                    self.leave(STOPPING);
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
