//! Lines on their way in: commands and responses of AUTH.

use super::{
    bounds::{COMMAND_LINE_MAX, LINE_MAX},
    command::{self, Wrong},
    session::{Phase, Session},
};
use crate::{
    lines::{Line, LineFault},
    sasl::{self, Mechanism},
};

impl Session {
    /// A command; false when no line of it is there.
    pub(super) fn command_line(&mut self) -> bool {
        let done = match self.lines.next(LINE_MAX) {
            Line::Incomplete => return false,
            Line::Fault(fault) => Err(line_fault(fault)),
            Line::Complete(line) => {
                log_heard(&line);
                let is_auth = line
                    .get(..5)
                    .is_some_and(|verb| verb.eq_ignore_ascii_case(b"AUTH "));
                if line.len() > COMMAND_LINE_MAX && !is_auth {
                    Err(line_fault(LineFault::TooLong))
                } else {
                    command::dispatch(self, &line)
                }
            }
        };
        if let Err(wrong) = done {
            self.wrong(&wrong);
        }
        true
    }

    /// A response of an AUTH exchange; false when it is not there.
    pub(super) fn sasl_line(&mut self, mut dialogue: sasl::Dialogue) -> bool {
        let done = match self.lines.next(sasl::SASL_LINE_MAX) {
            Line::Incomplete => {
                self.phase = Phase::Sasl(dialogue);
                return false;
            }
            Line::Fault(fault) => Err(line_fault(fault)),
            Line::Complete(line) => {
                tracing::debug!("<< {}", if line.as_slice() == b"*" { "*" } else { "***" });
                let progress = dialogue.respond(&line);
                self.sasl(dialogue, progress)
            }
        };
        if let Err(wrong) = done {
            self.wrong(&wrong);
        }
        true
    }
}

fn line_fault(fault: LineFault) -> Wrong {
    match fault {
        LineFault::TooLong => Wrong("Line too long"),
        LineFault::BareNewline => Wrong("Lines must end in CRLF, bare CR or LF is not accepted"),
    }
}

/// Passwords and AUTH payloads are never logged; neither is a line that might be one with a slip of the keyboard.
fn log_heard(line: &[u8]) {
    if !tracing::enabled!(tracing::Level::DEBUG) {
        return;
    }
    let text = String::from_utf8_lossy(line.get(..255).unwrap_or(line)).into_owned();
    let mut words = text.split(' ').filter(|word| !word.is_empty());
    match words.next().map(str::to_ascii_uppercase).as_deref() {
        Some("AUTH") => {
            let mechanism = words
                .next()
                .and_then(Mechanism::named)
                .map_or("?", Mechanism::name);
            tracing::debug!("<< AUTH {mechanism} ***");
        }
        Some(
            verb @ ("USER" | "CAPA" | "STLS" | "STAT" | "LIST" | "UIDL" | "RETR" | "TOP" | "DELE" | "RSET"
            | "NOOP" | "QUIT"),
        ) => tracing::debug!("<< {verb} {}", words.collect::<Vec<_>>().join(" ").escape_debug()),
        Some("PASS") => tracing::debug!("<< PASS ***"),
        _ => tracing::debug!("<< ***"),
    }
}
