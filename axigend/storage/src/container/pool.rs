//! The storage threads: where a read waits when the page cache does not have the bytes.
//!
//! One small pool for the process, whatever the number of stores, because it is the disks that are waited for.
//! Threads (`storage-00` …) start with the first read that needs them.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::LazyLock,
    thread,
};

use axigen_shared::{Cause, Refusal};
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

/// Reads in flight at once: enough to keep a disk's queue busy.
const THREADS: usize = 4;
/// Reads that may wait; each stands for one waiting session, so more means that the disk is lost.
const WAITING_LIMIT: usize = 65_536;

type Task = Box<dyn FnOnce() + Send>;

static POOL: LazyLock<Pool> = LazyLock::new(|| {
    for number in 0..THREADS {
        let spawned = thread::Builder::new()
            .name(format!("storage-{number:02}"))
            .spawn(|| POOL.work());
        if let Err(error) = spawned {
            tracing::error!(
                critical = true,
                module = "STORAGE",
                "cannot start a storage thread: {error}"
            );
        }
    }
    Pool {
        tasks: Mutex::default(),
        arrived: Condvar::new(),
    }
});

struct Pool {
    tasks: Mutex<VecDeque<Task>>,
    arrived: Condvar,
}

impl Pool {
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
}

/// Runs `work` on a storage thread and waits for its result without blocking the caller's thread.
pub(crate) async fn on_storage_thread<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, Refusal> + Send + 'static,
) -> Result<R, Refusal> {
    let (answer, result) = oneshot::channel();
    {
        let mut tasks = POOL.tasks.lock();
        if tasks.len() >= WAITING_LIMIT {
            return Err(Refusal::new(
                Cause::StorageFailure,
                "too many reads wait for the disk",
            ));
        }
        tasks.push_back(Box::new(move || {
            // Who asked may have gone; then nobody needs the bytes.
            let _ = answer.send(work());
        }));
    }
    POOL.arrived.notify_one();
    result
        .await
        .unwrap_or_else(|_| Err(Refusal::new(Cause::Internal, "a storage thread dropped a read")))
}
