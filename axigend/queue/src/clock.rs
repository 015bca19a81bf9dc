//! The clock the queue and processing go by.
//!
//! Owns the one place of this crate that reads the time. Schedules are functions of a time that is handed in, so a
//! test moves a [`ManualClock`] instead of sleeping.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// Longest single sleep of the system clock. The wall clock may be set while we sleep, so the due time is looked at
/// again at least this often.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);

/// Something to wait for.
pub type Wait<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Wall-clock seconds, and waiting for one of them.
pub trait Clock: Send + Sync {
    /// Seconds since 1970-01-01 UTC.
    fn now(&self) -> i64;
    /// Ends at `at`, or earlier: the caller looks at [`Clock::now`] again.
    fn until(&self, at: i64) -> Wait<'_>;
}

/// The clock of the machine. Waiting needs a Tokio runtime with its time driver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> i64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }

    fn until(&self, at: i64) -> Wait<'_> {
        let ahead = u64::try_from(at.saturating_sub(self.now())).unwrap_or(0);
        Box::pin(tokio::time::sleep(Duration::from_secs(ahead).min(LONGEST_SLEEP)))
    }
}

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct ManualClock {
    now: watch::Sender<i64>,
}

impl ManualClock {
    /// A clock that shows `now` (unix seconds).
    pub fn new(now: i64) -> Self {
        Self {
            now: watch::Sender::new(now),
        }
    }

    /// Moves the clock on and wakes whoever waits for a time it has reached.
    pub fn advance(&self, seconds: i64) {
        self.now.send_modify(|now| *now = now.saturating_add(seconds));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> i64 {
        *self.now.borrow()
    }

    fn until(&self, at: i64) -> Wait<'_> {
        let mut now = self.now.subscribe();
        Box::pin(async move {
            // The sender lives in `self`, which the returned future borrows: the channel cannot close first.
            let _ = now.wait_for(|now| *now >= at).await;
        })
    }
}
