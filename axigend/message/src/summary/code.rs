//! Numbers and texts in few bytes.
//!
//! A number is written seven bits at a time, low ones first. A text is its length doubled and its bytes, or, for one of
//! [`WORDS`], its place there doubled and one: most of what stands in content fields is one of these.

use std::borrow::Cow;

/// What often stands in content fields. Part of the format: only ever appended to.
const WORDS: [&str; 44] = [
    "text",
    "plain",
    "html",
    "multipart",
    "mixed",
    "alternative",
    "related",
    "report",
    "signed",
    "encrypted",
    "message",
    "rfc822",
    "delivery-status",
    "application",
    "pdf",
    "octet-stream",
    "zip",
    "pgp-signature",
    "pkcs7-signature",
    "image",
    "png",
    "jpeg",
    "gif",
    "calendar",
    "boundary",
    "charset",
    "utf-8",
    "UTF-8",
    "us-ascii",
    "US-ASCII",
    "iso-8859-1",
    "ISO-8859-1",
    "windows-1252",
    "format",
    "flowed",
    "name",
    "7bit",
    "8bit",
    "quoted-printable",
    "base64",
    "inline",
    "attachment",
    "filename",
    "type",
];

/// What is being written.
#[derive(Default)]
pub(super) struct Out(pub(super) Vec<u8>);

impl Out {
    pub(super) fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    /// Small numbers of either sign are short.
    pub(super) fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)).cast_unsigned());
    }

    pub(super) fn text(&mut self, text: &[u8]) {
        self.coded(text, 0);
    }

    /// A text that may be missing.
    pub(super) fn optional(&mut self, text: Option<&[u8]>) {
        match text {
            Some(text) => self.coded(text, 1),
            None => self.number(0),
        }
    }

    /// The same for a text that is hardly ever one of the words.
    pub(super) fn unusual(&mut self, text: Option<&[u8]>) {
        match text {
            Some(text) => self.spelt(text, 1),
            None => self.number(0),
        }
    }

    fn coded(&mut self, text: &[u8], first: u64) {
        let word = WORDS.iter().position(|word| word.as_bytes() == text);
        match word {
            Some(word) => self.number(word as u64 * 2 + 1 + first),
            None => self.spelt(text, first),
        }
    }

    fn spelt(&mut self, text: &[u8], first: u64) {
        self.number(text.len() as u64 * 2 + first);
        self.0.extend_from_slice(text);
    }

    /// Bytes with their length before them.
    pub(super) fn section(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }
}

/// What is being read; `None` everywhere when it is not what [`Out`] writes.
pub(super) struct In<'a>(pub(super) &'a [u8]);

#[expect(clippy::option_option, reason = "damage and absence are different things")]
impl<'a> In<'a> {
    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    pub(super) fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// How many of something follow; there can be no more than bytes.
    pub(super) fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= self.0.len()).then_some(count)
    }

    pub(super) fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }

    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        let code = self.number()?;
        self.text_of(code)
    }

    pub(super) fn string(&mut self) -> Option<String> {
        String::from_utf8(self.text()?.to_vec()).ok()
    }

    /// A text that may be missing; the outer `None` is damage.
    pub(super) fn optional(&mut self) -> Option<Option<&'a [u8]>> {
        match self.number()?.checked_sub(1) {
            None => Some(None),
            Some(code) => self.text_of(code).map(Some),
        }
    }

    pub(super) fn cow(&mut self) -> Option<Option<Cow<'a, [u8]>>> {
        Some(self.optional()?.map(Cow::Borrowed))
    }

    pub(super) fn owned(&mut self) -> Option<Option<Vec<u8>>> {
        Some(self.optional()?.map(<[u8]>::to_vec))
    }

    fn text_of(&mut self, code: u64) -> Option<&'a [u8]> {
        let half = usize::try_from(code / 2).ok()?;
        if code % 2 == 1 {
            return WORDS.get(half).map(|word| word.as_bytes());
        }
        self.bytes(half)
    }

    /// A section written by [`Out::section`].
    pub(super) fn section(&mut self) -> Option<&'a [u8]> {
        let len = self.count()?;
        self.bytes(len)
    }
}

#[cfg(test)]
mod tests {
    use super::{In, Out};
    use proptest::prelude::{any, prop_assert_eq, proptest};

    proptest! {
        #[test]
        fn what_is_written_is_read(
            number in any::<u64>(),
            signed in any::<i64>(),
            text in proptest::option::of("[a-z]{0,5}|utf-8|base64|text"),
        ) {
            let text = text.as_ref().map(String::as_bytes);
            let mut out = Out::default();
            out.number(number);
            out.signed(signed);
            out.optional(text);
            out.text(text.unwrap_or_default());
            out.section(b"abc");
            let mut read = In(&out.0);
            prop_assert_eq!(read.number(), Some(number));
            prop_assert_eq!(read.signed(), Some(signed));
            prop_assert_eq!(read.optional(), Some(text));
            prop_assert_eq!(read.text(), Some(text.unwrap_or_default()));
            prop_assert_eq!(read.section(), Some(&b"abc"[..]));
            prop_assert_eq!(read.number(), None);
        }

        #[test]
        fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..30)) {
            let mut read = In(&bytes);
            while read.optional().is_some() && read.signed().is_some() && read.section().is_some() {}
        }
    }
}
