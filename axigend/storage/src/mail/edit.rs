//! One mailbox within one transaction: rows are loaded once, changed in memory, and written back by [`Edit::save`].
//!
//! All counters are kept here and nowhere else: every message comes in through [`Edit::add`], changes through
//! [`Edit::change`] and goes through [`Edit::remove`], so a recount always gives the stored sums.

use std::{collections::BTreeMap, sync::Arc};

use axigen_shared::{Cause, Refusal};

use super::{
    flags::SystemFlags,
    keys, look, names,
    rows::{FolderRow, KeywordRow, MailboxRow, MessageValue, encode_number},
    seen::Lens,
    types::{AccountId, FolderId, SpecialUse},
    watch::Watchers,
};
use crate::{body::BodyRef, ledger::Txn};

/// Expunged messages remembered per folder for QRESYNC and IDLE: a client that was away while more went compares UIDs
/// instead (RFC 7162, 3.2.5.2). Some 300 KB of index; older history is forgotten, and the folder's row says up to where.
const HISTORY_LIMIT: u32 = 10_000;
/// History is cut back only when it is over by this much, so that not every expunge cuts.
const HISTORY_SLACK: u32 = 1_000;

/// A mailbox being changed.
pub(super) struct Edit<'t, 'x> {
    pub(super) txn: &'t mut Txn<'x>,
    pub(super) account: AccountId,
    pub(super) mailbox: MailboxRow,
    before: MailboxRow,
    folders: BTreeMap<FolderId, Loaded>,
    /// Unix seconds of this operation.
    now: i64,
}

/// A folder's row as it was and as it is.
struct Loaded {
    before: FolderRow,
    row: FolderRow,
}

/// What a new message brings along.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arrival {
    pub system: SystemFlags,
    pub keywords: u64,
    pub internal_date: i64,
    pub body: BodyRef,
}

impl<'t, 'x> Edit<'t, 'x> {
    /// Loads the mailbox of `account`; one that does not exist begins empty.
    pub(super) fn open(txn: &'t mut Txn<'x>, account: AccountId, now: i64) -> Result<Self, Refusal> {
        let mailbox = look::mailbox(txn, account)?.unwrap_or_default();
        Ok(Self {
            txn,
            account,
            mailbox,
            before: mailbox,
            folders: BTreeMap::new(),
            now,
        })
    }

    /// Writes what changed, and tells who watches once it is on disk.
    pub(super) fn save(self, watchers: &Arc<Watchers>) -> Result<(), Refusal> {
        for (id, Loaded { before, row }) in self.folders {
            if row != before {
                self.txn
                    .put(keys::FOLDER, &keys::folder(self.account, id), &row.encode())?;
            }
        }
        if self.mailbox != self.before {
            self.txn.put(
                keys::MAILBOX,
                &keys::mailbox(self.account),
                &self.mailbox.encode(),
            )?;
            let (watchers, account, modseq) = (Arc::clone(watchers), self.account, self.mailbox.modseq);
            self.txn.after_commit(move || watchers.tell(account, modseq));
        }
        Ok(())
    }

    /// The row of a folder, to be changed.
    pub(super) fn folder(&mut self, id: FolderId) -> Result<&mut FolderRow, Refusal> {
        if !self.folders.contains_key(&id) {
            let row = look::folder(self.txn, self.account, id)?;
            self.folders.insert(
                id,
                Loaded {
                    before: row.clone(),
                    row,
                },
            );
        }
        let loaded = self
            .folders
            .get_mut(&id)
            .ok_or_else(|| look::no_such_folder("just loaded"))?;
        Ok(&mut loaded.row)
    }

    /// The folder called `name` (canonical), if there is one.
    pub(super) fn find(&self, name: &str) -> Result<Option<FolderId>, Refusal> {
        look::folder_id(self.txn, self.account, name)
    }

    /// The folder called `name` in any spelling, or `NoSuchFolder`.
    pub(super) fn existing(&self, name: &str) -> Result<FolderId, Refusal> {
        let name = names::canonical(name)?;
        self.find(&name)?.ok_or_else(|| look::no_such_folder(&name))
    }

    /// Something in the mailbox changes that no message shows; returns its MODSEQ.
    pub(super) fn touch(&mut self) -> u64 {
        self.mailbox.modseq = self.mailbox.modseq.saturating_add(1);
        self.mailbox.modseq
    }

    /// Something in the folder changes; returns its MODSEQ.
    pub(super) fn touch_folder(&mut self, id: FolderId) -> Result<u64, Refusal> {
        let modseq = self.touch();
        self.folder(id)?.highest_modseq = modseq;
        Ok(modseq)
    }

    /// Creates the folder `name` (canonical, not there) without its parents.
    pub(super) fn create(
        &mut self,
        name: &str,
        special_use: Option<SpecialUse>,
    ) -> Result<FolderId, Refusal> {
        let spent = || Refusal::new(Cause::Conflict, "the mailbox has used all folder numbers");
        let id = self.mailbox.last_folder.checked_add(1).ok_or_else(spent)?;
        // Beginning at the time keeps UIDVALIDITY rising even when a whole store is made anew.
        let from_clock = u32::try_from(self.now).unwrap_or_default();
        let next = self.mailbox.last_uid_validity.checked_add(1).ok_or_else(spent)?;
        self.mailbox.last_folder = id;
        self.mailbox.last_uid_validity = next.max(from_clock);
        self.mailbox.folders = self.mailbox.folders.saturating_add(1);
        let row = FolderRow {
            name: name.to_owned(),
            special_use,
            uid_validity: self.mailbox.last_uid_validity,
            uid_next: 1,
            highest_modseq: self.touch(),
            recent_from: 1,
            ..FolderRow::default()
        };
        self.txn
            .put(keys::NAME, &keys::name(self.account, name), &encode_number(id))?;
        self.txn
            .put(keys::FOLDER, &keys::folder(self.account, id), &row.encode())?;
        self.folders.insert(
            id,
            Loaded {
                before: row.clone(),
                row,
            },
        );
        Ok(id)
    }

    /// Gives a folder another name (canonical, not there).
    pub(super) fn rename(&mut self, id: FolderId, name: &str) -> Result<(), Refusal> {
        let old = std::mem::replace(&mut self.folder(id)?.name, name.to_owned());
        self.txn.delete(keys::NAME, &keys::name(self.account, &old))?;
        self.txn
            .put(keys::NAME, &keys::name(self.account, name), &encode_number(id))?;
        self.touch();
        Ok(())
    }

    /// Removes an empty folder with its history.
    pub(super) fn drop_folder(&mut self, id: FolderId) -> Result<(), Refusal> {
        let name = self.folder(id)?.name.clone();
        self.folders.remove(&id);
        self.forget_history(id, usize::MAX)?;
        let key = keys::folder(self.account, id);
        self.txn.delete(keys::FOLDER, &key)?;
        self.txn.delete(keys::KEYWORD, &key)?;
        self.txn.delete(keys::NAME, &keys::name(self.account, &name))?;
        self.mailbox.folders = self.mailbox.folders.saturating_sub(1);
        self.touch();
        Ok(())
    }

    /// Puts a message into a folder; one reference to its body is taken over.
    pub(super) fn add(&mut self, id: FolderId, arrival: Arrival) -> Result<u32, Refusal> {
        let modseq = self.touch_folder(id)?;
        let saved = self.now;
        let folder = self.folder(id)?;
        let uid = folder.uid_next;
        folder.uid_next = uid
            .checked_add(1)
            .ok_or_else(|| Refusal::new(Cause::Conflict, "the folder has used all UIDs"))?;
        let Arrival {
            system,
            keywords,
            internal_date,
            body,
        } = arrival;
        let value = MessageValue {
            system,
            keywords,
            modseq,
            internal_date,
            saved,
            body,
        };
        folder.messages = folder.messages.saturating_add(1);
        folder.unseen = folder.unseen.saturating_add(value.is_unseen().into());
        folder.deleted = folder.deleted.saturating_add(value.is_deleted().into());
        folder.size = folder.size.saturating_add(body.len);
        self.mailbox.messages = self.mailbox.messages.saturating_add(1);
        self.mailbox.size = self.mailbox.size.saturating_add(body.len);
        self.put_message(id, uid, &value)?;
        Ok(uid)
    }

    /// As [`Edit::add`], by the owner or a reader, who has seen it or not.
    pub(super) fn add_as(
        &mut self,
        lens: &mut Lens,
        id: FolderId,
        arrival: Arrival,
        seen: bool,
    ) -> Result<u32, Refusal> {
        let uid = self.add(id, arrival)?;
        if seen && lens.is_of_reader() {
            let modseq = self.touch_folder(id)?;
            lens.mark(self.txn, uid, true, modseq)?;
        }
        Ok(uid)
    }

    fn put_message(&mut self, id: FolderId, uid: u32, value: &MessageValue) -> Result<(), Refusal> {
        self.txn.put(
            keys::MESSAGE,
            &keys::message(self.account, id, uid),
            &value.encode(),
        )?;
        self.txn.put(
            keys::CHANGE,
            &keys::change(self.account, id, value.modseq),
            &encode_number(uid),
        )
    }

    /// Gives a message other flags, if they are other; returns its value now.
    pub(super) fn change(
        &mut self,
        id: FolderId,
        uid: u32,
        value: MessageValue,
        system: SystemFlags,
        keywords: u64,
    ) -> Result<MessageValue, Refusal> {
        if value.system == system && value.keywords == keywords {
            return Ok(value);
        }
        let modseq = self.touch_folder(id)?;
        let changed = MessageValue {
            system,
            keywords,
            modseq,
            ..value
        };
        let folder = self.folder(id)?;
        folder.unseen = moved(folder.unseen, value.is_unseen(), changed.is_unseen());
        folder.deleted = moved(folder.deleted, value.is_deleted(), changed.is_deleted());
        self.txn
            .delete(keys::CHANGE, &keys::change(self.account, id, value.modseq))?;
        self.put_message(id, uid, &changed)?;
        Ok(changed)
    }

    /// Takes a message out of a folder; the caller has its body reference then.
    pub(super) fn remove(&mut self, id: FolderId, uid: u32, value: &MessageValue) -> Result<(), Refusal> {
        let modseq = self.touch_folder(id)?;
        let folder = self.folder(id)?;
        folder.messages = folder.messages.saturating_sub(1);
        folder.unseen = moved(folder.unseen, value.is_unseen(), false);
        folder.deleted = moved(folder.deleted, value.is_deleted(), false);
        folder.size = folder.size.saturating_sub(value.body.len);
        folder.expunged = folder.expunged.saturating_add(1);
        let over = folder.expunged.saturating_sub(HISTORY_LIMIT);
        self.mailbox.messages = self.mailbox.messages.saturating_sub(1);
        self.mailbox.size = self.mailbox.size.saturating_sub(value.body.len);
        self.txn
            .delete(keys::MESSAGE, &keys::message(self.account, id, uid))?;
        self.txn
            .delete(keys::CHANGE, &keys::change(self.account, id, value.modseq))?;
        self.txn.put(
            keys::EXPUNGED,
            &keys::change(self.account, id, modseq),
            &encode_number(uid),
        )?;
        if over > HISTORY_SLACK {
            let forgotten = self.forget_history(id, over as usize)?;
            let folder = self.folder(id)?;
            folder.expunged = HISTORY_LIMIT;
            folder.history_from = forgotten;
        }
        Ok(())
    }

    /// Forgets the oldest expunges; returns the MODSEQ of the last one forgotten.
    fn forget_history(&mut self, id: FolderId, count: usize) -> Result<u64, Refusal> {
        let oldest = look::numbered(self.txn, keys::EXPUNGED, self.account, id, 0, count)?;
        for (modseq, _) in &oldest {
            self.txn
                .delete(keys::EXPUNGED, &keys::change(self.account, id, *modseq))?;
        }
        Ok(oldest.last().map_or(0, |(modseq, _)| *modseq))
    }

    /// The keywords of a folder.
    pub(super) fn keywords(&self, id: FolderId) -> Result<KeywordRow, Refusal> {
        look::keywords(self.txn, self.account, id)
    }

    /// A message of a folder, if it is there.
    pub(super) fn message(&self, id: FolderId, uid: u32) -> Result<Option<MessageValue>, Refusal> {
        look::message(self.txn, self.account, id, uid)
    }
}

/// A counter after one message changed in what it counts.
fn moved(counter: u32, before: bool, now: bool) -> u32 {
    match (before, now) {
        (true, false) => counter.saturating_sub(1),
        (false, true) => counter.saturating_add(1),
        _ => counter,
    }
}
