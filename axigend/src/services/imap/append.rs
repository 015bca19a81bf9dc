//! Messages on their way in by APPEND.
//!
//! They are held in memory until the store has them: the store takes all messages of a command in one write. What all
//! sessions together hold is bounded; beyond that a client is asked to come back later.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use axigen_shared::{Cause, Refusal};
use axigend_storage::{BodySource, MailboxLimits, MailboxUsage};
use bytes::Bytes;

/// Bytes that all sessions together may hold of messages being appended.
const HELD_MAX: u64 = 256 * 1024 * 1024;
/// What a message's buffer is given at once: more is given when bytes come, not when they are announced.
const FIRST_ROOM: u64 = 64 * 1024;

static HELD: AtomicU64 = AtomicU64::new(0);

/// The messages of one APPEND command.
#[derive(Default)]
pub(super) struct Appending {
    begun: Vec<Vec<u8>>,
    announced: u64,
    /// This session's share of what is held.
    share: u64,
}

impl Appending {
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
        let held = HELD.fetch_add(size, Ordering::Relaxed).saturating_add(size);
        self.share = self.share.saturating_add(size);
        if held > HELD_MAX {
            self.clear();
            return Err(Refusal::new(
                Cause::StorageFull,
                format!("{held} bytes of messages are being appended"),
            ));
        }
        self.announced = announced;
        self.begun.push(Vec::with_capacity(
            usize::try_from(size.min(FIRST_ROOM)).unwrap_or(0),
        ));
        Ok(())
    }

    /// The next bytes of the message begun last.
    pub(super) fn chunk(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let Some(message) = self.begun.last_mut() else {
            return Err(Refusal::new(Cause::Internal, "message bytes without a message"));
        };
        message.extend_from_slice(bytes);
        Ok(())
    }

    /// All messages, whole.
    pub(super) fn take(&mut self) -> Vec<Arc<dyn BodySource>> {
        let bodies = std::mem::take(&mut self.begun);
        bodies
            .into_iter()
            .map(|body| Arc::new(Bytes::from(body)) as Arc<dyn BodySource>)
            .collect()
    }

    /// Drops what there is and gives its share back. To be called when the store is done with what was taken.
    pub(super) fn clear(&mut self) {
        self.begun.clear();
        self.announced = 0;
        HELD.fetch_sub(std::mem::take(&mut self.share), Ordering::Relaxed);
    }
}

impl Drop for Appending {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::Appending;
    use axigen_shared::Cause;
    use axigend_storage::{MailboxLimits, MailboxUsage};

    #[test]
    fn quotas_hold_for_all_messages_of_a_command() {
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
        let mut appending = Appending::default();
        assert_eq!(appending.chunk(b"x").unwrap_err().cause, Cause::Internal);
        appending.begin(500, usage, limits).unwrap();
        appending.chunk(b"abc").unwrap();
        assert_eq!(
            appending.begin(1000, usage, limits).unwrap_err().cause,
            Cause::OverQuota
        );
        appending.begin(100, usage, limits).unwrap();
        assert_eq!(
            appending.begin(1, usage, limits).unwrap_err().cause,
            Cause::OverQuota
        );
        let bodies = appending.take();
        assert_eq!(bodies.iter().map(|body| body.len()).collect::<Vec<_>>(), [3, 0]);
        appending.clear();
        assert_eq!(appending.share, 0);
    }
}
