//! SCAN, FINDINVALIDMSG and REPAIR: mailboxes looked through message by message, and put right.

use super::Administration;
use super::account_names::Names;
use super::content::Depth;
use super::maintenance::{aborted, chosen};
use super::scan::{Purge, Scan, Sum, Wanted};
use super::storages::{apart, domain_of, place_name};
use crate::jobs::{JobKind, Task};
use axigen_shared::grammar::Args;
use axigen_shared::value::Word;
use axigen_shared::{Cause, Refusal};
use axigend_console::{Acted, Place};
use axigend_storage::{AccountId, Store};
use std::collections::HashMap;
use std::sync::Arc;

/// Names asked of the directory at once.
const PAGE: usize = 1000;

impl Administration {
    /// `SCAN ALL`, `SCAN Storage usid <usid>...`.
    pub(super) async fn scan(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let wanted = self.wanted_scan(place, args)?;
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
        let names = Names::of(&self.parts, &domain)?;
        self.start_job(JobKind::Scan, &domain, move |task| {
            let mut scan = Scan::new(task, names, wanted);
            for storage in &storages {
                scan.storage(storage)?;
            }
            Ok(scan.verdict())
        })
    }

    /// The words of SCAN; refused where they contradict one another.
    fn wanted_scan(&self, place: &Place, args: &Args) -> Result<Wanted, Refusal> {
        let purge = match args.text("purge|softPurge") {
            None => Purge::No,
            Some(word) if word.eq_ignore_ascii_case("purge") => Purge::Hard,
            Some(_) => Purge::Soft,
        };
        let contradiction = |detail: &str| Err(Refusal::new(Cause::Invalid, detail));
        let (cached_only, clear_cache) = (args.flag("cachedOnly"), args.flag("clearCache"));
        if args.flag("readOnly") && (purge != Purge::No || clear_cache || args.flag("recoverTo")) {
            return contradiction(
                "readOnly changes nothing: leave it, or purge, clearCache and recoverTo out",
            );
        }
        if cached_only && clear_cache {
            return contradiction("clearCache leaves nothing cached that cachedOnly could look at");
        }
        if cached_only && args.flag("analyzeStructure") {
            return contradiction("cachedOnly reads no message, and analyzeStructure reads all");
        }
        let recover_to = match args.text("recoverTo") {
            None => None,
            Some(name) => {
                let account = self.account(&place_name(place), name)?;
                Some(self.mailbox_of(&account)?)
            }
        };
        Ok(Wanted {
            verbose: args.flag("verbose"),
            purge,
            depth: if args.flag("analyzeStructure") {
                Depth::Structure
            } else {
                Depth::Nothing
            },
            invalid: false,
            leaks: args.flag("imapLeaks"),
            cached_only,
            clear_cache,
            recover_to,
        })
    }

    /// `SCAN Account <name>`.
    pub(super) fn scan_account(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let domain = place_name(place);
        let account = self.account(&domain, args.first_text().unwrap_or_default())?;
        let store = self.parts.stores.get(&account.message_dir)?;
        let names = Names::of(&self.parts, &domain)?;
        self.start_job(JobKind::Scan, &domain, move |task| {
            let mut scan = Scan::new(task, names, Wanted::default());
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
            let mut scan = Scan::new(task, names, Wanted::default());
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
            let wanted = Wanted {
                verbose: details,
                purge: if purge { Purge::Hard } else { Purge::No },
                depth: Depth::Message,
                invalid: true,
                ..Wanted::default()
            };
            let mut scan = Scan::new(task, names, wanted);
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

    /// `REPAIR Accounts [skip-stage-3] <account>...`: folders and their messages, then counters, and in the third stage
    /// the books of the storages that they are in: who refers to which body, what lies in which file.
    pub(super) fn repair(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let domain = place_name(place);
        let accounts = self.named(&domain, &words(args.all("accountName")))?;
        let books = !args.flag("skip-stage-3");
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
                changes += told(task, &name, &store.repair(*id)?);
                mailboxes += 1;
            }
            let mut stores: Vec<&Arc<Store>> = Vec::new();
            for (_, store) in accounts.iter().filter(|_| books) {
                if !stores.iter().any(|known| Arc::ptr_eq(known, store)) {
                    stores.push(store);
                }
            }
            for store in stores {
                if task.is_aborted() {
                    return Err(aborted());
                }
                task.progress(format!("references counted in {}", store.dir().display()));
                changes += told(task, "references and sums", &store.repair_books()?);
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
            let names = self.accounts_of(&domain)?.into_iter();
            accounts.extend(names.map(|name| (domain.clone(), name)));
        }
        Ok(accounts)
    }

    /// Names of all accounts of a domain.
    pub(super) fn accounts_of(&self, domain: &str) -> Result<Vec<String>, Refusal> {
        let (mut accounts, mut after) = (Vec::new(), None::<String>);
        loop {
            let page = self
                .parts
                .directory
                .accounts(domain, after.as_deref(), PAGE, None)?;
            let Some(last) = page.last() else {
                return Ok(accounts);
            };
            after = Some(last.clone());
            accounts.extend(page);
        }
    }
}

/// Says what was put right, and returns how much that is.
fn told(task: &Task, what: &str, done: &[String]) -> usize {
    if done.is_empty() {
        task.say(format!("{what}: nothing to repair"));
    }
    for line in done {
        task.say(format!("{what}: {line}"));
    }
    done.len()
}

fn words(given: &[Word]) -> Vec<String> {
    given.iter().filter_map(Word::one).map(str::to_owned).collect()
}
