//! `hsf.dat`: says of a directory which storage it holds, and what belongs to it (services-other 3.2.9, "Model").
//!
//! A text of a few lines, so that an administrator can read it:
//!
//! ```text
//! axigen storage 1
//! usid 5f0c…
//! role domain
//! domain example.org
//! storage domainObjects 88e1… below objects
//! storage messages 1b07… at /srv/mail/example.org?maxFiles=4
//! crc32 0a1b2c3d
//! ```
//!
//! `below` is a path from the domain's own directory, so that a domain can be moved as a whole; `at` is any other. It
//! is replaced as a whole, by a new file that is renamed. What is damaged is told apart from what is somebody else's.

use std::fmt::Write;
use std::io::{self, ErrorKind};
use std::path::Path;

use axigen_shared::value::Location;
use axigen_shared::{Cause, Refusal};
use axigend_storage::Disk;

use crate::place::{Role, Usid};

/// Name of the file.
pub(crate) const FILE: &str = "hsf.dat";
/// Name while it is being written.
const NEW_FILE: &str = "hsf.dat.new";
/// First words of the file; the version follows.
const MAGIC: &str = "axigen storage ";
/// Version written and read.
const VERSION: u32 = 1;
/// Longest file read: thousands of storages.
const LONGEST: u64 = 1 << 20;

/// Where another storage of the same domain is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Relative {
    pub(crate) role: Role,
    pub(crate) usid: Usid,
    /// Whether the path begins at the domain's own directory.
    pub(crate) below: bool,
    pub(crate) location: Location,
}

/// What a directory is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) usid: Usid,
    pub(crate) role: Role,
    /// Name of the domain; empty for the server's own.
    pub(crate) domain: String,
    /// The other storages of the domain.
    pub(crate) family: Vec<Relative>,
}

/// What a directory says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Identity(Identity),
    /// There is a file that does not read.
    Damaged,
    /// There is no file in a directory with something in it.
    Unmarked,
    /// There is nothing, or no directory.
    Nothing,
}

impl Identity {
    /// What `dir` holds; refused when a newer version wrote it or the disk does not answer.
    pub(crate) fn read(disk: &dyn Disk, dir: &Path) -> Result<Found, Refusal> {
        let path = dir.join(FILE);
        let failed = |error: &io::Error| failure(&path, error);
        let file = match disk.open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return match disk.list(dir) {
                    Ok(names) if !names.is_empty() => Ok(Found::Unmarked),
                    Err(error) if error.kind() != ErrorKind::NotFound => Err(failure(dir, &error)),
                    _ => Ok(Found::Nothing),
                };
            }
            Err(error) => return Err(failed(&error)),
        };
        let length = file.len().map_err(|error| failed(&error))?;
        if length > LONGEST {
            return Ok(Found::Damaged);
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        let read = file.read_at(0, &mut bytes).map_err(|error| failed(&error))?;
        bytes.truncate(read);
        let text = String::from_utf8(bytes).unwrap_or_default();
        if checked(&text).is_none() {
            return Ok(Found::Damaged);
        }
        if let Some(version) = version(&text).filter(|version| *version > VERSION) {
            let detail = format!(
                "{} has version {version}, written by a newer version of the server; this one knows up to {VERSION}",
                path.display()
            );
            return Err(Refusal::new(Cause::StorageFailure, detail));
        }
        Ok(Self::parse(&text).map_or(Found::Damaged, Found::Identity))
    }

    /// Writes it into `dir`, which is made when it is not there. On disk when this returns.
    pub(crate) fn write(&self, disk: &dyn Disk, dir: &Path) -> Result<(), Refusal> {
        let steps = || {
            disk.create_dir_all(dir)?;
            let new = dir.join(NEW_FILE);
            match disk.remove(&new) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let file = disk.create(&new)?;
            file.write_at(0, self.print().as_bytes())?;
            file.sync_data()?;
            disk.rename(&new, &dir.join(FILE))?;
            disk.sync_dir(dir)
        };
        steps().map_err(|error| failure(&dir.join(FILE), &error))
    }

    fn print(&self) -> String {
        let mut text = format!(
            "{MAGIC}{VERSION}\nusid {}\nrole {}\ndomain {}\n",
            self.usid,
            self.role.name(),
            self.domain
        );
        for one in &self.family {
            let from = if one.below { "below" } else { "at" };
            let (role, usid, location) = (one.role.name(), one.usid, &one.location);
            // Writing to a String does not fail.
            let _ = writeln!(text, "storage {role} {usid} {from} {location}");
        }
        let sum = crc32fast::hash(text.as_bytes());
        text + &format!("crc32 {sum:08x}\n")
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = checked(text)?.lines();
        lines.next()?;
        let mut value = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
        let usid = Usid::parse(value("usid")?)?;
        let role = Role::named(value("role")?)?;
        let domain = value("domain")?.to_owned();
        let family = lines.map(relative).collect::<Option<_>>()?;
        Some(Self {
            usid,
            role,
            domain,
            family,
        })
    }

    /// How it is called in refusals.
    pub(crate) fn shown(&self) -> String {
        match self.role {
            Role::Server => format!("{} (of the server)", self.usid),
            role => format!("{} ({} of domain {})", self.usid, role.name(), self.domain),
        }
    }
}

/// The text without its last line, which every version ends with: the sum of what is before it.
fn checked(text: &str) -> Option<&str> {
    let (body, sum) = text.strip_suffix('\n')?.rsplit_once('\n')?;
    let body = text.get(..=body.len())?;
    let sum = u32::from_str_radix(sum.strip_prefix("crc32 ")?, 16).ok()?;
    (sum == crc32fast::hash(body.as_bytes())).then_some(body)
}

fn version(text: &str) -> Option<u32> {
    text.lines().next()?.strip_prefix(MAGIC)?.parse().ok()
}

fn relative(line: &str) -> Option<Relative> {
    let mut words = line.strip_prefix("storage ")?.splitn(4, ' ');
    let role = Role::named(words.next()?)?;
    let usid = Usid::parse(words.next()?)?;
    let below = match words.next()? {
        "below" => true,
        "at" => false,
        _ => return None,
    };
    let location = Location::parse(words.next()?).ok()?;
    Some(Relative {
        role,
        usid,
        below,
        location,
    })
}

fn failure(path: &Path, error: &io::Error) -> Refusal {
    let cause = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Cause::StorageFull,
        _ => Cause::StorageFailure,
    };
    Refusal::new(cause, format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axigend_storage::MemoryDisk;

    fn identity() -> Identity {
        let one = |role, below, location: &str| Relative {
            role,
            usid: Usid::new().unwrap(),
            below,
            location: Location::parse(location).unwrap(),
        };
        Identity {
            usid: Usid::new().unwrap(),
            role: Role::Domain,
            domain: "example.org".into(),
            family: vec![
                one(Role::DomainObjects, true, "objects"),
                one(Role::Messages, false, "/srv/a b?maxFiles=4&readOnly=yes"),
            ],
        }
    }

    #[test]
    fn an_identity_reads_back_and_nothing_else_does() {
        let disk = MemoryDisk::new();
        let dir = Path::new("/w/domains/x");
        assert_eq!(Identity::read(&*disk, dir).unwrap(), Found::Nothing);
        let identity = identity();
        identity.write(&*disk, dir).unwrap();
        identity.write(&*disk, dir).unwrap();
        assert_eq!(
            Identity::read(&*disk, dir).unwrap(),
            Found::Identity(identity.clone())
        );
        let text = identity.print();
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let changed = String::from_utf8(bytes).unwrap();
            let same = changed.to_ascii_lowercase() == text;
            assert!(same || Identity::parse(&changed).is_none(), "byte {at}");
            assert_eq!(Identity::parse(&text[..at]), None, "cut at {at}");
        }
        disk.remove(&dir.join(FILE)).unwrap();
        disk.create(&dir.join("00.hsf")).unwrap();
        assert_eq!(Identity::read(&*disk, dir).unwrap(), Found::Unmarked);
    }

    #[test]
    fn a_newer_version_is_refused_with_a_clear_message() {
        let disk = MemoryDisk::new();
        disk.create_dir_all(Path::new("/w")).unwrap();
        let file = disk.create(Path::new("/w/hsf.dat")).unwrap();
        let text = "axigen storage 2\nusid?\n";
        let sum = crc32fast::hash(text.as_bytes());
        file.write_at(0, format!("{text}crc32 {sum:08x}\n").as_bytes())
            .unwrap();
        let refusal = Identity::read(&*disk, Path::new("/w")).unwrap_err();
        assert!(refusal.detail.contains("has version 2"), "{}", refusal.detail);
    }
}
