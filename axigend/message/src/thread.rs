//! Which messages a message refers to (RFC 5256, THREAD=REFERENCES).
//!
//! Message ids are told apart by 64 bits of their text. Two that are equal by accident are not to be expected; who wants
//! to be taken for another message can simply use its id.

use crate::{
    envelope::Envelope,
    field::{fields, unfold},
};

/// Most references kept in a [`crate::Summary`].
pub const REFERENCES_MAX: usize = 250;
/// Most references read from one message.
const READ_MAX: usize = 10_000;

/// The id of a message and those it refers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThreadIds {
    /// Its Message-ID, if it has a valid one.
    pub own: Option<u64>,
    /// The messages it refers to, the oldest first: References, else the first of In-Reply-To.
    pub references: Vec<u64>,
}

impl ThreadIds {
    /// The ids of a message with this header and envelope.
    pub fn parse(header: &[u8], envelope: &Envelope<'_>) -> Self {
        let field = fields(header).find(|field| field.is("references"));
        let references = field.map(|field| references(field.value)).unwrap_or_default();
        Self::new(envelope, references)
    }

    pub(crate) fn new(envelope: &Envelope<'_>, references: Vec<u64>) -> Self {
        let first = |value: Option<&[u8]>| value.and_then(|value| MessageIds(value).next());
        let references = if references.is_empty() {
            first(envelope.in_reply_to.as_deref()).into_iter().collect()
        } else {
            references
        };
        Self {
            own: first(envelope.message_id.as_deref()),
            references,
        }
    }
}

/// The message ids in a References field.
pub(crate) fn references(value: &[u8]) -> Vec<u64> {
    MessageIds(&unfold(value)).take(READ_MAX).collect()
}

/// The message ids in a field's value: `<left@right>`, quotes removed (RFC 5256, "message IDs must be normalized").
struct MessageIds<'a>(&'a [u8]);

impl Iterator for MessageIds<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        loop {
            let start = memchr::memchr(b'<', self.0)?;
            let mut hash = Fnv::new();
            let mut rest = self.0.get(start + 1..)?;
            let (mut quoted, mut has_at) = (false, false);
            loop {
                let (byte, after) = rest.split_first()?;
                rest = after;
                match byte {
                    b'"' => quoted = !quoted,
                    b'\\' if quoted => {
                        let (next, after) = rest.split_first()?;
                        hash.add(*next);
                        rest = after;
                    }
                    b'>' if !quoted => break,
                    b' ' | b'\t' if !quoted => {}
                    _ => {
                        has_at |= *byte == b'@';
                        hash.add(*byte);
                    }
                }
            }
            self.0 = rest;
            if has_at {
                return Some(hash.0);
            }
        }
    }
}

/// FNV-1a, 64 bits. Part of the summary's format.
struct Fnv(u64);

impl Fnv {
    const fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    const fn add(&mut self, byte: u8) {
        self.0 = (self.0 ^ byte as u64).wrapping_mul(0x0100_0000_01b3);
    }
}

#[cfg(test)]
mod tests {
    use super::{MessageIds, ThreadIds};
    use crate::Envelope;

    fn ids(value: &str) -> Vec<u64> {
        MessageIds(value.as_bytes()).collect()
    }

    #[test]
    fn ids_are_found_and_normalized() {
        assert_eq!(ids("<a@b>"), ids("comment <\"a\"@b > more"));
        assert_eq!(ids("<a@b> <c@d>").len(), 2);
        assert_eq!(ids("<a@b><c@d>"), ids("<a@b>\t<c@d>"));
        assert_ne!(ids("<a@b>"), ids("<A@b>"));
        for none in ["", "a@b", "<a@b", "<no id>", "<\"@>", "<\"\\"] {
            assert!(ids(none).is_empty(), "{none}");
        }
    }

    #[test]
    fn references_come_before_in_reply_to() {
        let parse = |header: &str| ThreadIds::parse(header.as_bytes(), &Envelope::parse(header.as_bytes()));
        let both =
            parse("Message-ID: <m@x>\r\nIn-Reply-To: <p@x> <q@x>\r\nReferences: <r@x>\r\n <p@x>\r\n\r\n");
        assert_eq!(both.own, ids("<m@x>").first().copied());
        assert_eq!(both.references, ids("<r@x><p@x>"));
        let one = parse("In-Reply-To: <p@x> <q@x>\r\nReferences: none\r\n\r\n");
        assert_eq!((one.own, one.references), (None, ids("<p@x>")));
    }
}
