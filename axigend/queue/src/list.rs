//! Looking at the queue without touching it (LIST, counters).

use axigen_shared::Refusal;

use crate::entry::Record;
use crate::id::QueueId;
use crate::queue::Queue;
use crate::state::{EntryState, RecipientState};
use crate::tables::{ENTRY, ENTRY_END, after, entry_id, entry_key};

/// Most rows of one answer: the caller pages on, so that a long queue is listed in constant memory.
pub const LIST_MOST: usize = 1000;

/// One row of LIST.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its id.
    pub id: QueueId,
    /// Where it stands.
    pub state: EntryState,
    /// MAIL FROM, empty for `<>`.
    pub reverse_path: String,
    /// Addresses with the state of each.
    pub recipients: Vec<(String, RecipientState)>,
    /// Bytes of the message.
    pub size: u64,
    /// Unix seconds.
    pub received_at: i64,
    /// When it is due, unix seconds.
    pub next_try: i64,
    /// Failed attempts so far.
    pub tries: u32,
}

/// Numbers of the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Entries and messages being received.
    pub total: usize,
    /// Entries waiting in memory for a worker.
    pub ready: usize,
    /// Entries with a worker.
    pub processing: usize,
}

impl Queue {
    /// Entries in order of id, from the one after `after`, at most `limit` and [`LIST_MOST`].
    pub fn list(&self, after_id: Option<QueueId>, limit: usize) -> Result<Vec<Listed>, Refusal> {
        let from = after_id.map_or_else(Vec::new, |id| after(&entry_key(id)));
        let limit = limit.min(LIST_MOST);
        let rows = self.ledger.read(|at| at.scan(ENTRY, &from, &ENTRY_END, limit))?;
        // A row that does not read is met, logged and set aside by the scan; the list shows the others.
        Ok(rows
            .iter()
            .filter_map(|(key, value)| self.listed(key, value).ok())
            .collect())
    }

    /// One entry.
    pub fn look_at(&self, id: QueueId) -> Result<Option<Listed>, Refusal> {
        let key = entry_key(id);
        let row = self.ledger.read(|at| at.get(ENTRY, &key))?;
        row.map(|value| self.listed(&key, &value)).transpose()
    }

    /// Numbers of the moment.
    pub fn counts(&self) -> Counts {
        let ready = self.desk.ready.lock();
        let (waiting, processing) = ready.lengths();
        Counts {
            total: ready.ids.count(),
            ready: waiting,
            processing,
        }
    }

    fn listed(&self, key: &[u8], value: &[u8]) -> Result<Listed, Refusal> {
        let id = entry_id(key)?;
        let record = Record::decode(value)?;
        let tries = record.tries();
        let waits = record.due > record.envelope.received_at;
        let state = if self.desk.ready.lock().turn_of(id).is_some() {
            EntryState::Processing
        } else if waits {
            EntryState::Scheduled
        } else {
            EntryState::Received
        };
        let addresses = record
            .envelope
            .recipients
            .into_iter()
            .map(|recipient| recipient.address);
        Ok(Listed {
            id,
            state,
            reverse_path: record.envelope.reverse_path,
            recipients: addresses.zip(record.states).collect(),
            size: record.body.len,
            received_at: record.envelope.received_at,
            next_try: record.due,
            tries,
        })
    }
}
