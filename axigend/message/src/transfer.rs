//! Content-Transfer-Encodings, decoded piece by piece (RFC 2045, 6).
//!
//! Streaming, so that a part of any size is decoded in constant memory; tolerant, as RFC 2045 asks: unknown characters
//! in base64 are skipped, a broken quoted-printable escape stands for itself.

/// How a body is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// 7bit, 8bit, binary or absent.
    Identity,
    /// base64.
    Base64,
    /// quoted-printable.
    QuotedPrintable,
    /// Anything else: cannot be decoded (RFC 9051, 6.4.5: `UNKNOWN-CTE`).
    Unknown,
}

impl Transfer {
    /// The encoding of that name.
    pub fn named(name: Option<&[u8]>) -> Self {
        let Some(name) = name else { return Self::Identity };
        let known: [(&str, Self); 6] = [
            ("", Self::Identity),
            ("7bit", Self::Identity),
            ("8bit", Self::Identity),
            ("binary", Self::Identity),
            ("base64", Self::Base64),
            ("quoted-printable", Self::QuotedPrintable),
        ];
        let name = name.trim_ascii();
        known
            .iter()
            .find(|(word, _)| word.as_bytes().eq_ignore_ascii_case(name))
            .map_or(Self::Unknown, |(_, transfer)| *transfer)
    }
}

/// A decoder with what it remembers between two pieces.
#[derive(Clone, Debug)]
pub struct Decoder {
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Identity,
    Base64 { bits: u32, count: u8 },
    Quoted { held: Vec<u8> },
}

/// Most bytes of trailing white space that quoted-printable holds back to see whether the line ends after it.
const HELD_MAX: usize = 1000;

impl Decoder {
    /// A decoder at the start of a body; an unknown encoding passes as it stands.
    pub fn new(transfer: Transfer) -> Self {
        let state = match transfer {
            Transfer::Identity | Transfer::Unknown => State::Identity,
            Transfer::Base64 => State::Base64 { bits: 0, count: 0 },
            Transfer::QuotedPrintable => State::Quoted { held: Vec::new() },
        };
        Self { state }
    }

    /// Decodes `piece` and appends the result to `out`.
    pub fn feed(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        match &mut self.state {
            State::Identity => out.extend_from_slice(piece),
            State::Base64 { bits, count } => {
                for &byte in piece {
                    base64_step(byte, bits, count, out);
                }
            }
            State::Quoted { held } => {
                for &byte in piece {
                    quoted_step(byte, held, out);
                }
            }
        }
    }

    /// The body is over: appends what was held back.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        match &mut self.state {
            State::Identity => {}
            State::Base64 { bits, count } => base64_flush(bits, count, out),
            State::Quoted { held } => {
                if held.first() == Some(&b'=') {
                    // A soft break at the very end, or a broken escape: the break is nothing, the escape stands.
                    if held.iter().skip(1).any(|byte| !byte.is_ascii_whitespace()) {
                        out.append(held);
                    }
                }
                held.clear();
            }
        }
    }
}

fn base64_step(byte: u8, bits: &mut u32, count: &mut u8, out: &mut Vec<u8>) {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        b'=' => return base64_flush(bits, count, out),
        _ => return,
    };
    *bits = (*bits << 6) | u32::from(value);
    *count += 1;
    if *count == 4 {
        let [_, first, second, third] = bits.to_be_bytes();
        out.extend_from_slice(&[first, second, third]);
        (*bits, *count) = (0, 0);
    }
}

/// Writes the whole bytes of an unfinished group.
fn base64_flush(bits: &mut u32, count: &mut u8, out: &mut Vec<u8>) {
    match *count {
        2 => out.push((*bits >> 4) as u8),
        3 => out.extend_from_slice(&[(*bits >> 10) as u8, (*bits >> 2) as u8]),
        _ => {}
    }
    (*bits, *count) = (0, 0);
}

/// `held` is empty, white space that may end the line, or `=` and what followed it.
fn quoted_step(byte: u8, held: &mut Vec<u8>, out: &mut Vec<u8>) {
    if held.first() == Some(&b'=') {
        match (held.len(), byte) {
            (_, b'\n') => held.clear(),
            (1, b'\r' | b' ' | b'\t') => held.push(byte),
            (1, _) if byte.is_ascii_hexdigit() => held.push(byte),
            (2, _) if byte.is_ascii_hexdigit() && held.get(1).is_some_and(u8::is_ascii_hexdigit) => {
                let high = held.get(1).copied().and_then(hex).unwrap_or(0);
                out.push(high * 16 + hex(byte).unwrap_or(0));
                held.clear();
            }
            (_, b'\r' | b' ' | b'\t')
                if held.len() < HELD_MAX && held.get(1).is_some_and(u8::is_ascii_whitespace) =>
            {
                held.push(byte);
            }
            _ => {
                out.append(held);
                quoted_step(byte, held, out);
            }
        }
        return;
    }
    match byte {
        b' ' | b'\t' | b'\r' if held.len() < HELD_MAX => held.push(byte),
        b'\n' => {
            let crlf = held.last() == Some(&b'\r');
            held.clear();
            out.extend_from_slice(if crlf { b"\r\n" } else { b"\n" });
        }
        b'=' => {
            out.append(held);
            held.push(byte);
        }
        _ => {
            out.append(held);
            out.push(byte);
        }
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::{Decoder, Transfer};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    fn decode(transfer: Transfer, pieces: &[&[u8]]) -> Vec<u8> {
        let (mut decoder, mut out) = (Decoder::new(transfer), Vec::new());
        for piece in pieces {
            decoder.feed(piece, &mut out);
        }
        decoder.finish(&mut out);
        out
    }

    #[test]
    fn quoted_printable() {
        for (text, plain) in [
            ("a=3Db", "a=b"),
            ("soft=\r\nbreak", "softbreak"),
            ("soft= \t\r\nbreak", "softbreak"),
            ("trail  \r\nx", "trail\r\nx"),
            ("bare =zz =4", "bare =zz =4"),
            ("end=", "end"),
            ("a b", "a b"),
            ("==41", "=A"),
        ] {
            assert_eq!(
                decode(Transfer::QuotedPrintable, &[text.as_bytes()]),
                plain.as_bytes(),
                "{text}"
            );
        }
    }

    #[test]
    fn base64() {
        for (text, plain) in [
            ("aGVsbG8=", "hello"),
            ("aGVs\r\nbG8", "hello"),
            ("aGVsbG8=aGVsbG8=", "hellohello"),
            ("a!G#Vs bG8=", "hello"),
            ("=", ""),
        ] {
            assert_eq!(
                decode(Transfer::Base64, &[text.as_bytes()]),
                plain.as_bytes(),
                "{text}"
            );
        }
    }

    #[test]
    fn names() {
        assert_eq!(Transfer::named(Some(b" BASE64 ")), Transfer::Base64);
        assert_eq!(Transfer::named(None), Transfer::Identity);
        assert_eq!(Transfer::named(Some(b"x-uuencode")), Transfer::Unknown);
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0_usize..200) {
            let cut = cut.min(bytes.len());
            for transfer in [Transfer::Base64, Transfer::QuotedPrintable] {
                let (left, right) = bytes.split_at(cut);
                prop_assert_eq!(decode(transfer, &[&bytes]), decode(transfer, &[left, right]));
            }
        }
    }
}
