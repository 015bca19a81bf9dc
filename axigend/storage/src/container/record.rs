//! The bytes of one record: header, payload, checksum of the payload.
//!
//! All numbers big-endian. The header has its own checksum, so that a body with a damaged byte can still be stepped
//! over. `mark` is drawn at random for each ledger and stands in every record: a mail that quotes the bytes of a
//! record can never be taken for one. `synced` says up to which offset of this file everything was on stable storage
//! when the record was written; it tells a torn end (nobody was answered) from damage (somebody was).

/// First bytes of every record.
const MAGIC: [u8; 4] = *b"AXRC";
/// Version of the record layout.
pub(crate) const RECORD_VERSION: u16 = 1;
/// Bytes before the payload.
pub(crate) const HEADER: u64 = 44;
/// Bytes after the payload: its CRC-32.
pub(crate) const TRAILER: u64 = 4;

/// What a record holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// A message body as it came.
    Body,
    /// The mutations of one operation.
    Log,
}

/// A record's header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct RecordHead {
    pub kind: Kind,
    /// Identity of the ledger.
    pub mark: u64,
    /// Bytes of the payload.
    pub len: u64,
    /// Number of the record in its ledger, rising by one.
    pub sequence: u64,
    /// Everything before this offset of the file was synced when this was written.
    pub synced: u64,
}

/// Why bytes are not a record header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NoRecord {
    /// Not a header of this ledger, or a damaged one.
    Invalid,
    /// A whole header of a version we do not know.
    Newer(u16),
}

impl RecordHead {
    /// Bytes the whole record takes.
    pub(crate) fn total(&self) -> u64 {
        self.len.saturating_add(HEADER + TRAILER)
    }

    pub(crate) fn encode(&self) -> [u8; HEADER as usize] {
        let mut out = [0; HEADER as usize];
        out[..4].copy_from_slice(&MAGIC);
        out[4..6].copy_from_slice(&RECORD_VERSION.to_be_bytes());
        out[6] = match self.kind {
            Kind::Body => 1,
            Kind::Log => 2,
        };
        out[8..16].copy_from_slice(&self.mark.to_be_bytes());
        out[16..24].copy_from_slice(&self.len.to_be_bytes());
        out[24..32].copy_from_slice(&self.sequence.to_be_bytes());
        out[32..40].copy_from_slice(&self.synced.to_be_bytes());
        let crc = crc32fast::hash(&out[..40]);
        out[40..].copy_from_slice(&crc.to_be_bytes());
        out
    }

    /// Reads a header of the ledger `mark`.
    pub(crate) fn decode(bytes: &[u8; HEADER as usize], mark: u64) -> Result<Self, NoRecord> {
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&bytes[at..at + 8]);
            u64::from_be_bytes(word)
        };
        let crc = u32::from_be_bytes([bytes[40], bytes[41], bytes[42], bytes[43]]);
        if bytes[..4] != MAGIC || word(8) != mark || crc != crc32fast::hash(&bytes[..40]) {
            return Err(NoRecord::Invalid);
        }
        let version = u16::from_be_bytes([bytes[4], bytes[5]]);
        let kind = match (version, bytes[6]) {
            (RECORD_VERSION, 1) => Kind::Body,
            (RECORD_VERSION, 2) => Kind::Log,
            (RECORD_VERSION, _) => return Err(NoRecord::Invalid),
            _ => return Err(NoRecord::Newer(version)),
        };
        Ok(Self {
            kind,
            mark,
            len: word(16),
            sequence: word(24),
            synced: word(32),
        })
    }

    /// Offset within `bytes` where a header could begin, searching from the start.
    pub(crate) fn find_magic(bytes: &[u8]) -> Option<usize> {
        bytes.windows(MAGIC.len()).position(|window| window == MAGIC)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> RecordHead {
        RecordHead {
            kind: Kind::Log,
            mark: 0x1122_3344_5566_7788,
            len: 5,
            sequence: 9,
            synced: 64,
        }
    }

    #[test]
    fn header_survives_encoding() {
        assert_eq!(RecordHead::decode(&head().encode(), head().mark), Ok(head()));
    }

    #[test]
    fn any_flipped_bit_is_noticed() {
        let bytes = head().encode();
        for bit in 0..bytes.len() * 8 {
            let mut broken = bytes;
            broken[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(RecordHead::decode(&broken, head().mark), Err(NoRecord::Invalid));
        }
    }

    #[test]
    fn another_ledgers_record_is_none() {
        assert_eq!(RecordHead::decode(&head().encode(), 1), Err(NoRecord::Invalid));
    }

    #[test]
    fn newer_version_is_told_apart() {
        let mut bytes = head().encode();
        bytes[5] = 2;
        let crc = crc32fast::hash(&bytes[..40]);
        bytes[40..].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(RecordHead::decode(&bytes, head().mark), Err(NoRecord::Newer(2)));
    }
}
