//! ENABLE Domain by location: a domain's directory that was copied or moved here is taken into the list.
//!
//! Its own objects say what it is called; `hsf.dat` says which other storages belong to it and where they are.

use axigen_shared::value::Location;
use axigen_shared::{Cause, Refusal};

use crate::directory::Directory;
use crate::identity::{Found, Identity, Relative};
use crate::paths;
use crate::place::{Place, Role};
use crate::record::{DomainRecord, DomainState};

impl Directory {
    /// Name of the domain in this directory, if it can be taken into the list.
    pub fn registrable(&self, location: &str) -> Result<String, Refusal> {
        self.examined(location).map(|record| record.name)
    }

    /// Takes the domain in this directory into the list, out of service; its name. A disabled domain whose directory was
    /// moved here is the same one as before.
    pub async fn register_domain(&self, location: &str) -> Result<String, Refusal> {
        let _changing = self.changing.lock().await;
        let mut record = self.examined(location)?;
        if record.id == 0 {
            record = self.server.add(record).await?;
        } else {
            self.server.put(record.clone()).await?;
        }
        self.tell_places(&record);
        let name = record.name.clone();
        self.replace(Some(record.id), Some(self.listed(record)));
        Ok(name)
    }

    /// Takes a domain that is out of service off the list; its files stay where they are.
    pub async fn unregister_domain(&self, name: &str) -> Result<(), Refusal> {
        let _changing = self.changing.lock().await;
        let listed = self.known(name)?;
        if listed.record.state != DomainState::Disabled {
            return Err(Refusal::new(Cause::Conflict, format!("domain {name} is enabled")));
        }
        self.server.forget(listed.record.id).await?;
        self.replace(Some(listed.record.id), None);
        Ok(())
    }

    /// The record of the domain in this directory, checked against all others; number 0 when it is new here.
    fn examined(&self, given: &str) -> Result<DomainRecord, Refusal> {
        let location = paths::location(given)?;
        let dir = self.path(&location.path);
        let refused = |cause, what: String| Refusal::new(cause, format!("{} {what}", dir.display()));
        let mut record = match Identity::read(&*self.disk, &dir)? {
            Found::Nothing => {
                return Err(refused(Cause::NoSuchDomain, "is missing or empty".to_owned()));
            }
            Found::Identity(found) if found.role == Role::Domain => marked(location, &found)?,
            Found::Identity(found) => {
                let what = format!("holds the storage {}, not a domain", found.shown());
                return Err(refused(Cause::Conflict, what));
            }
            Found::Damaged | Found::Unmarked => unmarked(location),
        };
        self.check_unused(&mut record)?;
        self.check_locations(&record)?;
        for (role, place) in record.places() {
            self.check_there(role, place)?;
        }
        (record.name, record.aliases) = self.own_names(&record)?;
        let own = (record.id != 0).then_some(record.id);
        self.check_names(own, &record.name, &record.aliases)?;
        Ok(record)
    }

    /// Refuses the storages of another domain here, and copies of them. A disabled domain that is not where it was any
    /// more is the same one: the record takes over its number.
    fn check_unused(&self, record: &mut DomainRecord) -> Result<(), Refusal> {
        let table = self.table.load();
        for listed in table.numbered.values() {
            let known = &listed.record;
            let usids: Vec<_> = known.places().map(|(_, place)| place.usid).collect();
            let is_shared = |place: &Place| place.usid.is_known() && usids.contains(&place.usid);
            let shared = record.places().map(|(_, place)| place);
            let Some(place) = shared.into_iter().find(|place| is_shared(place)).cloned() else {
                continue;
            };
            let old = self.path(known.location.path());
            let moved = record.location.usid == known.location.usid
                && known.state == DomainState::Disabled
                && !matches!(Identity::read(&*self.disk, &old)?,
                    Found::Identity(found) if found.usid == known.location.usid);
            if !moved {
                let detail = format!(
                    "{} is a copy of the storage {} of domain {}, which is in {}",
                    self.path(place.path()).display(),
                    place.usid,
                    known.name,
                    old.display()
                );
                return Err(Refusal::new(Cause::Conflict, detail));
            }
            record.id = known.id;
            record.groupware = known.groupware;
            return Ok(());
        }
        Ok(())
    }

    fn check_there(&self, role: Role, place: &Place) -> Result<(), Refusal> {
        let dir = self.path(place.path());
        let holds = match Identity::read(&*self.disk, &dir)? {
            Found::Identity(found) if found.usid == place.usid && found.role == role => return Ok(()),
            // From before there were usids; the mail of a new domain may have no directory yet.
            Found::Unmarked | Found::Damaged => return Ok(()),
            Found::Nothing if role == Role::Messages && !place.usid.is_known() => return Ok(()),
            Found::Identity(found) => format!("holds the storage {}", found.shown()),
            Found::Nothing => "is missing or empty".to_owned(),
        };
        let wanted = if place.usid.is_known() {
            format!("{} ({})", place.usid, role.name())
        } else {
            format!("the {} of a domain", role.name())
        };
        let detail = format!("{} {holds}, not {wanted}", dir.display());
        Err(Refusal::new(Cause::Conflict, detail))
    }
}

/// The record of a domain that says what belongs to it.
fn marked(location: Location, found: &Identity) -> Result<DomainRecord, Refusal> {
    let place = |relative: &Relative| {
        let path = if relative.below {
            format!("{}/{}", location.path, relative.location.path)
        } else {
            relative.location.path.clone()
        };
        Ok::<_, Refusal>(Place {
            usid: relative.usid,
            location: Location {
                path: paths::accept(&path)?,
                ..relative.location.clone()
            },
        })
    };
    let of = |role| found.family.iter().filter(move |one| one.role == role).map(place);
    let objects = of(Role::DomainObjects).next().ok_or_else(|| {
        let detail = format!("{} does not say where its objects are", location.path);
        Refusal::new(Cause::Conflict, detail)
    })??;
    Ok(DomainRecord {
        objects,
        messages: of(Role::Messages).collect::<Result<_, _>>()?,
        location: Place {
            usid: found.usid,
            location: location.clone(),
        },
        ..unmarked(location)
    })
}

/// The record of a domain from before its directories said what they are.
fn unmarked(location: Location) -> DomainRecord {
    let below = |directory: &str| Place::old(format!("{}/{directory}", location.path));
    DomainRecord {
        id: 0,
        name: String::new(),
        aliases: Vec::new(),
        state: DomainState::Disabled,
        objects: below("objects"),
        messages: vec![below("messages")],
        location: Place::new(location),
        groupware: true,
    }
}
