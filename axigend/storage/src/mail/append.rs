//! APPEND: new messages into a folder, all or none (RFC 9051, 6.3.12; RFC 3502).

use std::sync::Arc;

use axigen_shared::Refusal;

use super::{
    edit::{Arrival, Edit},
    keyword,
    quota::{Load, room_in_folder, room_in_mailbox},
    types::{AccountId, Appended, MailboxLimits, NewMessage},
    watch::Watchers,
};
use crate::ledger::Txn;

/// Appends within a transaction.
pub(super) fn append(
    txn: &mut Txn<'_>,
    account: AccountId,
    now: i64,
    folder: &str,
    messages: &[NewMessage],
    limits: &MailboxLimits,
    watchers: &Arc<Watchers>,
) -> Result<Appended, Refusal> {
    let mut edit = Edit::open(txn, account, now)?;
    let id = edit.existing(folder)?;
    let bytes = messages
        .iter()
        .fold(0_u64, |sum, message| sum.saturating_add(message.body.len()));
    let load = Load {
        messages: messages.len() as u64,
        bytes,
    };
    room_in_mailbox(&edit.mailbox, limits, load)?;
    room_in_folder(edit.folder(id)?, limits, load)?;
    let mut uids = Vec::with_capacity(messages.len());
    for message in messages {
        let keywords = keyword::learn(&mut edit, id, &message.flags.keywords)?;
        let body = edit.txn.append_body(&*message.body)?;
        let (system, internal_date) = (message.flags.system, message.internal_date);
        uids.push(edit.add(
            id,
            Arrival {
                system,
                keywords,
                internal_date,
                body,
            },
        )?);
    }
    let uid_validity = edit.folder(id)?.uid_validity;
    edit.save(watchers)?;
    Ok(Appended { uid_validity, uids })
}
