//! The content rule of BDAT (RFC 3030): lines end in CRLF and hold no NUL, unless BODY=BINARYMIME.

/// Watches a message that arrives in counted pieces.
#[derive(Debug, Default)]
pub(super) struct LineCheck {
    /// The last octet was CR.
    cr: bool,
}

impl LineCheck {
    /// Whether these octets, after those before, hold no bare LF, no NUL and no CR that is known to be bare.
    pub(super) fn clean(&mut self, octets: &[u8]) -> bool {
        let mut rest = octets;
        if self.cr {
            match rest.split_first() {
                None => return true,
                Some((b'\n', after)) => rest = after,
                Some(_) => return false,
            }
            self.cr = false;
        }
        while let Some(at) = memchr::memchr3(b'\r', b'\n', 0, rest) {
            match (rest.get(at), rest.get(at + 1)) {
                (Some(b'\r'), Some(b'\n')) => rest = rest.get(at + 2..).unwrap_or_default(),
                (Some(b'\r'), None) => {
                    self.cr = true;
                    return true;
                }
                _ => return false,
            }
        }
        true
    }

    /// Whether the message may end here: not between CR and LF.
    pub(super) fn may_end(&self) -> bool {
        !self.cr
    }
}

#[cfg(test)]
mod tests {
    use super::LineCheck;

    fn clean(message: &[u8], step: usize) -> bool {
        let mut check = LineCheck::default();
        message.chunks(step).all(|piece| check.clean(piece)) && check.may_end()
    }

    #[test]
    fn lines() {
        let table: &[(&[u8], bool)] = &[
            (b"", true),
            (b"a", true),
            (b"a\r\n\r\nb", true),
            (b"\r\n.\r\n", true),
            (b"a\nb", false),
            (b"a\rb", false),
            (b"a\r", false),
            (b"a\r\r\n", false),
            (b"\n", false),
            (b"a\r\n\n", false),
            (b"a\0b", false),
        ];
        for (message, expected) in table {
            for step in 1..=message.len().max(1) {
                assert_eq!(clean(message, step), *expected, "{message:?} by {step}");
            }
        }
    }
}
