//! The threads of one service: how many there are, which one takes the next connection, which one leaves.
//!
//! `minConnThreads` exist from the start; one more is made when a connection comes and every thread is crowded or late, up
//! to `maxConnThreads`; an extra thread leaves after [`crate::worker::RETIRE_AFTER`] without a connection. A connection
//! never waits for a thread and never moves. Numbers change live: a surplus thread keeps its sessions to their end.

use crate::worker::{Begin, Job, Running, Worker};
use axigen_shared::{Cause, Refusal};
use parking_lot::Mutex;
use std::io;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// Connections on every thread above which the pool grows (DESIGN.md, "Threads").
pub const CROWDED: usize = 256;

/// A late loop may add one thread in this time: a thread made now shows its effect only after its first second.
const GROW_FOR_LATENESS: Duration = Duration::from_secs(1);

/// Bounds of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// `minConnThreads`, at least 1.
    pub min: usize,
    /// `maxConnThreads`, at least `min`.
    pub max: usize,
}

impl Size {
    /// Bounds in order, whatever was given: settings are checked where they are made.
    pub fn new(min: u32, max: u32) -> Self {
        let min = usize::try_from(min).unwrap_or(usize::MAX).max(1);
        Self {
            min,
            max: usize::try_from(max).unwrap_or(usize::MAX).max(min),
        }
    }
}

/// The pool.
pub struct Pool {
    name: &'static str,
    begin: Begin,
    this: Weak<Pool>,
    threads: Mutex<Threads>,
    running: Running,
}

struct Threads {
    workers: Vec<Arc<Worker>>,
    size: Size,
    closing: bool,
    grown: Option<Instant>,
}

impl Pool {
    /// Starts `size.min` threads, and calls `begin` on each, as on those that come later.
    pub fn start(name: &'static str, size: Size, begin: Begin) -> Result<Arc<Self>, Refusal> {
        let threads = Threads {
            workers: Vec::new(),
            size,
            closing: false,
            grown: None,
        };
        let pool = Arc::new_cyclic(|this| Self {
            name,
            begin,
            this: Weak::clone(this),
            threads: Mutex::new(threads),
            running: Running::default(),
        });
        pool.fill(&mut pool.threads.lock())?;
        Ok(pool)
    }

    /// Gives a connection to the thread with the fewest; false when the pool is closing.
    pub fn attend(&self, job: Job) -> bool {
        let mut threads = self.threads.lock();
        if threads.closing {
            return false;
        }
        if threads.should_grow() {
            threads.grown = Some(Instant::now());
            if let Err(error) = self.add(&mut threads) {
                tracing::error!("cannot start another {} thread: {error}", self.name);
            }
        }
        let open = threads.workers.iter().filter(|worker| !worker.is_surplus());
        let Some(worker) = open.min_by_key(|worker| worker.sessions()) else {
            return false;
        };
        worker.attend(job);
        true
    }

    /// Runs a task on the first thread, which never leaves before the pool closes.
    pub fn run(&self, job: Job) {
        if let Some(worker) = self.threads.lock().workers.first() {
            worker.send(job);
        }
    }

    /// Changes the bounds. Sessions are not touched.
    pub fn resize(&self, size: Size) -> Result<(), Refusal> {
        let mut threads = self.threads.lock();
        threads.size = size;
        for (index, worker) in threads.workers.iter().enumerate() {
            worker.set_surplus(index >= size.max);
        }
        self.fill(&mut threads)
    }

    /// Threads now, surplus ones included.
    #[cfg(test)]
    pub fn threads(&self) -> usize {
        self.threads.lock().workers.len()
    }

    /// A thread without connections asks whether it may leave. Under the lock, so that none is given to it meanwhile.
    pub fn release(&self, worker: &Arc<Worker>, idle: bool) -> bool {
        let mut threads = self.threads.lock();
        if threads.closing {
            return true;
        }
        let extra = threads.workers.len() > threads.size.min;
        // The first thread accepts; it is never surplus because max is at least 1.
        let is_first = threads
            .workers
            .first()
            .is_some_and(|first| Arc::ptr_eq(first, worker));
        if worker.sessions() > 0 || is_first || !(worker.is_surplus() || (idle && extra)) {
            return false;
        }
        threads.workers.retain(|other| !Arc::ptr_eq(other, worker));
        true
    }

    /// Ends all threads and waits for them; those left after `patience` are in a call that does not return.
    pub fn close(&self, patience: Duration) -> usize {
        let workers = {
            let mut threads = self.threads.lock();
            threads.closing = true;
            std::mem::take(&mut threads.workers)
        };
        for worker in &workers {
            worker.wake();
        }
        self.running.wait_none(patience)
    }

    /// A thread has ended.
    pub fn ended(&self) {
        self.running.ended();
    }

    fn fill(&self, threads: &mut Threads) -> Result<(), Refusal> {
        while threads.workers.len() < threads.size.min {
            self.add(threads).map_err(|error| {
                Refusal::new(
                    Cause::Internal,
                    format!("cannot start a {} thread: {error}", self.name),
                )
            })?;
        }
        Ok(())
    }

    /// One more thread, with the lowest free number.
    fn add(&self, threads: &mut Threads) -> io::Result<()> {
        let taken = |number: &usize| threads.workers.iter().any(|worker| worker.number() == *number);
        let next = threads.workers.len() + 1;
        let number = (1..next).find(|number| !taken(number)).unwrap_or(next);
        self.running.started();
        match Worker::spawn(
            number,
            self.name,
            Arc::clone(&self.begin),
            Weak::clone(&self.this),
        ) {
            Ok(worker) => {
                threads.workers.push(worker);
                Ok(())
            }
            Err(error) => {
                self.running.ended();
                Err(error)
            }
        }
    }
}

impl Threads {
    /// Whether every thread that takes connections has enough of them.
    fn should_grow(&self) -> bool {
        let open = || self.workers.iter().filter(|worker| !worker.is_surplus());
        if open().count() >= self.size.max {
            return false;
        }
        let crowded = open().all(|worker| worker.sessions() >= CROWDED);
        let rested = self
            .grown
            .is_none_or(|grown| grown.elapsed() >= GROW_FOR_LATENESS);
        crowded || (rested && open().all(|worker| worker.is_late()))
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        // A thread that cannot upgrade its pool any more leaves when it is woken.
        for worker in &self.threads.get_mut().workers {
            worker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CROWDED, Pool, Size};
    use std::sync::Arc;
    use std::sync::mpsc;
    use std::time::Duration;
    use tokio::sync::watch;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn attend(pool: &Arc<Pool>, end: &watch::Receiver<bool>, names: &mpsc::Sender<String>) {
        let (mut end, names) = (end.clone(), names.clone());
        let attended = pool.attend(Box::new(move || {
            names
                .send(std::thread::current().name().unwrap_or_default().to_owned())
                .expect("the test listens");
            Box::pin(async move {
                let _ = end.wait_for(|end| *end).await;
            })
        }));
        assert!(attended);
    }

    #[test]
    fn crowded_pools_grow_and_surplus_threads_leave_with_their_last_session() {
        let pool = Pool::start("test", Size::new(1, 2), Arc::new(|| {})).expect("threads");
        let (ended, end) = watch::channel(false);
        let (names, heard) = mpsc::channel();
        for _ in 0..CROWDED {
            attend(&pool, &end, &names);
        }
        assert_eq!(pool.threads(), 1);
        for _ in 0..3 * CROWDED {
            attend(&pool, &end, &names);
        }
        assert_eq!(pool.threads(), 2, "not more than max, and nobody waits");
        let on_second = (0..4 * CROWDED)
            .map(|_| heard.recv_timeout(PATIENCE).expect("every job starts"))
            .filter(|name| name == "test-02")
            .count();
        assert_eq!(on_second, 2 * CROWDED, "the load is even");
        pool.resize(Size::new(1, 1)).expect("no thread is needed");
        assert_eq!(pool.threads(), 2, "its sessions keep it");
        ended.send(true).expect("sessions listen");
        assert!(
            pool.running.wait_while_above(1, PATIENCE),
            "the surplus thread leaves"
        );
        pool.resize(Size::new(3, 3)).expect("threads");
        assert_eq!(pool.threads(), 3);
        assert_eq!(pool.close(PATIENCE), 0);
    }
}
