//! CREATE Domain: directories, objects, the account postmaster.
//!
//! The list of domains announces the creation first and confirms it last; what a crash leaves in between is removed
//! at the next start, because nobody was told of it.

use std::path::PathBuf;

use axigen_shared::schema::{Change, Object};
use axigen_shared::value::{Location, Secret, domain_name};
use axigen_shared::{Cause, Refusal};

use crate::credential::Credential;
use crate::directory::Directory;
use crate::paths;
use crate::place::{Place, Role, Usid};
use crate::record::{DomainRecord, DomainState};
use crate::tables::Kind;

/// The account that every domain begins with (RFC 5321, 4.5.1).
pub(crate) const POSTMASTER: &str = "postmaster";

/// What CREATE Domain was given.
#[derive(Clone, Debug, Default)]
pub struct NewDomain {
    /// Its name; letters beyond ASCII are taken and kept as A-labels.
    pub name: String,
    /// `domainLocation`, like the next two with limits (`[file://]path[?…]`); `None` = `domains/<name>` below the working directory.
    pub location: Option<String>,
    /// `domainObjectsLocation`; `None` = `objects` below the location.
    pub objects_location: Option<String>,
    /// `ADD MessagesLocation`; empty = `messages` below the location.
    pub message_locations: Vec<String>,
    /// Password of its first account, as a password or as `{SCHEME}hash`.
    pub postmaster_password: Secret,
    /// `groupwareSupport`; kept, without effect yet.
    pub groupware_support: bool,
    /// Further settings of the domain object.
    pub changes: Vec<Change>,
}

impl Directory {
    /// Creates a domain with its account postmaster. On disk when this returns.
    pub async fn create_domain(&self, new: NewDomain) -> Result<(), Refusal> {
        let _changing = self.changing.lock().await;
        let (record, domain) = self.plan(&new)?;
        let credential = self.verifiers.make(new.postmaster_password, 1).await?;
        let mut record = self.server.add(record).await?;
        let made = match self.mark(&mut record) {
            Ok(()) => self.make_domain(&record, domain, credential).await,
            Err(refusal) => Err(refusal),
        };
        if let Err(refusal) = made {
            // Nobody was told of it: what there is of it goes, now or at the next start.
            if let Err(left) = self.finish_removal(&record) {
                tracing::error!(
                    module = "SERVER",
                    "removing the unfinished domain {}: {left}",
                    record.name
                );
            }
            return Err(refusal);
        }
        let enabled = DomainRecord {
            state: DomainState::Enabled,
            ..record
        };
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
            Some(given) => paths::location(given)?,
            None => Location::at(format!("domains/{name}")),
        };
        let below = |directory: &str| Location::at(format!("{}/{directory}", location.path));
        let objects = match &new.objects_location {
            Some(given) => paths::location(given)?,
            None => below("objects"),
        };
        let messages = new.message_locations.iter().map(|given| paths::location(given));
        let mut messages: Vec<Location> = messages.collect::<Result<_, _>>()?;
        if messages.is_empty() {
            messages.push(below("messages"));
        }
        let record = DomainRecord {
            id: 0,
            name,
            aliases,
            state: DomainState::Creating,
            location: Place::new(location),
            objects: Place::new(objects),
            messages: messages.into_iter().map(Place::new).collect(),
            groupware: new.groupware_support,
        };
        self.check_locations(&record)?;
        self.check_empty(&record)?;
        if record.messages.iter().all(|place| place.location.read_only) {
            let detail = "a new domain needs a location of messages that is not read-only";
            return Err(Refusal::new(Cause::Invalid, detail));
        }
        Ok((record, object))
    }

    /// Refuses directories that another domain uses, that lie in one another, and options that make no sense.
    pub(crate) fn check_locations(&self, record: &DomainRecord) -> Result<(), Refusal> {
        check_options(record)?;
        let wanted = self.directories(record);
        check_apart(&wanted)?;
        let table = self.table.load();
        for listed in table
            .numbered
            .values()
            .filter(|listed| listed.record.id != record.id)
        {
            for other in self.directories(&listed.record) {
                if let Some(path) = wanted.iter().find(|path| paths::overlap(path, &other)) {
                    let detail = format!("{} belongs to domain {}", path.display(), listed.record.name);
                    return Err(Refusal::new(Cause::Conflict, detail));
                }
            }
        }
        Ok(())
    }

    /// Refuses directories that hold something already.
    fn check_empty(&self, record: &DomainRecord) -> Result<(), Refusal> {
        for path in self.directories(record) {
            if self.disk.list(&path).is_ok_and(|names| !names.is_empty()) {
                return Err(Refusal::new(
                    Cause::Conflict,
                    format!("{} is not empty", path.display()),
                ));
            }
        }
        Ok(())
    }

    async fn make_domain(
        &self,
        record: &DomainRecord,
        domain: Object,
        credential: Credential,
    ) -> Result<(), Refusal> {
        let mut postmaster = Object::new(Kind::Account.context()?);
        postmaster.set_text("name", POSTMASTER)?;
        let storage = record.messages.iter().find(|place| !place.location.read_only);
        let storage = storage.map_or_else(Usid::default, |place| place.usid);
        let objects = self.objects(record)?;
        let created = objects.create(domain, postmaster, credential, storage).await;
        created.and(objects.close())
    }
}

/// Only storages of messages can be read-only, and new mailboxes need one that is not.
fn check_options(record: &DomainRecord) -> Result<(), Refusal> {
    let invalid = |detail: String| Err(Refusal::new(Cause::Invalid, detail));
    for (role, place) in record.places() {
        if role != Role::Messages && place.location.read_only {
            return invalid(format!(
                "{}: only locations of messages can be read-only",
                place.path()
            ));
        }
    }
    if record.messages.is_empty() {
        return invalid("a domain needs a location of messages".to_owned());
    }
    Ok(())
}

/// Every storage needs a directory of its own; only the domain's own, which comes first, may hold others.
fn check_apart(directories: &[PathBuf]) -> Result<(), Refusal> {
    for (at, one) in directories.iter().enumerate() {
        for other in directories.get(at + 1..).unwrap_or_default() {
            let inside = at == 0 && one != other && other.starts_with(one);
            if paths::overlap(one, other) && !inside {
                let detail = format!(
                    "{} and {} lie in one another; every storage needs a directory of its own",
                    one.display(),
                    other.display()
                );
                return Err(Refusal::new(Cause::Conflict, detail));
            }
        }
    }
    Ok(())
}
