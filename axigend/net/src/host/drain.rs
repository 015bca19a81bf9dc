//! The end of a service's run, on a thread of its own.
//!
//! A thread, because ending the pool's threads blocks, and because the session that asked for the stop may itself be one
//! of those that are stopped: the stop must not depend on the future that waits for it.

use super::door::Door;
use super::{Inner, Run, Served, State};
use crate::phase::Phase;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a cut session may take to notice; it only has to be polled once more.
const CUT_PATIENCE: Duration = Duration::from_secs(2);

/// Everything a stop needs.
pub struct Drain {
    pub run: Run,
    pub doors: Vec<Arc<Door>>,
    pub inner: Arc<Mutex<Inner>>,
}

impl Drain {
    /// Closes the listeners now and drains in the background; `answer` hears the result.
    pub fn begin(self, thread: &str, grace: Duration, answer: oneshot::Sender<Served>) {
        for door in &self.doors {
            door.close();
        }
        let inner = Arc::clone(&self.inner);
        let named = std::thread::Builder::new().name(format!("{thread}-stop"));
        let spawned = named.spawn(move || {
            // Nobody may be waiting any more.
            let _ = answer.send(self.drain(grace));
        });
        if let Err(error) = spawned {
            // The closure is gone and with it the run: its sessions were cut without grace.
            tracing::error!("cannot start a thread for an orderly stop: {error}");
            inner.lock().state = State::Stopped;
        }
    }

    fn drain(self, grace: Duration) -> Served {
        let Self { run, inner, doors } = self;
        let before = run.sessions.count();
        // Without receivers there are no sessions.
        let _ = run.phase.send(Phase::Draining);
        let mut left = run.sessions.wait_none(grace);
        let _ = run.phase.send(Phase::Cut);
        if left > 0 {
            left = run.sessions.wait_none(CUT_PATIENCE);
        }
        // Those that ended as cut, within the grace time or after it, and those that do not even notice.
        let cut = run.sessions.cuts() + left;
        let stuck = run.pool.close(CUT_PATIENCE);
        if stuck > 0 {
            tracing::error!("{stuck} threads did not end: a session is in a call that does not return");
        }
        drop(doors);
        inner.lock().state = State::Stopped;
        Served {
            finished: before.saturating_sub(cut),
            cut,
        }
    }
}
