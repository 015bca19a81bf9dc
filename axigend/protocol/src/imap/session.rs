//! The IMAP session as the driver sees it: [`Session`] polls its dialogue and says what it waits for.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use super::{
    backend::{Answer, Request},
    dialogue::Dialogue,
    wire::{Stop, Wire},
};
use crate::{
    sasl::Mechanisms,
    session::{self, Peer, Step, TlsFacts},
};

/// What a session must know of the configuration; it keeps these values to its end.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `greetingsText`; empty for the default `<serverName> IMAP4rev1 ready`.
    pub greeting: String,
    /// `serverName`.
    pub server_name: String,
    /// Who may log in how.
    pub login: LoginRules,
    /// `imapIdEnabled`: whether ID is offered.
    pub id_enabled: bool,
    /// `maxErrors`: bad commands that a session may send, one more ends it; 0 = any number. After login each command
    /// that is done sets the count back to none, so that a client which stays for days is not cut off for a slip now
    /// and then.
    pub max_errors: u32,
    /// `maxAuthErrors`: failed logins until the session ends; 0 = any number.
    pub max_auth_errors: u32,
    /// Largest message that APPEND takes, in bytes (APPENDLIMIT, RFC 7889).
    pub append_limit: u64,
    /// Program version for ID.
    pub version: String,
}

/// Login switches of the service (services-core 3.2.4, 3.2.5).
#[derive(Clone, Copy, Debug, Default)]
pub struct LoginRules {
    /// `allowStartTLS`.
    pub start_tls: bool,
    /// `secureConnAuthTypes`.
    pub secure: Mechanisms,
    /// `plainConnAuthTypes`.
    pub plain: Mechanisms,
    /// `secureConnAllowLogin`.
    pub secure_login: bool,
    /// `plainConnAllowLogin`.
    pub plain_login: bool,
}

/// One IMAP connection.
pub struct Session {
    wire: Wire,
    dialogue: Option<Pin<Box<dyn Future<Output = ()>>>>,
}

impl Session {
    /// A session with this client; it greets first.
    pub fn new(settings: Settings, peer: Peer) -> Self {
        let wire = Wire::default();
        let dialogue = Dialogue::new(wire.clone(), settings, peer);
        Self {
            wire,
            dialogue: Some(Box::pin(dialogue.hold())),
        }
    }

    /// Bytes held for input and output, for the tests of bounds.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.wire.held()
    }
}

impl session::Session for Session {
    type Request = Request;
    type Answer = Answer;

    fn input(&mut self, bytes: &[u8]) {
        self.wire.input(bytes);
    }

    fn answer(&mut self, answer: Answer) {
        self.wire.answer(answer);
    }

    fn timeout(&mut self) {
        self.wire.stop(Stop::Timeout);
    }

    fn end_of_input(&mut self) {
        self.wire.end_of_input();
    }

    fn secured(&mut self, tls: TlsFacts) {
        self.wire.secured(tls);
    }

    fn shutdown(&mut self) {
        self.wire.stop(Stop::Shutdown);
    }

    fn next(&mut self) -> Step<Request> {
        if let Some(dialogue) = &mut self.dialogue {
            let mut context = Context::from_waker(Waker::noop());
            if let Poll::Ready(()) = dialogue.as_mut().poll(&mut context) {
                self.dialogue = None;
            }
        }
        self.wire.step(self.dialogue.is_none())
    }
}
