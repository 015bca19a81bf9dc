//! A message on its way in: bytes are taken, nobody answers for them until [`Incoming::commit`] is done.
//!
//! Small messages stay in memory until the one synced write that makes them an entry; larger ones go to a spool
//! file, which that write copies. Dropping an [`Incoming`] leaves nothing behind.

use std::sync::Arc;

use axigen_shared::{Cause, Refusal};
use axigend_storage::{BodySource, DiskFile};
use bytes::Bytes;

use crate::envelope::Envelope;
use crate::id::QueueId;
use crate::queue::Queue;
use crate::spool::SpoolFile;

/// Messages up to this size are never written before their commit; most mail is smaller. It bounds what one
/// conversation holds in memory (twice: this much, and a piece of [`SPOOL_PIECE`] being written).
pub const SPOOL_MEMORY: usize = 128 * 1024;
/// What is gathered before it goes to the spool file in one write.
const SPOOL_PIECE: usize = SPOOL_MEMORY;

/// See the module. From [`Queue::incoming`].
pub struct Incoming {
    queue: Arc<Queue>,
    id: QueueId,
    /// Bytes not in the file.
    held: Vec<u8>,
    file: Option<Arc<dyn DiskFile>>,
    /// Bytes in the file.
    spooled: u64,
    /// A write failed or was left in the middle: what was taken is not the message.
    broken: bool,
    /// Why nothing is taken at all; the id is then nobody's.
    obstacle: Option<Refusal>,
    /// The id has passed to the entry.
    committed: bool,
}

impl Incoming {
    pub(crate) fn new(queue: Arc<Queue>, id: Result<QueueId, Refusal>) -> Self {
        let (id, obstacle) = match id {
            Ok(id) => (id, None),
            Err(refusal) => (QueueId::NOBODY, Some(refusal)),
        };
        Self {
            queue,
            id,
            held: Vec::new(),
            file: None,
            spooled: 0,
            broken: false,
            obstacle,
            committed: false,
        }
    }

    /// The id the entry will have, for the Received header.
    pub fn id(&self) -> QueueId {
        self.id
    }

    /// Bytes taken so far.
    pub fn len(&self) -> u64 {
        self.spooled + self.held.len() as u64
    }

    /// Whether no byte was taken yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the next bytes. After an error the message cannot be committed any more.
    pub async fn chunk(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.refuse_if_useless()?;
        self.held.extend_from_slice(bytes);
        if self.held.len() <= SPOOL_PIECE {
            return Ok(());
        }
        self.spill().await
    }

    /// Refuses when nothing can come of this message any more.
    fn refuse_if_useless(&self) -> Result<(), Refusal> {
        if self.broken {
            return Err(Refusal::new(
                Cause::StorageFailure,
                "the incoming message was not written whole",
            ));
        }
        self.obstacle.clone().map_or(Ok(()), Err)
    }

    /// Puts what is held into the file.
    async fn spill(&mut self) -> Result<(), Refusal> {
        self.broken = true;
        let file = match &self.file {
            Some(file) => Arc::clone(file),
            None => Arc::clone(self.file.insert(self.queue.spool.create(self.id).await?)),
        };
        let piece = std::mem::take(&mut self.held);
        let length = piece.len() as u64;
        self.queue.spool.write(&file, self.spooled, piece).await?;
        self.spooled += length;
        self.broken = false;
        Ok(())
    }

    /// Makes the message an entry. `Ok` means that envelope and body are on stable storage: only now may SMTP say
    /// 250 (RFC 5321, 4.2.5). When the caller goes away in the middle, the entry either is there whole or not at all.
    pub async fn commit(mut self, envelope: Envelope) -> Result<QueueId, Refusal> {
        if envelope.recipients.is_empty() {
            return Err(Refusal::new(
                Cause::Invalid,
                "a message without recipients cannot be queued",
            ));
        }
        let body = self.body().await?;
        self.queue.commit(self.id, envelope, body).await
    }

    /// The whole body; from now on the id belongs to the entry that is made of it.
    pub(crate) async fn body(&mut self) -> Result<Arc<dyn BodySource>, Refusal> {
        self.refuse_if_useless()?;
        if self.file.is_some() && !self.held.is_empty() {
            self.spill().await?;
        }
        self.committed = true;
        Ok(match &self.file {
            Some(file) => Arc::new(SpoolFile {
                file: Arc::clone(file),
                len: self.spooled,
            }),
            None => Arc::new(Bytes::from(std::mem::take(&mut self.held))),
        })
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if self.file.is_some() {
            self.queue.spool.remove(self.id);
        }
        if !self.committed && self.obstacle.is_none() {
            self.queue.desk.ready.lock().ids.release(self.id);
        }
    }
}
