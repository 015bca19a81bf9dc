//! Moves the bodies that live in some containers to the open end.
//!
//! What is to be moved is found in the rows as of the last commit and read and checked there, off the committer; the
//! operation then looks whether that still holds. A body that cannot be read stays where it is, and its container
//! with it: copying it would give damage a good checksum.

use std::{collections::BTreeSet, ops::ControlFlow};

use axigen_shared::Refusal;

use super::{Run, Stopped};
use crate::{
    body::{BodyRef, BodySource},
    container::{HEADER, PlacedBody, TRAILER},
    ledger::bodies,
};

/// Rows looked at in one go, so that no snapshot is held long.
const ROWS_AT_ONCE: usize = 8192;
/// Bodies moved in one operation, so that small ones do not make it long.
const BODIES_AT_ONCE: usize = 256;

/// A body to be moved.
struct Mover {
    name: BodyRef,
    place: BodyRef,
    source: PlacedBody,
    checksum: u32,
}

/// Some bodies by name and place, and the last name looked at; `None` at the end.
type Found = (Vec<(BodyRef, BodyRef)>, Option<BodyRef>);

impl Run<'_> {
    /// Moves all bodies out of `containers`.
    pub(super) fn relocate(&mut self, containers: &BTreeSet<u32>) -> Result<Result<(), Stopped>, Refusal> {
        let mut after = None;
        loop {
            if self.may_go_on().is_err() {
                return Ok(Err(Stopped));
            }
            let (found, last) = self.find(containers, after)?;
            let movers: Vec<Mover> = found
                .into_iter()
                .filter_map(|(name, place)| self.open(name, place))
                .collect();
            if !movers.is_empty() {
                self.relocate_some(movers)?;
            }
            if last.is_none() {
                return Ok(Ok(()));
            }
            after = last;
        }
    }

    fn find(&self, containers: &BTreeSet<u32>, after: Option<BodyRef>) -> Result<Found, Refusal> {
        self.ledger.read(|snapshot| {
            let (mut found, mut last) = (Vec::new(), None);
            let (mut rows, mut bytes) = (0, 0_u64);
            bodies::each(snapshot.tables(), after, &mut |name, row| {
                rows += 1;
                let place = row.place(name);
                if containers.contains(&place.file) {
                    bytes = bytes.saturating_add(place.len);
                    found.push((name, place));
                }
                if rows < ROWS_AT_ONCE && found.len() < BODIES_AT_ONCE && bytes < self.chunk_bytes {
                    return Ok(ControlFlow::Continue(()));
                }
                last = Some(name);
                Ok(ControlFlow::Break(()))
            })?;
            Ok((found, last))
        })
    }

    /// Reads and checks a body, which also brings it into the page cache for the committer.
    fn open(&mut self, name: BodyRef, place: BodyRef) -> Option<Mover> {
        let reader = &self.ledger.shared.reader;
        let opened = reader
            .checksum(place)
            .and_then(|checksum| Ok((checksum, reader.source(place)?)));
        match opened {
            Ok((checksum, source)) => Some(Mover {
                name,
                place,
                source,
                checksum,
            }),
            Err(refusal) => {
                tracing::error!(module = "STORAGE", "not moved by compaction: {}", refusal.detail);
                self.done.unreadable_bodies += 1;
                None
            }
        }
    }

    fn relocate_some(&mut self, movers: Vec<Mover>) -> Result<(), Refusal> {
        let (bodies, bytes) = self.ledger.write_blocking(move |txn| {
            let (mut bodies, mut bytes) = (0_u64, 0_u64);
            for mover in &movers {
                if txn.move_body(mover.name, mover.place, &mover.source, mover.checksum)? {
                    bodies += 1;
                    bytes = bytes.saturating_add(mover.source.len());
                }
            }
            Ok((bodies, bytes))
        })?;
        self.done.moved_bodies += bodies;
        self.done.moved_bytes = self.done.moved_bytes.saturating_add(bytes);
        self.wrote(bytes.saturating_add(bodies.saturating_mul(HEADER + TRAILER)));
        Ok(())
    }
}
