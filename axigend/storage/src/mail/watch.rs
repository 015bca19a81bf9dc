//! Who wants to know when a mailbox changes (IDLE).

use std::{collections::HashMap, sync::Arc};

use parking_lot::Mutex;
use tokio::sync::watch;

use super::types::AccountId;

/// Mailboxes with a channel before those nobody watches any more are dropped from the list.
const IDLE_LIMIT: usize = 1024;

/// The channels of all watched mailboxes of a store; the value is the mailbox's last MODSEQ.
#[derive(Default)]
pub(super) struct Watchers {
    channels: Mutex<HashMap<AccountId, watch::Sender<u64>>>,
}

impl Watchers {
    pub(super) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// A receiver that sees every commit from now on.
    pub(super) fn subscribe(&self, account: AccountId, modseq: u64) -> watch::Receiver<u64> {
        let mut channels = self.channels.lock();
        if channels.len() >= IDLE_LIMIT && !channels.contains_key(&account) {
            channels.retain(|_, channel| channel.receiver_count() > 0);
        }
        channels
            .entry(account)
            .or_insert_with(|| watch::Sender::new(modseq))
            .subscribe()
    }

    /// Whether anybody watches a mailbox.
    pub(super) fn are_watching(&self) -> bool {
        let mut channels = self.channels.lock();
        channels.retain(|_, channel| channel.receiver_count() > 0);
        !channels.is_empty()
    }

    /// Tells those who watch.
    pub(super) fn tell(&self, account: AccountId, modseq: u64) {
        let mut channels = self.channels.lock();
        let Some(channel) = channels.get(&account) else {
            return;
        };
        if channel.receiver_count() == 0 {
            channels.remove(&account);
        } else {
            channel.send_replace(modseq);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_nobody_watches_are_dropped() {
        let watchers = Watchers::new();
        let mut kept = watchers.subscribe(0, 1);
        for account in 1..3 * IDLE_LIMIT as u64 {
            drop(watchers.subscribe(account, 1));
        }
        assert!(watchers.channels.lock().len() <= IDLE_LIMIT);
        watchers.tell(0, 7);
        assert_eq!(*kept.borrow_and_update(), 7);
        drop(kept);
        watchers.tell(0, 8);
        assert!(!watchers.channels.lock().contains_key(&0));
    }
}
