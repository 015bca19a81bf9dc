//! Values of the tables `mailbox`, `folder`, `keyword`, `message`, `seen` and the small ones: their bytes.
//!
//! Fixed layouts, big-endian, a version byte first. A version we do not know is refused, never guessed.

mod seen_row;

use axigen_shared::Refusal;

pub(super) use seen_row::SeenRow;

use super::{
    KEYWORD_LIMIT,
    flags::SystemFlags,
    types::{FolderQuota, SpecialUse},
};
use crate::{
    body::BodyRef,
    error::{damaged, newer},
};

/// Version of all rows here.
const VERSION: u8 = 1;
/// Stands for "the account's value" in a stored quota; no real quota is so large.
const NO_QUOTA: u64 = u64::MAX;

/// Reads fixed fields one after the other.
struct Fields<'a> {
    what: &'static str,
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    fn new(what: &'static str, bytes: &'a [u8]) -> Result<Self, Refusal> {
        let (version, rest) = bytes.split_first().ok_or_else(|| damaged(what))?;
        if *version != VERSION {
            return Err(newer(what, (*version).into(), VERSION.into()));
        }
        Ok(Self { what, rest })
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        let (taken, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or_else(|| damaged(self.what))?;
        self.rest = rest;
        Ok(*taken)
    }

    fn u8(&mut self) -> Result<u8, Refusal> {
        self.array::<1>().map(|[byte]| byte)
    }

    fn u32(&mut self) -> Result<u32, Refusal> {
        self.array().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Result<u64, Refusal> {
        self.array().map(u64::from_be_bytes)
    }

    fn i64(&mut self) -> Result<i64, Refusal> {
        self.array().map(i64::from_be_bytes)
    }

    fn text(&mut self, len: usize) -> Result<String, Refusal> {
        let (taken, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or_else(|| damaged(self.what))?;
        self.rest = rest;
        String::from_utf8(taken.to_vec()).map_err(|_| damaged(self.what))
    }

    fn end(&self) -> Result<(), Refusal> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(damaged(self.what))
        }
    }
}

/// Value of `mailbox`. Stays when the mailbox is removed, so that its counters never go back.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct MailboxRow {
    /// Last MODSEQ given to anything in the mailbox.
    pub modseq: u64,
    /// Last folder number given.
    pub last_folder: u32,
    /// Last UIDVALIDITY given.
    pub last_uid_validity: u32,
    pub size: u64,
    pub messages: u64,
    pub folders: u64,
}

impl MailboxRow {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        out.extend_from_slice(&self.modseq.to_be_bytes());
        out.extend_from_slice(&self.last_folder.to_be_bytes());
        out.extend_from_slice(&self.last_uid_validity.to_be_bytes());
        for value in [self.size, self.messages, self.folders] {
            out.extend_from_slice(&value.to_be_bytes());
        }
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut fields = Fields::new("mailbox row", bytes)?;
        let row = Self {
            modseq: fields.u64()?,
            last_folder: fields.u32()?,
            last_uid_validity: fields.u32()?,
            size: fields.u64()?,
            messages: fields.u64()?,
            folders: fields.u64()?,
        };
        fields.end()?;
        Ok(row)
    }
}

/// Value of `folder`.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct FolderRow {
    pub name: String,
    pub special_use: Option<SpecialUse>,
    pub uid_validity: u32,
    pub uid_next: u32,
    pub highest_modseq: u64,
    pub messages: u32,
    pub unseen: u32,
    pub deleted: u32,
    pub size: u64,
    pub recent_from: u32,
    /// Rows of this folder in `expunged`.
    pub expunged: u32,
    /// The expunge history is complete for changes after this MODSEQ.
    pub history_from: u64,
    pub quota: FolderQuota,
}

impl FolderRow {
    pub(super) fn encode(&self) -> Vec<u8> {
        // The byte after the version is kept for properties such as "cannot be selected".
        let mut out = vec![VERSION, 0, use_code(self.special_use)];
        out.extend_from_slice(&self.uid_validity.to_be_bytes());
        out.extend_from_slice(&self.uid_next.to_be_bytes());
        out.extend_from_slice(&self.highest_modseq.to_be_bytes());
        for value in [self.messages, self.unseen, self.deleted] {
            out.extend_from_slice(&value.to_be_bytes());
        }
        out.extend_from_slice(&self.size.to_be_bytes());
        out.extend_from_slice(&self.recent_from.to_be_bytes());
        out.extend_from_slice(&self.expunged.to_be_bytes());
        out.extend_from_slice(&self.history_from.to_be_bytes());
        for quota in [self.quota.count, self.quota.size_kb] {
            out.extend_from_slice(&quota.unwrap_or(NO_QUOTA).to_be_bytes());
        }
        out.extend_from_slice(self.name.as_bytes());
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut fields = Fields::new("folder row", bytes)?;
        fields.u8()?;
        let special_use = use_of(fields.u8()?)?;
        let uid_validity = fields.u32()?;
        let uid_next = fields.u32()?;
        let highest_modseq = fields.u64()?;
        let messages = fields.u32()?;
        let unseen = fields.u32()?;
        let deleted = fields.u32()?;
        let size = fields.u64()?;
        let recent_from = fields.u32()?;
        let expunged = fields.u32()?;
        let history_from = fields.u64()?;
        let count = Some(fields.u64()?).filter(|quota| *quota != NO_QUOTA);
        let size_kb = Some(fields.u64()?).filter(|quota| *quota != NO_QUOTA);
        let name = fields.text(fields.rest.len())?;
        Ok(Self {
            name,
            special_use,
            uid_validity,
            uid_next,
            highest_modseq,
            messages,
            unseen,
            deleted,
            size,
            recent_from,
            expunged,
            history_from,
            quota: FolderQuota { count, size_kb },
        })
    }
}

fn use_code(special_use: Option<SpecialUse>) -> u8 {
    match special_use {
        None => 0,
        Some(SpecialUse::All) => 1,
        Some(SpecialUse::Archive) => 2,
        Some(SpecialUse::Drafts) => 3,
        Some(SpecialUse::Flagged) => 4,
        Some(SpecialUse::Junk) => 5,
        Some(SpecialUse::Sent) => 6,
        Some(SpecialUse::Trash) => 7,
    }
}

fn use_of(code: u8) -> Result<Option<SpecialUse>, Refusal> {
    Ok(Some(match code {
        0 => return Ok(None),
        1 => SpecialUse::All,
        2 => SpecialUse::Archive,
        3 => SpecialUse::Drafts,
        4 => SpecialUse::Flagged,
        5 => SpecialUse::Junk,
        6 => SpecialUse::Sent,
        7 => SpecialUse::Trash,
        _ => return Err(damaged("folder row")),
    }))
}

/// Value of `message`: 54 bytes, so that a hundred thousand of them are a few megabytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct MessageValue {
    pub system: SystemFlags,
    /// Bit `n` stands for the `n`th keyword of the folder.
    pub keywords: u64,
    pub modseq: u64,
    pub internal_date: i64,
    pub saved: i64,
    pub body: BodyRef,
}

impl MessageValue {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION, self.system.bits()];
        out.extend_from_slice(&self.keywords.to_be_bytes());
        out.extend_from_slice(&self.modseq.to_be_bytes());
        out.extend_from_slice(&self.internal_date.to_be_bytes());
        out.extend_from_slice(&self.saved.to_be_bytes());
        out.extend_from_slice(&self.body.encode());
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut fields = Fields::new("message row", bytes)?;
        Ok(Self {
            system: SystemFlags::from_bits(fields.u8()?),
            keywords: fields.u64()?,
            modseq: fields.u64()?,
            internal_date: fields.i64()?,
            saved: fields.i64()?,
            body: BodyRef::decode(fields.rest)?,
        })
    }

    pub(super) fn is_unseen(&self) -> bool {
        !self.system.contains(SystemFlags::SEEN)
    }

    pub(super) fn is_deleted(&self) -> bool {
        self.system.contains(SystemFlags::DELETED)
    }
}

/// Value of `keyword`: name of each bit; a bit that was given back has the empty name.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(super) struct KeywordRow(pub Vec<String>);

impl KeywordRow {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        for name in &self.0 {
            out.push(name.len() as u8);
            out.extend_from_slice(name.as_bytes());
        }
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut fields = Fields::new("keyword row", bytes)?;
        let mut names = Vec::new();
        while !fields.rest.is_empty() && names.len() < KEYWORD_LIMIT {
            let len = fields.u8()?;
            names.push(fields.text(len.into())?);
        }
        fields.end()?;
        Ok(Self(names))
    }

    /// The bit of a keyword, without regard to ASCII case.
    pub(super) fn bit(&self, name: &str) -> Option<usize> {
        self.0
            .iter()
            .position(|known| !known.is_empty() && known.eq_ignore_ascii_case(name))
    }

    /// The names of the bits in `set`.
    pub(super) fn names(&self, set: u64) -> Vec<String> {
        if set == 0 {
            return Vec::new();
        }
        let named = self
            .0
            .iter()
            .enumerate()
            .filter(|(bit, name)| set >> bit & 1 == 1 && !name.is_empty());
        named.map(|(_, name)| name.clone()).collect()
    }
}

/// A value that is one number: `name` (folder), `change`, `expunged` and `delivered` (UID).
pub(super) fn encode_number(number: u32) -> [u8; 5] {
    let [a, b, c, d] = number.to_be_bytes();
    [VERSION, a, b, c, d]
}

/// Reads what [`encode_number`] wrote.
pub(super) fn decode_number(what: &'static str, bytes: &[u8]) -> Result<u32, Refusal> {
    let mut fields = Fields::new(what, bytes)?;
    let number = fields.u32()?;
    fields.end()?;
    Ok(number)
}

/// A value that says only that the key is there: `subscription`.
pub(super) const PRESENT: [u8; 1] = [VERSION];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_survive_encoding() {
        let mailbox = MailboxRow {
            modseq: 1,
            last_folder: 2,
            last_uid_validity: 3,
            size: 4,
            messages: 5,
            folders: 6,
        };
        assert_eq!(MailboxRow::decode(&mailbox.encode()), Ok(mailbox));
        let folder = FolderRow {
            name: "Büro/2026".into(),
            special_use: Some(SpecialUse::Archive),
            uid_validity: 1,
            uid_next: 2,
            highest_modseq: 3,
            messages: 4,
            unseen: 5,
            deleted: 6,
            size: 7,
            recent_from: 8,
            expunged: 9,
            history_from: 10,
            quota: FolderQuota {
                count: Some(0),
                size_kb: None,
            },
        };
        assert_eq!(FolderRow::decode(&folder.encode()), Ok(folder));
        let message = MessageValue {
            system: SystemFlags::SEEN | SystemFlags::DRAFT,
            keywords: 5,
            modseq: 6,
            internal_date: -7,
            saved: 8,
            body: BodyRef {
                file: 9,
                offset: 10,
                len: 11,
            },
        };
        assert_eq!(message.encode().len(), 54);
        assert_eq!(MessageValue::decode(&message.encode()), Ok(message));
        let keywords = KeywordRow(vec!["$Junk".into(), String::new(), "Größe".into()]);
        assert_eq!(KeywordRow::decode(&keywords.encode()), Ok(keywords.clone()));
        assert_eq!(keywords.names(0b111), ["$Junk", "Größe"]);
        assert_eq!(keywords.bit("$junk"), Some(0));
        assert_eq!(keywords.bit(""), None);
    }

    #[test]
    fn short_or_newer_rows_are_refused() {
        let row = MailboxRow::default().encode();
        assert!(MailboxRow::decode(&row[..row.len() - 1]).is_err());
        let mut newer = row;
        newer[0] = 2;
        assert!(MailboxRow::decode(&newer).unwrap_err().detail.contains("newer"));
    }
}
