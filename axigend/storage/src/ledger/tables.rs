//! The tables of a ledger by number, for writing and for reading.
//!
//! Number 0 is the ledger's own table of bodies, then come the caller's tables in the order of the options, and last
//! the ledger's own `meta` and `note`, which are never logged because they are derived.

use std::{
    ops::{Bound, ControlFlow},
    sync::{Arc, OnceLock},
};

use axigen_shared::{Cause, Refusal};
use redb::{
    ReadOnlyTable, ReadTransaction, ReadableTable, Table, TableDefinition, TableError, WriteTransaction,
};

use crate::error::index_refusal;

/// Name of table 0.
pub(super) const BODY: &str = "ledger.body";
/// Names of the last tables.
const META: &str = "ledger.meta";
const NOTE: &str = "ledger.note";

type Definition<'a> = TableDefinition<'a, &'static [u8], &'static [u8]>;

/// What a scan calls for each row; it may stop the scan.
pub(crate) type Visit<'v> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, Refusal> + 'v;

/// Reading tables by number.
pub(crate) trait View {
    /// The number of a table.
    fn number(&self, table: &str) -> Result<usize, Refusal>;
    /// The value of a key.
    fn get(&self, table: usize, key: &[u8]) -> Result<Option<Vec<u8>>, Refusal>;
    /// Calls `visit` for the rows from `from` on, before `to`, in rising order.
    fn scan(&self, table: usize, from: &[u8], to: &[u8], visit: &mut Visit<'_>) -> Result<(), Refusal>;
}

/// Names of the tables by number.
#[derive(Clone, Copy)]
pub(super) struct Names {
    user: &'static [&'static str],
}

impl Names {
    pub(super) fn new(user: &'static [&'static str]) -> Self {
        Self { user }
    }

    /// Number of the table of bodies.
    pub(super) const BODY: usize = 0;

    /// Number of the meta table.
    pub(super) fn meta(self) -> usize {
        self.user.len() + 1
    }

    /// Number of the table of notes.
    pub(super) fn notes(self) -> usize {
        self.user.len() + 2
    }

    /// Tables that are logged, in the order of their numbers.
    pub(super) fn logged(self) -> impl Iterator<Item = &'static str> {
        std::iter::once(BODY).chain(self.user.iter().copied())
    }

    fn all(self) -> impl Iterator<Item = &'static str> {
        self.logged().chain([META, NOTE])
    }

    pub(super) fn number(self, table: &str) -> Result<usize, Refusal> {
        let found = self.user.iter().position(|name| *name == table);
        found
            .map(|at| at + 1)
            .ok_or_else(|| Refusal::new(Cause::Internal, format!("no table {table}")))
    }
}

/// The tables within one write transaction.
pub(super) struct Tables<'txn> {
    names: Names,
    open: Vec<Table<'txn, &'static [u8], &'static [u8]>>,
}

impl<'txn> Tables<'txn> {
    pub(super) fn open(txn: &'txn WriteTransaction, names: Names) -> Result<Self, Refusal> {
        Self::try_open(txn, names).map_err(index_refusal)
    }

    /// As [`Tables::open`], with redb's own error.
    pub(super) fn try_open(txn: &'txn WriteTransaction, names: Names) -> Result<Self, TableError> {
        let mut tables = Self {
            names,
            open: Vec::new(),
        };
        for name in names.all() {
            tables.open.push(txn.open_table(Definition::new(name))?);
        }
        Ok(tables)
    }

    pub(super) fn put(&mut self, table: usize, key: &[u8], value: &[u8]) -> Result<(), Refusal> {
        self.table_mut(table)?
            .insert(key, value)
            .map(drop)
            .map_err(index_refusal)
    }

    pub(super) fn delete(&mut self, table: usize, key: &[u8]) -> Result<(), Refusal> {
        self.table_mut(table)?
            .remove(key)
            .map(drop)
            .map_err(index_refusal)
    }

    /// Puts rows behind all others of a table, in rising order of keys: pages are filled to the end, as they are not by
    /// one insertion after the other.
    pub(super) fn append<'r>(
        &mut self,
        table: usize,
        rows: impl Iterator<Item = (&'r [u8], &'r [u8])>,
    ) -> Result<(), Refusal> {
        let table = self.table_mut(table)?;
        let mut end = table
            .upper_bound_mut(Bound::<&[u8]>::Unbounded)
            .map_err(index_refusal)?;
        for (key, value) in rows {
            end.insert_before(key, value)
                .map_err(|error| Refusal::new(Cause::StorageFailure, format!("index: {error}")))?;
        }
        end.close().map_err(index_refusal)
    }

    pub(super) fn meta(&self) -> usize {
        self.names.meta()
    }

    pub(super) fn notes(&self) -> usize {
        self.names.notes()
    }

    fn table_mut(&mut self, table: usize) -> Result<&mut Table<'txn, &'static [u8], &'static [u8]>, Refusal> {
        self.open.get_mut(table).ok_or_else(no_table)
    }
}

impl Drop for Tables<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // See `guard`.
            std::mem::forget(std::mem::take(&mut self.open));
        }
    }
}

impl View for Tables<'_> {
    fn number(&self, table: &str) -> Result<usize, Refusal> {
        self.names.number(table)
    }

    fn get(&self, table: usize, key: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
        get(self.open.get(table).ok_or_else(no_table)?, key)
    }

    fn scan(&self, table: usize, from: &[u8], to: &[u8], visit: &mut Visit<'_>) -> Result<(), Refusal> {
        scan(self.open.get(table).ok_or_else(no_table)?, from, to, visit)
    }
}

/// The tables as of one commit, shared by all readers until the next one.
pub(super) struct Published {
    names: Names,
    txn: ReadTransaction,
    /// The index is kept open as long as this lives.
    _reads: Arc<()>,
    open: Vec<OnceLock<ReadOnlyTable<&'static [u8], &'static [u8]>>>,
}

impl Published {
    pub(super) fn new(txn: ReadTransaction, names: Names, readers: &Arc<()>) -> Self {
        Self {
            names,
            txn,
            _reads: Arc::clone(readers),
            open: names.all().map(|_| OnceLock::new()).collect(),
        }
    }

    pub(super) fn meta(&self) -> usize {
        self.names.meta()
    }

    pub(super) fn notes(&self) -> usize {
        self.names.notes()
    }

    fn table(&self, table: usize) -> Result<&ReadOnlyTable<&'static [u8], &'static [u8]>, Refusal> {
        let cell = self.open.get(table).ok_or_else(no_table)?;
        if let Some(open) = cell.get() {
            return Ok(open);
        }
        let name = self.names.all().nth(table).ok_or_else(no_table)?;
        let open = self
            .txn
            .open_table(Definition::new(name))
            .map_err(index_refusal)?;
        Ok(cell.get_or_init(|| open))
    }
}

impl View for Published {
    fn number(&self, table: &str) -> Result<usize, Refusal> {
        self.names.number(table)
    }

    fn get(&self, table: usize, key: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
        get(self.table(table)?, key)
    }

    fn scan(&self, table: usize, from: &[u8], to: &[u8], visit: &mut Visit<'_>) -> Result<(), Refusal> {
        scan(self.table(table)?, from, to, visit)
    }
}

fn get(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    key: &[u8],
) -> Result<Option<Vec<u8>>, Refusal> {
    let value = table.get(key).map_err(index_refusal)?;
    Ok(value.map(|guard| guard.value().to_vec()))
}

fn scan(
    table: &impl ReadableTable<&'static [u8], &'static [u8]>,
    from: &[u8],
    to: &[u8],
    visit: &mut Visit<'_>,
) -> Result<(), Refusal> {
    if from >= to {
        return Ok(());
    }
    for row in table.range::<&[u8]>(from..to).map_err(index_refusal)? {
        let (key, value) = row.map_err(index_refusal)?;
        if visit(key.value(), value.value())?.is_break() {
            break;
        }
    }
    Ok(())
}

fn no_table() -> Refusal {
    Refusal::new(Cause::Internal, "no table of this number")
}
