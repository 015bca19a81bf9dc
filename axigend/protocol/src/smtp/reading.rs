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
            Line::Fault(fault) => {
                tracing::debug!("<< *** (unreadable line)");
                self.wrong(&line_fault(fault));
            }
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
        log_heard(line);
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

/// Logs a command. Only what begins with the name of a command is shown: another line may be a password that a client
/// sends on after AUTH was refused.
fn log_heard(line: &str) {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let mut words = line.split(' ').filter(|word| !word.is_empty());
    let verb = words.next().unwrap_or_default();
    if verb.eq_ignore_ascii_case("AUTH") {
        let mechanism = words
            .next()
            .and_then(Mechanism::named)
            .map_or("?", Mechanism::name);
        tracing::debug!("<< AUTH {mechanism} ***");
    } else if command::COMMANDS
        .iter()
        .any(|row| row.name.eq_ignore_ascii_case(verb))
    {
        let shown: String = line.chars().take(LOG_LINE_MAX).collect();
        tracing::debug!("<< {}", shown.escape_debug());
    } else {
        tracing::debug!("<< *** (not a command, {} bytes)", line.len());
    }
}
