//! Where a message body lies and where it comes from.

use std::{io, sync::Arc};

use axigen_shared::Refusal;
use bytes::Bytes;

use crate::error::damaged;

/// A stored body: container file, offset of its record and length of the body in bytes.
///
/// Stays valid until the last reference is released; bodies never move while referenced.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct BodyRef {
    /// Number of the container file.
    pub file: u32,
    /// Offset of the record header in that file.
    pub offset: u64,
    /// Length of the body (without record header) in bytes.
    pub len: u64,
}

impl BodyRef {
    /// Length of [`BodyRef::encode`].
    pub const ENCODED: usize = 20;

    /// Fixed 20-byte big-endian form: file, offset, length.
    pub fn encode(&self) -> [u8; Self::ENCODED] {
        let mut out = [0; Self::ENCODED];
        out[..4].copy_from_slice(&self.file.to_be_bytes());
        out[4..12].copy_from_slice(&self.offset.to_be_bytes());
        out[12..].copy_from_slice(&self.len.to_be_bytes());
        out
    }

    /// Reads what [`BodyRef::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let (file, rest) = bytes
            .split_first_chunk::<4>()
            .ok_or_else(|| damaged("body reference"))?;
        let (offset, rest) = rest
            .split_first_chunk::<8>()
            .ok_or_else(|| damaged("body reference"))?;
        let len = rest.first_chunk::<8>().ok_or_else(|| damaged("body reference"))?;
        Ok(Self {
            file: u32::from_be_bytes(*file),
            offset: u64::from_be_bytes(*offset),
            len: u64::from_be_bytes(*len),
        })
    }
}

/// Something whose bytes become a stored body: a buffer, a spool file, a body of another ledger.
///
/// Read by the committer in order and in pieces, so that a large body is never whole in memory. Length and bytes
/// must not change while it is being stored.
pub trait BodySource: Send + Sync {
    /// Length in bytes.
    fn len(&self) -> u64;
    /// Fills `buf` from `offset`; returns how much was read, 0 only at the end. May block on the disk.
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize>;
    /// What should be known of the body without reading it, derived from it. Kept beside the body as long as nothing is
    /// lost, see [`crate::Snapshot::notes`].
    fn note(&self) -> Option<Bytes> {
        None
    }
    /// Whether there is nothing in it.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A body with a note on it.
pub struct Noted {
    /// The body.
    pub body: Arc<dyn BodySource>,
    /// The note.
    pub note: Bytes,
}

impl BodySource for Noted {
    fn len(&self) -> u64 {
        self.body.len()
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        self.body.read_at(offset, buf)
    }

    fn note(&self) -> Option<Bytes> {
        Some(self.note.clone())
    }
}

impl BodySource for Bytes {
    fn len(&self) -> u64 {
        Bytes::len(self) as u64
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let rest = usize::try_from(offset)
            .ok()
            .and_then(|from| self.get(from..))
            .unwrap_or_default();
        let count = rest.len().min(buf.len());
        buf[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reference_survives_encoding() {
        let body = BodyRef {
            file: 7,
            offset: 1 << 40,
            len: 12,
        };
        assert_eq!(BodyRef::decode(&body.encode()), Ok(body));
        assert!(BodyRef::decode(&[0; 19]).is_err());
    }

    #[test]
    fn bytes_past_the_end_are_nothing() {
        let source = Bytes::from_static(b"abc");
        let mut buf = [0; 8];
        assert_eq!(source.read_at(1, &mut buf).unwrap(), 2);
        assert_eq!(source.read_at(9, &mut buf).unwrap(), 0);
    }
}
