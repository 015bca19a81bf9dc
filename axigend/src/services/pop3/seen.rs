//! \Seen of messages that RETR has sent, written without keeping the client waiting.
//!
//! A client that fetches a thousand messages would otherwise wait for a thousand syncs. The first mark is written at
//! once in the background; what comes meanwhile goes together in the next write. QUIT waits for all of them; after a
//! dropped connection the last ones are still written.

use axigend_storage::{FlagOp, Flags, FolderId, Mailbox, SystemFlags};
use tokio::{runtime::Handle, task::JoinHandle};
use tracing::{Instrument, Span};

/// Marks of one session.
pub(super) struct SeenMarks {
    mailbox: Mailbox,
    inbox: FolderId,
    waiting: Vec<u32>,
    running: Option<JoinHandle<()>>,
}

impl SeenMarks {
    pub(super) fn new(mailbox: Mailbox, inbox: FolderId) -> Self {
        Self {
            mailbox,
            inbox,
            waiting: Vec::new(),
            running: None,
        }
    }

    /// This message was sent.
    pub(super) fn note(&mut self, uid: u32) {
        self.waiting.push(uid);
        if self.running.as_ref().is_none_or(JoinHandle::is_finished) {
            let write = self.write();
            self.running = Some(tokio::spawn(write.instrument(Span::current())));
        }
    }

    /// Waits until everything noted is written.
    pub(super) async fn finish(&mut self) {
        if let Some(running) = self.running.take() {
            // A write that panicked was logged by the runtime; the marks are not worth more.
            let _ = running.await;
        }
        if !self.waiting.is_empty() {
            self.write().await;
        }
    }

    fn write(&mut self) -> impl Future<Output = ()> + Send + use<> {
        let (mailbox, inbox, uids) = (
            self.mailbox.clone(),
            self.inbox,
            std::mem::take(&mut self.waiting),
        );
        async move {
            let seen = Flags::system(SystemFlags::SEEN);
            if let Err(refusal) = mailbox.set_flags(inbox, uids, FlagOp::Add, seen, None).await {
                tracing::error!("messages sent could not be marked as seen: {refusal}");
            }
        }
    }
}

impl Drop for SeenMarks {
    fn drop(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let write = self.write();
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(write.instrument(Span::current()));
        }
    }
}
