//! The index of one store: its segments, and the steps that bring it up to the store.
//!
//! Segments cover stretches of the containers; what lies in none is a gap and not indexed. A step fills the first gap
//! that holds bodies, or, when there is none, tidies up. So catching up after a start, following new mail and
//! replacing a damaged segment are one and the same work.

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axigen_shared::{Cause, Refusal};
use axigend_storage::{BodyPlace, Store};
use parking_lot::Mutex;

use crate::{
    batch::Batch,
    block::{Identity, Unread},
    load,
    segment::{Segment, Stretch},
    settings::IndexSettings,
    tidy,
};

/// Name of the directory within the store's.
const DIRECTORY: &str = "search";
/// Bodies listed at a time.
const BODIES_AT_ONCE: usize = 256;

/// The segments of an index, by rising place.
pub(crate) type Segments = Arc<Vec<Arc<Segment>>>;

/// What is left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More at once.
    More,
    /// Nothing until the store changes.
    Done,
}

/// The state of an index, for people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndexStatus {
    /// Whether it has been read from disk; until then every search scans.
    pub loaded: bool,
    /// Messages that it holds, each stored body once, those included that have gone since.
    pub documents: u64,
    /// Files.
    pub segments: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Different trigrams of all messages together.
    pub entries: u64,
    /// Bodies in the store.
    pub bodies: u64,
}

/// The search index of one store.
pub struct SearchIndex {
    pub(crate) store: Arc<Store>,
    pub(crate) dir: PathBuf,
    /// `None` until it has been loaded.
    segments: Mutex<Option<Segments>>,
    work: Mutex<Work>,
    pub(crate) stop: AtomicBool,
    /// Something was given up and is to be made again, though the store has not changed.
    pub(crate) wanting: AtomicBool,
}

/// What only the thread that works on the index touches.
#[derive(Default)]
pub(crate) struct Work {
    /// Number of the next file.
    next: u64,
    /// Messages added since segments were merged.
    pub(crate) added: u64,
}

impl Work {
    /// The identity of the next file.
    pub(crate) fn identity(&mut self, index: &SearchIndex) -> Identity {
        self.next += 1;
        Identity {
            store: index.store.identity(),
            number: self.next,
        }
    }
}

impl SearchIndex {
    /// The index of a store; nothing is read yet.
    pub fn new(store: &Arc<Store>) -> Arc<Self> {
        Arc::new(Self {
            store: Arc::clone(store),
            dir: store.dir().join(DIRECTORY),
            segments: Mutex::new(None),
            work: Mutex::default(),
            stop: AtomicBool::new(false),
            wanting: AtomicBool::new(false),
        })
    }

    /// Ends what is being done, waits for that, and does nothing any more.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
        drop(self.work.lock());
    }

    /// The state of the index.
    pub fn status(&self) -> IndexStatus {
        let bodies = self.store.body_count();
        let Some(segments) = self.segments() else {
            return IndexStatus {
                bodies,
                ..IndexStatus::default()
            };
        };
        let sum = |of: fn(&Segment) -> u64| segments.iter().map(|segment| of(segment)).sum();
        IndexStatus {
            loaded: true,
            documents: sum(|segment| segment.foot.documents.into()),
            segments: segments.len() as u64,
            bytes: sum(|segment| segment.foot.bytes),
            entries: sum(|segment| segment.foot.entries),
            bodies,
        }
    }

    /// The segments as they are now; `None` before they have been loaded.
    pub(crate) fn segments(&self) -> Option<Segments> {
        self.segments.lock().clone()
    }

    /// Does some work: a batch of bodies, or tidying up. Blocks on the disk.
    pub(crate) fn step(&self, batch: &mut Batch, settings: &IndexSettings) -> Result<Progress, Refusal> {
        let mut work = self.work.lock();
        if self.stop.load(Ordering::Relaxed) {
            return Ok(Progress::Done);
        }
        if self.segments().is_none() {
            let (segments, last) = load::load(self).map_err(refusal)?;
            work.next = last;
            *self.segments.lock() = Some(Arc::new(segments));
        }
        self.wanting.store(false, Ordering::Relaxed);
        batch.clear();
        let filled = self.fill(&mut work, batch);
        batch.clear();
        match filled? {
            Progress::Done => tidy::tidy(self, &mut work, settings).map_err(refusal),
            Progress::More => Ok(Progress::More),
        }
    }

    /// Brings the index up to the store, blocking: for tests and measurements.
    pub fn catch_up(&self, settings: &IndexSettings) -> Result<(), Refusal> {
        let mut batch = Batch::new();
        while self.step(&mut batch, settings)? == Progress::More {}
        Ok(())
    }

    /// Indexes a batch of the first gap that holds bodies.
    fn fill(&self, work: &mut Work, batch: &mut Batch) -> Result<Progress, Refusal> {
        for (after, to) in self.gaps() {
            let mut at = after;
            loop {
                let bodies = self.store.bodies(at, to, BODIES_AT_ONCE)?;
                for body in &bodies {
                    if self.stop.load(Ordering::Relaxed) {
                        return Ok(Progress::Done);
                    }
                    if let Err(unreadable) = batch.add(&self.store, *body) {
                        tracing::debug!(module = "STORAGE", "not indexed: {}", unreadable.detail);
                    }
                    at = Some((*body).into());
                    if batch.is_full() {
                        break;
                    }
                }
                let exhausted = bodies.len() < BODIES_AT_ONCE;
                if batch.is_full() || exhausted {
                    // A gap between segments that holds nothing more is closed.
                    let end = if exhausted && !batch.is_full() {
                        to.or(at)
                    } else {
                        at
                    };
                    if at == after {
                        break;
                    }
                    let Some(to) = end else { break };
                    self.write(work, batch, Stretch { after, to })?;
                    return Ok(Progress::More);
                }
            }
        }
        Ok(Progress::Done)
    }

    /// Places between segments, and behind the last.
    fn gaps(&self) -> Vec<(Option<BodyPlace>, Option<BodyPlace>)> {
        let mut gaps = Vec::new();
        let mut covered = None;
        for segment in self.segments().iter().flat_map(|segments| segments.iter()) {
            let stretch = segment.foot.stretch;
            if stretch.after > covered {
                gaps.push((covered, stretch.after));
            }
            covered = Some(stretch.to).max(covered);
        }
        gaps.push((covered, None));
        gaps
    }

    fn write(&self, work: &mut Work, batch: &mut Batch, stretch: Stretch) -> Result<(), Refusal> {
        let disk = self.store.disk();
        disk.create_dir_all(&self.dir)
            .map_err(|error| refusal(Unread::Disk(error)))?;
        work.added += batch.documents() as u64;
        let identity = work.identity(self);
        if let Some(segment) = batch.write(self, identity, stretch).map_err(refusal)? {
            self.replace(&[], Some(segment));
        }
        Ok(())
    }

    /// Puts a segment in the place of others, whose files go.
    pub(crate) fn replace(&self, old: &[Arc<Segment>], new: Option<Segment>) {
        let mut segments = self.segments.lock();
        let mut next: Vec<Arc<Segment>> = segments
            .iter()
            .flat_map(|segments| segments.iter())
            .cloned()
            .collect();
        next.retain(|segment| !old.iter().any(|old| Arc::ptr_eq(old, segment)));
        next.extend(new.map(Arc::new));
        next.sort_by_key(|segment| segment.foot.stretch.to);
        *segments = Some(Arc::new(next));
        for segment in old {
            segment.doom();
        }
    }

    /// A segment cannot be read: what it covers is indexed again.
    pub(crate) fn discard(&self, segment: &Arc<Segment>) {
        tracing::warn!(
            module = "STORAGE",
            "{}: segment {} of the search index is damaged and is made again",
            self.dir.display(),
            segment.number()
        );
        self.replace(std::slice::from_ref(segment), None);
        self.wanting.store(true, Ordering::Relaxed);
    }
}

/// Whether a segment is to be given up because of this; everything else may pass.
pub(crate) fn is_lost(unread: &Unread) -> bool {
    match unread {
        Unread::Damaged => true,
        Unread::Disk(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

pub(crate) fn refusal(unread: Unread) -> Refusal {
    match unread {
        Unread::Damaged => Refusal::new(Cause::StorageFailure, "search index: damaged"),
        Unread::Disk(error) => Refusal::new(Cause::StorageFailure, format!("search index: {error}")),
    }
}
