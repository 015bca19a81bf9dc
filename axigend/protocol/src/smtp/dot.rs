//! The octets of DATA: dot-stuffing and the one end (RFC 5321, 4.1.1.4 and 4.5.2).
//!
//! Only CRLF `.` CRLF ends the message, counted from the CRLF of the DATA command. A bare CR, a bare LF or a NUL never
//! begins a line: it is reported and the search for the real end goes on. Bytes may arrive in pieces of any size.

/// Reads one message.
#[derive(Debug, Default)]
pub(super) struct DotReader {
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// After CRLF, or at the beginning.
    #[default]
    LineStart,
    /// A dot at the start of a line: it is not part of the message.
    Dot,
    /// That dot, then CR.
    DotCr,
    /// In a line.
    Text,
    /// CR in a line.
    Cr,
}

/// What was found in one piece of input.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    /// Octets of the piece that belong to the message or its end.
    pub used: usize,
    /// The end was found.
    pub ended: bool,
    /// No bare CR, bare LF or NUL in this piece.
    pub clean: bool,
}

impl DotReader {
    /// Reads on, and appends the message's own octets to `message`: at most one more than `input` has.
    pub(super) fn read(&mut self, input: &[u8], message: &mut Vec<u8>) -> Read {
        let mut at = 0;
        let mut clean = true;
        while let Some(&octet) = input.get(at) {
            match (self.state, octet) {
                (State::Text, _) => at += self.text(input.get(at..).unwrap_or_default(), message, &mut clean),
                (State::LineStart, b'.') => {
                    self.state = State::Dot;
                    at += 1;
                }
                (State::Dot, b'\r') => {
                    self.state = State::DotCr;
                    at += 1;
                }
                (State::DotCr, b'\n') => {
                    return Read {
                        used: at + 1,
                        ended: true,
                        clean,
                    };
                }
                (State::Cr, b'\n') => {
                    message.extend_from_slice(b"\r\n");
                    self.state = State::LineStart;
                    at += 1;
                }
                // A CR that was not followed by LF; this octet may be the next CR.
                (State::Cr | State::DotCr, octet) => {
                    clean = false;
                    self.state = if octet == b'\r' { State::Cr } else { State::Text };
                    at += usize::from(octet == b'\r');
                }
                (State::LineStart | State::Dot, _) => self.state = State::Text,
            }
        }
        Read {
            used: at,
            ended: false,
            clean,
        }
    }

    /// Takes the rest of a line, or as much of it as is there.
    fn text(&mut self, input: &[u8], message: &mut Vec<u8>, clean: &mut bool) -> usize {
        let Some(at) = memchr::memchr3(b'\r', b'\n', 0, input) else {
            message.extend_from_slice(input);
            return input.len();
        };
        if let Some(line) = input.get(..at + 2).filter(|line| line.ends_with(b"\r\n")) {
            message.extend_from_slice(line);
            self.state = State::LineStart;
            return at + 2;
        }
        message.extend_from_slice(input.get(..at).unwrap_or_default());
        match input.get(at) {
            Some(b'\r') => self.state = State::Cr,
            _ => *clean = false,
        }
        at + 1
    }
}

#[cfg(test)]
mod tests {
    use super::{DotReader, Read};

    /// Message, octets left over after the end (or `None` without an end), clean.
    fn read(input: &[u8], step: usize) -> (Vec<u8>, Option<Vec<u8>>, bool) {
        let mut reader = DotReader::default();
        let (mut message, mut clean, mut at) = (Vec::new(), true, 0);
        for piece in input.chunks(step) {
            let Read {
                used,
                ended,
                clean: so_far,
            } = reader.read(piece, &mut message);
            clean &= so_far;
            at += used;
            if ended {
                return (message, Some(input[at..].to_vec()), clean);
            }
            assert_eq!(used, piece.len());
        }
        (message, None, clean)
    }

    #[test]
    fn stuffing_and_the_end() {
        type Row<'a> = (&'a [u8], &'a [u8], Option<&'a [u8]>);
        let table: &[Row<'_>] = &[
            (b".\r\n", b"", Some(b"")),
            (b"a\r\n.\r\nQUIT", b"a\r\n", Some(b"QUIT")),
            (b"..\r\n.\r\n", b".\r\n", Some(b"")),
            (b"...\r\n.\r\n", b"..\r\n", Some(b"")),
            (b".a\r\n.\r\n", b"a\r\n", Some(b"")),
            (b"a.\r\n.\r\n", b"a.\r\n", Some(b"")),
            (b"\r\n\r\n.\r\n", b"\r\n\r\n", Some(b"")),
            (b"a\r\n.\r", b"a\r\n", None),
            (b"a\r\n.", b"a\r\n", None),
            (b"a\r\n..\r\n", b"a\r\n.\r\n", None),
        ];
        for (input, message, rest) in table {
            for step in 1..=input.len() {
                let found = read(input, step);
                assert_eq!(
                    found,
                    (message.to_vec(), rest.map(<[u8]>::to_vec), true),
                    "{input:?} by {step}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_end() {
        let inputs: &[&[u8]] = &[
            b"a\n.\n",
            b"a\n.\r\n",
            b"a\r\n.\n",
            b"a\r.\r",
            b"a\r.\r\n",
            b"a\r\n.\r",
            b"a\r\n.\r\r\n",
            b"a\n\r.\n\r",
            b"a\r\n.\0\r\n",
            b"a\r\n\0.\r\n",
            b"a\0\r\n.\0\r\n",
            b"a\r\n.\r\0\n",
            b"a\n\n.\n\n",
            b".\n",
            b".\r",
            b"\n.\r\n",
            b"a\r\r.\r\r\n",
            b"a\r\n. \r\n",
            b"a\r\n.\n\r\n",
            b"a\r\n\r.\r\n",
            b"a\r\n\n.\r\n",
        ];
        for input in inputs {
            for step in 1..=input.len() {
                let (_, rest, _) = read(input, step);
                assert_eq!(rest, None, "{input:?} by {step}");
                let whole = [input, b"\r\n.\r\nNOOP\r\n".as_slice()].concat();
                let (_, rest, clean) = read(&whole, step);
                assert_eq!(
                    rest.as_deref(),
                    Some(b"NOOP\r\n".as_slice()),
                    "{input:?} by {step}"
                );
                assert_eq!(clean, *input == b"a\r\n. \r\n".as_slice(), "{input:?} by {step}");
            }
        }
    }
}
