//! A message on its way in: bytes are taken, nobody answers for them until [`Incoming::commit`] is done.
//!
//! Small messages stay in memory until the one synced write that makes them an entry; larger ones go to a spool
//! file, which that write copies. Dropping an [`Incoming`] leaves nothing behind.

use std::sync::Arc;

use axigen_shared::{Cause, Refusal};
use axigend_storage::BodySource;

use crate::envelope::Envelope;
use crate::id::QueueId;
use crate::queue::Queue;
use crate::spooled::SpooledBody;

/// See the module. From [`Queue::incoming`].
pub struct Incoming {
    queue: Arc<Queue>,
    id: QueueId,
    bytes: SpooledBody,
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
        let bytes = SpooledBody::new(Arc::clone(&queue.spool), id.to_string());
        Self {
            queue,
            id,
            bytes,
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
        self.bytes.len()
    }

    /// Whether no byte was taken yet.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Its sender announced this many bytes, see [`SpooledBody::expect`].
    pub fn expect(&mut self, bytes: u64) {
        self.bytes.expect(bytes);
    }

    /// Takes the next bytes. After an error the message cannot be committed any more.
    pub async fn chunk(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.refuse_if_useless()?;
        self.bytes.chunk(bytes).await
    }

    /// Refuses when the message has no id.
    fn refuse_if_useless(&self) -> Result<(), Refusal> {
        self.obstacle.clone().map_or(Ok(()), Err)
    }

    /// Makes the message an entry: [`Incoming::received`] and [`Received::enqueue`].
    pub async fn commit(self, envelope: Envelope) -> Result<QueueId, Refusal> {
        self.received().await?.enqueue(envelope).await
    }

    /// All bytes are there. Still nobody answers for them.
    pub async fn received(mut self) -> Result<Received, Refusal> {
        let body = self.body().await?;
        Ok(Received {
            queue: Arc::clone(&self.queue),
            id: self.id,
            body,
            is_entry: false,
        })
    }

    /// The whole body; from now on the id belongs to the entry that is made of it.
    pub(crate) async fn body(&mut self) -> Result<Arc<dyn BodySource>, Refusal> {
        self.refuse_if_useless()?;
        let body = self.bytes.finish().await?;
        self.committed = true;
        Ok(body)
    }
}

/// A message received whole, from [`Incoming::received`]: to be delivered at once by whoever can, or to become an
/// entry. Dropping it gives its id back and leaves nothing behind.
pub struct Received {
    queue: Arc<Queue>,
    id: QueueId,
    body: Arc<dyn BodySource>,
    /// The id has passed to the entry.
    is_entry: bool,
}

impl Received {
    /// The id it has in Received header and log.
    pub fn id(&self) -> QueueId {
        self.id
    }

    /// The message.
    pub fn body(&self) -> &Arc<dyn BodySource> {
        &self.body
    }

    /// Makes the message an entry. `Ok` means that envelope and body are on stable storage: only now may SMTP say
    /// 250 (RFC 5321, 4.2.5). When the caller goes away in the middle, the entry either is there whole or not at all.
    pub async fn enqueue(mut self, envelope: Envelope) -> Result<QueueId, Refusal> {
        if envelope.recipients.is_empty() {
            return Err(Refusal::new(
                Cause::Invalid,
                "a message without recipients cannot be queued",
            ));
        }
        self.is_entry = true;
        self.queue.commit(self.id, envelope, Arc::clone(&self.body)).await
    }

    /// The message is where it belongs without having been an entry: its id counts as used all the same, so that it
    /// is not given to another message after a restart.
    pub async fn finished(self) -> Result<(), Refusal> {
        self.queue.remember_ids().await
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        if !self.is_entry {
            self.queue.desk.ready.lock().ids.release(self.id);
        }
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.committed && self.obstacle.is_none() {
            self.queue.desk.ready.lock().ids.release(self.id);
        }
    }
}
