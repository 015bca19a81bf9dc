//! EDIT Domain: where the storages of a domain lie and how large they may become.
//!
//! The administrator moves directories while the domain is disabled and says here where they are now; that it is the
//! same storage is known by its usid. What lies below a domain's own directory moves along with it.

use axigen_shared::value::Location;
use axigen_shared::{Cause, Refusal};

use crate::directory::{Directory, Entry, Listed};
use crate::identity::{Found, Identity};
use crate::names::domain_key;
use crate::paths;
use crate::place::{Place, Role, Usid};
use crate::record::{DomainRecord, DomainState};

/// The locations of a domain as texts, each a path with its limits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DomainPlaces {
    /// `domainLocation`.
    pub location: String,
    /// `domainObjectsLocation`.
    pub objects: String,
    /// Every `MessagesLocation`, in order.
    pub messages: Vec<String>,
    /// `groupwareSupport`; kept, without effect yet.
    pub groupware: bool,
}

impl Directory {
    /// A domain that may be edited: one that is disabled.
    pub(crate) fn editable(&self, name: &str) -> Result<std::sync::Arc<Listed>, Refusal> {
        let listed = self.known(name)?;
        match listed.record.state {
            DomainState::Disabled => Ok(listed),
            _ => Err(Refusal::new(
                Cause::Conflict,
                format!("domain {name} is enabled; its storages can be edited after DISABLE Domain"),
            )),
        }
    }

    /// Where the storages of a disabled domain are.
    pub fn domain_places(&self, name: &str) -> Result<DomainPlaces, Refusal> {
        let listed = self.editable(name)?;
        let record = &listed.record;
        let messages = record.messages.iter().map(|place| place.location.to_string());
        Ok(DomainPlaces {
            location: record.location.location.to_string(),
            objects: record.objects.location.to_string(),
            messages: messages.collect(),
            groupware: record.groupware,
        })
    }

    /// Name of the domain whose directory this is, if it is in the list.
    pub fn domain_at(&self, location: &str) -> Result<Option<String>, Refusal> {
        let wanted = self.path(&paths::location(location)?.path);
        let table = self.table.load();
        let found = table
            .numbered
            .values()
            .find(|listed| self.path(listed.record.location.path()) == wanted);
        Ok(found.map(|listed| listed.record.name.clone()))
    }

    /// Sets where the storages of a disabled domain are. Those that moved must be there already; new ones are made.
    pub async fn edit_domain(&self, name: &str, wanted: &DomainPlaces) -> Result<(), Refusal> {
        let _changing = self.changing.lock().await;
        let listed = self.editable(name)?;
        let mut old = listed.record.clone();
        if old.places().any(|(_, place)| !place.usid.is_known()) {
            old = self.identify(&old)?;
            self.server.put(old.clone()).await?;
        }
        let new = self.edited(&old, wanted)?;
        self.check_locations(&new)?;
        self.check_removed(&old, &new)?;
        for place in new.messages.iter().filter(|place| !is_of(&old, place.usid)) {
            let dir = self.path(place.path());
            self.identity(&new, Role::Messages, place)
                .write(&*self.disk, &dir)?;
        }
        self.server.put(new.clone()).await?;
        let entry = Entry::Disabled;
        self.replace(
            Some(new.id),
            Some(std::sync::Arc::new(Listed { record: new, entry })),
        );
        Ok(())
    }

    /// The record with the places that are wanted.
    fn edited(&self, old: &DomainRecord, wanted: &DomainPlaces) -> Result<DomainRecord, Refusal> {
        let location = paths::location(&wanted.location)?;
        if location.path != old.location.path() {
            self.held(Role::Domain, old.location.usid, &location)?;
        }
        let moved = (old.location.path(), location.path.as_str());
        let objects = paths::location(&wanted.objects)?;
        let objects = self.followed(Role::DomainObjects, &old.objects, objects, moved)?;
        let mut messages = Vec::new();
        for given in &wanted.messages {
            let place = self.messages_place(old, paths::location(given)?, moved)?;
            if messages.iter().any(|other: &Place| other.usid == place.usid) {
                let detail = format!("{}: this storage is in the list twice", place.path());
                return Err(Refusal::new(Cause::Conflict, detail));
            }
            messages.push(place);
        }
        // Accounts from before there were several storages are in the first: that one stays it.
        let rank = |place: &Place| old.messages.iter().position(|known| known.usid == place.usid);
        messages.sort_by_key(|place| rank(place).unwrap_or(usize::MAX));
        Ok(DomainRecord {
            location: Place {
                usid: old.location.usid,
                location,
            },
            objects,
            messages,
            groupware: wanted.groupware,
            ..old.clone()
        })
    }

    /// The place of a storage of messages: one that is known, one that was moved, or a new one.
    fn messages_place(
        &self,
        old: &DomainRecord,
        location: Location,
        moved: (&str, &str),
    ) -> Result<Place, Refusal> {
        if let Some(known) = old.messages.iter().find(|known| known.path() == location.path) {
            return self.followed(Role::Messages, known, location, moved);
        }
        let dir = self.path(&location.path);
        let refused = |what: String| {
            let detail = format!("{} {what}", dir.display());
            Err(Refusal::new(Cause::Conflict, detail))
        };
        let usid = match Identity::read(&*self.disk, &dir)? {
            Found::Nothing => Usid::new()?,
            // Moved, removed before, or left by an edit that did not get as far as the list.
            Found::Identity(found)
                if found.role == Role::Messages
                    && (is_of(old, found.usid) || domain_key(&found.domain) == domain_key(&old.name)) =>
            {
                found.usid
            }
            Found::Identity(found) => {
                return refused(format!("holds the storage {}", found.shown()));
            }
            Found::Damaged | Found::Unmarked => {
                return refused("is not empty and holds no storage of this domain".to_owned());
            }
        };
        Ok(Place { usid, location })
    }

    /// The place of a known storage: where it is wanted, or there below the new directory of the domain.
    fn followed(
        &self,
        role: Role,
        known: &Place,
        wanted: Location,
        (from, to): (&str, &str),
    ) -> Result<Place, Refusal> {
        let usid = known.usid;
        let at = |location| Place { usid, location };
        if wanted.path != known.path() {
            self.held(role, usid, &wanted)?;
            return Ok(at(wanted));
        }
        let below = known.path().strip_prefix(from);
        let below = below.filter(|below| below.starts_with('/') && from != to);
        if let Some(below) = below {
            let along = Location {
                path: format!("{to}{below}"),
                ..wanted.clone()
            };
            if self.held(role, usid, &along).is_ok() {
                return Ok(at(along));
            }
            self.held(role, usid, &wanted)?;
        }
        Ok(at(wanted))
    }

    /// Refuses a directory that does not hold this storage.
    fn held(&self, role: Role, usid: Usid, location: &Location) -> Result<(), Refusal> {
        let dir = self.path(&location.path);
        let holds = match Identity::read(&*self.disk, &dir)? {
            Found::Identity(found) if found.usid == usid && found.role == role => return Ok(()),
            Found::Identity(found) => format!("holds the storage {}", found.shown()),
            Found::Nothing => "is missing or empty".to_owned(),
            Found::Damaged | Found::Unmarked => "holds no storage that says which it is".to_owned(),
        };
        let detail = format!("{} {holds}, not {usid} ({})", dir.display(), role.name());
        Err(Refusal::new(Cause::Conflict, detail))
    }

    /// Refuses to do without a storage that accounts have their mail in.
    fn check_removed(&self, old: &DomainRecord, new: &DomainRecord) -> Result<(), Refusal> {
        let mut gone = old
            .messages
            .iter()
            .filter(|place| !is_of(new, place.usid))
            .peekable();
        if gone.peek().is_none() {
            return Ok(());
        }
        let objects = self.objects(new)?;
        let counted = objects.accounts_by_storage();
        objects.close()?;
        let counted = counted?;
        let first = old.messages.first().map(|place| place.usid);
        for place in gone {
            // Those that say nothing, or name what is not there, are in the first.
            let elsewhere = |usid: &Option<Usid>| usid.is_none_or(|usid| !is_of(old, usid));
            let here = counted.iter().filter(|(usid, _)| {
                **usid == Some(place.usid) || first == Some(place.usid) && elsewhere(usid)
            });
            let accounts: u64 = here.map(|(_, count)| count).sum();
            if accounts > 0 {
                let detail = format!(
                    "{} cannot be removed: {accounts} accounts have their mail there",
                    place.path()
                );
                return Err(Refusal::new(Cause::Conflict, detail));
            }
        }
        Ok(())
    }
}

fn is_of(record: &DomainRecord, usid: Usid) -> bool {
    record.messages.iter().any(|place| place.usid == usid)
}
