//! Whether the directories of a domain hold what the list of domains says: each says itself, in `hsf.dat`.
//!
//! A directory that was moved is known again by its usid; one that is somebody else's is refused, and so is the empty
//! place of a file system that is not mounted, before anything is written there. Domains from before there were usids
//! get them.

use axigen_shared::{Cause, Refusal};

use crate::directory::Directory;
use crate::identity::{FILE, Found, Identity, Relative};
use crate::names::domain_key;
use crate::place::{Place, Role, Usid};
use crate::record::DomainRecord;

impl Directory {
    /// The record with a usid for each of its storages, all of which were found where it says.
    pub(crate) fn identify(&self, record: &DomainRecord) -> Result<DomainRecord, Refusal> {
        let mut known = record.clone();
        let mut found = Vec::new();
        for (role, place) in known.places_mut() {
            let there = Identity::read(&*self.disk, &self.path(place.path()))?;
            place.usid = self.settled(&record.name, role, place, &there)?;
            found.push(there);
        }
        for ((role, place), found) in known.places().zip(found) {
            let wanted = self.identity(&known, role, place);
            if found == Found::Identity(wanted.clone()) {
                continue;
            }
            let dir = self.path(place.path());
            let written = wanted.write(&*self.disk, &dir);
            match found {
                // It is the right one; that its file is of yesterday harms nobody yet.
                Found::Identity(_) => written.unwrap_or_else(|refusal| {
                    tracing::warn!(module = "STORAGE", "{FILE} not renewed: {refusal}");
                }),
                _ => written?,
            }
        }
        Ok(known)
    }

    /// The usid of a place, when what was found there is that storage or may become it.
    fn settled(&self, domain: &str, role: Role, place: &Place, found: &Found) -> Result<Usid, Refusal> {
        let dir = self.path(place.path());
        let dir = dir.display();
        let foreign = |identity: &Identity| {
            let wanted = if place.usid.is_known() {
                format!("{} ({} of domain {domain})", place.usid, role.name())
            } else {
                format!("{} of domain {domain}", role.name())
            };
            let detail = format!("{dir} holds the storage {}, not {wanted}", identity.shown());
            Err(Refusal::new(Cause::Conflict, detail))
        };
        match found {
            Found::Identity(identity) if place.usid.is_known() => {
                if identity.usid == place.usid && identity.role == role {
                    Ok(place.usid)
                } else {
                    foreign(identity)
                }
            }
            // Marked by a start that did not get as far as the list.
            Found::Identity(identity) => {
                if identity.role == role && domain_key(&identity.domain) == domain_key(domain) {
                    Ok(identity.usid)
                } else {
                    foreign(identity)
                }
            }
            Found::Nothing if place.usid.is_known() => {
                let detail = format!(
                    "{dir} is missing or empty: the storage {} ({} of domain {domain}) is not there; is the file system mounted?",
                    place.usid,
                    role.name()
                );
                Err(Refusal::new(Cause::StorageFailure, detail))
            }
            Found::Damaged | Found::Unmarked if place.usid.is_known() => {
                tracing::warn!(
                    module = "STORAGE",
                    "{dir}/{FILE} is missing or damaged; it is written anew as {}",
                    place.usid
                );
                Ok(place.usid)
            }
            Found::Nothing if role != Role::Messages => {
                let detail = format!("{dir} is missing or empty: is the file system mounted?");
                Err(Refusal::new(Cause::StorageFailure, detail))
            }
            Found::Nothing | Found::Damaged | Found::Unmarked => Usid::new(),
        }
    }

    /// Refuses when another storage lies where one of the domain should be: it must not be removed with it.
    pub(crate) fn check_own(&self, record: &DomainRecord) -> Result<(), Refusal> {
        for (role, place) in record.places().filter(|(_, place)| place.usid.is_known()) {
            let found = Identity::read(&*self.disk, &self.path(place.path()))?;
            if matches!(found, Found::Identity(_)) {
                self.settled(&record.name, role, place, &found)?;
            }
        }
        Ok(())
    }

    /// What a directory of a domain says of itself.
    pub(crate) fn identity(&self, record: &DomainRecord, role: Role, place: &Place) -> Identity {
        let others = record.places().filter(|(_, other)| other.usid != place.usid);
        Identity {
            usid: place.usid,
            role,
            domain: record.name.clone(),
            family: others
                .map(|(role, other)| self.relative(record, role, other))
                .collect(),
        }
    }

    fn relative(&self, record: &DomainRecord, role: Role, place: &Place) -> Relative {
        let (own, base) = (self.path(place.path()), self.path(record.location.path()));
        let below = own.strip_prefix(base).ok().and_then(|below| below.to_str());
        let below = below.filter(|below| !below.is_empty());
        let mut location = place.location.clone();
        if let Some(below) = below {
            below.clone_into(&mut location.path);
        }
        Relative {
            role,
            usid: place.usid,
            below: below.is_some(),
            location,
        }
    }

    /// Gives new storages their identity. Nothing may be there yet.
    pub(crate) fn mark(&self, record: &mut DomainRecord) -> Result<(), Refusal> {
        for (_, place) in record.places_mut() {
            place.usid = Usid::new()?;
        }
        let places = record.places();
        let mut marked = places.map(|(role, place)| {
            self.identity(record, role, place)
                .write(&*self.disk, &self.path(place.path()))
        });
        marked.try_for_each(|written| written)
    }

    /// Marks the server's own storage.
    pub(crate) fn identify_server(&self, dir: &std::path::Path) -> Result<(), Refusal> {
        let wanted = Identity {
            usid: self.server.usid()?,
            role: Role::Server,
            domain: String::new(),
            family: Vec::new(),
        };
        match Identity::read(&*self.disk, dir)? {
            Found::Identity(found) if found == wanted => Ok(()),
            Found::Identity(found) => {
                let detail = format!(
                    "{} holds the storage {}, not {}",
                    dir.display(),
                    found.shown(),
                    wanted.shown()
                );
                Err(Refusal::new(Cause::Conflict, detail))
            }
            _ => wanted.write(&*self.disk, dir),
        }
    }
}
