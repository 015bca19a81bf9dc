//! Writes the index anew into a file of its own, which then takes the place of the old one.
//!
//! The index file of redb does not become smaller while it is in use, and what would make it smaller wants to be alone
//! with it. So its rows are copied as of one moment, page after page filled, while everybody goes on with the old one;
//! the log of what happens meanwhile is kept. In the end the new file is made durable as of that moment and renamed, and
//! between two batches the log since then is replayed into it, as at any start. A crash before the renaming leaves the
//! old index and a file that the next start removes; one after it leaves an index that is behind its log like any
//! other. Who reads in the old one reads on: it is closed when the last of them is through.

use std::ops::ControlFlow;

use axigen_shared::Refusal;

use super::{CompactOptions, Run, Stopped, restate::PAST_ALL};
use crate::ledger::{
    index::Index,
    tables::{Published, Tables, View},
};

/// Bytes of rows that are put into the new index in one transaction.
const CHUNK: usize = 4 << 20;
/// Bytes that a row takes in a page beside key and value.
const AROUND_ROW: u64 = 8;
/// The index is written anew when its file is larger than so many percent of its rows: pages half full are usual.
const WORTH_PERCENT: u64 = 250;
/// As [`WORTH_PERCENT`], of a compaction that is forced.
const WORTH_PERCENT_FORCED: u64 = 150;

impl Run<'_> {
    /// Writes the index anew, if that is worth it.
    pub(super) fn rewrite_index(&mut self, options: &CompactOptions) -> Result<Result<(), Stopped>, Refusal> {
        let before = self.ledger.usage().index_bytes;
        if before <= options.index_slack {
            return Ok(Ok(()));
        }
        let percent = if options.forced {
            WORTH_PERCENT_FORCED
        } else {
            WORTH_PERCENT
        };
        let rows = self.ledger.read(|snapshot| size(snapshot.tables()))?;
        let usual = rows.saturating_mul(percent) / 100;
        if before <= usual.saturating_add(options.index_slack) {
            return Ok(Ok(()));
        }
        self.progress.add(rows);
        let shared = &self.ledger.shared;
        let (tables, place) = shared.upkeep(|core| {
            let tables = core.hold_log().map_err(super::super::core::Failure::IndexLost)?;
            Ok((tables, core.place.clone()))
        })?;
        let options = &place.options;
        let made = Index::begin_new(&*place.disk, &place.dir, options.cache_bytes, place.names())
            .and_then(|index| self.fill(index, &tables));
        drop(tables);
        let done = match made {
            Ok(Ok(index)) => {
                let swapped = shared.upkeep(move |core| core.replace_index(index));
                swapped.map(Ok)
            }
            Ok(Err(Stopped)) => Ok(Err(Stopped)),
            Err(refusal) => Err(refusal),
        };
        if !matches!(done, Ok(Ok(()))) {
            // A file that stays is removed by the next start.
            let _ = Index::drop_new(&*place.disk, &place.dir);
        }
        shared.upkeep(|core| {
            core.let_log_go();
            core.close_retired();
            Ok(())
        })?;
        self.done.index_bytes = before.saturating_sub(self.ledger.usage().index_bytes);
        done
    }

    /// Copies all rows into an empty index and makes it durable.
    fn fill(&self, mut index: Index, from: &Published) -> Result<Result<Index, Stopped>, Refusal> {
        for table in 0..=from.notes() {
            let mut next = Some(Vec::new());
            while let Some(key) = next {
                if self.may_go_on().is_err() {
                    return Ok(Err(Stopped));
                }
                let (rows, following) = some(from, table, &key)?;
                self.progress.wrote(rows.iter().map(row_size).sum());
                let txn = index.begin()?;
                {
                    let mut tables = Tables::open(&txn, index.names())?;
                    tables.append(
                        table,
                        rows.iter().map(|(key, value)| (key.as_slice(), value.as_slice())),
                    )?;
                }
                Index::commit(txn)?;
                next = following;
            }
        }
        index.shrink()?;
        index.settle()?;
        index.checkpoint()?;
        Ok(Ok(index))
    }
}

/// Rows of a table from a key on, as many as one transaction takes, and the key to go on with.
#[expect(clippy::type_complexity, reason = "rows, and where to go on")]
fn some(
    from: &Published,
    table: usize,
    key: &[u8],
) -> Result<(Vec<(Vec<u8>, Vec<u8>)>, Option<Vec<u8>>), Refusal> {
    let (mut rows, mut bytes, mut next) = (Vec::new(), 0, None);
    from.scan(table, key, &PAST_ALL, &mut |key, value| {
        bytes += key.len() + value.len();
        rows.push((key.to_vec(), value.to_vec()));
        if bytes < CHUNK {
            return Ok(ControlFlow::Continue(()));
        }
        // No key lies between one and the same with a zero appended.
        next = Some([key, &[0]].concat());
        Ok(ControlFlow::Break(()))
    })?;
    Ok((rows, next))
}

/// Bytes of all rows.
fn size(tables: &Published) -> Result<u64, Refusal> {
    let mut size = 0_u64;
    for table in 0..=tables.notes() {
        tables.scan(table, &[], &PAST_ALL, &mut |key, value| {
            let row = (key.len() + value.len()) as u64 + AROUND_ROW;
            size = size.saturating_add(row);
            Ok(ControlFlow::Continue(()))
        })?;
    }
    Ok(size)
}

fn row_size((key, value): &(Vec<u8>, Vec<u8>)) -> u64 {
    (key.len() + value.len()) as u64 + AROUND_ROW
}
