//! Notes on bodies: what the ledger's owner wants to know of a body without reading it.
//!
//! A note is derived from its body and can be made anew, so it is kept in the index only and not logged: a rebuilt index
//! has none, and those since the last checkpoint are lost in a crash. A note never belongs to another body than the one
//! it was made of, though a place in the newest container may be written anew after a crash: it comes into the index in
//! the commit that brings the body's row or later, a row that is new (also in a replay) begins without a note, and a
//! row that goes takes it along. It also says how long its body is.
//!
//! Row: version, length of the body, note.

use std::ops::ControlFlow;

use axigen_shared::Refusal;
use bytes::Bytes;

use super::{
    bodies::BodyRow,
    tables::{Names, Published, Tables, View},
};
use crate::body::BodyRef;

/// Version of the rows. Another one is as good as no note.
const VERSION: u8 = 1;
/// Longest note: it is read and written with the rows of small things.
const NOTE_LIMIT: usize = 64 * 1024;
/// Rows between two that are wanted that are stepped over, which is cheaper than another search up to here.
const STEP_OVER: usize = 8;
/// Notes that one operation forgets, so that writers have their turn between.
const FORGOTTEN_AT_ONCE: usize = 4096;
/// Above all keys, which have 12 bytes.
const PAST_NOTES: [u8; 13] = [0xff; 13];

/// The row of a note on a body of this length; `None` for one that is too long.
pub(super) fn encode(len: u64, note: &[u8]) -> Option<Vec<u8>> {
    if note.len() > NOTE_LIMIT {
        return None;
    }
    let mut row = Vec::with_capacity(9 + note.len());
    row.push(VERSION);
    row.extend_from_slice(&len.to_be_bytes());
    row.extend_from_slice(note);
    Some(row)
}

/// The note in a row, if it is one on a body of this length.
fn decode(len: u64, row: &[u8]) -> Option<&[u8]> {
    let note = row.strip_prefix(&[VERSION])?;
    note.strip_prefix(&len.to_be_bytes())
}

/// A body's row comes anew or goes in the log that is replayed: what was noted under its name is of another one.
pub(super) fn replayed(tables: &mut Tables<'_>, key: &[u8], is_put: bool) -> Result<(), Refusal> {
    if is_put && tables.get(Names::BODY, key)?.is_some() {
        return Ok(());
    }
    tables.delete(tables.notes(), key)
}

/// The notes on these bodies, where there are any. Neighbours are found in one pass.
pub(super) fn find(tables: &Published, bodies: &[BodyRef]) -> Result<Vec<Option<Bytes>>, Refusal> {
    let mut wanted: Vec<([u8; 12], usize)> = bodies
        .iter()
        .enumerate()
        .map(|(place, body)| (BodyRow::key(*body), place))
        .collect();
    wanted.sort_unstable();
    // All notes lie in one buffer, so that a page of them is one allocation.
    let mut buffer = Vec::new();
    let mut found = vec![None; bodies.len()];
    let mut next = wanted.iter().copied().peekable();
    while let Some((from, _)) = next.peek().copied() {
        let (mut over, mut again) = (0, false);
        tables.scan(tables.notes(), &from, &PAST_NOTES, &mut |key, row| {
            while next.next_if(|(wanted, _)| wanted.as_slice() < key).is_some() {}
            over += 1;
            while let Some((_, place)) = next.next_if(|(wanted, _)| wanted.as_slice() == key) {
                over = 0;
                let len = bodies.get(place).map_or(0, |body| body.len);
                if let (Some(note), Some(slot)) = (decode(len, row), found.get_mut(place)) {
                    *slot = Some(buffer.len()..buffer.len() + note.len());
                    buffer.extend_from_slice(note);
                }
            }
            again = next.len() > 0 && over > STEP_OVER;
            Ok(if again || next.len() == 0 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })?;
        if !again {
            break;
        }
    }
    let buffer = Bytes::from(buffer);
    Ok(found
        .into_iter()
        .map(|range| range.map(|range| buffer.slice(range)))
        .collect())
}

/// What the notes take.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct NotesUsage {
    /// Notes.
    pub notes: u64,
    /// Their bytes, keys included.
    pub bytes: u64,
}

/// Counts the notes of one snapshot.
pub(super) fn usage(tables: &Published) -> Result<NotesUsage, Refusal> {
    let mut usage = NotesUsage::default();
    tables.scan(tables.notes(), &[], &PAST_NOTES, &mut |key, row| {
        usage.notes += 1;
        usage.bytes += (key.len() + row.len()) as u64;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(usage)
}

/// Keys of notes from `from` on, as many as one operation may take, and where to go on; nowhere at the end.
pub(super) fn some(tables: &Published, from: &[u8]) -> Result<Vec<Vec<u8>>, Refusal> {
    let mut keys = Vec::new();
    tables.scan(tables.notes(), from, &PAST_NOTES, &mut |key, _| {
        keys.push(key.to_vec());
        Ok(if keys.len() < FORGOTTEN_AT_ONCE {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        })
    })?;
    Ok(keys)
}

/// Notes problems: every note must be on a body that is there.
pub(super) fn check(tables: &Published, problems: &mut Vec<String>) -> Result<(), Refusal> {
    tables.scan(tables.notes(), &[], &PAST_NOTES, &mut |key, row| {
        let body = tables.get(Names::BODY, key)?;
        let body = body.map(|body| BodyRow::decode(&body)).transpose()?;
        if body.is_none_or(|body| decode(body.len, row).is_none()) {
            problems.push(format!("a note on body {key:02x?} that is not there"));
        }
        Ok(ControlFlow::Continue(()))
    })
}
