//! One operation at work: an overlay over the batch's tables and an open end of the container.
//!
//! The operation sees its own changes and those of the operations before it in the batch. Nothing reaches the tables
//! before it has answered `Ok`, so a refused operation leaves no trace.

use std::{
    cell::Cell,
    collections::BTreeMap,
    ops::{Bound, ControlFlow},
};

use axigen_shared::{Cause, Refusal};

use super::{
    bodies::BodyRow,
    mutation::{Changed, Mutations, UseChange},
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
    base: &'a dyn View,
    writer: &'a mut Writer,
    changes: Mutations,
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
    pub(super) hooks: Vec<Box<dyn FnOnce() + Send>>,
    pub(super) trouble: Option<Trouble>,
}

impl<'a> Txn<'a> {
    pub(super) fn new(base: &'a dyn View, writer: &'a mut Writer, tables: usize) -> Self {
        let changes = Mutations {
            tables: vec![Changed::new(); tables],
            uses: BTreeMap::new(),
        };
        Self {
            base,
            writer,
            changes,
            hooks: Vec::new(),
            trouble: Cell::new(None),
        }
    }

    pub(super) fn finish(self) -> Done {
        Done {
            changes: self.changes,
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

    /// Stores a body with one reference; after a failure the operation cannot succeed any more.
    pub fn append_body(&mut self, source: &dyn BodySource) -> Result<BodyRef, Refusal> {
        let body = match self.writer.append_body(source) {
            Ok(body) => body,
            Err(AppendError::Source(error)) => {
                let refusal = Refusal::new(
                    Cause::StorageFailure,
                    format!("reading the body to be stored: {error}"),
                );
                self.trouble.set(Some(Trouble::Operation(refusal.clone())));
                return Err(refusal);
            }
            Err(AppendError::Disk(error)) => {
                let refusal = io_refusal("container", &error);
                self.trouble.set(Some(Trouble::Container(error)));
                return Err(refusal);
            }
        };
        let row = BodyRow {
            references: 1,
            len: body.len,
        };
        self.set(Names::BODY, &BodyRow::key(body), Some(row.encode()))?;
        self.account(body, 1);
        Ok(body)
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
        self.account(body, -1);
        self.set(Names::BODY, &BodyRow::key(body), None)
    }

    /// Runs `hook` on the committer thread once the operation is on disk and visible, before it is answered. For
    /// notifications: it must be quick and must not wait for the ledger.
    pub fn after_commit(&mut self, hook: impl FnOnce() + Send + 'static) {
        self.hooks.push(Box::new(hook));
    }

    fn body_row(&self, body: BodyRef) -> Result<BodyRow, Refusal> {
        let value = View::get(self, Names::BODY, &BodyRow::key(body))?;
        let value = value.ok_or_else(|| {
            let place = format!("body at {:02X}:{} is not in use", body.file, body.offset);
            Refusal::new(Cause::StorageFailure, place)
        })?;
        BodyRow::decode(&value)
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
    fn noted<T>(&self, result: Result<T, Refusal>) -> Result<T, Refusal> {
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
