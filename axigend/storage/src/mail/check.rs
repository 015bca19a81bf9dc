//! Compares everything a store keeps twice: counters with a recount, indexes with what they point to, references
//! with referrers. What `SCAN` and the tests build on.

use std::{collections::HashMap, ops::ControlFlow};

use axigen_shared::{Cause, Refusal};

use super::{
    keys, look, names,
    rows::{FolderRow, MailboxRow, MessageValue},
    seen,
    types::{AccountId, FolderId},
};
use crate::{
    body::BodyRef,
    error::damaged,
    ledger::{Ledger, Snapshot},
};

/// Who an account is, in words.
pub(super) type Naming<'a> = &'a dyn Fn(AccountId) -> String;

/// What was looked at and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreReport {
    /// Mailboxes.
    pub mailboxes: u64,
    /// Messages in all folders.
    pub messages: u64,
    /// Problems found, in words for the administrator; empty when all is well.
    pub problems: Vec<String>,
}

/// Checks the store of a ledger; with `full` also reads every message.
pub(super) fn check(ledger: &Ledger, full: bool, naming: Naming<'_>) -> Result<StoreReport, Refusal> {
    ledger.read(|snapshot| {
        let mut check = Check {
            snapshot,
            naming,
            report: StoreReport::default(),
            references: HashMap::new(),
        };
        let accounts = accounts(snapshot)?;
        for account in &accounts {
            check.mailbox(*account)?;
        }
        if full {
            check.bodies(ledger, &accounts)?;
        }
        check.references()?;
        check.report.mailboxes = accounts.len() as u64;
        ledger.check(snapshot, false, &mut check.report.problems)?;
        Ok(check.report)
    })
}

/// Compares one mailbox with a recount.
pub(super) fn check_mailbox(
    ledger: &Ledger,
    account: AccountId,
    naming: Naming<'_>,
) -> Result<StoreReport, Refusal> {
    ledger.read(|snapshot| {
        let mut check = Check {
            snapshot,
            naming,
            report: StoreReport::default(),
            references: HashMap::new(),
        };
        check.mailbox(account)?;
        check.report.mailboxes = 1;
        Ok(check.report)
    })
}

/// All accounts that have a mailbox row.
pub(super) fn accounts(snapshot: &Snapshot<'_>) -> Result<Vec<AccountId>, Refusal> {
    let mut accounts = Vec::new();
    look::scan(snapshot, keys::MAILBOX, &[], &[], &mut |key, _| {
        let account = key.first_chunk::<8>().ok_or_else(|| damaged("mailbox key"))?;
        accounts.push(AccountId::from_be_bytes(*account));
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(accounts)
}

/// How often the messages of all mailboxes use each body.
pub(super) fn uses(snapshot: &Snapshot<'_>) -> Result<HashMap<BodyRef, u32>, Refusal> {
    let mut uses: HashMap<BodyRef, u32> = HashMap::new();
    look::scan(snapshot, keys::MESSAGE, &[], &[], &mut |_, value| {
        *uses.entry(MessageValue::decode(value)?.body).or_default() += 1;
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(uses)
}

struct Check<'a> {
    snapshot: &'a Snapshot<'a>,
    naming: Naming<'a>,
    report: StoreReport,
    /// References to each body by message rows.
    references: HashMap<BodyRef, u32>,
}

impl Check<'_> {
    fn expect<T: PartialEq + std::fmt::Debug>(&mut self, place: &str, what: &str, stored: &T, counted: &T) {
        if stored != counted {
            self.report
                .problems
                .push(format!("{place}: {what} is {stored:?}, counted {counted:?}"));
        }
    }

    fn mailbox(&mut self, account: AccountId) -> Result<(), Refusal> {
        let place = format!("account {}", (self.naming)(account));
        let stored = look::mailbox(self.snapshot, account)?.unwrap_or_default();
        let mut counted = MailboxRow {
            size: 0,
            messages: 0,
            folders: 0,
            ..stored
        };
        let named = look::folder_names(self.snapshot, account, "")?;
        for (name, id) in &named {
            let row = match self.folder(account, *id, &stored) {
                Err(refusal) if refusal.cause == Cause::NoSuchFolder => {
                    let problem = format!("{place}: folder {name} ({id}) has no row");
                    self.report.problems.push(problem);
                    continue;
                }
                other => other?,
            };
            self.expect(&place, "name of a folder", &row.name, name);
            if names::parent(name).is_some_and(|parent| !named.iter().any(|(name, _)| name == parent)) {
                self.report
                    .problems
                    .push(format!("{place}: nothing above folder {name}"));
            }
            counted.folders += 1;
            counted.messages += u64::from(row.messages);
            counted.size += row.size;
        }
        self.expect(&place, "mailbox row", &stored, &counted);
        let mut rows = 0;
        let prefix = keys::mailbox(account);
        look::scan(self.snapshot, keys::FOLDER, &prefix, &prefix, &mut |_, _| {
            rows += 1;
            Ok(ControlFlow::Continue(()))
        })?;
        self.expect(&place, "folders with a name", &named.len(), &rows);
        Ok(())
    }

    fn folder(
        &mut self,
        account: AccountId,
        id: FolderId,
        mailbox: &MailboxRow,
    ) -> Result<FolderRow, Refusal> {
        let stored = look::folder(self.snapshot, account, id)?;
        let place = self.place(account, &stored.name, id);
        let mut counted = FolderRow {
            messages: 0,
            unseen: 0,
            deleted: 0,
            size: 0,
            ..stored.clone()
        };
        let mut changes = Vec::new();
        let mut last_uid = 0;
        look::each_message(self.snapshot, account, id, 0, |uid, value| {
            counted.messages += 1;
            counted.unseen += u32::from(value.is_unseen());
            counted.deleted += u32::from(value.is_deleted());
            counted.size += value.body.len;
            *self.references.entry(value.body).or_default() += 1;
            changes.push((value.modseq, uid));
            last_uid = uid;
            Ok(ControlFlow::Continue(()))
        })?;
        self.report.messages += u64::from(counted.messages);
        changes.sort_unstable();
        let indexed = look::numbered(self.snapshot, keys::CHANGE, account, id, 0, usize::MAX)?;
        self.expect(&place, "change index", &indexed, &changes);
        let expunged = look::numbered(self.snapshot, keys::EXPUNGED, account, id, 0, usize::MAX)?;
        counted.expunged = expunged.len() as u32;
        let newest = changes
            .last()
            .max(expunged.last())
            .map_or(0, |(modseq, _)| *modseq);
        if newest > stored.highest_modseq || stored.highest_modseq > mailbox.modseq {
            self.report
                .problems
                .push(format!("{place}: MODSEQ beyond its counter"));
        }
        if last_uid >= stored.uid_next || stored.recent_from > stored.uid_next {
            self.report.problems.push(format!("{place}: UID beyond UIDNEXT"));
        }
        if id > mailbox.last_folder || stored.uid_validity > mailbox.last_uid_validity {
            self.report
                .problems
                .push(format!("{place}: number or UIDVALIDITY beyond its counter"));
        }
        for (reader, (noted, counted)) in seen::last_changes(self.snapshot, account, id)? {
            if noted < counted || noted > stored.highest_modseq {
                let reader = (self.naming)(reader);
                let problem =
                    format!("{place}: last change of reader {reader} is {noted}, counted {counted}");
                self.report.problems.push(problem);
            }
        }
        self.expect(&place, "folder row", &stored, &counted);
        Ok(stored)
    }

    fn place(&self, account: AccountId, name: &str, id: FolderId) -> String {
        format!("account {} folder {name} ({id})", (self.naming)(account))
    }

    /// Reads each body once, in the order of the disk, then names the messages whose bodies are damaged.
    fn bodies(&mut self, ledger: &Ledger, accounts: &[AccountId]) -> Result<(), Refusal> {
        let mut bodies: Vec<BodyRef> = self.references.keys().copied().collect();
        bodies.sort_unstable_by_key(|body| (body.file, body.offset));
        let damage = |body: BodyRef| ledger.verify_body_blocking(body).err();
        let damaged: HashMap<BodyRef, String> = bodies
            .into_iter()
            .filter_map(|body| Some((body, damage(body)?.detail)))
            .collect();
        if damaged.is_empty() {
            return Ok(());
        }
        for account in accounts {
            for (name, id) in look::folder_names(self.snapshot, *account, "")? {
                let place = self.place(*account, &name, id);
                look::each_message(self.snapshot, *account, id, 0, |uid, value| {
                    if let Some(why) = damaged.get(&value.body) {
                        self.report.problems.push(format!("{place} uid {uid}: {why}"));
                    }
                    Ok(ControlFlow::Continue(()))
                })?;
            }
        }
        Ok(())
    }

    fn references(&mut self) -> Result<(), Refusal> {
        let mut counted = std::mem::take(&mut self.references);
        let mut wrong = Vec::new();
        self.snapshot.each_body(|body, references| {
            let found = counted.remove(&body).unwrap_or_default();
            if found != references {
                wrong.push(format!("{body:?} has {references} references, counted {found}"));
            }
            Ok(())
        })?;
        wrong.extend(
            counted
                .keys()
                .map(|body| format!("{body:?} is used but not in the books")),
        );
        self.report.problems.append(&mut wrong);
        // Rows of mailboxes that have no row of their own would have been missed above.
        let mut strays = 0_u64;
        let accounts = accounts(self.snapshot)?;
        look::scan(self.snapshot, keys::MESSAGE, &[], &[], &mut |key, _| {
            let account = key
                .first_chunk::<8>()
                .map(|account| AccountId::from_be_bytes(*account));
            strays += u64::from(account.is_none_or(|account| accounts.binary_search(&account).is_err()));
            Ok(ControlFlow::Continue(()))
        })?;
        self.expect("store", "messages without a mailbox", &strays, &0);
        Ok(())
    }
}
