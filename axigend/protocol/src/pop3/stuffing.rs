//! A message as the lines of a multi-line answer (RFC 1939, 3), and how much of it TOP shows.

/// Dot-stuffs what passes through, in pieces of any size.
#[derive(Debug)]
pub(super) struct Stuffer {
    /// The next octet begins a line.
    line_start: bool,
    /// The last octet was CR.
    cr: bool,
}

impl Stuffer {
    pub(super) fn new() -> Self {
        Self {
            line_start: true,
            cr: false,
        }
    }

    /// Appends a piece of the message to `out`.
    pub(super) fn push(&mut self, mut octets: &[u8], out: &mut Vec<u8>) {
        while let Some(&first) = octets.first() {
            if self.line_start && first == b'.' {
                out.push(b'.');
            }
            self.line_start = false;
            let Some(at) = memchr::memchr(b'\n', octets) else {
                out.extend_from_slice(octets);
                self.cr = octets.ends_with(b"\r");
                return;
            };
            let (line, rest) = octets.split_at(at);
            out.extend_from_slice(line);
            let complete = if line.is_empty() {
                self.cr
            } else {
                line.ends_with(b"\r")
            };
            out.extend_from_slice(if complete { b"\n" } else { b"\r\n" });
            self.line_start = true;
            self.cr = false;
            octets = rest.get(1..).unwrap_or_default();
        }
    }

    /// Ends the answer; a last line without an end gets one.
    pub(super) fn finish(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if self.line_start { b".\r\n" } else { b"\r\n.\r\n" });
    }
}

/// Cuts a message for TOP: the header, the blank line, and so many lines of the body.
#[derive(Debug)]
pub(super) struct Top {
    /// Lines of the body still to show.
    lines: u64,
    in_header: bool,
    /// Something but CR stood in this line.
    blank: bool,
}

impl Top {
    pub(super) fn new(lines: u64) -> Self {
        Self {
            lines,
            in_header: true,
            blank: true,
        }
    }

    /// How much of this piece is shown.
    pub(super) fn cut<'a>(&mut self, octets: &'a [u8]) -> &'a [u8] {
        let mut shown = 0;
        while !self.is_done() {
            let rest = octets.get(shown..).unwrap_or_default();
            let Some(at) = memchr::memchr(b'\n', rest) else {
                self.blank &= rest.iter().all(|octet| *octet == b'\r');
                return octets;
            };
            let blank = self.blank && rest.iter().take(at).all(|octet| *octet == b'\r');
            if !self.in_header {
                self.lines -= 1;
            }
            self.in_header &= !blank;
            self.blank = true;
            shown += at + 1;
        }
        octets.get(..shown).unwrap_or(octets)
    }

    /// Nothing more is shown.
    pub(super) fn is_done(&self) -> bool {
        !self.in_header && self.lines == 0
    }
}

#[cfg(test)]
mod tests {
    use super::{Stuffer, Top};

    fn stuffed(message: &[u8], step: usize) -> Vec<u8> {
        let (mut stuffer, mut out) = (Stuffer::new(), Vec::new());
        message
            .chunks(step)
            .for_each(|piece| stuffer.push(piece, &mut out));
        stuffer.finish(&mut out);
        out
    }

    #[test]
    fn stuffing() {
        let table: &[(&[u8], &[u8])] = &[
            (b"", b".\r\n"),
            (b"a\r\n", b"a\r\n.\r\n"),
            (b"a", b"a\r\n.\r\n"),
            (b".\r\n", b"..\r\n.\r\n"),
            (b".", b"..\r\n.\r\n"),
            (b"a\r\n.b\r\n..\r\n", b"a\r\n..b\r\n...\r\n.\r\n"),
            (b"a\n.\nb", b"a\r\n..\r\nb\r\n.\r\n"),
            (b"a\n.\r\nMore", b"a\r\n..\r\nMore\r\n.\r\n"),
            (b"\r\n\r\n", b"\r\n\r\n.\r\n"),
            (b"a\r", b"a\r\r\n.\r\n"),
            (b"\n\n", b"\r\n\r\n.\r\n"),
        ];
        for (message, expected) in table {
            for step in 1..=message.len().max(1) {
                assert_eq!(stuffed(message, step), *expected, "{message:?} by {step}");
            }
        }
    }

    #[test]
    fn top() {
        let message = b"A: 1\r\nB: 2\r\n\r\none\r\n\r\nthree\r\n";
        let table: &[(u64, &[u8])] = &[
            (0, b"A: 1\r\nB: 2\r\n\r\n"),
            (1, b"A: 1\r\nB: 2\r\n\r\none\r\n"),
            (2, b"A: 1\r\nB: 2\r\n\r\none\r\n\r\n"),
            (3, message),
            (u64::MAX, message),
        ];
        for (lines, expected) in table {
            for step in 1..=message.len() {
                let mut top = Top::new(*lines);
                let shown: Vec<u8> = message
                    .chunks(step)
                    .flat_map(|piece| top.cut(piece).to_vec())
                    .collect();
                assert_eq!(shown, *expected, "{lines} by {step}");
            }
        }
        assert_eq!(Top::new(0).cut(b"no header end"), b"no header end");
    }
}
