//! Tables of the two kinds of ledger here, their keys and small records.
//!
//! Server storage: `domain` (id, u32 → [`crate::server::DomainRecord`]), `admin` (name → credential), `kept` (domain
//! name → location of the copy that DELETE kept), `meta`. Domain objects: `object` (kind u8 and id u64 → version u8
//! and text of the object), `name` (local key → [`NameRecord`]; one name space for accounts, aliases and all other
//! recipients), `credential` (account id → credential), `registry` (account id → last logins), `meta`
//! (`"next"` → next id, u64).

use axigen_shared::schema::{self, Object, Severity};
use axigen_shared::{Cause, Refusal};

use crate::codec::{Reader, Writer, unreadable};

/// Format of the values; a directory written with a higher one is refused.
pub(crate) const FORMAT: u32 = 1;

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
/// Tables of domain objects.
pub(crate) const OBJECT_TABLES: &[&str] = &[OBJECT, NAME, CREDENTIAL, REGISTRY, META];

/// Key of the next number in `meta`.
pub(crate) const NEXT: &[u8] = b"next";
/// Above every key of a table whose keys are names: no UTF-8 text contains this byte.
pub(crate) const NAMES_END: &[u8] = &[0xFF];

/// Version byte of stored objects.
const OBJECT_VERSION: u8 = 1;

/// What an object or a name belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Domain,
    Account,
}

impl Kind {
    const fn code(self) -> u8 {
        match self {
            Self::Domain => 0,
            Self::Account => 1,
        }
    }

    fn of(code: u8) -> Result<Self, Refusal> {
        match code {
            0 => Ok(Self::Domain),
            1 => Ok(Self::Account),
            _ => Err(unreadable()),
        }
    }

    /// Path of its context in the schema.
    const fn path(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Account => "domain/account",
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

/// An object as it is stored: passwords are never part of it.
pub(crate) fn encode_object(object: &Object) -> Vec<u8> {
    let mut out = vec![OBJECT_VERSION];
    out.extend_from_slice(object.print().as_bytes());
    out
}

/// Reads a stored object. What a newer or older schema wrote and this one does not know is kept by the parser; a
/// value that no longer fits its kind is logged and falls back to its default.
pub(crate) fn decode_object(kind: Kind, bytes: &[u8]) -> Result<Object, Refusal> {
    let Some((&OBJECT_VERSION, text)) = bytes.split_first() else {
        return Err(unreadable());
    };
    let text = std::str::from_utf8(text).map_err(|_| unreadable())?;
    let (object, diagnostics) = Object::parse(kind.context()?, text);
    for mistake in diagnostics
        .iter()
        .filter(|mistake| mistake.severity == Severity::Error)
    {
        tracing::error!(module = "SERVER", "stored {}: {}", kind.path(), mistake.message);
    }
    Ok(object)
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
