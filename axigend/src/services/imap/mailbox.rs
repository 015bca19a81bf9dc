//! The account's mailbox: folders, and the folder that the session has opened.

use axigen_shared::{Cause, Refusal};
use axigend_protocol::imap::{Answer, Changes, Event, Folder, Opened, ROWS_PAGE, UIDS_PAGE, Uids};
use axigend_storage::{FolderId, Mailbox, SystemFlags};
use tokio::sync::watch;

use super::{convert, message::Messages};

/// Changes asked for at a time.
const CHANGES_PAGE: usize = 1024;
/// A page of rows is read as one range when at most this many times as many UIDs lie in it.
const SPARSE: u32 = 4;
/// Silence after which a listening client hears that the server is there (services-core 3.2.5: 2 minutes).
const QUIET: std::time::Duration = std::time::Duration::from_secs(110);

/// A mailbox with what one session has open of it.
pub(super) struct OpenMailbox {
    pub(super) mailbox: Mailbox,
    pub(super) messages: Messages,
    changes: watch::Receiver<u64>,
    /// A change was noticed and not looked into yet.
    changed: bool,
    opened: Option<OpenFolder>,
}

#[derive(Clone, Copy)]
struct OpenFolder {
    id: FolderId,
    /// The MODSEQ up to which the store was asked.
    known: u64,
}

impl OpenMailbox {
    pub(super) fn new(mailbox: Mailbox) -> Self {
        let changes = mailbox.watch();
        Self {
            mailbox,
            messages: Messages::default(),
            changes,
            changed: false,
            opened: None,
        }
    }

    /// The opened folder's number.
    pub(super) fn folder(&self) -> Result<FolderId, Refusal> {
        let folder = self
            .opened
            .ok_or_else(|| Refusal::new(Cause::Internal, "no folder is open"))?;
        Ok(folder.id)
    }

    pub(super) fn folders(&self) -> Result<Vec<Folder>, Refusal> {
        Ok(self.mailbox.folders()?.into_iter().map(convert::folder).collect())
    }

    pub(super) async fn select(&mut self, name: &str, claim_recent: bool) -> Result<Opened, Refusal> {
        self.close();
        // Changes from here on are news.
        self.changes.borrow_and_update();
        self.changed = false;
        let folder = self.mailbox.folder(name)?;
        if !folder.selectable {
            return Err(Refusal::new(
                Cause::NotPermitted,
                format!("{name} cannot be selected"),
            ));
        }
        let first_recent = if claim_recent && folder.recent_from < folder.uid_next {
            self.mailbox.claim_recent(folder.id).await?
        } else {
            folder.recent_from
        };
        self.opened = Some(OpenFolder {
            id: folder.id,
            known: folder.highest_modseq,
        });
        Ok(Opened {
            folder: convert::folder(folder),
            first_recent,
        })
    }

    pub(super) async fn unselect(&mut self, claim_recent: bool) -> Result<(), Refusal> {
        let folder = self.folder();
        self.close();
        if claim_recent {
            self.mailbox.claim_recent(folder?).await?;
        }
        Ok(())
    }

    fn close(&mut self) {
        self.opened = None;
        self.messages.forget();
    }

    pub(super) fn uids(&self, from: u32) -> Result<Uids, Refusal> {
        let rows = self.mailbox.messages(self.folder()?, from, UIDS_PAGE)?;
        let unseen = rows
            .iter()
            .find(|row| !row.flags.system.contains(SystemFlags::SEEN));
        Ok(Uids {
            first_unseen: unseen.map(|row| row.uid),
            uids: rows.iter().map(|row| row.uid).collect(),
        })
    }

    pub(super) fn rows(&mut self, uids: &[u32]) -> Result<Answer, Refusal> {
        let folder = self.folder()?;
        let (Some(first), Some(last)) = (uids.first().copied(), uids.last().copied()) else {
            return Ok(Answer::Rows(Vec::new()));
        };
        let span = last.saturating_sub(first).saturating_add(1);
        let wanted = u32::try_from(uids.len()).unwrap_or(u32::MAX);
        let rows = if span <= wanted.saturating_mul(SPARSE) {
            let limit = usize::try_from(span).unwrap_or(ROWS_PAGE);
            let mut rows = self.mailbox.messages(folder, first, limit)?;
            rows.retain(|row| uids.binary_search(&row.uid).is_ok());
            rows
        } else {
            let mut rows = Vec::with_capacity(uids.len());
            for uid in uids {
                rows.extend(self.mailbox.message(folder, *uid)?);
            }
            rows
        };
        self.messages.remember(&rows);
        Ok(Answer::Rows(convert::rows(rows)))
    }

    /// What changed; the store is asked only when it has said that something did.
    pub(super) fn changes(&mut self, since: u64) -> Result<Changes, Refusal> {
        let folder = self.folder()?;
        let news = self.changed || self.changes.has_changed().unwrap_or(true);
        let known = self.opened.map_or(0, |folder| folder.known);
        if !news && since >= known {
            return Ok(Changes {
                highest_modseq: since,
                ..Changes::default()
            });
        }
        self.changes.borrow_and_update();
        let changes = self.mailbox.changes_since(folder, since, CHANGES_PAGE)?;
        self.changed = !changes.complete;
        if let Some(folder) = &mut self.opened {
            folder.known = changes.highest_modseq;
        }
        Ok(convert::changes(changes))
    }

    /// Waits until there is something to tell. Losing the future loses nothing: a noticed change is remembered.
    pub(super) async fn event(&mut self) -> Event {
        let noticed = async {
            // Without a folder nothing can be told; a store that is closed says nothing more.
            if self.opened.is_none() || self.changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            () = noticed => {
                self.changed = true;
                Event::Changed
            }
            () = tokio::time::sleep(QUIET) => Event::Quiet,
        }
    }
}
