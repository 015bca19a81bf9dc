//! The account's mailbox: folders, and the folder that the session has opened.

use axigen_shared::{Cause, Refusal};
use axigend_directory::AccountKey;
use axigend_protocol::imap::{Answer, Changes, Event, Folder, Opened, Uids};
use axigend_storage::{FolderId, FolderInfo, FolderNumbers, Mailbox};
use tokio::sync::watch;

use super::{
    convert,
    message::Messages,
    recents::{Recents, Told},
    sifting::Sifting,
};

/// Changes asked for at a time.
const CHANGES_PAGE: usize = 1024;
/// Silence after which a listening client hears that the server is there (services-core 3.2.5: 2 minutes).
const QUIET: std::time::Duration = std::time::Duration::from_secs(110);

/// A mailbox with what one session has open of it.
pub(super) struct OpenMailbox {
    pub(super) mailbox: Mailbox,
    pub(super) messages: Messages,
    account: AccountKey,
    recents: Recents,
    pub(super) sifting: Sifting,
    changes: watch::Receiver<u64>,
    /// A change was noticed and not looked into yet.
    changed: bool,
    opened: Option<OpenFolder>,
}

struct OpenFolder {
    id: FolderId,
    /// The MODSEQ up to which the store was asked.
    known: u64,
    /// What was told of it as \Recent.
    told: Told,
    /// UIDs below this were told here, and the store does not know it yet.
    claimed: Option<u32>,
}

impl OpenMailbox {
    pub(super) async fn new(
        mailbox: Mailbox,
        account: AccountKey,
        recents: Recents,
    ) -> Result<Self, Refusal> {
        let changes = mailbox.ask(|mailbox| Ok(mailbox.watch())).await?;
        Ok(Self {
            mailbox,
            messages: Messages::default(),
            account,
            recents,
            sifting: Sifting::default(),
            changes,
            changed: false,
            opened: None,
        })
    }

    /// The opened folder's number.
    pub(super) fn folder(&self) -> Result<FolderId, Refusal> {
        let folder = self
            .opened
            .as_ref()
            .ok_or_else(|| Refusal::new(Cause::Internal, "no folder is open"))?;
        Ok(folder.id)
    }

    pub(super) async fn folders(&self) -> Result<Vec<Folder>, Refusal> {
        let folders = self.mailbox.ask(Mailbox::folders).await?.into_iter();
        Ok(folders.map(|folder| self.convert(folder)).collect())
    }

    pub(super) async fn folder_named(&self, name: &str) -> Result<Folder, Refusal> {
        Ok(self.convert(self.look(name).await?))
    }

    async fn look(&self, name: &str) -> Result<FolderInfo, Refusal> {
        let name = name.to_owned();
        self.mailbox.ask(move |mailbox| mailbox.folder(&name)).await
    }

    fn convert(&self, mut folder: FolderInfo) -> Folder {
        let told = self.recents.below(self.account, folder.id);
        folder.recent_from = folder.recent_from.max(told);
        convert::folder(folder)
    }

    pub(super) async fn select(&mut self, name: &str, claim_recent: bool) -> Result<Opened, Refusal> {
        self.leave().await;
        // Changes from here on are news.
        self.changes.borrow_and_update();
        self.changed = false;
        let folder = self.look(name).await?;
        if !folder.selectable {
            return Err(Refusal::new(
                Cause::NotPermitted,
                format!("{name} cannot be selected"),
            ));
        }
        let told = self.recents.open(self.account, folder.id);
        // Looked at again, because a session that left meanwhile has written what it was told.
        let id = folder.id;
        let folder = self.mailbox.ask(move |mailbox| mailbox.folder_by_id(id)).await?;
        let first_recent = told.tell(folder.recent_from, folder.uid_next, claim_recent);
        let mut claimed = None;
        if claim_recent && first_recent < folder.uid_next {
            let written = self.mailbox.claim_recent_below(folder.id, folder.uid_next).await;
            if let Err(refusal) = written {
                // Reading must work when writing does not: the disk may be full.
                tracing::warn!("new messages will be \\Recent once more: {refusal}");
                claimed = Some(folder.uid_next);
            }
        }
        self.opened = Some(OpenFolder {
            id: folder.id,
            known: folder.highest_modseq,
            told,
            claimed,
        });
        Ok(Opened {
            folder: convert::folder(folder),
            first_recent,
        })
    }

    /// From which UID on messages up to the `last` are recent here.
    pub(super) fn newcomers(&mut self, last: u32, claim_recent: bool) -> Result<u32, Refusal> {
        let folder = self.opened.as_mut();
        let folder = folder.ok_or_else(|| Refusal::new(Cause::Internal, "no folder is open"))?;
        let end = last.saturating_add(1);
        if claim_recent {
            folder.claimed = folder.claimed.max(Some(end));
        }
        Ok(folder.told.tell(0, end, claim_recent))
    }

    /// Closes the folder, after it was written which newcomers this session was told of.
    pub(super) async fn leave(&mut self) {
        self.messages.forget();
        self.sifting = Sifting::default();
        let Some(folder) = self.opened.take() else { return };
        let Some(below) = folder.claimed else { return };
        match self.mailbox.claim_recent_below(folder.id, below).await {
            Err(refusal) if refusal.cause != Cause::NoSuchFolder => {
                tracing::warn!("messages will be \\Recent once more: {refusal}");
            }
            _ => {}
        }
    }

    pub(super) async fn uids(&self) -> Result<Uids, Refusal> {
        let FolderNumbers { uids, first_unseen } = self.mailbox.numbers(self.folder()?).await?;
        Ok(Uids { uids, first_unseen })
    }

    pub(super) async fn rows(&mut self, uids: &[u32]) -> Result<Answer, Refusal> {
        let folder = self.folder()?;
        let rows = self.messages.page.rows(&self.mailbox, folder, uids).await?;
        Ok(Answer::Rows(convert::rows(&self.mailbox, rows)))
    }

    /// What changed; the store is asked only when it has said that something did.
    pub(super) async fn changes(&mut self, since: u64) -> Result<Changes, Refusal> {
        let folder = self.folder()?;
        let news = self.changed || self.changes.has_changed().unwrap_or(true);
        let known = self.opened.as_ref().map_or(0, |folder| folder.known);
        if !news && since >= known {
            return Ok(Changes {
                highest_modseq: since,
                ..Changes::default()
            });
        }
        self.changes.borrow_and_update();
        let changes = self
            .mailbox
            .ask(move |mailbox| mailbox.changes_since(folder, since, CHANGES_PAGE))
            .await?;
        self.changed = !changes.complete;
        if let Some(folder) = &mut self.opened {
            folder.known = changes.highest_modseq;
        }
        Ok(convert::changes(&self.mailbox, changes))
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
