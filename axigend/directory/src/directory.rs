//! The directory as services use it: who is an address, who may log in, what may an account do.
//!
//! Reading never waits for an administrator: the list of domains is a table that is swapped whole, accounts are
//! snapshots. Changing is in `administer` and `accounts`, logging in in `authenticate`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use axigen_shared::{Cause, Refusal};
use axigend_storage::{Disk, StoreLimits};
use parking_lot::{Mutex, RwLock};

use crate::account::{Account, AccountKey};
use crate::group::Group;
use crate::logins::Logins;
use crate::mailing_list::{ListAddress, MailingList};
use crate::names::{domain_key, local_key, split_address};
use crate::objects::DomainObjects;
use crate::open_domain::OpenDomain;
use crate::paths;
use crate::place::{Place, Role, Storage};
use crate::record::{DomainRecord, DomainState};
use crate::server::{AdminRecord, ServerStorage};
use crate::service::ServiceSwitch;
use crate::slots::{Slot, Slots};
use crate::successes::Successes;
use crate::typed;
use crate::verify::Verifiers;

/// What an address leads to.
#[derive(Clone, Debug)]
pub enum Resolution {
    /// An account, by name or alias.
    Account(Arc<Account>),
    /// Nobody of that name, but the domain has a catch-all.
    CatchAll {
        /// Who gets it.
        account: Arc<Account>,
        /// In which folder.
        folder: String,
    },
    /// A group: its members get it.
    Group(Arc<Group>),
    /// A mailing list, and which of its addresses.
    List(Arc<MailingList>, ListAddress),
    /// The domain is not ours.
    Remote,
    /// The domain is ours and there is nobody of that name.
    UnknownUser,
    /// The domain is ours and does not take mail now.
    DomainDisabled,
}

/// One domain of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainSummary {
    /// Its name.
    pub name: String,
    /// Whether it is in service.
    pub enabled: bool,
    /// Its directory.
    pub location: PathBuf,
}

/// What an enabled, disabled or damaged domain is to a lookup.
pub(crate) enum Entry {
    Open(Arc<OpenDomain>),
    Disabled,
    /// Its objects could not be opened; the reason was logged.
    Broken,
}

/// A domain in the table.
pub(crate) struct Listed {
    pub(crate) record: DomainRecord,
    pub(crate) entry: Entry,
}

/// All domains, by number and by every name.
#[derive(Default)]
pub(crate) struct Table {
    pub(crate) numbered: HashMap<u32, Arc<Listed>>,
    pub(crate) named: HashMap<String, Arc<Listed>>,
}

impl Table {
    pub(crate) fn of(domains: impl IntoIterator<Item = Arc<Listed>>) -> Self {
        let mut table = Self::default();
        for listed in domains {
            let record = &listed.record;
            for name in std::iter::once(&record.name).chain(&record.aliases) {
                table.named.insert(domain_key(name), Arc::clone(&listed));
            }
            table.numbered.insert(record.id, listed);
        }
        table
    }
}

/// Told when the files of a domain are about to be moved or removed: path of its message storage.
pub(crate) type Release = Box<dyn Fn(&Path) + Send + Sync>;

/// Told of the message storages of a domain before it is in service, with their limits.
pub(crate) type Placed = Box<dyn Fn(&Path, StoreLimits) + Send + Sync>;

/// Domains, accounts and administrative users.
pub struct Directory {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) workdir: PathBuf,
    pub(crate) server: ServerStorage,
    pub(crate) table: ArcSwap<Table>,
    /// By lookup name.
    pub(crate) admins: RwLock<HashMap<String, AdminRecord>>,
    pub(crate) successes: Arc<Successes>,
    pub(crate) verifiers: Verifiers,
    pub(crate) logins: Arc<Logins>,
    slots: Slots,
    /// One administrative change of the list of domains at a time.
    pub(crate) changing: tokio::sync::Mutex<()>,
    pub(crate) release: Mutex<Vec<Release>>,
    pub(crate) placed: Mutex<Vec<Placed>>,
}

impl Directory {
    /// Opens the server storage and every enabled domain. A domain that cannot be opened is logged, answers with
    /// temporary failures, and does not keep the others from working.
    pub fn open(server_dir: &Path, workdir: &Path, disk: Arc<dyn Disk>) -> Result<Arc<Self>, Refusal> {
        let server = ServerStorage::open(server_dir, Arc::clone(&disk))?;
        let admins = server.admins()?;
        let admins = admins
            .into_iter()
            .map(|admin| (local_key(&admin.name), admin))
            .collect();
        let successes = Arc::new(Successes::new(Instant::now())?);
        let verifiers = Verifiers::start(&successes)?;
        let directory = Self {
            workdir: workdir.to_owned(),
            server,
            table: ArcSwap::default(),
            admins: RwLock::new(admins),
            successes,
            verifiers,
            logins: Arc::new(Logins::new(disk.unix_time())),
            slots: Slots::default(),
            changing: tokio::sync::Mutex::new(()),
            release: Mutex::default(),
            placed: Mutex::default(),
            disk,
        };
        directory.identify_server(server_dir)?;
        let mut domains = Vec::new();
        for record in directory.server.domains()? {
            match &record.state {
                DomainState::Creating | DomainState::Deleting(_) => {
                    report("removing an unfinished domain", directory.finish_removal(&record));
                }
                DomainState::Restoring(_) => match directory.finish_restoring(&record) {
                    Ok(record) => domains.push(directory.listed(record)),
                    Err(refusal) => report("restoring a domain", Err(refusal)),
                },
                DomainState::Enabled | DomainState::Disabled => domains.push(directory.listed(record)),
            }
        }
        directory.table.store(Arc::new(Table::of(domains)));
        Ok(Arc::new(directory))
    }

    /// Writes what is known of logins and closes every file.
    pub fn close(&self) {
        self.verifiers.close();
        let table = self.table.swap(Arc::default());
        for listed in table.numbered.values() {
            if let Entry::Open(domain) = &listed.entry {
                self.logins.flush(listed.record.id, domain.objects.ledger());
                report("closing a domain", domain.objects.close());
            }
        }
        report("closing the directory", self.server.close());
    }

    /// The place of a domain in the table, opened if it is enabled.
    pub(crate) fn listed(&self, record: DomainRecord) -> Arc<Listed> {
        if record.state != DomainState::Enabled {
            return Arc::new(Listed {
                record,
                entry: Entry::Disabled,
            });
        }
        self.opened(&record).unwrap_or_else(|refusal| {
            tracing::error!(
                module = "SERVER",
                "domain {} cannot be opened: {refusal}",
                record.name
            );
            Arc::new(Listed {
                record,
                entry: Entry::Broken,
            })
        })
    }

    /// The place of an enabled domain in the table. What its directories hold is checked before anything is opened.
    pub(crate) fn opened(&self, record: &DomainRecord) -> Result<Arc<Listed>, Refusal> {
        let known = self.identify(record)?;
        let objects = self.objects(&known)?;
        let stored = objects.domain()?;
        let (object, _) =
            stored.ok_or_else(|| Refusal::new(Cause::DirectoryFailure, "it has no domain object"))?;
        if known != *record {
            self.server.put_blocking(known.clone())?;
        }
        self.tell_places(&known);
        let domain = OpenDomain::new(objects, typed::domain(&known, object, &self.workdir));
        Ok(Arc::new(Listed {
            record: known,
            entry: Entry::Open(Arc::new(domain)),
        }))
    }

    /// The objects of a domain that is not in service.
    pub(crate) fn objects(&self, record: &DomainRecord) -> Result<DomainObjects, Refusal> {
        let dir = self.path(record.objects.path());
        DomainObjects::open(&dir, &record.objects, Arc::clone(&self.disk))
    }

    /// Registers who must know the limits of message storages before they are opened: told of all there are now, and of
    /// others as they come into service.
    pub fn on_place(&self, hook: impl Fn(&Path, StoreLimits) + Send + Sync + 'static) {
        self.placed.lock().push(Box::new(hook));
        for listed in self.table.load().numbered.values() {
            self.tell_places(&listed.record);
        }
    }

    pub(crate) fn tell_places(&self, record: &DomainRecord) {
        for hook in self.placed.lock().iter() {
            for place in &record.messages {
                hook(&self.path(place.path()), place.limits());
            }
        }
    }

    /// The storages of a domain, in service or not: its own, that of its objects, those of its mail.
    pub fn storages(&self, name: &str) -> Result<Vec<Storage>, Refusal> {
        let listed = self.known(name)?;
        let storage = |(role, place): (Role, &Place)| Storage {
            usid: place.usid,
            role,
            dir: self.path(place.path()),
            location: place.location.clone(),
        };
        Ok(listed.record.places().map(storage).collect())
    }

    pub(crate) fn path(&self, kept: &str) -> PathBuf {
        paths::absolute(&self.workdir, kept)
    }

    /// The domain with this name or alias, and its place; `None` when it is not ours.
    pub(crate) fn find(&self, domain: &str) -> Option<Arc<Listed>> {
        self.table.load().named.get(&domain_key(domain)).cloned()
    }

    /// Who gets mail for an address (`local@domain`, syntax already checked; no `@` means `primary_domain`).
    pub fn resolve(&self, address: &str, primary_domain: &str) -> Result<Resolution, Refusal> {
        let (local, domain) = split_address(address, primary_domain);
        let Some(listed) = self.table.load().named.get(&domain).cloned() else {
            return Ok(Resolution::Remote);
        };
        match &listed.entry {
            Entry::Open(domain) => domain.resolve(&local).map_err(directory_failure),
            Entry::Disabled => Ok(Resolution::DomainDisabled),
            Entry::Broken => Err(broken(&listed.record.name)),
        }
    }

    /// Whether the domain is ours, enabled or not, by name or alias.
    pub fn is_local_domain(&self, domain: &str) -> bool {
        self.find(domain).is_some()
    }

    /// The newest snapshot of an account; `None` when it was removed or its domain is not in service.
    pub fn account(&self, key: &AccountKey) -> Result<Option<Arc<Account>>, Refusal> {
        let Some(listed) = self.table.load().numbered.get(&key.domain).cloned() else {
            return Ok(None);
        };
        match &listed.entry {
            Entry::Open(domain) => domain.account(key.account).map_err(directory_failure),
            Entry::Disabled => Ok(None),
            Entry::Broken => Err(broken(&listed.record.name)),
        }
    }

    /// One more session of an account; hold the slot as long as the session lasts. Services without a count of their
    /// own are not limited.
    pub fn connection_slot(&self, account: &Account, service: ServiceSwitch) -> Result<Slot, Refusal> {
        let most = match service {
            ServiceSwitch::Imap => account.imap_connection_count,
            ServiceSwitch::Pop3 => account.pop3_connection_count,
            _ => 0,
        };
        self.slots.take(account.key(), service, most)
    }

    /// Every domain, in order of name.
    pub fn domains(&self) -> Vec<DomainSummary> {
        let table = self.table.load();
        let mut domains: Vec<DomainSummary> = table
            .numbered
            .values()
            .map(|listed| self.summary(listed))
            .collect();
        domains.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        domains
    }

    fn summary(&self, listed: &Listed) -> DomainSummary {
        DomainSummary {
            name: listed.record.name.clone(),
            enabled: listed.record.state == DomainState::Enabled,
            location: self.path(listed.record.location.path()),
        }
    }
}

/// Logs what went wrong when nobody waits for the answer.
fn report(what: &str, done: Result<(), Refusal>) {
    if let Err(refusal) = done {
        tracing::error!(module = "SERVER", "{what}: {refusal}");
    }
}

/// Trouble of the store is trouble of the directory to those who ask it: temporary, and nobody's fault.
pub(crate) fn directory_failure(refusal: Refusal) -> Refusal {
    match refusal.cause {
        Cause::StorageFailure | Cause::StorageFull | Cause::Internal => {
            Refusal::new(Cause::DirectoryFailure, refusal.detail)
        }
        _ => refusal,
    }
}

/// The refusal for a domain whose objects could not be opened.
pub(crate) fn broken(name: &str) -> Refusal {
    Refusal::new(
        Cause::DirectoryFailure,
        format!("domain {name} could not be opened, see the log of the start"),
    )
}
