//! Reading the tables as of the last commit.

use std::ops::ControlFlow;

use axigen_shared::Refusal;
use bytes::Bytes;

use super::{
    bodies, notes,
    tables::{Published, View, Visit},
};
use crate::body::BodyRef;

/// Rows as key and value.
pub(crate) type Rows = Vec<(Vec<u8>, Vec<u8>)>;

/// The tables at one moment; see [`crate::Ledger::read`].
pub struct Snapshot<'a> {
    tables: &'a Published,
}

impl<'a> Snapshot<'a> {
    pub(super) fn new(tables: &'a Published) -> Self {
        Self { tables }
    }

    pub(super) fn tables(&self) -> &'a Published {
        self.tables
    }

    /// Calls `visit` for every referenced body with the number of its references.
    pub(crate) fn each_body(
        &self,
        mut visit: impl FnMut(BodyRef, u32) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        bodies::each(self.tables, None, &mut |name, row| {
            visit(name, row.references)?;
            Ok(ControlFlow::Continue(()))
        })
    }

    /// What was noted of these bodies, where anything was and is not lost; see [`crate::BodySource::note`].
    pub fn notes(&self, bodies: &[BodyRef]) -> Result<Vec<Option<Bytes>>, Refusal> {
        notes::find(self.tables, bodies)
    }

    /// At most `limit` referenced bodies behind `after` and up to `to` (container and offset), rising.
    pub(crate) fn bodies_between(
        &self,
        after: Option<(u32, u64)>,
        to: Option<(u32, u64)>,
        limit: usize,
    ) -> Result<Vec<BodyRef>, Refusal> {
        bodies::between(self.tables, after, to, limit)
    }

    /// The value of a key.
    pub fn get(&self, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
        self.tables.get(self.tables.number(table)?, key)
    }

    /// At most `limit` rows from `from` on, before `to`, in rising order of keys.
    pub fn scan(&self, table: &str, from: &[u8], to: &[u8], limit: usize) -> Result<Rows, Refusal> {
        collect(self, self.tables.number(table)?, from, to, limit)
    }

    /// Calls `visit` for each row from `from` on, before `to`, in rising order, without copying, until it breaks.
    pub fn visit(
        &self,
        table: &str,
        from: &[u8],
        to: &[u8],
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, Refusal>,
    ) -> Result<(), Refusal> {
        self.tables.scan(self.tables.number(table)?, from, to, &mut visit)
    }
}

impl View for Snapshot<'_> {
    fn number(&self, table: &str) -> Result<usize, Refusal> {
        self.tables.number(table)
    }

    fn get(&self, table: usize, key: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
        self.tables.get(table, key)
    }

    fn scan(&self, table: usize, from: &[u8], to: &[u8], visit: &mut Visit<'_>) -> Result<(), Refusal> {
        self.tables.scan(table, from, to, visit)
    }
}

/// At most `limit` rows of a range.
pub(super) fn collect(
    view: &impl View,
    table: usize,
    from: &[u8],
    to: &[u8],
    limit: usize,
) -> Result<Rows, Refusal> {
    let mut rows = Rows::new();
    if limit == 0 {
        return Ok(rows);
    }
    view.scan(table, from, to, &mut |key, value| {
        rows.push((key.to_vec(), value.to_vec()));
        Ok(if rows.len() >= limit {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    Ok(rows)
}
