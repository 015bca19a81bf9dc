//! The threads that index, for all stores together.
//!
//! They look once a second whether a store has changed, which costs one comparison for each: a delivery tells nobody
//! and waits for nobody. The threads have a low priority, so the services come first.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use axigend_storage::{Store, StoreObserver};
use parking_lot::{Condvar, Mutex};

use crate::{
    batch::Batch,
    index::{Progress, SearchIndex},
    settings::IndexSettings,
};

/// How often threads look for something to do.
const LOOK: Duration = Duration::from_secs(1);
/// Changes are gathered for so long, so that a trickle of mail makes a segment now and then, not one for each message.
const GATHER: Duration = Duration::from_secs(2);
/// Priority of the threads (`nice`): a thirtieth of the processor when services want all of it, so that a domain that is to be
/// closed does not wait long for a step to end.
const NICE: i32 = 15;

/// Where the settings of the moment come from.
pub type SettingsSource = Box<dyn Fn() -> IndexSettings + Send + Sync>;

/// The search indexes of all open stores, and the threads that work on them.
pub struct Searches {
    shared: Arc<Shared>,
}

struct Shared {
    settings: SettingsSource,
    state: Mutex<State>,
    wake: Condvar,
}

#[derive(Default)]
struct State {
    entries: HashMap<PathBuf, Entry>,
    threads: Vec<JoinHandle<()>>,
    /// Threads that run.
    running: u32,
    /// The settings with which everything was done that is done.
    settings: IndexSettings,
    closed: bool,
}

struct Entry {
    index: Arc<SearchIndex>,
    /// A thread works on it.
    busy: bool,
    /// The store as it was when the index was last up to it.
    known: Option<u64>,
    /// Nothing is done before.
    not_before: Option<Instant>,
    /// Work failed and waits to be tried again.
    failed: bool,
    /// Work failed and is not tried again.
    given_up: bool,
}

/// A piece of work taken by a thread.
struct Job {
    dir: PathBuf,
    index: Arc<SearchIndex>,
    commits: u64,
}

/// An index and what is being done.
pub struct IndexJob {
    /// The directory of the store.
    pub dir: PathBuf,
    /// The index.
    pub index: Arc<SearchIndex>,
    /// What is being done.
    pub state: JobState,
}

/// What is being done with an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    /// It is up to its store.
    Idle,
    /// There is something to do.
    Waiting,
    /// A thread works on it.
    Running,
    /// Work failed; it is tried again after `indexAutoRescheduleTimeout`, if that is set.
    Failed,
}

impl Searches {
    /// No stores yet; threads start with the first one.
    pub fn new(settings: SettingsSource) -> Arc<Self> {
        Arc::new(Self {
            shared: Arc::new(Shared {
                settings,
                state: Mutex::default(),
                wake: Condvar::new(),
            }),
        })
    }

    /// The index of the store in `dir`, if that is open.
    pub fn index(&self, dir: &Path) -> Option<Arc<SearchIndex>> {
        let state = self.shared.state.lock();
        state.entries.get(dir).map(|entry| Arc::clone(&entry.index))
    }

    /// All indexes with what is being done, by directory.
    pub fn jobs(&self) -> Vec<IndexJob> {
        let state = self.shared.state.lock();
        let mut jobs: Vec<_> = state.entries.iter().map(|(dir, entry)| entry.job(dir)).collect();
        jobs.sort_by(|left, right| left.dir.cmp(&right.dir));
        jobs
    }

    /// The index of the store in `dir` with what is being done.
    pub fn job(&self, dir: &Path) -> Option<IndexJob> {
        let state = self.shared.state.lock();
        state.entries.get(dir).map(|entry| entry.job(dir))
    }

    /// Ends all threads.
    pub fn close(&self) {
        let (threads, indexes) = {
            let mut state = self.shared.state.lock();
            state.closed = true;
            let indexes: Vec<_> = state.entries.drain().map(|(_, entry)| entry.index).collect();
            (std::mem::take(&mut state.threads), indexes)
        };
        for index in indexes {
            index.stop();
        }
        self.shared.wake.notify_all();
        for thread in threads {
            // One that panicked has said so.
            let _ = thread.join();
        }
    }
}

impl StoreObserver for Searches {
    fn opened(&self, store: &Arc<Store>) {
        let mut state = self.shared.state.lock();
        if state.closed {
            return;
        }
        let entry = Entry {
            index: SearchIndex::new(store),
            busy: false,
            known: None,
            not_before: None,
            failed: false,
            given_up: false,
        };
        state.entries.insert(store.dir().to_owned(), entry);
        if state.running == 0 {
            // It starts the others.
            start(&self.shared, &mut state);
        }
        self.shared.wake.notify_one();
    }

    fn closing(&self, dir: &Path) {
        let entry = self.shared.state.lock().entries.remove(dir);
        if let Some(entry) = entry {
            entry.index.stop();
        }
    }
}

impl Drop for Searches {
    fn drop(&mut self) {
        self.close();
    }
}

fn start(shared: &Arc<Shared>, state: &mut State) {
    let number = state.running;
    let ours = Arc::clone(shared);
    let spawned = thread::Builder::new()
        .name(format!("search-{number:02}"))
        .spawn(move || ours.work(number));
    match spawned {
        Ok(thread) => {
            state.threads.retain(|thread| !thread.is_finished());
            state.threads.push(thread);
            state.running += 1;
        }
        Err(error) => tracing::error!(module = "STORAGE", "cannot start an indexing thread: {error}"),
    }
}

impl Shared {
    fn work(self: &Arc<Self>, number: u32) {
        // Where that is not allowed, the threads compete like others.
        let _ = rustix::process::setpriority_process(None, NICE);
        let mut batch = None;
        loop {
            let Some((job, settings)) = self.take(number, &mut batch) else {
                return;
            };
            let done = job.index.step(batch.get_or_insert_with(Batch::new), &settings);
            self.give_back(&job, done, &settings);
        }
    }

    /// Waits for work; `None` when this thread is to end. The memory of the last batch is given back before waiting.
    fn take(self: &Arc<Self>, number: u32, batch: &mut Option<Batch>) -> Option<(Job, IndexSettings)> {
        loop {
            let settings = (self.settings)();
            let threads = settings.threads.max(1);
            let mut state = self.state.lock();
            // The last one started leaves first; one always stays.
            if state.closed || (number >= threads && number + 1 == state.running) {
                state.running = state.running.saturating_sub(1);
                return None;
            }
            if state.running < threads {
                start(self, &mut state);
            }
            state.adopt(&settings);
            if number < threads
                && let Some(job) = state.next()
            {
                return Some((job, settings));
            }
            *batch = None;
            self.wake.wait_for(&mut state, LOOK);
        }
    }

    fn give_back(&self, job: &Job, done: Result<Progress, axigen_shared::Refusal>, settings: &IndexSettings) {
        let mut state = self.state.lock();
        let Some(entry) = state
            .entries
            .get_mut(&job.dir)
            .filter(|entry| Arc::ptr_eq(&entry.index, &job.index))
        else {
            return;
        };
        entry.busy = false;
        entry.failed = done.is_err();
        match done {
            Ok(Progress::More) => entry.not_before = None,
            Ok(Progress::Done) => {
                entry.known = Some(job.commits);
                entry.not_before = Some(Instant::now() + GATHER);
            }
            Err(refusal) => {
                let dir = job.dir.display();
                tracing::warn!(module = "STORAGE", "{dir}: indexing failed: {}", refusal.detail);
                entry.known = None;
                entry.given_up = settings.retry.is_none();
                entry.not_before = settings.retry.and_then(|retry| Instant::now().checked_add(retry));
            }
        }
    }
}

impl State {
    /// Changed settings are a reason to look at every index again, also at those that were given up.
    fn adopt(&mut self, settings: &IndexSettings) {
        if self.settings == *settings {
            return;
        }
        self.settings = settings.clone();
        for entry in self.entries.values_mut() {
            entry.known = None;
            entry.not_before = None;
            entry.given_up = false;
        }
    }

    /// The next piece of work.
    fn next(&mut self) -> Option<Job> {
        let (dir, entry) = self.entries.iter_mut().find(|(_, entry)| entry.is_due())?;
        entry.busy = true;
        Some(Job {
            dir: dir.clone(),
            index: Arc::clone(&entry.index),
            commits: entry.index.store.commits(),
        })
    }
}

impl Entry {
    fn job(&self, dir: &Path) -> IndexJob {
        let state = match (self.busy, self.given_up || self.failed) {
            (true, _) => JobState::Running,
            (_, true) => JobState::Failed,
            _ if self.has_work() => JobState::Waiting,
            _ => JobState::Idle,
        };
        IndexJob {
            dir: dir.to_owned(),
            index: Arc::clone(&self.index),
            state,
        }
    }

    fn has_work(&self) -> bool {
        self.known != Some(self.index.store.commits()) || self.index.wanting.load(Ordering::Relaxed)
    }

    fn is_due(&self) -> bool {
        !self.busy
            && !self.given_up
            && self.has_work()
            && self.not_before.is_none_or(|moment| moment <= Instant::now())
    }
}
