//! The mailbox of one account: everything the services do with mail goes through here.

use std::{ops::ControlFlow, sync::Arc};

use axigen_shared::Refusal;
use bytes::Bytes;
use tokio::sync::watch;

use super::{
    STEP,
    append::append,
    edit::Edit,
    flags::{FlagOp, Flags},
    folder_ops::{self, Rename, Step},
    look,
    message_ops::{self, FlagChange},
    names,
    numbers::FolderNumbers,
    seen::Lens,
    store::Store,
    types::{
        AccountId, Appended, Changes, Copied, FlagsChanged, FolderId, FolderInfo, FolderQuota, MailboxLimits,
        MailboxUsage, MessageRow, NewMessage, SpecialUse,
    },
    watch::Watchers,
};
use crate::{
    asking::{ask, on_the_spot},
    body::BodyRef,
    container::on_storage_thread,
    ledger::Txn,
};

/// The mailbox of one account. Cheap to clone; it is a name, not a lock.
///
/// Reading never waits for writers and shows the last commit; it may wait for the disk unless it is done through
/// [`Mailbox::ask`] or is `async`. An `async` operation is one transaction, durable when
/// it answers `Ok`; dropping its future does not take it back.
#[derive(Clone)]
pub struct Mailbox {
    pub(super) store: Arc<Store>,
    pub(super) owner: AccountId,
    /// Who looks into it, if not its owner; see [`Mailbox::open_as`].
    pub(super) reader: Option<AccountId>,
}

impl Mailbox {
    pub(super) fn new(store: Arc<Store>, owner: AccountId) -> Self {
        Self {
            store,
            owner,
            reader: None,
        }
    }

    /// Whose mailbox this is.
    pub fn owner(&self) -> AccountId {
        self.owner
    }

    /// Asks something of the mailbox without the caller's thread waiting for the disk, see [`ask`]: on a thread with other
    /// sessions every read belongs in such a question, and what belongs together in one.
    pub async fn ask<R: Send + 'static>(
        &self,
        question: impl Fn(&Self) -> Result<R, Refusal> + Send + 'static,
    ) -> Result<R, Refusal> {
        let mailbox = self.clone();
        ask(move || question(&mailbox)).await
    }

    /// Runs an operation with the account, the time and the watchers it needs.
    pub(super) async fn write<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Txn<'_>, AccountId, i64, &Arc<Watchers>) -> Result<R, Refusal> + Send + 'static,
    ) -> Result<R, Refusal> {
        let (owner, now) = (self.owner, self.store.disk.unix_time());
        self.store.ledger.owner_wrote(owner);
        let watchers = Arc::clone(&self.store.watchers);
        self.store
            .ledger
            .write(move |txn| work(txn, owner, now, &watchers))
            .await
    }

    /// Creates INBOX, Drafts, Sent, Spam and Trash in a mailbox without folders, else INBOX if it is missing.
    pub async fn create_default_folders(&self) -> Result<(), Refusal> {
        self.write(|txn, owner, now, watchers| {
            let mut edit = Edit::open(txn, owner, now)?;
            folder_ops::create_defaults(&mut edit)?;
            edit.save(watchers)
        })
        .await
    }

    /// All folders, INBOX first, then by name.
    pub fn folders(&self) -> Result<Vec<FolderInfo>, Refusal> {
        self.store.ledger.read(|snapshot| {
            let folders = look::folders(snapshot, self.owner)?.into_iter();
            folders.map(|info| self.as_read(snapshot, info)).collect()
        })
    }

    /// The folder called `name`; `NoSuchFolder`.
    pub fn folder(&self, name: &str) -> Result<FolderInfo, Refusal> {
        let name = names::canonical(name)?;
        self.store.ledger.read(|snapshot| {
            let id =
                look::folder_id(snapshot, self.owner, &name)?.ok_or_else(|| look::no_such_folder(&name))?;
            self.as_read(snapshot, look::info(snapshot, self.owner, id)?)
        })
    }

    /// The folder with this number; `NoSuchFolder`.
    pub fn folder_by_id(&self, folder: FolderId) -> Result<FolderInfo, Refusal> {
        self.store
            .ledger
            .read(|snapshot| self.as_read(snapshot, look::info(snapshot, self.owner, folder)?))
    }

    /// CREATE, with the levels above that are missing; `AlreadyExists`, `OverQuota`, `Invalid`.
    pub async fn create_folder(
        &self,
        name: &str,
        special_use: Option<SpecialUse>,
        limits: MailboxLimits,
    ) -> Result<FolderInfo, Refusal> {
        let name = name.to_owned();
        self.write(move |txn, owner, now, watchers| {
            folder_ops::create(txn, owner, now, &name, special_use, &limits, watchers)
        })
        .await
    }

    /// DELETE with all messages; `NotPermitted` for INBOX, `Conflict` when folders lie below. A large folder goes in
    /// several transactions.
    pub async fn delete_folder(&self, name: &str) -> Result<(), Refusal> {
        loop {
            let name = name.to_owned();
            let step = self
                .write(move |txn, owner, now, watchers| {
                    folder_ops::delete_step(txn, owner, now, &name, watchers)
                })
                .await?;
            if matches!(step, Step::Done) {
                return Ok(());
            }
        }
    }

    /// RENAME; folders below follow, missing levels above are created; INBOX stays and its messages move
    /// (RFC 9051, 6.3.6). `AlreadyExists`, `Conflict` (below itself), `OverQuota` (of the folders to be created).
    pub async fn rename_folder(&self, from: &str, to: &str, limits: MailboxLimits) -> Result<(), Refusal> {
        let mut rename = Rename {
            from: from.to_owned(),
            to: to.to_owned(),
            limits,
            first: true,
        };
        loop {
            let step = rename.clone();
            let step = self
                .write(move |txn, owner, now, watchers| {
                    folder_ops::rename_step(txn, owner, now, &step, watchers)
                })
                .await?;
            if matches!(step, Step::Done) {
                return Ok(());
            }
            rename.first = false;
        }
    }

    /// SUBSCRIBE or UNSUBSCRIBE; the folder need not exist.
    pub async fn subscribe(&self, name: &str, on: bool) -> Result<(), Refusal> {
        let name = name.to_owned();
        self.write(move |txn, owner, now, watchers| {
            folder_ops::subscribe(txn, owner, now, &name, on, watchers)
        })
        .await
    }

    /// Subscribed names, by name.
    pub fn subscriptions(&self) -> Result<Vec<String>, Refusal> {
        self.store
            .ledger
            .read(|snapshot| folder_ops::subscriptions(snapshot, self.owner))
    }

    /// All UIDs of a folder and the first without \Seen: as remembered, else read on a storage thread.
    pub async fn numbers(&self, folder: FolderId) -> Result<FolderNumbers, Refusal> {
        let numbers = self.shared_numbers(folder).await?;
        self.numbers_as_read(folder, numbers).await
    }

    async fn shared_numbers(&self, folder: FolderId) -> Result<FolderNumbers, Refusal> {
        let (store, owner) = (&self.store, self.owner);
        let current = || {
            let ledger = &store.ledger;
            ledger.read(|snapshot| store.numbers.current(snapshot, owner, folder))
        };
        if let Some(numbers) = on_the_spot(current).transpose()?.flatten() {
            return Ok(numbers);
        }
        let store = Arc::clone(store);
        on_storage_thread(move || {
            let ledger = &store.ledger;
            ledger.read(|snapshot| store.numbers.load(snapshot, owner, folder))
        })
        .await
    }

    /// At most `limit` messages from a UID on, by rising UID.
    pub fn messages(
        &self,
        folder: FolderId,
        from_uid: u32,
        limit: usize,
    ) -> Result<Vec<MessageRow>, Refusal> {
        self.store
            .ledger
            .read(|snapshot| look::messages(snapshot, self.owner, folder, self.reader, from_uid, limit))
    }

    /// One message, `None` when it is gone.
    pub fn message(&self, folder: FolderId, uid: u32) -> Result<Option<MessageRow>, Refusal> {
        self.store.ledger.read(|snapshot| {
            let Some(value) = look::message(snapshot, self.owner, folder, uid)? else {
                return Ok(None);
            };
            let value = Lens::new(self.owner, folder, self.reader).see(snapshot, uid, value)?;
            Ok(Some(look::row(
                uid,
                &value,
                &look::keywords(snapshot, self.owner, folder)?,
            )))
        })
    }

    /// What happened in a folder after `modseq`, at most `limit` messages and expunges together.
    pub fn changes_since(&self, folder: FolderId, modseq: u64, limit: usize) -> Result<Changes, Refusal> {
        self.store
            .ledger
            .read(|snapshot| look::changes_since(snapshot, self.owner, folder, self.reader, modseq, limit))
    }

    /// The first UID that no session has claimed as \Recent yet; from now on it is claimed up to UIDNEXT. Nothing is
    /// written when nothing is new.
    pub async fn claim_recent(&self, folder: FolderId) -> Result<u32, Refusal> {
        self.claim_recent_below(folder, u32::MAX).await
    }

    /// The same for messages with UIDs below this one only: what came later is still to be claimed.
    pub async fn claim_recent_below(&self, folder: FolderId, below: u32) -> Result<u32, Refusal> {
        let row = self.ask(move |mailbox| {
            let ledger = &mailbox.store.ledger;
            ledger.read(|snapshot| look::folder(snapshot, mailbox.owner, folder))
        });
        let row = row.await?;
        if row.recent_from >= row.uid_next.min(below) {
            return Ok(row.recent_from);
        }
        self.write(move |txn, owner, now, watchers| {
            let mut edit = Edit::open(txn, owner, now)?;
            let row = edit.folder(folder)?;
            let claimed = row.recent_from.max(row.uid_next.min(below));
            let first = std::mem::replace(&mut row.recent_from, claimed);
            edit.save(watchers)?;
            Ok(first)
        })
        .await
    }

    /// APPEND, all messages or none; `NoSuchFolder`, `OverQuota`, `TooLarge` above [`super::KEYWORD_LIMIT`].
    pub async fn append(
        &self,
        folder: &str,
        messages: Vec<NewMessage>,
        limits: MailboxLimits,
    ) -> Result<Appended, Refusal> {
        let (folder, reader) = (folder.to_owned(), self.reader);
        self.write(move |txn, owner, now, watchers| {
            append(txn, owner, now, &folder, reader, &messages, &limits, watchers)
        })
        .await
    }

    /// STORE. Messages that are gone are passed over. Many messages are changed in several transactions. `TooLarge`
    /// above [`super::KEYWORD_LIMIT`].
    pub async fn set_flags(
        &self,
        folder: FolderId,
        uids: Vec<u32>,
        op: FlagOp,
        flags: Flags,
        unchanged_since: Option<u64>,
    ) -> Result<FlagsChanged, Refusal> {
        let change = FlagChange {
            op,
            flags,
            unchanged_since,
        };
        let mut all = FlagsChanged::default();
        let reader = self.reader;
        for some in sorted(uids).chunks(STEP) {
            let (some, change) = (some.to_vec(), change.clone());
            let changed = self.write(move |txn, owner, now, watchers| {
                message_ops::set_flags(txn, owner, now, folder, reader, &some, &change, watchers)
            });
            let changed = changed.await?;
            all.rows.extend(changed.rows);
            all.modified.extend(changed.modified);
        }
        Ok(all)
    }

    /// EXPUNGE of the given messages or of all, with `only_deleted` only of those with \Deleted; returns the UIDs that
    /// went, rising. Many messages go in several transactions.
    pub async fn expunge(
        &self,
        folder: FolderId,
        uids: Option<Vec<u32>>,
        only_deleted: bool,
    ) -> Result<Vec<u32>, Refusal> {
        let candidates = if let Some(uids) = uids {
            sorted(uids)
        } else {
            let candidates = self.ask(move |mailbox| mailbox.candidates(folder, only_deleted));
            candidates.await?
        };
        let mut gone = Vec::new();
        for some in candidates.chunks(STEP) {
            let some = some.to_vec();
            let step = self.write(move |txn, owner, now, watchers| {
                message_ops::expunge(txn, owner, now, folder, &some, only_deleted, watchers)
            });
            gone.extend(step.await?);
        }
        Ok(gone)
    }

    /// Messages that an EXPUNGE of all may take, found by the reader so that the committer need not search.
    fn candidates(&self, folder: FolderId, only_deleted: bool) -> Result<Vec<u32>, Refusal> {
        self.store.ledger.read(|snapshot| {
            let row = look::folder(snapshot, self.owner, folder)?;
            let mut left = if only_deleted { row.deleted } else { row.messages };
            let mut found = Vec::with_capacity(left as usize);
            if left > 0 {
                look::each_message(snapshot, self.owner, folder, 0, |uid, value| {
                    if !only_deleted || value.is_deleted() {
                        found.push(uid);
                        left = left.saturating_sub(1);
                    }
                    Ok(if left == 0 {
                        ControlFlow::Break(())
                    } else {
                        ControlFlow::Continue(())
                    })
                })?;
            }
            Ok(found)
        })
    }

    /// COPY, all or nothing; bodies are shared. `NoSuchFolder` (of the target), `OverQuota`, `TooLarge` above
    /// [`super::COPY_LIMIT`].
    pub async fn copy(
        &self,
        from: FolderId,
        uids: Vec<u32>,
        to: &str,
        limits: MailboxLimits,
    ) -> Result<Copied, Refusal> {
        self.copy_or_move(from, uids, to, limits, false).await
    }

    /// MOVE, all or nothing (RFC 6851); otherwise as [`Mailbox::copy`].
    pub async fn move_messages(
        &self,
        from: FolderId,
        uids: Vec<u32>,
        to: &str,
        limits: MailboxLimits,
    ) -> Result<Copied, Refusal> {
        self.copy_or_move(from, uids, to, limits, true).await
    }

    async fn copy_or_move(
        &self,
        from: FolderId,
        uids: Vec<u32>,
        to: &str,
        limits: MailboxLimits,
        and_remove: bool,
    ) -> Result<Copied, Refusal> {
        let (uids, to, reader) = (sorted(uids), to.to_owned(), self.reader);
        self.write(move |txn, owner, now, watchers| {
            message_ops::copy(
                txn, owner, now, from, reader, &uids, &to, &limits, and_remove, watchers,
            )
        })
        .await
    }

    /// Up to `len` bytes of a body from `offset`. A body read whole is checked against its checksum.
    pub async fn read(&self, body: BodyRef, offset: u64, len: usize) -> Result<Bytes, Refusal> {
        let read = self.store.ledger.read_body(body, offset, len).await?;
        self.store.ledger.owner_read(self.owner, read.len());
        Ok(read)
    }

    /// What was noted of these bodies when they came in (see [`crate::BodySource::note`]) or later.
    pub fn notes(&self, bodies: &[BodyRef]) -> Result<Vec<Option<Bytes>>, Refusal> {
        self.store.ledger.read(|snapshot| snapshot.notes(bodies))
    }

    /// Notes something of bodies, sooner or later.
    pub fn note(&self, notes: Vec<(BodyRef, Bytes)>) {
        self.store.ledger.post(move |txn| {
            let mut notes = notes.iter();
            notes.try_for_each(|(body, note)| txn.note_body(*body, note))
        });
    }

    /// What the mailbox holds.
    pub fn usage(&self) -> Result<MailboxUsage, Refusal> {
        let row = self
            .store
            .ledger
            .read(|snapshot| look::mailbox(snapshot, self.owner))?
            .unwrap_or_default();
        Ok(MailboxUsage {
            size: row.size,
            messages: row.messages,
            folders: row.folders,
        })
    }

    /// A channel that changes after every committed change of this mailbox; its value is the mailbox's last MODSEQ.
    /// Take it first and look at the mailbox then, so that nothing is missed between.
    pub fn watch(&self) -> watch::Receiver<u64> {
        let row = self
            .store
            .ledger
            .read(|snapshot| look::mailbox(snapshot, self.owner));
        let modseq = row.ok().flatten().unwrap_or_default().modseq;
        self.store.watchers.subscribe(self.owner, modseq)
    }

    /// Gives a folder its own quota (`SET MboxQuota`), or the account's again.
    pub async fn set_folder_quota(&self, name: &str, quota: FolderQuota) -> Result<(), Refusal> {
        let name = name.to_owned();
        self.write(move |txn, owner, now, watchers| {
            let mut edit = Edit::open(txn, owner, now)?;
            let id = edit.existing(&name)?;
            edit.folder(id)?.quota = quota;
            edit.save(watchers)
        })
        .await
    }

    /// A folder's own quota (`SHOW MboxQuota`).
    pub fn folder_quota(&self, name: &str) -> Result<FolderQuota, Refusal> {
        let name = names::canonical(name)?;
        self.store.ledger.read(|snapshot| {
            let id =
                look::folder_id(snapshot, self.owner, &name)?.ok_or_else(|| look::no_such_folder(&name))?;
            Ok(look::folder(snapshot, self.owner, id)?.quota)
        })
    }
}

/// UIDs in rising order, each once.
fn sorted(mut uids: Vec<u32>) -> Vec<u32> {
    uids.sort_unstable();
    uids.dedup();
    uids
}
