//! REPAIR: what a mailbox keeps twice is made to agree again, message rows being what is believed.
//!
//! Three kinds of operations, each whole by itself: the list of folders (rows, names, levels above), then each folder
//! (counters, change rows), then the sums of the mailbox. A second repair finds nothing to do.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    sync::Arc,
};

use axigen_shared::{Cause, Refusal};

use super::{
    keys, look, names,
    rows::{FolderRow, MailboxRow, MessageValue, SeenRow, encode_number},
    seen,
    types::{AccountId, FolderId},
    watch::Watchers,
};
use crate::{error::damaged, ledger::Txn};

/// Makes the list of folders agree; returns the folders, and says in `done` what was changed.
pub(super) fn folders(
    txn: &mut Txn<'_>,
    account: AccountId,
    now: i64,
    done: &mut Vec<String>,
) -> Result<Vec<FolderId>, Refusal> {
    let stored = look::mailbox(txn, account)?;
    let mut skeleton = Skeleton {
        rows: folder_rows(txn, account)?,
        names: look::folder_names(txn, account, "")?.into_iter().collect(),
        mailbox: stored.unwrap_or_default(),
        account,
        now,
        done,
    };
    let filled = folders_with_messages(txn, account)?;
    let highest = skeleton.rows.keys().chain(&filled).max().copied();
    skeleton.mailbox.last_folder = skeleton.mailbox.last_folder.max(highest.unwrap_or_default());
    skeleton.by_name(txn, &filled)?;
    skeleton.by_row(txn)?;
    skeleton.by_messages(txn, &filled)?;
    skeleton.levels(txn)?;
    let (rows, mailbox) = (skeleton.rows, skeleton.mailbox);
    if stored != Some(mailbox) && (stored.is_some() || !rows.is_empty()) {
        txn.put(keys::MAILBOX, &keys::mailbox(account), &mailbox.encode())?;
    }
    Ok(rows.into_keys().collect())
}

fn folder_rows(txn: &Txn<'_>, account: AccountId) -> Result<BTreeMap<FolderId, FolderRow>, Refusal> {
    let mut rows = BTreeMap::new();
    let prefix = keys::mailbox(account);
    look::scan(txn, keys::FOLDER, &prefix, &prefix, &mut |key, value| {
        let id = key.last_chunk::<4>().ok_or_else(|| damaged("folder key"))?;
        rows.insert(FolderId::from_be_bytes(*id), FolderRow::decode(value)?);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(rows)
}

/// Folders that message rows are in, found by stepping from folder to folder.
fn folders_with_messages(txn: &Txn<'_>, account: AccountId) -> Result<BTreeSet<FolderId>, Refusal> {
    let mut found = BTreeSet::new();
    let prefix = keys::mailbox(account);
    let mut from = prefix.to_vec();
    loop {
        let mut next = None;
        look::scan(txn, keys::MESSAGE, &prefix, &from, &mut |key, _| {
            let id = key.get(8..12).and_then(|id| id.first_chunk::<4>());
            next = Some(FolderId::from_be_bytes(
                *id.ok_or_else(|| damaged("message key"))?,
            ));
            Ok(ControlFlow::Break(()))
        })?;
        let Some(id) = next else { return Ok(found) };
        found.insert(id);
        let Some(following) = id.checked_add(1) else {
            return Ok(found);
        };
        from = keys::folder(account, following).to_vec();
    }
}

/// The folders of a mailbox being put in order.
struct Skeleton<'d> {
    rows: BTreeMap<FolderId, FolderRow>,
    names: BTreeMap<String, FolderId>,
    mailbox: MailboxRow,
    account: AccountId,
    now: i64,
    done: &'d mut Vec<String>,
}

impl Skeleton<'_> {
    /// Every name leads to a folder that bears it.
    fn by_name(&mut self, txn: &mut Txn<'_>, filled: &BTreeSet<FolderId>) -> Result<(), Refusal> {
        for (name, id) in self.names.clone() {
            match self.rows.get(&id).map(|row| row.name.clone()) {
                Some(own) if own == name => {}
                Some(own) if self.names.get(&own) == Some(&id) => self.forget_name(txn, &name)?,
                Some(own) => {
                    self.done
                        .push(format!("folder {own} ({id}) is called {name}, as its name says"));
                    self.rename(txn, id, &name)?;
                }
                None if filled.contains(&id) => self.make(txn, id, &name)?,
                None => self.forget_name(txn, &name)?,
            }
        }
        Ok(())
    }

    /// Every folder is found by its name.
    fn by_row(&mut self, txn: &mut Txn<'_>) -> Result<(), Refusal> {
        for (id, row) in self.rows.clone() {
            if self.names.get(&row.name) == Some(&id) {
                continue;
            }
            let name = self.free_name(&row.name, id);
            self.done.push(format!("folder {name} ({id}) had no name row"));
            self.put_name(txn, &name, id)?;
            if name != row.name {
                self.rename(txn, id, &name)?;
            }
        }
        Ok(())
    }

    /// Every message is in a folder.
    fn by_messages(&mut self, txn: &mut Txn<'_>, filled: &BTreeSet<FolderId>) -> Result<(), Refusal> {
        for id in filled {
            if !self.rows.contains_key(id) {
                let name = self.free_name("Recovered", *id);
                self.put_name(txn, &name, *id)?;
                self.make(txn, *id, &name)?;
            }
        }
        Ok(())
    }

    /// Every folder has the levels above it, and a mailbox with folders its INBOX.
    fn levels(&mut self, txn: &mut Txn<'_>) -> Result<(), Refusal> {
        let mut wanted: BTreeSet<String> = self
            .names
            .keys()
            .flat_map(|name| names::ancestors(name).map(str::to_owned))
            .collect();
        if !self.names.is_empty() {
            wanted.insert(names::INBOX.to_owned());
        }
        for name in wanted {
            if !self.names.contains_key(&name) {
                let id = self.mailbox.last_folder.checked_add(1).ok_or_else(spent)?;
                self.mailbox.last_folder = id;
                self.put_name(txn, &name, id)?;
                self.make(txn, id, &name)?;
            }
        }
        Ok(())
    }

    fn free_name(&self, wanted: &str, id: FolderId) -> String {
        if wanted != "Recovered" && !self.names.contains_key(wanted) {
            return wanted.to_owned();
        }
        let mut name = format!("{wanted}-{id}");
        while self.names.contains_key(&name) {
            name.push('+');
        }
        name
    }

    fn put_name(&mut self, txn: &mut Txn<'_>, name: &str, id: FolderId) -> Result<(), Refusal> {
        txn.put(keys::NAME, &keys::name(self.account, name), &encode_number(id))?;
        self.names.insert(name.to_owned(), id);
        Ok(())
    }

    fn forget_name(&mut self, txn: &mut Txn<'_>, name: &str) -> Result<(), Refusal> {
        self.done.push(format!("name {name} led to no folder of its own"));
        self.names.remove(name);
        txn.delete(keys::NAME, &keys::name(self.account, name))
    }

    fn rename(&mut self, txn: &mut Txn<'_>, id: FolderId, name: &str) -> Result<(), Refusal> {
        let Some(row) = self.rows.get_mut(&id) else {
            return Ok(());
        };
        name.clone_into(&mut row.name);
        txn.put(keys::FOLDER, &keys::folder(self.account, id), &row.encode())
    }

    /// A row for a folder that has none. Its UIDs are not to be believed by clients, so UIDVALIDITY is new.
    fn make(&mut self, txn: &mut Txn<'_>, id: FolderId, name: &str) -> Result<(), Refusal> {
        let from_clock = u32::try_from(self.now).unwrap_or_default();
        let next = self.mailbox.last_uid_validity.checked_add(1).ok_or_else(spent)?;
        self.mailbox.last_uid_validity = next.max(from_clock);
        self.mailbox.modseq = self.mailbox.modseq.saturating_add(1);
        let row = FolderRow {
            name: name.to_owned(),
            uid_validity: self.mailbox.last_uid_validity,
            uid_next: 1,
            recent_from: 1,
            highest_modseq: self.mailbox.modseq,
            ..FolderRow::default()
        };
        self.done.push(format!("folder {name} ({id}) made anew"));
        txn.put(keys::FOLDER, &keys::folder(self.account, id), &row.encode())?;
        self.rows.insert(id, row);
        Ok(())
    }
}

fn spent() -> Refusal {
    Refusal::new(Cause::Conflict, "the mailbox has used all its numbers")
}

/// Makes counters and change rows of a folder what its messages say.
pub(super) fn folder(
    txn: &mut Txn<'_>,
    account: AccountId,
    id: FolderId,
    done: &mut Vec<String>,
) -> Result<(), Refusal> {
    let stored = match look::folder(txn, account, id) {
        // Deleted since the folders were listed.
        Err(refusal) if refusal.cause == Cause::NoSuchFolder => return Ok(()),
        other => other?,
    };
    let mut counted = FolderRow {
        messages: 0,
        unseen: 0,
        deleted: 0,
        size: 0,
        ..stored.clone()
    };
    let mut wanted = BTreeMap::new();
    let mut doubled = Vec::new();
    look::each_message(txn, account, id, 0, |uid, value| {
        counted.messages += 1;
        counted.unseen += u32::from(value.is_unseen());
        counted.deleted += u32::from(value.is_deleted());
        counted.size += value.body.len;
        counted.uid_next = counted.uid_next.max(uid.saturating_add(1));
        if *wanted.entry(value.modseq).or_insert(uid) != uid {
            doubled.push((uid, value));
        }
        Ok(ControlFlow::Continue(()))
    })?;
    renumber(txn, account, id, doubled, &mut wanted)?;
    let put_right = changes(txn, account, id, &wanted)?;
    let place = format!("folder {} ({id})", stored.name);
    if put_right > 0 {
        done.push(format!("{place}: {put_right} change rows put right"));
    }
    let expunged = look::numbered(txn, keys::EXPUNGED, account, id, 0, usize::MAX)?;
    counted.expunged = u32::try_from(expunged.len()).unwrap_or(u32::MAX);
    let newest = wanted.keys().next_back().copied();
    let newest = newest.max(expunged.last().map(|(modseq, _)| *modseq));
    let read = readers(txn, account, id, &place, done)?;
    let newest = newest.unwrap_or_default().max(read);
    counted.highest_modseq = counted.highest_modseq.max(newest);
    counted.recent_from = counted.recent_from.min(counted.uid_next);
    if counted != stored {
        done.push(format!(
            "{place}: {} counted; {} were noted",
            counters(&counted),
            counters(&stored)
        ));
        txn.put(keys::FOLDER, &keys::folder(account, id), &counted.encode())?;
    }
    Ok(())
}

/// Makes what is noted of readers' last changes what their rows say; returns the last change of all.
fn readers(
    txn: &mut Txn<'_>,
    account: AccountId,
    id: FolderId,
    place: &str,
    done: &mut Vec<String>,
) -> Result<u64, Refusal> {
    let mut last = 0;
    for (reader, (noted, counted)) in seen::last_changes(txn, account, id)? {
        if noted < counted {
            let key = keys::reader(account, id, reader);
            txn.put(keys::READER, &key, &SeenRow::encode_last(counted))?;
            done.push(format!("{place}: last change of reader {reader} put right"));
        }
        last = last.max(noted).max(counted);
    }
    Ok(last)
}

/// The counters of a folder in words.
fn counters(row: &FolderRow) -> String {
    let FolderRow {
        messages,
        unseen,
        deleted,
        size,
        ..
    } = row;
    format!("{messages} messages, {unseen} unseen, {deleted} deleted, {size} bytes")
}

/// Gives messages whose MODSEQ another one has a new one each.
fn renumber(
    txn: &mut Txn<'_>,
    account: AccountId,
    id: FolderId,
    doubled: Vec<(u32, MessageValue)>,
    wanted: &mut BTreeMap<u64, u32>,
) -> Result<(), Refusal> {
    if doubled.is_empty() {
        return Ok(());
    }
    let mut mailbox = look::mailbox(txn, account)?.unwrap_or_default();
    let newest = wanted.last_key_value().map_or(0, |(modseq, _)| *modseq);
    mailbox.modseq = mailbox.modseq.max(newest);
    for (uid, mut value) in doubled {
        mailbox.modseq = mailbox.modseq.saturating_add(1);
        value.modseq = mailbox.modseq;
        txn.put(keys::MESSAGE, &keys::message(account, id, uid), &value.encode())?;
        wanted.insert(value.modseq, uid);
    }
    txn.put(keys::MAILBOX, &keys::mailbox(account), &mailbox.encode())
}

/// Makes the change rows of a folder the wanted ones; returns how many were not.
fn changes(
    txn: &mut Txn<'_>,
    account: AccountId,
    id: FolderId,
    wanted: &BTreeMap<u64, u32>,
) -> Result<u64, Refusal> {
    let stored: BTreeMap<u64, u32> = look::numbered(txn, keys::CHANGE, account, id, 0, usize::MAX)?
        .into_iter()
        .collect();
    let mut put_right = 0;
    for modseq in stored.keys().filter(|modseq| !wanted.contains_key(modseq)) {
        txn.delete(keys::CHANGE, &keys::change(account, id, *modseq))?;
        put_right += 1;
    }
    for (modseq, uid) in wanted {
        if stored.get(modseq) != Some(uid) {
            let key = keys::change(account, id, *modseq);
            txn.put(keys::CHANGE, &key, &encode_number(*uid))?;
            put_right += 1;
        }
    }
    Ok(put_right)
}

/// Makes the sums and counters of the mailbox what its folders say.
pub(super) fn mailbox(
    txn: &mut Txn<'_>,
    account: AccountId,
    watchers: &Arc<Watchers>,
    done: &mut Vec<String>,
) -> Result<(), Refusal> {
    let Some(stored) = look::mailbox(txn, account)? else {
        return Ok(());
    };
    let mut counted = MailboxRow {
        size: 0,
        messages: 0,
        folders: 0,
        ..stored
    };
    for (id, row) in folder_rows(txn, account)? {
        counted.folders += 1;
        counted.messages += u64::from(row.messages);
        counted.size += row.size;
        counted.last_folder = counted.last_folder.max(id);
        counted.modseq = counted.modseq.max(row.highest_modseq);
        counted.last_uid_validity = counted.last_uid_validity.max(row.uid_validity);
    }
    if counted != stored {
        done.push(format!(
            "{} folders, {} messages, {} bytes counted; {}, {}, {} were noted",
            counted.folders, counted.messages, counted.size, stored.folders, stored.messages, stored.size
        ));
        txn.put(keys::MAILBOX, &keys::mailbox(account), &counted.encode())?;
    }
    if !done.is_empty() {
        let watchers = Arc::clone(watchers);
        txn.after_commit(move || watchers.tell(account, counted.modseq));
    }
    Ok(())
}
