//! Checks a queue that nobody uses: its files, its books, every entry and its body.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use axigen_shared::Refusal;
use axigend_storage::{BodyRef, Disk, Ledger, LedgerOptions};

use crate::entry::Record;
use crate::id::QueueId;
use crate::tables::{ASIDE, DUE, DUE_END, ENTRY, ENTRY_END, FORMAT, TABLES, due_and_id, entry_id};

/// What was looked at and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueReport {
    /// Entries, readable or not.
    pub entries: u64,
    /// Problems found, in words for the administrator; empty when all is well.
    pub problems: Vec<String>,
}

/// Checks the queue in `dir`. On a `ReadOnlyDisk` nothing is changed.
pub fn check(dir: &Path, disk: Arc<dyn Disk>) -> Result<QueueReport, Refusal> {
    let mut report = QueueReport::default();
    let options = LedgerOptions {
        rebuildable: false,
        ..LedgerOptions::new("queue", TABLES, FORMAT)
    };
    let Some(ledger) = Ledger::open_checked(dir, disk, options, &mut report.problems)? else {
        return Ok(report);
    };
    let mut used = HashMap::new();
    let mut due = due_rows(&ledger, &mut report)?;
    let rows = ledger.read(|at| at.scan(ENTRY, &[], &ENTRY_END, usize::MAX))?;
    for (key, value) in rows {
        report.entries += 1;
        let record = match (entry_id(&key), Record::decode(&value)) {
            (Ok(id), Ok(record)) => Some((id, record)),
            _ => None,
        };
        let Some((id, record)) = record else {
            report
                .problems
                .push(format!("entry {key:02X?} cannot be read: a start sets it aside"));
            continue;
        };
        if !due.remove(&(record.due, id.number())) {
            report.problems.push(format!("entry {id} is not in the schedule"));
        }
        entry(&ledger, id, record.body, &mut used, &mut report);
    }
    let strays = due.iter();
    report.problems.extend(
        strays.map(|(due, id)| format!("the schedule names entry {id:06X} at {due}, which is not there")),
    );
    let aside = ledger.read(|at| at.scan(ASIDE, &[], &ENTRY_END, usize::MAX))?;
    for (key, value) in aside {
        report
            .problems
            .push(format!("entry {key:02X?} was set aside, it could not be read"));
        // Its body is kept with it.
        if let Ok(record) = Record::decode(&value) {
            *used.entry(record.body).or_default() += 1;
        }
    }
    report.problems.append(&mut ledger.check_books(&used)?);
    Ok(report)
}

/// The schedule: due time and entry.
fn due_rows(ledger: &Ledger, report: &mut QueueReport) -> Result<BTreeSet<(i64, u32)>, Refusal> {
    let rows = ledger.read(|at| at.scan(DUE, &[], &DUE_END, usize::MAX))?;
    let mut due = BTreeSet::new();
    for (key, _) in rows {
        match due_and_id(&key) {
            Ok((time, id)) => drop(due.insert((time, id.number()))),
            Err(_) => report
                .problems
                .push(format!("a row of the schedule cannot be read: {key:02X?}")),
        }
    }
    Ok(due)
}

fn entry(
    ledger: &Ledger,
    id: QueueId,
    body: BodyRef,
    used: &mut HashMap<BodyRef, u32>,
    report: &mut QueueReport,
) {
    *used.entry(body).or_default() += 1;
    if let Err(refusal) = ledger.verify_body_blocking(body) {
        report.problems.push(format!("entry {id}: {}", refusal.detail));
    }
}
