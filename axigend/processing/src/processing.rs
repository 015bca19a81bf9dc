//! The service: started and stopped as states with answers (style: the state says what may happen next).

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axigen_shared::{Cause, Refusal};
use axigend_config::RunningConfig;
use axigend_directory::Directory;
use axigend_queue::Queue;
use axigend_storage::Stores;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot, watch};

use crate::attempt::Parts;
use crate::lists::Lists;
use crate::workers::{Stopped, runtime, supervise};

/// Finished deliveries waiting to be forgotten; beyond it they are not.
const FORGET_WAITING: usize = 16 * 1024;

/// Delivers what is in the queue. See the crate's first paragraph.
pub struct Processing {
    queue: Arc<Queue>,
    pub(crate) directory: Arc<Directory>,
    pub(crate) stores: Arc<Stores>,
    pub(crate) config: Arc<RunningConfig>,
    running: Mutex<Option<Running>>,
}

struct Running {
    stop: watch::Sender<Option<Duration>>,
    ended: oneshot::Receiver<Stopped>,
    thread: JoinHandle<()>,
}

impl Processing {
    /// Stopped at first.
    pub fn new(
        queue: Arc<Queue>,
        directory: Arc<Directory>,
        stores: Arc<Stores>,
        config: Arc<RunningConfig>,
    ) -> Arc<Self> {
        Arc::new(Self {
            queue,
            directory,
            stores,
            config,
            running: Mutex::new(None),
        })
    }

    /// Starts the threads. Started twice is started.
    pub fn start(&self) -> Result<(), Refusal> {
        let mut running = self.running.lock();
        if running.is_some() {
            return Ok(());
        }
        let (forget, finished) = mpsc::channel(FORGET_WAITING);
        let parts = Arc::new(Parts {
            queue: Arc::clone(&self.queue),
            directory: Arc::clone(&self.directory),
            stores: Arc::clone(&self.stores),
            config: Arc::clone(&self.config),
            forget,
            lists: Lists::default(),
        });
        let (stop, stopping) = watch::channel(None);
        let (end, ended) = oneshot::channel();
        let runtime = runtime()?;
        let thread = std::thread::Builder::new()
            .name("processing".to_owned())
            .spawn(move || {
                let stopped = runtime.block_on(supervise(parts, finished, stopping));
                // Nobody waits for it when the whole is being dropped.
                let _ = end.send(stopped);
            });
        let thread = thread
            .map_err(|error| Refusal::new(Cause::Internal, format!("cannot start a thread: {error}")))?;
        *running = Some(Running { stop, ended, thread });
        tracing::info!(module = "PROCESSING", "service started");
        Ok(())
    }

    /// Stops: nothing new is taken from the queue, what is in hand is finished within `grace`, then cut (it is due
    /// again at the next start). Answers when every thread has ended.
    pub async fn stop(&self, grace: Duration) -> Stopped {
        let Some(running) = self.running.lock().take() else {
            return Stopped { cut: 0 };
        };
        running.stop.send_replace(Some(grace));
        let stopped = running.ended.await.unwrap_or(Stopped { cut: 0 });
        // It has said that it ends: joining takes no time.
        let _ = running.thread.join();
        tracing::info!(
            module = "PROCESSING",
            "service stopped, {} threads were cut",
            stopped.cut
        );
        stopped
    }

    /// Whether it is started.
    pub fn is_running(&self) -> bool {
        self.running.lock().is_some()
    }
}
