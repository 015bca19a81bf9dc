//! Lines on their way in: commands and responses of AUTH.

use super::{
    bounds::{COMMAND_LINE_MAX, LINE_MAX, LOG_LINE_MAX},
    command,
    reply::Reply,
    session::{Advance, Phase, Session},
};
use crate::{
    lines::{Line, LineFault},
    sasl::{self, Mechanism},
};

impl Session {
    /// A command, if a line of it is there.
    pub(super) fn command_line(&mut self) -> Advance {
        match self.lines.next(LINE_MAX) {
            Line::Incomplete => return Advance::Wait,
            Line::Fault(fault) => self.wrong(&line_fault(fault)),
            Line::Complete(line) => match std::str::from_utf8(&line) {
                Ok(text) => self.command(text),
                Err(_) => self.wrong(&Reply::new(500, "5.5.2", "Command is not UTF-8 text")),
            },
        }
        Advance::Again
    }

    fn command(&mut self, line: &str) {
        let is_auth = line
            .get(..5)
            .is_some_and(|verb| verb.eq_ignore_ascii_case("AUTH "));
        log_heard(line, is_auth);
        let done = if line.len() > COMMAND_LINE_MAX && !is_auth {
            Err(line_fault(LineFault::TooLong))
        } else if line.contains('\0') {
            Err(Reply::new(500, "5.5.2", "Command contains NUL"))
        } else {
            command::dispatch(self, line)
        };
        if let Err(reply) = done {
            self.wrong(&reply);
        }
    }

    /// A response of an AUTH exchange, if it is there.
    pub(super) fn sasl_line(&mut self, mut dialogue: sasl::Dialogue) -> Advance {
        let done = match self.lines.next(sasl::SASL_LINE_MAX) {
            Line::Incomplete => {
                self.phase = Phase::Sasl(dialogue);
                return Advance::Wait;
            }
            Line::Fault(LineFault::TooLong) => Err(Reply::new(
                500,
                "5.5.6",
                "Authentication exchange line is too long",
            )),
            Line::Fault(fault @ LineFault::BareNewline) => Err(line_fault(fault)),
            Line::Complete(line) => {
                tracing::debug!("<< {}", if line.as_slice() == b"*" { "*" } else { "***" });
                let progress = dialogue.respond(&line);
                self.sasl(dialogue, progress)
            }
        };
        if let Err(reply) = done {
            self.wrong(&reply);
        }
        Advance::Again
    }
}

/// What is said about a line that cannot be read. A line without CRLF is answered as soon as that is known, and
/// never becomes two commands.
fn line_fault(fault: LineFault) -> Reply {
    match fault {
        LineFault::TooLong => Reply::new(500, "5.5.2", "Line too long"),
        LineFault::BareNewline => Reply::new(
            500,
            "5.5.2",
            "Lines must end in CRLF, bare CR or LF is not accepted",
        ),
    }
}

fn log_heard(line: &str, is_auth: bool) {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    if is_auth {
        let mechanism = line
            .split(' ')
            .filter(|word| !word.is_empty())
            .nth(1)
            .and_then(Mechanism::named);
        tracing::debug!("<< AUTH {} ***", mechanism.map_or("?", Mechanism::name));
    } else {
        let shown: String = line.chars().take(LOG_LINE_MAX).collect();
        tracing::debug!("<< {}", shown.escape_debug());
    }
}
