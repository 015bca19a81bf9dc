//! What a scan does about mail that nobody reaches: mailboxes without account, bodies without message.

use super::scan::{Purge, Scan, wait};
use axigen_shared::Refusal;
use axigend_storage::{AccountId, BodyRef, Flags, Mailbox, MailboxLimits, NewMessage, Store};
use std::sync::Arc;

/// Folder that messages nobody referred to are put into.
const RECOVERED: &str = "Recovered";

impl Scan<'_> {
    /// A mailbox that has no account is reached by nobody.
    pub(super) fn reachable(&mut self, store: &Arc<Store>, id: AccountId) -> Result<(), Refusal> {
        let usage = store.mailbox(id).usage()?;
        // Of a mailbox that was removed only the counters are left.
        if usage.folders > 0 && self.names.find(id)?.is_none() {
            self.problems(vec![format!(
                "mailbox {id} has no account, so nobody reaches its {} folders and {} messages: RECOVER accounts",
                usage.folders, usage.messages
            )]);
        }
        Ok(())
    }

    /// Bodies that no message refers to: those that are wanted come into a folder, and with that or a purge they go.
    pub(super) fn orphans(&mut self, store: &Arc<Store>) -> Result<(), Refusal> {
        let target = self.wanted.recover_to.clone();
        if target.is_none() && self.wanted.purge != Purge::Hard {
            return Ok(());
        }
        if let Some(target) = &target {
            let mut recovered = 0_u64;
            for body in store.orphans()? {
                recovered += u64::from(self.recover(store, body, target)?);
            }
            if recovered > 0 {
                self.task
                    .say(format!("{recovered} messages are in the folder {RECOVERED} now"));
            }
        }
        for line in store.repair_books()? {
            self.task.say(line);
        }
        Ok(())
    }

    fn recover(&self, store: &Arc<Store>, body: BodyRef, target: &Mailbox) -> Result<bool, Refusal> {
        let source = store.mailbox(target.owner()).body_source(body);
        if let Err(refusal) = store.ledger().verify_body_blocking(body) {
            self.task.say(format!("not recovered: {}", refusal.detail));
            return Ok(false);
        }
        if target.folder(RECOVERED).is_err() {
            wait(target.create_folder(RECOVERED, None, MailboxLimits::default()))?;
        }
        let message = NewMessage {
            body: Arc::new(source),
            flags: Flags::default(),
            internal_date: jiff::Timestamp::now().as_second(),
        };
        wait(target.append(RECOVERED, vec![message], MailboxLimits::default()))?;
        Ok(true)
    }
}
