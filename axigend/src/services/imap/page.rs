//! The page of messages that a session deals with: where they lie, and what is remembered of them.
//!
//! FETCH and SEARCH go through a folder page by page and ask several things of each message, so a page is looked up at
//! once. What should be remembered of a message and is not (it came before there were summaries, or the index was
//! rebuilt) is made here, if the message is small, and remembered from then on.

use axigen_shared::{Cause, Refusal};
use axigend_message::{Summarizer, Summary};
use axigend_protocol::imap::ROWS_PAGE;
use axigend_storage::{BodyRef, FolderId, Mailbox, MessageRow};
use bytes::Bytes;

use super::message::read;

/// UIDs are read as one range when at most this many times as many lie in it.
const SPARSE: u32 = 4;
/// Largest message that is read for its summary alone: a page of these is read in a fraction of a second.
const REMADE_MAX: u64 = 64 * 1024;

/// Messages by ascending UID.
#[derive(Default)]
pub(super) struct Page {
    entries: Vec<Entry>,
    /// The notes on them were looked up.
    recalled: bool,
}

struct Entry {
    uid: u32,
    body: BodyRef,
    summary: Option<Summary>,
    /// There is no note, not even one that says less.
    blank: bool,
}

impl Page {
    /// Looks these messages up (ascending UIDs); those that are gone are left out.
    pub(super) async fn rows(
        &mut self,
        mailbox: &Mailbox,
        folder: FolderId,
        uids: &[u32],
    ) -> Result<Vec<MessageRow>, Refusal> {
        let uids = uids.to_vec();
        let rows = mailbox
            .ask(move |mailbox| look_up(mailbox, folder, &uids))
            .await?;
        self.begin(&rows);
        Ok(rows)
    }

    /// Looks these messages up with what is noted of them.
    async fn whole(&mut self, mailbox: &Mailbox, folder: FolderId, uids: &[u32]) -> Result<(), Refusal> {
        let uids = uids.to_vec();
        let question = move |mailbox: &Mailbox| {
            let rows = look_up(mailbox, folder, &uids)?;
            let bodies: Vec<BodyRef> = rows.iter().map(|row| row.body).collect();
            let notes = mailbox.notes(&bodies)?;
            Ok((rows, notes))
        };
        let (rows, notes) = mailbox.ask(question).await?;
        self.begin(&rows);
        self.remember(notes);
        Ok(())
    }

    /// These messages are the page.
    fn begin(&mut self, rows: &[MessageRow]) {
        let entry = |row: &MessageRow| Entry {
            uid: row.uid,
            body: row.body,
            summary: None,
            blank: false,
        };
        self.entries = rows.iter().map(entry).collect();
        self.recalled = false;
    }

    /// This is noted of the messages of the page.
    fn remember(&mut self, notes: Vec<Option<Bytes>>) {
        for (entry, note) in self.entries.iter_mut().zip(notes) {
            entry.blank = note.is_none();
            entry.summary = note.and_then(Summary::decode);
        }
        self.recalled = true;
    }

    /// Looks up what is noted of the page.
    async fn recall(&mut self, mailbox: &Mailbox) -> Result<(), Refusal> {
        if !self.recalled {
            let bodies: Vec<BodyRef> = self.entries.iter().map(|entry| entry.body).collect();
            let notes = mailbox.ask(move |mailbox| mailbox.notes(&bodies)).await?;
            self.remember(notes);
        }
        Ok(())
    }

    /// The summaries of these messages, made anew where that is cheap.
    pub(super) async fn summaries(
        &mut self,
        mailbox: &Mailbox,
        folder: FolderId,
        uids: &[u32],
    ) -> Result<Vec<Option<Summary>>, Refusal> {
        if uids.iter().any(|uid| self.entry(*uid).is_none()) {
            self.whole(mailbox, folder, uids).await?;
        }
        self.recall(mailbox).await?;
        let mut made = Vec::new();
        for entry in &mut self.entries {
            if entry.summary.is_none()
                && entry.body.len <= REMADE_MAX
                && uids.binary_search(&entry.uid).is_ok()
            {
                // One that cannot be read is reported when it is asked for.
                entry.summary = remade(mailbox, entry.body).await.ok();
                if let Some(summary) = &entry.summary {
                    made.push((entry.body, summary.encoded().clone()));
                }
                tokio::task::yield_now().await;
            }
        }
        if !made.is_empty() {
            mailbox.note(made);
        }
        Ok(uids.iter().map(|uid| self.summary(*uid).cloned()).collect())
    }

    fn entry(&self, uid: u32) -> Option<&Entry> {
        let place = self.entries.binary_search_by_key(&uid, |entry| entry.uid).ok()?;
        self.entries.get(place)
    }

    /// What is remembered of a message, if it is on the page.
    pub(super) fn summary(&self, uid: u32) -> Option<&Summary> {
        self.entry(uid)?.summary.as_ref()
    }

    /// A message was read as a whole: from now on its summary is remembered, if none was.
    pub(super) fn learn(&mut self, mailbox: &Mailbox, uid: u32, summary: &Summary) {
        let Some(entry) = self.entry(uid).filter(|entry| entry.blank) else {
            return;
        };
        let note: Vec<(BodyRef, Bytes)> = vec![(entry.body, summary.encoded().clone())];
        mailbox.note(note);
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.uid == uid) {
            entry.summary = Some(summary.clone());
            entry.blank = false;
        }
    }

    /// Where a message lies; one that is not on the page becomes the page.
    pub(super) async fn place(
        &mut self,
        mailbox: &Mailbox,
        folder: FolderId,
        uid: u32,
    ) -> Result<BodyRef, Refusal> {
        if self.entry(uid).is_none() {
            self.whole(mailbox, folder, &[uid]).await?;
        }
        let entry = self.entry(uid);
        entry
            .map(|entry| entry.body)
            .ok_or_else(|| Refusal::new(Cause::NoSuchMessage, format!("message {uid} is gone")))
    }
}

fn look_up(mailbox: &Mailbox, folder: FolderId, uids: &[u32]) -> Result<Vec<MessageRow>, Refusal> {
    let (Some(first), Some(last)) = (uids.first().copied(), uids.last().copied()) else {
        return Ok(Vec::new());
    };
    let span = last.saturating_sub(first).saturating_add(1);
    let wanted = u32::try_from(uids.len()).unwrap_or(u32::MAX);
    if span <= wanted.saturating_mul(SPARSE) {
        let limit = usize::try_from(span).unwrap_or(ROWS_PAGE);
        let mut rows = mailbox.messages(folder, first, limit)?;
        rows.retain(|row| uids.binary_search(&row.uid).is_ok());
        return Ok(rows);
    }
    let mut rows = Vec::with_capacity(uids.len());
    for uid in uids {
        rows.extend(mailbox.message(folder, *uid)?);
    }
    Ok(rows)
}

/// Reads a message and summarizes it.
async fn remade(mailbox: &Mailbox, body: BodyRef) -> Result<Summary, Refusal> {
    let mut summarizer = Summarizer::new();
    let mut offset = 0;
    while offset < body.len {
        let chunk = read(mailbox, body, offset, usize::MAX).await?;
        offset += chunk.len() as u64;
        summarizer.feed(&chunk);
    }
    Ok(summarizer.finish())
}
