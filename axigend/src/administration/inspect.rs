//! SCAN, FINDINVALIDMSG and REPAIR: mailboxes looked through message by message, and put right.

use super::Administration;
use super::maintenance::{aborted, chosen, not_built};
use super::scan::{Names, Purge, Scan, Sum};
use super::storages::{apart, domain_of, place_name};
use crate::jobs::JobKind;
use axigen_shared::grammar::Args;
use axigen_shared::value::Word;
use axigen_shared::{Cause, Refusal};
use axigend_console::{Acted, Place};
use axigend_storage::{AccountId, Store};
use std::collections::HashMap;
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
                for line in &done {
                    task.say(format!("{name}: {line}"));
                }
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
