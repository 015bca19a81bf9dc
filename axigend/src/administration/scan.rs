//! A scan at work: counters compared, every message read, damage named, and purged where that was asked for.

use super::account_names::Names;
use super::content::{self, Depth};
use super::maintenance::aborted;
use super::storages::Storage;
use crate::jobs::Task;
use axigen_shared::{Cause, Refusal};
use axigend_storage::{
    AccountId, BodyRef, FlagOp, Flags, FolderId, Inspected, Mailbox, Store, SystemFlags, Verified,
};
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

/// What a scan looks at and does.
#[expect(clippy::struct_excessive_bools, reason = "words of SCAN, each on its own")]
#[derive(Clone)]
pub(super) struct Wanted {
    /// Says something of each mailbox.
    pub verbose: bool,
    /// What becomes of damaged messages, and of bodies that nobody refers to.
    pub purge: Purge,
    /// How much of the text of messages is looked at.
    pub depth: Depth,
    /// Messages that are none go like damaged ones, and cached summaries that are not valid are made anew.
    pub invalid: bool,
    /// Looks for what no client can reach.
    pub leaks: bool,
    /// Bodies are not read, only what is cached of them.
    pub cached_only: bool,
    /// What is cached is dropped first.
    pub clear_cache: bool,
    /// Whose mailbox gets the messages that nobody refers to.
    pub recover_to: Option<Mailbox>,
}

impl Default for Wanted {
    fn default() -> Self {
        Self {
            verbose: true,
            purge: Purge::No,
            depth: Depth::Nothing,
            invalid: false,
            leaks: false,
            cached_only: false,
            clear_cache: false,
            recover_to: None,
        }
    }
}

/// A scan at work.
pub(super) struct Scan<'a> {
    pub task: &'a Task,
    pub names: Names,
    pub wanted: Wanted,
    pub sum: Sum,
    verified: Verified,
}

impl<'a> Scan<'a> {
    pub(super) fn new(task: &'a Task, names: Names, wanted: Wanted) -> Self {
        let verified = if wanted.cached_only {
            Verified::unread()
        } else {
            Verified::default()
        };
        Self {
            task,
            names,
            wanted,
            sum: Sum::default(),
            verified,
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
        if self.wanted.clear_cache {
            let dropped = storage.ledger.forget_notes()?;
            self.task.say(format!("{dropped} cached summaries dropped"));
        }
        let mailboxes = store.mailboxes()?;
        let mut named = BTreeMap::new();
        for id in &mailboxes {
            named.insert(*id, self.names.words(*id));
        }
        let naming = |id: AccountId| named.get(&id).cloned().unwrap_or_else(|| format!("number {id}"));
        let report = store.check_counters(&naming)?;
        self.problems(report.problems);
        for id in mailboxes {
            if self.wanted.leaks {
                self.reachable(store, id)?;
            }
            self.mailbox(store, id)?;
        }
        self.orphans(store)
    }

    /// Looks at every message of a mailbox.
    pub(super) fn mailbox(&mut self, store: &Arc<Store>, id: AccountId) -> Result<(), Refusal> {
        let name = self.names.words(id);
        let mailbox = store.mailbox(id);
        self.sum.mailboxes += 1;
        self.sum.folders += mailbox.usage()?.folders;
        let before = (self.sum.messages, self.sum.problems);
        let mut found = Found::default();
        let (task, sum, wanted) = (self.task, &mut self.sum, &self.wanted);
        let mut visit = |at: Inspected<'_>| {
            sum.messages += 1;
            if sum.messages.is_multiple_of(PROGRESS_EVERY) {
                task.progress(format!(
                    "{} messages read, {} problems, now {name}",
                    sum.messages, sum.problems
                ));
            }
            match found.look(store, &at, wanted) {
                Ok(None) => {}
                Ok(Some(why)) => {
                    sum.problems += 1;
                    task.say(format!("{name}: folder {} uid {}: {why}", at.folder, at.row.uid));
                }
                Err(refusal) => {
                    found.failed = Some(refusal);
                    return ControlFlow::Break(());
                }
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
        if let Some(refusal) = found.failed {
            return Err(refusal);
        }
        if self.wanted.verbose {
            let (messages, problems) = (self.sum.messages - before.0, self.sum.problems - before.1);
            self.task
                .say(format!("{name}: {messages} messages, {problems} problems"));
        }
        self.renew(store, id, found.summaries)?;
        self.clear(store, id, found.purged)
    }

    /// Makes cached summaries anew.
    fn renew(&mut self, store: &Arc<Store>, id: AccountId, bodies: Vec<BodyRef>) -> Result<(), Refusal> {
        if self.wanted.purge == Purge::No || bodies.is_empty() {
            return Ok(());
        }
        let mut notes = Vec::new();
        for body in bodies {
            notes.push((body, content::summary(store, body)?.encoded().clone()));
        }
        let name = self.names.words(id);
        self.task
            .say(format!("{name}: {} cached summaries made anew", notes.len()));
        store.mailbox(id).note(notes);
        Ok(())
    }

    /// Does with damaged messages what was asked for. What is wrong with each was said before.
    fn clear(
        &mut self,
        store: &Arc<Store>,
        id: AccountId,
        damaged: Vec<(FolderId, u32)>,
    ) -> Result<(), Refusal> {
        if self.wanted.purge == Purge::No || damaged.is_empty() {
            return Ok(());
        }
        let mut folders: BTreeMap<FolderId, Vec<u32>> = BTreeMap::new();
        for (folder, uid) in damaged {
            folders.entry(folder).or_default().push(uid);
        }
        let (name, mailbox) = (self.names.words(id), store.mailbox(id));
        for (folder, uids) in folders {
            let count = uids.len() as u64;
            let (cleared, what) = if self.wanted.purge == Purge::Hard {
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

/// What was found in a mailbox.
#[derive(Default)]
struct Found {
    /// Messages to be purged, if that is asked for.
    purged: Vec<(FolderId, u32)>,
    /// Those whose cached summary is not valid.
    summaries: Vec<BodyRef>,
    failed: Option<Refusal>,
}

impl Found {
    /// What is wrong with a message, in words.
    fn look(
        &mut self,
        store: &Store,
        at: &Inspected<'_>,
        wanted: &Wanted,
    ) -> Result<Option<String>, Refusal> {
        if let Some(why) = at.damage {
            self.purged.push((at.folder_id, at.row.uid));
            return Ok(Some(why.to_owned()));
        }
        let depth = if wanted.cached_only {
            Depth::Nothing
        } else {
            wanted.depth
        };
        let wrong = content::look(store, at.row.body, depth)?;
        if wrong.not_a_message.is_some() {
            if wanted.invalid {
                self.purged.push((at.folder_id, at.row.uid));
            }
            return Ok(wrong.not_a_message);
        }
        let valid = match at.note {
            Some(note) => content::is_valid(store, at.row.body, note, depth)?,
            None => true,
        };
        if valid {
            return Ok(wrong.structure);
        }
        if wanted.invalid {
            self.summaries.push(at.row.body);
        }
        let what = "its cached summary is not valid, PURGE disposableMetadata drops it".to_owned();
        Ok(Some(what))
    }
}

/// Waits for an operation on the thread of a job.
pub(super) fn wait<T>(work: impl Future<Output = Result<T, Refusal>>) -> Result<T, Refusal> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Refusal::new(Cause::Internal, format!("a runtime for a job: {error}")))?;
    runtime.block_on(work)
}
