//! What an operation changes, and its form in the log.
//!
//! Payload of a log record: version, then entries until the end. An entry is a kind and
//! `1` put: table (1), key length (2), value length (4), key, value;
//! `2` delete: table (1), key length (2), key;
//! `3` use: container number (4), bodies (8, signed), bytes (8, signed) gained or lost.
//! Numbers big-endian; tables are counted as in the header of the file.

use std::collections::BTreeMap;

use axigen_shared::Refusal;

use crate::{
    container::{HEADER, TRAILER},
    error::{damaged, newer},
};

/// Version of the payload.
const VERSION: u8 = 1;
const PUT: u8 = 1;
const DELETE: u8 = 2;
const USE: u8 = 3;

/// Rows changed in one table: the new value, or `None` for deleted.
pub(super) type Changed = BTreeMap<Vec<u8>, Option<Vec<u8>>>;
/// Bodies and bytes gained or lost in one container.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct UseChange {
    pub(super) bodies: i64,
    pub(super) bytes: i64,
}

/// All changes of one operation.
#[derive(Default)]
pub(super) struct Mutations {
    /// By table number.
    pub(super) tables: Vec<Changed>,
    /// By container.
    pub(super) uses: BTreeMap<u32, UseChange>,
    /// Rows of notes, which are not logged.
    pub(super) notes: Changed,
}

impl Mutations {
    /// Whether there is nothing to log.
    pub(super) fn is_empty(&self) -> bool {
        self.uses.is_empty() && self.tables.iter().all(BTreeMap::is_empty)
    }

    /// The payload of a log record.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        for (table, rows) in self.tables.iter().enumerate() {
            for (key, value) in rows {
                if let Some(value) = value {
                    encode_put(&mut out, table, key, value);
                } else {
                    out.extend_from_slice(&[DELETE, table as u8]);
                    out.extend_from_slice(&(key.len() as u16).to_be_bytes());
                    out.extend_from_slice(key);
                }
            }
        }
        for (file, change) in &self.uses {
            out.push(USE);
            out.extend_from_slice(&file.to_be_bytes());
            out.extend_from_slice(&change.bodies.to_be_bytes());
            out.extend_from_slice(&change.bytes.to_be_bytes());
        }
        out
    }
}

fn encode_put(out: &mut Vec<u8>, table: usize, key: &[u8], value: &[u8]) {
    out.extend_from_slice(&[PUT, table as u8]);
    out.extend_from_slice(&(key.len() as u16).to_be_bytes());
    out.extend_from_slice(&(value.len() as u32).to_be_bytes());
    out.extend_from_slice(key);
    out.extend_from_slice(value);
}

/// Rows that are in the tables already and are only logged again, as payloads of several log records: what hits one
/// record costs few rows.
#[derive(Default)]
pub(super) struct Restated {
    pub(super) records: Vec<Vec<u8>>,
    /// Bytes of all entries.
    pub(super) bytes: u64,
}

impl Restated {
    /// A payload is closed when it has so many bytes: room for a few rows, so that a header for each is cheap enough.
    const RECORD: usize = 1024;

    /// Bytes that the records take in the log.
    pub(super) fn total(&self) -> u64 {
        let around = (HEADER + TRAILER + 1).saturating_mul(self.records.len() as u64);
        self.bytes.saturating_add(around)
    }

    pub(super) fn put(&mut self, table: usize, key: &[u8], value: &[u8]) {
        let last = match self.records.pop() {
            Some(last) if last.len() < Self::RECORD => Some(last),
            full => {
                self.records.extend(full);
                None
            }
        };
        let mut last = last.unwrap_or_else(|| vec![VERSION]);
        let before = last.len();
        encode_put(&mut last, table, key, value);
        self.bytes = self.bytes.saturating_add((last.len() - before) as u64);
        self.records.push(last);
    }
}

/// One entry of a log record.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Entry<'a> {
    Put {
        table: u8,
        key: &'a [u8],
        value: &'a [u8],
    },
    Delete {
        table: u8,
        key: &'a [u8],
    },
    Use {
        file: u32,
        change: UseChange,
    },
}

/// Calls `visit` for each entry of a log record's payload.
pub(super) fn decode(
    payload: &[u8],
    mut visit: impl FnMut(Entry<'_>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let mut rest = Rest(payload);
    let [version] = rest.array()?;
    if version != VERSION {
        return Err(newer("log record", version.into(), VERSION.into()));
    }
    while !rest.0.is_empty() {
        let [kind] = rest.array()?;
        visit(match kind {
            PUT => {
                let [table] = rest.array()?;
                let key_len = u16::from_be_bytes(rest.array()?);
                let value_len = u32::from_be_bytes(rest.array()?);
                Entry::Put {
                    table,
                    key: rest.take(key_len.into())?,
                    value: rest.take(value_len as usize)?,
                }
            }
            DELETE => {
                let [table] = rest.array()?;
                let key_len = u16::from_be_bytes(rest.array()?);
                Entry::Delete {
                    table,
                    key: rest.take(key_len.into())?,
                }
            }
            USE => {
                let file = u32::from_be_bytes(rest.array()?);
                let bodies = i64::from_be_bytes(rest.array()?);
                let bytes = i64::from_be_bytes(rest.array()?);
                Entry::Use {
                    file,
                    change: UseChange { bodies, bytes },
                }
            }
            _ => return Err(damaged("log record")),
        })?;
    }
    Ok(())
}

/// The bytes not yet read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], Refusal> {
        let (taken, rest) = self
            .0
            .split_at_checked(len)
            .ok_or_else(|| damaged("log record"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        let (taken, rest) = self
            .0
            .split_first_chunk::<N>()
            .ok_or_else(|| damaged("log record"))?;
        self.0 = rest;
        Ok(*taken)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn replayed(payload: &[u8], tables: usize) -> Result<Mutations, Refusal> {
        let mut found = Mutations {
            tables: vec![Changed::new(); tables],
            ..Mutations::default()
        };
        decode(payload, |entry| {
            match entry {
                Entry::Put { table, key, value } => {
                    found.tables[usize::from(table)].insert(key.to_vec(), Some(value.to_vec()));
                }
                Entry::Delete { table, key } => {
                    found.tables[usize::from(table)].insert(key.to_vec(), None);
                }
                Entry::Use { file, change } => {
                    found.uses.insert(file, change);
                }
            }
            Ok(())
        })?;
        Ok(found)
    }

    proptest! {
        #[test]
        fn payload_survives(
            tables in prop::collection::vec(
                prop::collection::btree_map(
                    prop::collection::vec(any::<u8>(), 0..20),
                    prop::option::of(prop::collection::vec(any::<u8>(), 0..50)),
                    0..6,
                ),
                1..4,
            ),
            uses in prop::collection::btree_map(any::<u32>(), (any::<i64>(), any::<i64>()), 0..3),
        ) {
            let uses = uses.into_iter().map(|(file, (bodies, bytes))| (file, UseChange { bodies, bytes })).collect();
            let count = tables.len();
            let written = Mutations { tables, uses, ..Mutations::default() };
            let read = replayed(&written.encode(), count).unwrap();
            prop_assert_eq!(read.tables, written.tables);
            prop_assert_eq!(read.uses, written.uses);
        }

        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = decode(&bytes, |_| Ok(()));
        }
    }
}
