//! Brings the index up to the log at open.
//!
//! Starts where the last durable commit of the index ended, or where the log starts for a rebuild: containers before
//! that are only homes of bodies, and what was deleted in them does not come back. The torn end of
//! the newest container was never acknowledged and is cut off, on the disk too, before anything is appended.
//! Records that were damaged after they had been synced are reported one by one; the rest is kept.

use std::path::Path;

use axigen_shared::{Cause, Refusal};

use super::{
    bodies::Uses,
    index::{Index, State},
    mutation::{Entry, decode},
    notes,
    open::{Container, Containers, Start},
    tables::{Names, Tables},
};
use crate::{
    container::{FileHead, Found, Scanner, container_name},
    error::io_refusal,
};

/// Log records replayed in one transaction of the index: bounds its memory.
const RECORDS_AT_ONCE: usize = 4096;

/// What replay found.
pub(super) struct Replayed {
    /// The end of the log.
    pub(super) end: State,
    /// Whether the index is ahead of its last durable commit.
    pub(super) changed: bool,
}

/// Replays all containers from `start` on.
pub(super) fn replay(
    dir: &Path,
    index: &Index,
    uses: &mut Uses,
    containers: &mut Containers,
    start: Start,
) -> Result<Replayed, Refusal> {
    let mut run = Run {
        dir,
        index,
        uses,
        end: start.state,
        replayed: 0,
        damaged: 0,
    };
    let newest = containers.last_key_value().map_or(0, |(number, _)| *number);
    for (number, container) in containers.range(start.state.file..) {
        run.container(*number, container, start.rebuild, *number == newest)?;
    }
    if start.rebuild || run.damaged > 0 {
        // The log of a rebuild does not begin with the first body, and changes of a damaged record were not counted.
        run.recount()?;
    }
    let (end, replayed, damaged) = (run.end, run.replayed, run.damaged);
    if replayed > 0 || damaged > 0 {
        let dir = dir.display();
        tracing::info!(
            module = "STORAGE",
            "{dir}: {replayed} operations replayed, {damaged} places damaged"
        );
    }
    Ok(Replayed {
        end,
        changed: replayed > 0 || end != start.state || start.rebuild,
    })
}

struct Run<'a> {
    dir: &'a Path,
    index: &'a Index,
    uses: &'a mut Uses,
    end: State,
    replayed: u64,
    damaged: u64,
}

impl Run<'_> {
    fn container(
        &mut self,
        number: u32,
        container: &Container,
        rebuild: bool,
        newest: bool,
    ) -> Result<(), Refusal> {
        let Some((head, head_len)) = &container.head else {
            self.damage(number, 0);
            return Ok(());
        };
        if number != self.end.file || self.end.offset < *head_len {
            if head.sequence != self.end.sequence {
                self.damage(number, *head_len);
            }
            self.end.offset = *head_len;
            self.end.sequence = self.end.sequence.max(head.sequence);
        }
        self.end.file = number;
        self.end.log_start = self
            .end
            .log_start
            .into_iter()
            .chain(head.log_start)
            .max_by_key(|start| start.sequence);
        let tables = self.table_numbers(head)?;
        // In a rebuild only the newest container can have a torn end; bodies of the others are checked when read.
        let check_bodies = newest || !rebuild;
        let mut scanner = Scanner::new(
            &*container.file,
            head.mark,
            self.end.offset,
            self.end.sequence,
            check_bodies,
        )?;
        while self.some_records(&mut scanner, number, &tables)? {}
        self.finish(&scanner, number, container, newest)
    }

    /// Replays some records in one transaction; false at the end of the file.
    fn some_records(
        &mut self,
        scanner: &mut Scanner<'_>,
        number: u32,
        numbers: &[usize],
    ) -> Result<bool, Refusal> {
        let txn = self.index.begin()?;
        let mut more = true;
        {
            let mut tables = Tables::open(&txn, self.index.names())?;
            for _ in 0..RECORDS_AT_ONCE {
                match scanner.step()? {
                    Found::Body => {}
                    Found::Log(payload) => {
                        self.apply(&payload, numbers, &mut tables)?;
                        self.replayed += 1;
                    }
                    Found::Damage(at) => self.damage(number, at),
                    Found::End => {
                        more = false;
                        break;
                    }
                }
            }
            self.end.offset = scanner.position();
            self.end.sequence = scanner.sequence();
            self.end.save(&mut tables)?;
            self.uses.save(&mut tables)?;
        }
        Index::commit(txn)?;
        Ok(more)
    }

    fn apply(&mut self, payload: &[u8], numbers: &[usize], tables: &mut Tables<'_>) -> Result<(), Refusal> {
        let number = |table: u8| {
            let found = numbers.get(usize::from(table)).copied();
            found.ok_or_else(|| {
                Refusal::new(
                    Cause::StorageFailure,
                    "a log record names a table that is not there",
                )
            })
        };
        decode(payload, |entry| match entry {
            Entry::Put { table, key, value } => {
                let table = number(table)?;
                if table == Names::BODY {
                    notes::replayed(tables, key, true)?;
                }
                tables.put(table, key, value)
            }
            Entry::Delete { table, key } => {
                let table = number(table)?;
                if table == Names::BODY {
                    notes::replayed(tables, key, false)?;
                }
                tables.delete(table, key)
            }
            Entry::Use { file, change } => {
                self.uses.apply(file, change);
                Ok(())
            }
        })
    }

    /// Counts anew what lives in which container.
    fn recount(&mut self) -> Result<(), Refusal> {
        let txn = self.index.begin()?;
        {
            let mut tables = Tables::open(&txn, self.index.names())?;
            self.uses.recount(&tables)?;
            self.uses.save(&mut tables)?;
        }
        Index::commit(txn)
    }

    /// Our number of each table that the file counts.
    fn table_numbers(&self, head: &FileHead) -> Result<Vec<usize>, Refusal> {
        let ours: Vec<&str> = self.index.names().logged().collect();
        let number = |name: &String| {
            ours.iter().position(|ours| ours == name).ok_or_else(|| {
                let file = container_name(head.number);
                let detail = format!(
                    "{file} in {} has a table {name} of a newer version",
                    self.dir.display()
                );
                Refusal::new(Cause::StorageFailure, detail)
            })
        };
        head.tables.iter().map(number).collect()
    }

    /// Cuts off what was never synced.
    fn finish(
        &mut self,
        scanner: &Scanner<'_>,
        number: u32,
        container: &Container,
        newest: bool,
    ) -> Result<(), Refusal> {
        let refuse = |error: std::io::Error| io_refusal("container", &error);
        let end = scanner.position();
        let len = container.file.len().map_err(refuse)?;
        if len == end {
            return Ok(());
        }
        if !newest || len < end {
            self.damage(number, end);
            return Ok(());
        }
        let name = container_name(number);
        tracing::info!(
            module = "STORAGE",
            "{name}: {} bytes at the end were never acknowledged",
            len - end
        );
        container.file.set_len(end).map_err(refuse)?;
        container.file.sync_data().map_err(refuse)
    }

    fn damage(&mut self, number: u32, at: u64) {
        self.damaged += 1;
        let place = self.dir.join(container_name(number));
        tracing::error!(
            module = "STORAGE",
            "{} is damaged at offset {at}",
            place.display()
        );
    }
}
