//! What a ledger is: identity, place, limits, files. What administrators are shown of it.

use std::path::PathBuf;

use axigen_shared::Refusal;

use super::{Ledger, NotesUsage, notes, open::Place, options::LedgerUsage};

/// What does not change while a ledger is open.
#[derive(Clone, Debug)]
pub(super) struct Nature {
    mark: u64,
    dir: PathBuf,
    max_file_size: u64,
    max_files: u32,
    read_only: bool,
}

impl Nature {
    pub(super) fn of(place: &Place, mark: u64) -> Self {
        Self {
            mark,
            dir: place.dir.clone(),
            max_file_size: place.options.max_file_size,
            max_files: place.options.max_files,
            read_only: place.options.read_only,
        }
    }
}

/// A ledger as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerFacts {
    /// Its random identity, which it keeps wherever it is moved.
    pub identity: u64,
    /// Its directory.
    pub dir: PathBuf,
    /// Container files.
    pub files: u32,
    /// Most container files.
    pub max_files: u32,
    /// Size at which a container file is full, in bytes.
    pub max_file_size: u64,
    /// New bodies are refused.
    pub read_only: bool,
    /// What it takes.
    pub usage: LedgerUsage,
}

impl Ledger {
    /// What the ledger is. Looks at its files between two batches: not for a connection thread.
    pub fn facts(&self) -> Result<LedgerFacts, Refusal> {
        let nature = &self.shared.nature;
        let older = self
            .shared
            .upkeep_last(|core| core.older().map_err(super::core::Failure::Refused))?;
        Ok(LedgerFacts {
            identity: nature.mark,
            dir: nature.dir.clone(),
            files: u32::try_from(older.len()).unwrap_or(u32::MAX).saturating_add(1),
            max_files: nature.max_files,
            max_file_size: nature.max_file_size,
            read_only: nature.read_only,
            usage: self.usage(),
        })
    }

    /// The random identity of the ledger.
    pub fn identity(&self) -> u64 {
        self.shared.nature.mark
    }

    /// What the notes on bodies take.
    pub fn notes_usage(&self) -> Result<NotesUsage, Refusal> {
        self.read(|snapshot| notes::usage(snapshot.tables()))
    }

    /// Forgets all notes on bodies, in pieces; returns how many. They are made again when somebody wants them.
    pub fn forget_notes(&self) -> Result<u64, Refusal> {
        let (mut from, mut forgotten) = (Vec::new(), 0);
        loop {
            let keys = self.read(|snapshot| notes::some(snapshot.tables(), &from))?;
            let Some(last) = keys.last() else {
                return Ok(forgotten);
            };
            // No key lies between one and the same with a zero appended.
            from = [last.as_slice(), &[0]].concat();
            forgotten += keys.len() as u64;
            self.write_blocking(move |txn| {
                txn.forget_notes(keys);
                Ok(())
            })?;
        }
    }
}
