//! The queue's working memory: which entries are in hand, which are ready, when the next one is due.
//!
//! Pure state behind one lock; no disk and no clock in here. The rule that keeps an entry from being worked on
//! twice: an id is in `in_hand` from before its record can be seen on disk until after its record is settled, and a
//! scan of the disk only brings in ids that were *never* in hand while the scan ran (`seen`).

use std::collections::{HashMap, HashSet, VecDeque};

use crate::entry::Entry;
use crate::id::{Ids, QueueId};

/// See the module.
pub(crate) struct Ready {
    /// Gives out ids.
    pub(crate) ids: Ids,
    /// Entries waiting for a worker, at most `bound`.
    waiting: VecDeque<Entry>,
    /// Ids being committed, waiting for a worker, or with one; each holding has a number of its own.
    in_hand: HashMap<QueueId, u64>,
    /// Number of the last holding.
    turn: u64,
    /// Of those, how many are with a worker.
    processing: usize,
    /// Ids that were in hand at any time of the scan now running.
    seen: Option<HashSet<QueueId>>,
    /// Earliest due time on disk of an entry not in hand; `None` = nothing there.
    next_due: Option<i64>,
    /// procQueueSize: most entries held ready in memory.
    pub(crate) bound: usize,
    /// No more work is handed out.
    pub(crate) closing: bool,
}

impl Ready {
    /// Nothing in hand. Whether something waits on disk is not known yet: the first taker looks.
    pub(crate) fn new(ids: Ids, bound: usize) -> Self {
        Self {
            ids,
            waiting: VecDeque::new(),
            in_hand: HashMap::new(),
            turn: 0,
            processing: 0,
            seen: None,
            next_due: Some(i64::MIN),
            bound: bound.max(1),
            closing: false,
        }
    }

    /// From now on a scan must not bring in this id.
    pub(crate) fn hold(&mut self, id: QueueId) {
        self.turn = self.turn.wrapping_add(1);
        self.in_hand.insert(id, self.turn);
        if let Some(seen) = &mut self.seen {
            seen.insert(id);
        }
    }

    /// The record is settled on disk, due at `due` (`None` = it is gone): scans may bring it in again.
    pub(crate) fn let_go(&mut self, id: QueueId, due: Option<i64>) {
        self.in_hand.remove(&id);
        if let Some(due) = due {
            self.next_due = Some(self.next_due.map_or(due, |next| next.min(due)));
        }
    }

    /// A committed entry: into memory if there is room and nothing older waits on disk, else it waits there too.
    pub(crate) fn committed(&mut self, entry: Entry) {
        let at = entry.envelope.received_at;
        if self.waiting.len() < self.bound && self.next_due.is_none_or(|due| due > at) {
            self.waiting.push_back(entry);
        } else {
            self.let_go(entry.id, Some(at));
        }
    }

    /// The oldest waiting entry for a worker, with the number of its holding.
    pub(crate) fn take(&mut self) -> Option<(Entry, u64)> {
        let entry = self.waiting.pop_front()?;
        let turn = self.in_hand.get(&entry.id).copied().unwrap_or_default();
        self.processing += 1;
        Some((entry, turn))
    }

    /// A worker is done with a holding: the record is settled, due at `due` (`None` = it is gone). `false` when that
    /// was said before.
    pub(crate) fn given_back(&mut self, id: QueueId, turn: u64, due: Option<i64>) -> bool {
        if self.in_hand.get(&id) != Some(&turn) {
            return false;
        }
        self.processing = self.processing.saturating_sub(1);
        self.let_go(id, due);
        true
    }

    /// The number of the present holding of `id`.
    pub(crate) fn turn_of(&self, id: QueueId) -> Option<u64> {
        self.in_hand.get(&id).copied()
    }

    /// Whether a scan is worth its while at `now`: something is due and memory has run half empty. Only one runs.
    pub(crate) fn wants_scan(&self, now: i64) -> bool {
        self.seen.is_none()
            && self.waiting.len() <= self.bound / 2
            && self.next_due.is_some_and(|due| due <= now)
    }

    /// A scan begins: the ids in hand now, and all that come into hand meanwhile, are left out of its result.
    pub(crate) fn scan_begins(&mut self) {
        self.seen = Some(self.in_hand.keys().copied().collect());
        self.next_due = None;
    }

    /// Whether the running scan may bring in `id`.
    pub(crate) fn is_new(&self, id: QueueId) -> bool {
        !self.seen.as_ref().is_some_and(|seen| seen.contains(&id))
    }

    /// How many entries a scan may bring in.
    pub(crate) fn room(&self) -> usize {
        self.bound.saturating_sub(self.waiting.len())
    }

    /// The scan is over: what it found, and the due time of the first entry it left on disk.
    pub(crate) fn scan_ends(&mut self, found: Vec<Entry>, next_due: Option<i64>) {
        for entry in found {
            if self.is_new(entry.id) {
                self.hold(entry.id);
                self.waiting.push_back(entry);
            }
        }
        self.seen = None;
        if let Some(due) = next_due {
            self.next_due = Some(self.next_due.map_or(due, |next| next.min(due)));
        }
    }

    /// When the next entry on disk is due.
    pub(crate) fn next_due(&self) -> Option<i64> {
        self.next_due
    }

    /// Whether entries wait in memory.
    pub(crate) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Entries ready in memory, and entries with a worker.
    pub(crate) fn lengths(&self) -> (usize, usize) {
        (self.waiting.len(), self.processing)
    }
}
