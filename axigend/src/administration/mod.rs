//! What answers the administration engine: the console's [`Backend`] over configuration, directory, mailboxes and services.
//!
//! Owns the way from a target or an action to the part that keeps it. Does not own what a command means (console), what an
//! object looks like (schema), nor how a part keeps it. Each kind of target has its file; this one only leads there.

mod account_names;
mod accounts;
mod content;
mod counting;
mod daily;
mod domain_places;
mod domains;
mod folders;
mod inspect;
mod leaks;
mod maintenance;
mod offline;
mod paths;
mod provision;
mod purge;
mod read_lock;
mod recipients;
mod recover;
mod recover_domain;
mod registry_information;
mod scan;
mod search_index;
mod server_tree;
mod storages;
mod switch;
#[cfg(test)]
mod tests;

use crate::jobs::JobKind;
use crate::parts::Parts;
use axigen_shared::control::{Attribute, Body, Column, Table};
use axigen_shared::grammar::Args;
use axigen_shared::schema::{Change, Child, Context, Object};
use axigen_shared::value::{Secret, quoted};
use axigen_shared::{Cause, Refusal};
use axigend_console::{Acted, Answered, Backend, Page, Place, Source, Target};
use futures_util::future::{FutureExt, LocalBoxFuture, ready};
use std::sync::Arc;

type Answer<'a, T> = LocalBoxFuture<'a, Result<T, Refusal>>;

/// Administration of a running server.
pub struct Administration {
    parts: Arc<Parts>,
}

impl Administration {
    /// Over these parts.
    pub fn new(parts: Arc<Parts>) -> Arc<Self> {
        Arc::new(Self { parts })
    }

    /// The same for a thread of its own.
    fn over(parts: &Arc<Parts>) -> Self {
        Self {
            parts: Arc::clone(parts),
        }
    }

    async fn commit_to(&self, target: &Target, changes: &[Change]) -> Result<Answered, Refusal> {
        match (target.context.path, target.new) {
            ("SERVER", false) => self.commit_server(changes).await,
            ("domain-create", true) => self.create_domain(target, changes).await,
            ("domain-edit", false) => self.commit_domain_edit(target, changes).await,
            ("domain-register", true) => self.commit_registration(changes).await,
            ("domain-restore", true) => self.commit_restoration(changes).await,
            ("domain", false) => self.commit_domain(target, changes).await,
            ("domain/account", true) => self.create_account(target, changes).await,
            ("domain/account", false) => self.commit_account(target, changes).await,
            ("domain/list", true) => self.create_list(target, changes).await,
            (_, true) if recipients::kind(target).is_some() => self.create_recipient(target, changes).await,
            (_, false) if recipients::kind(target).is_some() => self.commit_recipient(target, changes).await,
            _ => Err(no_target(target)),
        }
    }

    fn loaded(&self, target: &Target) -> Result<Arc<Object>, Refusal> {
        match target.context.path {
            "SERVER" => Ok(self.parts.config.object()),
            "domain" => self.parts.directory.domain_object(target.name()),
            "domain-edit" => self.domain_edit(target.name()),
            "domain/account" => {
                let (domain, name) = account_keys(target)?;
                self.parts.directory.account_object(domain, name)
            }
            _ if recipients::kind(target).is_some() => self.load_recipient(target),
            _ => Err(no_target(target)),
        }
    }

    fn begun(&self, target: &Target, changes: &[Change]) -> Result<Arc<Object>, Refusal> {
        match target.context.path {
            "domain-create" => self.begin_domain(target, changes),
            "domain-edit" => self.begin_domain_edit(changes),
            "domain-register" => self.begin_registration(changes),
            "domain-restore" => self.begin_restoration(changes),
            "domain/account" => self.begin_account(target),
            _ if recipients::kind(target).is_some() => self.begin_recipient(target, changes),
            _ => Err(no_target(target)),
        }
    }

    async fn run(
        &self,
        place: &Place,
        action: &str,
        args: &Args,
        text: Option<&[String]>,
    ) -> Result<Acted, Refusal> {
        match action {
            "SaveConfig" => self.save_config(args),
            "ShowConfig" => Ok(self.show_config()),
            "StartService" => self.start_service(place).await,
            "StopService" => self.stop_service(place).await,
            "ListAllDomains" => Ok(self.list_all_domains(args)),
            "EnableDomain" => self.enable_domain(args).await,
            "DisableDomain" => self.disable_domain(args).await,
            "DeleteDomain" => self.delete_domain(args).await,
            "ShowPostmasterAccount" => self.show_postmaster(place),
            "ResetPostmasterAccount" => self.reset_postmaster(place).await,
            "ListMboxes" => self.list_mboxes(place).await,
            "ListFolders" => self.list_folders(place).await,
            "SetMboxQuota" => self.set_mbox_quota(place, args).await,
            "ShowMboxQuota" => self.show_mbox_quota(place, args).await,
            "ShowRegistryInformation" if place.target.context.path == "domain" => self.domain_registry(place),
            "ShowRegistryInformation" if recipients::kind(&place.target).is_some() => {
                self.recipient_registry(place)
            }
            "ShowRegistryInformation" => self.account_registry(place),
            "ListMembership" => self.list_membership(place, args),
            "ListDomainObjectsInfo" => self.list_domain_objects(place, args),
            _ if action.starts_with(recipients::LIST_TEXT) => self.set_list_text(place, action, text).await,
            "ShowSearchIndexInformation" => self.search_index_information(place, args).await,
            "ShowSearchIndexJobs" => Ok(self.search_index_jobs()),
            "SetAdminPassword" => self.set_password(&place.who, args.first_text()).await,
            "ChangePassword" => self.change_password(&place.who, args).await,
            _ => self.maintain(place, action, args).await,
        }
    }

    /// Maintenance of storages.
    async fn maintain(&self, place: &Place, action: &str, args: &Args) -> Result<Acted, Refusal> {
        match action {
            "ListStorages" => self.list_storages(place, args).await,
            "ShowStorageInformation" => self.storage_information(place, args).await,
            "EnableStorageStatistics" => self.count_storages(place, args, true).await,
            "DisableStorageStatistics" => self.count_storages(place, args, false).await,
            "ShowStorageStatistics" => self.show_statistics(place, args).await,
            "ShowDisposableMetadata" => self.metadata_information(place, args).await,
            "PurgeDisposableMetadata" => self.purge_metadata(place, args).await,
            "PurgeFolders" => self.purge_folders(place, args).await,
            "ReadLock" => self.read_lock(place, args).await,
            "ReadUnlock" => Self::read_unlock(place, args),
            "UpgradeStorage" => self.upgrade_storage(place, args).await,
            "ListTransactions" => self.list_transactions(place, args),
            "Compact" => self.compact(place, args).await,
            "CompactServer" => self.compact_server(args).await,
            "Scan" => self.scan(place, args).await,
            "ScanAccount" => self.scan_account(place, args),
            "ScanContainer" => self.scan_container(place),
            "Repair" => self.repair(place, args),
            "FindInvalid" => self.find_invalid(place, args),
            "RecoverAccounts" => self.recover_accounts(place, args),
            "CompactJob" => self.look_at_job(JobKind::Compact, place, args).await,
            "ScanJob" => self.look_at_job(JobKind::Scan, place, args).await,
            "RepairJob" => self.look_at_job(JobKind::Repair, place, args).await,
            "RecoverJob" => self.look_at_job(JobKind::Recover, place, args).await,
            "ResetMaintenanceDate" => self.reset_maintenance(place).await,
            "CompactOffline" => self.compact_offline(place, args),
            "RepairContainer" => self.repair_container(place, args),
            "RecoverDomain" => self.recover_domain(place, args),
            "FindInvalidJob" => self.look_at_job(JobKind::FindInvalid, place, args).await,
            _ => Err(Refusal::new(Cause::Unsupported, "command not built yet")),
        }
    }

    /// `SET admin-password`: of the administrator who is logged in.
    async fn set_password(&self, who: &str, password: Option<&str>) -> Result<Acted, Refusal> {
        let password = Secret::new(password.unwrap_or_default());
        self.parts.directory.set_admin_password(who, password).await?;
        tracing::info!("{who} changed the own password");
        Ok(Acted::done())
    }

    /// `CHANGE password oldPassword … newPassword …`.
    async fn change_password(&self, who: &str, args: &Args) -> Result<Acted, Refusal> {
        let old = args.text("oldPassword").unwrap_or_default();
        self.parts
            .directory
            .authenticate_admin(who, old.as_bytes())
            .await?;
        self.set_password(who, args.text("newPassword")).await
    }
}

/// Domain and name of an account.
fn account_keys(target: &Target) -> Result<(&str, &str), Refusal> {
    match target.keys.as_slice() {
        [domain, name] => Ok((domain, name)),
        _ => Err(no_target(target)),
    }
}

fn no_target(target: &Target) -> Refusal {
    Refusal::new(
        Cause::Internal,
        format!("nothing is kept as {}", target.context.path),
    )
}

/// A table with blanks of its own width, for lists that no child declares.
fn table(title: &str, columns: &[(&str, usize)], rows: Vec<Vec<String>>) -> Table {
    let column = |(name, width): &(&str, usize)| Column {
        name: (*name).to_owned(),
        width: *width,
    };
    Table {
        title: title.to_owned(),
        columns: columns.iter().map(column).collect(),
        rows,
        ..Table::default()
    }
}

/// One text value, in the form of SHOW ATTR.
fn attribute(name: &str, value: &str) -> Body {
    Body::Attribute(Attribute {
        name: name.to_owned(),
        value: value.into(),
        text: quoted(value),
        note: None,
        unit: String::new(),
        without_effect: false,
    })
}

/// The log for a session that follows it.
struct FollowedLog(axigend_telemetry::Reader);

impl Source for FollowedLog {
    fn news(&mut self) -> LocalBoxFuture<'_, Vec<String>> {
        self.0.lines().boxed_local()
    }
}

impl Backend for Administration {
    fn login<'a>(&'a self, user: &'a str, password: &'a [u8]) -> Answer<'a, Arc<str>> {
        let admin = self.parts.directory.authenticate_admin(user, password);
        admin
            .map(|admin| admin.map(|admin| Arc::from(admin.name)))
            .boxed_local()
    }

    fn load<'a>(&'a self, target: &'a Target) -> Answer<'a, Arc<Object>> {
        ready(self.loaded(target)).boxed_local()
    }

    fn begin<'a>(&'a self, target: &'a Target, changes: &'a [Change]) -> Answer<'a, Arc<Object>> {
        ready(self.begun(target, changes)).boxed_local()
    }

    fn commit<'a>(&'a self, target: &'a Target, changes: &'a [Change]) -> Answer<'a, Answered> {
        self.commit_to(target, changes).boxed_local()
    }

    fn remove<'a>(&'a self, target: &'a Target) -> Answer<'a, ()> {
        async {
            match recipients::kind(target) {
                Some(kind) => self.remove_recipient(kind, target).await,
                None => self.remove_account(target).await,
            }
        }
        .boxed_local()
    }

    fn list<'a>(
        &'a self,
        holder: &'a Target,
        child: &'static Child,
        wildcard: Option<&'a str>,
        after: Option<&'a str>,
        limit: usize,
    ) -> Answer<'a, Page> {
        let page = match child.context().map(|context| context.path) {
            Some("domain") => Ok(self.list_domains(wildcard, after, limit)),
            Some("domain/account") => self.list_accounts(holder.name(), wildcard, after, limit),
            Some(path) if recipients::kind_at(path).is_some() => {
                self.list_recipients(path, holder.name(), wildcard, (after, limit))
            }
            _ => Err(no_target(holder)),
        };
        ready(page).boxed_local()
    }

    fn inherited<'a>(
        &'a self,
        _target: &'a Target,
        _context: &'static Context,
    ) -> Answer<'a, Option<Arc<Object>>> {
        // Everything is inherited from the domain, which is open above; classes will be found here.
        ready(Ok(None)).boxed_local()
    }

    fn act<'a>(
        &'a self,
        place: &'a Place,
        action: &'static str,
        args: &'a Args,
        text: Option<&'a [String]>,
    ) -> Answer<'a, Acted> {
        self.run(place, action, args, text).boxed_local()
    }

    fn password_hash(&self, target: &Target) -> Option<String> {
        self.hash_of(target)
    }

    fn has_password<'a>(&'a self, target: &'a Target, password: &'a Secret) -> LocalBoxFuture<'a, bool> {
        self.is_password_of(target, password).boxed_local()
    }

    fn export<'a>(&'a self, path: &'a str, text: &'a str) -> Answer<'a, String> {
        ready(self.written(path, text)).boxed_local()
    }

    fn unsaved(&self) -> bool {
        self.parts.config.unsaved()
    }

    fn source(&self, what: &str) -> Result<Box<dyn Source>, Refusal> {
        let log = (what == "log")
            .then(|| self.parts.services.follow_log())
            .flatten();
        let reader = log.ok_or_else(|| {
            let detail = format!("{what} cannot be followed; log can, where there is one");
            Refusal::new(Cause::Unsupported, detail)
        })?;
        Ok(Box::new(FollowedLog(reader)))
    }
}
