//! Whether something still fits: pure, checked inside the transaction that adds it.

use axigen_shared::{Cause, Refusal};

use super::{
    rows::{FolderRow, MailboxRow},
    types::MailboxLimits,
};

/// Limits of size are given in these.
const KB: u64 = 1024;

/// What is to be added.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Load {
    pub messages: u64,
    pub bytes: u64,
}

/// Refuses when the mailbox as a whole would pass its limits.
pub(super) fn room_in_mailbox(row: &MailboxRow, limits: &MailboxLimits, load: Load) -> Result<(), Refusal> {
    within(
        "messages in the mailbox",
        row.messages.saturating_add(load.messages),
        limits.total_count,
        1,
    )?;
    within(
        "size of the mailbox",
        row.size.saturating_add(load.bytes),
        limits.total_size_kb,
        KB,
    )
}

/// Refuses when the folder would pass its own limits.
pub(super) fn room_in_folder(row: &FolderRow, limits: &MailboxLimits, load: Load) -> Result<(), Refusal> {
    let count = row.quota.count.unwrap_or(limits.folder_message_count);
    let size = row.quota.size_kb.unwrap_or(limits.folder_size_kb);
    within(
        "messages in the folder",
        u64::from(row.messages).saturating_add(load.messages),
        count,
        1,
    )?;
    within(
        "size of the folder",
        row.size.saturating_add(load.bytes),
        size,
        KB,
    )
}

/// Refuses when `more` folders would be too many.
pub(super) fn room_for_folders(row: &MailboxRow, limits: &MailboxLimits, more: u64) -> Result<(), Refusal> {
    within(
        "folders",
        row.folders.saturating_add(more),
        limits.folder_count,
        1,
    )
}

fn within(what: &str, would_be: u64, limit: u64, unit: u64) -> Result<(), Refusal> {
    let limit = limit.saturating_mul(unit);
    if limit == 0 || would_be <= limit {
        return Ok(());
    }
    Err(Refusal::new(
        Cause::OverQuota,
        format!("{what} would be {would_be}, the limit is {limit}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::types::FolderQuota;

    #[test]
    fn the_limit_itself_still_fits_and_zero_is_none() {
        let row = MailboxRow {
            size: 1000,
            messages: 9,
            ..MailboxRow::default()
        };
        let limits = MailboxLimits {
            total_size_kb: 1,
            total_count: 10,
            ..MailboxLimits::default()
        };
        let load = |messages, bytes| Load { messages, bytes };
        assert!(room_in_mailbox(&row, &limits, load(1, 24)).is_ok());
        assert_eq!(
            room_in_mailbox(&row, &limits, load(1, 25)).unwrap_err().cause,
            Cause::OverQuota
        );
        assert!(room_in_mailbox(&row, &limits, load(2, 0)).is_err());
        assert!(room_in_mailbox(&row, &MailboxLimits::default(), load(u64::MAX, u64::MAX)).is_ok());
    }

    #[test]
    fn a_folders_own_quota_wins() {
        let limits = MailboxLimits {
            folder_message_count: 1,
            ..MailboxLimits::default()
        };
        let mut row = FolderRow {
            messages: 1,
            ..FolderRow::default()
        };
        let load = Load {
            messages: 1,
            bytes: 0,
        };
        assert!(room_in_folder(&row, &limits, load).is_err());
        row.quota = FolderQuota {
            count: Some(0),
            size_kb: None,
        };
        assert!(room_in_folder(&row, &limits, load).is_ok());
    }
}
