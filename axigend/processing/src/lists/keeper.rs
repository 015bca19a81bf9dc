//! Looks after the mailboxes of lists: what lies in which of their folders is what is done with it, whoever put it
//! there: processing, a code by mail, or the moderator with IMAP (domains-groupware, "Posting and moderation folders").
//!
//! A message that was dealt with carries a keyword. It is set after the outgoing message is on disk: a crash between the
//! two sends the post once more rather than never.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axigen_shared::{Cause, Refusal};
use axigend_config::Settings;
use axigend_directory::{AccountKey, ListAddress, MailingList};
use axigend_message::{Structure, Walker};
use axigend_queue::{BodyType, Envelope, Recipient};
use axigend_storage::{FlagOp, Flags, FolderInfo, Mailbox, MessageRow, SystemFlags};

use super::code::{self, Action};
use super::commands::{Asked, subscriber};
use super::folders::{CONFIRMED_REQUESTS, DELETED, INBOX, PENDING, PENDING_REQUESTS, REJECT};
use super::header::{HEADER_MOST, Header, one_line};
use super::mail::{Ready, date, may_answer};
use super::outgoing;
use super::texts::{Text, Words};
use crate::attempt::Parts;

/// How often mailboxes are looked at that nobody said anything of: the moderator's moves are acted upon within this.
const EVERY: Duration = Duration::from_secs(2);
/// Messages of a folder looked at together.
const PAGE: usize = 200;
/// Bytes of a message read together.
const PIECE: usize = 64 * 1024;
/// Keyword of what was dealt with in a folder.
const DISTRIBUTED: &str = "$Distributed";
/// The moderator was told of it.
const TOLD: &str = "$ModeratorTold";
/// Longest subject of a post that is told on.
const SUBJECT_MOST: usize = 200;

/// What is known of the mailboxes.
#[derive(Default)]
struct Seen {
    /// Last MODSEQ of a mailbox when everything in it had been dealt with.
    mailboxes: HashMap<AccountKey, u64>,
    /// UID up to which a folder was dealt with, by mailbox, folder and UIDVALIDITY.
    folders: HashMap<(AccountKey, u32, u32), u32>,
}

/// Looks after all lists until it is dropped.
pub(crate) async fn keep(parts: Arc<Parts>) {
    let mut seen = Seen::default();
    loop {
        let woken = parts.lists.wake.notified();
        let settings = parts.config.settings();
        for list in parts.directory.lists() {
            let key = list.mailbox.key();
            if let Err(refusal) = look(&parts, &settings, &list, &mut seen).await {
                // Looked at again soon: nothing is lost in a folder.
                seen.mailboxes.remove(&key);
                tracing::warn!(module = "PROCESSING", "list {}: {refusal}", list.address());
            }
        }
        tokio::select! { () = woken => {}, () = tokio::time::sleep(EVERY) => {} }
    }
}

/// Deals with what is new in the mailbox of a list.
async fn look(
    parts: &Parts,
    settings: &Settings,
    list: &Arc<MailingList>,
    seen: &mut Seen,
) -> Result<(), Refusal> {
    let account = &list.mailbox;
    let key = account.key();
    let store = match (
        parts.stores.opened(&account.message_dir),
        seen.mailboxes.get(&key),
    ) {
        (Some(store), _) => store,
        // Nothing changes in a store that is closed.
        (None, Some(_)) => return Ok(()),
        (None, None) => parts.stores.get(&account.message_dir)?,
    };
    let mailbox = store.mailbox(account.id);
    let modseq = *mailbox.watch().borrow();
    if seen.mailboxes.get(&key) == Some(&modseq) {
        return Ok(());
    }
    let round = Round {
        parts,
        settings,
        list,
        mailbox,
        now: parts.queue.clock().now(),
    };
    for name in [INBOX, PENDING, PENDING_REQUESTS, CONFIRMED_REQUESTS, REJECT] {
        match round.mailbox.folder(name) {
            Ok(folder) => round.folder(&folder, &mut seen.folders).await?,
            Err(refusal) if refusal.cause == Cause::NoSuchFolder => {}
            Err(refusal) => return Err(refusal),
        }
    }
    seen.mailboxes.insert(key, modseq);
    Ok(())
}

/// One look at one list.
struct Round<'a> {
    parts: &'a Parts,
    settings: &'a Settings,
    list: &'a Arc<MailingList>,
    mailbox: Mailbox,
    now: i64,
}

impl Round<'_> {
    async fn folder(
        &self,
        folder: &FolderInfo,
        dealt: &mut HashMap<(AccountKey, u32, u32), u32>,
    ) -> Result<(), Refusal> {
        let place = (self.list.mailbox.key(), folder.id, folder.uid_validity);
        let mut from = dealt.get(&place).map_or(1, |last| last.saturating_add(1));
        while from < folder.uid_next {
            let rows = self.mailbox.messages(folder.id, from, PAGE)?;
            let Some(last) = rows.last().map(|row| row.uid) else {
                break;
            };
            for row in rows {
                self.message(folder, &row).await?;
                dealt.insert(place, row.uid);
            }
            from = last.saturating_add(1);
        }
        Ok(())
    }

    async fn message(&self, folder: &FolderInfo, row: &MessageRow) -> Result<(), Refusal> {
        let has = |keyword: &str| {
            row.flags
                .keywords
                .iter()
                .any(|known| known.eq_ignore_ascii_case(keyword))
        };
        match folder.name.as_str() {
            INBOX if !has(DISTRIBUTED) => {
                self.distribute(row).await?;
                self.mark(folder, row, DISTRIBUTED).await;
            }
            PENDING if !has(TOLD) => {
                self.tell(folder, row, (Text::PostWaits, Action::Publish, Action::Reject))
                    .await?;
                self.mark(folder, row, TOLD).await;
            }
            PENDING_REQUESTS if !has(TOLD) => {
                self.tell(folder, row, (Text::RequestWaits, Action::Approve, Action::Deny))
                    .await?;
                self.mark(folder, row, TOLD).await;
            }
            CONFIRMED_REQUESTS => self.approve(folder, row).await?,
            REJECT => self.reject(folder, row).await?,
            _ => {}
        }
        Ok(())
    }

    /// Notes that a message was dealt with. When that cannot be written it is remembered until the next start only: to
    /// deal with it again and again would flood those who have heard of it.
    async fn mark(&self, folder: &FolderInfo, row: &MessageRow, keyword: &str) {
        let flags = Flags {
            system: SystemFlags::NONE,
            keywords: vec![keyword.to_owned()],
        };
        let uids = vec![row.uid];
        let marked = self.mailbox.set_flags(folder.id, uids, FlagOp::Add, flags, None);
        self.noted(folder, row, marked.await.map(drop));
    }

    /// As [`Round::mark`], for what was to leave its folder.
    fn noted(&self, folder: &FolderInfo, row: &MessageRow, done: Result<(), Refusal>) {
        if let Err(refusal) = done {
            tracing::error!(
                module = "PROCESSING",
                "list {}: message {} of {} stays as it was: {refusal}",
                self.list.address(),
                row.uid,
                folder.name
            );
        }
    }

    async fn header(&self, row: &MessageRow) -> Result<Header, Refusal> {
        let length = HEADER_MOST.min(usize::try_from(row.body.len).unwrap_or(usize::MAX));
        let bytes = self.mailbox.read(row.body, 0, length).await?;
        Ok(Header::of(bytes.to_vec()))
    }

    fn words(&self, header: &Header) -> Words {
        let (name, user) = header.author();
        let subject = header.value("Subject").unwrap_or_default();
        Words {
            user,
            name,
            subject: one_line(&subject).chars().take(SUBJECT_MOST).collect(),
            date: date(self.now),
            ..Words::default()
        }
    }

    /// Sends a post to all members.
    async fn distribute(&self, row: &MessageRow) -> Result<(), Refusal> {
        let list = self.list;
        if list.users.is_empty() {
            tracing::info!(module = "PROCESSING", "list {} has no members", list.address());
            return Ok(());
        }
        let header = self.header(row).await?;
        if !header.is_whole() {
            tracing::warn!(
                module = "PROCESSING",
                "post {} of list {} has too large a header: not distributed",
                row.uid,
                list.address()
            );
            return Ok(());
        }
        let words = self.words(&header);
        let structure = self.structure(row).await?;
        let mut message = self.parts.queue.incoming();
        message.chunk(&outgoing::header(list, &header, &words)).await?;
        let mut offset = header.bytes().len() as u64;
        for (at, text) in outgoing::inserted(list, &structure, &words) {
            self.copy(&mut message, row, offset..at).await?;
            message.chunk(&text).await?;
            offset = offset.max(at);
        }
        self.copy(&mut message, row, offset..row.body.len).await?;
        let id = message.id();
        let recipients: Vec<Recipient> = list
            .users
            .iter()
            .map(|user| Recipient::new(&user.email))
            .collect();
        let members = recipients.len();
        let smtp_utf8 = recipients.iter().any(|recipient| !recipient.address.is_ascii());
        let envelope = Envelope {
            reverse_path: list.address_of(ListAddress::Bounces),
            recipients,
            received_at: self.now,
            body_type: BodyType::EightBitMime,
            smtp_utf8,
            authenticated: None,
            peer: format!("list {}", list.address()),
        };
        message.commit(envelope).await?;
        tracing::info!(
            module = "PROCESSING",
            id = id.number(),
            "post {} of list {} goes to {members} members",
            row.uid,
            list.address()
        );
        Ok(())
    }

    /// The parts of a stored message.
    async fn structure(&self, row: &MessageRow) -> Result<Structure, Refusal> {
        let mut walker = Walker::new();
        let mut offset = 0;
        while offset < row.body.len {
            let piece = self.mailbox.read(row.body, offset, PIECE).await?;
            if piece.is_empty() {
                break;
            }
            offset = offset.saturating_add(piece.len() as u64);
            walker.feed(&piece);
        }
        Ok(walker.finish())
    }

    /// Copies bytes of a stored message to the one that goes out.
    async fn copy(
        &self,
        message: &mut axigend_queue::Incoming,
        row: &MessageRow,
        range: std::ops::Range<u64>,
    ) -> Result<(), Refusal> {
        let mut offset = range.start;
        while offset < range.end {
            let left = usize::try_from(range.end - offset).unwrap_or(usize::MAX);
            let piece = self.mailbox.read(row.body, offset, left.min(PIECE)).await?;
            if piece.is_empty() {
                return Err(Refusal::new(Cause::StorageFailure, "a post ends too early"));
            }
            message.chunk(&piece).await?;
            offset = offset.saturating_add(piece.len() as u64);
        }
        Ok(())
    }

    async fn submit(&self, (message, envelope): Ready) -> Result<(), Refusal> {
        message.commit(envelope).await.map(drop)
    }

    fn asked<'b>(&'b self, sender: &'b str) -> Asked<'b> {
        Asked {
            parts: self.parts,
            settings: self.settings,
            list: self.list,
            sender,
            now: self.now,
        }
    }

    /// Tells the administrator of what waits, with codes for yes and no.
    async fn tell(
        &self,
        folder: &FolderInfo,
        row: &MessageRow,
        (text, yes, no): (Text, Action, Action),
    ) -> Result<(), Refusal> {
        let (directory, list) = (&self.parts.directory, self.list);
        let header = self.header(row).await?;
        let argument = format!("{}-{}", folder.uid_validity, row.uid);
        let mut words = self.words(&header);
        if let Some((address, name)) = subscriber(&header) {
            words.user = address;
            words.name = name;
        }
        words.code = code::make(directory, list, (yes, &argument), "", self.now).await?;
        words.reject_code = code::make(directory, list, (no, &argument), "", self.now).await?;
        let admin = list.admin_email.clone();
        let mail = self.asked("").mail(&admin, text, &words).await?;
        self.submit(mail).await
    }

    /// Makes whoever waits a member; the request has done its duty then.
    async fn approve(&self, folder: &FolderInfo, row: &MessageRow) -> Result<(), Refusal> {
        let header = self.header(row).await?;
        if let Some((address, name)) = subscriber(&header) {
            let words = Words {
                user: address.clone(),
                ..self.words(&header)
            };
            let (what, mails) = self.asked(&address).welcome(&name, words).await?;
            tracing::info!(module = "PROCESSING", "list {}: {what}", self.list.address());
            for mail in mails {
                self.submit(mail).await?;
            }
        }
        let gone = self.mailbox.expunge(folder.id, Some(vec![row.uid]), false).await;
        self.noted(folder, row, gone.map(drop));
        Ok(())
    }

    /// Tells whoever posted or asked that it is not to be, and keeps it among the rejected ones.
    async fn reject(&self, folder: &FolderInfo, row: &MessageRow) -> Result<(), Refusal> {
        let header = self.header(row).await?;
        let mut words = self.words(&header);
        let text = match subscriber(&header) {
            Some((address, name)) => {
                words.user = address;
                words.name = name;
                Text::Denied
            }
            None => Text::Rejected,
        };
        let key = self.list.mailbox.key();
        let to = words.user.clone();
        if may_answer(&to, &header)
            && self
                .parts
                .lists
                .rates
                .allow((key.domain, key.account), &to, self.now)
        {
            let mail = self.asked(&to).mail(&to, text, &words).await?;
            self.submit(mail).await?;
        }
        let limits = self.list.mailbox.mailbox_limits;
        let moved = self
            .mailbox
            .move_messages(folder.id, vec![row.uid], DELETED, limits)
            .await;
        self.noted(folder, row, moved.map(drop));
        Ok(())
    }
}
