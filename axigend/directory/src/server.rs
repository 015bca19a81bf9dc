//! Server storage (`serverData/`): the list of domains and the administrative users.
//!
//! What a domain is stands in its own objects; here is only what is needed to find it, and its names once more, so
//! that a disabled domain still answers to all of them. Changes of more than one place go through the states
//! [`DomainState::Creating`] and [`DomainState::Deleting`], which the next start finishes.

use std::path::Path;
use std::sync::Arc;

use axigen_shared::{Cause, Refusal};
use axigend_storage::{Disk, Ledger, LedgerOptions, Txn};

use crate::codec::{Reader, Writer, unreadable};
use crate::credential::Credential;
use crate::names::local_key;
use crate::tables::{ADMIN, DOMAIN, KEPT, META, NAMES_END, NEXT, SERVER_FORMAT, SERVER_TABLES};

/// Version byte of records here.
const VERSION: u8 = 1;
/// Cache of the index: domains and admins are read into memory at start.
const CACHE: usize = 1 << 20;
/// Rows read at once.
const PAGE: usize = 1024;

/// Keys and values.
type Rows = Vec<(Vec<u8>, Vec<u8>)>;

/// In which state of its life a domain is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DomainState {
    /// Its storage is being made. Found at start: nobody was told that it exists; it is removed.
    Creating,
    Enabled,
    Disabled,
    /// Found at start: the deletion is finished. With a location when a copy is kept there.
    Deleting(Option<String>),
}

/// One domain in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DomainRecord {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) state: DomainState,
    /// Its directory, as kept by [`crate::paths`]; likewise the next two.
    pub(crate) location: String,
    pub(crate) objects: String,
    pub(crate) messages: Vec<String>,
    pub(crate) groupware: bool,
}

impl DomainRecord {
    fn encode(&self) -> Result<Vec<u8>, Refusal> {
        let mut out = Writer::default();
        out.u8(VERSION);
        let (state, kept) = match &self.state {
            DomainState::Creating => (0, ""),
            DomainState::Enabled => (1, ""),
            DomainState::Disabled => (2, ""),
            DomainState::Deleting(None) => (3, ""),
            DomainState::Deleting(Some(copy)) => (4, copy.as_str()),
        };
        out.u8(state);
        out.text(kept)?;
        out.u8(u8::from(self.groupware));
        out.text(&self.name)?;
        out.texts(&self.aliases)?;
        out.text(&self.location)?;
        out.text(&self.objects)?;
        out.texts(&self.messages)?;
        Ok(out.finish())
    }

    pub(crate) fn decode(key: &[u8], bytes: &[u8]) -> Result<Self, Refusal> {
        let id = u32::from_be_bytes(key.try_into().map_err(|_| unreadable())?);
        let mut from = Reader::new(bytes);
        if from.u8()? != VERSION {
            return Err(unreadable());
        }
        let state = from.u8()?;
        let kept = from.text()?;
        let state = match state {
            0 => DomainState::Creating,
            1 => DomainState::Enabled,
            2 => DomainState::Disabled,
            3 => DomainState::Deleting(None),
            4 => DomainState::Deleting(Some(kept)),
            _ => return Err(unreadable()),
        };
        let groupware = from.u8()? != 0;
        let (name, aliases) = (from.text()?, from.texts()?);
        let (location, objects, messages) = (from.text()?, from.text()?, from.texts()?);
        Ok(Self {
            id,
            name,
            aliases,
            state,
            location,
            objects,
            messages,
            groupware,
        })
    }

    /// Writes the record.
    pub(crate) fn put(&self, txn: &mut Txn<'_>) -> Result<(), Refusal> {
        txn.put(DOMAIN, &self.id.to_be_bytes(), &self.encode()?)
    }
}

/// An administrative user.
#[derive(Clone, Debug)]
pub(crate) struct AdminRecord {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) credential: Arc<Credential>,
}

impl AdminRecord {
    fn encode(&self) -> Result<Vec<u8>, Refusal> {
        let mut out = Writer::default();
        out.u8(VERSION);
        out.u64(self.id);
        out.text(&self.name)?;
        let mut bytes = out.finish();
        bytes.extend_from_slice(&self.credential.encode());
        Ok(bytes)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let mut from = Reader::new(bytes);
        if from.u8()? != VERSION {
            return Err(unreadable());
        }
        let (id, name) = (from.u64()?, from.text()?);
        let credential = Arc::new(Credential::decode(from.rest())?);
        Ok(Self { id, name, credential })
    }
}

/// The ledger of `serverData/`.
pub(crate) struct ServerStorage {
    ledger: Arc<Ledger>,
}

impl ServerStorage {
    /// Opens it; an absent one is made.
    pub(crate) fn open(dir: &Path, disk: Arc<dyn Disk>) -> Result<Self, Refusal> {
        let options = LedgerOptions {
            cache_bytes: CACHE,
            ..LedgerOptions::new("directory", SERVER_TABLES, SERVER_FORMAT)
        };
        Ok(Self {
            ledger: Ledger::open(dir, disk, options)?,
        })
    }

    pub(crate) fn close(&self) -> Result<(), Refusal> {
        self.ledger.close()
    }

    /// Every domain, in any state. One that cannot be read is logged and left out.
    pub(crate) fn domains(&self) -> Result<Vec<DomainRecord>, Refusal> {
        let rows = self.rows(DOMAIN, &[0xFF; 5])?;
        let read = |(key, value): &(Vec<u8>, Vec<u8>)| match DomainRecord::decode(key, value) {
            Ok(record) => Some(record),
            Err(why) => {
                tracing::error!(module = "SERVER", "domain number {key:02X?}: {}", why.detail);
                None
            }
        };
        Ok(rows.iter().filter_map(read).collect())
    }

    /// Every administrative user, by lookup name.
    pub(crate) fn admins(&self) -> Result<Vec<AdminRecord>, Refusal> {
        self.rows(ADMIN, NAMES_END)?
            .iter()
            .map(|(_, value)| AdminRecord::decode(value))
            .collect()
    }

    fn rows(&self, table: &str, end: &[u8]) -> Result<Rows, Refusal> {
        let mut rows: Rows = Vec::new();
        loop {
            let mut from = rows.last().map_or_else(Vec::new, |(key, _)| key.clone());
            if !rows.is_empty() {
                from.push(0);
            }
            let page = self.ledger.read(|at| at.scan(table, &from, end, PAGE))?;
            let full = page.len() == PAGE;
            rows.extend(page);
            if !full {
                return Ok(rows);
            }
        }
    }

    /// Lists a new domain, giving it its number.
    pub(crate) async fn add(&self, mut record: DomainRecord) -> Result<DomainRecord, Refusal> {
        let write = self.ledger.write(move |txn| {
            record.id = u32::try_from(next_number(txn)?)
                .map_err(|_| Refusal::new(Cause::TooLarge, "domain numbers are used up"))?;
            record.put(txn)?;
            Ok(record)
        });
        write.await
    }

    /// Writes a changed record.
    pub(crate) async fn put(&self, record: DomainRecord) -> Result<(), Refusal> {
        self.ledger.write(move |txn| record.put(txn)).await
    }

    /// Takes a domain off the list; notes where its copy is.
    pub(crate) async fn remove(&self, record: &DomainRecord) -> Result<(), Refusal> {
        let gone = removal(record);
        self.ledger.write(move |txn| gone(txn)).await
    }

    /// The same, at start.
    pub(crate) fn remove_blocking(&self, record: &DomainRecord) -> Result<(), Refusal> {
        let gone = removal(record);
        self.ledger.write_blocking(move |txn| gone(txn))
    }

    /// Sets the password of an administrative user, who is made when there is none of this name.
    pub(crate) async fn put_admin(
        &self,
        name: String,
        credential: Credential,
    ) -> Result<AdminRecord, Refusal> {
        let write = self.ledger.write(move |txn| {
            let key = local_key(&name);
            let known = txn
                .get(ADMIN, key.as_bytes())?
                .map(|bytes| AdminRecord::decode(&bytes))
                .transpose()?;
            let (id, name) = match known {
                Some(known) => (known.id, known.name),
                None => (next_number(txn)?, name),
            };
            let record = AdminRecord {
                id,
                name,
                credential: Arc::new(credential),
            };
            txn.put(ADMIN, key.as_bytes(), &record.encode()?)?;
            Ok(record)
        });
        write.await
    }
}

/// What takes a domain off the list.
fn removal(record: &DomainRecord) -> impl FnOnce(&mut Txn<'_>) -> Result<(), Refusal> + Send + use<> {
    let record = record.clone();
    move |txn| {
        if let DomainState::Deleting(Some(copy)) = &record.state {
            txn.put(KEPT, record.name.as_bytes(), copy.as_bytes())?;
        }
        txn.delete(DOMAIN, &record.id.to_be_bytes())
    }
}

/// The next number of anything in a ledger of ours; starts at 1, is never given out again.
pub(crate) fn next_number(txn: &mut Txn<'_>) -> Result<u64, Refusal> {
    let next = match txn.get(META, NEXT)? {
        Some(bytes) => u64::from_be_bytes(bytes.try_into().map_err(|_| unreadable())?),
        None => 1,
    };
    let after = next
        .checked_add(1)
        .ok_or_else(|| Refusal::new(Cause::TooLarge, "numbers are used up"))?;
    txn.put(META, NEXT, &after.to_be_bytes())?;
    Ok(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_record_reads_back() {
        for state in [
            DomainState::Creating,
            DomainState::Enabled,
            DomainState::Disabled,
            DomainState::Deleting(None),
            DomainState::Deleting(Some("domains/x.kept-1".into())),
        ] {
            let record = DomainRecord {
                id: 258,
                name: "example.org".into(),
                aliases: vec!["example.net".into()],
                state,
                location: "domains/example.org".into(),
                objects: "domains/example.org/objects".into(),
                messages: vec!["domains/example.org/messages".into()],
                groupware: true,
            };
            let bytes = record.encode().unwrap();
            assert_eq!(DomainRecord::decode(&[0, 0, 1, 2], &bytes).unwrap(), record);
            for cut in 0..bytes.len() {
                assert!(DomainRecord::decode(&[0, 0, 1, 2], &bytes[..cut]).is_err());
            }
        }
    }
}
