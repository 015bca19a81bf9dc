//! The control socket: JSON lines with ids, replies in bounded frames.
//!
//! A request that is JSON but makes no sense is answered by a refusal with its id; what is no request at all ends
//! the connection with a fault that says where it broke. Requests are answered in order.

use super::lines::{Line, Lines};
use super::writing::MAX_TEXT;
use crate::answer::{Answer, Request};
use axigen_shared::control::{
    Body, Expects, Frame, Hello, MAX_REQUEST, Reply, Request as Asked, Status, Subject, Table, VERSION,
    frames,
};
use axigend_protocol::{OUTPUT_CHUNK, Session, Step, TlsFacts};
use std::collections::VecDeque;

/// Longest request while a text is awaited: the text with each byte escaped to two on average.
const MAX_TEXT_REQUEST: usize = 2 * MAX_TEXT + MAX_REQUEST;

/// The dialogue of one connection.
pub struct ControlSession {
    lines: Lines,
    out: VecDeque<Vec<u8>>,
    question: Option<Request>,
    /// Id of the request under way.
    id: u64,
    /// The list under way goes on.
    more: bool,
    /// Id of the request to follow something that was asked last, and of the one that is in force.
    asked_to_follow: Option<u64>,
    follows: Option<u64>,
    closing: bool,
}

impl ControlSession {
    /// Speaks first: the version, the server's name, what the peer may do.
    pub fn new(hello: Hello) -> Self {
        let mut session = Self {
            lines: Lines::json(MAX_REQUEST),
            out: VecDeque::new(),
            question: None,
            id: 0,
            more: false,
            asked_to_follow: None,
            follows: None,
            closing: false,
        };
        session.send(&Frame::Hello(hello));
        session
    }

    fn send(&mut self, frame: &Frame) {
        let Ok(mut line) = serde_json::to_vec(frame) else {
            self.closing = true;
            return;
        };
        line.push(b'\n');
        match self.out.back_mut() {
            Some(last) if last.len() + line.len() <= OUTPUT_CHUNK => last.extend_from_slice(&line),
            _ => self.out.push_back(line),
        }
    }

    fn reply(&mut self, reply: Reply) {
        for frame in frames(self.id, reply) {
            self.send(&frame);
        }
    }

    fn fault(&mut self, message: impl Into<String>) {
        let message = message.into();
        tracing::warn!("control connection ended: {message}");
        self.send(&Frame::Fault { message });
        self.lines.clear();
        self.question = None;
        self.more = false;
        self.closing = true;
    }

    fn line(&mut self, line: Line) {
        let Line::Whole(bytes) = line else {
            let bound = self.lines.bound();
            return self.fault(format!("a request has more than {bound} bytes"));
        };
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        match serde_json::from_slice::<Asked>(&bytes) {
            Ok(Asked { id, subject }) => {
                self.id = id;
                self.subject(subject);
            }
            Err(error) => self.not_a_request(&bytes, &error),
        }
    }

    /// JSON with an id gets an answer to it; anything else ends the connection.
    fn not_a_request(&mut self, bytes: &[u8], error: &serde_json::Error) {
        let value = serde_json::from_slice::<serde_json::Value>(bytes).ok();
        match value.and_then(|value| value.get("id")?.as_u64()) {
            Some(id) => {
                self.id = id;
                self.reply(Reply::malformed(format!("not a request: {error}")));
            }
            None => self.fault(format!("not a request: {error}")),
        }
    }

    fn subject(&mut self, subject: Subject) {
        self.question = Some(match subject {
            Subject::Welcome(welcome) if welcome.protocol == VERSION => {
                if !welcome.login {
                    return self.reply(Reply::done());
                }
                Request::LogOut
            }
            Subject::Welcome(welcome) => {
                return self.fault(format!(
                    "this server speaks version {VERSION} of the control protocol, {} speaks version {}",
                    welcome.client, welcome.protocol
                ));
            }
            Subject::Line { line } => Request::Line(line.into_bytes()),
            Subject::Text { lines } => Request::Text(bounded(lines)),
            Subject::Complete { line, cursor } => Request::Complete { line, cursor },
            Subject::Schema { path, without_effect } => Request::Schema { path, without_effect },
            Subject::Export {
                domains,
                server,
                hashes,
            } => Request::Export {
                domains,
                server,
                hashes,
            },
            Subject::Apply { objects, check, keep } => Request::Apply { objects, check, keep },
            Subject::Follow { what } => {
                if let Some(of) = self.follows {
                    let text = format!("request {of} follows something already: stop it first");
                    return self.reply(Reply::refused(text));
                }
                self.asked_to_follow = Some(self.id);
                Request::Follow { what }
            }
            Subject::Stop { of } if self.follows == Some(of) => {
                self.follows = None;
                self.send(&Frame::End { id: of, ended: None });
                Request::Unfollow
            }
            Subject::Stop { of } => {
                return self.reply(Reply::refused(format!("request {of} does not follow anything")));
            }
        });
    }

    /// The head and first rows of a list that goes on; its end comes with the last page.
    fn begin_list(&mut self, reply: Reply) {
        self.more = true;
        for frame in frames(self.id, reply).filter(|frame| !matches!(frame, Frame::End { .. })) {
            self.send(&frame);
        }
    }

    fn rows(&mut self, rows: Vec<Vec<String>>, more: bool) {
        self.more = more;
        let page = Reply::with(Body::Table(Table {
            rows,
            ..Table::default()
        }));
        for frame in frames(self.id, page) {
            match frame {
                Frame::Rows { .. } => self.send(&frame),
                Frame::End { .. } if !more => self.send(&frame),
                _ => {}
            }
        }
    }
}

impl ControlSession {
    /// The head of the reply; its end comes when the client stops it.
    fn begin_follow(&mut self, reply: &Reply) {
        self.follows = Some(self.id);
        for frame in frames(self.id, reply.clone()).filter(|frame| !matches!(frame, Frame::End { .. })) {
            self.send(&frame);
        }
    }

    /// An event for each line.
    fn news(&mut self, lines: Vec<String>) {
        let Some(id) = self.follows else { return };
        for line in lines {
            let value = serde_json::json!({ "line": line });
            self.send(&Frame::Event { id, value });
        }
    }

    /// A job goes on: its lines, an event that says how far it is, its outcome at the end.
    fn job(&mut self, lines: Vec<String>, progress: Option<String>, ended: Option<Box<Reply>>) {
        self.more = ended.is_none();
        let (id, text) = (self.id, Body::Text { lines, blank: false });
        for frame in frames(id, Reply::with(text)).filter(|frame| matches!(frame, Frame::Rows { .. })) {
            self.send(&frame);
        }
        if let Some(progress) = progress {
            let value = serde_json::json!({ "progress": progress });
            self.send(&Frame::Event { id, value });
        }
        if ended.is_some() {
            self.send(&Frame::End { id, ended });
        }
    }
}

/// The text, if it is not longer than is taken.
fn bounded(lines: Vec<String>) -> Option<Vec<String>> {
    let size: usize = lines.iter().map(|line| line.len() + 1).sum();
    (size <= MAX_TEXT).then_some(lines)
}

impl Session for ControlSession {
    type Request = Request;
    type Answer = Answer;

    fn input(&mut self, bytes: &[u8]) {
        self.lines.input(bytes);
    }

    fn answer(&mut self, answer: Answer) {
        match answer {
            Answer::Reply { reply, more, .. } => {
                let awaits_text = matches!(reply.expects, Expects::Text { .. });
                self.lines.set_bound(if awaits_text {
                    MAX_TEXT_REQUEST
                } else {
                    MAX_REQUEST
                });
                self.closing |= reply.expects == Expects::Nothing;
                if self.asked_to_follow.take().is_some() && reply.status == Status::Ok {
                    self.begin_follow(&reply);
                } else if more {
                    self.begin_list(*reply);
                } else {
                    self.reply(*reply);
                }
            }
            Answer::Rows { rows, more } => self.rows(rows, more),
            Answer::Job {
                lines,
                progress,
                ended,
            } => self.job(lines, progress, ended),
            Answer::News(lines) => self.news(lines),
            Answer::Broken(why) => self.fault(format!("the list was broken off: {why}")),
        }
    }

    fn timeout(&mut self) {
        self.fault("timeout");
    }

    fn end_of_input(&mut self) {
        self.lines.clear();
        self.closing = true;
    }

    fn secured(&mut self, _tls: TlsFacts) {
        self.lines.clear();
    }

    fn shutdown(&mut self) {
        self.fault("the server is stopping");
    }

    fn next(&mut self) -> Step<Request> {
        loop {
            if let Some(bytes) = self.out.pop_front() {
                return Step::Write(bytes);
            }
            if self.closing {
                return Step::Close;
            }
            if self.more {
                return Step::Ask(Request::More);
            }
            if let Some(question) = self.question.take() {
                return Step::Ask(question);
            }
            let Some(line) = self.lines.next() else {
                return if self.follows.is_some() {
                    Step::Listen
                } else {
                    Step::Read
                };
            };
            self.line(line);
        }
    }
}
