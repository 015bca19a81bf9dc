//! STORE, EXPUNGE, COPY and MOVE (RFC 9051, 6.4; RFC 7162; RFC 6851).

use std::sync::Arc;

use axigen_shared::{Cause, Refusal};

use super::{
    COPY_LIMIT,
    edit::{Arrival, Edit},
    flags::{FlagOp, Flags, SystemFlags},
    keyword, look,
    quota::{Load, room_in_folder, room_in_mailbox},
    rows::MessageValue,
    seen::Lens,
    types::{AccountId, Copied, FlagsChanged, FolderId, MailboxLimits},
    watch::Watchers,
};
use crate::ledger::Txn;

/// What STORE asks for.
#[derive(Clone, Debug)]
pub(super) struct FlagChange {
    pub op: FlagOp,
    pub flags: Flags,
    pub unchanged_since: Option<u64>,
}

/// STORE for some messages by the owner or a reader, whose \Seen is the reader's own; those that are gone are passed over.
#[expect(
    clippy::too_many_arguments,
    reason = "the arguments of the command and the three of every operation"
)]
pub(super) fn set_flags(
    txn: &mut Txn<'_>,
    account: AccountId,
    now: i64,
    folder: FolderId,
    reader: Option<AccountId>,
    uids: &[u32],
    change: &FlagChange,
    watchers: &Arc<Watchers>,
) -> Result<FlagsChanged, Refusal> {
    let mut edit = Edit::open(txn, account, now)?;
    edit.folder(folder)?;
    let bits = match change.op {
        FlagOp::Set | FlagOp::Add => keyword::learn(&mut edit, folder, &change.flags.keywords)?,
        FlagOp::Remove => keyword::known(&edit.keywords(folder)?, &change.flags.keywords),
    };
    let words = edit.keywords(folder)?;
    let mut lens = Lens::new(account, folder, reader);
    let mut changed = FlagsChanged::default();
    for uid in uids {
        let Some(stored) = edit.message(folder, *uid)? else {
            continue;
        };
        let value = lens.see(edit.txn, *uid, stored)?;
        if change.unchanged_since.is_some_and(|since| value.modseq > since) {
            changed.modified.push(*uid);
            continue;
        }
        let given = change.flags.system;
        let (system, keywords) = match change.op {
            FlagOp::Set => (given, bits),
            FlagOp::Add => (value.system.with(given), value.keywords | bits),
            FlagOp::Remove => (value.system.without(given), value.keywords & !bits),
        };
        let new = MessageValue {
            system,
            keywords,
            ..value
        };
        let value = change_seen(&mut edit, &mut lens, *uid, (stored, value), new)?;
        changed.rows.push(look::row(*uid, &value, &words));
    }
    lens.drop_old(edit.txn)?;
    edit.save(watchers)?;
    Ok(changed)
}

/// Changes the flags of a message that is `stored` so and that the reader sees as `value`; what the reader sees then.
fn change_seen(
    edit: &mut Edit<'_, '_>,
    lens: &mut Lens,
    uid: u32,
    (stored, value): (MessageValue, MessageValue),
    new: MessageValue,
) -> Result<MessageValue, Refusal> {
    let folder = lens.folder();
    if !lens.is_of_reader() {
        return edit.change(folder, uid, stored, new.system, new.keywords);
    }
    let shared = new.system.without(SystemFlags::SEEN);
    let shared = shared.with(stored.system.only(SystemFlags::SEEN));
    let stored = edit.change(folder, uid, stored, shared, new.keywords)?;
    if new.is_unseen() != value.is_unseen() {
        let modseq = edit.touch_folder(folder)?;
        lens.mark(edit.txn, uid, !new.is_unseen(), modseq)?;
    }
    lens.see(edit.txn, uid, stored)
}

/// EXPUNGE for some messages; returns those that went.
pub(super) fn expunge(
    txn: &mut Txn<'_>,
    account: AccountId,
    now: i64,
    folder: FolderId,
    uids: &[u32],
    only_deleted: bool,
    watchers: &Arc<Watchers>,
) -> Result<Vec<u32>, Refusal> {
    let mut edit = Edit::open(txn, account, now)?;
    edit.folder(folder)?;
    let mut gone = Vec::new();
    for uid in uids {
        let Some(value) = edit.message(folder, *uid)? else {
            continue;
        };
        if only_deleted && !value.is_deleted() {
            continue;
        }
        edit.remove(folder, *uid, &value)?;
        edit.txn.release_body(value.body)?;
        gone.push(*uid);
    }
    edit.save(watchers)?;
    Ok(gone)
}

/// COPY or MOVE: all of it or nothing. Bodies are shared, not copied.
#[expect(
    clippy::too_many_arguments,
    reason = "the arguments of the command and the three of every operation"
)]
pub(super) fn copy(
    txn: &mut Txn<'_>,
    account: AccountId,
    now: i64,
    from: FolderId,
    reader: Option<AccountId>,
    uids: &[u32],
    to: &str,
    limits: &MailboxLimits,
    and_remove: bool,
    watchers: &Arc<Watchers>,
) -> Result<Copied, Refusal> {
    if uids.len() > COPY_LIMIT {
        let detail = format!("more than {COPY_LIMIT} messages in one copy");
        return Err(Refusal::new(Cause::TooLarge, detail));
    }
    let mut edit = Edit::open(txn, account, now)?;
    edit.folder(from)?;
    let target = edit.existing(to)?;
    let mut found = Vec::new();
    let mut load = Load::default();
    for uid in uids {
        if let Some(value) = edit.message(from, *uid)? {
            load.messages += 1;
            load.bytes = load.bytes.saturating_add(value.body.len);
            found.push((*uid, value));
        }
    }
    if !and_remove {
        room_in_mailbox(&edit.mailbox, limits, load)?;
    }
    if !and_remove || from != target {
        room_in_folder(edit.folder(target)?, limits, load)?;
    }
    let uid_validity = edit.folder(target)?.uid_validity;
    let mut copied = Copied {
        uid_validity,
        source: Vec::new(),
        target: Vec::new(),
    };
    let words = edit.keywords(from)?;
    let (mut here, mut there) = (
        Lens::new(account, from, reader),
        Lens::new(account, target, reader),
    );
    for (uid, value) in found {
        let seen = !here.see(edit.txn, uid, value)?.is_unseen();
        let keywords = keyword::learn_what_fits(&mut edit, target, &words.names(value.keywords))?;
        if and_remove {
            edit.remove(from, uid, &value)?;
        } else {
            edit.txn.retain_body(value.body, 1)?;
        }
        let MessageValue {
            system,
            internal_date,
            body,
            ..
        } = value;
        copied.source.push(uid);
        let arrival = Arrival {
            system,
            keywords,
            internal_date,
            body,
        };
        copied
            .target
            .push(edit.add_as(&mut there, target, arrival, seen)?);
    }
    edit.save(watchers)?;
    Ok(copied)
}
