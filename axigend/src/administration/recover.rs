//! RECOVER accounts: mailboxes whose account is not there any more get one again.
//!
//! That happens when older objects of a domain were put back beside its mail. The account gets the number of the
//! mailbox, so that nothing has to be moved, and no later account can get it.

use super::Administration;
use super::account_names::Names;
use super::maintenance::aborted;
use super::scan::wait;
use super::storages::{Storage, place_name};
use crate::jobs::{JobKind, Task};
use crate::parts::Parts;
use axigen_shared::grammar::Args;
use axigen_shared::schema::{Object, context};
use axigen_shared::value::Secret;
use axigen_shared::{Cause, Refusal};
use axigend_console::{Acted, Place};
use axigend_directory::Usid;
use axigend_storage::{AccountId, Store};
use std::fmt::Write;
use std::sync::Arc;

/// Bytes of a password that nobody is told.
const UNKNOWN_PASSWORD: usize = 24;

/// What is to be done about mailboxes without account.
struct Recovery {
    parts: Arc<Parts>,
    domain: String,
    password: Option<Secret>,
    dry_run: bool,
}

impl Administration {
    /// `RECOVER accounts [setpassword <passwd>] [dryrun]`.
    pub(super) fn recover_accounts(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let domain = place_name(place);
        let storages = self.storages(&domain)?;
        let recovery = Recovery {
            parts: Arc::clone(&self.parts),
            domain: domain.clone(),
            password: args.text("setpassword").map(Secret::new),
            dry_run: args.flag("dryrun"),
        };
        self.start_job(JobKind::Recover, &domain, move |task| {
            recovery.run(task, &storages)
        })
    }
}

impl Recovery {
    fn run(&self, task: &Task, storages: &[Storage]) -> Result<String, Refusal> {
        let mut names = Names::of(&self.parts, &self.domain)?;
        let (mut found, mut looked) = (0, 0);
        for storage in storages {
            let Some((store, usid)) = storage.store.as_ref().zip(storage.usid) else {
                continue;
            };
            for id in store.mailboxes()? {
                if task.is_aborted() {
                    return Err(aborted());
                }
                looked += 1;
                task.progress(format!("{looked} mailboxes looked at"));
                found += u64::from(self.look(task, (store, usid), id, &mut names)?);
            }
        }
        Ok(match (found, self.dry_run) {
            (0, _) => format!("{looked} mailboxes, each has its account"),
            (_, true) => format!("{found} of {looked} mailboxes have no account; nothing was changed"),
            (_, false) => format!("{found} of {looked} mailboxes have an account again"),
        })
    }

    /// Looks whether a mailbox has its account, and gives it one; true when it had none.
    fn look(
        &self,
        task: &Task,
        (store, usid): (&Arc<Store>, Usid),
        id: AccountId,
        names: &mut Names,
    ) -> Result<bool, Refusal> {
        let usage = store.mailbox(id).usage()?;
        // Of a mailbox that was removed only the counters are left.
        if usage.folders == 0 || names.find(id)?.is_some() {
            return Ok(false);
        }
        let name = format!("recovered-{id}");
        let held = format!("{} folders, {} messages", usage.folders, usage.messages);
        if self.dry_run {
            task.say(format!(
                "mailbox {id} has no account: {held}; it would become {name}"
            ));
        } else {
            self.recover(id, &name, usid)?;
            task.say(format!("{name}@{}: {held}", self.domain));
        }
        Ok(true)
    }

    fn recover(&self, id: AccountId, name: &str, storage: Usid) -> Result<(), Refusal> {
        let account = context("domain/account");
        let account = account.ok_or_else(|| Refusal::new(Cause::Internal, "accounts have no schema"))?;
        let mut object = Object::new(account);
        object.set_text("name", name)?;
        let password = self.password.clone().map_or_else(unknown_password, Ok)?;
        wait(
            self.parts
                .directory
                .recover_account(&self.domain, id, object, password, storage),
        )?;
        tracing::info!(module = "STORAGE", "account {name}@{} recovered", self.domain);
        Ok(())
    }
}

/// A password that lets nobody in until an administrator sets another.
pub(super) fn unknown_password() -> Result<Secret, Refusal> {
    let mut bytes = [0; UNKNOWN_PASSWORD];
    getrandom::fill(&mut bytes)
        .map_err(|error| Refusal::new(Cause::Internal, format!("random bytes: {error}")))?;
    let text = bytes.iter().fold(String::new(), |mut text, byte| {
        // A string takes everything.
        let _ = write!(text, "{byte:02x}");
        text
    });
    Ok(Secret::new(&text))
}
