//! Reading a mailbox: the same code for readers (a snapshot) and within operations (a transaction).

use std::ops::ControlFlow;

use axigen_shared::{Cause, Refusal};

use super::{
    flags::Flags,
    keys, names, object_id,
    rows::{FolderRow, KeywordRow, MailboxRow, MessageValue, decode_number},
    seen::{self, Lens},
    types::{AccountId, Changed, Changes, FolderId, FolderInfo, MessageRow},
};
use crate::{
    body::BodyRef,
    error::damaged,
    ledger::{View, Visit},
};

/// Rows of a table by its name.
pub(super) fn get(view: &impl View, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, Refusal> {
    view.get(view.number(table)?, key)
}

/// Rows of a table that begin with `prefix`, from `from` on.
pub(super) fn scan(
    view: &impl View,
    table: &str,
    prefix: &[u8],
    from: &[u8],
    visit: &mut Visit<'_>,
) -> Result<(), Refusal> {
    view.scan(view.number(table)?, from, &keys::after(prefix), visit)
}

/// The mailbox row; `None` when nothing was ever stored for the account.
pub(super) fn mailbox(view: &impl View, account: AccountId) -> Result<Option<MailboxRow>, Refusal> {
    let row = get(view, keys::MAILBOX, &keys::mailbox(account))?;
    row.map(|row| MailboxRow::decode(&row)).transpose()
}

/// The number of the folder called `name` (canonical).
pub(super) fn folder_id(
    view: &impl View,
    account: AccountId,
    name: &str,
) -> Result<Option<FolderId>, Refusal> {
    let row = get(view, keys::NAME, &keys::name(account, name))?;
    row.map(|row| decode_number("folder name row", &row)).transpose()
}

/// The row of a folder.
pub(super) fn folder(view: &impl View, account: AccountId, id: FolderId) -> Result<FolderRow, Refusal> {
    match get(view, keys::FOLDER, &keys::folder(account, id))? {
        Some(row) => FolderRow::decode(&row),
        None => Err(no_such_folder(&format!("number {id}"))),
    }
}

/// The refusal for a folder that is not there.
pub(super) fn no_such_folder(name: &str) -> Refusal {
    Refusal::new(Cause::NoSuchFolder, format!("no folder {name}"))
}

/// The keywords of a folder.
pub(super) fn keywords(view: &impl View, account: AccountId, id: FolderId) -> Result<KeywordRow, Refusal> {
    let row = get(view, keys::KEYWORD, &keys::folder(account, id))?;
    row.map_or_else(|| Ok(KeywordRow::default()), |row| KeywordRow::decode(&row))
}

/// The value of a message.
pub(super) fn message(
    view: &impl View,
    account: AccountId,
    folder: FolderId,
    uid: u32,
) -> Result<Option<MessageValue>, Refusal> {
    let row = get(view, keys::MESSAGE, &keys::message(account, folder, uid))?;
    row.map(|row| MessageValue::decode(&row)).transpose()
}

/// Whether any folder lies below `name`.
pub(super) fn has_children(view: &impl View, account: AccountId, name: &str) -> Result<bool, Refusal> {
    let prefix = keys::name(account, &format!("{name}/"));
    let mut found = false;
    scan(view, keys::NAME, &prefix, &prefix, &mut |_, _| {
        found = true;
        Ok(ControlFlow::Break(()))
    })?;
    Ok(found)
}

/// All folder names of a mailbox with their numbers, by name.
pub(super) fn folder_names(
    view: &impl View,
    account: AccountId,
    prefix: &str,
) -> Result<Vec<(String, FolderId)>, Refusal> {
    let key = keys::name(account, prefix);
    let mut found = Vec::new();
    scan(view, keys::NAME, &key, &key, &mut |key, value| {
        let name = key
            .get(8..)
            .map(<[u8]>::to_vec)
            .and_then(|name| String::from_utf8(name).ok());
        let name = name.ok_or_else(|| damaged("folder name"))?;
        found.push((name, decode_number("folder name row", value)?));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}

/// What the protocols see of a folder.
pub(super) fn info(view: &impl View, account: AccountId, id: FolderId) -> Result<FolderInfo, Refusal> {
    let row = folder(view, account, id)?;
    let has_children = has_children(view, account, &row.name)?;
    Ok(FolderInfo {
        id,
        mailbox_id: object_id::mailbox_id(account, id),
        uid_validity: row.uid_validity,
        uid_next: row.uid_next,
        highest_modseq: row.highest_modseq,
        messages: row.messages,
        unseen: row.unseen,
        deleted: row.deleted,
        size: row.size,
        recent_from: row.recent_from,
        special_use: row.special_use,
        keywords: keywords(view, account, id)?
            .0
            .into_iter()
            .filter(|name| !name.is_empty())
            .collect(),
        selectable: true,
        has_children,
        name: row.name,
    })
}

/// All folders by name, INBOX first.
pub(super) fn folders(view: &impl View, account: AccountId) -> Result<Vec<FolderInfo>, Refusal> {
    let mut all = Vec::new();
    for (_, id) in folder_names(view, account, "")? {
        all.push(info(view, account, id)?);
    }
    all.sort_by_key(|folder| folder.name != names::INBOX);
    Ok(all)
}

/// A message as the protocols see it.
pub(super) fn row(uid: u32, value: &MessageValue, keywords: &KeywordRow) -> MessageRow {
    MessageRow {
        uid,
        modseq: value.modseq,
        internal_date: value.internal_date,
        size: value.body.len,
        flags: Flags {
            system: value.system,
            keywords: keywords.names(value.keywords),
        },
        body: value.body,
        saved: value.saved,
    }
}

/// Calls `visit` for the messages of a folder from a UID on.
pub(super) fn each_message(
    view: &impl View,
    account: AccountId,
    folder: FolderId,
    from_uid: u32,
    mut visit: impl FnMut(u32, MessageValue) -> Result<ControlFlow<()>, Refusal>,
) -> Result<(), Refusal> {
    let from = keys::message(account, folder, from_uid);
    scan(
        view,
        keys::MESSAGE,
        &keys::folder(account, folder),
        &from,
        &mut |key, value| {
            let uid = key.last_chunk::<4>().ok_or_else(|| damaged("message key"))?;
            visit(u32::from_be_bytes(*uid), MessageValue::decode(value)?)
        },
    )
}

/// At most `limit` messages from a UID on, as a reader sees them.
pub(super) fn messages(
    view: &impl View,
    account: AccountId,
    folder_id: FolderId,
    reader: Option<AccountId>,
    from_uid: u32,
    limit: usize,
) -> Result<Vec<MessageRow>, Refusal> {
    let count = folder(view, account, folder_id)?.messages as usize;
    let keywords = keywords(view, account, folder_id)?;
    let mut rows = Vec::with_capacity(count.min(limit));
    let mut lens = Lens::new(account, folder_id, reader);
    if limit > 0 {
        each_message(view, account, folder_id, from_uid, |uid, value| {
            let value = lens.see(view, uid, value)?;
            rows.push(row(uid, &value, &keywords));
            Ok(if rows.len() >= limit {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })?;
    }
    Ok(rows)
}

/// UIDs asked for are read as one range when at most this many times as many may lie in it.
const SPARSE: u32 = 4;

/// The bodies of the messages with these UIDs (ascending), as far as they are there.
pub(super) fn bodies(
    view: &impl View,
    account: AccountId,
    folder: FolderId,
    uids: &[u32],
) -> Result<Vec<(u32, BodyRef)>, Refusal> {
    let mut found = Vec::with_capacity(uids.len());
    let (Some(first), Some(last)) = (uids.first().copied(), uids.last().copied()) else {
        return Ok(found);
    };
    if last.saturating_sub(first) / SPARSE > uids.len() as u32 {
        for uid in uids {
            let value = message(view, account, folder, *uid)?;
            found.extend(value.map(|value| (*uid, value.body)));
        }
        return Ok(found);
    }
    let mut wanted = uids.iter().copied().peekable();
    each_message(view, account, folder, first, |uid, value| {
        while wanted.next_if(|wanted| *wanted < uid).is_some() {}
        found.extend(wanted.next_if_eq(&uid).map(|uid| (uid, value.body)));
        Ok(if wanted.peek().is_none() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    Ok(found)
}

/// What happened in a folder after `modseq` as a reader sees it, at most `limit` messages and expunges together (at least
/// one). What a reader changed in one span of UIDs may have one MODSEQ, and comes together even beyond the limit.
pub(super) fn changes_since(
    view: &impl View,
    account: AccountId,
    id: FolderId,
    reader: Option<AccountId>,
    modseq: u64,
    limit: usize,
) -> Result<Changes, Refusal> {
    let row_of_folder = folder(view, account, id)?;
    let keywords = keywords(view, account, id)?;
    // One more than asked tells whether the answer is complete.
    let limit = limit.clamp(1, usize::MAX - 1);
    let changed = numbered(view, keys::CHANGE, account, id, modseq, limit + 1)?;
    let expunged = numbered(view, keys::EXPUNGED, account, id, modseq, limit + 1)?;
    let mut all: Vec<(u64, u32, bool)> = changed
        .into_iter()
        .map(|(modseq, uid)| (modseq, uid, true))
        .collect();
    all.extend(expunged.into_iter().map(|(modseq, uid)| (modseq, uid, false)));
    let own = seen::changed_since(view, account, id, reader, modseq)?;
    all.extend(own.into_iter().map(|(modseq, uid)| (modseq, uid, true)));
    all.sort_unstable();
    let cut = all.get(limit - 1).map(|(modseq, ..)| *modseq);
    let page = cut.map_or(all.len(), |cut| {
        all.partition_point(|(modseq, ..)| *modseq <= cut)
    });
    let complete = page == all.len();
    all.truncate(page);
    let last = all.last().map_or(modseq, |(modseq, ..)| *modseq);
    let mut answer = Changes {
        rows: Vec::new(),
        vanished: Vec::new(),
        highest_modseq: if complete {
            row_of_folder.highest_modseq.max(last)
        } else {
            last
        },
        complete,
        history_known: modseq >= row_of_folder.history_from,
    };
    let mut lens = Lens::new(account, id, reader);
    for (at, uid, is_there) in all {
        if !is_there {
            answer.vanished.push(uid);
            continue;
        }
        let Some(value) = message(view, account, id, uid)? else {
            if reader.is_none() {
                return Err(damaged("change row"));
            }
            // The reader had seen it, and it has gone since.
            continue;
        };
        let value = lens.see(view, uid, value)?;
        // One that was changed twice comes where it was changed last.
        if value.modseq == at {
            answer.rows.push(row(uid, &value, &keywords));
        }
    }
    Ok(answer)
}

/// Which messages changed and which went after `modseq`, as a reader sees it, without what they are now.
pub(super) fn changed_since(
    view: &impl View,
    account: AccountId,
    id: FolderId,
    reader: Option<AccountId>,
    modseq: u64,
) -> Result<Changed, Refusal> {
    let row = folder(view, account, id)?;
    let uids = |rows: Vec<(u64, u32)>| rows.into_iter().map(|(_, uid)| uid);
    let shared = numbered(view, keys::CHANGE, account, id, modseq, usize::MAX)?;
    let own = seen::changed_since(view, account, id, reader, modseq)?;
    let mut changed: Vec<u32> = uids(shared).chain(uids(own)).collect();
    changed.sort_unstable();
    changed.dedup();
    let gone = numbered(view, keys::EXPUNGED, account, id, modseq, usize::MAX)?;
    let mut vanished: Vec<u32> = uids(gone).collect();
    vanished.sort_unstable();
    Ok(Changed {
        changed,
        vanished,
        highest_modseq: row.highest_modseq,
        history_known: modseq >= row.history_from,
    })
}

/// Rows of `change` or `expunged` after a MODSEQ, as MODSEQ and UID.
pub(super) fn numbered(
    view: &impl View,
    table: &'static str,
    account: AccountId,
    folder: FolderId,
    after: u64,
    limit: usize,
) -> Result<Vec<(u64, u32)>, Refusal> {
    let mut found = Vec::new();
    let from = keys::change(account, folder, after.saturating_add(1));
    scan(
        view,
        table,
        &keys::folder(account, folder),
        &from,
        &mut |key, value| {
            let modseq = key.last_chunk::<8>().ok_or_else(|| damaged("change key"))?;
            found.push((u64::from_be_bytes(*modseq), decode_number("change row", value)?));
            Ok(if found.len() >= limit {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        },
    )?;
    Ok(found)
}
