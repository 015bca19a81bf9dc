//! Folders of an account: lists and quotas of single folders.
//!
//! `SET MboxQuota` is part of the draft: it is done after COMMIT, when the account is there. Until then `SHOW MboxQuota`
//! shows what waits.

use super::{Administration, table};
use axigen_shared::control::Body;
use axigen_shared::grammar::Args;
use axigen_shared::value::{Kind, Value, Word};
use axigen_shared::{Cause, Refusal};
use axigend_console::{Acted, Place};
use axigend_storage::{FolderInfo, FolderQuota, Mailbox};

/// Folders that a mailbox begins with, for an account that is being added.
const INITIAL: [&str; 5] = ["INBOX", "Drafts", "Sent", "Spam", "Trash"];
/// The action that waits.
const SET: &str = "SetMboxQuota";

impl Administration {
    /// `LIST Mboxes`.
    pub(super) async fn list_mboxes(&self, place: &Place) -> Result<Acted, Refusal> {
        let rows = self
            .names(place)
            .await?
            .into_iter()
            .map(|name| vec![name])
            .collect();
        Ok(Acted::with(Body::Table(table(
            "The list of mboxes:",
            &[("name", 0)],
            rows,
        ))))
    }

    /// `LIST Folders`.
    pub(super) async fn list_folders(&self, place: &Place) -> Result<Acted, Refusal> {
        let folders = if place.target.new {
            Vec::new()
        } else {
            self.used_mailbox(place).await?.folders()?
        };
        let row = |folder: FolderInfo| {
            let kb = folder.size.div_ceil(1024).to_string();
            vec![
                folder.name,
                folder.messages.to_string(),
                folder.unseen.to_string(),
                kb,
            ]
        };
        let columns = [("name", 28), ("messages", 8), ("unseen", 8), ("size", 0)];
        let rows = folders.into_iter().map(row).collect();
        Ok(Acted::with(Body::Table(table(
            "The list of folders:",
            &columns,
            rows,
        ))))
    }

    /// The mailbox of the account, with the folders that its first use would make.
    async fn used_mailbox(&self, place: &Place) -> Result<Mailbox, Refusal> {
        let mailbox = self.mailbox(&place.target)?;
        if mailbox.folders()?.is_empty() {
            mailbox.create_default_folders().await?;
        }
        Ok(mailbox)
    }

    async fn names(&self, place: &Place) -> Result<Vec<String>, Refusal> {
        if place.target.new {
            return Ok(INITIAL.map(str::to_owned).to_vec());
        }
        let folders = self.used_mailbox(place).await?.folders()?;
        Ok(folders.into_iter().map(|folder| folder.name).collect())
    }

    /// `SET MboxQuota`: checked when it is given, done after COMMIT.
    pub(super) async fn set_mbox_quota(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let name = args.text("mboxName").unwrap_or_default();
        let quota = FolderQuota {
            count: Some(number(args, "messageCount", Kind::COUNT)?),
            size_kb: Some(number(args, "messageSize", Kind::SIZE)?),
        };
        if place.committed {
            let mailbox = self.used_mailbox(place).await?;
            mailbox.set_folder_quota(name, quota).await?;
            return Ok(Acted::done());
        }
        if !self
            .names(place)
            .await?
            .iter()
            .any(|known| same_folder(known, name))
        {
            return Err(Refusal::new(
                Cause::NoSuchFolder,
                format!("folder not found: {name}"),
            ));
        }
        Ok(Acted::Later)
    }

    /// `SHOW MboxQuota`: what waits in the draft, else what the folder has, else what the account gives each folder.
    pub(super) async fn show_mbox_quota(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let name = args.text("mboxName").unwrap_or_default();
        let waits = |(action, args): &&(&'static str, Args)| {
            *action == SET
                && args
                    .text("mboxName")
                    .is_some_and(|other| same_folder(other, name))
        };
        let quota = match place.waiting.iter().rev().find(waits) {
            Some((_, args)) => FolderQuota {
                count: Some(number(args, "messageCount", Kind::COUNT)?),
                size_kb: Some(number(args, "messageSize", Kind::SIZE)?),
            },
            None if place.target.new => FolderQuota::default(),
            None => self.used_mailbox(place).await?.folder_quota(name)?,
        };
        let limits = self.limits(place)?;
        let lines = vec![
            String::new(),
            "Quotas:".to_owned(),
            format!("messageCount = {}", quota.count.unwrap_or(limits.0)),
            format!("messageSize = {}", quota.size_kb.unwrap_or(limits.1)),
        ];
        Ok(Acted::with(Body::Text { lines, blank: true }))
    }

    /// Messages and KB that the account gives each folder.
    fn limits(&self, place: &Place) -> Result<(u64, u64), Refusal> {
        if place.target.new {
            return Ok((0, 0));
        }
        let limits = self.holder(&place.target)?.mailbox_limits;
        Ok((limits.folder_message_count, limits.folder_size_kb))
    }
}

/// Only INBOX is the same in any letter case (RFC 9051, 5.1).
fn same_folder(one: &str, other: &str) -> bool {
    one == other || (one.eq_ignore_ascii_case("INBOX") && other.eq_ignore_ascii_case("INBOX"))
}

fn number(args: &Args, name: &str, kind: Kind) -> Result<u64, Refusal> {
    let word = Word::One(args.text(name).unwrap_or_default().to_owned());
    let wrong = |why| Refusal::new(Cause::Invalid, format!("invalid value for {name}: {why}"));
    kind.parse(&word)
        .map(|value: Value| value.number())
        .map_err(wrong)
}
