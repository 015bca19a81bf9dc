//! The AXIGEN CLI over TCP (WIRE.md 1 to 4): banner, lines in, one write per reply with its prompt.
//!
//! Memory before login is bounded by one line and one read. A list that is longer than a page is written page by page
//! in the same layout that a short one has.

use super::lines::{Line, Lines};
use super::writing::{Writing, Written};
use crate::answer::{Answer, Options, Request};
use axigen_shared::control::{Body, Expects, List, Reply, axigen, axigen_lines};
use axigend_protocol::{Session, Step, TlsFacts};

/// Hides what is typed next, and shows it again (ECMA-48, 8.3.117: SGR 8 and 0).
const CONCEAL: &str = "\u{1b}[8m";
const REVEAL: &str = "\u{1b}[0m";
/// Line end of the server.
const END: &str = "\r\n";

/// The dialogue of one connection.
pub struct TextSession {
    lines: Lines,
    out: Vec<u8>,
    /// The question to ask next.
    question: Option<Request>,
    writing: Option<Writing>,
    /// A list that is being written.
    list: Option<List>,
    /// A job is being followed.
    following: bool,
    options: Options,
    concealed: bool,
    closing: bool,
}

impl TextSession {
    /// Greets with a banner of whole lines, then the prompt. A client reads both with one `recv` of 1024 bytes.
    pub fn new(banner: &[&str], prompt: &str) -> Self {
        let mut out = String::new();
        for line in banner {
            out.push_str(line);
            out.push_str(END);
        }
        out.push_str(prompt);
        Self {
            lines: Lines::text(),
            out: out.into_bytes(),
            question: None,
            writing: None,
            list: None,
            following: false,
            options: Options::default(),
            concealed: false,
            closing: false,
        }
    }

    fn write(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn line(&mut self, line: Line) {
        let Some(writing) = &mut self.writing else {
            self.question = Some(match line {
                Line::Whole(bytes) => Request::Line(bytes),
                Line::TooLong => Request::LineTooLong,
            });
            return;
        };
        if let Some(written) = writing.line(line) {
            self.writing = None;
            self.question = Some(Request::Text(match written {
                Written::Whole(lines) => Some(lines),
                Written::TooLong => None,
            }));
        }
    }

    fn reply(&mut self, reply: Reply, more: bool, options: Options) {
        self.options = options;
        let quiet = self.options.quiet;
        if std::mem::take(&mut self.concealed) {
            self.write(REVEAL);
        }
        match &reply.expects {
            Expects::Nothing => self.closing = true,
            Expects::Text { terminator } => self.writing = Some(Writing::until(terminator.clone())),
            Expects::Command | Expects::Password => {}
        }
        if let (true, Body::Text { lines, .. }) = (more, &reply.body) {
            self.following = true;
            self.write(&axigen_lines(lines));
            return;
        }
        if more {
            self.begin_list(reply);
            return;
        }
        self.write(&axigen(&reply, quiet));
        if self.options.console_codes && reply.expects == Expects::Password {
            self.concealed = true;
            self.write(CONCEAL);
        }
    }

    /// Writes the first page of a list without what ends the reply.
    fn begin_list(&mut self, reply: Reply) {
        let (head, list) = List::begin(reply, self.options.quiet);
        self.write(&head);
        self.list = Some(list);
    }

    fn rows(&mut self, rows: Vec<Vec<String>>, more: bool) {
        let Some(list) = self.list.take() else {
            return;
        };
        self.write(&list.rows(rows));
        if more {
            self.list = Some(list);
        } else {
            self.write(&list.end());
        }
    }

    /// A job goes on: its lines, how far it is as a line, its status line at the end.
    fn job(&mut self, mut lines: Vec<String>, progress: Option<String>, ended: Option<&Reply>) {
        lines.extend(progress.filter(|progress| !progress.is_empty() && !self.options.quiet));
        self.write(&axigen_lines(&lines));
        if let Some(reply) = ended {
            self.following = false;
            self.write(&axigen(reply, self.options.quiet));
        }
    }

    fn broken(&mut self, why: &str) {
        if let Some(list) = self.list.take() {
            self.write(&list.broken(why));
        }
    }

    /// Ends the dialogue with a last line.
    fn goodbye(&mut self, why: &str) {
        self.lines.clear();
        self.writing = None;
        self.list = None;
        self.following = false;
        self.question = None;
        self.closing = true;
        self.write(&axigen(&Reply::refused(why), false));
    }
}

impl Session for TextSession {
    type Request = Request;
    type Answer = Answer;

    fn input(&mut self, bytes: &[u8]) {
        self.lines.input(bytes);
    }

    fn answer(&mut self, answer: Answer) {
        match answer {
            Answer::Reply { reply, more, options } => self.reply(*reply, more, options),
            Answer::Rows { rows, more } => self.rows(rows, more),
            Answer::Job {
                lines,
                progress,
                ended,
            } => self.job(lines, progress, ended.as_deref()),
            Answer::Broken(why) => self.broken(&why),
            // Nothing is followed here.
            Answer::News(_) => {}
        }
    }

    fn timeout(&mut self) {
        self.goodbye("timeout");
    }

    fn end_of_input(&mut self) {
        self.lines.clear();
        self.closing = true;
    }

    fn secured(&mut self, _tls: TlsFacts) {
        self.lines.clear();
    }

    fn shutdown(&mut self) {
        self.goodbye("the server is stopping");
    }

    fn next(&mut self) -> Step<Request> {
        if !self.out.is_empty() {
            return Step::Write(std::mem::take(&mut self.out));
        }
        if self.closing {
            return Step::Close;
        }
        if self.list.is_some() || self.following {
            return Step::Ask(Request::More);
        }
        while self.question.is_none() {
            let Some(line) = self.lines.next() else {
                return Step::Read;
            };
            self.line(line);
        }
        self.question.take().map_or(Step::Read, Step::Ask)
    }
}
