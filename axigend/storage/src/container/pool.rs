//! Threads that wait for disks, so that nobody else has to.
//!
//! One small pool for the process, whatever the number of stores, because it is the disks that are waited for: the
//! storage threads (`storage-00` …). Opening a store may replay a log for seconds, which no read should have to wait
//! for, so that is done by a few of their own (`opening-00` …). Threads start with the first task that needs them.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Once,
    thread,
};

use axigen_shared::{Cause, Refusal};
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

/// Reads in flight at once: enough to keep a disk's queue busy.
const READING: usize = 4;
/// Stores being opened at once.
const OPENING: usize = 4;
/// Tasks that may wait; each stands for a waiting session, so more means that the disk is lost.
const WAITING_LIMIT: usize = 65_536;

type Task = Box<dyn FnOnce() + Send>;

static STORAGE_THREADS: Pool = Pool::new("storage", READING);
static OPENING_THREADS: Pool = Pool::new("opening", OPENING);

struct Pool {
    name: &'static str,
    threads: usize,
    started: Once,
    tasks: Mutex<VecDeque<Task>>,
    arrived: Condvar,
}

impl Pool {
    const fn new(name: &'static str, threads: usize) -> Self {
        Self {
            name,
            threads,
            started: Once::new(),
            tasks: Mutex::new(VecDeque::new()),
            arrived: Condvar::new(),
        }
    }

    fn start(&'static self) {
        for number in 0..self.threads {
            let name = format!("{}-{number:02}", self.name);
            let spawned = thread::Builder::new().name(name).spawn(|| self.work());
            if let Err(error) = spawned {
                tracing::error!(
                    critical = true,
                    module = "STORAGE",
                    "cannot start a {} thread: {error}",
                    self.name
                );
            }
        }
    }

    fn work(&self) {
        loop {
            let mut tasks = self.tasks.lock();
            let task = loop {
                match tasks.pop_front() {
                    Some(task) => break task,
                    None => self.arrived.wait(&mut tasks),
                }
            };
            drop(tasks);
            // Who waits for a task that panics is answered by its dropped channel; the thread goes on.
            let _ = catch_unwind(AssertUnwindSafe(task));
        }
    }

    fn run(&'static self, task: Task) -> Result<(), Refusal> {
        self.started.call_once(|| self.start());
        {
            let mut tasks = self.tasks.lock();
            if tasks.len() >= WAITING_LIMIT {
                return Err(Refusal::new(
                    Cause::StorageFailure,
                    "too many sessions wait for the disk",
                ));
            }
            tasks.push_back(task);
        }
        self.arrived.notify_one();
        Ok(())
    }
}

/// Runs `work` on a storage thread and waits for its result without blocking the caller's thread.
pub(crate) async fn on_storage_thread<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, Refusal> + Send + 'static,
) -> Result<R, Refusal> {
    let (answer, result) = oneshot::channel();
    STORAGE_THREADS.run(Box::new(move || {
        // Who asked may have gone; then nobody needs the work.
        if !answer.is_closed() {
            let _ = answer.send(work());
        }
    }))?;
    result
        .await
        .unwrap_or_else(|_| Err(Refusal::new(Cause::Internal, "a storage thread dropped a read")))
}

/// Runs `task` on a thread that opens stores.
pub(crate) fn on_opening_thread(task: impl FnOnce() + Send + 'static) -> Result<(), Refusal> {
    OPENING_THREADS.run(Box::new(task))
}
