//! Bytes of the directory's own small records: fields written in order, read back without trust.
//!
//! Integers are big-endian, texts carry a 16-bit length. Objects are not kept like this but as text in the syntax of
//! the configuration file, which survives changes of the schema.

use axigen_shared::{Cause, Refusal};

/// Appends fields to a record.
#[derive(Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn u8(&mut self, value: u8) {
        self.bytes.push(value);
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    /// Texts are names and paths, bounded by their kinds; a longer one is refused rather than cut.
    pub(crate) fn text(&mut self, value: &str) -> Result<(), Refusal> {
        let too_long = |_| Refusal::new(Cause::TooLarge, "a name or path has more than 65535 bytes");
        let length = u16::try_from(value.len()).map_err(too_long)?;
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(value.as_bytes());
        Ok(())
    }

    /// A list of texts with a 32-bit count.
    pub(crate) fn texts(&mut self, values: &[String]) -> Result<(), Refusal> {
        self.bytes.extend_from_slice(&(values.len() as u32).to_be_bytes());
        values.iter().try_for_each(|value| self.text(value))
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Takes fields off a record.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or_else(unreadable)?;
        self.rest = rest;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Refusal> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Refusal> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, Refusal> {
        self.array().map(i64::from_be_bytes)
    }

    pub(crate) fn text(&mut self) -> Result<String, Refusal> {
        let length = usize::from(u16::from_be_bytes(self.array()?));
        let (text, rest) = self.rest.split_at_checked(length).ok_or_else(unreadable)?;
        self.rest = rest;
        String::from_utf8(text.to_vec()).map_err(|_| unreadable())
    }

    pub(crate) fn texts(&mut self) -> Result<Vec<String>, Refusal> {
        let count = u32::from_be_bytes(self.array()?);
        // Each text takes two bytes at least: a count from disk cannot make us allocate more than the record's size.
        (0..count).map(|_| self.text()).collect()
    }

    /// What was not read.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.rest
    }
}

/// The refusal for a record that does not read.
pub(crate) fn unreadable() -> Refusal {
    Refusal::new(Cause::DirectoryFailure, "a directory record is unreadable")
}
