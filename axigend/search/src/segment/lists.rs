//! Reading the lists of a segment: one by its key, or all in order.

use super::Segment;
use crate::{
    block::{BlockReader, Unread},
    rice,
    trigram::Key,
};

/// Keys of one bucket: a search reads the entries of one bucket for each trigram.
pub(super) const BUCKET_KEYS: usize = 64;
/// Bytes of a bucket in the table.
pub(super) const BUCKET_ROW: usize = 16;
/// Longest entry: three numbers of at most five bytes.
const ENTRY_MAX: usize = 15;

/// One list, still coded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) count: u32,
    at: u64,
    len: u32,
}

#[derive(Clone, Copy)]
struct Bucket {
    first: Key,
    entries: u32,
    at: u64,
}

/// The table of a segment's buckets, read for one search or merge.
pub(crate) struct Table {
    buckets: Vec<Bucket>,
    /// Where the buckets end.
    end: u64,
    documents: u32,
}

impl Table {
    pub(crate) fn read(segment: &Segment, reader: &BlockReader) -> Result<Self, Unread> {
        let foot = &segment.foot;
        let bytes = reader.read(foot.table_at, foot.buckets as usize * BUCKET_ROW)?;
        let bucket = |row: &[u8; BUCKET_ROW]| {
            let word = |at: usize| u32::from_be_bytes([row[at], row[at + 1], row[at + 2], row[at + 3]]);
            Bucket {
                first: word(0),
                entries: word(4),
                at: u64::from(word(8)) << 32 | u64::from(word(12)),
            }
        };
        Ok(Self {
            buckets: bytes.as_chunks().0.iter().map(bucket).collect(),
            end: foot.table_at,
            documents: foot.documents,
        })
    }

    /// The list of a key; `None` when no document has it.
    pub(crate) fn find(&self, reader: &BlockReader, key: Key) -> Result<Option<Found>, Unread> {
        let place = self.buckets.partition_point(|bucket| bucket.first <= key);
        let Some(bucket) = place.checked_sub(1).and_then(|place| self.buckets.get(place)) else {
            return Ok(None);
        };
        let entries = reader.read(bucket.at, checked_entries(bucket)?)?;
        let mut at = bucket.at + u64::from(bucket.entries);
        for entry in Entries::new(bucket.first, &entries) {
            let entry = entry?;
            if entry.key == key {
                return Ok(Some(Found {
                    count: entry.count,
                    at,
                    len: entry.len,
                }));
            }
            if entry.key > key {
                break;
            }
            at += u64::from(entry.len);
        }
        Ok(None)
    }

    /// Reads a list that [`Table::find`] found.
    pub(crate) fn list(
        &self,
        reader: &BlockReader,
        found: Found,
        each: impl FnMut(u32),
    ) -> Result<(), Unread> {
        if found.count > self.documents || found.at + u64::from(found.len) > self.end {
            return Err(Unread::Damaged);
        }
        let bytes = reader.read(found.at, found.len as usize)?;
        Ok(rice::decode(&bytes, found.count, self.documents, each)?)
    }
}

fn checked_entries(bucket: &Bucket) -> Result<usize, Unread> {
    let len = bucket.entries as usize;
    if len > BUCKET_KEYS * ENTRY_MAX {
        return Err(Unread::Damaged);
    }
    Ok(len)
}

struct Entry {
    key: Key,
    count: u32,
    len: u32,
}

/// The entries of a bucket.
struct Entries<'a> {
    key: Key,
    rest: &'a [u8],
}

impl<'a> Entries<'a> {
    fn new(first: Key, rest: &'a [u8]) -> Self {
        Self { key: first, rest }
    }

    fn number(&mut self) -> Option<u32> {
        let mut value = 0_u32;
        for shift in (0..32).step_by(7) {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn entry(&mut self) -> Option<Entry> {
        self.key = self.key.checked_add(self.number()?)?;
        Some(Entry {
            key: self.key,
            count: self.number()?,
            len: self.number()?,
        })
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Entry, Unread>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        Some(self.entry().ok_or(Unread::Damaged))
    }
}

/// Appends a number, 7 bits a byte, lowest first.
pub(super) fn put_number(out: &mut Vec<u8>, mut value: u32) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// All lists of a segment by rising key, read bucket by bucket.
pub(crate) struct Lists {
    reader: BlockReader,
    table: Table,
    next: usize,
    /// Lists of the bucket being read, the next one last.
    waiting: Vec<(Key, u32, Vec<u8>)>,
}

impl Lists {
    pub(crate) fn new(segment: &Segment) -> Result<Self, Unread> {
        let reader = segment.reader()?;
        let table = Table::read(segment, &reader)?;
        Ok(Self {
            reader,
            table,
            next: 0,
            waiting: Vec::new(),
        })
    }

    /// The key of the next list.
    pub(crate) fn key(&mut self) -> Result<Option<Key>, Unread> {
        while self.waiting.is_empty() && self.next < self.table.buckets.len() {
            self.fill()?;
        }
        Ok(self.waiting.last().map(|(key, ..)| *key))
    }

    /// Reads the next list and steps over it.
    pub(crate) fn read(&mut self, each: impl FnMut(u32)) -> Result<(), Unread> {
        let Some((_, count, bytes)) = self.waiting.pop() else {
            return Ok(());
        };
        if count > self.table.documents {
            return Err(Unread::Damaged);
        }
        Ok(rice::decode(&bytes, count, self.table.documents, each)?)
    }

    fn fill(&mut self) -> Result<(), Unread> {
        let Some(bucket) = self.table.buckets.get(self.next).copied() else {
            return Ok(());
        };
        self.next += 1;
        let end = self
            .table
            .buckets
            .get(self.next)
            .map_or(self.table.end, |next| next.at);
        let len = end.checked_sub(bucket.at).ok_or(Unread::Damaged)?;
        // A list is never much longer than a bit for each document and its number in full for the first.
        let most = BUCKET_KEYS * (ENTRY_MAX + 16 + self.table.documents as usize);
        let len = usize::try_from(len)
            .ok()
            .filter(|len| *len <= most)
            .ok_or(Unread::Damaged)?;
        let bytes = self.reader.read(bucket.at, len)?;
        let (entries, mut lists) = bytes
            .split_at_checked(checked_entries(&bucket)?)
            .ok_or(Unread::Damaged)?;
        for entry in Entries::new(bucket.first, entries) {
            let entry = entry?;
            let (list, rest) = lists
                .split_at_checked(entry.len as usize)
                .ok_or(Unread::Damaged)?;
            self.waiting.push((entry.key, entry.count, list.to_vec()));
            lists = rest;
        }
        self.waiting.reverse();
        Ok(())
    }
}
