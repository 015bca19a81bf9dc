//! The mailbox of one account in the eyes of another: shared folders of other users and public folders.
//!
//! Who may do that, and whose \Seen a right to "share read/unread status" changes, is decided before: with that right the
//! mailbox is used as it is, without it through [`Mailbox::open_as`]. What a reader's \Seen is kept in is in `seen`.

use std::sync::Arc;

use axigen_shared::Refusal;

use super::{
    STEP, look,
    mailbox::Mailbox,
    numbers::FolderNumbers,
    seen,
    types::{AccountId, Changed, FolderId, FolderInfo},
};
use crate::{container::on_storage_thread, ledger::Snapshot};

impl Mailbox {
    /// The same mailbox as another account of the domain sees it: what it reads is \Seen for this reader alone, in every
    /// folder. Everything else is the owner's: other flags, keywords, \Recent, names, quotas. All that is asked of the
    /// mailbox so opened counts the reader's \Seen: flags of messages, unseen messages of folders, changes and their
    /// MODSEQ. For the owner this is the mailbox itself.
    #[must_use]
    pub fn open_as(&self, reader: AccountId) -> Self {
        Self {
            reader: Some(reader).filter(|reader| *reader != self.owner),
            ..self.clone()
        }
    }

    /// Who looks into it; its owner unless it was opened as another.
    pub fn reader(&self) -> AccountId {
        self.reader.unwrap_or(self.owner)
    }

    /// Forgets what a reader has seen in all folders: for an account that is gone.
    pub async fn forget_reader(&self, reader: AccountId) -> Result<(), Refusal> {
        for folder in self.folders()? {
            loop {
                let id = folder.id;
                let left = self
                    .write(move |txn, owner, _, _| seen::forget(txn, owner, id, Some(reader), STEP))
                    .await?;
                if left > 0 {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Which messages changed and which went after a MODSEQ: all of them, so on a storage thread.
    pub async fn changed_since(&self, folder: FolderId, modseq: u64) -> Result<Changed, Refusal> {
        let (store, owner, reader) = (Arc::clone(&self.store), self.owner, self.reader);
        on_storage_thread(move || {
            let read = |snapshot: &Snapshot<'_>| look::changed_since(snapshot, owner, folder, reader, modseq);
            store.ledger.read(read)
        })
        .await
    }

    /// A folder with the reader's count of unseen messages.
    pub(super) fn as_read(
        &self,
        snapshot: &Snapshot<'_>,
        mut info: FolderInfo,
    ) -> Result<FolderInfo, Refusal> {
        if let Some(reader) = self.reader.filter(|_| info.messages > 0) {
            let numbers = self.store.numbers.load(snapshot, self.owner, info.id)?;
            (info.unseen, _) = seen::unseen(snapshot, self.owner, info.id, reader, &numbers.uids)?;
        }
        Ok(info)
    }

    /// The numbers of a folder with the reader's first unseen message.
    pub(super) async fn numbers_as_read(
        &self,
        folder: FolderId,
        mut numbers: FolderNumbers,
    ) -> Result<FolderNumbers, Refusal> {
        let Some(reader) = self.reader else {
            return Ok(numbers);
        };
        let (store, owner) = (Arc::clone(&self.store), self.owner);
        on_storage_thread(move || {
            let unseen =
                |snapshot: &Snapshot<'_>| seen::unseen(snapshot, owner, folder, reader, &numbers.uids);
            (_, numbers.first_unseen) = store.ledger.read(unseen)?;
            Ok(numbers)
        })
        .await
    }
}
