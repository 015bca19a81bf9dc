//! Where domains lie: EDIT, ENABLE by location, REGISTER, RESTORE.

use super::Administration;
use axigen_shared::grammar::Args;
use axigen_shared::schema::{self, Change, Context, Object};
use axigen_shared::{Cause, Refusal};
use axigend_console::{Acted, Answered, Target};
use axigend_directory::DomainPlaces;
use jiff::Timestamp;
use std::sync::Arc;

/// Attributes of the contexts here.
const NAME: &str = "name";
/// As [`NAME`].
const LOCATION: &str = "domainLocation";
/// As [`NAME`].
const OBJECTS: &str = "domainObjectsLocation";
/// As [`NAME`].
const MESSAGES: &str = "messagesLocations";

impl Administration {
    /// `EDIT Domain name <n>` or `domainLocation <path>`: the domain must be there and disabled.
    pub(super) fn begin_domain_edit(&self, changes: &[Change]) -> Result<Arc<Object>, Refusal> {
        let sought = said("domain-edit", changes)?;
        let name = match sought.get(LOCATION).str() {
            "" => sought.get(NAME).str().to_owned(),
            location => {
                let none = || Refusal::new(Cause::NoSuchDomain, format!("domain not found at {location}"));
                self.parts.directory.domain_at(location)?.ok_or_else(none)?
            }
        };
        self.domain_edit(&name)
    }

    /// The storages of a disabled domain, as EDIT shows them.
    pub(super) fn domain_edit(&self, name: &str) -> Result<Arc<Object>, Refusal> {
        let places = self.parts.directory.domain_places(name)?;
        let mut object = Object::new(context("domain-edit")?);
        object.set_text(NAME, name)?;
        object.set_text(LOCATION, &places.location)?;
        object.set_text(OBJECTS, &places.objects)?;
        object.set_text("groupwareSupport", if places.groupware { "yes" } else { "no" })?;
        let added = places
            .messages
            .into_iter()
            .map(|location| Change::here(schema::Action::AddName(MESSAGES, location)));
        object.apply(&added.collect::<Vec<_>>())?;
        Ok(Arc::new(object))
    }

    /// COMMIT of EDIT: the storages must be where it says.
    pub(super) async fn commit_domain_edit(
        &self,
        target: &Target,
        changes: &[Change],
    ) -> Result<Answered, Refusal> {
        self.parts.jobs.none_at(target.name())?;
        let mut object = (*self.domain_edit(target.name())?).clone();
        object.apply(changes)?;
        let wanted = DomainPlaces {
            location: object.get(LOCATION).str().to_owned(),
            objects: object.get(OBJECTS).str().to_owned(),
            messages: object.names(MESSAGES).to_vec(),
            groupware: object.get("groupwareSupport").truth(),
        };
        self.parts.directory.edit_domain(target.name(), &wanted).await?;
        Ok(Answered::default())
    }

    /// `ENABLE Domain`: by name, or a directory that is in the list or was copied or moved here.
    pub(super) async fn enable_domain(&self, args: &Args) -> Result<Acted, Refusal> {
        if let Some(location) = args.text(LOCATION) {
            self.enable_at(location).await?;
        } else {
            self.enable_named(args.first_text().unwrap_or_default()).await?;
        }
        Ok(Acted::done())
    }

    /// Not while its storages are being maintained.
    async fn enable_named(&self, name: &str) -> Result<(), Refusal> {
        self.parts.jobs.none_at(name)?;
        self.parts.directory.enable_domain(name).await?;
        self.count_objects(name);
        Ok(())
    }

    /// The objects of a domain that comes into service are counted, where that is wanted.
    pub(super) fn count_objects(&self, domain: &str) {
        if self.parts.config.settings().server.enable_storage_statistics
            && let Ok(ledger) = self.parts.directory.domain_ledger(domain)
        {
            ledger.count(true, Timestamp::now().as_second());
        }
    }

    async fn enable_at(&self, location: &str) -> Result<(), Refusal> {
        let directory = &self.parts.directory;
        if let Some(name) = directory.domain_at(location)? {
            return self.enable_named(&name).await;
        }
        let before: Vec<String> = directory
            .domains()
            .into_iter()
            .map(|domain| domain.name)
            .collect();
        let name = directory.register_domain(location).await?;
        tracing::info!("{location} registered as domain {name}");
        let enabled = directory.enable_domain(&name).await;
        if enabled.is_err() && !before.contains(&name) {
            directory.unregister_domain(&name).await?;
        }
        enabled
    }

    /// `REGISTER Domain`: what COMMIT will enable.
    pub(super) fn begin_registration(&self, changes: &[Change]) -> Result<Arc<Object>, Refusal> {
        let mut object = said("domain-register", changes)?;
        let directory = &self.parts.directory;
        let location = object.get(LOCATION).str().to_owned();
        let name = match location.as_str() {
            "" => object.get(NAME).str().to_owned(),
            location => match directory.domain_at(location)? {
                Some(name) => name,
                None => directory.registrable(location)?,
            },
        };
        if location.is_empty() && !directory.is_local_domain(&name) {
            return Err(Refusal::new(
                Cause::NoSuchDomain,
                format!("domain not found: {name}"),
            ));
        }
        object.set_text(NAME, &name)?;
        Ok(Arc::new(object))
    }

    pub(super) async fn commit_registration(&self, changes: &[Change]) -> Result<Answered, Refusal> {
        let wanted = said("domain-register", changes)?;
        match wanted.get(LOCATION).str() {
            "" => {
                self.enable_named(wanted.get(NAME).str()).await?;
            }
            location => self.enable_at(location).await?,
        }
        Ok(Answered::default())
    }

    /// `RESTORE Domain`: what COMMIT will bring back.
    pub(super) fn begin_restoration(&self, changes: &[Change]) -> Result<Arc<Object>, Refusal> {
        let wanted = said("domain-restore", changes)?;
        self.parts.directory.restorable(wanted.get(NAME).str())?;
        Ok(Arc::new(wanted))
    }

    pub(super) async fn commit_restoration(&self, changes: &[Change]) -> Result<Answered, Refusal> {
        let wanted = said("domain-restore", changes)?;
        self.parts
            .directory
            .restore_domain(wanted.get(NAME).str())
            .await?;
        Ok(Answered::default())
    }
}

fn context(path: &'static str) -> Result<&'static Context, Refusal> {
    schema::context(path).ok_or_else(|| Refusal::new(Cause::Internal, format!("no context {path}")))
}

/// What the arguments of a command say.
fn said(path: &'static str, changes: &[Change]) -> Result<Object, Refusal> {
    let mut object = Object::new(context(path)?);
    object.apply(changes)?;
    Ok(object)
}
