//! RESTORE Domain: the copy that DELETE kept comes back under its old name and number.
//!
//! The list announces it first and confirms it last; what a crash leaves in between is finished at the next start.

use std::io::ErrorKind;
use std::path::Path;

use axigen_shared::{Cause, Refusal};

use crate::administer::names_of;
use crate::directory::Directory;
use crate::names::domain_key;
use crate::place::Place;
use crate::record::{DomainRecord, DomainState};
use crate::server::Kept;

/// What stands between the directory of a domain and the number of the domain in the name of a kept copy.
pub(crate) const KEPT: &str = ".kept-";

impl Directory {
    /// Whether a deleted domain can be brought back: a copy was kept, and its name is free.
    pub fn restorable(&self, name: &str) -> Result<(), Refusal> {
        self.check_names(None, name, &[])?;
        self.kept_copy(name).map(drop)
    }

    fn kept_copy(&self, name: &str) -> Result<Kept, Refusal> {
        let none = || {
            let detail = format!("no copy of a deleted domain {name} is kept");
            Refusal::new(Cause::NoSuchDomain, detail)
        };
        self.server.kept(&domain_key(name))?.ok_or_else(none)
    }

    /// Brings a deleted domain back. In service and on disk when this returns.
    pub async fn restore_domain(&self, name: &str) -> Result<(), Refusal> {
        let _changing = self.changing.lock().await;
        self.check_names(None, name, &[])?;
        let (record, copy) = match self.kept_copy(name)? {
            Kept::Record(record) => match record.state.clone() {
                DomainState::Deleting(Some(copy)) => (record, copy),
                _ => {
                    return Err(Refusal::new(
                        Cause::DirectoryFailure,
                        "the kept domain is unreadable",
                    ));
                }
            },
            Kept::Path(copy) => (self.guessed(name, &copy).await?, copy),
        };
        self.check_names(None, &record.name, &record.aliases)?;
        self.check_locations(&record)?;
        self.check_way_back(&record, &copy)?;
        let record = DomainRecord {
            state: DomainState::Restoring(copy.clone()),
            ..record
        };
        self.server.put(record.clone()).await?;
        let brought = self.bring_back(&record);
        if let Err(refusal) = brought {
            self.undo(&record, &copy).await;
            return Err(refusal);
        }
        Ok(())
    }

    /// The steps after the announcement.
    fn bring_back(&self, record: &DomainRecord) -> Result<(), Refusal> {
        let record = self.finish_move(record)?;
        self.check_names(Some(record.id), &record.name, &record.aliases)?;
        let opened = self.opened(&record)?;
        self.server.restored_blocking(opened.record.clone())?;
        self.replace(Some(opened.record.id), Some(opened));
        Ok(())
    }

    /// Puts everything back as it was before a restoration that failed.
    async fn undo(&self, record: &DomainRecord, copy: &str) {
        let (location, copy) = (self.path(record.location.path()), self.path(copy));
        let moved = self.disk.rename(&location, &copy);
        let failed = match moved {
            Err(error) if error.kind() != ErrorKind::NotFound => Some(error.to_string()),
            _ => self
                .server
                .forget(record.id)
                .await
                .err()
                .map(|refusal| refusal.detail),
        };
        if let Some(why) = failed {
            tracing::error!(
                module = "SERVER",
                "undoing the restoration of {}: {why}",
                record.name
            );
        }
    }

    /// Found at start: the restoration is finished.
    pub(crate) fn finish_restoring(&self, record: &DomainRecord) -> Result<DomainRecord, Refusal> {
        let record = self.finish_move(record)?;
        self.server.restored_blocking(record.clone())?;
        Ok(record)
    }

    /// Moves the copy back, unless that was done; the record with the names that the domain says it has.
    fn finish_move(&self, record: &DomainRecord) -> Result<DomainRecord, Refusal> {
        if let DomainState::Restoring(copy) = &record.state {
            let (location, copy) = (self.path(record.location.path()), self.path(copy));
            let failed = |path: &Path, error: std::io::Error| {
                Refusal::new(Cause::StorageFailure, format!("{}: {error}", path.display()))
            };
            match self.disk.rename(&copy, &location) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(&copy, error)),
                _ => {}
            }
            let above = location.parent().unwrap_or(Path::new("/"));
            self.disk.sync_dir(above).map_err(|error| failed(above, error))?;
        }
        let (name, aliases) = self.own_names(record)?;
        Ok(DomainRecord {
            name,
            aliases,
            state: DomainState::Enabled,
            ..record.clone()
        })
    }

    /// Name and aliases as the objects of a domain that is not open have them.
    pub(crate) fn own_names(&self, record: &DomainRecord) -> Result<(String, Vec<String>), Refusal> {
        let objects = self.objects(record)?;
        let stored = objects.domain();
        objects.close()?;
        let dir = self.path(record.objects.path());
        let none = || {
            let detail = format!("{} holds no domain", dir.display());
            Refusal::new(Cause::NoSuchDomain, detail)
        };
        let (object, _) = stored?.ok_or_else(none)?;
        names_of(&object)
    }

    /// The directory must be free, and the copy there.
    fn check_way_back(&self, record: &DomainRecord, copy: &str) -> Result<(), Refusal> {
        let (location, copy) = (self.path(record.location.path()), self.path(copy));
        if !self.disk.list(&copy).is_ok_and(|names| !names.is_empty()) {
            let detail = format!("the copy that was kept is gone: {}", copy.display());
            return Err(Refusal::new(Cause::NotFound, detail));
        }
        if self.disk.list(&location).is_ok_and(|names| !names.is_empty()) {
            let detail = format!(
                "{} is in the way: the copy in {} cannot be moved there",
                location.display(),
                copy.display()
            );
            return Err(Refusal::new(Cause::Conflict, detail));
        }
        Ok(())
    }

    /// A domain of which nothing but its copy is known: deleted before there was RESTORE.
    async fn guessed(&self, name: &str, copy: &str) -> Result<DomainRecord, Refusal> {
        let location = copy.rsplit_once(KEPT).map_or(copy, |(location, _)| location);
        Ok(DomainRecord {
            id: self.server.number().await?,
            name: domain_key(name),
            aliases: Vec::new(),
            state: DomainState::Deleting(Some(copy.to_owned())),
            location: Place::old(location.to_owned()),
            objects: Place::old(format!("{location}/objects")),
            messages: vec![Place::old(format!("{location}/messages"))],
            groupware: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::create::NewDomain;
    use axigen_shared::schema::{Action, Change};
    use axigen_shared::value::Secret;
    use axigend_storage::RealDisk;
    use std::sync::Arc;

    fn open(root: &Path) -> Arc<Directory> {
        Directory::open(&root.join("serverData"), root, RealDisk::shared()).unwrap()
    }

    async fn with_a_domain(root: &Path) -> Arc<Directory> {
        let directory = open(root);
        let new = NewDomain {
            name: "x.test".into(),
            postmaster_password: Secret::new("{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3"),
            ..NewDomain::default()
        };
        directory.create_domain(new).await.unwrap();
        directory
    }

    /// Announced, and the power went off before or after the move.
    #[tokio::test]
    async fn a_restoration_that_was_cut_is_finished_at_the_next_start() {
        for moved in [false, true] {
            let root = tempfile::tempdir().unwrap();
            let directory = with_a_domain(root.path()).await;
            directory.delete_domain("x.test", true).await.unwrap();
            let Some(Kept::Record(mut record)) = directory.server.kept("x.test").unwrap() else {
                panic!("a kept record");
            };
            let DomainState::Deleting(Some(copy)) = record.state.clone() else {
                panic!("a copy");
            };
            record.state = DomainState::Restoring(copy);
            directory.server.put(record.clone()).await.unwrap();
            if moved {
                directory.finish_move(&record).unwrap();
            }
            directory.close();
            let directory = open(root.path());
            assert!(
                directory.account_named("x.test", "postmaster").is_ok(),
                "moved {moved}"
            );
            assert!(directory.server.kept("x.test").unwrap().is_none());
            directory.close();
        }
    }

    /// Deleted by a version that kept nothing but the path of the copy.
    #[tokio::test]
    async fn a_copy_of_which_only_the_path_is_known_comes_back() {
        let root = tempfile::tempdir().unwrap();
        let directory = with_a_domain(root.path()).await;
        let alias = Change::here(Action::AddName("aliases", "y.test".into()));
        directory.update_domain("x.test", &[alias]).await.unwrap();
        directory.delete_domain("x.test", true).await.unwrap();
        directory.server.keep_path("x.test", "domains/x.test.kept-1");
        directory.restore_domain("x.test").await.unwrap();
        assert!(directory.account_named("x.test", "postmaster").is_ok());
        assert!(directory.is_local_domain("y.test"));
        directory.close();
    }
}
