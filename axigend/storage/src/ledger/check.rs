//! Checks a ledger that nobody uses: its files as they lie there, then its books.
//!
//! Opening passes over what is damaged and goes on; here every such place becomes a line for the administrator. Only for a
//! [`crate::ReadOnlyDisk`] or a copy: the ledger is opened like any other, opening repairs, and an index with a damaged
//! page is thrown away and rebuilt, so that the rest can be compared.

use std::{collections::HashMap, path::Path, sync::Arc};

use axigen_shared::{Cause, Refusal};

use super::{
    Ledger, bodies,
    index::{Index, State},
    options::LedgerOptions,
    tables::Names,
};
use crate::{
    body::BodyRef,
    container::{FileHead, Found, Scanner, container_name, container_number},
    disk::Disk,
    error::io_refusal,
};

impl Ledger {
    /// As [`Ledger::open`], noting what opening has to repair or pass over. `None` when there is no ledger.
    pub fn open_checked(
        dir: &Path,
        disk: Arc<dyn Disk>,
        options: LedgerOptions,
        problems: &mut Vec<String>,
    ) -> Result<Option<Arc<Self>>, Refusal> {
        let names = match disk.list(dir) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|error| io_refusal("listing the storage", &error))?,
        };
        let mut numbers: Vec<u32> = names.iter().filter_map(|name| container_number(name)).collect();
        numbers.sort_unstable();
        let has_index = names.iter().any(|name| name == Index::FILE);
        if !has_index && numbers.is_empty() {
            return Ok(None);
        }
        let before = problems.len();
        let known = if has_index {
            index(dir, &*disk, &options, problems)?
        } else {
            problems.push(format!("{} is missing: a start rebuilds it", Index::FILE));
            None
        };
        if numbers.is_empty() && known.is_none() {
            // A first start that was cut off: nothing was ever kept here.
            problems.truncate(before);
            return Ok(None);
        }
        for number in &numbers {
            let known = known
                .filter(|known| known.file == *number)
                .map(|known| known.offset);
            container(
                dir,
                &*disk,
                *number,
                numbers.last() == Some(number),
                known,
                problems,
            )?;
        }
        if let Some(known) = known.filter(|known| !numbers.contains(&known.file)) {
            problems.push(format!("{} is missing", container_name(known.file)));
        }
        Self::open(dir, disk, options).map(Some)
    }

    /// Takes the index of a ledger that nobody has open out of the way, so that the next open makes it anew from the
    /// log. Nothing happens where there is none.
    pub fn set_index_aside(dir: &Path, disk: &dyn Disk) -> Result<(), Refusal> {
        let file = match disk.open(&dir.join(Index::FILE)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            other => other.map_err(|error| io_refusal(Index::FILE, &error))?,
        };
        file.lock().map_err(|_| {
            let detail = format!("{} is open", dir.display());
            Refusal::new(Cause::InUse, detail)
        })?;
        Index::set_aside(disk, dir)
    }

    /// Compares the books about bodies with a recount and with who uses them, by the caller's tables.
    pub fn check_books(&self, used: &HashMap<BodyRef, u32>) -> Result<Vec<String>, Refusal> {
        let mut problems = Vec::new();
        let mut counted = used.clone();
        self.read(|snapshot| {
            snapshot.each_body(|body, references| {
                let found = counted.remove(&body).unwrap_or_default();
                if found != references {
                    problems.push(format!("{body:?} has {references} references, counted {found}"));
                }
                Ok(())
            })?;
            bodies::check(snapshot.tables(), None, &mut problems)
        })?;
        let strays = counted.keys();
        problems.extend(strays.map(|body| format!("{body:?} is used but not in the books")));
        Ok(problems)
    }
}

/// Looks whether the index can be read; what it knows of the log.
fn index(
    dir: &Path,
    disk: &dyn Disk,
    options: &LedgerOptions,
    problems: &mut Vec<String>,
) -> Result<Option<State>, Refusal> {
    let names = Names::new(options.tables);
    match Index::look(disk, dir, options.cache_bytes, names)? {
        Ok(state) => Ok(state),
        Err(reason) => {
            let name = Index::FILE;
            problems.push(format!(
                "{name} is damaged ({reason}): remove it, and a start rebuilds it"
            ));
            disk.remove(&dir.join(name))
                .map(|()| None)
                .map_err(|error| io_refusal(name, &error))
        }
    }
}

/// Reads all records of a container, which the index knows up to an offset. Bodies are not read: those that matter are read by whoever refers to them.
fn container(
    dir: &Path,
    disk: &dyn Disk,
    number: u32,
    newest: bool,
    known: Option<u64>,
    problems: &mut Vec<String>,
) -> Result<(), Refusal> {
    let name = container_name(number);
    let file = disk
        .open(&dir.join(&name))
        .map_err(|error| io_refusal(&name, &error))?;
    let len = file.len().map_err(|error| io_refusal(&name, &error))?;
    let Some((head, head_len)) = FileHead::read(&*file)?.filter(|(head, _)| head.number == number) else {
        // The newest one may have been begun when the power went off.
        if !newest || len > FileHead::LONGEST {
            problems.push(format!("{name}: the header is damaged"));
        }
        return Ok(());
    };
    let mut scanner = Scanner::new(&*file, head.mark, head_len, head.sequence, false)?;
    loop {
        match scanner.step()? {
            Found::Log(_) | Found::Body => {}
            Found::Damage(at) => problems.push(format!("{name}: damaged at offset {at}")),
            Found::End => break,
        }
    }
    let end = scanner.position();
    // What follows the last record of the newest container was never acknowledged, unless the index knows it.
    if end < len && !newest || known.is_some_and(|known| known > end) {
        problems.push(format!("{name}: damaged from offset {end} to the end"));
    }
    Ok(())
}
