//! From disk to memory: brings in entries that are due and not in hand.

use axigen_shared::Refusal;

use crate::entry::{Entry, Record};
use crate::id::QueueId;
use crate::queue::Queue;
use crate::tables::{ASIDE, DUE, DUE_END, ENTRY, after, due_and_id, entry_key};
use crate::write::entry_of;

/// Rows of the due table read at once.
const PAGE: usize = 256;
/// After a scan that failed the next one comes this many seconds later.
const AGAIN_AFTER: i64 = 5;

/// What a scan found.
#[derive(Default)]
struct Found {
    entries: Vec<Entry>,
    /// Due time of the first entry left on disk.
    next_due: Option<i64>,
    /// Rows that lead to nothing readable: key in `due`, id, record if there is one.
    broken: Vec<Broken>,
}

struct Broken {
    due_key: Vec<u8>,
    id: Option<QueueId>,
    record: Option<Vec<u8>>,
    why: String,
}

impl Queue {
    /// Runs a scan that [`crate::ready::Ready::scan_begins`] has announced.
    pub(crate) async fn scan(&self, now: i64) {
        let room = self.desk.ready.lock().room();
        let found = self.look(now, room);
        let found = found.unwrap_or_else(|refusal| {
            tracing::error!(module = "PROCESSING", "reading the queue: {refusal}");
            Found {
                next_due: Some(now.saturating_add(AGAIN_AFTER)),
                ..Found::default()
            }
        });
        let Found {
            entries,
            next_due,
            broken,
        } = found;
        self.desk.ready.lock().scan_ends(entries, next_due);
        self.desk.wake.notify_one();
        for row in broken {
            self.set_aside(row).await;
        }
    }

    /// Reads due entries, oldest first, up to `room` of them.
    fn look(&self, now: i64, room: usize) -> Result<Found, Refusal> {
        self.ledger.read(|at| {
            let mut found = Found::default();
            let mut from = Vec::new();
            loop {
                let page = at.scan(DUE, &from, &DUE_END, PAGE)?;
                let Some((last, _)) = page.last() else {
                    return Ok(found);
                };
                from = after(last);
                for (key, _) in page {
                    let Ok((due, id)) = due_and_id(&key) else {
                        let why = "unreadable key in the due table".to_owned();
                        found.broken.push(Broken {
                            due_key: key,
                            id: None,
                            record: None,
                            why,
                        });
                        continue;
                    };
                    if !self.desk.ready.lock().is_new(id) {
                        continue;
                    }
                    if due > now || found.entries.len() >= room {
                        found.next_due = Some(due);
                        return Ok(found);
                    }
                    let record = at.get(ENTRY, &entry_key(id))?;
                    match record.as_deref().map(Record::decode) {
                        Some(Ok(record)) => found.entries.push(entry_of(&self.ledger, id, record)),
                        other => {
                            let why = other.map_or("no such entry".to_owned(), |read| {
                                read.map_or_else(|refusal| refusal.detail, |_| String::new())
                            });
                            found.broken.push(Broken {
                                due_key: key,
                                id: Some(id),
                                record,
                                why,
                            });
                        }
                    }
                }
            }
        })
    }

    /// Takes a row that leads nowhere out of the way, so that the rest flows; a record's bytes are kept.
    async fn set_aside(&self, row: Broken) {
        let id = row.id;
        let shown = id.map_or_else(|| format!("{:02X?}", row.due_key), |id| id.to_string());
        tracing::error!(
            module = "PROCESSING",
            id = id.map_or(0, QueueId::number),
            "entry {shown} is set aside, it cannot be read: {}",
            row.why
        );
        let done = self.ledger.write(move |txn| {
            txn.delete(DUE, &row.due_key)?;
            if let (Some(id), Some(record)) = (row.id, &row.record) {
                txn.delete(ENTRY, &entry_key(id))?;
                txn.put(ASIDE, &entry_key(id), record)?;
            }
            Ok(())
        });
        if let Err(refusal) = done.await {
            tracing::error!(module = "PROCESSING", "setting aside {shown}: {refusal}");
        }
    }
}
