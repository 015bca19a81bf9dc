//! Names and headers of container files.
//!
//! A file is `00.hsf`, `01.hsf` … (hexadecimal, at least two digits, as AXIGEN names its storage files). Its header
//! is synced before the first record, and names the tables by which the log records in it count. Once the log was
//! restated, the headers from then on (version 2) also say where that began: what is before is not needed as a log.

use axigen_shared::Refusal;

use crate::{
    disk::DiskFile,
    error::{damaged, io_refusal, newer},
};

/// First bytes of a container file.
const MAGIC: [u8; 8] = *b"AXIGENHS";
/// Newest version of the file header. Written where there is a log start; without one version 1 says the same.
const FILE_VERSION: u16 = 2;
/// Version of the header without a log start.
const PLAIN_VERSION: u16 = 1;
/// Magic, version, length, ledger format, mark, file number, first sequence.
const FIXED: usize = 8 + 2 + 2 + 4 + 8 + 4 + 8;
/// The log start, in version 2: file number, offset, sequence.
const START: usize = LogStart::ENCODED;
/// A header has at most 255 table names of at most 255 bytes.
const HEAD_LIMIT: usize = FIXED + START + 1 + 255 * 256 + 4;

/// Name of container `number` in its directory.
pub(crate) fn container_name(number: u32) -> String {
    format!("{number:02X}.hsf")
}

/// Number of the container called `name`, if it is one.
pub(crate) fn container_number(name: &str) -> Option<u32> {
    let number = u32::from_str_radix(name.strip_suffix(".hsf")?, 16).ok()?;
    (container_name(number) == name).then_some(number)
}

/// A position in the log from which replaying into an empty index gives the whole index: everything that was there
/// then is stated again behind it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LogStart {
    /// Container, offset and sequence of the first record.
    pub file: u32,
    pub offset: u64,
    pub sequence: u64,
}

impl LogStart {
    /// Length of [`LogStart::encode`].
    pub(crate) const ENCODED: usize = 20;

    /// Fixed big-endian form.
    pub(crate) fn encode(&self) -> [u8; Self::ENCODED] {
        let mut out = [0; Self::ENCODED];
        out[..4].copy_from_slice(&self.file.to_be_bytes());
        out[4..12].copy_from_slice(&self.offset.to_be_bytes());
        out[12..].copy_from_slice(&self.sequence.to_be_bytes());
        out
    }

    /// Reads what [`LogStart::encode`] wrote from the start of `bytes`.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (file, rest) = bytes.split_first_chunk()?;
        let (offset, rest) = rest.split_first_chunk()?;
        Some(Self {
            file: u32::from_be_bytes(*file),
            offset: u64::from_be_bytes(*offset),
            sequence: u64::from_be_bytes(*rest.first_chunk()?),
        })
    }
}

/// Header of a container file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct FileHead {
    /// Format of the table values ([`crate::LedgerOptions::format`]).
    pub format: u32,
    /// Identity of the ledger.
    pub mark: u64,
    /// Number of this file.
    pub number: u32,
    /// Sequence of the first record.
    pub sequence: u64,
    /// Where a rebuild of the index begins; `None` for the first record of all.
    pub log_start: Option<LogStart>,
    /// Tables; log records count them from 0 in this order.
    pub tables: Vec<String>,
}

impl FileHead {
    /// No header is longer, so a longer file has had one.
    pub(crate) const LONGEST: u64 = HEAD_LIMIT as u64;

    /// The header's bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(FIXED + 64);
        out.extend_from_slice(&MAGIC);
        let version = self.log_start.map_or(PLAIN_VERSION, |_| FILE_VERSION);
        out.extend_from_slice(&version.to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&self.format.to_be_bytes());
        out.extend_from_slice(&self.mark.to_be_bytes());
        out.extend_from_slice(&self.number.to_be_bytes());
        out.extend_from_slice(&self.sequence.to_be_bytes());
        if let Some(start) = &self.log_start {
            out.extend_from_slice(&start.encode());
        }
        out.push(self.tables.len() as u8);
        for table in &self.tables {
            out.push(table.len() as u8);
            out.extend_from_slice(table.as_bytes());
        }
        let len = (out.len() + 4) as u16;
        out[10..12].copy_from_slice(&len.to_be_bytes());
        let crc = crc32fast::hash(&out);
        out.extend_from_slice(&crc.to_be_bytes());
        out
    }

    /// Reads the header of `file` and its length; `None` when there is no whole header.
    pub(crate) fn read(file: &dyn DiskFile) -> Result<Option<(Self, u64)>, Refusal> {
        let mut bytes = vec![0; HEAD_LIMIT];
        let count = file
            .read_at(0, &mut bytes)
            .map_err(|error| io_refusal("container header", &error))?;
        bytes.truncate(count);
        Self::decode(&bytes)
    }

    fn decode(bytes: &[u8]) -> Result<Option<(Self, u64)>, Refusal> {
        if bytes.len() < FIXED || bytes[..8] != MAGIC {
            return Ok(None);
        }
        let len = usize::from(u16::from_be_bytes([bytes[10], bytes[11]]));
        let Some((content, crc)) = bytes.get(..len).and_then(|head| head.split_last_chunk::<4>()) else {
            return Ok(None);
        };
        if content.len() < FIXED || crc32fast::hash(content) != u32::from_be_bytes(*crc) {
            return Ok(None);
        }
        let version = u16::from_be_bytes([bytes[8], bytes[9]]);
        if version > FILE_VERSION {
            return Err(newer("container file", version.into(), FILE_VERSION.into()));
        }
        let word = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&content[at..at + 8]);
            u64::from_be_bytes(word)
        };
        let half =
            |at: usize| u32::from_be_bytes([content[at], content[at + 1], content[at + 2], content[at + 3]]);
        let rest = &content[FIXED..];
        let (log_start, rest) = if version > PLAIN_VERSION {
            let start = LogStart::decode(rest).ok_or_else(|| damaged("container header"))?;
            (Some(start), &rest[START..])
        } else {
            (None, rest)
        };
        let head = Self {
            format: half(12),
            mark: word(16),
            number: half(24),
            sequence: word(28),
            log_start,
            tables: decode_tables(rest)?,
        };
        Ok(Some((head, len as u64)))
    }
}

fn decode_tables(bytes: &[u8]) -> Result<Vec<String>, Refusal> {
    let (count, mut bytes) = bytes.split_first().ok_or_else(|| damaged("container header"))?;
    let mut tables = Vec::new();
    for _ in 0..*count {
        let (len, rest) = bytes.split_first().ok_or_else(|| damaged("container header"))?;
        let (name, rest) = rest
            .split_at_checked((*len).into())
            .ok_or_else(|| damaged("container header"))?;
        tables.push(String::from_utf8(name.to_vec()).map_err(|_| damaged("container header"))?);
        bytes = rest;
    }
    Ok(tables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_count_in_hexadecimal() {
        assert_eq!(container_name(0x7f), "7F.hsf");
        assert_eq!(container_name(0x1234), "1234.hsf");
        assert_eq!(container_number("0A.hsf"), Some(10));
        for wrong in ["a.hsf", "00A.hsf", "0a.hsf", "index.redb", ".hsf", "+1.hsf"] {
            assert_eq!(container_number(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn header_survives_encoding_and_torn_ones_are_none() {
        let tables = vec!["body".to_owned(), "folder".to_owned()];
        let start = LogStart {
            file: 4,
            offset: 1 << 33,
            sequence: 800,
        };
        for log_start in [None, Some(start)] {
            let head = FileHead {
                format: 3,
                mark: 77,
                number: 5,
                sequence: 900,
                log_start,
                tables: tables.clone(),
            };
            let bytes = head.encode();
            assert_eq!(bytes[9], if log_start.is_some() { 2 } else { 1 });
            assert_eq!(FileHead::decode(&bytes), Ok(Some((head, bytes.len() as u64))));
            for len in 0..bytes.len() {
                assert_eq!(FileHead::decode(&bytes[..len]), Ok(None));
            }
        }
    }

    #[test]
    fn a_newer_header_is_refused() {
        let head = FileHead {
            format: 1,
            mark: 1,
            number: 0,
            sequence: 1,
            log_start: None,
            tables: Vec::new(),
        };
        let mut bytes = head.encode();
        bytes[9] = 3;
        let end = bytes.len() - 4;
        let crc = crc32fast::hash(&bytes[..end]);
        bytes[end..].copy_from_slice(&crc.to_be_bytes());
        let refusal = FileHead::decode(&bytes).unwrap_err();
        assert!(refusal.detail.contains("newer version"), "{refusal}");
    }
}
