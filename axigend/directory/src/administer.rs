//! The life of domains: enable, disable, change, delete (domains-groupware, "Creating and life cycle"; creation is in
//! `create`).
//!
//! The list of domains and a domain's own objects are two stores. The objects are written first and are right when
//! the two differ in names; creation and deletion are announced in the list, so that a crash in the middle is
//! finished at the next start.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axigen_shared::schema::{Change, Object};
use axigen_shared::value::domain_name;
use axigen_shared::{Cause, Refusal};

use crate::directory::{Directory, Entry, Listed, Table, broken, directory_failure};
use crate::names::{domain_key, local_key};
use crate::open_domain::OpenDomain;
use crate::record::{DomainRecord, DomainState};
use crate::restore::KEPT;
use crate::tables::Dates;
use crate::typed;

impl Directory {
    /// Registers who must let go of a domain's message storage before its files are moved or removed.
    pub fn on_release(&self, hook: impl Fn(&Path) + Send + Sync + 'static) {
        self.release.lock().push(Box::new(hook));
    }

    /// All directories of a domain.
    pub(crate) fn directories(&self, record: &DomainRecord) -> Vec<PathBuf> {
        record
            .places()
            .map(|(_, place)| self.path(place.path()))
            .collect()
    }

    /// Refuses names that another domain bears.
    pub(crate) fn check_names(
        &self,
        own: Option<u32>,
        name: &str,
        aliases: &[String],
    ) -> Result<(), Refusal> {
        let table = self.table.load();
        let mut seen = std::collections::HashSet::new();
        for name in std::iter::once(name).chain(aliases.iter().map(String::as_str)) {
            let key = domain_key(name);
            let other = table
                .named
                .get(&key)
                .filter(|listed| Some(listed.record.id) != own);
            if other.is_some() || !seen.insert(key) {
                let detail = format!("{name} is already a domain or an alias of one");
                return Err(Refusal::new(Cause::AlreadyExists, detail));
            }
        }
        Ok(())
    }

    /// Puts a domain in the place of another in the table.
    pub(crate) fn replace(&self, old: Option<u32>, new: Option<Arc<Listed>>) {
        let table = self.table.load();
        let others = table
            .numbered
            .values()
            .filter(|listed| Some(listed.record.id) != old)
            .cloned();
        self.table.store(Arc::new(Table::of(others.chain(new))));
    }

    pub(crate) fn known(&self, name: &str) -> Result<Arc<Listed>, Refusal> {
        let found = self
            .find(name)
            .filter(|listed| listed.record.name == domain_key(name));
        found.ok_or_else(|| Refusal::new(Cause::NoSuchDomain, format!("domain not found: {name}")))
    }

    /// An enabled domain by its name.
    pub(crate) fn open_named(&self, name: &str) -> Result<(Arc<Listed>, Arc<OpenDomain>), Refusal> {
        let listed = self.known(name)?;
        match &listed.entry {
            Entry::Open(open) => Ok((Arc::clone(&listed), Arc::clone(open))),
            Entry::Disabled => Err(Refusal::new(
                Cause::DomainDisabled,
                format!("domain {name} is disabled"),
            )),
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
        let record = DomainRecord {
            state: DomainState::Enabled,
            ..listed.record.clone()
        };
        self.put_into_service(record).await
    }

    /// Opens a domain that is not open and puts it into the list as enabled.
    pub(crate) async fn put_into_service(&self, record: DomainRecord) -> Result<(), Refusal> {
        let name = &record.name;
        let opened = self.opened(&record).map_err(|refusal| {
            let detail = format!("domain {name} cannot be opened: {}", refusal.detail);
            Refusal::new(refusal.cause, detail)
        })?;
        self.server.put(opened.record.clone()).await?;
        self.replace(Some(opened.record.id), Some(opened));
        Ok(())
    }

    /// Takes a domain out of service: mail is refused for now, logins are refused, its files are closed.
    pub async fn disable_domain(&self, name: &str) -> Result<(), Refusal> {
        let _changing = self.changing.lock().await;
        let listed = self.known(name)?;
        let record = DomainRecord {
            state: DomainState::Disabled,
            ..listed.record.clone()
        };
        self.server.put(record.clone()).await?;
        self.take_out(&listed, record)
    }

    /// Replaces an entry by a disabled one and lets its files go.
    fn take_out(&self, listed: &Listed, record: DomainRecord) -> Result<(), Refusal> {
        let id = record.id;
        let messages: Vec<_> = record
            .messages
            .iter()
            .map(|place| self.path(place.path()))
            .collect();
        self.replace(
            Some(id),
            Some(Arc::new(Listed {
                record,
                entry: Entry::Disabled,
            })),
        );
        for hook in self.release.lock().iter() {
            for path in &messages {
                hook(path);
            }
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
        self.check_own(&listed.record)?;
        let copy = keep_copy.then(|| format!("{}{KEPT}{}", listed.record.location.path(), listed.record.id));
        let record = DomainRecord {
            state: DomainState::Deleting(copy),
            ..listed.record.clone()
        };
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
        let failed = |path: &Path, error: io::Error| {
            Refusal::new(Cause::StorageFailure, format!("{}: {error}", path.display()))
        };
        // The names must be gone for good before the record is: else a crash brings back files of nobody. A directory
        // that is gone itself needs no sync; a mount point stays and is only emptied.
        let settle = |path: &Path| match self.disk.sync_dir(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(path, error)),
            _ => Ok(()),
        };
        let above = |path: &Path| settle(path.parent().unwrap_or(Path::new("/")));
        if let DomainState::Deleting(Some(copy)) = &record.state {
            let (location, copy) = (self.path(record.location.path()), self.path(copy));
            return match self.disk.rename(&location, &copy) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(failed(&location, error)),
                _ => above(&copy),
            };
        }
        for path in self.directories(record).iter().rev() {
            match self.disk.remove_dir_all(path) {
                Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ResourceBusy) => {
                    return Err(failed(path, error));
                }
                _ => settle(path).and_then(|()| above(path))?,
            }
        }
        Ok(())
    }

    /// The domain object: the same one until it is changed.
    pub fn domain_object(&self, name: &str) -> Result<Arc<Object>, Refusal> {
        let (_, open) = self.open_named(name)?;
        Ok(Arc::clone(&open.domain().object))
    }

    /// Number of a domain on this server, and when it was made and last changed.
    pub fn domain_dates(&self, name: &str) -> Result<(u32, Dates), Refusal> {
        let (listed, open) = self.open_named(name)?;
        let stored = open.objects.domain().map_err(directory_failure)?;
        Ok((
            listed.record.id,
            stored.map_or(Dates::default(), |(_, dates)| dates),
        ))
    }

    /// Applies changes to a domain; on disk and in force when this returns.
    pub async fn update_domain(&self, name: &str, changes: &[Change]) -> Result<(), Refusal> {
        let _changing = self.changing.lock().await;
        let (listed, open) = self.open_named(name)?;
        let mut wanted = (*open.domain().object).clone();
        wanted.apply(changes)?;
        let (new_name, aliases) = names_of(&wanted)?;
        self.check_names(Some(listed.record.id), &new_name, &aliases)?;
        let holder = wanted.get("postmasterAccount").str().to_owned();
        if holder != open.domain().object.get("postmasterAccount").str()
            && open.account_named(&local_key(&holder))?.is_none()
        {
            return Err(Refusal::new(
                Cause::NoSuchAccount,
                format!("account not found: {holder}"),
            ));
        }
        let check = |object: &Object| names_of(object).map(drop);
        let object = open.objects.update_domain(changes.to_vec(), check).await?;
        let record = DomainRecord {
            name: new_name,
            aliases,
            ..listed.record.clone()
        };
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
pub(crate) fn names_of(object: &Object) -> Result<(String, Vec<String>), Refusal> {
    let invalid = |why| Refusal::new(Cause::Invalid, why);
    let name = domain_name(object.get("name").str()).map_err(invalid)?;
    let aliases = object
        .names("aliases")
        .iter()
        .map(|alias| domain_name(alias).map_err(invalid));
    Ok((name, aliases.collect::<Result<_, _>>()?))
}
