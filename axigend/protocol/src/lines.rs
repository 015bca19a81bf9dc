//! Lines out of bytes, as SMTP and POP3 want them: only CRLF ends a line.
//!
//! Owns the input buffer of a line protocol and the one decision where a line ends. A bare CR or LF never ends a
//! line and never becomes a second one: the line is refused as soon as it is seen, and everything up to the next
//! CRLF belongs to the refused line (RFC 5321, 2.3.8). The same holds for a line beyond its limit, so memory stays
//! bounded and the dialogue stays in step. What is decided depends on the bytes alone, never on how they arrived.
//!
//! Consumed lines are wiped, because a line may have been a password.

use zeroize::{Zeroize, Zeroizing};

/// Input of a line protocol.
#[derive(Default)]
pub(crate) struct Lines {
    buffer: Vec<u8>,
    /// Bytes of `buffer` already consumed.
    start: usize,
    /// Set while the rest of a refused line is dropped.
    skipping: bool,
}

/// What the input begins with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// A whole line without its CRLF.
    Complete(Zeroizing<Vec<u8>>),
    /// A line that cannot be taken; what follows it is in step.
    Fault(LineFault),
    /// Not yet a line.
    Incomplete,
}

/// Why a line cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineFault {
    /// More bytes than the limit before CRLF.
    TooLong,
    /// CR without LF, or LF without CR.
    BareNewline,
}

impl Lines {
    /// Appends what was heard.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Takes the next line of at most `limit` bytes, CRLF not counted.
    pub(crate) fn next(&mut self, limit: usize) -> Line {
        if self.skipping && !self.skip() {
            return Line::Incomplete;
        }
        let waiting = self.waiting();
        let window = waiting.get(..=limit).unwrap_or(waiting);
        match memchr::memchr2(b'\r', b'\n', window) {
            None if waiting.len() > limit => self.refuse(window.len(), LineFault::TooLong),
            None => Line::Incomplete,
            Some(at) => match (waiting.get(at), waiting.get(at + 1)) {
                (Some(b'\r'), None) => Line::Incomplete,
                (Some(b'\r'), Some(b'\n')) => {
                    let line = Zeroizing::new(waiting.get(..at).unwrap_or_default().to_vec());
                    self.wipe(at + 2);
                    Line::Complete(line)
                }
                _ => self.refuse(at + 1, LineFault::BareNewline),
            },
        }
    }

    /// Bytes heard and not consumed, for what is not made of lines.
    pub(crate) fn waiting(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Consumes bytes seen by [`Lines::waiting`].
    pub(crate) fn consume(&mut self, len: usize) {
        self.start = self.start.saturating_add(len).min(self.buffer.len());
        if self.start == self.buffer.len() {
            self.buffer.clear();
            self.start = 0;
        }
    }

    /// Forgets everything heard; tells how much that was.
    pub(crate) fn clear(&mut self) -> usize {
        let forgotten = self.waiting().len();
        self.buffer.zeroize();
        self.start = 0;
        self.skipping = false;
        forgotten
    }

    /// Gives memory back that a long line or body needed.
    pub(crate) fn relax(&mut self, keep: usize) {
        if self.buffer.is_empty() {
            self.buffer.shrink_to(keep);
        }
    }

    /// Bytes held, for the tests of bounds.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.buffer.capacity()
    }

    fn refuse(&mut self, len: usize, fault: LineFault) -> Line {
        self.wipe(len);
        self.skipping = true;
        Line::Fault(fault)
    }

    /// Drops input up to and including CRLF; false when that has not come yet.
    fn skip(&mut self) -> bool {
        loop {
            let waiting = self.waiting();
            match memchr::memchr(b'\r', waiting) {
                None => {
                    self.wipe(usize::MAX);
                    return false;
                }
                Some(at) => match waiting.get(at + 1) {
                    None => {
                        self.wipe(at);
                        return false;
                    }
                    Some(b'\n') => {
                        self.wipe(at + 2);
                        self.skipping = false;
                        return true;
                    }
                    Some(_) => self.wipe(at + 1),
                },
            }
        }
    }

    fn wipe(&mut self, len: usize) {
        let end = self.start.saturating_add(len).min(self.buffer.len());
        if let Some(gone) = self.buffer.get_mut(self.start..end) {
            gone.zeroize();
        }
        self.consume(len);
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, LineFault, Lines};

    /// All lines of `input`, heard in pieces of `step` bytes, as text; faults in brackets.
    fn read(input: &[u8], limit: usize, step: usize) -> Vec<String> {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        for piece in input.chunks(step) {
            lines.push(piece);
            loop {
                match lines.next(limit) {
                    Line::Incomplete => break,
                    Line::Complete(line) => found.push(String::from_utf8_lossy(&line).into_owned()),
                    Line::Fault(LineFault::TooLong) => found.push("[long]".into()),
                    Line::Fault(LineFault::BareNewline) => found.push("[bare]".into()),
                }
            }
            assert!(lines.waiting().len() <= limit + 2, "holds more than a line");
        }
        found
    }

    #[test]
    fn only_crlf_ends_a_line() {
        let table: &[(&[u8], &[&str])] = &[
            (b"NOOP\r\nQUIT\r\n", &["NOOP", "QUIT"]),
            (b"\r\n", &[""]),
            (b"NOOP\nQUIT\r\nRSET\r\n", &["[bare]", "RSET"]),
            (b"NOOP\rQUIT\r\nRSET\r\n", &["[bare]", "RSET"]),
            (b"NOOP\r\r\nRSET\r\n", &["[bare]", "RSET"]),
            (b"\n\n\n\r\nRSET\r\n", &["[bare]", "RSET"]),
            (b"12345678\r\n", &["12345678"]),
            (b"123456789\r\nRSET\r\n", &["[long]", "RSET"]),
            (b"123456789\nQUIT\r\nRSET\r\n", &["[long]", "RSET"]),
            (b"123456789\r\r\r\nRSET\r\n", &["[long]", "RSET"]),
            (b"NOOP\r", &[]),
        ];
        for (input, expected) in table {
            for step in 1..=input.len() {
                assert_eq!(
                    &read(input, 8, step),
                    expected,
                    "{:?} by {step}",
                    String::from_utf8_lossy(input)
                );
            }
        }
    }
}
