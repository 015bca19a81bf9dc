//! Cutting what a client sends into lines.
//!
//! Owns the bound on a line and the three line ends that exist in the field: CRLF (libraries), bare LF (scripts) and
//! bare CR (expect). A line that is too long is dropped up to its end and reported once, so that the dialogue stays
//! in step. Does not know what a line means.

use std::collections::VecDeque;

/// Longest line that is taken, line end excluded. AXIGEN's clients were seen with sets and paths of some KiB; 64 KiB is
/// what the wire description asks for at least.
pub const MAX_LINE: usize = 64 * 1024;

/// One line, or the news that a line was longer than the bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// The bytes of a line without its end.
    Whole(Vec<u8>),
    /// A line longer than the bound; its bytes are gone.
    TooLong,
}

/// Collects bytes and hands out lines.
#[derive(Debug)]
pub struct Lines {
    waiting: VecDeque<u8>,
    current: Vec<u8>,
    overlong: bool,
    after_cr: bool,
    bound: usize,
    /// Whether a bare CR ends a line, too. The control socket's JSON lines end with LF alone.
    bare_cr: bool,
}

impl Lines {
    /// For the AXIGEN text dialogue: CRLF, LF or CR.
    pub fn text() -> Self {
        Self::new(MAX_LINE, true)
    }

    /// For JSON lines: LF, a CR before it is dropped.
    pub fn json(bound: usize) -> Self {
        Self::new(bound, false)
    }

    fn new(bound: usize, bare_cr: bool) -> Self {
        Self {
            waiting: VecDeque::new(),
            current: Vec::new(),
            overlong: false,
            after_cr: false,
            bound,
            bare_cr,
        }
    }

    /// Takes more input. The driver feeds only what fits one read, and only when [`Lines::next`] has nothing left.
    pub fn input(&mut self, bytes: &[u8]) {
        self.waiting.extend(bytes);
    }

    /// The next complete line.
    pub fn next(&mut self) -> Option<Line> {
        while let Some(byte) = self.waiting.pop_front() {
            let swallow = std::mem::replace(&mut self.after_cr, false) && byte == b'\n';
            if swallow {
                continue;
            }
            if byte == b'\n' || (byte == b'\r' && self.bare_cr) {
                self.after_cr = byte == b'\r';
                return Some(self.cut());
            }
            if self.current.len() < self.bound {
                self.current.push(byte);
            } else {
                self.overlong = true;
            }
        }
        None
    }

    /// Longest line that is taken now.
    pub fn bound(&self) -> usize {
        self.bound
    }

    /// Takes longer or shorter lines from now on.
    pub fn set_bound(&mut self, bound: usize) {
        self.bound = bound;
    }

    /// Forgets everything heard so far.
    pub fn clear(&mut self) {
        self.waiting.clear();
        self.current.clear();
        self.overlong = false;
        self.after_cr = false;
    }

    fn cut(&mut self) -> Line {
        let mut line = std::mem::take(&mut self.current);
        if std::mem::replace(&mut self.overlong, false) {
            return Line::TooLong;
        }
        if !self.bare_cr && line.last() == Some(&b'\r') {
            line.pop();
        }
        Line::Whole(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(lines: &mut Lines) -> Vec<Line> {
        std::iter::from_fn(|| lines.next()).collect()
    }

    fn whole(text: &str) -> Line {
        Line::Whole(text.as_bytes().to_vec())
    }

    #[test]
    fn three_line_ends_in_any_cut() {
        for cut in 1..8 {
            let mut lines = Lines::text();
            let mut heard = Vec::new();
            for part in b"a\r\nb\nc\rd\r\n\r\n".chunks(cut) {
                lines.input(part);
                heard.extend(all(&mut lines));
            }
            assert_eq!(heard, [whole("a"), whole("b"), whole("c"), whole("d"), whole("")]);
        }
    }

    #[test]
    fn an_overlong_line_is_reported_once_and_the_next_is_whole() {
        let mut lines = Lines::json(4);
        lines.input(b"12345678\n1234\r\n123\r\n");
        assert_eq!(all(&mut lines), [Line::TooLong, Line::TooLong, whole("123")]);
    }

    #[test]
    fn json_lines_keep_a_cr_inside() {
        let mut lines = Lines::json(64);
        lines.input(b"a\rb\r\n");
        assert_eq!(all(&mut lines), [whole("a\rb")]);
    }
}
