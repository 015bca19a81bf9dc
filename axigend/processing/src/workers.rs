//! The delivery threads (`delivery-01` …, `deliveryThreads` of them) and the thread that looks after them.
//!
//! A delivery thread keeps several messages going, because most of an attempt is waiting for a disk, and attempts that
//! wait together share one sync (group commit). Work that burns the processor keeps its thread to itself, so the
//! number of threads is how much of the machine deliveries may take. The number is live: new threads are started at
//! once, surplus ones finish what they have and end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axigen_shared::{Cause, Refusal};
use axigend_queue::QueueId;
use axigend_storage::Store;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::attempt::{Parts, attempt};
use crate::lists;

/// Messages one thread has in hand at a time: enough to fill a group commit, few enough that one thread does not keep
/// what others could do.
const MESSAGES_PER_THREAD: usize = 32;
/// Deliveries forgotten together: they share a sync of their store.
const FORGET_BATCH: usize = 256;
/// How long the forgetting of a batch may be put off while deliveries go on.
const FORGET_EVERY: Duration = Duration::from_secs(1);

/// What a delivery thread is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Work,
    /// Take nothing new, end when what is in hand is done.
    Drain,
    /// End now. What is in hand is due again.
    Cut,
}

struct Worker {
    order: watch::Sender<Order>,
    /// Resolves when the thread has ended.
    ended: oneshot::Receiver<()>,
}

/// How the threads ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// Threads that were cut at the grace time; their messages are due again.
    pub cut: usize,
}

/// A runtime for one thread.
pub(crate) fn runtime() -> Result<Runtime, Refusal> {
    let failed = |error| Refusal::new(Cause::Internal, format!("cannot start a runtime: {error}"));
    Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(failed)
}

/// Looks after the delivery threads until `stop` has a grace time.
pub(crate) async fn supervise(
    parts: Arc<Parts>,
    mut finished: mpsc::Receiver<(Arc<Store>, u64)>,
    mut stop: watch::Receiver<Option<Duration>>,
) -> Stopped {
    let mut config = parts.config.changed();
    let mut workers: Vec<Worker> = Vec::new();
    let mut leaving: Vec<Worker> = Vec::new();
    let mut forget = tokio::time::interval(FORGET_EVERY);
    let keeper = tokio::spawn(lists::keep(Arc::clone(&parts)));
    loop {
        let settings = parts.config.settings();
        resize(
            &parts,
            settings.processing.delivery_threads as usize,
            &mut workers,
            &mut leaving,
        );
        parts
            .queue
            .set_proc_queue_size(settings.processing.proc_queue_size as usize);
        parts.queue.set_sync(settings.server.enable_io_synchronization);
        parts.stores.set_sync(settings.server.enable_io_synchronization);
        tokio::select! {
            _ = stop.wait_for(Option::is_some) => break,
            changed = config.changed() => if changed.is_err() { break },
            _ = forget.tick() => forget_finished(&mut finished).await,
        }
    }
    // What it has in hand is in a folder still, and found there at the next start.
    keeper.abort();
    let grace = stop.borrow().unwrap_or_default();
    leaving.append(&mut workers);
    let stopped = drain(leaving, grace).await;
    forget_finished(&mut finished).await;
    stopped
}

/// Starts or sends away threads until there are `wanted`, at least one.
fn resize(parts: &Arc<Parts>, wanted: usize, workers: &mut Vec<Worker>, leaving: &mut Vec<Worker>) {
    let wanted = wanted.max(1);
    leaving.retain_mut(|worker| matches!(worker.ended.try_recv(), Err(oneshot::error::TryRecvError::Empty)));
    while workers.len() > wanted {
        if let Some(worker) = workers.pop() {
            worker.order.send_replace(Order::Drain);
            leaving.push(worker);
        }
    }
    while workers.len() < wanted {
        match start(parts, workers.len() + 1) {
            Ok(worker) => workers.push(worker),
            Err(refusal) => {
                tracing::error!(
                    module = "PROCESSING",
                    "{} of {wanted} threads: {refusal}",
                    workers.len()
                );
                return;
            }
        }
    }
}

fn start(parts: &Arc<Parts>, number: usize) -> Result<Worker, Refusal> {
    let (order, orders) = watch::channel(Order::Work);
    let (end, ended) = oneshot::channel();
    let parts = Arc::clone(parts);
    let runtime = runtime()?;
    let thread = std::thread::Builder::new().name(format!("delivery-{number:02}"));
    let thread = thread.spawn(move || {
        runtime.block_on(work(parts, orders));
        // Tasks that were cut are dropped with the runtime: only then is the thread said to have ended.
        drop(runtime);
        let _ = end.send(());
    });
    thread.map_err(|error| Refusal::new(Cause::Internal, format!("cannot start a thread: {error}")))?;
    Ok(Worker { order, ended })
}

/// A delivery thread.
async fn work(parts: Arc<Parts>, mut orders: watch::Receiver<Order>) {
    let mut running = JoinSet::new();
    let mut ids: HashMap<tokio::task::Id, QueueId> = HashMap::new();
    let mut closed = false;
    loop {
        let order = *orders.borrow_and_update();
        let draining = closed || order == Order::Drain;
        if order == Order::Cut || (draining && running.is_empty()) {
            return;
        }
        let may_take = !draining && running.len() < MESSAGES_PER_THREAD;
        tokio::select! {
            changed = orders.changed() => if changed.is_err() { return },
            Some(ended) = running.join_next_with_id(), if !running.is_empty() => {
                let task = match &ended {
                    Ok((task, ())) => *task,
                    Err(error) => error.id(),
                };
                let id = ids.remove(&task);
                if let (Err(error), Some(id)) = (ended, id) {
                    tracing::error!(critical = true, module = "PROCESSING", id = id.number(),
                        "processing broke off, the message is left alone until the next start: {error}");
                }
            }
            entry = parts.queue.take(), if may_take => {
                let Some(entry) = entry else { closed = true; continue };
                let (parts, id) = (Arc::clone(&parts), entry.id);
                let task = running.spawn(async move { attempt(&parts, entry).await });
                ids.insert(task.id(), id);
            }
        }
    }
}

/// Lets the threads finish within the grace time, then cuts them.
async fn drain(mut workers: Vec<Worker>, grace: Duration) -> Stopped {
    for worker in &workers {
        worker.order.send_replace(Order::Drain);
    }
    let all = async {
        for worker in &mut workers {
            // An error means that the thread is gone, too.
            let _ = (&mut worker.ended).await;
        }
    };
    if tokio::time::timeout(grace, all).await.is_ok() {
        return Stopped { cut: 0 };
    }
    let late: Vec<&mut Worker> = workers
        .iter_mut()
        .filter(|worker| !worker.ended.is_terminated())
        .collect();
    let cut = late.len();
    for worker in late {
        worker.order.send_replace(Order::Cut);
        let _ = (&mut worker.ended).await;
    }
    Stopped { cut }
}

/// Tells the stores which deliveries need not be remembered any more. A crash before it leaves a few bytes per message
/// in a store.
async fn forget_finished(finished: &mut mpsc::Receiver<(Arc<Store>, u64)>) {
    let mut batch = JoinSet::new();
    while let Ok((store, key)) = finished.try_recv() {
        batch.spawn(async move { store.forget_delivery(key).await });
        if batch.len() >= FORGET_BATCH {
            settle(&mut batch).await;
        }
    }
    settle(&mut batch).await;
}

async fn settle(batch: &mut JoinSet<Result<(), Refusal>>) {
    while let Some(done) = batch.join_next().await {
        if let Ok(Err(refusal)) = done {
            tracing::warn!(
                module = "PROCESSING",
                "a finished delivery could not be forgotten: {refusal}"
            );
        }
    }
}
