//! A client at the other end of a session: bytes in, bytes out.

use std::{cell::RefCell, rc::Rc};

use crate::{
    imap::{Answer, Event, LoginRules, Session, Settings},
    sasl::Mechanisms,
    session::{Peer, Session as _, Step, TlsFacts},
};

use super::store::{Backend, Store};

/// Most steps between two inputs: more means that the session runs in a circle.
const STEPS_MAX: usize = 100_000;

pub(super) struct Client {
    pub(super) session: Session,
    backend: Backend,
    /// What the server said and nobody read yet.
    pub(super) heard: Vec<u8>,
    pub(super) closed: bool,
    listening: bool,
    /// Largest single write.
    pub(super) largest: usize,
}

pub(super) fn settings() -> Settings {
    Settings {
        greeting: String::new(),
        server_name: "mail.example.test".into(),
        login: LoginRules {
            start_tls: true,
            secure: Mechanisms::ALL,
            plain: Mechanisms::ALL,
            secure_login: true,
            plain_login: true,
        },
        id_enabled: true,
        max_errors: 10,
        max_auth_errors: 3,
        append_limit: 2 * 1024 * 1024,
        version: "0".into(),
    }
}

impl Client {
    pub(super) fn new(store: &Rc<RefCell<Store>>) -> Self {
        Self::with(store, settings())
    }

    pub(super) fn with(store: &Rc<RefCell<Store>>, settings: Settings) -> Self {
        let peer = Peer {
            remote: None,
            local: None,
            uid: None,
            session_id: 1,
            tls: None,
            can_start_tls: true,
        };
        let mut client = Self {
            session: Session::new(settings, peer),
            backend: Backend::new(Rc::clone(store)),
            heard: Vec::new(),
            closed: false,
            listening: false,
            largest: 0,
        };
        client.pump();
        client
    }

    pub(super) fn send(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(crate::session::INPUT_CHUNK) {
            if !self.closed {
                self.session.input(piece);
                self.pump();
            }
        }
    }

    /// Tells a listening session what happened meanwhile.
    pub(super) fn wake(&mut self) {
        let news = self.backend.has_news();
        if self.listening && news {
            self.session.answer(Answer::Event(Event::Changed));
            self.pump();
        }
    }

    pub(super) fn pump(&mut self) {
        self.listening = false;
        for _ in 0..STEPS_MAX {
            match self.session.next() {
                Step::Read => return,
                Step::Listen => {
                    self.listening = true;
                    return;
                }
                Step::Write(bytes) => {
                    self.largest = self.largest.max(bytes.len());
                    self.heard.extend(bytes);
                }
                Step::Ask(request) => {
                    let answer = self.backend.answer(request);
                    self.session.answer(answer);
                }
                Step::StartTls => self.session.secured(TlsFacts::default()),
                Step::Close => {
                    self.closed = true;
                    return;
                }
            }
        }
        panic!("the session does not come to rest");
    }

    /// One response with its literals, without the last line end.
    pub(super) fn response(&mut self) -> Option<Vec<u8>> {
        let mut end = 0;
        loop {
            let newline = memchr::memmem::find(self.heard.get(end..)?, b"\r\n")? + end;
            let line = self.heard.get(end..newline)?;
            end = newline + 2;
            match literal(line) {
                Some(size) => end += size,
                None => break,
            }
        }
        let mut response: Vec<u8> = self.heard.drain(..end).collect();
        response.truncate(end - 2);
        Some(response)
    }

    /// Sends a command with the tag `t`; its responses as text, the tagged one last.
    pub(super) fn command(&mut self, text: &str) -> Vec<String> {
        self.send(format!("t {text}\r\n").as_bytes());
        let mut responses = Vec::new();
        while let Some(response) = self.response() {
            responses.push(String::from_utf8_lossy(&response).into_owned());
        }
        responses
    }

    pub(super) fn log_in(&mut self) {
        self.heard.clear();
        let answer = self.command("LOGIN ann@example.test Secret-1");
        assert!(
            answer.last().is_some_and(|line| line.starts_with("t OK")),
            "{answer:?}"
        );
    }
}

/// Size of the literal that a line of the server announces.
fn literal(line: &[u8]) -> Option<usize> {
    let open = line.iter().rposition(|byte| *byte == b'{')?;
    std::str::from_utf8(line.get(open + 1..)?.strip_suffix(b"}")?)
        .ok()?
        .parse()
        .ok()
}
