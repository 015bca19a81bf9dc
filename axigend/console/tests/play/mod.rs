//! Playing a session against the engine: bytes in, bytes out, no socket.

use axigend_console::{Answer, Engine, Request};
use axigend_protocol::{Session, Step};
use futures_util::FutureExt;

/// A session joined to its engine.
pub struct Play<S> {
    session: S,
    engine: Engine,
    pub closed: bool,
}

impl<S: Session<Request = Request, Answer = Answer>> Play<S> {
    pub fn new(session: S, engine: Engine) -> Self {
        Self {
            session,
            engine,
            closed: false,
        }
    }

    /// Everything the session says until it waits for input.
    pub fn heard(&mut self) -> String {
        let mut out = Vec::new();
        loop {
            match self.session.next() {
                Step::Write(bytes) => out.extend(bytes),
                Step::Ask(request) => {
                    let answer = self
                        .engine
                        .answer(request)
                        .now_or_never()
                        .expect("memory answers at once");
                    self.session.answer(answer);
                }
                Step::Read | Step::Listen => break,
                Step::Close => {
                    self.closed = true;
                    break;
                }
                Step::StartTls => panic!("no STARTTLS in this dialogue"),
            }
        }
        String::from_utf8(out).expect("replies are UTF-8")
    }

    /// Says something and hears the answer.
    pub fn say(&mut self, text: &str) -> String {
        self.session.input(text.as_bytes());
        self.heard()
    }

    /// The same with a line.
    pub fn line(&mut self, line: &str) -> String {
        self.say(&format!("{line}\r\n"))
    }

    pub fn session(&mut self) -> &mut S {
        &mut self.session
    }
}
