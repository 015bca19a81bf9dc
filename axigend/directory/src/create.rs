//! CREATE Domain: directories, objects, the account postmaster.
//!
//! The list of domains announces the creation first and confirms it last; what a crash leaves in between is removed
//! at the next start, because nobody was told of it.

use std::sync::Arc;

use axigen_shared::schema::{Change, Object};
use axigen_shared::value::{Secret, domain_name};
use axigen_shared::{Cause, Refusal};

use crate::credential::Credential;
use crate::directory::Directory;
use crate::objects::DomainObjects;
use crate::paths;
use crate::server::{DomainRecord, DomainState};
use crate::tables::Kind;

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
            Some(given) => paths::accept(given)?,
            None => format!("domains/{name}"),
        };
        let objects = match &new.objects_location {
            Some(given) => paths::accept(given)?,
            None => format!("{location}/objects"),
        };
        let mut messages: Vec<String> = new
            .message_locations
            .iter()
            .map(|given| paths::accept(given))
            .collect::<Result<_, _>>()?;
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
        let objects = DomainObjects::open(&self.path(&record.objects), Arc::clone(&self.disk))?;
        let created = objects.create(domain, postmaster, credential).await;
        created.and(objects.close())
    }
}
