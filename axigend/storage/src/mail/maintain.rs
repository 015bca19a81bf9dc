//! What administrators do to a whole store while it is open: looking through it, repairing, holding it still.
//!
//! Everything here blocks and takes its time: for threads of jobs, not for those of connections. What reads much does
//! so in pieces, each on the newest state, so that nothing is pinned for long.

use std::{
    collections::{HashMap, HashSet},
    ops::ControlFlow,
    sync::Arc,
};

use axigen_shared::{Cause, Refusal};
use bytes::Bytes;

use super::{
    check::{self, StoreReport},
    look, repair,
    store::Store,
    types::{AccountId, FolderId, MessageRow},
};
use crate::{body::BodyRef, ledger::Ledger};

/// Messages looked at in one piece.
const PAGE: usize = 256;

/// A message that is being looked at.
#[derive(Clone, Debug)]
pub struct Inspected<'a> {
    /// Name of its folder.
    pub folder: &'a str,
    /// Number of its folder.
    pub folder_id: FolderId,
    /// The message.
    pub row: &'a MessageRow,
    /// What is wrong with its body, if it cannot be read.
    pub damage: Option<&'a str>,
    /// What was noted of its body.
    pub note: Option<&'a Bytes>,
}

/// Bodies that were read already: a message of many recipients is read once.
#[derive(Debug, Default)]
pub struct Verified {
    sound: HashSet<(u32, u64)>,
    damaged: HashMap<(u32, u64), String>,
    /// Bodies read.
    pub bodies: u64,
    /// Their bytes.
    pub bytes: u64,
    /// No body is read.
    unread: bool,
}

impl Verified {
    /// Bodies are not read: only what is known of them is looked at.
    pub fn unread() -> Self {
        Self {
            unread: true,
            ..Self::default()
        }
    }
}

impl Store {
    /// The ledger of the store. Who holds it keeps the store from being closed when it is idle.
    pub fn ledger(&self) -> Arc<Ledger> {
        Arc::clone(&self.ledger)
    }

    /// Accounts that have or had a mailbox here.
    pub fn mailboxes(&self) -> Result<Vec<AccountId>, Refusal> {
        self.ledger.read(check::accounts)
    }

    /// Compares all counters and indexes of the store with a recount; no body is read.
    pub fn check_counters(&self, naming: &dyn Fn(AccountId) -> String) -> Result<StoreReport, Refusal> {
        check::check(&self.ledger, false, naming)
    }

    /// The same for one mailbox.
    pub fn check_mailbox(
        &self,
        account: AccountId,
        naming: &dyn Fn(AccountId) -> String,
    ) -> Result<StoreReport, Refusal> {
        check::check_mailbox(&self.ledger, account, naming)
    }

    /// Shows every message of a mailbox to `visit`, its body read and compared with its checksum, until that breaks.
    pub fn inspect(
        &self,
        account: AccountId,
        verified: &mut Verified,
        visit: &mut dyn FnMut(Inspected<'_>) -> ControlFlow<()>,
    ) -> Result<(), Refusal> {
        let names = self
            .ledger
            .read(|snapshot| look::folder_names(snapshot, account, ""))?;
        for (folder, folder_id) in names {
            let mut from = 0;
            loop {
                // A folder that was deleted meanwhile has no messages any more.
                let page = self.ledger.read(|snapshot| {
                    let rows = match look::messages(snapshot, account, folder_id, None, from, PAGE) {
                        Err(refusal) if refusal.cause == Cause::NoSuchFolder => Vec::new(),
                        other => other?,
                    };
                    let bodies: Vec<BodyRef> = rows.iter().map(|row| row.body).collect();
                    let notes = snapshot.notes(&bodies)?;
                    Ok(rows.into_iter().zip(notes).collect::<Vec<_>>())
                })?;
                let Some((last, _)) = page.last() else { break };
                from = last.uid.saturating_add(1);
                let mut bodies: Vec<BodyRef> = page.iter().map(|(row, _)| row.body).collect();
                bodies.sort_unstable_by_key(|body| (body.file, body.offset));
                for body in bodies {
                    self.verify(body, verified)?;
                }
                for (row, note) in &page {
                    let damage = verified.damaged.get(&(row.body.file, row.body.offset));
                    if let Some(why) = damage
                        && self.is_gone(account, folder_id, row)?
                    {
                        tracing::debug!(module = "STORAGE", "passed over a message that is gone: {why}");
                        continue;
                    }
                    let inspected = Inspected {
                        folder: &folder,
                        folder_id,
                        row,
                        damage: damage.map(String::as_str),
                        note: note.as_ref(),
                    };
                    if visit(inspected).is_break() {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads a body, if it was not read before.
    fn verify(&self, body: BodyRef, verified: &mut Verified) -> Result<(), Refusal> {
        let key = (body.file, body.offset);
        if verified.unread || verified.sound.contains(&key) || verified.damaged.contains_key(&key) {
            return Ok(());
        }
        match self.ledger.verify_body_blocking(body) {
            Ok(()) => drop(verified.sound.insert(key)),
            // Closed, not damaged.
            Err(refusal) if refusal.cause == Cause::ShuttingDown => return Err(refusal),
            Err(refusal) => drop(verified.damaged.insert(key, refusal.detail)),
        }
        verified.bodies += 1;
        verified.bytes += body.len;
        Ok(())
    }

    /// Whether the message was expunged since it was seen, and its body with it.
    fn is_gone(&self, account: AccountId, folder: FolderId, row: &MessageRow) -> Result<bool, Refusal> {
        let now = self
            .ledger
            .read(|snapshot| look::message(snapshot, account, folder, row.uid))?;
        Ok(now.is_none_or(|now| now.body != row.body))
    }

    /// Makes everything that a mailbox keeps twice agree; returns what was changed, in words. Done again it changes
    /// nothing.
    pub fn repair(&self, account: AccountId) -> Result<Vec<String>, Refusal> {
        let now = self.disk.unix_time();
        let (ids, mut done) = self.ledger.write_blocking(move |txn| {
            let mut done = Vec::new();
            let ids = repair::folders(txn, account, now, &mut done)?;
            Ok((ids, done))
        })?;
        for id in ids {
            done = self.ledger.write_blocking(move |txn| {
                repair::folder(txn, account, id, &mut done)?;
                Ok(done)
            })?;
        }
        let watchers = Arc::clone(&self.watchers);
        self.ledger.write_blocking(move |txn| {
            repair::mailbox(txn, account, &watchers, &mut done)?;
            Ok(done)
        })
    }
}

impl Store {
    /// Bodies that are kept though no message refers to them.
    pub fn orphans(&self) -> Result<Vec<BodyRef>, Refusal> {
        self.ledger.read(|snapshot| {
            let uses = check::uses(snapshot)?;
            let mut orphans = Vec::new();
            snapshot.each_body(|body, _| {
                if !uses.contains_key(&body) {
                    orphans.push(body);
                }
                Ok(())
            })?;
            Ok(orphans)
        })
    }

    /// Counts who uses which body, and what lies in which container, and makes the storage's own books say that; returns
    /// what was put right, in words.
    pub fn repair_books(&self) -> Result<Vec<String>, Refusal> {
        self.ledger.recount(check::uses)
    }
}

#[cfg(test)]
mod tests;
