//! APPEND: new messages into a folder, all or none (RFC 9051, 6.3.12; RFC 3502).

use std::sync::Arc;

use axigen_shared::Refusal;

use super::{
    edit::{Arrival, Edit},
    flags::SystemFlags,
    keyword,
    quota::{Load, room_in_folder, room_in_mailbox},
    seen::Lens,
    types::{AccountId, Appended, MailboxLimits, NewMessage},
    watch::Watchers,
};
use crate::ledger::Txn;

/// Appends within a transaction.
#[expect(
    clippy::too_many_arguments,
    reason = "the arguments of the command and the three of every operation"
)]
pub(super) fn append(
    txn: &mut Txn<'_>,
    account: AccountId,
    now: i64,
    folder: &str,
    reader: Option<AccountId>,
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
    let mut lens = Lens::new(account, id, reader);
    for message in messages {
        let keywords = keyword::learn(&mut edit, id, &message.flags.keywords)?;
        let body = edit.txn.append_body(&*message.body)?;
        let (mut system, internal_date) = (message.flags.system, message.internal_date);
        let seen = system.contains(SystemFlags::SEEN);
        if lens.is_of_reader() {
            system.remove(SystemFlags::SEEN);
        }
        let arrival = Arrival {
            system,
            keywords,
            internal_date,
            body,
        };
        uids.push(edit.add_as(&mut lens, id, arrival, seen)?);
    }
    let uid_validity = edit.folder(id)?.uid_validity;
    edit.save(watchers)?;
    Ok(Appended { uid_validity, uids })
}
