//! Which messages a folder has, kept ready for SELECT: a client that opens a large folder again waits for nothing.
//!
//! What is kept is only a copy, recognised as current by the folder's HIGHESTMODSEQ; one that is behind is brought up
//! by the folder's changes, or made anew.

use std::{collections::HashMap, ops::ControlFlow, sync::Arc};

use axigen_shared::Refusal;
use parking_lot::Mutex;

use super::{
    look,
    types::{AccountId, Changes, FolderId},
};
use crate::ledger::View;

/// UIDs remembered for one store, 4 bytes each.
const UIDS_MAX: usize = 2 << 20;
/// What remembering a folder costs beside, in UIDs; it bounds the number of empty ones too.
const FOLDER_COST: usize = 32;
/// A copy that is behind by more changes than this is made anew.
const CHANGES_MAX: usize = 1024;

/// The messages of a folder at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FolderNumbers {
    /// All UIDs, ascending.
    pub uids: Arc<Vec<u32>>,
    /// The first of them without \Seen.
    pub first_unseen: Option<u32>,
}

struct Kept {
    /// HIGHESTMODSEQ of the folder when this was right.
    modseq: u64,
    numbers: FolderNumbers,
    /// Higher means asked for more recently.
    used: u64,
}

/// Copies of the folders opened last.
#[derive(Default)]
pub(super) struct NumbersCache(Mutex<Copies>);

#[derive(Default)]
struct Copies {
    /// Counts what is asked for.
    clock: u64,
    kept: HashMap<(AccountId, FolderId), Kept>,
}

impl NumbersCache {
    /// The copy of a folder if it is current.
    pub(super) fn current(
        &self,
        view: &impl View,
        account: AccountId,
        folder: FolderId,
    ) -> Result<Option<FolderNumbers>, Refusal> {
        let modseq = look::folder(view, account, folder)?.highest_modseq;
        Ok(self
            .find(account, folder)
            .filter(|(at, _)| *at == modseq)
            .map(|(_, numbers)| numbers))
    }

    /// The numbers of a folder, remembered from now on.
    pub(super) fn load(
        &self,
        view: &impl View,
        account: AccountId,
        folder: FolderId,
    ) -> Result<FolderNumbers, Refusal> {
        let modseq = look::folder(view, account, folder)?.highest_modseq;
        let numbers = match self.find(account, folder) {
            Some((at, numbers)) if at == modseq => return Ok(numbers),
            Some((at, numbers)) if at < modseq => {
                let changes = look::changes_since(view, account, folder, None, at, CHANGES_MAX)?;
                if changes.complete && changes.history_known {
                    brought_up(view, account, folder, numbers, &changes)?
                } else {
                    counted(view, account, folder)?
                }
            }
            _ => counted(view, account, folder)?,
        };
        self.keep((account, folder), modseq, numbers.clone());
        Ok(numbers)
    }

    fn find(&self, account: AccountId, folder: FolderId) -> Option<(u64, FolderNumbers)> {
        let Copies { clock, kept } = &mut *self.0.lock();
        let found = kept.get_mut(&(account, folder))?;
        *clock += 1;
        found.used = *clock;
        Some((found.modseq, found.numbers.clone()))
    }

    fn keep(&self, key: (AccountId, FolderId), modseq: u64, numbers: FolderNumbers) {
        let Copies { clock, kept } = &mut *self.0.lock();
        *clock += 1;
        let used = *clock;
        kept.insert(
            key,
            Kept {
                modseq,
                numbers,
                used,
            },
        );
        let cost = |kept: &Kept| kept.numbers.uids.len() + FOLDER_COST;
        let mut sum: usize = kept.values().map(cost).sum();
        while sum > UIDS_MAX {
            let oldest = kept.iter().min_by_key(|(_, kept)| kept.used).map(|(key, _)| *key);
            let Some(gone) = oldest.and_then(|oldest| kept.remove(&oldest)) else {
                break;
            };
            sum = sum.saturating_sub(cost(&gone));
        }
    }
}

/// Reads them all.
fn counted(view: &impl View, account: AccountId, folder: FolderId) -> Result<FolderNumbers, Refusal> {
    let mut uids = Vec::with_capacity(look::folder(view, account, folder)?.messages as usize);
    let mut first_unseen = None;
    look::each_message(view, account, folder, 0, |uid, value| {
        uids.push(uid);
        if first_unseen.is_none() && value.is_unseen() {
            first_unseen = Some(uid);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(FolderNumbers {
        uids: Arc::new(uids),
        first_unseen,
    })
}

/// Applies what happened since.
fn brought_up(
    view: &impl View,
    account: AccountId,
    folder: FolderId,
    mut numbers: FolderNumbers,
    changes: &Changes,
) -> Result<FolderNumbers, Refusal> {
    let uids = Arc::make_mut(&mut numbers.uids);
    let mut gone = changes.vanished.clone();
    gone.sort_unstable();
    if !gone.is_empty() {
        uids.retain(|uid| gone.binary_search(uid).is_err());
    }
    let known = uids.last().copied().unwrap_or(0);
    let mut fresh: Vec<u32> = changes
        .rows
        .iter()
        .map(|row| row.uid)
        .filter(|uid| *uid > known)
        .collect();
    fresh.sort_unstable();
    uids.extend(fresh);
    numbers.first_unseen = first_unseen(view, account, folder, numbers.first_unseen, changes)?;
    Ok(numbers)
}

/// The first message without \Seen, by where it was before some changes.
fn first_unseen(
    view: &impl View,
    account: AccountId,
    folder: FolderId,
    before: Option<u32>,
    changes: &Changes,
) -> Result<Option<u32>, Refusal> {
    let is_unseen = |row: &&super::types::MessageRow| !row.flags.system.contains(super::SystemFlags::SEEN);
    let unseen_now = changes.rows.iter().filter(is_unseen).map(|row| row.uid).min();
    let Some(before) = before else {
        return Ok(unseen_now);
    };
    let mut first = None;
    look::each_message(view, account, folder, before, |uid, value| {
        Ok(if value.is_unseen() {
            first = Some(uid);
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        })
    })?;
    Ok(first.into_iter().chain(unseen_now).min())
}
