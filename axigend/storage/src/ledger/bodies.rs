//! The ledger's books about bodies: who is referenced how often, and what lives in which container.
//!
//! Table 0 has a row per referenced body, under the place where it was first stored: that place is the body's name
//! for ever. A body that was moved (version 2 of the row) says where it lies now. `meta` has the sums per container of
//! what lies there now, so that dead files are known without a scan.

use std::{
    collections::{BTreeSet, HashMap},
    ops::ControlFlow,
};

use axigen_shared::Refusal;

use super::{
    mutation::UseChange,
    tables::{Names, Published, Tables, View},
};
use crate::{
    body::BodyRef,
    container::{HEADER, TRAILER},
    error::{damaged, newer},
};

/// Version of a row of a body where it was first stored, and of the sums.
const VERSION: u8 = 1;
/// Version of a row of a body that was moved.
const MOVED_VERSION: u8 = 2;
/// First bytes of the keys in `meta` of the sums per container.
const USE_KEY: &[u8] = b"use:";
/// Above all keys of table 0, which have 12 bytes.
const PAST_BODIES: [u8; 13] = [0xff; 13];

/// A referenced body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct BodyRow {
    pub(crate) references: u32,
    pub(crate) len: u64,
    /// Container and offset where it lies now, if it was moved.
    pub(crate) moved: Option<(u32, u64)>,
}

impl BodyRow {
    /// Container number and offset.
    pub(super) fn key(body: BodyRef) -> [u8; 12] {
        let mut key = [0; 12];
        key[..4].copy_from_slice(&body.file.to_be_bytes());
        key[4..].copy_from_slice(&body.offset.to_be_bytes());
        key
    }

    /// Where the body called `name` lies now.
    pub(super) fn place(&self, name: BodyRef) -> BodyRef {
        let (file, offset) = self.moved.unwrap_or((name.file, name.offset));
        BodyRef {
            file,
            offset,
            len: self.len,
        }
    }

    pub(super) fn encode(self) -> Vec<u8> {
        let mut out = vec![self.moved.map_or(VERSION, |_| MOVED_VERSION)];
        out.extend_from_slice(&self.references.to_be_bytes());
        out.extend_from_slice(&self.len.to_be_bytes());
        if let Some((file, offset)) = self.moved {
            out.extend_from_slice(&file.to_be_bytes());
            out.extend_from_slice(&offset.to_be_bytes());
        }
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let wrong = || damaged("body row");
        let (version, rest) = bytes.split_first().ok_or_else(wrong)?;
        if *version > MOVED_VERSION {
            return Err(newer("body row", (*version).into(), MOVED_VERSION.into()));
        }
        let (references, rest) = rest.split_first_chunk::<4>().ok_or_else(wrong)?;
        let (len, rest) = rest.split_first_chunk::<8>().ok_or_else(wrong)?;
        let moved = match *version {
            VERSION if rest.is_empty() => None,
            MOVED_VERSION => {
                let place: &[u8; 12] = rest.try_into().map_err(|_| wrong())?;
                Some(place_of_key(place))
            }
            _ => return Err(wrong()),
        };
        Ok(Self {
            references: u32::from_be_bytes(*references),
            len: u64::from_be_bytes(*len),
            moved,
        })
    }
}

fn place_of_key(key: &[u8; 12]) -> (u32, u64) {
    let [a, b, c, d, offset @ ..] = *key;
    (u32::from_be_bytes([a, b, c, d]), u64::from_be_bytes(offset))
}

/// The row of the body called `name`, if it is referenced.
pub(super) fn find(view: &impl View, name: BodyRef) -> Result<Option<BodyRow>, Refusal> {
    let value = view.get(Names::BODY, &BodyRow::key(name))?;
    value.map(|value| BodyRow::decode(&value)).transpose()
}

/// Calls `visit` with name and row of every referenced body behind the one called `after`, until it breaks.
pub(super) fn each(
    view: &impl View,
    after: Option<BodyRef>,
    visit: &mut dyn FnMut(BodyRef, BodyRow) -> Result<ControlFlow<()>, Refusal>,
) -> Result<(), Refusal> {
    // No key lies between one and the same with a zero appended.
    let from = after.map_or_else(Vec::new, |name| [&BodyRow::key(name)[..], &[0]].concat());
    view.scan(Names::BODY, &from, &PAST_BODIES, &mut |key, value| {
        let (name, row) = body_of(key, value)?;
        visit(name, row)
    })
}

/// At most `limit` referenced bodies behind `after` and up to `to` (container and offset), rising.
pub(super) fn between(
    tables: &Published,
    after: Option<(u32, u64)>,
    to: Option<(u32, u64)>,
    limit: usize,
) -> Result<Vec<BodyRef>, Refusal> {
    let behind = |place: Option<(u32, u64)>| {
        place.map(|(file, offset)| {
            // The first key that is greater.
            let len = 0;
            let mut key = BodyRow::key(BodyRef { file, offset, len }).to_vec();
            key.push(0);
            key
        })
    };
    let from = behind(after).unwrap_or_default();
    let end = behind(to).unwrap_or_else(|| PAST_BODIES.to_vec());
    let mut found = Vec::new();
    if limit == 0 {
        return Ok(found);
    }
    tables.scan(Names::BODY, &from, &end, &mut |key, value| {
        found.push(body_of(key, value)?.0);
        Ok(if found.len() >= limit {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    Ok(found)
}

fn body_of(key: &[u8], value: &[u8]) -> Result<(BodyRef, BodyRow), Refusal> {
    let key: &[u8; 12] = key.try_into().map_err(|_| damaged("body key"))?;
    let (file, offset) = place_of_key(key);
    let row = BodyRow::decode(value)?;
    let len = row.len;
    Ok((BodyRef { file, offset, len }, row))
}

/// What lives in each container.
#[derive(Default)]
pub(super) struct Uses {
    files: HashMap<u32, UseChange>,
    changed: BTreeSet<u32>,
}

impl Uses {
    /// Reads the stored sums.
    pub(super) fn load(view: &impl View, meta: usize) -> Result<Self, Refusal> {
        let mut files = HashMap::new();
        view.scan(meta, USE_KEY, b"use;", &mut |key, value| {
            let file = key.strip_prefix(USE_KEY).and_then(|file| file.try_into().ok());
            let value: Option<&[u8; 17]> = value.try_into().ok();
            let (Some(file), Some(value)) = (file, value) else {
                return Err(damaged("container sums"));
            };
            let word = |at: usize| {
                let mut word = [0; 8];
                word.copy_from_slice(&value[at..at + 8]);
                i64::from_be_bytes(word)
            };
            files.insert(
                u32::from_be_bytes(file),
                UseChange {
                    bodies: word(1),
                    bytes: word(9),
                },
            );
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(Self {
            files,
            changed: BTreeSet::new(),
        })
    }

    /// Counts anew what lies where, in place of sums that may have missed something.
    pub(super) fn recount(&mut self, view: &impl View) -> Result<(), Refusal> {
        let files = count(view)?;
        // Those that are not counted any more are written too: as nothing.
        self.changed.extend(self.files.keys().chain(files.keys()));
        self.files = files;
        Ok(())
    }

    /// Adds what an operation changed.
    pub(super) fn apply(&mut self, file: u32, change: UseChange) {
        let sum = self.files.entry(file).or_default();
        sum.bodies = sum.bodies.saturating_add(change.bodies);
        sum.bytes = sum.bytes.saturating_add(change.bytes);
        self.changed.insert(file);
    }

    /// Writes the sums that changed.
    pub(super) fn save(&mut self, tables: &mut Tables<'_>) -> Result<(), Refusal> {
        let meta = tables.meta();
        for file in std::mem::take(&mut self.changed) {
            let key = [USE_KEY, &file.to_be_bytes()].concat();
            let sum = self.files.get(&file).copied().unwrap_or_default();
            if sum == UseChange::default() {
                tables.delete(meta, &key)?;
                self.files.remove(&file);
            } else {
                let value = [
                    &[VERSION][..],
                    &sum.bodies.to_be_bytes(),
                    &sum.bytes.to_be_bytes(),
                ]
                .concat();
                tables.put(meta, &key, &value)?;
            }
        }
        Ok(())
    }

    /// Whether no body of this container is referenced.
    pub(super) fn is_dead(&self, file: u32) -> bool {
        self.files.get(&file).is_none_or(|sum| sum.bodies <= 0)
    }

    /// Bytes that the records of referenced bodies take in this container.
    pub(super) fn live_in(&self, file: u32) -> u64 {
        let sum = self.files.get(&file).copied().unwrap_or_default();
        let around = (HEADER + TRAILER).saturating_mul(sum.bodies.max(0) as u64);
        around.saturating_add(sum.bytes.max(0) as u64)
    }

    /// Number of all referenced bodies.
    pub(super) fn bodies(&self) -> u64 {
        self.files
            .values()
            .fold(0_u64, |sum, file| sum.saturating_add(file.bodies.max(0) as u64))
    }

    /// Bytes of all referenced bodies.
    pub(super) fn live_bytes(&self) -> u64 {
        self.files
            .values()
            .fold(0_u64, |sum, file| sum.saturating_add(file.bytes.max(0) as u64))
    }
}

/// What lies in each container, counted from the rows.
fn count(view: &impl View) -> Result<HashMap<u32, UseChange>, Refusal> {
    let mut counted: HashMap<u32, UseChange> = HashMap::new();
    each(view, None, &mut |name, row| {
        let sum = counted.entry(row.place(name).file).or_default();
        sum.bodies = sum.bodies.saturating_add(1);
        sum.bytes = sum.bytes.saturating_add(row.len as i64);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(counted)
}

/// What has to be added to the sums so that they are what a recount says.
pub(super) fn wrong_sums(tables: &Published) -> Result<Vec<(u32, UseChange)>, Refusal> {
    let mut counted = count(tables)?;
    let stored = Uses::load(tables, tables.meta())?;
    for (file, sum) in stored.files {
        let counted = counted.entry(file).or_default();
        counted.bodies = counted.bodies.saturating_sub(sum.bodies);
        counted.bytes = counted.bytes.saturating_sub(sum.bytes);
    }
    let nothing = UseChange::default();
    Ok(counted
        .into_iter()
        .filter(|(_, change)| *change != nothing)
        .collect())
}

/// Compares the sums with a recount; with `verify` also asks that of every body.
pub(super) fn check(
    tables: &Published,
    verify: Option<&dyn Fn(BodyRef) -> Result<(), Refusal>>,
    problems: &mut Vec<String>,
) -> Result<(), Refusal> {
    each(tables, None, &mut |name, row| {
        if row.references == 0 {
            problems.push(format!(
                "body at {:02X}:{} has no reference",
                name.file, name.offset
            ));
        }
        if let Some(Err(refusal)) = verify.map(|verify| verify(name)) {
            problems.push(refusal.detail);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    let counted = count(tables)?;
    let stored = Uses::load(tables, tables.meta())?;
    if stored.files != counted {
        problems.push(format!(
            "container sums are {:?}, counted {counted:?}",
            stored.files
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_both_versions_are_read() {
        for moved in [None, Some((9, 1 << 40))] {
            let row = BodyRow {
                references: 3,
                len: 77,
                moved,
            };
            let bytes = row.encode();
            assert_eq!(bytes.len(), if moved.is_some() { 25 } else { 13 });
            assert_eq!(BodyRow::decode(&bytes), Ok(row));
            for len in 0..bytes.len() {
                assert!(BodyRow::decode(&bytes[..len]).is_err());
            }
        }
        let refusal = BodyRow::decode(&[3; 13]).unwrap_err();
        assert!(refusal.detail.contains("newer version"), "{refusal}");
    }
}
