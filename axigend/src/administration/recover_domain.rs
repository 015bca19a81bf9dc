//! RECOVER domain: accounts and mail of another domain are taken over, as far as they are not here already.
//!
//! For a domain that was put back from a copy under another name: what that one has and this one lacks comes here. An
//! account that is missing comes with its settings and its password; of one that is there only mail is added. A message
//! is the same one when date, size and bytes are the same in the folder of the same name. Nothing is taken away from
//! either, and done again it finds nothing to do.

use super::Administration;
use super::maintenance::aborted;
use super::recover::unknown_password;
use super::scan::wait;
use super::storages::place_name;
use crate::jobs::{JobKind, Task};
use axigen_shared::grammar::Args;
use axigen_shared::value::Secret;
use axigen_shared::{Cause, Refusal};
use axigend_console::{Acted, Place};
use axigend_storage::{Mailbox, MailboxLimits, MessageRow, NewMessage};
use std::collections::HashMap;
use std::sync::Arc;

/// Messages looked at and taken over in one piece.
const PAGE: usize = 64;

/// Which password an account gets that is taken over.
enum Password {
    /// Its own.
    Kept,
    /// One that nobody knows.
    Cleared,
    /// This one.
    Set(Secret),
    /// This one, if it has none of its own.
    Default(Secret),
}

impl Password {
    fn of(args: &Args) -> Self {
        let text = |name: &str| args.text(name).map(Secret::new);
        match (text("setpassword"), text("defaultpassword")) {
            _ if args.flag("clearpassword") => Self::Cleared,
            (Some(password), _) => Self::Set(password),
            (None, Some(password)) => Self::Default(password),
            (None, None) => Self::Kept,
        }
    }
}

/// What was, or would be, taken over.
#[derive(Default)]
struct Sum {
    accounts: u64,
    messages: u64,
    refused: u64,
}

/// A domain being recovered from another one.
struct Recovery {
    own: Administration,
    from: String,
    to: String,
    password: Password,
    dry_run: bool,
}

impl Administration {
    /// `RECOVER domain <domainName> [clearpassword | setpassword <p> | defaultpassword <p>] [dryrun]`.
    pub(super) fn recover_domain(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let to = place_name(place);
        let from = args.first_text().unwrap_or_default().to_owned();
        let (number, other) = (
            self.parts.directory.domain_number(&to)?,
            self.parts.directory.domain_number(&from)?,
        );
        if number == other {
            let detail =
                "a domain is recovered from another one; RECOVER accounts looks into its own storages";
            return Err(Refusal::new(Cause::Invalid, detail));
        }
        let recovery = Recovery {
            own: Self::over(&self.parts),
            from,
            to: to.clone(),
            password: Password::of(args),
            dry_run: args.flag("dryrun"),
        };
        self.start_job(JobKind::Recover, &to, move |task| recovery.run(task))
    }
}

impl Recovery {
    fn run(&self, task: &Task) -> Result<String, Refusal> {
        let mut sum = Sum::default();
        let names = self.own.accounts_of(&self.from)?;
        for (at, name) in names.iter().enumerate() {
            if task.is_aborted() {
                return Err(aborted());
            }
            task.progress(format!(
                "{at} of {} accounts, {} messages, now {name}",
                names.len(),
                sum.messages
            ));
            match self.account(task, name, &mut sum) {
                // What concerns one account does not keep the others from coming.
                Err(refusal) if !task.is_aborted() => {
                    task.say(format!("{name}: {refusal}"));
                    sum.refused += 1;
                }
                other => other?,
            }
        }
        let Sum {
            accounts,
            messages,
            refused,
        } = sum;
        let done = format!("{accounts} accounts and {messages} messages of {}", self.from);
        Ok(match (accounts + messages + refused, self.dry_run) {
            (0, _) => format!("everything of {} is here", self.from),
            (_, true) => format!("{done} would be taken over; nothing was changed"),
            (_, false) if refused > 0 => format!("{done} taken over, {refused} accounts not wholly"),
            (_, false) => format!("{done} taken over"),
        })
    }

    fn account(&self, task: &Task, name: &str, sum: &mut Sum) -> Result<(), Refusal> {
        let source = self.own.account(&self.from, name)?;
        let source = self.own.mailbox_of(&source)?;
        let known = match self.own.account(&self.to, name) {
            Err(refusal) if refusal.cause == Cause::NoSuchAccount => None,
            other => Some(other?),
        };
        let target = if let Some(account) = known {
            Some(self.own.mailbox_of(&account)?)
        } else {
            sum.accounts += 1;
            self.adopt(task, name)?
        };
        let mut messages = 0;
        for folder in source.folders()? {
            messages += self.folder(task, (&source, &folder.name), folder.id, target.as_ref())?;
        }
        sum.messages += messages;
        if messages > 0 {
            task.say(format!("{name}@{}: {messages} messages", self.to));
        }
        Ok(())
    }

    /// Makes the account here; nothing in a dry run.
    fn adopt(&self, task: &Task, name: &str) -> Result<Option<Mailbox>, Refusal> {
        let directory = &self.own.parts.directory;
        if self.dry_run {
            task.say(format!("{name}@{}: would be made", self.to));
            return Ok(None);
        }
        let password = match &self.password {
            Password::Kept => None,
            Password::Cleared => Some(unknown_password()?),
            Password::Default(_) if directory.is_with_password(&self.from, name)? => None,
            Password::Set(password) | Password::Default(password) => Some(password.clone()),
        };
        let storages = directory.writable_storages(&self.to)?;
        let storage = storages.first().map(|storage| storage.usid);
        let storage = storage.ok_or_else(|| Refusal::new(Cause::Internal, "no storage for it"))?;
        let account = wait(directory.adopt_account((&self.from, name), &self.to, password, storage))?;
        let mailbox = self.own.mailbox_of(&account)?;
        wait(mailbox.create_default_folders())?;
        task.say(format!("{name}@{}: made", self.to));
        Ok(Some(mailbox))
    }

    /// Adds what a folder lacks; returns how many messages that is.
    fn folder(
        &self,
        task: &Task,
        (source, name): (&Mailbox, &str),
        id: u32,
        target: Option<&Mailbox>,
    ) -> Result<u64, Refusal> {
        let mut here: HashMap<Same, usize> = HashMap::new();
        let known = target.map(|target| (target, target.folder(name)));
        if let Some((target, Ok(folder))) = &known {
            each(target, folder.id, &mut |rows| {
                for row in rows {
                    *here.entry(Same::of(target, row)).or_default() += 1;
                }
                Ok(())
            })?;
        }
        let missing = known.is_some_and(|(_, folder)| folder.is_err());
        if let Some(target) = target.filter(|_| missing && !self.dry_run) {
            wait(target.create_folder(name, None, MailboxLimits::default()))?;
        }
        let mut added = 0;
        each(source, id, &mut |rows| {
            if task.is_aborted() {
                return Err(aborted());
            }
            let mut new = Vec::new();
            for row in rows {
                match here.get_mut(&Same::of(source, row)) {
                    Some(left) if *left > 0 => *left -= 1,
                    _ => new.push(NewMessage {
                        body: Arc::new(source.body_source(row.body)),
                        flags: row.flags.clone(),
                        internal_date: row.internal_date,
                    }),
                }
            }
            added += new.len() as u64;
            match target {
                // Quotas were kept when it came in.
                Some(target) if !self.dry_run && !new.is_empty() => {
                    wait(target.append(name, new, MailboxLimits::default())).map(drop)
                }
                _ => Ok(()),
            }
        })?;
        Ok(added)
    }
}

/// What makes two messages the same one.
#[derive(PartialEq, Eq, Hash)]
struct Same {
    date: i64,
    size: u64,
    bytes: Option<u32>,
}

impl Same {
    fn of(mailbox: &Mailbox, row: &MessageRow) -> Self {
        Self {
            date: row.internal_date,
            size: row.size,
            bytes: mailbox.body_checksum(row.body),
        }
    }
}

/// Shows the messages of a folder in pieces.
fn each(
    mailbox: &Mailbox,
    folder: u32,
    visit: &mut dyn FnMut(&[MessageRow]) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let mut from = 0;
    loop {
        let page = mailbox.messages(folder, from, PAGE)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        from = last.uid.saturating_add(1);
        visit(&page)?;
    }
}
