//! Logs all rows again, so that the log before is not needed any more.
//!
//! Rows are taken in the order of tables and keys, some in each operation. They are in the tables already, so only the
//! log gets them. Replayed later they change nothing: each is what the row was at that moment of the log.

use std::ops::ControlFlow;

use axigen_shared::{Cause, Refusal};

use super::{Run, Stopped};
use crate::{
    container::LogStart,
    ledger::{
        Ledger,
        compact::Progress,
        core::{Core, Failure},
        mutation::Restated,
        tables::View,
        txn::Txn,
    },
};

/// Above all keys, which are shorter.
pub(super) const PAST_ALL: [u8; 4097] = [0xff; 4097];
/// Bytes of rows counted while one snapshot is held.
const COUNTED_AT_ONCE: u64 = 16 << 20;

/// The next row: table, and the key from which on.
#[derive(Clone, Default)]
pub(super) struct Cursor {
    table: usize,
    key: Vec<u8>,
}

/// Restates rows from `cursor` on until there are `limit` bytes of them; returns where to go on, `None` at the end.
fn rows(
    view: &dyn View,
    tables: usize,
    mut cursor: Cursor,
    limit: u64,
    restated: &mut Restated,
) -> Result<Option<Cursor>, Refusal> {
    while cursor.table < tables {
        let table = cursor.table;
        let mut next = None;
        view.scan(table, &cursor.key, &PAST_ALL, &mut |key, value| {
            restated.put(table, key, value);
            if restated.bytes < limit {
                return Ok(ControlFlow::Continue(()));
            }
            // No key lies between one and the same with a zero appended.
            let key = [key, &[0]].concat();
            next = Some(Cursor { table, key });
            Ok(ControlFlow::Break(()))
        })?;
        if next.is_some() {
            return Ok(next);
        }
        cursor = Cursor {
            table: table + 1,
            key: Vec::new(),
        };
    }
    Ok(None)
}

/// Bytes that restating all rows will write, about.
pub(super) fn size(ledger: &Ledger, progress: &Progress) -> Result<u64, Refusal> {
    let (mut size, mut cursor) = (0_u64, Some(Cursor::default()));
    while let Some(from) = cursor
        && !progress.is_aborted()
    {
        let mut counted = Restated::default();
        cursor = ledger.read(|snapshot| {
            let tables = snapshot.tables().meta();
            rows(snapshot.tables(), tables, from, COUNTED_AT_ONCE, &mut counted)
        })?;
        size = size.saturating_add(counted.total());
    }
    Ok(size)
}

impl Run<'_> {
    /// Restates all rows.
    pub(super) fn restate(&mut self) -> Result<Result<(), Stopped>, Refusal> {
        let mut cursor = Some(Cursor::default());
        while let Some(from) = cursor {
            if self.may_go_on().is_err() {
                return Ok(Err(Stopped));
            }
            let limit = self.chunk_bytes;
            let (next, bytes) = self
                .ledger
                .write_blocking(move |txn| restate_some(txn, from, limit))?;
            self.wrote(bytes);
            cursor = next;
        }
        Ok(Ok(()))
    }
}

/// Restates some rows in an operation; returns where to go on and the bytes that takes.
pub(super) fn restate_some(
    txn: &mut Txn<'_>,
    from: Cursor,
    limit: u64,
) -> Result<(Option<Cursor>, u64), Refusal> {
    let mut restated = Restated::default();
    let next = txn.noted(rows(txn.base, txn.tables(), from, limit, &mut restated))?;
    let bytes = restated.total();
    txn.restate(restated);
    Ok((next, bytes))
}

/// All rows were restated from `start` on: the next container says so, and what is not needed any more goes.
pub(super) fn finish(core: &mut Core, start: LogStart) -> Result<(), Failure> {
    core.roll(Some(start))?;
    core.checkpoint().map_err(Failure::IndexLost)?;
    if core.is_dirty() {
        let detail = "the disk is too full for a checkpoint of the index";
        return Err(Failure::Refused(Refusal::new(Cause::StorageFull, detail)));
    }
    Ok(())
}
