//! A session joined to what answers it, as the driver sees both.
//!
//! [`Session`] has associated types and so cannot be a trait object; [`Conversation`] is its object-safe form. A service
//! implements only [`Backend`] (questions in, answers out) and gets the conversation from [`Joined`].

use axigend_protocol::{Session, Step, TlsFacts};
use futures_util::future::LocalBoxFuture;
use std::future::Future;

/// What the driver does next. As [`Step`], but the question stays inside.
#[derive(Debug)]
pub enum Action {
    /// Wait for input.
    Read,
    /// Wait for input or for [`Conversation::event`].
    Listen,
    /// Write all of this.
    Write(Vec<u8>),
    /// Await [`Conversation::work`].
    Work,
    /// Start the TLS handshake as server, then call [`Conversation::secured`].
    StartTls,
    /// Flush and close.
    Close,
}

/// A session and what answers it. Lives on one thread; need not be `Send`.
pub trait Conversation {
    /// Bytes from the peer; see [`Session::input`].
    fn input(&mut self, bytes: &[u8]);
    /// The peer was silent for the idle time; see [`Session::timeout`].
    fn timeout(&mut self);
    /// The peer closed its side; see [`Session::end_of_input`].
    fn end_of_input(&mut self);
    /// TLS is up; see [`Session::secured`].
    fn secured(&mut self, tls: TlsFacts);
    /// The service is stopping; see [`Session::shutdown`].
    fn shutdown(&mut self);
    /// What to do now.
    fn next(&mut self) -> Action;
    /// Answers the question of the last [`Action::Work`]. Dropping the future abandons the question.
    fn work(&mut self) -> LocalBoxFuture<'_, ()>;
    /// Resolves after the service told the session something while it listens. Cancel-safe.
    fn event(&mut self) -> LocalBoxFuture<'_, ()>;
}

/// What a service implements for one connection: the answers to its session's questions.
pub trait Backend {
    /// The protocol spoken.
    type Session: Session;

    /// Answers one question. Runs on the connection's thread: what burns CPU or waits for the disk must be awaited
    /// from elsewhere.
    fn answer(
        &mut self,
        request: <Self::Session as Session>::Request,
    ) -> impl Future<Output = <Self::Session as Session>::Answer>;

    /// Something to tell while the session listens (IMAP IDLE). Must be cancel-safe: an event is lost only when it
    /// was returned. Never resolves for protocols without such events.
    fn event(&mut self) -> impl Future<Output = <Self::Session as Session>::Answer> {
        std::future::pending()
    }
}

/// A session and its backend as a [`Conversation`].
pub struct Joined<B: Backend> {
    session: B::Session,
    backend: B,
    asked: Option<<B::Session as Session>::Request>,
}

impl<B: Backend> Joined<B> {
    /// Joins the two.
    pub fn new(session: B::Session, backend: B) -> Self {
        Self {
            session,
            backend,
            asked: None,
        }
    }
}

impl<B: Backend> Conversation for Joined<B> {
    fn input(&mut self, bytes: &[u8]) {
        self.session.input(bytes);
    }

    fn timeout(&mut self) {
        self.session.timeout();
    }

    fn end_of_input(&mut self) {
        self.session.end_of_input();
    }

    fn secured(&mut self, tls: TlsFacts) {
        self.session.secured(tls);
    }

    fn shutdown(&mut self) {
        self.session.shutdown();
    }

    fn next(&mut self) -> Action {
        match self.session.next() {
            Step::Read => Action::Read,
            Step::Listen => Action::Listen,
            Step::Write(bytes) => Action::Write(bytes),
            Step::Ask(request) => {
                self.asked = Some(request);
                Action::Work
            }
            Step::StartTls => Action::StartTls,
            Step::Close => Action::Close,
        }
    }

    fn work(&mut self) -> LocalBoxFuture<'_, ()> {
        Box::pin(async move {
            if let Some(request) = self.asked.take() {
                let answer = self.backend.answer(request).await;
                self.session.answer(answer);
            }
        })
    }

    fn event(&mut self) -> LocalBoxFuture<'_, ()> {
        Box::pin(async move {
            let event = self.backend.event().await;
            self.session.answer(event);
        })
    }
}
