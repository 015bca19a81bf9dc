//! An account's INBOX as one POP3 session works with it.

use axigen_shared::{Cause, Refusal};
use axigend_protocol::pop3::{CHUNK, MAILDROP_MAX, Maildrop, Message};
use axigend_storage::{BodyRef, FolderId, FolderInfo, Mailbox, MessageRow, SystemFlags};
use bytes::Bytes;
use tokio::sync::watch;

use super::seen::SeenMarks;

/// The folder that POP3 shows.
const INBOX: &str = "INBOX";
/// Message rows read at a time; between two readings other connections of the thread get their turn.
const PAGE: usize = 1000;

/// The open mailbox.
pub(super) struct OpenMaildrop {
    mailbox: Mailbox,
    inbox: FolderId,
    /// UIDs of the snapshot, ascending.
    uids: Vec<u32>,
    /// What others did is known up to here.
    modseq: u64,
    changed: watch::Receiver<u64>,
    /// The message opened last.
    message: Option<OpenMessage>,
    seen: SeenMarks,
}

struct OpenMessage {
    uid: u32,
    body: BodyRef,
    is_seen: bool,
}

impl OpenMaildrop {
    /// Takes the snapshot of INBOX.
    pub(super) async fn open(mailbox: Mailbox) -> Result<(Self, Maildrop), Refusal> {
        let changed = mailbox.ask(|mailbox| Ok(mailbox.watch())).await?;
        let folder = inbox(&mailbox).await?;
        let messages = snapshot(&mailbox, &folder).await?;
        let open = Self {
            uids: messages.iter().map(|message| message.uid).collect(),
            inbox: folder.id,
            modseq: folder.highest_modseq,
            changed,
            message: None,
            seen: SeenMarks::new(mailbox.clone(), folder.id),
            mailbox,
        };
        Ok((open, Maildrop::new(folder.uid_validity, messages)))
    }

    /// UIDs that others have removed since the last question.
    pub(super) async fn gone(&mut self) -> Result<Vec<u32>, Refusal> {
        let mut gone = Vec::new();
        if !self.changed.has_changed().unwrap_or(true) {
            return Ok(gone);
        }
        self.changed.mark_unchanged();
        loop {
            let (inbox, since) = (self.inbox, self.modseq);
            let changes = self
                .mailbox
                .ask(move |mailbox| mailbox.changes_since(inbox, since, PAGE))
                .await?;
            self.modseq = changes.highest_modseq;
            if !changes.history_known {
                return self.missing().await;
            }
            gone.extend(changes.vanished);
            if changes.complete {
                return Ok(gone);
            }
            tokio::task::yield_now().await;
        }
    }

    /// The UIDs of the snapshot that are no longer there, by looking at all that are.
    async fn missing(&mut self) -> Result<Vec<u32>, Refusal> {
        let inbox = self.inbox;
        let folder = self.mailbox.ask(move |mailbox| mailbox.folder_by_id(inbox));
        self.modseq = folder.await?.highest_modseq;
        let mut there = Vec::new();
        let mut from = 1;
        loop {
            let rows = page(&self.mailbox, inbox, from).await?;
            there.extend(rows.iter().map(|row| row.uid));
            match rows.last().and_then(|row| row.uid.checked_add(1)) {
                Some(next) => from = next,
                None => break,
            }
            tokio::task::yield_now().await;
        }
        let gone = self.uids.iter().filter(|uid| there.binary_search(uid).is_err());
        Ok(gone.copied().collect())
    }

    /// Gets ready to read a message; its size.
    pub(super) async fn message(&mut self, uid: u32) -> Result<u64, Refusal> {
        let inbox = self.inbox;
        let row = self
            .mailbox
            .ask(move |mailbox| mailbox.message(inbox, uid))
            .await?;
        let row =
            row.ok_or_else(|| Refusal::new(Cause::NoSuchMessage, format!("message {uid} was removed")))?;
        let is_seen = row.flags.system.contains(SystemFlags::SEEN);
        self.message = Some(OpenMessage {
            uid,
            body: row.body,
            is_seen,
        });
        Ok(row.size)
    }

    /// Octets of the message opened last.
    pub(super) async fn read(&self, offset: u64, len: usize) -> Result<Bytes, Refusal> {
        match &self.message {
            Some(message) => self.mailbox.read(message.body, offset, len.min(CHUNK)).await,
            None => Err(Refusal::new(Cause::Internal, "no message is open")),
        }
    }

    /// The message opened last was sent whole.
    pub(super) fn sent(&mut self) {
        if let Some(message) = self.message.take().filter(|message| !message.is_seen) {
            self.seen.note(message.uid);
        }
    }

    /// Removes these messages, after everything that was to be marked is. Those that others removed are no trouble.
    pub(super) async fn update(mut self, uids: Vec<u32>) -> Result<(), Refusal> {
        self.seen.finish().await;
        if uids.is_empty() {
            return Ok(());
        }
        self.mailbox
            .expunge(self.inbox, Some(uids), false)
            .await
            .map(drop)
    }
}

/// INBOX, which a mailbox that was never used has not got yet.
async fn inbox(mailbox: &Mailbox) -> Result<FolderInfo, Refusal> {
    let inbox = |mailbox: &Mailbox| mailbox.folder(INBOX);
    match mailbox.ask(inbox).await {
        Err(refusal) if refusal.cause == Cause::NoSuchFolder => {
            mailbox.create_default_folders().await?;
            mailbox.ask(inbox).await
        }
        folder => folder,
    }
}

/// The next messages of a folder.
async fn page(mailbox: &Mailbox, folder: FolderId, from: u32) -> Result<Vec<MessageRow>, Refusal> {
    mailbox
        .ask(move |mailbox| mailbox.messages(folder, from, PAGE))
        .await
}

async fn snapshot(mailbox: &Mailbox, folder: &FolderInfo) -> Result<Vec<Message>, Refusal> {
    let mut messages = Vec::with_capacity(MAILDROP_MAX.min(folder.messages as usize));
    let mut from = 1;
    loop {
        let rows = page(mailbox, folder.id, from).await?;
        let room = MAILDROP_MAX - messages.len();
        messages.extend(rows.iter().take(room).map(|row| Message::new(row.uid, row.size)));
        match rows.last().and_then(|row| row.uid.checked_add(1)) {
            Some(next) if messages.len() < MAILDROP_MAX => from = next,
            _ => return Ok(messages),
        }
        tokio::task::yield_now().await;
    }
}
