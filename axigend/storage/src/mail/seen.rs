//! \Seen of readers: who looks into the mailbox of another sees and sets a \Seen of their own (domains-groupware, "Share
//! read/unread status"; RFC 4314, 4 leaves it to the server which flags are shared).
//!
//! A message's own \Seen stays what its owner made it. For each folder, each reader and each [`SPAN`] UIDs there is one
//! row with one bit for each UID, so what a reader takes grows with the UIDs of a folder and with nothing else, in
//! whatever order messages are read. Rows below the oldest message are dropped when the reader next marks something, all
//! of them with the folder. They are rows like any other: logged, so a crash or a rebuild of the index loses nothing.
//!
//! Each change of a reader draws a MODSEQ of the mailbox, which only this reader sees. A row remembers the last
//! [`MARKS`] of them one by one and of the others only the highest: a client that has been away for longer than that is
//! told some messages again that did not change.

use std::{collections::BTreeMap, ops::ControlFlow};

use axigen_shared::Refusal;

use super::{
    flags::SystemFlags,
    keys, look,
    rows::{MessageValue, SeenRow},
    types::{AccountId, FolderId},
};
use crate::{
    error::damaged,
    ledger::{Txn, View},
};

/// UIDs of one row.
pub(super) const SPAN: u32 = 512;
/// Changes that a row remembers one by one, the newest ones.
pub(super) const MARKS: usize = 32;
/// Rows of messages that have all gone that are dropped along with one change.
const DROPPED_AT_ONCE: usize = 64;

/// The mailbox as one reader sees it. Goes through a folder by rising UIDs best, a row at a time.
pub(super) struct Lens {
    account: AccountId,
    folder: FolderId,
    /// `None` is the owner, who sees what is stored.
    reader: Option<AccountId>,
    row: Option<(u32, SeenRow)>,
}

impl Lens {
    pub(super) fn new(account: AccountId, folder: FolderId, reader: Option<AccountId>) -> Self {
        Self {
            account,
            folder,
            reader,
            row: None,
        }
    }

    /// The folder looked into.
    pub(super) fn folder(&self) -> FolderId {
        self.folder
    }

    /// Whether \Seen is a reader's own.
    pub(super) fn is_of_reader(&self) -> bool {
        self.reader.is_some()
    }

    /// A message as the reader sees it.
    pub(super) fn see(
        &mut self,
        view: &impl View,
        uid: u32,
        value: MessageValue,
    ) -> Result<MessageValue, Refusal> {
        let Some(reader) = self.reader else {
            return Ok(value);
        };
        let row = self.row(view, reader, uid)?;
        let system = if row.has(uid) {
            value.system.with(SystemFlags::SEEN)
        } else {
            value.system.without(SystemFlags::SEEN)
        };
        let modseq = value.modseq.max(row.modseq(uid));
        Ok(MessageValue {
            system,
            modseq,
            ..value
        })
    }

    fn row(&mut self, view: &impl View, reader: AccountId, uid: u32) -> Result<&mut SeenRow, Refusal> {
        let span = uid / SPAN;
        if self.row.as_ref().is_none_or(|(known, _)| *known != span) {
            let key = keys::seen(self.account, self.folder, reader, span);
            let row = look::get(view, keys::SEEN, &key)?;
            let row = row.map_or_else(|| Ok(SeenRow::default()), |row| SeenRow::decode(&row))?;
            self.row = Some((span, row));
        }
        self.row
            .as_mut()
            .map(|(_, row)| row)
            .ok_or_else(|| damaged("row of a reader"))
    }

    /// Sets or removes the reader's \Seen of a message, by a change of this MODSEQ.
    pub(super) fn mark(
        &mut self,
        txn: &mut Txn<'_>,
        uid: u32,
        seen: bool,
        modseq: u64,
    ) -> Result<(), Refusal> {
        let Some(reader) = self.reader else {
            return Ok(());
        };
        let row = self.row(txn, reader, uid)?;
        row.set(uid, seen, modseq);
        let encoded = row.encode();
        let key = keys::seen(self.account, self.folder, reader, uid / SPAN);
        txn.put(keys::SEEN, &key, &encoded)?;
        let key = keys::reader(self.account, self.folder, reader);
        txn.put(keys::READER, &key, &SeenRow::encode_last(modseq))
    }

    /// Drops rows in which no message is left.
    pub(super) fn drop_old(&self, txn: &mut Txn<'_>) -> Result<(), Refusal> {
        let Some(reader) = self.reader else {
            return Ok(());
        };
        let mut first = None;
        look::each_message(txn, self.account, self.folder, 0, |uid, _| {
            first = Some(uid / SPAN);
            Ok(ControlFlow::Break(()))
        })?;
        let Some(first) = first else { return Ok(()) };
        let prefix = keys::reader(self.account, self.folder, reader);
        let mut old = Vec::new();
        look::scan(txn, keys::SEEN, &prefix, &prefix, &mut |key, _| {
            if span_of(key)? >= first || old.len() >= DROPPED_AT_ONCE {
                return Ok(ControlFlow::Break(()));
            }
            old.push(key.to_vec());
            Ok(ControlFlow::Continue(()))
        })?;
        old.iter().try_for_each(|key| txn.delete(keys::SEEN, key))
    }
}

/// What a reader changed in a folder after a MODSEQ: MODSEQ and UID, rising. UIDs of messages that are gone are among
/// them.
pub(super) fn changed_since(
    view: &impl View,
    account: AccountId,
    folder: FolderId,
    reader: Option<AccountId>,
    modseq: u64,
) -> Result<Vec<(u64, u32)>, Refusal> {
    let Some(reader) = reader else {
        return Ok(Vec::new());
    };
    let prefix = keys::reader(account, folder, reader);
    let last = look::get(view, keys::READER, &prefix)?;
    let last = last.map_or(Ok(0), |row| SeenRow::decode_last(&row))?;
    let mut changed = Vec::new();
    if last <= modseq {
        return Ok(changed);
    }
    look::scan(view, keys::SEEN, &prefix, &prefix, &mut |key, row| {
        let (first, row) = (span_of(key)?.saturating_mul(SPAN), SeenRow::decode(row)?);
        let uids = (0..SPAN).map(|place| first.saturating_add(place));
        let uids = uids.map(|uid| (row.modseq(uid), uid));
        changed.extend(uids.filter(|(changed, _)| *changed > modseq));
        Ok(ControlFlow::Continue(()))
    })?;
    changed.sort_unstable();
    Ok(changed)
}

/// Of these UIDs (ascending) how many the reader has not seen, and the first of them.
pub(super) fn unseen(
    view: &impl View,
    account: AccountId,
    folder: FolderId,
    reader: AccountId,
    uids: &[u32],
) -> Result<(u32, Option<u32>), Refusal> {
    let mut lens = Lens::new(account, folder, Some(reader));
    let (mut count, mut first) = (0, None);
    for uid in uids {
        if !lens.row(view, reader, *uid)?.has(*uid) {
            count += 1;
            first = first.or(Some(*uid));
        }
    }
    Ok((count, first))
}

/// Forgets what readers did in a folder, `only` one of them or all, at most `limit` rows; how many of the limit are left.
pub(super) fn forget(
    txn: &mut Txn<'_>,
    account: AccountId,
    folder: FolderId,
    only: Option<AccountId>,
    limit: usize,
) -> Result<usize, Refusal> {
    let prefix = match only {
        Some(reader) => keys::reader(account, folder, reader).to_vec(),
        None => keys::folder(account, folder).to_vec(),
    };
    let mut left = limit;
    for table in [keys::SEEN, keys::READER] {
        let mut rows = Vec::new();
        if left > 0 {
            look::scan(txn, table, &prefix, &prefix, &mut |key, _| {
                rows.push(key.to_vec());
                Ok(if rows.len() >= left {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                })
            })?;
        }
        for key in &rows {
            txn.delete(table, key)?;
        }
        left -= rows.len();
    }
    Ok(left)
}

/// What the rows of a folder say of each reader's last change, beside what is noted: noted, and counted.
pub(super) fn last_changes(
    view: &impl View,
    account: AccountId,
    folder: FolderId,
) -> Result<BTreeMap<AccountId, (u64, u64)>, Refusal> {
    let prefix = keys::folder(account, folder);
    let reader = |key: &[u8]| -> Result<AccountId, Refusal> {
        let reader = key.get(12..20).and_then(|reader| reader.first_chunk::<8>());
        reader
            .map(|reader| AccountId::from_be_bytes(*reader))
            .ok_or_else(|| damaged("key of a reader"))
    };
    let mut found: BTreeMap<AccountId, (u64, u64)> = BTreeMap::new();
    look::scan(view, keys::READER, &prefix, &prefix, &mut |key, row| {
        found.entry(reader(key)?).or_default().0 = SeenRow::decode_last(row)?;
        Ok(ControlFlow::Continue(()))
    })?;
    look::scan(view, keys::SEEN, &prefix, &prefix, &mut |key, row| {
        let counted = &mut found.entry(reader(key)?).or_default().1;
        *counted = SeenRow::decode(row)?.last().max(*counted);
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

fn span_of(key: &[u8]) -> Result<u32, Refusal> {
    let span = key.last_chunk::<4>().ok_or_else(|| damaged("key of a reader"))?;
    Ok(u32::from_be_bytes(*span))
}
