//! A scan at work: counters compared, every message read, damage named, and purged where that was asked for.

use super::maintenance::aborted;
use super::storages::Storage;
use crate::jobs::Task;
use crate::parts::Parts;
use axigen_shared::{Cause, Refusal};
use axigend_directory::AccountKey;
use axigend_message::Summary;
use axigend_storage::{AccountId, FlagOp, Flags, FolderId, Inspected, Store, SystemFlags, Verified};
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Progress is told after so many messages.
const PROGRESS_EVERY: u64 = 64;

/// What becomes of a message whose body is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purge {
    /// It stays.
    No,
    /// It gets \Deleted, so that its owner decides.
    Soft,
    /// It goes.
    Hard,
}

/// What a scan has counted.
#[derive(Default)]
pub(super) struct Sum {
    mailboxes: u64,
    folders: u64,
    pub messages: u64,
    pub problems: u64,
    pub purged: u64,
}

/// A scan at work.
pub(super) struct Scan<'a> {
    task: &'a Task,
    names: Names,
    verbose: bool,
    purge: Purge,
    pub sum: Sum,
    verified: Verified,
}

/// Names of the accounts of a domain.
pub(super) struct Names {
    parts: Arc<Parts>,
    domain: String,
    number: u32,
    known: HashMap<AccountId, Option<String>>,
}

impl Names {
    pub(super) fn of(parts: &Arc<Parts>, domain: &str) -> Result<Self, Refusal> {
        Ok(Self {
            parts: Arc::clone(parts),
            domain: domain.to_owned(),
            number: parts.directory.domain_number(domain)?,
            known: HashMap::new(),
        })
    }

    /// The name of an account; `None` when there is none of this number.
    pub(super) fn find(&mut self, account: AccountId) -> Result<Option<String>, Refusal> {
        if let Some(known) = self.known.get(&account) {
            return Ok(known.clone());
        }
        let key = AccountKey {
            domain: self.number,
            account,
        };
        let name = self
            .parts
            .directory
            .account(&key)?
            .map(|account| account.name.clone());
        self.known.insert(account, name.clone());
        Ok(name)
    }

    pub(super) fn words(&mut self, account: AccountId) -> String {
        match self.find(account) {
            Ok(Some(name)) => format!("{name}@{}", self.domain),
            _ => format!("number {account}"),
        }
    }
}

impl<'a> Scan<'a> {
    pub(super) fn new(task: &'a Task, names: Names, verbose: bool, purge: Purge) -> Self {
        Self {
            task,
            names,
            verbose,
            purge,
            sum: Sum::default(),
            verified: Verified::default(),
        }
    }

    pub(super) fn problems(&mut self, problems: Vec<String>) {
        self.sum.problems += problems.len() as u64;
        for problem in problems {
            self.task.say(problem);
        }
    }

    /// All of a storage: its counters as of one moment, then each mailbox.
    pub(super) fn storage(&mut self, storage: &Storage) -> Result<(), Refusal> {
        self.task
            .say(format!("scanning {} {}", storage.role, storage.usid()));
        let Some(store) = &storage.store else {
            self.problems(storage.ledger.check_books(&HashMap::new())?);
            return Ok(());
        };
        let mailboxes = store.mailboxes()?;
        let mut named = BTreeMap::new();
        for id in &mailboxes {
            named.insert(*id, self.names.words(*id));
        }
        let naming = |id: AccountId| named.get(&id).cloned().unwrap_or_else(|| format!("number {id}"));
        let report = store.check_counters(&naming)?;
        self.problems(report.problems);
        for id in mailboxes {
            self.mailbox(store, id)?;
        }
        Ok(())
    }

    /// Reads every message of a mailbox.
    pub(super) fn mailbox(&mut self, store: &Arc<Store>, id: AccountId) -> Result<(), Refusal> {
        let name = self.names.words(id);
        let mailbox = store.mailbox(id);
        let (task, sum, verbose) = (self.task, &mut self.sum, self.verbose);
        sum.mailboxes += 1;
        sum.folders += mailbox.usage()?.folders;
        let before = (sum.messages, sum.problems);
        let mut damaged: Vec<(FolderId, u32)> = Vec::new();
        let mut visit = |at: Inspected<'_>| {
            sum.messages += 1;
            if sum.messages.is_multiple_of(PROGRESS_EVERY) {
                task.progress(format!(
                    "{} messages read, {} problems, now {name}",
                    sum.messages, sum.problems
                ));
            }
            if let Some(why) = problem(&at) {
                sum.problems += 1;
                task.say(format!("{name}: folder {} uid {}: {why}", at.folder, at.row.uid));
            }
            if at.damage.is_some() {
                damaged.push((at.folder_id, at.row.uid));
            }
            if task.is_aborted() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        store.inspect(id, &mut self.verified, &mut visit)?;
        if self.task.is_aborted() {
            return Err(aborted());
        }
        if verbose {
            let (messages, problems) = (self.sum.messages - before.0, self.sum.problems - before.1);
            self.task
                .say(format!("{name}: {messages} messages, {problems} problems"));
        }
        self.clear(store, id, damaged)
    }

    /// Does with damaged messages what was asked for. What is wrong with each was said before.
    fn clear(
        &mut self,
        store: &Arc<Store>,
        id: AccountId,
        damaged: Vec<(FolderId, u32)>,
    ) -> Result<(), Refusal> {
        if self.purge == Purge::No || damaged.is_empty() {
            return Ok(());
        }
        let mut folders: BTreeMap<FolderId, Vec<u32>> = BTreeMap::new();
        for (folder, uid) in damaged {
            folders.entry(folder).or_default().push(uid);
        }
        let (name, mailbox) = (self.names.words(id), store.mailbox(id));
        for (folder, uids) in folders {
            let count = uids.len() as u64;
            let (cleared, what) = if self.purge == Purge::Hard {
                let gone = wait(mailbox.expunge(folder, Some(uids), false));
                (gone.map(drop), "removed")
            } else {
                let flags = Flags {
                    system: SystemFlags::DELETED,
                    ..Flags::default()
                };
                let marked = wait(mailbox.set_flags(folder, uids, FlagOp::Add, flags, None));
                (marked.map(drop), "marked as deleted")
            };
            cleared?;
            self.sum.purged += count;
            self.task.say(format!("{name}: {count} damaged messages {what}"));
        }
        Ok(())
    }

    pub(super) fn verdict(&self) -> String {
        let Sum {
            mailboxes,
            folders,
            messages,
            problems,
            purged,
        } = &self.sum;
        let bodies = self.verified.bodies;
        let verdict = match problems {
            0 => "clean".to_owned(),
            _ => format!("not clean, {problems} problems, {purged} messages purged"),
        };
        format!(
            "{verdict}: {mailboxes} mailboxes, {folders} folders, {messages} messages, {bodies} bodies read"
        )
    }
}

/// What is wrong with a message.
fn problem(at: &Inspected<'_>) -> Option<String> {
    if let Some(why) = at.damage {
        return Some(why.to_owned());
    }
    let note = at.note?;
    let unreadable = Summary::decode(note.clone()).is_none();
    unreadable.then(|| "its cached summary is not valid, PURGE disposableMetadata drops it".to_owned())
}

/// Waits for an operation on the thread of a job.
pub(super) fn wait<T>(work: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Refusal::new(Cause::Internal, format!("a runtime for a job: {error}")))?;
    runtime.block_on(work)
}
