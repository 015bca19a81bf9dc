//! One thread of a pool: a single-threaded runtime on which connections live from first to last byte.
//!
//! The thread measures how late its loop is, so that the pool sees overload, and leaves when the pool lets it go.

use crate::pool::Pool;
use futures_util::future::LocalBoxFuture;
use parking_lot::Mutex;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::runtime;
use tokio::sync::{Notify, mpsc};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::{Instant, sleep, sleep_until};

/// An extra thread leaves after this time without a connection: long enough that a daily rhythm of one burst a minute
/// does not create threads again and again.
pub const RETIRE_AFTER: Duration = Duration::from_mins(1);

/// How often a thread with connections looks how late it is; four looks decide.
const PULSE: Duration = Duration::from_millis(250);

/// A loop this late over a second is overloaded (DESIGN.md, "Threads").
const LATE: Duration = Duration::from_millis(5);

/// Most threads beside a connection thread (`imap-03-w`) that do what its sessions would block it with (`spawn_blocking`);
/// more of that waits.
const ASIDE: usize = 8;

/// A future made on the thread it will live on.
pub type Job = Box<dyn FnOnce() -> LocalBoxFuture<'static, ()> + Send>;

/// What a thread does first.
pub type Begin = Arc<dyn Fn() + Send + Sync>;

/// What the pool knows of a thread.
pub struct Worker {
    number: usize,
    jobs: mpsc::UnboundedSender<Job>,
    sessions: AtomicUsize,
    late: AtomicBool,
    surplus: AtomicBool,
    /// Wakes the thread's main loop: a session ended, the thread became surplus, the pool closes.
    news: Notify,
    /// Wakes the pulse: there are connections again.
    busy: Notify,
}

/// A session's place on its thread; given back when dropped.
struct Place(Arc<Worker>);

impl Drop for Place {
    fn drop(&mut self) {
        if self.0.sessions.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.news.notify_one();
        }
    }
}

impl Worker {
    /// Starts a thread named `name-NN`.
    pub fn spawn(number: usize, name: &str, begin: Begin, pool: Weak<Pool>) -> io::Result<Arc<Self>> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .thread_name(format!("{name}-{number:02}-w"))
            .max_blocking_threads(ASIDE)
            .build()?;
        let (jobs, receiver) = mpsc::unbounded_channel();
        let worker = Arc::new(Self {
            number,
            jobs,
            sessions: AtomicUsize::new(0),
            late: AtomicBool::new(false),
            surplus: AtomicBool::new(false),
            news: Notify::new(),
            busy: Notify::new(),
        });
        let this = Arc::clone(&worker);
        std::thread::Builder::new()
            .name(format!("{name}-{number:02}"))
            .spawn(move || {
                begin();
                LocalSet::new().block_on(&runtime, this.live(receiver, &pool));
                drop(runtime);
                if let Some(pool) = pool.upgrade() {
                    pool.ended();
                }
            })?;
        Ok(worker)
    }

    /// Its number in the pool, from 1.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Connections on this thread, those on their way to it included.
    pub fn sessions(&self) -> usize {
        self.sessions.load(Ordering::Acquire)
    }

    /// Whether its loop was late over the last second.
    pub fn is_late(&self) -> bool {
        self.late.load(Ordering::Relaxed)
    }

    /// Whether it takes no new connections.
    pub fn is_surplus(&self) -> bool {
        self.surplus.load(Ordering::Relaxed)
    }

    /// Takes new connections or not; a surplus thread leaves with its last one.
    pub fn set_surplus(&self, surplus: bool) {
        self.surplus.store(surplus, Ordering::Relaxed);
        self.wake();
    }

    /// Makes the thread look whether it should leave.
    pub fn wake(&self) {
        self.news.notify_one();
    }

    /// Gives the thread a connection, counted until its future ends. Called under the pool's lock.
    pub fn attend(self: &Arc<Self>, job: Job) {
        self.sessions.fetch_add(1, Ordering::AcqRel);
        self.busy.notify_one();
        let place = Place(Arc::clone(self));
        self.send(Box::new(move || {
            let session = job();
            Box::pin(async move {
                let _place = place;
                session.await;
            })
        }));
    }

    /// Gives the thread a task that does not count as a connection (an accept loop).
    pub fn send(&self, job: Job) {
        // The receiver lives as long as the thread; without it the job is dropped, and with it what it holds.
        let _ = self.jobs.send(job);
    }

    async fn live(self: Arc<Self>, mut jobs: mpsc::UnboundedReceiver<Job>, pool: &Weak<Pool>) {
        let pulse = spawn_local(Arc::clone(&self).pulse());
        let mut idle_since = Instant::now();
        loop {
            let retire = sleep_until(idle_since + RETIRE_AFTER);
            tokio::select! {
                Some(job) = jobs.recv() => {
                    spawn_local(job());
                    continue;
                }
                () = self.news.notified() => idle_since = Instant::now(),
                () = retire, if self.sessions() == 0 => {}
            }
            let idle = idle_since.elapsed() >= RETIRE_AFTER;
            if pool.upgrade().is_none_or(|pool| pool.release(&self, idle)) {
                break;
            }
            if idle {
                idle_since = Instant::now();
            }
        }
        pulse.abort();
    }

    async fn pulse(self: Arc<Self>) {
        let mut looks = [Duration::ZERO; 4];
        let mut turn = 0;
        loop {
            if self.sessions() == 0 {
                self.late.store(false, Ordering::Relaxed);
                looks = [Duration::ZERO; 4];
                self.busy.notified().await;
            }
            let due = Instant::now() + PULSE;
            sleep(PULSE).await;
            looks[turn % 4] = due.elapsed();
            turn = (turn + 1) % 4;
            let mut sorted = looks;
            sorted.sort_unstable();
            self.late.store(sorted[1] > LATE, Ordering::Relaxed);
        }
    }
}

/// Threads of one pool that still run, for an end that waits for them.
#[derive(Default)]
pub struct Running {
    count: Mutex<usize>,
    cut: AtomicUsize,
    changed: parking_lot::Condvar,
}

impl Running {
    /// One more.
    pub fn started(&self) {
        *self.count.lock() += 1;
    }

    /// One less.
    pub fn ended(&self) {
        let mut count = self.count.lock();
        *count = count.saturating_sub(1);
        drop(count);
        self.changed.notify_all();
    }

    /// One of them was ended by us before it was finished.
    pub fn cut(&self) {
        self.cut.fetch_add(1, Ordering::Relaxed);
    }

    /// How many were.
    pub fn cuts(&self) -> usize {
        self.cut.load(Ordering::Relaxed)
    }

    /// How many.
    pub fn count(&self) -> usize {
        *self.count.lock()
    }

    /// Waits until there are at most so many; false when it took too long.
    #[cfg(test)]
    pub fn wait_while_above(&self, limit: usize, patience: Duration) -> bool {
        let mut count = self.count.lock();
        !self
            .changed
            .wait_while_for(&mut count, |count| *count > limit, patience)
            .timed_out()
    }

    /// Waits until there are none, at most for this time; how many are left.
    pub fn wait_none(&self, patience: Duration) -> usize {
        let mut count = self.count.lock();
        // A time-out is seen in the count.
        let _ = self
            .changed
            .wait_while_for(&mut count, |count| *count > 0, patience);
        *count
    }
}
