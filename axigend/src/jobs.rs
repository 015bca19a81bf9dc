//! Long jobs of maintenance: at most one of a kind for each domain, on a thread of its own, whoever looks on.
//!
//! Owns starting, aborting, and what a job says: lines that are kept until the next start of its kind, a sentence that
//! tells how far it is, and how it ended. What a job does is `administration::maintenance`'s.

use axigen_shared::{Cause, Refusal};
use axigend_console::{Job, Look};
use axigend_storage::Progress;
use futures_util::future::{FutureExt, LocalBoxFuture};
use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;
use tokio::sync::watch;

/// Lines of a job that are kept; of more the oldest go.
const LINES: usize = 10_000;
/// How long a look waits for something new: progress is told as often.
const LOOK: Duration = Duration::from_secs(1);

/// Kinds of jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum JobKind {
    /// COMPACT.
    Compact,
    /// SCAN.
    Scan,
    /// REPAIR.
    Repair,
    /// RECOVER.
    Recover,
    /// FINDINVALIDMSG.
    FindInvalid,
    /// The daily maintenance.
    Daily,
}

impl JobKind {
    /// The word that starts and follows it.
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Compact => "COMPACT",
            Self::Scan => "SCAN",
            Self::Repair => "REPAIR",
            Self::Recover => "RECOVER",
            Self::FindInvalid => "FINDINVALIDMSG",
            Self::Daily => "MAINTENANCE",
        }
    }

    /// What can be done about one that runs.
    fn hint(self) -> String {
        match self {
            // It has no words of its own.
            Self::Daily => "LIST activeStorageTransactions shows it, and it ends soon".to_owned(),
            kind => format!("{kind} attach follows it, {kind} abort ends it"),
        }
    }

    /// Name of its thread, at most 15 bytes.
    const fn thread(self) -> &'static str {
        match self {
            Self::Compact => "job-compact",
            Self::Scan => "job-scan",
            Self::Repair => "job-repair",
            Self::Recover => "job-recover",
            Self::FindInvalid => "job-findinvalid",
            Self::Daily => "job-daily",
        }
    }
}

impl fmt::Display for JobKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.verb())
    }
}

/// What is known of a job.
#[derive(Default)]
struct State {
    lines: VecDeque<String>,
    /// All lines that were said.
    said: usize,
    progress: String,
    ended: Option<Result<String, Refusal>>,
}

/// One job, running or ended.
pub struct Task {
    kind: JobKind,
    /// What it works on, in words.
    place: String,
    aborted: AtomicBool,
    state: Mutex<State>,
    /// The compaction it waits for, which tells its progress itself.
    compaction: Mutex<Option<Arc<Progress>>>,
    changed: watch::Sender<()>,
}

impl Task {
    fn new(kind: JobKind, place: &str) -> Arc<Self> {
        Arc::new(Self {
            kind,
            place: place.to_owned(),
            aborted: AtomicBool::new(false),
            state: Mutex::default(),
            compaction: Mutex::default(),
            changed: watch::Sender::new(()),
        })
    }

    /// Says a line.
    pub fn say(&self, line: impl Into<String>) {
        let mut state = self.state.lock();
        if state.lines.len() >= LINES {
            state.lines.pop_front();
        }
        state.lines.push_back(line.into());
        state.said = state.said.saturating_add(1);
        drop(state);
        self.changed.send_replace(());
    }

    /// Tells how far it is.
    pub fn progress(&self, sentence: String) {
        self.state.lock().progress = sentence;
    }

    /// A compaction runs now whose progress is that of the job.
    pub fn compacts(&self, progress: &Arc<Progress>) {
        *self.compaction.lock() = Some(Arc::clone(progress));
        if self.is_aborted() {
            progress.abort();
        }
    }

    /// The job stops before its next piece.
    pub fn abort(&self) {
        self.aborted.store(true, Ordering::Relaxed);
        if let Some(compaction) = &*self.compaction.lock() {
            compaction.abort();
        }
    }

    /// Whether it is to stop.
    pub fn is_aborted(&self) -> bool {
        self.aborted.load(Ordering::Relaxed)
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        self.state.lock().ended.is_some()
    }

    /// Waits for its end, but not longer than this.
    pub async fn ended_within(&self, time: Duration) {
        let mut changed = self.changed.subscribe();
        let ended = async { while !self.has_ended() && changed.changed().await.is_ok() {} };
        // When the time is over it is looked at as it is.
        let _ = tokio::time::timeout(time, ended).await;
    }

    /// How far it is.
    fn sentence(&self) -> String {
        let compaction = self.compaction.lock().clone();
        compaction.map_or_else(
            || self.state.lock().progress.clone(),
            |progress| compacted(&progress),
        )
    }

    /// All that is known now; lines after the first `seen`.
    pub fn now(&self, seen: usize) -> Look {
        let progress = self.sentence();
        let state = self.state.lock();
        let gone = state.said.saturating_sub(state.lines.len());
        let missed = gone.saturating_sub(seen);
        let mut lines = Vec::new();
        if missed > 0 {
            lines.push(format!("... {missed} lines are not kept"));
        }
        lines.extend(state.lines.iter().skip(seen.saturating_sub(gone)).cloned());
        Look {
            lines,
            seen: state.said,
            progress,
            ended: state.ended.clone(),
        }
    }

    fn end(&self, outcome: Result<String, Refusal>) {
        let (kind, place) = (self.kind, &self.place);
        match &outcome {
            Ok(message) => tracing::info!(module = "STORAGE", "{kind} of {place}: {message}"),
            Err(refusal) => tracing::error!(module = "STORAGE", "{kind} of {place}: {refusal}"),
        }
        *self.compaction.lock() = None;
        self.state.lock().ended = Some(outcome);
        self.changed.send_replace(());
    }
}

impl Job for Task {
    fn look(&self, seen: usize) -> LocalBoxFuture<'_, Look> {
        async move {
            let mut changed = self.changed.subscribe();
            let news = self.now(seen);
            if news.seen > seen || news.ended.is_some() {
                return news;
            }
            // Nothing new is an answer too: how far it is may have changed.
            let _ = tokio::time::timeout(LOOK, changed.changed()).await;
            self.now(seen)
        }
        .boxed_local()
    }
}

fn compacted(progress: &Progress) -> String {
    let (done, total) = progress.bytes();
    let (containers, all) = progress.containers();
    format!(
        "{} of about {} KB written, {containers} of {all} files emptied",
        done.div_ceil(1024),
        total.div_ceil(1024)
    )
}

/// A job and its thread, until somebody has waited for that.
struct Entry {
    task: Arc<Task>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Table {
    closed: bool,
    entries: BTreeMap<(JobKind, String), Entry>,
}

/// A job that runs, in words.
pub struct Running {
    /// What it is.
    pub kind: JobKind,
    /// What it works on.
    pub place: String,
    /// How far it is.
    pub progress: String,
    /// The last line that it said.
    pub last: String,
}

/// All jobs of the server.
#[derive(Default)]
pub struct Jobs {
    table: Mutex<Table>,
}

impl Jobs {
    /// Starts a job. `Conflict` while one of its kind runs for the place.
    pub fn start(
        &self,
        kind: JobKind,
        place: &str,
        work: impl FnOnce(&Task) -> Result<String, Refusal> + Send + 'static,
    ) -> Result<Arc<Task>, Refusal> {
        let mut table = self.table.lock();
        if table.closed {
            return Err(Refusal::new(Cause::ShuttingDown, "the server is stopping"));
        }
        let key = (kind, place.to_owned());
        if table
            .entries
            .get(&key)
            .is_some_and(|entry| !entry.task.has_ended())
        {
            let detail = format!("it runs already for {place}: {}", kind.hint());
            return Err(Refusal::new(Cause::Conflict, detail));
        }
        let task = Task::new(kind, place);
        let own = Arc::clone(&task);
        let body = move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| work(&own)));
            own.end(outcome.unwrap_or_else(|_| Err(Refusal::new(Cause::Internal, "the job panicked"))));
        };
        let thread = Builder::new()
            .name(kind.thread().to_owned())
            .spawn(body)
            .map_err(|error| Refusal::new(Cause::Internal, format!("starting a thread: {error}")))?;
        tracing::info!(module = "STORAGE", "{kind} of {place} begins");
        let entry = Entry {
            task: Arc::clone(&task),
            thread: Some(thread),
        };
        table.entries.insert(key, entry);
        Ok(task)
    }

    /// The job of a kind for a place, running or the last one.
    pub fn find(&self, kind: JobKind, place: &str) -> Result<Arc<Task>, Refusal> {
        let table = self.table.lock();
        let entry = table.entries.get(&(kind, place.to_owned()));
        let task = entry.map(|entry| Arc::clone(&entry.task));
        task.ok_or_else(|| Refusal::new(Cause::NotFound, format!("no {kind} was started for {place}")))
    }

    /// Refused while a job runs for the place.
    pub fn none_at(&self, place: &str) -> Result<(), Refusal> {
        let table = self.table.lock();
        let mut entries = table.entries.values().map(|entry| &entry.task);
        match entries.find(|task| task.place.eq_ignore_ascii_case(place) && !task.has_ended()) {
            None => Ok(()),
            Some(task) => {
                let detail = format!("{} of {place} runs: {}", task.kind, task.kind.hint());
                Err(Refusal::new(Cause::Conflict, detail))
            }
        }
    }

    /// Those that run.
    pub fn running(&self) -> Vec<Running> {
        let table = self.table.lock();
        let running = table.entries.values().filter(|entry| !entry.task.has_ended());
        running
            .map(|Entry { task, .. }| Running {
                kind: task.kind,
                place: task.place.clone(),
                progress: task.sentence(),
                last: task.state.lock().lines.back().cloned().unwrap_or_default(),
            })
            .collect()
    }

    /// Tells all jobs to stop, starts none any more and waits for their threads.
    pub fn close(&self) {
        let threads: Vec<JoinHandle<()>> = {
            let mut table = self.table.lock();
            table.closed = true;
            let entries = table.entries.values_mut();
            entries
                .filter_map(|entry| {
                    entry.task.abort();
                    entry.thread.take()
                })
                .collect()
        };
        for thread in threads {
            // What a job panicked over was caught and told.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{JobKind, Jobs, LINES};
    use axigen_shared::{Cause, Refusal};
    use axigend_console::Job;
    use std::sync::mpsc::channel;

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
            .block_on(future)
    }

    #[test]
    fn one_of_a_kind_runs_for_each_place_and_is_aborted() {
        let jobs = Jobs::default();
        let (told, tell) = channel();
        let task = jobs.start(JobKind::Scan, "a.test", move |task| {
            task.say("one");
            told.send(()).unwrap();
            while !task.is_aborted() {
                std::thread::yield_now();
            }
            Err(Refusal::new(Cause::Conflict, "aborted"))
        });
        let task = task.unwrap();
        tell.recv().unwrap();
        let again = jobs.start(JobKind::Scan, "a.test", |_| Ok(String::new()));
        assert_eq!(again.err().unwrap().cause, Cause::Conflict);
        let other = jobs
            .start(JobKind::Scan, "b.test", |_| Ok("clean".into()))
            .unwrap();
        run(other.ended_within(super::Duration::from_mins(1)));
        assert_eq!(other.now(0).ended, Some(Ok("clean".into())));
        assert_eq!(run(task.look(0)).lines, ["one"]);
        jobs.close();
        assert!(task.has_ended());
        assert!(jobs.find(JobKind::Scan, "a.test").is_ok());
        let after = jobs.start(JobKind::Scan, "c.test", |_| Ok(String::new()));
        assert_eq!(after.err().unwrap().cause, Cause::ShuttingDown);
    }

    #[test]
    fn lines_are_bounded_and_a_panic_is_an_outcome() {
        let jobs = Jobs::default();
        let task = jobs.start(JobKind::Repair, "a.test", |task| {
            (0..LINES + 7).for_each(|line| task.say(line.to_string()));
            panic!("{} gave up", task.kind)
        });
        let task = task.unwrap();
        run(task.ended_within(super::Duration::from_mins(1)));
        let look = task.now(0);
        assert_eq!(look.lines.len(), LINES + 1);
        assert_eq!(look.lines[0], "... 7 lines are not kept");
        assert_eq!(look.ended.unwrap().unwrap_err().cause, Cause::Internal);
        assert_eq!(task.now(LINES).lines.len(), 7);
    }
}
