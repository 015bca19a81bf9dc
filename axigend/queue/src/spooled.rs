//! Bytes on their way in that nobody answers for yet: in memory while there is room, else in a file of the spool.
//!
//! What one of these holds in memory is bounded whatever was announced or arrives, and what all hold together has one budget
//! ([`crate::QueueOptions::body_memory`]). Dropping it leaves nothing behind;
//! a body made of it holds the file open and can still be read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axigen_shared::{Cause, Refusal};
use axigend_storage::{BodySource, DiskFile};
use bytes::Bytes;

use crate::memory::Grant;
use crate::queue::Queue;
use crate::spool::{HeldBody, Spool, SpoolFile};

/// Bodies up to this size are never written to the spool; most mail is smaller. It bounds what one conversation holds
/// in memory beside the common budget (twice: this much, and a piece of [`SPOOL_PIECE`] being written).
pub const SPOOL_MEMORY: usize = 128 * 1024;
/// What is asked of the budget at once.
const STEP: usize = 1 << 20;
/// Most that one body gets of the budget: so few bodies that are larger do not take it from all others.
const BODY_MOST: usize = 16 << 20;
/// Most that a body has beyond what its sender announced: the header fields that a server puts in front.
const UNEXPECTED: usize = 4096;
/// What is gathered before it goes to the spool file in one write.
const SPOOL_PIECE: usize = SPOOL_MEMORY;

/// Names of spool files that have no queue id; the process's start empties the directory, so they begin at 0 again.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// A body being received. From [`Queue::spooled`].
pub struct SpooledBody {
    spool: Arc<Spool>,
    name: String,
    /// Bytes not in the file.
    held: Vec<u8>,
    /// Room for them beyond [`SPOOL_MEMORY`].
    grant: Grant,
    file: Option<Arc<dyn DiskFile>>,
    /// What was announced; 0 if nothing was.
    expected: usize,
    /// The file was asked for: it may be there even if nobody got to know.
    named: bool,
    /// Bytes in the file.
    spooled: u64,
    /// A write failed or was left in the middle: what was taken is not the body.
    broken: bool,
}

impl Queue {
    /// Begins a body that will not become an entry of the queue (IMAP APPEND), in the queue's spool.
    pub fn spooled(&self) -> SpooledBody {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        SpooledBody::new(Arc::clone(&self.spool), format!("body-{number}"))
    }
}

impl SpooledBody {
    /// An empty body whose file, if it comes to that, has this name.
    pub(crate) fn new(spool: Arc<Spool>, name: String) -> Self {
        Self {
            grant: Grant::of(&spool.memory),
            spool,
            name,
            held: Vec::new(),
            file: None,
            expected: 0,
            named: false,
            spooled: 0,
            broken: false,
        }
    }

    /// Bytes taken so far.
    pub fn len(&self) -> u64 {
        self.spooled + self.held.len() as u64
    }

    /// Whether no byte was taken yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the next bytes; `StorageFull`, `StorageFailure`. After an error no body can be made any more.
    pub async fn chunk(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.refuse_if_broken()?;
        if self.file.is_none() {
            // Whoever stops waiting here has not handed over these bytes.
            self.broken = true;
            self.make_room(bytes.len()).await;
            self.broken = false;
        }
        self.held.extend_from_slice(bytes);
        if self.held.len() <= SPOOL_PIECE.saturating_add(self.grant.bytes() as usize) {
            return Ok(());
        }
        self.spill().await
    }

    /// The body will have about this many bytes. Only a hint, and nothing is set aside before more than [`SPOOL_MEMORY`]
    /// of them are there: then room for the whole body is asked for at once, and waited for a little while, instead of
    /// piece by piece until it ends, when all that was held would have to go to the file.
    pub fn expect(&mut self, bytes: u64) {
        self.expected = usize::try_from(bytes).unwrap_or(usize::MAX);
    }

    /// Asks the budget for what more bytes need; without room they go to the file.
    async fn make_room(&mut self, more: usize) {
        let wanted = self.held.len().saturating_add(more);
        let have = SPOOL_MEMORY + self.grant.bytes() as usize;
        if wanted <= have || wanted.max(self.expected) > BODY_MOST {
            return;
        }
        let whole = wanted.max(self.expected.saturating_add(UNEXPECTED));
        let step = (whole - have).next_multiple_of(STEP);
        let has_room = if self.expected >= wanted && self.grant.bytes() == 0 {
            self.grant.begin(step as u64).await
        } else {
            self.grant.grow(step as u64)
        };
        if has_room {
            // No more than was asked for: a vector left to itself doubles.
            self.held.reserve_exact(have + step - self.held.len());
        }
    }

    fn refuse_if_broken(&self) -> Result<(), Refusal> {
        if self.broken {
            return Err(Refusal::new(
                Cause::StorageFailure,
                "the incoming body was not written whole",
            ));
        }
        Ok(())
    }

    /// Puts what is held into the file.
    async fn spill(&mut self) -> Result<(), Refusal> {
        self.broken = true;
        let file = if let Some(file) = &self.file {
            Arc::clone(file)
        } else {
            self.named = true;
            Arc::clone(self.file.insert(self.spool.create(&self.name).await?))
        };
        let piece = std::mem::take(&mut self.held);
        let length = piece.len() as u64;
        self.spool.write(&file, self.spooled, piece).await?;
        self.spooled += length;
        self.grant.release();
        self.broken = false;
        Ok(())
    }

    /// The whole body, asked for once. The file's name goes when this value is dropped, its bytes with the body.
    pub async fn finish(&mut self) -> Result<Arc<dyn BodySource>, Refusal> {
        self.refuse_if_broken()?;
        if self.file.is_some() && !self.held.is_empty() {
            self.spill().await?;
        }
        if let Some(file) = &self.file {
            return Ok(Arc::new(SpoolFile {
                file: Arc::clone(file),
                len: self.spooled,
            }));
        }
        let bytes = Bytes::from(std::mem::take(&mut self.held));
        let empty = Grant::of(&self.spool.memory);
        let grant = std::mem::replace(&mut self.grant, empty);
        Ok(Arc::new(HeldBody { bytes, _grant: grant }))
    }
}

impl Drop for SpooledBody {
    fn drop(&mut self) {
        if self.named {
            self.spool.remove(&self.name);
        }
    }
}
