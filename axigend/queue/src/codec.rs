//! Bytes of the queue's records: little helpers to write and to read them back without trust.
//!
//! Integers are big-endian, texts carry a 32-bit length. A reader never allocates more than the record holds.

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

    pub(crate) fn u32(&mut self, value: u32) {
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    pub(crate) fn i64(&mut self, value: i64) {
        self.bytes.extend_from_slice(&value.to_be_bytes());
    }

    pub(crate) fn text(&mut self, value: &str) {
        self.raw(value.as_bytes());
    }

    pub(crate) fn raw(&mut self, value: &[u8]) {
        // Envelope fields are bounded far below 4 GiB by SMTP's line lengths; a longer one is cut, not wrapped.
        let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
        self.u32(length);
        self.bytes.extend(value.iter().take(length as usize));
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Takes fields off a record; every failure is the same "unreadable".
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Refusal> {
        let (head, rest) = self.rest.split_at_checked(length).ok_or_else(unreadable)?;
        self.rest = rest;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        self.take(N)?.try_into().map_err(|_| unreadable())
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Refusal> {
        self.array().map(|[byte]| byte)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Refusal> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, Refusal> {
        self.array().map(i64::from_be_bytes)
    }

    pub(crate) fn raw(&mut self) -> Result<&'a [u8], Refusal> {
        let length = self.u32()?;
        self.take(length as usize)
    }

    pub(crate) fn text(&mut self) -> Result<String, Refusal> {
        String::from_utf8(self.raw()?.to_vec()).map_err(|_| unreadable())
    }

    /// Bytes not yet taken: an upper bound for any count of items still to come.
    pub(crate) fn left(&self) -> usize {
        self.rest.len()
    }

    pub(crate) fn end(self) -> Result<(), Refusal> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(unreadable())
        }
    }
}

/// The refusal for a record that does not read.
pub(crate) fn unreadable() -> Refusal {
    Refusal::new(Cause::StorageFailure, "queue record is unreadable")
}
