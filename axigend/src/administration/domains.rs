//! Domains: creation, changes, the list, in and out of service.

use super::{Administration, attribute, table};
use axigen_shared::control::{Body, Form, Table};
use axigen_shared::grammar::Args;
use axigen_shared::schema::{Action, Change, Object};
use axigen_shared::value::{Secret, Value};
use axigen_shared::{Cause, Refusal};
use axigend_console::{Acted, Answered, Page, Place, Target};
use axigend_directory::{DomainSummary, NewDomain, Role};
use axigend_storage::StoreUsage;
use std::sync::Arc;

/// The attribute that says who is postmaster.
const POSTMASTER: &str = "postmasterAccount";

impl Administration {
    /// What a domain that is to be created begins as; its name must be free.
    pub(super) fn begin_domain(&self, target: &Target, changes: &[Change]) -> Result<Arc<Object>, Refusal> {
        let mut wanted = Object::new(target.context);
        wanted.apply(changes)?;
        let name = wanted.get("name");
        if name.str().is_empty() {
            return Err(Refusal::new(Cause::Invalid, "missing parameter name"));
        }
        if self.parts.directory.is_local_domain(name.str()) {
            return Err(Refusal::new(Cause::AlreadyExists, "domain already exists"));
        }
        Ok(Arc::new(Object::new(target.context)))
    }

    /// Creates the domain with its postmaster and that account's folders.
    pub(super) async fn create_domain(
        &self,
        target: &Target,
        changes: &[Change],
    ) -> Result<Answered, Refusal> {
        let mut wanted = Object::new(target.context);
        wanted.apply(changes)?;
        let text = |name: &str| wanted.get(name).str().to_owned();
        let given = |name: &str| Some(text(name)).filter(|text| !text.is_empty());
        let postmaster_password = match wanted.get("postmasterPassword") {
            Value::Secret(secret) => secret,
            _ => Secret::default(),
        };
        let new = NewDomain {
            name: text("name"),
            location: given("domainLocation"),
            objects_location: given("domainObjectsLocation"),
            message_locations: wanted.names("messagesLocations").to_vec(),
            postmaster_password,
            groupware_support: wanted.get("groupwareSupport").truth(),
            changes: Vec::new(),
        };
        let name = new.name.clone();
        self.parts.directory.create_domain(new).await?;
        self.count_objects(&name);
        let first = self.parts.directory.accounts(&name, None, 1, None)?;
        let mut answered = Answered::default();
        if let Some(account) = first.first() {
            answered
                .warnings
                .extend(self.default_folders(&name, account).await);
        }
        Ok(answered)
    }

    pub(super) async fn commit_domain(
        &self,
        target: &Target,
        changes: &[Change],
    ) -> Result<Answered, Refusal> {
        self.parts.directory.update_domain(target.name(), changes).await?;
        Ok(Answered::default())
    }

    /// `LIST Domains`: those in service, with what their mail takes on disk in KB.
    pub(super) fn list_domains(&self, wildcard: Option<&str>, after: Option<&str>, limit: usize) -> Page {
        let mut domains = self.chosen(wildcard);
        domains.retain(|domain| domain.enabled && after.is_none_or(|after| domain.name.as_str() > after));
        let more = domains.len() > limit;
        domains.truncate(limit);
        let next = domains.last().filter(|_| more).map(|domain| domain.name.clone());
        let row = |domain: &DomainSummary| {
            let StoreUsage { total_kb, used_kb } = self.usage(&domain.name);
            vec![domain.name.clone(), total_kb.to_string(), used_kb.to_string()]
        };
        Page {
            rows: domains.iter().map(row).collect(),
            next,
        }
    }

    fn chosen(&self, wildcard: Option<&str>) -> Vec<DomainSummary> {
        let mut domains = self.parts.directory.domains();
        domains
            .retain(|domain| wildcard.is_none_or(|wildcard| axigend_console::fits(wildcard, &domain.name)));
        domains
    }

    /// What the mail of a domain takes in all its storages; one that cannot be opened is logged and left out.
    fn usage(&self, domain: &str) -> StoreUsage {
        let mut sum = StoreUsage::default();
        let storages = self.parts.directory.storages(domain).unwrap_or_default();
        for storage in storages.iter().filter(|storage| storage.role == Role::Messages) {
            match self.parts.stores.get(&storage.dir) {
                Ok(store) => {
                    let usage = store.usage();
                    sum.total_kb = sum.total_kb.saturating_add(usage.total_kb);
                    sum.used_kb = sum.used_kb.saturating_add(usage.used_kb);
                }
                Err(refusal) => tracing::warn!("use of {domain} is not known: {refusal}"),
            }
        }
        sum
    }

    /// `LIST AllDomains`.
    pub(super) fn list_all_domains(&self, args: &Args) -> Acted {
        let status = |enabled| if enabled { "enabled" } else { "disabled" }.to_owned();
        let domains = self.chosen(args.first_text());
        let rows = domains
            .into_iter()
            .map(|domain| vec![domain.name, status(domain.enabled)])
            .collect();
        let columns = [("name", 18), ("status", 0)];
        Acted::with(Body::Table(Table {
            form: Form::Blanks,
            ..table("The list of domains:", &columns, rows)
        }))
    }

    pub(super) async fn disable_domain(&self, args: &Args) -> Result<Acted, Refusal> {
        self.parts.directory.disable_domain(&self.meant(args)?).await?;
        Ok(Acted::done())
    }

    pub(super) async fn delete_domain(&self, args: &Args) -> Result<Acted, Refusal> {
        let keep_copy = !args.flag("dontKeepCopy");
        let name = self.meant(args)?;
        self.parts.jobs.none_at(&name)?;
        self.parts.directory.delete_domain(&name, keep_copy).await?;
        Ok(Acted::done())
    }

    /// Name of the domain that a command means by its name or by its directory.
    pub(super) fn meant(&self, args: &Args) -> Result<String, Refusal> {
        if let Some(given) = args.text("domainLocation") {
            let none = || Refusal::new(Cause::NoSuchDomain, format!("domain not found at {given}"));
            return self.parts.directory.domain_at(given)?.ok_or_else(none);
        }
        Ok(args.first_text().unwrap_or_default().to_owned())
    }

    /// `SHOW postmasterAccount`.
    pub(super) fn show_postmaster(&self, place: &Place) -> Result<Acted, Refusal> {
        let domain = self.parts.directory.domain_object(place.target.name())?;
        Ok(Acted::with(attribute(POSTMASTER, domain.get(POSTMASTER).str())))
    }

    /// `RESET postmasterAccount`: the role goes back, at once.
    pub(super) async fn reset_postmaster(&self, place: &Place) -> Result<Acted, Refusal> {
        let change = Change::here(Action::Reset(POSTMASTER));
        self.parts
            .directory
            .update_domain(place.target.name(), &[change])
            .await?;
        Ok(Acted::done())
    }
}
