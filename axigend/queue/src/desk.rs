//! The working memory shared by takers, committers and entries: [`Ready`] behind its lock, and the wake-up.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::clock::Clock;
use crate::entry::Entry;
use crate::id::QueueId;
use crate::ready::Ready;

/// See the module.
pub(crate) struct Desk {
    pub(crate) ready: Mutex<Ready>,
    /// One permit = something may have changed for one taker.
    pub(crate) wake: Notify,
    pub(crate) clock: Arc<dyn Clock>,
}

/// An entry is with a worker; dropped before it is settled, the entry is due again. Dropped by a panic it is not: it
/// would break the next worker, too. It then stays out of reach until the next start.
pub(crate) struct Held {
    pub(crate) desk: Arc<Desk>,
    pub(crate) id: QueueId,
    /// Which holding this is: the id may be let go and come back while an old entry is still about.
    pub(crate) turn: u64,
}

impl Drop for Held {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let now = self.desk.clock.now();
        if self.desk.ready.lock().given_back(self.id, self.turn, Some(now)) {
            self.desk.wake.notify_one();
        }
    }
}

/// A commit is on its way. Whoever asked for it may have gone away meanwhile; the write still decides.
pub(crate) struct Committing {
    desk: Arc<Desk>,
    id: QueueId,
    settled: bool,
}

impl Committing {
    /// Scans leave `id` alone until this is settled or dropped.
    pub(crate) fn new(desk: Arc<Desk>, id: QueueId) -> Self {
        desk.ready.lock().hold(id);
        Self {
            desk,
            id,
            settled: false,
        }
    }

    /// The entry is on stable storage.
    pub(crate) fn done(mut self, entry: Entry) {
        self.settled = true;
        self.desk.ready.lock().committed(entry);
        self.desk.wake.notify_one();
    }
}

impl Drop for Committing {
    fn drop(&mut self) {
        if !self.settled {
            let mut ready = self.desk.ready.lock();
            ready.let_go(self.id, None);
            ready.ids.release(self.id);
        }
    }
}
