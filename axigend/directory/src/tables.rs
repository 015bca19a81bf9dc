//! Tables of the two kinds of ledger here, their keys and small records.
//!
//! Server storage: `domain` (id, u32 → [`crate::server::DomainRecord`]), `admin` (name → credential), `kept` (domain
//! name → what DELETE kept of it), `meta`. Domain objects: `object` (kind u8 and id u64 → version u8,
//! [`Dates`] as two i64, and text of the object; version 1 had no dates), `name` (local key → [`NameRecord`]; one name space for accounts, aliases and all other
//! recipients), `credential` (account id → credential), `registry` (account id → last logins), `meta`
//! (`"next"` → next id, u64; `"maintained"` → date).

use axigen_shared::schema::{self, Object, Severity};
use axigen_shared::{Cause, Refusal};

use crate::codec::{Reader, Writer, unreadable};

/// Format of the values of the server storage; one written with a higher one is refused.
/// 2 since domains have storages with limits and usids.
pub(crate) const SERVER_FORMAT: u32 = 2;
/// The same of domain objects; 2 since objects carry dates, 3 since accounts have a storage, 4 since there are other
/// recipients than accounts.
pub(crate) const OBJECTS_FORMAT: u32 = 4;

pub(crate) const DOMAIN: &str = "domain";
pub(crate) const ADMIN: &str = "admin";
pub(crate) const KEPT: &str = "kept";
pub(crate) const META: &str = "meta";
/// Tables of the server storage.
pub(crate) const SERVER_TABLES: &[&str] = &[DOMAIN, ADMIN, KEPT, META];

pub(crate) const OBJECT: &str = "object";
pub(crate) const NAME: &str = "name";
pub(crate) const CREDENTIAL: &str = "credential";
pub(crate) const REGISTRY: &str = "registry";
/// Account id → usid of the storage its mail is in; those that are not here are in the first of the domain.
pub(crate) const STORAGE: &str = "storage";
/// Tables of domain objects.
pub(crate) const OBJECT_TABLES: &[&str] = &[OBJECT, NAME, CREDENTIAL, REGISTRY, META, STORAGE];

/// Key of the next number in `meta`.
pub(crate) const NEXT: &[u8] = b"next";
/// Key in `meta` of domain objects of when the daily maintenance was last done, i64 seconds since 1970.
pub(crate) const MAINTAINED: &[u8] = b"maintained";
/// Key of the server storage's own usid in `meta`.
pub(crate) const USID: &[u8] = b"usid";
/// Above every key of a table whose keys are names: no UTF-8 text contains this byte.
pub(crate) const NAMES_END: &[u8] = &[0xFF];

/// Version byte of stored objects.
const OBJECT_VERSION: u8 = 2;
/// Version byte of objects without dates, which are still read.
const DATELESS_VERSION: u8 = 1;

/// What an object or a name belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Domain,
    Account,
    Group,
    List,
    FolderRcpt,
}

impl Kind {
    const fn code(self) -> u8 {
        match self {
            Self::Domain => 0,
            Self::Account => 1,
            Self::Group => 2,
            Self::List => 3,
            Self::FolderRcpt => 4,
        }
    }

    fn of(code: u8) -> Result<Self, Refusal> {
        match code {
            0 => Ok(Self::Domain),
            1 => Ok(Self::Account),
            2 => Ok(Self::Group),
            3 => Ok(Self::List),
            4 => Ok(Self::FolderRcpt),
            _ => Err(unreadable()),
        }
    }

    /// Path of its context in the schema.
    const fn path(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Account => "domain/account",
            Self::Group => "domain/group",
            Self::List => "domain/list",
            Self::FolderRcpt => "domain/folderRcpt",
        }
    }

    /// What an administrator calls it.
    pub(crate) const fn noun(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Account => "account",
            Self::Group => "group",
            Self::List => "list",
            Self::FolderRcpt => "folder recipient",
        }
    }

    /// The same with its article.
    pub(crate) const fn with_article(self) -> &'static str {
        match self {
            Self::Domain => "a domain",
            Self::Account => "an account",
            Self::Group => "a group",
            Self::List => "a list",
            Self::FolderRcpt => "a folder recipient",
        }
    }

    /// Its context.
    pub(crate) fn context(self) -> Result<&'static schema::Context, Refusal> {
        let missing = || Refusal::new(Cause::Internal, format!("the schema has no {}", self.path()));
        schema::context(self.path()).ok_or_else(missing)
    }
}

/// Key in `object`.
pub(crate) fn object_key(kind: Kind, id: u64) -> [u8; 9] {
    let mut key = [0; 9];
    key[0] = kind.code();
    key[1..].copy_from_slice(&id.to_be_bytes());
    key
}

/// When an object was made and last changed, in seconds since 1970; 0 when that is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dates {
    /// When it was made.
    pub created: i64,
    /// When it, or its password, was last changed.
    pub modified: i64,
}

impl Dates {
    /// Of an object that is made now.
    pub(crate) const fn new(now: i64) -> Self {
        Self {
            created: now,
            modified: now,
        }
    }

    /// The same, changed now.
    pub(crate) const fn changed(self, now: i64) -> Self {
        Self {
            modified: now,
            ..self
        }
    }
}

/// An object as it is stored: passwords are never part of it.
pub(crate) fn encode_object(object: &Object, dates: Dates) -> Vec<u8> {
    let mut out = vec![OBJECT_VERSION];
    out.extend_from_slice(&dates.created.to_be_bytes());
    out.extend_from_slice(&dates.modified.to_be_bytes());
    out.extend_from_slice(object.print().as_bytes());
    out
}

/// Reads a stored object. What a newer or older schema wrote and this one does not know is kept by the parser; a
/// value that no longer fits its kind is logged and falls back to its default.
pub(crate) fn decode_object(kind: Kind, bytes: &[u8]) -> Result<(Object, Dates), Refusal> {
    let mut from = Reader::new(bytes);
    let dates = match from.u8()? {
        OBJECT_VERSION => Dates {
            created: from.i64()?,
            modified: from.i64()?,
        },
        DATELESS_VERSION => Dates::default(),
        _ => return Err(unreadable()),
    };
    let text = std::str::from_utf8(from.rest()).map_err(|_| unreadable())?;
    let (object, diagnostics) = Object::parse(kind.context()?, text);
    for mistake in diagnostics
        .iter()
        .filter(|mistake| mistake.severity == Severity::Error)
    {
        tracing::error!(module = "SERVER", "stored {}: {}", kind.path(), mistake.message);
    }
    Ok((object, dates))
}

/// Who bears a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NameRecord {
    pub(crate) kind: Kind,
    /// Whether it is a further name.
    pub(crate) alias: bool,
    pub(crate) id: u64,
    /// The name as written.
    pub(crate) shown: String,
}

impl NameRecord {
    pub(crate) fn encode(&self) -> Result<Vec<u8>, Refusal> {
        let mut out = Writer::default();
        out.u8(self.kind.code());
        out.u8(u8::from(self.alias));
        out.u64(self.id);
        out.text(&self.shown)?;
        Ok(out.finish())
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut from = Reader::new(bytes);
        let kind = Kind::of(from.u8()?)?;
        let alias = from.u8()? != 0;
        Ok(Self {
            kind,
            alias,
            id: from.u64()?,
            shown: from.text()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Dates, Kind, decode_object, encode_object};
    use axigen_shared::schema::Object;

    #[test]
    fn objects_of_both_versions_are_read() {
        let mut account = Object::new(Kind::Account.context().unwrap());
        account.set_text("name", "ann").unwrap();
        let dates = Dates::new(1_700_000_000).changed(1_800_000_000);
        let bytes = encode_object(&account, dates);
        assert_eq!(
            decode_object(Kind::Account, &bytes).unwrap(),
            (account.clone(), dates)
        );
        let dateless = [&[1], account.print().as_bytes()].concat();
        assert_eq!(
            decode_object(Kind::Account, &dateless).unwrap(),
            (account, Dates::default())
        );
        for bad in [&[][..], &[2, 0, 0], &[3; 40]] {
            assert!(decode_object(Kind::Account, bad).is_err());
        }
    }
}
