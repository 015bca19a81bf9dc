//! SCAN, FINDINVALIDMSG and REPAIR: mailboxes looked through message by message, and put right.

use super::Administration;
use super::maintenance::{aborted, chosen, not_built};
use super::storages::{Storage, apart, domain_of, place_name};
use crate::jobs::{JobKind, Task};
use crate::parts::Parts;
use axigen_shared::grammar::Args;
use axigen_shared::value::Word;
use axigen_shared::{Cause, Refusal};
use axigend_console::{Acted, Place};
use axigend_directory::AccountKey;
use axigend_message::Summary;
use axigend_storage::{AccountId, FlagOp, Flags, FolderId, Inspected, Store, SystemFlags, Verified};
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Words of SCAN that are known and do nothing yet.
const NOT_BUILT: [&str; 5] = [
    "imapLeaks",
    "cachedOnly",
    "clearCache",
    "analyzeStructure",
    "recoverTo",
];
/// Names asked of the directory at once.
const PAGE: usize = 1000;

/// What becomes of a message whose body is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purge {
    /// It stays.
    No,
    /// It gets \Deleted, so that its owner decides.
    Soft,
    /// It goes.
    Hard,
}

/// What a scan has counted.
#[derive(Default)]
struct Sum {
    mailboxes: u64,
    folders: u64,
    messages: u64,
    problems: u64,
    purged: u64,
}

/// A scan at work.
struct Scan<'a> {
    task: &'a Task,
    names: Names,
    verbose: bool,
    purge: Purge,
    sum: Sum,
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

    fn words(&mut self, account: AccountId) -> String {
        match self.find(account) {
            Ok(Some(name)) => format!("{name}@{}", self.domain),
            _ => format!("number {account}"),
        }
    }
}

impl Administration {
    /// `SCAN ALL`, `SCAN Storage usid <usid>...`.
    pub(super) async fn scan(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        if let Some(word) = NOT_BUILT.iter().find(|word| args.flag(word)) {
            return Err(not_built(word));
        }
        let purge = match args.text("purge|softPurge") {
            None => Purge::No,
            Some(_) if args.flag("readOnly") => {
                return Err(Refusal::new(
                    Cause::Invalid,
                    "readOnly removes nothing: leave it or the purge out",
                ));
            }
            Some(word) if word.eq_ignore_ascii_case("purge") => Purge::Hard,
            Some(_) => Purge::Soft,
        };
        let domain = place_name(place);
        let own = Self::over(&self.parts);
        let (of, usids) = (domain.clone(), words(args.all("usid")));
        let storages = apart(move || {
            let all = own.storages(&of)?;
            if usids.is_empty() {
                return Ok(all);
            }
            let each = usids.iter().map(|usid| chosen(all.clone(), Some(usid)));
            Ok(each.collect::<Result<Vec<_>, Refusal>>()?.concat())
        });
        let storages = storages.await?;
        let (names, verbose) = (Names::of(&self.parts, &domain)?, args.flag("verbose"));
        self.start_job(JobKind::Scan, &domain, move |task| {
            let mut scan = Scan::new(task, names, verbose, purge);
            for storage in &storages {
                scan.storage(storage)?;
            }
            Ok(scan.verdict())
        })
    }

    /// `SCAN Account <name>`.
    pub(super) fn scan_account(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let domain = place_name(place);
        let account = self.account(&domain, args.first_text().unwrap_or_default())?;
        let store = self.parts.stores.get(&account.message_dir)?;
        let names = Names::of(&self.parts, &domain)?;
        self.start_job(JobKind::Scan, &domain, move |task| {
            let mut scan = Scan::new(task, names, true, Purge::No);
            let report = store.check_mailbox(account.id, &|_| account.address())?;
            scan.problems(report.problems);
            scan.mailbox(&store, account.id)?;
            Ok(scan.verdict())
        })
    }

    /// `SCAN DomainContainer`: the books of the domain's objects.
    pub(super) fn scan_container(&self, place: &Place) -> Result<Acted, Refusal> {
        let domain = place_name(place);
        let ledger = self.parts.directory.domain_ledger(&domain)?;
        let names = Names::of(&self.parts, &domain)?;
        self.start_job(JobKind::Scan, &domain, move |task| {
            let mut scan = Scan::new(task, names, true, Purge::No);
            scan.problems(ledger.check_books(&HashMap::new())?);
            Ok(scan.verdict())
        })
    }

    /// `FINDINVALIDMSG <account>... [purge] [details]`.
    pub(super) fn find_invalid(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let domain = place_name(place);
        let accounts = self.named(&domain, &words(args.all("accountName")))?;
        let (purge, details) = (args.flag("purge"), args.flag("details"));
        let names = Names::of(&self.parts, &domain)?;
        self.start_job(JobKind::FindInvalid, &domain, move |task| {
            let purge = if purge { Purge::Hard } else { Purge::No };
            let mut scan = Scan::new(task, names, details, purge);
            for (id, store) in &accounts {
                scan.mailbox(store, *id)?;
            }
            let Sum {
                messages,
                problems,
                purged,
                ..
            } = scan.sum;
            Ok(format!(
                "{messages} messages read, {problems} not valid, {purged} removed"
            ))
        })
    }

    /// `REPAIR Accounts <account>...`.
    pub(super) fn repair(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        if args.flag("skip-stage-3") {
            return Err(not_built("skip-stage-3"));
        }
        let domain = place_name(place);
        let accounts = self.named(&domain, &words(args.all("accountName")))?;
        let mut names = Names::of(&self.parts, &domain)?;
        self.start_job(JobKind::Repair, &domain, move |task| {
            let (mut changes, mut mailboxes) = (0, 0);
            for (id, store) in &accounts {
                let name = names.words(*id);
                task.progress(format!(
                    "{mailboxes} of {} mailboxes repaired, now {name}",
                    accounts.len()
                ));
                if task.is_aborted() {
                    return Err(aborted());
                }
                let done = store.repair(*id)?;
                changes += done.len();
                mailboxes += 1;
                if done.is_empty() {
                    task.say(format!("{name}: nothing to repair"));
                }
                done.iter().for_each(|line| task.say(format!("{name}: {line}")));
            }
            Ok(format!(
                "{mailboxes} mailboxes looked at, {changes} places put right"
            ))
        })
    }

    /// The accounts of these names with their stores.
    fn named(&self, domain: &str, names: &[String]) -> Result<Vec<(AccountId, Arc<Store>)>, Refusal> {
        let one = |name: &String| {
            let account = self.account(domain, name)?;
            Ok((account.id, self.parts.stores.get(&account.message_dir)?))
        };
        names.iter().map(one).collect()
    }

    /// Names of all accounts of the domain that the place is in, or of the one account.
    pub(super) fn accounts_at(&self, place: &Place) -> Result<Vec<(String, String)>, Refusal> {
        let domains: Vec<String> = match (domain_of(place), place.target.keys.get(1)) {
            (Some(domain), Some(name)) => return Ok(vec![(domain.to_owned(), name.clone())]),
            (Some(domain), None) => vec![domain.to_owned()],
            (None, _) => {
                let all = self.parts.directory.domains().into_iter();
                all.filter(|domain| domain.enabled)
                    .map(|domain| domain.name)
                    .collect()
            }
        };
        let mut accounts = Vec::new();
        for domain in domains {
            let mut after: Option<String> = None;
            loop {
                let page = self
                    .parts
                    .directory
                    .accounts(&domain, after.as_deref(), PAGE, None)?;
                let Some(last) = page.last() else { break };
                after = Some(last.clone());
                accounts.extend(page.into_iter().map(|name| (domain.clone(), name)));
            }
        }
        Ok(accounts)
    }
}

fn words(given: &[Word]) -> Vec<String> {
    given.iter().filter_map(Word::one).map(str::to_owned).collect()
}

impl<'a> Scan<'a> {
    fn new(task: &'a Task, names: Names, verbose: bool, purge: Purge) -> Self {
        Self {
            task,
            names,
            verbose,
            purge,
            sum: Sum::default(),
            verified: Verified::default(),
        }
    }

    fn problems(&mut self, problems: Vec<String>) {
        self.sum.problems += problems.len() as u64;
        problems.into_iter().for_each(|problem| self.task.say(problem));
    }

    /// All of a storage: its counters as of one moment, then each mailbox.
    fn storage(&mut self, storage: &Storage) -> Result<(), Refusal> {
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
    fn mailbox(&mut self, store: &Arc<Store>, id: AccountId) -> Result<(), Refusal> {
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
            let (cleared, what) = match self.purge {
                Purge::Hard => (
                    wait(mailbox.expunge(folder, Some(uids), false)).map(drop),
                    "removed",
                ),
                _ => {
                    let flags = Flags {
                        system: SystemFlags::DELETED,
                        ..Flags::default()
                    };
                    let marked = mailbox.set_flags(folder, uids, FlagOp::Add, flags, None);
                    (wait(marked).map(drop), "marked as deleted")
                }
            };
            cleared?;
            self.sum.purged += count;
            self.task.say(format!("{name}: {count} damaged messages {what}"));
        }
        Ok(())
    }

    fn verdict(&self) -> String {
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

/// Progress is told after so many messages.
const PROGRESS_EVERY: u64 = 64;

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
