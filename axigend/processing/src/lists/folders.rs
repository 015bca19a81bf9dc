//! The folders of a list's mailbox (domains-groupware, "Posting and moderation folders").

use axigen_shared::{Cause, Refusal};
use axigend_directory::MailingList;
use axigend_storage::Mailbox;

use crate::processing::Processing;

/// Posts that were or will be distributed.
pub(crate) const INBOX: &str = "INBOX";
/// Posts that wait for the moderator.
pub(crate) const PENDING: &str = "Pending";
/// Moving a post here rejects it.
pub(crate) const REJECT: &str = "Reject";
/// Rejected posts.
pub(crate) const DELETED: &str = "Deleted";
/// Subscriptions that wait for the subscriber.
pub(crate) const REQUESTS: &str = "Requests";
/// Subscriptions that wait for the administrator.
pub(crate) const PENDING_REQUESTS: &str = "PendingRequests";
/// Moving a subscription here approves it.
pub(crate) const CONFIRMED_REQUESTS: &str = "ConfirmedRequests";

/// All but INBOX.
const OWN: [&str; 6] = [
    PENDING,
    REJECT,
    DELETED,
    REQUESTS,
    PENDING_REQUESTS,
    CONFIRMED_REQUESTS,
];

impl Processing {
    /// Makes the folders of a list's mailbox, as far as they are missing.
    pub async fn list_folders(&self, list: &MailingList) -> Result<(), Refusal> {
        let mailbox = &list.mailbox;
        let store = self.stores.get(&mailbox.message_dir)?;
        make(&store.mailbox(mailbox.id), list).await
    }
}

pub(crate) async fn make(mailbox: &Mailbox, list: &MailingList) -> Result<(), Refusal> {
    mailbox.create_default_folders().await?;
    for name in OWN {
        match mailbox
            .create_folder(name, None, list.mailbox.mailbox_limits)
            .await
        {
            Ok(_) => {}
            Err(refusal) if refusal.cause == Cause::AlreadyExists => {}
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(())
}
