//! The queue itself: commit, take, finish, each one write or one look.
//!
//! An entry is on disk from its commit until every recipient is finished. What a worker holds is only in memory, so
//! after a crash everything unfinished is simply due; whoever delivers must therefore be idempotent per entry.
//! Hand-over from a commit to a worker happens when the write is durable, on the committer's thread: it does not
//! depend on the connection that asked for the commit still being there.

use std::path::Path;
use std::sync::Arc;

use axigen_shared::{Cause, Refusal};
use axigend_storage::{BodySource, Disk, Ledger, LedgerOptions};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::clock::{Clock, SystemClock};
use crate::desk::{Committing, Desk, Held};
use crate::entry::Entry;
use crate::envelope::{Envelope, Recipient};
use crate::id::{Ids, QueueId};
use crate::incoming::Incoming;
use crate::ready::Ready;
use crate::spool::Spool;
use crate::state::RecipientState;
use crate::tables::{ENTRY, ENTRY_END, FORMAT, MARK, TABLES, after, entry_id, mark_of, put_mark};
use crate::write::{Entering, settle};

/// Size of a container file. Small, because a file goes when the last message in it is finished.
const FILE_SIZE: u64 = 64 << 20;
/// A durable commit of the index after so much log, so that a start after a crash replays little.
const CHECKPOINT: u64 = 16 << 20;
/// Ids read at once when the queue is opened.
const OPEN_PAGE: usize = 4096;
/// After a write that failed an entry is tried again this many seconds later: the disk may be full for a while.
const AGAIN_AFTER: i64 = 30;

/// How the queue is opened.
#[derive(Clone)]
pub struct QueueOptions {
    /// procQueueSize: most entries held ready in memory; the rest waits on disk.
    pub proc_queue_size: usize,
    /// enableIOSynchronization: whether `Ok` waits for the disk.
    pub sync: bool,
    /// Bytes the index may cache.
    pub cache_bytes: usize,
    /// Bytes of large bodies on their way in that are held in memory at once, of all conversations together; what finds no
    /// room goes through spool files.
    pub body_memory: u64,
    /// What the schedule goes by.
    pub clock: Arc<dyn Clock>,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self {
            proc_queue_size: 1000,
            sync: true,
            cache_bytes: 16 << 20,
            body_memory: 64 << 20,
            clock: Arc::new(SystemClock),
        }
    }
}

/// The mail queue. See the crate's first paragraph.
pub struct Queue {
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) spool: Arc<Spool>,
    pub(crate) desk: Arc<Desk>,
}

impl Queue {
    /// Opens the queue in `dir`, which is created when it is not there.
    pub fn open(dir: &Path, disk: Arc<dyn Disk>, options: QueueOptions) -> Result<Arc<Self>, Refusal> {
        let files = LedgerOptions {
            max_file_size: FILE_SIZE,
            checkpoint_bytes: CHECKPOINT,
            cache_bytes: options.cache_bytes,
            sync: options.sync,
            rebuildable: false,
            ..LedgerOptions::new("queue", TABLES, FORMAT)
        };
        let spool = Arc::new(Spool::open(dir, &disk, options.body_memory)?);
        let ledger = Ledger::open(dir, disk, files)?;
        let mark = ledger.read(|at| mark_of(at.get(MARK.0, MARK.1)?.as_deref()))?;
        let mut ids = Ids::starting_at(mark);
        mark_ids_in_use(&ledger, &mut ids)?;
        let shared = Desk {
            ready: Mutex::new(Ready::new(ids, options.proc_queue_size)),
            wake: Notify::new(),
            clock: options.clock,
        };
        Ok(Arc::new(Self {
            ledger,
            spool,
            desk: Arc::new(shared),
        }))
    }

    /// Ends every [`Queue::take`] with `None`, refuses what comes in, closes the files.
    pub fn close(&self) {
        self.desk.ready.lock().closing = true;
        self.desk.wake.notify_waiters();
        self.spool.close();
        if let Err(refusal) = self.ledger.close() {
            tracing::error!(module = "PROCESSING", "closing the queue: {refusal}");
        }
    }

    /// Begins a message. Its id is known at once, for the Received header; a queue that takes nothing any more says so
    /// at the first chunk.
    pub fn incoming(self: &Arc<Self>) -> Incoming {
        let mut ready = self.desk.ready.lock();
        let id = if ready.closing { None } else { ready.ids.give() };
        let closing = ready.closing;
        drop(ready);
        let obstacle = || {
            if closing {
                Refusal::new(Cause::ShuttingDown, "the queue is closing")
            } else {
                Refusal::new(Cause::StorageFull, "every queue id is in use")
            }
        };
        Incoming::new(Arc::clone(self), id.ok_or_else(obstacle))
    }

    /// The clock the queue goes by.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.desk.clock
    }

    /// procQueueSize, live.
    pub fn set_proc_queue_size(&self, most: usize) {
        self.desk.ready.lock().bound = most.max(1);
        self.desk.wake.notify_one();
    }

    /// enableIOSynchronization, live.
    pub fn set_sync(&self, sync: bool) {
        self.ledger.set_sync(sync);
    }

    /// One synced write makes the message an entry. The id is released when that fails.
    pub(crate) async fn commit(
        &self,
        id: QueueId,
        envelope: Envelope,
        body: Arc<dyn BodySource>,
    ) -> Result<QueueId, Refusal> {
        let put = self.entering(id, envelope, body);
        self.ledger.write(move |txn| put.run(txn)).await?;
        Ok(id)
    }

    /// Persists how far ids have been given out, when the mark on disk is nearly reached.
    pub(crate) async fn remember_ids(&self) -> Result<(), Refusal> {
        let mark = self.desk.ready.lock().ids.mark_to_persist();
        match mark {
            Some(mark) => self.ledger.write(move |txn| put_mark(txn, mark)).await,
            None => Ok(()),
        }
    }

    /// What a write has to do to make this message an entry.
    fn entering(&self, id: QueueId, envelope: Envelope, body: Arc<dyn BodySource>) -> Entering {
        let committing = Committing::new(Arc::clone(&self.desk), id);
        let mark = self.desk.ready.lock().ids.mark_to_persist();
        Entering {
            id,
            envelope,
            body,
            mark,
            committing,
            ledger: Arc::clone(&self.ledger),
        }
    }

    /// The next due entry; waits for one. `None` when the queue closes. May be dropped at any time.
    pub async fn take(&self) -> Option<Entry> {
        loop {
            let woken = self.desk.wake.notified();
            let now = self.desk.clock.now();
            let (scan, entry, next_due) = {
                let mut ready = self.desk.ready.lock();
                if ready.closing {
                    return None;
                }
                let scan = ready.wants_scan(now);
                if scan {
                    ready.scan_begins();
                }
                let entry = if scan { None } else { ready.take() };
                // Others may be asleep although there is more: wake them one by one.
                if entry.is_some() && ready.has_waiting() {
                    self.desk.wake.notify_one();
                }
                (scan, entry, ready.next_due())
            };
            if let Some((mut entry, turn)) = entry {
                entry.held = Some(Held {
                    desk: Arc::clone(&self.desk),
                    id: entry.id,
                    turn,
                });
                return Some(entry);
            }
            if scan {
                self.scan(now).await;
                continue;
            }
            match next_due {
                // A scan by somebody else is under way; it wakes us.
                Some(at) if at <= now => woken.await,
                Some(at) => {
                    tokio::select! { () = woken => {}, () = self.desk.clock.until(at) => {} }
                }
                None => woken.await,
            }
        }
    }

    /// Settles an entry after an attempt: one state per recipient. All finished: it is removed. Else it is due again
    /// at `next_try` (unix seconds).
    pub async fn finish(
        &self,
        id: QueueId,
        outcome: Vec<RecipientState>,
        next_try: Option<i64>,
    ) -> Result<(), Refusal> {
        self.finish_and_submit(id, outcome, next_try, Vec::new()).await
    }

    /// [`Queue::finish`] and the commit of messages that follow from it (reports), all or nothing: a crash can
    /// neither lose the report nor send it twice.
    pub async fn finish_and_submit(
        &self,
        id: QueueId,
        outcome: Vec<RecipientState>,
        next_try: Option<i64>,
        messages: Vec<(Incoming, Envelope)>,
    ) -> Result<(), Refusal> {
        self.finish_expanded(id, None, outcome, next_try, messages).await
    }

    /// The same for an entry whose recipients have become others: groups were replaced by their members. One state for
    /// each of `recipients`.
    pub async fn finish_expanded(
        &self,
        id: QueueId,
        recipients: Option<Vec<Recipient>>,
        outcome: Vec<RecipientState>,
        next_try: Option<i64>,
        messages: Vec<(Incoming, Envelope)>,
    ) -> Result<(), Refusal> {
        let done = outcome.iter().all(|state| state.stage.is_finished());
        let due = if done { None } else { next_try };
        if !done && due.is_none() {
            return Err(Refusal::new(
                Cause::Internal,
                format!("{id}: unfinished recipients and no next try"),
            ));
        }
        let mut reports = Vec::new();
        for (mut message, envelope) in messages {
            let body = message.body().await?;
            reports.push(self.entering(message.id(), envelope, body));
            // The spool file may go with `message`: the body holds it open.
        }
        let settled = self.ledger.write(move |txn| {
            settle(txn, id, recipients, outcome, due)?;
            reports.into_iter().try_for_each(|report| report.run(txn))
        });
        let settled = settled.await;
        let again = if settled.is_ok() {
            due
        } else {
            Some(self.desk.clock.now().saturating_add(AGAIN_AFTER))
        };
        let mut ready = self.desk.ready.lock();
        if let Some(turn) = ready.turn_of(id) {
            ready.given_back(id, turn, again);
        }
        if again.is_none() {
            ready.ids.release(id);
        }
        drop(ready);
        self.desk.wake.notify_one();
        settled
    }
}

/// Marks the ids of all entries on disk.
fn mark_ids_in_use(ledger: &Ledger, ids: &mut Ids) -> Result<(), Refusal> {
    let mut from = Vec::new();
    loop {
        let page = ledger.read(|at| at.scan(ENTRY, &from, &ENTRY_END, OPEN_PAGE))?;
        for (key, _) in &page {
            if let Ok(id) = entry_id(key) {
                ids.mark_used(id);
            } else {
                tracing::error!(
                    module = "PROCESSING",
                    "queue has an entry with the key {key:02X?}"
                );
            }
        }
        let Some((last, _)) = page.last() else {
            return Ok(());
        };
        from = after(last);
    }
}
