//! Messages on their way in by APPEND.
//!
//! All bytes of a command go into one [`SpooledBody`] one after the other: a session holds a bounded piece of them in
//! memory and the rest in one file, whatever it announces and however many messages it sends. Announcing alone takes
//! nothing from anybody. The store takes all messages of a command in one write, each as a [`Part`] of what there is,
//! with the summary made while it came.

use std::{io, sync::Arc};

use axigen_shared::{Cause, Refusal};
use axigend_message::Summarizer;
use axigend_queue::{Queue, SpooledBody};
use axigend_storage::{BodySource, MailboxLimits, MailboxUsage, Noted};
use bytes::Bytes;

/// Most bytes of all messages of one command: the store writes them at once, and while it does others wait.
const COMMAND_MAX: u64 = 256 * 1024 * 1024;

/// Bytes of summaries held for one command: those of many strange messages at once can be made when they are read.
const SUMMARIES_MAX: usize = 256 * 1024;

/// The messages of one APPEND command.
pub(super) struct Appending {
    queue: Arc<Queue>,
    /// Where each message begins in `bytes`.
    begun: Vec<u64>,
    bytes: Option<SpooledBody>,
    announced: u64,
    summaries: Summaries,
}

/// Summaries of the messages of one command.
#[derive(Default)]
struct Summaries {
    /// Of the messages that are whole, as far as there is room.
    whole: Vec<Option<Bytes>>,
    size: usize,
    /// Of the message begun last.
    open: Option<Summarizer>,
}

impl Summaries {
    /// The message begun last is whole.
    fn end(&mut self) {
        let Some(open) = self.open.take() else { return };
        let summary = open.finish().encoded().clone();
        self.size += summary.len();
        self.whole.push((self.size <= SUMMARIES_MAX).then_some(summary));
    }

    /// The next message begins.
    fn begin(&mut self) {
        self.end();
        self.open = Some(Summarizer::new());
    }
}

impl Appending {
    /// Nothing yet; large messages go to this queue's spool.
    pub(super) fn new(queue: Arc<Queue>) -> Self {
        Self {
            queue,
            begun: Vec::new(),
            bytes: None,
            announced: 0,
            summaries: Summaries::default(),
        }
    }

    /// A message of this size will come.
    pub(super) fn begin(
        &mut self,
        size: u64,
        usage: MailboxUsage,
        limits: MailboxLimits,
    ) -> Result<(), Refusal> {
        let announced = self.announced.saturating_add(size);
        let coming = self.begun.len() as u64 + 1;
        let over = |used: u64, limit: u64| limit > 0 && used > limit;
        if over(
            usage.size.saturating_add(announced).div_ceil(1024),
            limits.total_size_kb,
        ) || over(usage.messages.saturating_add(coming), limits.total_count)
        {
            return Err(Refusal::new(
                Cause::OverQuota,
                format!("{size} more bytes pass the account's quota"),
            ));
        }
        if announced > COMMAND_MAX {
            return Err(Refusal::new(
                Cause::TooLarge,
                format!("{announced} bytes in one command, the limit is {COMMAND_MAX}"),
            ));
        }
        self.announced = announced;
        self.summaries.begin();
        self.begun.push(self.bytes.as_ref().map_or(0, SpooledBody::len));
        Ok(())
    }

    /// The next bytes of the message begun last. After an error nothing of the command is left.
    pub(super) async fn chunk(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        if self.begun.is_empty() {
            return Err(Refusal::new(Cause::Internal, "message bytes without a message"));
        }
        let spooled = self.bytes.get_or_insert_with(|| self.queue.spooled());
        if let Some(open) = &mut self.summaries.open {
            open.feed(bytes);
        }
        spooled.expect(self.announced);
        let taken = spooled.chunk(bytes).await;
        if taken.is_err() {
            self.clear();
        }
        taken
    }

    /// All messages, whole.
    pub(super) async fn take(&mut self) -> Result<Vec<Arc<dyn BodySource>>, Refusal> {
        let spooled = self.bytes.get_or_insert_with(|| self.queue.spooled());
        let whole = spooled.finish().await?;
        let begun = std::mem::take(&mut self.begun);
        self.summaries.end();
        let summaries = std::mem::take(&mut self.summaries).whole;
        let ends = begun.iter().skip(1).copied().chain([whole.len()]);
        Ok(begun
            .iter()
            .zip(ends)
            .zip(summaries)
            .map(|((from, end), summary)| {
                let part = Arc::new(Part {
                    whole: Arc::clone(&whole),
                    from: *from,
                    len: end.saturating_sub(*from),
                });
                match summary {
                    Some(note) => Arc::new(Noted { body: part, note }) as Arc<dyn BodySource>,
                    None => part,
                }
            })
            .collect())
    }

    /// Drops what there is, its file too.
    pub(super) fn clear(&mut self) {
        self.begun.clear();
        self.bytes = None;
        self.announced = 0;
        self.summaries = Summaries::default();
    }
}

/// One message of those received together.
struct Part {
    whole: Arc<dyn BodySource>,
    from: u64,
    len: u64,
}

impl BodySource for Part {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        let left = self.len.saturating_sub(offset);
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buf.len());
        self.whole
            .read_at(self.from.saturating_add(offset), buf.split_at_mut(most).0)
    }
}

#[cfg(test)]
mod tests {
    use std::{path::Path, sync::Arc};

    use super::Appending;
    use axigen_shared::Cause;
    use axigend_queue::{Queue, QueueOptions, SPOOL_MEMORY};
    use axigend_storage::{BodySource, Disk, FaultDisk, MailboxLimits, MailboxUsage};

    const EMPTY: MailboxUsage = MailboxUsage {
        size: 0,
        messages: 0,
        folders: 1,
    };

    fn queue(disk: &FaultDisk) -> Arc<Queue> {
        let options = QueueOptions {
            body_memory: 0,
            ..QueueOptions::default()
        };
        Queue::open(Path::new("/queue"), disk.shared(), options).expect("a queue")
    }

    fn spooled(disk: &FaultDisk) -> usize {
        disk.list(Path::new("/queue/incoming")).expect("incoming/").len()
    }

    fn content(body: &dyn BodySource) -> Vec<u8> {
        let mut bytes = vec![0; 2 * body.len() as usize + 10];
        let mut len = 0;
        loop {
            match body.read_at(len as u64, &mut bytes[len..]).expect("bytes") {
                0 => break bytes[..len].to_vec(),
                count => len += count,
            }
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn quotas_hold_for_all_messages_of_a_command() {
        let limits = MailboxLimits {
            total_size_kb: 2,
            total_count: 3,
            ..MailboxLimits::default()
        };
        let usage = MailboxUsage {
            size: 1000,
            messages: 1,
            folders: 1,
        };
        let mut appending = Appending::new(queue(&FaultDisk::new()));
        assert_eq!(appending.chunk(b"x").await.unwrap_err().cause, Cause::Internal);
        appending.begin(500, usage, limits).unwrap();
        appending.chunk(b"abc").await.unwrap();
        assert_eq!(
            appending.begin(1000, usage, limits).unwrap_err().cause,
            Cause::OverQuota
        );
        appending.begin(100, usage, limits).unwrap();
        assert_eq!(
            appending.begin(1, usage, limits).unwrap_err().cause,
            Cause::OverQuota
        );
        let bodies = appending.take().await.unwrap();
        assert_eq!(bodies.iter().map(|body| body.len()).collect::<Vec<_>>(), [3, 0]);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn announcing_takes_nothing_from_others() {
        let disk = FaultDisk::new();
        let queue = queue(&disk);
        let used = disk.used();
        let idle: Vec<_> = (0..100)
            .map(|_| {
                let mut appending = Appending::new(Arc::clone(&queue));
                appending
                    .begin(super::COMMAND_MAX, EMPTY, MailboxLimits::default())
                    .expect("an announcement");
                appending
            })
            .collect();
        assert_eq!((disk.used(), spooled(&disk)), (used, 0));
        let mut one = Appending::new(Arc::clone(&queue));
        one.begin(1, EMPTY, MailboxLimits::default())
            .expect("room for one more");
        one.chunk(b"x").await.expect("room for its byte");
        assert_eq!(
            one.begin(super::COMMAND_MAX, EMPTY, MailboxLimits::default())
                .unwrap_err()
                .cause,
            Cause::TooLarge
        );
        drop(idle);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn large_commands_lie_in_one_file_until_they_are_dropped() {
        let disk = FaultDisk::new();
        let queue = queue(&disk);
        let mut appending = Appending::new(Arc::clone(&queue));
        let messages: Vec<Vec<u8>> = [10, 3 * SPOOL_MEMORY + 7, 1, SPOOL_MEMORY]
            .iter()
            .enumerate()
            .map(|(number, len)| vec![b'a' + number as u8; *len])
            .collect();
        for message in &messages {
            appending
                .begin(message.len() as u64, EMPTY, MailboxLimits::default())
                .expect("a message");
            for piece in message.chunks(60_000) {
                appending.chunk(piece).await.expect("its bytes");
            }
        }
        assert_eq!(spooled(&disk), 1);
        let bodies = appending.take().await.expect("bodies");
        appending.clear();
        // The names go, what the store still has to read does not.
        let found: Vec<_> = bodies.iter().map(|body| content(&**body)).collect();
        assert!(found == messages, "other bytes");
        queue.close();
        assert_eq!(spooled(&disk), 0);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_full_disk_refuses_and_nothing_is_left() {
        let disk = FaultDisk::new();
        let queue = queue(&disk);
        disk.set_capacity(Some(disk.used() + 2 * SPOOL_MEMORY as u64));
        let mut appending = Appending::new(Arc::clone(&queue));
        appending
            .begin(1 << 20, EMPTY, MailboxLimits::default())
            .expect("an announcement");
        let mut outcome = Ok(());
        for _ in 0..16 {
            if outcome.is_ok() {
                outcome = appending.chunk(&vec![b'x'; 1 << 16]).await;
            }
        }
        assert_eq!(outcome.unwrap_err().cause, Cause::StorageFull);
        queue.close();
        assert_eq!(spooled(&disk), 0);
    }
}
