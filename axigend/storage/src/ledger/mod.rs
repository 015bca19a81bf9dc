//! The ledger: named tables and message bodies that survive a power cut together.
//!
//! Containers are both the home of the bodies and the log of every change (`container`); the tables live in redb,
//! which follows without being waited for. One committer thread takes the operations that wait, runs them in order,
//! appends their bodies and mutations, syncs once and makes them visible (`committer`). At open, redb's last durable
//! commit says up to where it knows the log, and the rest is replayed (`replay`). So the price of a write is its
//! share of one `fdatasync`, and redb's own, larger price is paid once per checkpoint. Space comes back by moving
//! what lives out of old containers and restating the log, on line (`compact`).
//!
//! Enter with [`Ledger::open`], change with [`Ledger::write`], look with [`Ledger::read`].

mod backend;
mod bodies;
mod check;
mod committer;
mod compact;
mod core;
mod freeze;
mod guard;
mod index;
mod job;
mod mutation;
mod nature;
mod notes;
mod open;
mod options;
mod reading;
mod recount;
mod replay;
mod shared;
mod snapshot;
mod statistics;
mod stored_body;
mod tables;
mod txn;
mod waiting;
mod watched;

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Arc, atomic::Ordering},
};

use axigen_shared::{Cause, Refusal};
use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::{asking, body::BodyRef, container::on_storage_thread, disk::Disk, error::damaged};
use committer::Thread;
use job::Work;

pub use compact::{CompactOptions, Compacted, Progress};
pub use freeze::Frozen;
pub use nature::LedgerFacts;
pub use notes::NotesUsage;
pub use options::{LedgerOptions, LedgerUsage};
pub(crate) use shared::Opened;
use shared::Shared;
pub use snapshot::Snapshot;
pub use statistics::{Counted, OwnerCounted, Statistics};
pub use stored_body::StoredBody;
pub(crate) use tables::{View, Visit};
pub use txn::Txn;

/// An open ledger. Dropping it closes it; [`Ledger::close`] says whether that went well.
pub struct Ledger {
    shared: Arc<Shared>,
    thread: Mutex<Option<Thread>>,
    /// Held by the compaction that runs.
    compacting: Mutex<()>,
}

impl Ledger {
    /// Opens the ledger in `dir`, creates it when there is none, and brings its index up to the log.
    pub fn open(dir: &Path, disk: Arc<dyn Disk>, options: LedgerOptions) -> Result<Arc<Self>, Refusal> {
        let (shared, thread) = committer::start(dir, disk, options)?;
        Ok(Arc::new(Self {
            shared,
            thread: Mutex::new(Some(thread)),
            compacting: Mutex::default(),
        }))
    }

    /// Finishes what waits, writes a checkpoint and closes all files. Later calls on the ledger are refused.
    pub fn close(&self) -> Result<(), Refusal> {
        self.shared.close();
        let Some(thread) = self.thread.lock().take() else {
            return Ok(());
        };
        thread
            .join()
            .unwrap_or_else(|_| Err(Refusal::new(Cause::Internal, "the committer panicked")))
    }

    /// Runs `work` on the committer thread, all or nothing. `Ok` comes after the effect is on disk and visible;
    /// several writers share one sync. Dropping the future does not take the work back.
    pub async fn write<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Txn<'_>) -> Result<R, Refusal> + Send + 'static,
    ) -> Result<R, Refusal> {
        let (answer, result) = oneshot::channel();
        // Who asked may have gone; the work is done all the same.
        self.shared
            .submit(Work::boxed(work, move |outcome| drop(answer.send(outcome))))?;
        result.await.unwrap_or_else(|_| Err(lost()))
    }

    /// As [`Ledger::write`], blocking the calling thread.
    pub fn write_blocking<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Txn<'_>) -> Result<R, Refusal> + Send + 'static,
    ) -> Result<R, Refusal> {
        let (answer, result) = std::sync::mpsc::sync_channel(1);
        self.shared
            .submit(Work::boxed(work, move |outcome| drop(answer.send(outcome))))?;
        result.recv().unwrap_or_else(|_| Err(lost()))
    }

    /// Runs `work` as [`Ledger::write`] does, without waiting. For what may be lost.
    pub fn post(&self, work: impl FnOnce(&mut Txn<'_>) -> Result<(), Refusal> + Send + 'static) {
        let note = |outcome: Result<(), Refusal>| {
            if let Err(refusal) = outcome {
                tracing::debug!(module = "STORAGE", "not written: {refusal}");
            }
        };
        note(self.shared.submit(Work::boxed(work, note)));
    }

    /// Looks at the tables as of the last commit. Never waits for writers, but for the disk when pages are not in memory;
    /// who must not wait asks through [`crate::ask`]. Keep `work` short: what it looks at is
    /// pinned meanwhile.
    pub fn read<R>(&self, work: impl FnOnce(&Snapshot<'_>) -> Result<R, Refusal>) -> Result<R, Refusal> {
        let tables = self.shared.tables()?;
        // redb does not look at the checksum of a page it reads, and may panic over what is in a damaged one.
        catch_unwind(AssertUnwindSafe(|| work(&Snapshot::new(&tables)))).unwrap_or_else(|cause| {
            asking::let_pass(cause);
            self.shared.suspect();
            Err(damaged("index"))
        })
    }

    /// Reads up to `len` bytes of a body from `offset`: from the page cache if it is there, else on a storage
    /// thread. A body read whole is checked against its checksum.
    pub async fn read_body(&self, body: BodyRef, offset: u64, len: usize) -> Result<Bytes, Refusal> {
        self.shared.read(body, offset, len).await
    }

    /// As [`Ledger::read_body`], blocking the calling thread.
    pub fn read_body_blocking(&self, body: BodyRef, offset: u64, len: usize) -> Result<Bytes, Refusal> {
        self.shared.read_blocking(body, offset, len)
    }

    /// Reads a whole body in pieces and checks it against its checksum.
    pub async fn verify_body(&self, body: BodyRef) -> Result<(), Refusal> {
        let shared = Arc::clone(&self.shared);
        on_storage_thread(move || shared.verify(body)).await
    }

    /// As [`Ledger::verify_body`], blocking the calling thread.
    pub fn verify_body_blocking(&self, body: BodyRef) -> Result<(), Refusal> {
        self.shared.verify(body)
    }

    /// A number that tells a body's record from any other that may ever stand at its place: checksums of its header
    /// and of its bytes. `None` when nothing can be read there. Blocking.
    pub(crate) fn fingerprint(&self, body: BodyRef) -> Option<u64> {
        self.shared.reader.fingerprint(body)
    }

    /// The checksum behind a body, where it lies now. Blocking.
    pub(crate) fn stored_checksum(&self, name: BodyRef) -> Option<u32> {
        let place = self.shared.place(name).ok().flatten().unwrap_or(name);
        // The lower half is that of the bytes.
        self.shared
            .reader
            .fingerprint(place)
            .map(|both| (both & u64::from(u32::MAX)) as u32)
    }

    /// Identity of the ledger, and where its log ended when it was opened.
    pub(crate) fn opened(&self) -> Opened {
        self.shared.opened
    }

    /// A number that rises with every commit.
    pub(crate) fn commits(&self) -> u64 {
        self.shared.commits.load(Ordering::Acquire)
    }

    /// A stored body as the source of another one, in this ledger or the next.
    pub fn body_source(self: &Arc<Self>, body: BodyRef) -> StoredBody {
        StoredBody::new(Arc::clone(self), body)
    }

    /// Gives space back, on line: bodies that live are moved out of containers with much free space, the log is
    /// restated, and the containers go. Blocks for as long as it takes, so it wants a thread of its own; writers find
    /// bounded pieces of it among their own operations. `InUse` when a compaction is running already; any other
    /// refusal ends it, and the ledger goes on with what was moved so far.
    pub fn compact(&self, options: CompactOptions, progress: &Progress) -> Result<Compacted, Refusal> {
        let running = self.compacting.try_lock();
        let _running =
            running.ok_or_else(|| Refusal::new(Cause::InUse, "a compaction is running already"))?;
        compact::compact(self, options, progress)
    }

    /// What the ledger takes on disk.
    pub fn usage(&self) -> LedgerUsage {
        self.shared.usage()
    }

    /// Whether writes wait for the disk from now on (`enableIOSynchronization`).
    pub fn set_sync(&self, sync: bool) {
        self.shared.sync.store(sync, Ordering::Relaxed);
    }

    /// Why writes are refused until a restart, if they are.
    pub fn failure(&self) -> Option<Refusal> {
        self.shared.failure()
    }

    /// Notes problems in the ledger's own books as of `snapshot`; with `full` reads and checks every body too.
    pub(crate) fn check(
        &self,
        snapshot: &Snapshot<'_>,
        full: bool,
        problems: &mut Vec<String>,
    ) -> Result<(), Refusal> {
        notes::check(snapshot.tables(), problems)?;
        // A body that was released meanwhile may be gone.
        let verify = |body| match self.shared.verify(body) {
            Err(refusal) if self.shared.place(body)?.is_some() => Err(refusal),
            _ => Ok(()),
        };
        bodies::check(snapshot.tables(), full.then_some(&verify), problems)
    }

    pub(super) fn read_into(&self, body: BodyRef, offset: u64, buf: &mut [u8]) -> std::io::Result<usize> {
        self.shared.read_into(body, offset, buf)
    }

    pub(super) fn compare_checksum(&self, body: BodyRef, crc: u32) -> std::io::Result<()> {
        self.shared.compare_checksum(body, crc)
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        if let Err(refusal) = self.close() {
            tracing::error!(module = "STORAGE", "closing a ledger: {refusal}");
        }
    }
}

fn lost() -> Refusal {
    Refusal::new(Cause::Internal, "the committer dropped an operation")
}
