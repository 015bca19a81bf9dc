//! The life of domains: create, enable, disable, change, delete (domains-groupware, "Creating and life cycle").
//!
//! The list of domains and a domain's own objects are two stores. The objects are written first and are right when
//! the two differ in names; creation and deletion are announced in the list, so that a crash in the middle is
//! finished at the next start.

use std::path::Path;
use std::sync::Arc;

use axigen_shared::schema::{Change, Object};
use axigen_shared::value::{Secret, domain_name};
use axigen_shared::{Cause, Refusal};

use crate::credential::Credential;
use crate::directory::{Directory, Entry, Listed, Table, broken};
use crate::names::{domain_key, local_key};
use crate::objects::DomainObjects;
use crate::open_domain::OpenDomain;
use crate::paths;
use crate::server::{DomainRecord, DomainState};
use crate::tables::Kind;
use crate::typed;

/// The account that every domain begins with (RFC 5321, 4.5.1).
pub(crate) const POSTMASTER: &str = "postmaster";

/// What CREATE Domain was given.
#[derive(Clone, Debug, Default)]
pub struct NewDomain {
    /// Its name; letters beyond ASCII are taken and kept as A-labels.
    pub name: String,
    /// `domainLocation`; `None` = `domains/<name>` below the working directory.
    pub location: Option<String>,
    /// `domainObjectsLocation`; `None` = `objects` below the location.
    pub objects_location: Option<String>,
    /// `ADD MessagesLocation`; empty = `messages` below the location. The first is used.
    pub message_locations: Vec<String>,
    /// Password of its first account, as a password or as `{SCHEME}hash`.
    pub postmaster_password: Secret,
    /// `groupwareSupport`; kept, without effect yet.
    pub groupware_support: bool,
    /// Further settings of the domain object.
    pub changes: Vec<Change>,
}

impl Directory {
    /// Registers who must let go of a domain's message storage before its files are moved or removed.
    pub fn on_release(&self, hook: impl Fn(&Path) + Send + Sync + 'static) {
        self.release.lock().push(Box::new(hook));
    }

    /// Creates a domain with its account postmaster. On disk when this returns.
    pub async fn create_domain(&self, new: NewDomain) -> Result<(), Refusal> {
        let _changing = self.changing.lock().await;
        let (record, domain) = self.plan(&new)?;
        let credential = self.verifiers.make(new.postmaster_password, 1).await?;
        let record = self.server.add(record).await?;
        let made = self.make_domain(&record, domain, credential).await;
        if let Err(refusal) = made {
            // Nobody was told of it: what there is of it goes, now or at the next start.
            if let Err(left) = self.finish_removal(&record) {
                tracing::error!(module = "SERVER", "removing the unfinished domain {}: {left}", record.name);
            }
            return Err(refusal);
        }
        let enabled = DomainRecord { state: DomainState::Enabled, ..record };
        self.server.put(enabled.clone()).await?;
        self.replace(None, Some(self.listed(enabled)));
        Ok(())
    }

    /// Record and object of a new domain, checked against what is there.
    fn plan(&self, new: &NewDomain) -> Result<(DomainRecord, Object), Refusal> {
        let name = domain_name(&new.name).map_err(|why| Refusal::new(Cause::Invalid, why))?;
        let mut object = Object::new(Kind::Domain.context()?);
        object.apply(&new.changes)?;
        object.set_text("name", &name)?;
        let aliases = object.names("aliases").to_vec();
        self.check_names(None, &name, &aliases)?;
        let location = match &new.location {
            Some(given) => paths::accept(given)?,
            None => format!("domains/{name}"),
        };
        let objects = match &new.objects_location {
            Some(given) => paths::accept(given)?,
            None => format!("{location}/objects"),
        };
        let mut messages: Vec<String> =
            new.message_locations.iter().map(|given| paths::accept(given)).collect::<Result<_, _>>()?;
        if messages.is_empty() {
            messages.push(format!("{location}/messages"));
        }
        let record = DomainRecord {
            id: 0,
            name,
            aliases,
            state: DomainState::Creating,
            location,
            objects,
            messages,
            groupware: new.groupware_support,
        };
        self.check_locations(&record)?;
        Ok((record, object))
    }

    /// Refuses directories that another domain uses or that hold something already.
    fn check_locations(&self, record: &DomainRecord) -> Result<(), Refusal> {
        let wanted = self.directories(record);
        for listed in self.table.load().numbered.values() {
            for other in self.directories(&listed.record) {
                if let Some(path) = wanted.iter().find(|path| paths::overlap(path, &other)) {
                    let detail = format!("{} belongs to domain {}", path.display(), listed.record.name);
                    return Err(Refusal::new(Cause::Conflict, detail));
                }
            }
        }
        for path in wanted {
            if self.disk.list(&path).is_ok_and(|names| !names.is_empty()) {
                return Err(Refusal::new(Cause::Conflict, format!("{} is not empty", path.display())));
            }
        }
        Ok(())
    }

    /// All directories of a domain.
    fn directories(&self, record: &DomainRecord) -> Vec<std::path::PathBuf> {
        let kept = [&record.location, &record.objects].into_iter().chain(&record.messages);
        kept.map(|kept| self.path(kept)).collect()
    }

    async fn make_domain(
        &self,
        record: &DomainRecord,
        domain: Object,
        credential: Credential,
    ) -> Result<(), Refusal> {
        let mut postmaster = Object::new(Kind::Account.context()?);
        postmaster.set_text("name", POSTMASTER)?;
        let objects = DomainObjects::open(&self.path(&record.objects), Arc::clone(&self.disk))?;
        let created = objects.create(domain, postmaster, credential).await;
        created.and(objects.close())
    }

    /// Refuses names that another domain bears.
    fn check_names(&self, own: Option<u32>, name: &str, aliases: &[String]) -> Result<(), Refusal> {
        let table = self.table.load();
        let mut seen = std::collections::HashSet::new();
        for name in std::iter::once(name).chain(aliases.iter().map(String::as_str)) {
            let key = domain_key(name);
            let other = table.named.get(&key).filter(|listed| Some(listed.record.id) != own);
            if other.is_some() || !seen.insert(key) {
                let detail = format!("{name} is already a domain or an alias of one");
                return Err(Refusal::new(Cause::AlreadyExists, detail));
            }
        }
        Ok(())
    }

    /// Puts a domain in the place of another in the table.
    fn replace(&self, old: Option<u32>, new: Option<Arc<Listed>>) {
        let table = self.table.load();
        let others = table.numbered.values().filter(|listed| Some(listed.record.id) != old).cloned();
        self.table.store(Arc::new(Table::of(others.chain(new))));
    }

    fn known(&self, name: &str) -> Result<Arc<Listed>, Refusal> {
        let found = self.find(name).filter(|listed| listed.record.name == domain_key(name));
        found.ok_or_else(|| Refusal::new(Cause::NoSuchDomain, format!("domain not found: {name}")))
    }

    /// An enabled domain by its name.
    pub(crate) fn open_named(&self, name: &str) -> Result<(Arc<Listed>, Arc<OpenDomain>), Refusal> {
        let listed = self.known(name)?;
        match &listed.entry {
            Entry::Open(open) => Ok((Arc::clone(&listed), Arc::clone(open))),
            Entry::Disabled => Err(Refusal::new(Cause::DomainDisabled, format!("domain {name} is disabled"))),
            Entry::Broken => Err(broken(name)),
        }
    }

    /// Puts a domain into service again.
    pub async fn enable_domain(&self, name: &str) -> Result<(), Refusal> {
        let _changing = self.changing.lock().await;
        let listed = self.known(name)?;
        if listed.record.state == DomainState::Enabled && !matches!(listed.entry, Entry::Broken) {
            return Ok(());
        }
        let record = DomainRecord { state: DomainState::Enabled, ..listed.record.clone() };
        let opened = self.listed(record.clone());
        if matches!(opened.entry, Entry::Broken) {
            return Err(broken(name));
        }
        self.server.put(record).await?;
        self.replace(Some(opened.record.id), Some(opened));
        Ok(())
    }

    /// Takes a domain out of service: mail is refused for now, logins are refused, its files are closed.
    pub async fn disable_domain(&self, name: &str) -> Result<(), Refusal> {
        let _changing = self.changing.lock().await;
        let listed = self.known(name)?;
        let record = DomainRecord { state: DomainState::Disabled, ..listed.record.clone() };
        self.server.put(record.clone()).await?;
        self.take_out(&listed, record)
    }

    /// Replaces an entry by a disabled one and lets its files go.
    fn take_out(&self, listed: &Listed, record: DomainRecord) -> Result<(), Refusal> {
        let id = record.id;
        let messages: Vec<_> = record.messages.iter().map(|kept| self.path(kept)).collect();
        self.replace(Some(id), Some(Arc::new(Listed { record, entry: Entry::Disabled })));
        for hook in self.release.lock().iter() {
            messages.iter().for_each(|path| hook(path));
        }
        match &listed.entry {
            Entry::Open(open) => {
                self.logins.flush(id, open.objects.ledger());
                open.objects.close()
            }
            _ => Ok(()),
        }
    }

    /// Deletes a domain. Its directory is kept aside under another name, or removed (`dontKeepCopy`).
    pub async fn delete_domain(&self, name: &str, keep_copy: bool) -> Result<(), Refusal> {
        let _changing = self.changing.lock().await;
        let listed = self.known(name)?;
        let copy = keep_copy.then(|| format!("{}.kept-{}", listed.record.location, listed.record.id));
        let record = DomainRecord { state: DomainState::Deleting(copy), ..listed.record.clone() };
        self.server.put(record.clone()).await?;
        self.take_out(&listed, record.clone())?;
        self.move_away(&record)?;
        self.server.remove(&record).await?;
        self.replace(Some(record.id), None);
        Ok(())
    }

    /// What a crash or a failure left of a creation or a deletion is finished.
    pub(crate) fn finish_removal(&self, record: &DomainRecord) -> Result<(), Refusal> {
        self.move_away(record)?;
        self.server.remove_blocking(record)
    }

    /// Moves a domain's directory aside or removes all its directories, as its state says; what is gone already is no
    /// error. Message locations elsewhere stay where they are when a copy is kept.
    fn move_away(&self, record: &DomainRecord) -> Result<(), Refusal> {
        let failed = |path: &Path, error: std::io::Error| {
            Refusal::new(Cause::StorageFailure, format!("{}: {error}", path.display()))
        };
        let location = self.path(&record.location);
        if let DomainState::Deleting(Some(copy)) = &record.state {
            let copy = self.path(copy);
            return match self.disk.rename(&location, &copy) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(&location, error)),
                _ => {
                    let parent = copy.parent().unwrap_or(Path::new("/"));
                    self.disk.sync_dir(parent).map_err(|error| failed(parent, error))
                }
            };
        }
        for path in self.directories(record) {
            match self.disk.remove_dir_all(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(&path, error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// The domain object.
    pub fn domain_object(&self, name: &str) -> Result<Object, Refusal> {
        let (_, open) = self.open_named(name)?;
        Ok(open.domain().object.clone())
    }

    /// Applies changes to a domain; on disk and in force when this returns.
    pub async fn update_domain(&self, name: &str, changes: &[Change]) -> Result<(), Refusal> {
        let _changing = self.changing.lock().await;
        let (listed, open) = self.open_named(name)?;
        let mut wanted = open.domain().object.clone();
        wanted.apply(changes)?;
        let (new_name, aliases) = names_of(&wanted)?;
        self.check_names(Some(listed.record.id), &new_name, &aliases)?;
        let holder = wanted.get("postmasterAccount").str().to_owned();
        if holder != open.domain().object.get("postmasterAccount").str()
            && open.account_named(&local_key(&holder))?.is_none()
        {
            return Err(Refusal::new(Cause::NoSuchAccount, format!("account not found: {holder}")));
        }
        let check = |object: &Object| names_of(object).map(drop);
        let object = open.objects.update_domain(changes.to_vec(), check).await?;
        let record = DomainRecord { name: new_name, aliases, ..listed.record.clone() };
        open.set_domain(typed::domain(&record, object, &self.workdir));
        if record != listed.record {
            self.server.put(record.clone()).await?;
            let entry = Entry::Open(Arc::clone(&open));
            self.replace(Some(record.id), Some(Arc::new(Listed { record, entry })));
        }
        Ok(())
    }
}

/// Name and aliases of a domain object, in A-labels.
fn names_of(object: &Object) -> Result<(String, Vec<String>), Refusal> {
    let invalid = |why| Refusal::new(Cause::Invalid, why);
    let name = domain_name(object.get("name").str()).map_err(invalid)?;
    let aliases = object.names("aliases").iter().map(|alias| domain_name(alias).map_err(invalid));
    Ok((name, aliases.collect::<Result<_, _>>()?))
}
