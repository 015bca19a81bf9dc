//! What the queue writes: a message becomes an entry, an entry gets its outcome. Run by the committer, all or nothing.

use std::sync::Arc;

use axigen_shared::{Cause, Refusal};
use axigend_storage::{BodySource, Ledger, Txn};

use crate::desk::Committing;
use crate::entry::{Entry, Record};
use crate::envelope::{Envelope, Recipient};
use crate::id::QueueId;
use crate::state::RecipientState;
use crate::tables::{DUE, ENTRY, due_key, entry_key, insert, put_mark};

/// A message about to become an entry, on its way to the committer.
pub(crate) struct Entering {
    pub(crate) id: QueueId,
    pub(crate) envelope: Envelope,
    pub(crate) body: Arc<dyn BodySource>,
    /// The id mark, when it is to be persisted with this write.
    pub(crate) mark: Option<u32>,
    pub(crate) committing: Committing,
    pub(crate) ledger: Arc<Ledger>,
}

impl Entering {
    /// Writes record and body; once that is durable the entry is handed to the takers.
    pub(crate) fn run(self, txn: &mut Txn<'_>) -> Result<(), Refusal> {
        let Self {
            id,
            envelope,
            body,
            mark,
            committing,
            ledger,
        } = self;
        let record = insert(txn, id, envelope, body.as_ref())?;
        if let Some(mark) = mark {
            put_mark(txn, mark)?;
        }
        txn.after_commit(move || committing.done(entry_of(&ledger, id, record)));
        Ok(())
    }
}

/// The entry of a record, waiting in memory.
pub(crate) fn entry_of(ledger: &Arc<Ledger>, id: QueueId, record: Record) -> Entry {
    let tries = record.tries();
    let body = Arc::new(ledger.body_source(record.body));
    Entry {
        id,
        envelope: record.envelope,
        states: record.states,
        tries,
        body,
        held: None,
    }
}

/// Writes what became of an entry, with other recipients when groups were replaced by members. One that is gone already (an administrator's DELETE) stays gone.
pub(crate) fn settle(
    txn: &mut Txn<'_>,
    id: QueueId,
    recipients: Option<Vec<Recipient>>,
    states: Vec<RecipientState>,
    due: Option<i64>,
) -> Result<(), Refusal> {
    let key = entry_key(id);
    let Some(bytes) = txn.get(ENTRY, &key)? else {
        return Ok(());
    };
    let mut record = Record::decode(&bytes)?;
    if let Some(recipients) = recipients {
        record.envelope.recipients = recipients;
    }
    if states.len() != record.envelope.recipients.len() {
        return Err(Refusal::new(
            Cause::Internal,
            format!("{id}: one state per recipient is needed"),
        ));
    }
    txn.delete(DUE, &due_key(record.due, id))?;
    let Some(due) = due else {
        txn.delete(ENTRY, &key)?;
        return txn.release_body(record.body);
    };
    record.states = states;
    record.due = due;
    txn.put(ENTRY, &key, &record.encode())?;
    txn.put(DUE, &due_key(due, id), &[])
}
