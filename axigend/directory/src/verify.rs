//! The threads that check and make password hashes (`auth-01` …).
//!
//! A hash costs some 20 ms by design; on a connection thread it would hold up every session there. The queue is
//! bounded: when logins come faster than they can be checked, more are refused for now and never counted as wrong.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Instant;

use axigen_shared::value::Secret;
use axigen_shared::{Cause, Refusal};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use crate::credential::{Credential, Memory, waste};
use crate::successes::{Digest, Successes};

/// Checks waiting for a thread. Two threads do about 100 a second: more would wait longer than clients do.
const WAITING: usize = 512;
/// Most threads, each with the memory of one hash.
const THREADS_MAX: usize = 8;

/// A password to be checked.
pub(crate) struct Check {
    /// `None`: no such user; the work is done all the same.
    pub(crate) credential: Option<Arc<Credential>>,
    pub(crate) password: Zeroizing<Vec<u8>>,
    /// Where a success is remembered; `None`: it is not, and none is looked for.
    pub(crate) digest: Option<Digest>,
}

/// What a thread does next.
enum Job {
    Check {
        check: Check,
        done: oneshot::Sender<bool>,
    },
    Make {
        given: Secret,
        version: u64,
        done: oneshot::Sender<Result<Credential, Refusal>>,
    },
    Run(Box<dyn FnOnce() + Send>),
}

/// The threads and their queue.
pub(crate) struct Verifiers {
    jobs: Mutex<Option<SyncSender<Job>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Verifiers {
    /// Starts them: half the cores, so that a flood of logins leaves room for mail.
    pub(crate) fn start(successes: &Arc<Successes>) -> Result<Self, Refusal> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let (jobs, todo) = sync_channel(WAITING);
        let todo = Arc::new(Mutex::new(todo));
        let mut threads = Vec::new();
        for number in 1..=(cores / 2).clamp(1, THREADS_MAX) {
            let (todo, successes) = (Arc::clone(&todo), Arc::clone(successes));
            let thread = std::thread::Builder::new().name(format!("auth-{number:02}"));
            let thread = thread.spawn(move || work(&todo, &successes));
            let failed =
                |error| Refusal::new(Cause::Internal, format!("cannot start a login thread: {error}"));
            threads.push(thread.map_err(failed)?);
        }
        Ok(Self {
            jobs: Mutex::new(Some(jobs)),
            threads: Mutex::new(threads),
        })
    }

    /// Ends the threads after what waits.
    pub(crate) fn close(&self) {
        self.jobs.lock().take();
        for thread in self.threads.lock().drain(..) {
            // A panic of the thread was reported by the panic hook when it happened.
            let _ = thread.join();
        }
    }

    /// Whether the password is right.
    pub(crate) async fn check(&self, check: Check) -> Result<bool, Refusal> {
        let (done, answer) = oneshot::channel();
        self.ask(Job::Check { check, done })?;
        answer.await.map_err(|_| closing())
    }

    /// The credential of a new password or of a given hash.
    pub(crate) async fn make(&self, given: Secret, version: u64) -> Result<Credential, Refusal> {
        let (done, answer) = oneshot::channel();
        self.ask(Job::Make { given, version, done })?;
        answer.await.map_err(|_| closing())?
    }

    /// Runs something that may wait for the disk, when there is room for it.
    pub(crate) fn run(&self, job: impl FnOnce() + Send + 'static) {
        // Dropped when the queue is full: only upkeep comes this way, and it comes again.
        let _ = self.ask(Job::Run(Box::new(job)));
    }

    fn ask(&self, job: Job) -> Result<(), Refusal> {
        let jobs = self.jobs.lock();
        jobs.as_ref()
            .ok_or_else(closing)?
            .try_send(job)
            .map_err(|error| match error {
                TrySendError::Full(_) => Refusal::new(Cause::DirectoryFailure, "too many logins are waiting"),
                TrySendError::Disconnected(_) => closing(),
            })
    }
}

/// A login thread: one job after the other until the sender is gone.
fn work(todo: &Mutex<Receiver<Job>>, successes: &Successes) {
    let mut memory = Memory::default();
    loop {
        let job = todo.lock().recv();
        match job {
            // Nobody waits for the answer any more: spare the work.
            Ok(Job::Check { done, .. }) if done.is_closed() => {}
            Ok(Job::Check { check, done }) => drop(done.send(is_right(&check, successes, &mut memory))),
            Ok(Job::Make { given, version, done }) => {
                drop(done.send(Credential::new(&given, version, &mut memory)));
            }
            Ok(Job::Run(job)) => job(),
            Err(_) => return,
        }
    }
}

fn is_right(check: &Check, successes: &Successes, memory: &mut Memory) -> bool {
    let Some(credential) = &check.credential else {
        waste(&check.password, memory);
        return false;
    };
    // Many clients of one user at once: the first check answers for those that waited behind it.
    if check
        .digest
        .is_some_and(|digest| successes.knows(&digest, Instant::now()))
    {
        return true;
    }
    let right = credential.check(&check.password, memory);
    if right {
        if let Some(digest) = check.digest {
            successes.add(digest, Instant::now());
        }
    } else if !credential.costs_the_usual() {
        waste(&check.password, memory);
    }
    right
}

fn closing() -> Refusal {
    Refusal::new(Cause::ShuttingDown, "the directory is closing")
}
