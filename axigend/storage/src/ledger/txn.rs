//! One operation at work: an overlay over the batch's tables and an open end of the container.
//!
//! The operation sees its own changes and those of the operations before it in the batch. Nothing reaches the tables
//! before it has answered `Ok`, so a refused operation leaves no trace.

use std::{
    cell::Cell,
    ops::{Bound, ControlFlow},
};

use axigen_shared::{Cause, Refusal};

use super::{
    bodies::{self, BodyRow},
    mutation::{Changed, Mutations, Restated, UseChange},
    notes,
    snapshot::{Rows, collect},
    tables::{Names, View, Visit},
};
use crate::{
    body::{BodyRef, BodySource},
    container::{AppendError, Writer},
    error::io_refusal,
};

/// Longest key in bytes: keys live in the inner pages of the index, so they must be small; and the log counts 2 bytes.
const KEY_LIMIT: usize = 4096;
/// Longest value in bytes: values stand in the index and in the log; large things are bodies.
const VALUE_LIMIT: usize = 16 << 20;

/// An operation's view of the ledger; see [`crate::Ledger::write`].
pub struct Txn<'a> {
    pub(super) base: &'a dyn View,
    writer: &'a mut Writer,
    /// Why no body may be added, if none may.
    closed_to_bodies: Option<&'a Refusal>,
    changes: Mutations,
    restated: Restated,
    hooks: Vec<Box<dyn FnOnce() + Send>>,
    trouble: Cell<Option<Trouble>>,
}

/// What went wrong below the operation, whatever the operation made of it.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The operation cannot succeed any more.
    Operation(Refusal),
    /// The container refused: nothing of the batch can succeed.
    Container(std::io::Error),
    /// The index cannot be read: nothing of the batch can succeed.
    Index(Refusal),
}

/// What an operation leaves behind.
pub(super) struct Done {
    pub(super) changes: Mutations,
    pub(super) restated: Restated,
    pub(super) hooks: Vec<Box<dyn FnOnce() + Send>>,
    pub(super) trouble: Option<Trouble>,
}

impl<'a> Txn<'a> {
    pub(super) fn new(
        base: &'a dyn View,
        writer: &'a mut Writer,
        tables: usize,
        closed_to_bodies: Option<&'a Refusal>,
    ) -> Self {
        let changes = Mutations {
            tables: vec![Changed::new(); tables],
            ..Mutations::default()
        };
        Self {
            base,
            writer,
            closed_to_bodies,
            changes,
            restated: Restated::default(),
            hooks: Vec::new(),
            trouble: Cell::new(None),
        }
    }

    pub(super) fn finish(self) -> Done {
        Done {
            changes: self.changes,
            restated: self.restated,
            hooks: self.hooks,
            trouble: self.trouble.into_inner(),
        }
    }

    /// The value of a key.
    pub fn get(&self, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
        View::get(self, self.base.number(table)?, key)
    }

    /// Sets the value of a key.
    pub fn put(&mut self, table: &str, key: &[u8], value: &[u8]) -> Result<(), Refusal> {
        self.set(self.base.number(table)?, key, Some(value.to_vec()))
    }

    /// Removes a key, if it is there.
    pub fn delete(&mut self, table: &str, key: &[u8]) -> Result<(), Refusal> {
        self.set(self.base.number(table)?, key, None)
    }

    /// At most `limit` rows from `from` on, before `to`, in rising order of keys.
    pub fn scan(&self, table: &str, from: &[u8], to: &[u8], limit: usize) -> Result<Rows, Refusal> {
        collect(self, self.base.number(table)?, from, to, limit)
    }

    /// Calls `visit` for each row from `from` on, before `to`, in rising order, until it breaks.
    pub fn visit(
        &self,
        table: &str,
        from: &[u8],
        to: &[u8],
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, Refusal>,
    ) -> Result<(), Refusal> {
        View::scan(self, self.base.number(table)?, from, to, &mut visit)
    }

    /// Stores a body with one reference and the note its source gives; after a failure the operation cannot succeed any more.
    pub fn append_body(&mut self, source: &dyn BodySource) -> Result<BodyRef, Refusal> {
        if let Some(refusal) = self.closed_to_bodies {
            return Err(self.hopeless(refusal.clone()));
        }
        let (body, _) = self.write_body(source)?;
        let row = BodyRow {
            references: 1,
            len: body.len,
            moved: None,
        };
        self.set(Names::BODY, &BodyRow::key(body), Some(row.encode()))?;
        // A new body begins without a note if it brings none.
        let note = source.note().and_then(|note| notes::encode(body.len, &note));
        self.changes.notes.insert(BodyRow::key(body).to_vec(), note);
        self.account(body, 1);
        Ok(body)
    }

    /// Notes something of a stored body (see [`BodySource::note`]); nothing happens if it is gone.
    pub fn note_body(&mut self, body: BodyRef, note: &[u8]) -> Result<(), Refusal> {
        let key = BodyRow::key(body);
        let row = View::get(self, Names::BODY, &key)?;
        let row = row.map(|row| BodyRow::decode(&row)).transpose()?;
        if row.is_some_and(|row| row.len == body.len)
            && let Some(note) = notes::encode(body.len, note)
        {
            self.changes.notes.insert(key.to_vec(), Some(note));
        }
        Ok(())
    }

    /// Forgets notes by their keys.
    pub(super) fn forget_notes(&mut self, keys: Vec<Vec<u8>>) {
        self.changes.notes.extend(keys.into_iter().map(|key| (key, None)));
    }

    /// The operation cannot succeed any more, whatever it makes of this refusal.
    fn hopeless(&self, refusal: Refusal) -> Refusal {
        self.trouble.set(Some(Trouble::Operation(refusal.clone())));
        refusal
    }

    fn write_body(&mut self, source: &dyn BodySource) -> Result<(BodyRef, u32), Refusal> {
        self.writer.append_body(source).map_err(|error| match error {
            AppendError::Source(error) => self.hopeless(Refusal::new(
                Cause::StorageFailure,
                format!("reading the body to be stored: {error}"),
            )),
            AppendError::Disk(error) => {
                let refusal = io_refusal("container", &error);
                self.trouble.set(Some(Trouble::Container(error)));
                refusal
            }
        })
    }

    /// Copies the body called `name` from `place` to the open end, for compaction. `source` reads it there and must
    /// give bytes with this checksum. False when it does not lie there any more, or nobody refers to it.
    pub(super) fn move_body(
        &mut self,
        name: BodyRef,
        place: BodyRef,
        source: &dyn BodySource,
        checksum: u32,
    ) -> Result<bool, Refusal> {
        let row = self.noted(bodies::find(self, name))?;
        let Some(row) = row.filter(|row| row.place(name) == place) else {
            return Ok(false);
        };
        let (new, found) = self.write_body(source)?;
        if found != checksum {
            let what = format!(
                "body at {:02X}:{} changed while it was copied",
                place.file, place.offset
            );
            return Err(self.hopeless(Refusal::new(Cause::StorageFailure, what)));
        }
        let moved = BodyRow {
            moved: Some((new.file, new.offset)),
            ..row
        };
        self.set(Names::BODY, &BodyRow::key(name), Some(moved.encode()))?;
        self.account(place, -1);
        self.account(new, 1);
        Ok(true)
    }

    /// How many tables are logged.
    pub(super) fn tables(&self) -> usize {
        self.changes.tables.len()
    }

    /// Rows of the tables as they are go into the log once more.
    pub(super) fn restate(&mut self, rows: Restated) {
        self.restated = rows;
    }

    /// Adds `count` references to a stored body.
    pub fn retain_body(&mut self, body: BodyRef, count: u32) -> Result<(), Refusal> {
        let mut row = self.body_row(body)?;
        row.references = row
            .references
            .checked_add(count)
            .ok_or_else(|| Refusal::new(Cause::StorageFailure, "a body has too many references"))?;
        self.set(Names::BODY, &BodyRow::key(body), Some(row.encode()))
    }

    /// Takes one reference away; with the last one the body is gone.
    pub fn release_body(&mut self, body: BodyRef) -> Result<(), Refusal> {
        let mut row = self.body_row(body)?;
        row.references = row.references.saturating_sub(1);
        if row.references > 0 {
            return self.set(Names::BODY, &BodyRow::key(body), Some(row.encode()));
        }
        self.account(row.place(body), -1);
        self.changes.notes.insert(BodyRow::key(body).to_vec(), None);
        self.set(Names::BODY, &BodyRow::key(body), None)
    }

    /// The books say so many references too many or too few; with none left the body is given up.
    pub(super) fn correct_body(&mut self, body: BodyRef, by: i64) -> Result<(), Refusal> {
        let Some(mut row) = self.noted(bodies::find(self, body))? else {
            return Ok(());
        };
        let corrected = i64::from(row.references).saturating_add(by).max(0);
        row.references = u32::try_from(corrected).unwrap_or(u32::MAX);
        if row.references > 0 {
            return self.set(Names::BODY, &BodyRow::key(body), Some(row.encode()));
        }
        row.references = 1;
        self.set(Names::BODY, &BodyRow::key(body), Some(row.encode()))?;
        self.release_body(body)
    }

    /// A body that is used and not in the books comes into them, where it was first stored. Whether it is still there
    /// is found when it is read.
    pub(super) fn enter_body(&mut self, body: BodyRef, references: u32) -> Result<(), Refusal> {
        if references == 0 || self.noted(bodies::find(self, body))?.is_some() {
            return Ok(());
        }
        let row = BodyRow {
            references,
            len: body.len,
            moved: None,
        };
        self.set(Names::BODY, &BodyRow::key(body), Some(row.encode()))?;
        self.account(body, 1);
        Ok(())
    }

    /// Runs `hook` on the committer thread once the operation is on disk and visible, before it is answered. For
    /// notifications: it must be quick and must not wait for the ledger.
    pub fn after_commit(&mut self, hook: impl FnOnce() + Send + 'static) {
        self.hooks.push(Box::new(hook));
    }

    fn body_row(&self, body: BodyRef) -> Result<BodyRow, Refusal> {
        bodies::find(self, body)?.ok_or_else(|| {
            let place = format!("body at {:02X}:{} is not in use", body.file, body.offset);
            Refusal::new(Cause::StorageFailure, place)
        })
    }

    fn account(&mut self, body: BodyRef, sign: i64) {
        let change = self.changes.uses.entry(body.file).or_default();
        *change = UseChange {
            bodies: change.bodies.saturating_add(sign),
            bytes: change.bytes.saturating_add(sign.saturating_mul(body.len as i64)),
        };
    }

    fn set(&mut self, table: usize, key: &[u8], value: Option<Vec<u8>>) -> Result<(), Refusal> {
        if key.len() > KEY_LIMIT || value.as_ref().is_some_and(|value| value.len() > VALUE_LIMIT) {
            return Err(Refusal::new(
                Cause::TooLarge,
                "a key or value is larger than a table row may be",
            ));
        }
        let rows = self.changes.tables.get_mut(table);
        let rows = rows.ok_or_else(|| Refusal::new(Cause::Internal, "no table of this number"))?;
        rows.insert(key.to_vec(), value);
        Ok(())
    }

    /// Notes that the index could not be read, because then the whole batch is in doubt.
    pub(super) fn noted<T>(&self, result: Result<T, Refusal>) -> Result<T, Refusal> {
        if let Err(refusal) = &result {
            self.trouble.set(Some(Trouble::Index(refusal.clone())));
        }
        result
    }
}

impl View for Txn<'_> {
    fn number(&self, table: &str) -> Result<usize, Refusal> {
        self.base.number(table)
    }

    fn get(&self, table: usize, key: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
        match self.changes.tables.get(table).and_then(|rows| rows.get(key)) {
            Some(changed) => Ok(changed.clone()),
            None => self.noted(self.base.get(table, key)),
        }
    }

    fn scan(&self, table: usize, from: &[u8], to: &[u8], visit: &mut Visit<'_>) -> Result<(), Refusal> {
        if from >= to {
            return Ok(());
        }
        let Some(rows) = self.changes.tables.get(table).filter(|rows| !rows.is_empty()) else {
            return self.base.scan(table, from, to, visit);
        };
        let mut changed = rows
            .range::<[u8], _>((Bound::Included(from), Bound::Excluded(to)))
            .peekable();
        let mut stopped = false;
        self.base.scan(table, from, to, &mut |key, value| {
            while let Some((own_key, own_value)) = changed.next_if(|(own, _)| own.as_slice() < key) {
                if let Some(own_value) = own_value
                    && visit(own_key, own_value)?.is_break()
                {
                    stopped = true;
                    return Ok(ControlFlow::Break(()));
                }
            }
            let flow = match changed.next_if(|(own, _)| own.as_slice() == key) {
                Some((_, None)) => ControlFlow::Continue(()),
                Some((_, Some(own_value))) => visit(key, own_value)?,
                None => visit(key, value)?,
            };
            stopped = flow.is_break();
            Ok(flow)
        })?;
        for (key, value) in changed {
            if stopped {
                break;
            }
            if let Some(value) = value {
                stopped = visit(key, value)?.is_break();
            }
        }
        Ok(())
    }
}
