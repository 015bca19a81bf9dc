//! The storages of a domain as the directory keeps them: what each is for, which one it is, where it lies.

use std::fmt;
use std::path::PathBuf;

use axigen_shared::value::Location;
use axigen_shared::{Cause, Refusal};
use axigend_storage::StoreLimits;

use crate::codec::{Reader, Writer, unreadable};

/// What tells a storage from every other, wherever its directory is ("usid"). Zero stands for one that has none yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Usid(u64);

impl Usid {
    /// One that nothing bears yet: drawn at random.
    pub(crate) fn new() -> Result<Self, Refusal> {
        let number = getrandom::u64()
            .map_err(|error| Refusal::new(Cause::Internal, format!("no random number: {error}")))?;
        Ok(Self(number.max(1)))
    }

    pub(crate) fn is_known(self) -> bool {
        self.0 != 0
    }

    /// Reads what [`fmt::Display`] prints.
    pub fn parse(text: &str) -> Option<Self> {
        let hexadecimal = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u64::from_str_radix(text, 16).ok()?;
        (hexadecimal && number != 0).then_some(Self(number))
    }

    pub(crate) fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    pub(crate) fn of_bytes(bytes: &[u8]) -> Result<Self, Refusal> {
        let bytes = bytes.try_into().map_err(|_| unreadable())?;
        Ok(Self(u64::from_be_bytes(bytes)))
    }
}

impl fmt::Display for Usid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:016x}", self.0)
    }
}

/// What a storage is for (services-other 3.2.9, "Model").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The list of domains and the administrators: `serverData/`.
    Server,
    /// A domain's own directory, in which the others usually are.
    Domain,
    /// Settings of the domain and its accounts.
    DomainObjects,
    /// Mail.
    Messages,
}

impl Role {
    const ALL: [Self; 4] = [Self::Server, Self::Domain, Self::DomainObjects, Self::Messages];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Domain => "domain",
            Self::DomainObjects => "domainObjects",
            Self::Messages => "messages",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// One storage of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// Which one it is.
    pub usid: Usid,
    /// What it is for.
    pub role: Role,
    /// Its directory.
    pub dir: PathBuf,
    /// The same as an administrator wrote it, with its limits.
    pub location: Location,
}

/// A storage in the list of domains; the path of its location is as [`crate::paths`] keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) usid: Usid,
    pub(crate) location: Location,
}

impl Place {
    /// A storage that has no usid yet.
    pub(crate) const fn new(location: Location) -> Self {
        Self {
            usid: Usid(0),
            location,
        }
    }

    /// A directory as it was kept before there were limits and usids.
    pub(crate) fn old(path: String) -> Self {
        Self::new(Location::at(path))
    }

    pub(crate) fn path(&self) -> &str {
        &self.location.path
    }

    /// How its store is opened.
    pub(crate) fn limits(&self) -> StoreLimits {
        StoreLimits {
            max_file_size: self.location.max_file_kb.saturating_mul(1024),
            max_files: self.location.max_files,
            read_only: self.location.read_only,
        }
    }

    pub(crate) fn encode(&self, out: &mut Writer) -> Result<(), Refusal> {
        out.u64(self.usid.0);
        out.u8(u8::from(self.location.read_only));
        out.u64(self.location.max_files.into());
        out.u64(self.location.max_file_kb);
        out.text(self.path())
    }

    pub(crate) fn decode(from: &mut Reader<'_>) -> Result<Self, Refusal> {
        let usid = Usid(from.u64()?);
        let read_only = from.u8()? != 0;
        let max_files = u32::try_from(from.u64()?).map_err(|_| unreadable())?;
        let max_file_kb = from.u64()?;
        let location = Location {
            path: from.text()?,
            max_files,
            max_file_kb,
            read_only,
        };
        Ok(Self { usid, location })
    }
}

#[cfg(test)]
mod tests {
    use super::Usid;

    #[test]
    fn usids_read_as_they_print() {
        let usid = Usid::new().unwrap();
        assert_eq!(Usid::parse(&usid.to_string()), Some(usid));
        assert_eq!(Usid::of_bytes(&usid.to_bytes()).unwrap(), usid);
        for wrong in ["", "0000000000000000", "+000000000000001", "00000000000000001"] {
            assert_eq!(Usid::parse(wrong), None, "{wrong}");
        }
    }
}
