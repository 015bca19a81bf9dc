//! The STATUS line (RFC 9051, 7.3.4; DELETED-STORAGE: RFC 9208, 4.1.4), for STATUS and LIST … RETURN (STATUS …).

use std::fmt::Write as _;

use axigen_shared::{Cause, Refusal};

use super::{
    super::{
        backend::Request,
        bounds::ROWS_PAGE,
        dialogue::{Dialogue, Fail},
        flags::Flag,
        folder::Folder,
        wire::{Stop, Wire},
        write::{mailbox, pair},
    },
    parse::StatusItem,
};

impl Dialogue {
    /// `* STATUS name (…)`.
    pub(crate) async fn status_line(&self, folder: &Folder, items: &[StatusItem]) -> Result<String, Fail> {
        let mut values = String::new();
        for item in items {
            match item {
                StatusItem::Messages => pair(&mut values, "MESSAGES", u64::from(folder.messages)),
                StatusItem::Recent => pair(&mut values, "RECENT", self.status_recent(folder)),
                StatusItem::UidNext => pair(&mut values, "UIDNEXT", u64::from(folder.uid_next)),
                StatusItem::UidValidity => pair(&mut values, "UIDVALIDITY", u64::from(folder.uid_validity)),
                StatusItem::Unseen => pair(&mut values, "UNSEEN", u64::from(folder.unseen)),
                StatusItem::Deleted => pair(&mut values, "DELETED", u64::from(folder.deleted)),
                StatusItem::Size => pair(&mut values, "SIZE", folder.size),
                StatusItem::DeletedStorage => {
                    pair(
                        &mut values,
                        "DELETED-STORAGE",
                        self.deleted_storage(folder).await?,
                    );
                }
                StatusItem::HighestModSeq => pair(&mut values, "HIGHESTMODSEQ", folder.highest_modseq),
                StatusItem::AppendLimit => pair(&mut values, "APPENDLIMIT", self.settings.append_limit),
                StatusItem::MailboxId => {
                    let space = if values.is_empty() { "" } else { " " };
                    let _ = write!(values, "{space}MAILBOXID ({})", folder.mailbox_id);
                }
            }
        }
        Ok(format!(
            "* STATUS {} ({values})\r\n",
            mailbox(&folder.name, self.enabled.utf8_names())
        ))
    }

    /// Messages not yet claimed by any session; UIDs need not be dense, so at most what the folder holds.
    fn status_recent(&self, folder: &Folder) -> u64 {
        match &self.selected {
            Some(selected) if selected.name == folder.name => selected.recent() as u64,
            _ => u64::from(
                folder
                    .uid_next
                    .saturating_sub(folder.first_recent)
                    .min(folder.messages),
            ),
        }
    }

    /// Bytes of the messages with \Deleted. The folder's counters do not hold them, since hardly anybody asks: they
    /// are added up from the rows, for which another folder is opened for a moment.
    async fn deleted_storage(&self, folder: &Folder) -> Result<u64, Fail> {
        if folder.deleted == 0 {
            return Ok(0);
        }
        let is_open = |name: &str| name == folder.name;
        if self
            .selected
            .as_ref()
            .is_some_and(|selected| is_open(&selected.name))
        {
            return Ok(deleted_bytes(&self.wire).await?);
        }
        let bytes = match self.wire.select(&folder.name, false).await {
            Ok(_) => deleted_bytes(&self.wire).await,
            Err(refusal) => Err(refusal),
        };
        self.reopen().await?;
        match bytes {
            // It went meanwhile, and its messages with it.
            Err(refusal) if refusal.cause == Cause::NoSuchFolder => Ok(0),
            bytes => Ok(bytes?),
        }
    }

    /// Opens the selected mailbox again for the service, after it had another one open.
    async fn reopen(&self) -> Result<(), Fail> {
        let Some(selected) = &self.selected else {
            return Ok(self.wire.done(Request::Unselect).await?);
        };
        match self.wire.select(&selected.name, false).await {
            Ok(opened) if opened.folder.uid_validity == selected.uid_validity => Ok(()),
            Ok(_) => Err(Fail::Stop(Stop::MailboxGone)),
            Err(refusal) if refusal.cause == Cause::NoSuchFolder => Err(Fail::Stop(Stop::MailboxGone)),
            Err(refusal) => {
                // Its numbers would mean nothing from here on.
                Wire::log_refusal("opening the selected mailbox again", &refusal);
                Err(Fail::Stop(Stop::Gone))
            }
        }
    }
}

/// Bytes of the \Deleted messages of the folder that the service has open.
async fn deleted_bytes(wire: &Wire) -> Result<u64, Refusal> {
    let mut bytes = 0_u64;
    for page in wire.uids().await?.uids.chunks(ROWS_PAGE) {
        let rows = wire.rows(page.to_vec()).await?;
        let deleted = rows.iter().filter(|row| row.flags.has(Flag::Deleted));
        bytes = deleted.fold(bytes, |bytes, row| bytes.saturating_add(row.size));
    }
    Ok(bytes)
}
