//! Local delivery: one body for all recipients of a store, each recipient at most once per queue key.

use std::{ops::ControlFlow, sync::Arc};

use axigen_shared::{Cause, Refusal};

use super::{
    edit::{Arrival, Edit},
    flags::SystemFlags,
    folder_ops, keys, look, names,
    quota::{Load, room_for_folders, room_in_folder, room_in_mailbox},
    rows::{FolderRow, encode_number},
    types::{DeliverTo, Delivered, FolderId, LocalDelivery},
    watch::Watchers,
};
use crate::{body::BodyRef, ledger::Txn};

/// Delivers within a transaction; one result per recipient in their order.
pub(super) fn deliver(
    txn: &mut Txn<'_>,
    delivery: &LocalDelivery,
    now: i64,
    watchers: &Arc<Watchers>,
) -> Result<Vec<Delivered>, Refusal> {
    let mut stored = None;
    let mut results = Vec::with_capacity(delivery.recipients.len());
    for recipient in &delivery.recipients {
        results.push(match one(txn, delivery, recipient, &mut stored, now, watchers) {
            Ok(delivered) => delivered,
            // Only what concerns this mailbox is its own result; a failing store fails all.
            Err(refusal) if refusal.cause == Cause::OverQuota => Delivered::Refused(refusal),
            Err(refusal) => return Err(refusal),
        });
    }
    Ok(results)
}

/// Delivers to one recipient. Quotas, all that can refuse a single one, are checked before the first change.
fn one(
    txn: &mut Txn<'_>,
    delivery: &LocalDelivery,
    recipient: &DeliverTo,
    stored: &mut Option<BodyRef>,
    now: i64,
    watchers: &Arc<Watchers>,
) -> Result<Delivered, Refusal> {
    let marker = delivery.key.map(|key| keys::delivered(key, recipient.account));
    if let Some(marker) = &marker
        && txn.get(keys::DELIVERED, marker)?.is_some()
    {
        return Ok(Delivered::AlreadyStored);
    }
    let mut edit = Edit::open(txn, recipient.account, now)?;
    let load = Load {
        messages: 1,
        bytes: delivery.body.len(),
    };
    room_in_mailbox(&edit.mailbox, &recipient.limits, load)?;
    let id = if let Some(id) = existing_folder(&edit, recipient)? {
        let row = edit.folder(id)?;
        room_in_folder(row, &recipient.limits, load)?;
        if row.uid_next == u32::MAX {
            let refusal = Refusal::new(Cause::Conflict, "the folder has used all UIDs");
            return Ok(Delivered::Refused(refusal));
        }
        id
    } else {
        room_in_folder(&FolderRow::default(), &recipient.limits, load)?;
        new_folder(&mut edit, recipient)?
    };
    let body = match *stored {
        Some(body) => {
            edit.txn.retain_body(body, 1)?;
            body
        }
        None => *stored.insert(edit.txn.append_body(&*delivery.body)?),
    };
    let internal_date = delivery.internal_date;
    let uid = edit.add(
        id,
        Arrival {
            system: SystemFlags::NONE,
            keywords: 0,
            internal_date,
            body,
        },
    )?;
    if let Some(marker) = &marker {
        edit.txn.put(keys::DELIVERED, marker, &encode_number(uid))?;
    }
    edit.save(watchers)?;
    Ok(Delivered::Stored { uid })
}

/// The folder asked for; `None` when one has to be made.
fn existing_folder(edit: &Edit<'_, '_>, recipient: &DeliverTo) -> Result<Option<FolderId>, Refusal> {
    if let Ok(name) = names::canonical(&recipient.folder) {
        if let Some(id) = edit.find(&name)? {
            return Ok(Some(id));
        }
        let missing = folder_ops::missing_above(edit, &name)? + 1;
        if room_for_folders(&edit.mailbox, &recipient.limits, missing).is_ok() {
            return Ok(None);
        }
    }
    edit.find(names::INBOX)
}

/// Makes the folder asked for, and the default folders in a mailbox that has none.
fn new_folder(edit: &mut Edit<'_, '_>, recipient: &DeliverTo) -> Result<FolderId, Refusal> {
    folder_ops::create_defaults(edit)?;
    let name = names::canonical(&recipient.folder).unwrap_or_else(|_| names::INBOX.to_owned());
    match edit.find(&name)? {
        Some(id) => Ok(id),
        None => folder_ops::create_with_parents(edit, &name, None),
    }
}

/// Removes the markers of finished queue entries.
pub(super) fn forget(txn: &mut Txn<'_>, finished: &[u64]) -> Result<(), Refusal> {
    for key in finished {
        let prefix = key.to_be_bytes();
        let mut markers = Vec::new();
        look::scan(txn, keys::DELIVERED, &prefix, &prefix, &mut |marker, _| {
            markers.push(marker.to_vec());
            Ok(ControlFlow::Continue(()))
        })?;
        for marker in markers {
            txn.delete(keys::DELIVERED, &marker)?;
        }
    }
    Ok(())
}
