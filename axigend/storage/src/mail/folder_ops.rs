//! CREATE, DELETE, RENAME and the default folders (RFC 9051, 6.3.4-6.3.6).

use std::{ops::ControlFlow, sync::Arc};

use axigen_shared::{Cause, Refusal};

use super::{
    FOLDER_NAME_LIMIT, STEP,
    edit::{Arrival, Edit},
    keys, look, names,
    quota::room_for_folders,
    rows::{MessageValue, PRESENT},
    seen,
    types::{AccountId, FolderId, FolderInfo, MailboxLimits, SpecialUse},
    watch::Watchers,
};
use crate::ledger::Txn;

/// What a new mailbox has.
const DEFAULT_FOLDERS: [(&str, Option<SpecialUse>); 5] = [
    (names::INBOX, None),
    ("Drafts", Some(SpecialUse::Drafts)),
    ("Sent", Some(SpecialUse::Sent)),
    ("Spam", Some(SpecialUse::Junk)),
    ("Trash", Some(SpecialUse::Trash)),
];

/// Whether a piecewise operation has to go on.
pub(super) enum Step {
    /// Call again.
    More,
    /// Finished.
    Done,
}

/// Gives a mailbox its INBOX, and the other default folders when it had none at all.
pub(super) fn create_defaults(edit: &mut Edit<'_, '_>) -> Result<(), Refusal> {
    let wanted = if edit.mailbox.folders == 0 {
        &DEFAULT_FOLDERS[..]
    } else {
        &DEFAULT_FOLDERS[..1]
    };
    for (name, special_use) in wanted {
        if edit.find(name)?.is_none() {
            let id = edit.create(name, *special_use)?;
            edit.txn
                .put(keys::SUBSCRIPTION, &keys::name(edit.account, name), &PRESENT)?;
            debug_assert!(id > 0, "folder numbers begin at 1");
        }
    }
    Ok(())
}

/// Creates `name` (canonical, not there) with the levels above that are missing.
pub(super) fn create_with_parents(
    edit: &mut Edit<'_, '_>,
    name: &str,
    special_use: Option<SpecialUse>,
) -> Result<FolderId, Refusal> {
    create_above(edit, name)?;
    edit.create(name, special_use)
}

fn create_above(edit: &mut Edit<'_, '_>, name: &str) -> Result<(), Refusal> {
    for above in names::ancestors(name) {
        if edit.find(above)?.is_none() {
            edit.create(above, None)?;
        }
    }
    Ok(())
}

/// How many of the levels above `name` there are not.
pub(super) fn missing_above(edit: &Edit<'_, '_>, name: &str) -> Result<u64, Refusal> {
    let mut missing = 0;
    for above in names::ancestors(name) {
        missing += u64::from(edit.find(above)?.is_none());
    }
    Ok(missing)
}

/// CREATE.
pub(super) fn create(
    txn: &mut Txn<'_>,
    account: AccountId,
    now: i64,
    name: &str,
    special_use: Option<SpecialUse>,
    limits: &MailboxLimits,
    watchers: &Arc<Watchers>,
) -> Result<FolderInfo, Refusal> {
    let name = names::canonical(name)?;
    let mut edit = Edit::open(txn, account, now)?;
    if edit.find(&name)?.is_some() {
        return Err(exists(&name));
    }
    room_for_folders(&edit.mailbox, limits, missing_above(&edit, &name)? + 1)?;
    let id = create_with_parents(&mut edit, &name, special_use)?;
    edit.save(watchers)?;
    look::info(txn, account, id)
}

fn exists(name: &str) -> Refusal {
    Refusal::new(Cause::AlreadyExists, format!("there is a folder {name}"))
}

/// The first messages of a folder, at most `limit`.
fn some_messages(
    edit: &Edit<'_, '_>,
    id: FolderId,
    limit: usize,
) -> Result<Vec<(u32, MessageValue)>, Refusal> {
    let mut found = Vec::new();
    look::each_message(edit.txn, edit.account, id, 0, |uid, value| {
        found.push((uid, value));
        Ok(if found.len() >= limit {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    Ok(found)
}

/// DELETE, one step: some messages, or with the last of them the folder.
pub(super) fn delete_step(
    txn: &mut Txn<'_>,
    account: AccountId,
    now: i64,
    name: &str,
    watchers: &Arc<Watchers>,
) -> Result<Step, Refusal> {
    let mut edit = Edit::open(txn, account, now)?;
    let id = edit.existing(name)?;
    let name = edit.folder(id)?.name.clone();
    if name == names::INBOX {
        return Err(Refusal::new(Cause::NotPermitted, "INBOX cannot be deleted"));
    }
    if look::has_children(edit.txn, account, &name)? {
        return Err(Refusal::new(Cause::Conflict, format!("folders lie below {name}")));
    }
    let step = match empty_and_drop(&mut edit, id, STEP)? {
        Some(_) => Step::Done,
        None => Step::More,
    };
    edit.save(watchers)?;
    Ok(step)
}

/// Removes at most `limit` messages, then the folder if it is empty: how many of the limit are left then.
fn empty_and_drop(edit: &mut Edit<'_, '_>, id: FolderId, limit: usize) -> Result<Option<usize>, Refusal> {
    let messages = some_messages(edit, id, limit)?;
    for (uid, value) in &messages {
        edit.remove(id, *uid, value)?;
        edit.txn.release_body(value.body)?;
    }
    let left = limit.saturating_sub(messages.len());
    let left = seen::forget(edit.txn, edit.account, id, None, left)?;
    if left == 0 {
        return Ok(None);
    }
    edit.drop_folder(id)?;
    Ok(Some(left))
}

/// Removes a whole mailbox, one step. Its counters stay, so that nothing goes back if the account returns.
pub(super) fn remove_mailbox_step(
    txn: &mut Txn<'_>,
    account: AccountId,
    now: i64,
    watchers: &Arc<Watchers>,
) -> Result<Step, Refusal> {
    let mut edit = Edit::open(txn, account, now)?;
    let mut left = Some(STEP);
    for (_, id) in look::folder_names(edit.txn, account, "")? {
        let Some(limit) = left else { break };
        left = empty_and_drop(&mut edit, id, limit)?;
    }
    if left.is_some() {
        for name in subscriptions(edit.txn, account)? {
            edit.txn.delete(keys::SUBSCRIPTION, &keys::name(account, &name))?;
        }
    }
    edit.save(watchers)?;
    Ok(if left.is_some() { Step::Done } else { Step::More })
}

/// What a RENAME asks for.
#[derive(Clone)]
pub(super) struct Rename {
    pub(super) from: String,
    pub(super) to: String,
    /// For the folders that it creates.
    pub(super) limits: MailboxLimits,
    /// No step was done yet: the target must not be there.
    pub(super) first: bool,
}

/// RENAME, one step. Only INBOX takes more than one: its messages move to the new folder (RFC 9051, 6.3.6).
pub(super) fn rename_step(
    txn: &mut Txn<'_>,
    account: AccountId,
    now: i64,
    rename: &Rename,
    watchers: &Arc<Watchers>,
) -> Result<Step, Refusal> {
    let to = names::canonical(&rename.to)?;
    let mut edit = Edit::open(txn, account, now)?;
    let id = edit.existing(&rename.from)?;
    let from = edit.folder(id)?.name.clone();
    if rename.first && edit.find(&to)?.is_some() {
        return Err(exists(&to));
    }
    let step = if from == names::INBOX {
        move_inbox(&mut edit, id, &to, &rename.limits)?
    } else {
        rename_tree(&mut edit, id, &from, &to, &rename.limits)?;
        Step::Done
    };
    edit.save(watchers)?;
    Ok(step)
}

fn rename_tree(
    edit: &mut Edit<'_, '_>,
    id: FolderId,
    from: &str,
    to: &str,
    limits: &MailboxLimits,
) -> Result<(), Refusal> {
    if to.strip_prefix(from).is_some_and(|rest| rest.starts_with('/')) {
        return Err(Refusal::new(
            Cause::Conflict,
            "a folder cannot be moved below itself",
        ));
    }
    let missing = missing_above(edit, to)?;
    // A mailbox that is over its limit already may still change names.
    if missing > 0 {
        room_for_folders(&edit.mailbox, limits, missing)?;
    }
    create_above(edit, to)?;
    let below = look::folder_names(edit.txn, edit.account, &format!("{from}/"))?;
    edit.rename(id, to)?;
    for (name, id) in below {
        let rest = name.strip_prefix(from).unwrap_or_default();
        let name = names::canonical(&format!("{to}{rest}"))?;
        debug_assert!(name.len() <= FOLDER_NAME_LIMIT, "canonical names are bounded");
        edit.rename(id, &name)?;
    }
    Ok(())
}

fn move_inbox(
    edit: &mut Edit<'_, '_>,
    inbox: FolderId,
    to: &str,
    limits: &MailboxLimits,
) -> Result<Step, Refusal> {
    let target = if let Some(id) = edit.find(to)? {
        id
    } else {
        room_for_folders(&edit.mailbox, limits, missing_above(edit, to)? + 1)?;
        create_with_parents(edit, to, None)?
    };
    let words = edit.keywords(inbox)?;
    let messages = some_messages(edit, inbox, STEP)?;
    for (uid, value) in &messages {
        let keywords = super::keyword::learn_what_fits(edit, target, &words.names(value.keywords))?;
        edit.remove(inbox, *uid, value)?;
        let MessageValue {
            system,
            internal_date,
            body,
            ..
        } = *value;
        edit.add(
            target,
            Arrival {
                system,
                keywords,
                internal_date,
                body,
            },
        )?;
    }
    Ok(if messages.len() >= STEP {
        Step::More
    } else {
        Step::Done
    })
}

/// SUBSCRIBE and UNSUBSCRIBE; the folder need not exist (RFC 9051, 6.3.7).
pub(super) fn subscribe(
    txn: &mut Txn<'_>,
    account: AccountId,
    now: i64,
    name: &str,
    on: bool,
    watchers: &Arc<Watchers>,
) -> Result<(), Refusal> {
    let key = keys::name(account, &names::canonical(name)?);
    if txn.get(keys::SUBSCRIPTION, &key)?.is_some() == on {
        return Ok(());
    }
    let mut edit = Edit::open(txn, account, now)?;
    edit.touch();
    if on {
        edit.txn.put(keys::SUBSCRIPTION, &key, &PRESENT)?;
    } else {
        edit.txn.delete(keys::SUBSCRIPTION, &key)?;
    }
    edit.save(watchers)
}

/// Subscribed names in order.
pub(super) fn subscriptions(
    view: &impl crate::ledger::View,
    account: AccountId,
) -> Result<Vec<String>, Refusal> {
    let prefix = keys::mailbox(account);
    let mut found = Vec::new();
    look::scan(view, keys::SUBSCRIPTION, &prefix, &prefix, &mut |key, _| {
        found.extend(
            key.get(8..)
                .and_then(|name| std::str::from_utf8(name).ok())
                .map(str::to_owned),
        );
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(found)
}
