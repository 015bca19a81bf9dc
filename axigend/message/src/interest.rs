//! Which header fields a walk keeps, and how much of them.

/// Bytes kept of one field, so that one that is absurdly long leaves room for the others; what lies beyond is cut off.
pub const FIELD_MAX: usize = 256 * 1024;

/// What a part is: without these it must not be interpreted.
const DECISIVE: [&str; 2] = ["content-type", "content-transfer-encoding"];
/// The other fields of BODYSTRUCTURE.
const CONTENT: [&str; 6] = [
    "content-id",
    "content-description",
    "content-md5",
    "content-location",
    "content-disposition",
    "content-language",
];
/// The fields of ENVELOPE.
const ENVELOPE: [&str; 10] = [
    "date",
    "subject",
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "bcc",
    "in-reply-to",
    "message-id",
];

/// A field that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// It says what the part is.
    pub(crate) decisive: bool,
    /// Bytes of it kept so far.
    pub(crate) len: usize,
}

impl Kept {
    /// The field that begins with this line, if it is of interest; in a message's header that of the envelope is too.
    pub(crate) fn begin(line: &[u8], is_message: bool) -> Option<Self> {
        let name = line.get(..memchr::memchr(b':', line)?)?.trim_ascii_end();
        let is = |known: &&str| known.as_bytes().eq_ignore_ascii_case(name);
        let decisive = DECISIVE.iter().any(is);
        let kept = decisive || CONTENT.iter().any(is) || is_message && ENVELOPE.iter().any(is);
        kept.then_some(Self { decisive, len: 0 })
    }

    /// How many more bytes of it are kept.
    pub(crate) fn room(self, budget: usize) -> usize {
        FIELD_MAX.saturating_sub(self.len).min(budget)
    }
}

/// Whether this line continues the field before.
pub(crate) fn is_folded(line: &[u8]) -> bool {
    matches!(line, [b' ' | b'\t', ..])
}
