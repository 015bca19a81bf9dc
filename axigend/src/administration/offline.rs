//! Maintenance of a domain that is not in service: COMPACT and REPAIR of EDIT Domain (services-other 3.2.9).
//!
//! Its storages are opened by the job that needs them and closed when that ends; until then the domain cannot be
//! enabled, edited or deleted.

use super::Administration;
use super::maintenance::{aborted, compact};
use super::storages::{Storage, place_name};
use crate::jobs::{JobKind, Task};
use axigen_shared::grammar::Args;
use axigen_shared::{Cause, Refusal};
use axigend_console::{Acted, Place};
use axigend_directory::Role;
use axigend_storage::CompactOptions;

/// The parameter that says which storages are compacted.
const WHICH: &str = "all|domainStorage|domainObjectsStorage|messagesStorage";
/// The parameter that says how the container of a domain is repaired.
const HOW: &str = "forced|reset";

/// Storages that a compaction is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    All,
    Objects,
    Messages,
}

impl Which {
    fn parse(word: &str) -> Result<Self, Refusal> {
        match word.to_ascii_lowercase().as_str() {
            "all" => Ok(Self::All),
            "domainobjectsstorage" => Ok(Self::Objects),
            "messagesstorage" => Ok(Self::Messages),
            // The domain's own directory says where the others are, and holds no containers.
            _ => Err(Refusal::new(
                Cause::Unsupported,
                "the domain storage holds no containers, so nothing can be compacted there; \
                 domainObjectsStorage and messagesStorage do",
            )),
        }
    }
}

impl Administration {
    /// `COMPACT all|domainStorage|domainObjectsStorage|messagesStorage [forced]`.
    pub(super) fn compact_offline(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let which = Which::parse(args.text(WHICH).unwrap_or("all"))?;
        let domain = place_name(place);
        self.parts.directory.domain_places(&domain)?;
        self.parts.jobs.none_at(&domain)?;
        let options = CompactOptions {
            forced: args.flag("forced"),
            ..CompactOptions::default()
        };
        let (own, name) = (Self::over(&self.parts), domain.clone());
        self.start_job(JobKind::Compact, &domain, move |task| {
            own.compact_disabled(task, &name, which, options)
        })
    }

    fn compact_disabled(
        &self,
        task: &Task,
        domain: &str,
        which: Which,
        options: CompactOptions,
    ) -> Result<String, Refusal> {
        let mut given_back = 0;
        for known in self.parts.directory.storages(domain)? {
            if task.is_aborted() {
                return Err(aborted());
            }
            match known.role {
                Role::DomainObjects if which != Which::Messages => {
                    let objects = self.parts.directory.open_disabled(domain, false)?;
                    let storage = Storage {
                        usid: Some(known.usid),
                        role: "objects",
                        dir: known.dir,
                        ledger: objects.ledger(),
                        store: None,
                    };
                    let done = compact(task, &storage, options);
                    drop(storage);
                    objects.close()?;
                    given_back += done?;
                }
                Role::Messages if which != Which::Objects => {
                    let store = self.parts.stores.get(&known.dir)?;
                    let storage = Storage {
                        usid: Some(known.usid),
                        role: "messages",
                        dir: known.dir.clone(),
                        ledger: store.ledger(),
                        store: Some(store),
                    };
                    let done = compact(task, &storage, options);
                    drop(storage);
                    self.parts.stores.close(&known.dir);
                    given_back += done?;
                }
                _ => {}
            }
        }
        Ok(format!("{} KB given back", given_back / 1024))
    }

    /// `REPAIR domainContainer [forced|reset]`: the books of the domain's objects; with `forced` their index is made
    /// anew first.
    pub(super) fn repair_container(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let how = args.text(HOW).unwrap_or_default();
        if how.eq_ignore_ascii_case("reset") {
            return Err(Refusal::new(
                Cause::Unsupported,
                "reset would forget every account, list and setting: nothing else knows them; \
                 forced keeps all that can be read",
            ));
        }
        let (domain, anew) = (place_name(place), !how.is_empty());
        self.parts.directory.domain_places(&domain)?;
        self.parts.jobs.none_at(&domain)?;
        let (own, name) = (Self::over(&self.parts), domain.clone());
        self.start_job(JobKind::Repair, &domain, move |task| {
            own.repair_disabled(task, &name, anew)
        })
    }

    fn repair_disabled(&self, task: &Task, domain: &str, anew: bool) -> Result<String, Refusal> {
        if anew {
            task.progress("the index is made anew from the log".to_owned());
        }
        let objects = self.parts.directory.open_disabled(domain, anew)?;
        if anew {
            task.say("the index was made anew from the log");
        }
        let done = objects.repair();
        objects.close()?;
        let done = done?;
        if done.is_empty() {
            task.say("nothing to repair");
        }
        for line in &done {
            task.say(line.clone());
        }
        Ok(format!("{} places put right", done.len()))
    }
}
