//! The ledger's books about bodies: who is referenced how often, and what lives in which container.
//!
//! Table 0 has a row per referenced body; `meta` has the sums per container, so that dead files are known without
//! a scan.

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
    container::Reader,
    error::{damaged, newer},
};

/// Version of the rows here.
const VERSION: u8 = 1;
/// First bytes of the keys in `meta` of the sums per container.
const USE_KEY: &[u8] = b"use:";
/// Above all keys of table 0, which have 12 bytes.
const PAST_BODIES: [u8; 13] = [0xff; 13];

/// A referenced body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct BodyRow {
    pub(crate) references: u32,
    pub(crate) len: u64,
}

impl BodyRow {
    /// Container number and offset.
    pub(super) fn key(body: BodyRef) -> [u8; 12] {
        let mut key = [0; 12];
        key[..4].copy_from_slice(&body.file.to_be_bytes());
        key[4..].copy_from_slice(&body.offset.to_be_bytes());
        key
    }

    pub(super) fn encode(self) -> Vec<u8> {
        let mut out = vec![VERSION];
        out.extend_from_slice(&self.references.to_be_bytes());
        out.extend_from_slice(&self.len.to_be_bytes());
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let bytes: &[u8; 13] = bytes.try_into().map_err(|_| damaged("body row"))?;
        let [version, a, b, c, d, len @ ..] = *bytes;
        if version != VERSION {
            return Err(newer("body row", version.into(), VERSION.into()));
        }
        Ok(Self {
            references: u32::from_be_bytes([a, b, c, d]),
            len: u64::from_be_bytes(len),
        })
    }
}

/// Calls `visit` for every referenced body.
pub(super) fn each(
    tables: &Published,
    visit: &mut dyn FnMut(BodyRef, u32) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    tables.scan(Names::BODY, &[], &PAST_BODIES, &mut |key, value| {
        let key: &[u8; 12] = key.try_into().map_err(|_| damaged("body key"))?;
        let [a, b, c, d, offset @ ..] = *key;
        let row = BodyRow::decode(value)?;
        let file = u32::from_be_bytes([a, b, c, d]);
        visit(
            BodyRef {
                file,
                offset: u64::from_be_bytes(offset),
                len: row.len,
            },
            row.references,
        )?;
        Ok(ControlFlow::Continue(()))
    })
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

    /// Bytes of all referenced bodies.
    pub(super) fn live_bytes(&self) -> u64 {
        self.files
            .values()
            .fold(0_u64, |sum, file| sum.saturating_add(file.bytes.max(0) as u64))
    }
}

/// Compares the sums with a recount; with `full` also reads every body.
pub(super) fn check(
    tables: &Published,
    reader: &Reader,
    full: bool,
    problems: &mut Vec<String>,
) -> Result<(), Refusal> {
    let mut counted: HashMap<u32, UseChange> = HashMap::new();
    each(tables, &mut |body, references| {
        let sum = counted.entry(body.file).or_default();
        sum.bodies += 1;
        sum.bytes = sum.bytes.saturating_add(body.len as i64);
        if references == 0 {
            problems.push(format!(
                "body at {:02X}:{} has no reference",
                body.file, body.offset
            ));
        }
        if full && let Err(refusal) = reader.verify(body) {
            problems.push(refusal.detail);
        }
        Ok(())
    })?;
    let stored = Uses::load(tables, tables.meta())?;
    if stored.files != counted {
        problems.push(format!(
            "container sums are {:?}, counted {counted:?}",
            stored.files
        ));
    }
    Ok(())
}
