//! Server storage (`serverData/`): the list of domains and the administrative users.
//!
//! Changes of more than one place go through the states [`DomainState::Creating`], [`DomainState::Deleting`] and
//! [`DomainState::Restoring`], which the next start finishes.

use std::path::Path;
use std::sync::Arc;

use axigen_shared::{Cause, Refusal};
use axigend_storage::{Disk, Ledger, LedgerOptions, Txn};

use crate::codec::{Reader, Writer, unreadable};
use crate::credential::Credential;
use crate::names::local_key;
use crate::place::Usid;
use crate::record::{DomainRecord, DomainState};
use crate::tables::{ADMIN, DOMAIN, KEPT, META, NAMES_END, NEXT, SERVER_FORMAT, SERVER_TABLES, USID};

/// Version byte of records here.
const VERSION: u8 = 1;
/// Cache of the index: domains and admins are read into memory at start.
const CACHE: usize = 1 << 20;
/// Rows read at once.
const PAGE: usize = 1024;

/// Keys and values.
type Rows = Vec<(Vec<u8>, Vec<u8>)>;

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
    /// The ledger, for maintenance.
    pub(crate) fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

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

    /// The same, at start.
    pub(crate) fn put_blocking(&self, record: DomainRecord) -> Result<(), Refusal> {
        self.ledger.write_blocking(move |txn| record.put(txn))
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

    /// What was kept of a deleted domain.
    pub(crate) fn kept(&self, name: &str) -> Result<Option<Kept>, Refusal> {
        let bytes = self.ledger.read(|at| at.get(KEPT, name.as_bytes()))?;
        bytes.map(|bytes| decode_kept(&bytes)).transpose()
    }

    /// As versions did that kept nothing else.
    #[cfg(test)]
    pub(crate) fn keep_path(&self, name: &'static str, path: &'static str) {
        let keep = move |txn: &mut Txn<'_>| txn.put(KEPT, name.as_bytes(), path.as_bytes());
        self.ledger.write_blocking(keep).unwrap();
    }

    /// A restored domain is in the list for good; its kept copy is none any more.
    pub(crate) fn restored_blocking(&self, record: DomainRecord) -> Result<(), Refusal> {
        self.ledger.write_blocking(move |txn| {
            txn.delete(KEPT, record.name.as_bytes())?;
            record.put(txn)
        })
    }

    /// A number for a domain whose own is not known.
    pub(crate) async fn number(&self) -> Result<u32, Refusal> {
        let number = self.ledger.write(next_number).await?;
        u32::try_from(number).map_err(|_| Refusal::new(Cause::TooLarge, "domain numbers are used up"))
    }

    /// Takes a domain off the list that was never told to be on it.
    pub(crate) async fn forget(&self, id: u32) -> Result<(), Refusal> {
        self.ledger
            .write(move |txn| txn.delete(DOMAIN, &id.to_be_bytes()))
            .await
    }

    /// Its own usid, drawn at the first question.
    pub(crate) fn usid(&self) -> Result<Usid, Refusal> {
        if let Some(bytes) = self.ledger.read(|at| at.get(META, USID))? {
            return Usid::of_bytes(&bytes);
        }
        let usid = Usid::new()?;
        self.ledger
            .write_blocking(move |txn| txn.put(META, USID, &usid.to_bytes()))?;
        Ok(usid)
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

/// Version byte of a kept domain with its record; what begins otherwise is the bare path of a copy, kept before there
/// was RESTORE.
const KEPT_VERSION: u8 = 2;

/// A domain of which a copy was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// With all that the list knew of it; its state says where the copy is.
    Record(DomainRecord),
    /// Only where the copy is.
    Path(String),
}

fn kept(record: &DomainRecord) -> Result<Vec<u8>, Refusal> {
    Ok([&[KEPT_VERSION][..], &record.id.to_be_bytes(), &record.encode()?].concat())
}

fn decode_kept(bytes: &[u8]) -> Result<Kept, Refusal> {
    if let Some((KEPT_VERSION, rest)) = bytes.split_first().map(|(first, rest)| (*first, rest)) {
        let (key, record) = rest.split_at_checked(4).ok_or_else(unreadable)?;
        return DomainRecord::decode(key, record).map(Kept::Record);
    }
    String::from_utf8(bytes.to_vec())
        .map(Kept::Path)
        .map_err(|_| unreadable())
}

/// What takes a domain off the list.
fn removal(record: &DomainRecord) -> impl FnOnce(&mut Txn<'_>) -> Result<(), Refusal> + Send + use<> {
    let record = record.clone();
    move |txn| {
        if let DomainState::Deleting(Some(_)) = &record.state {
            txn.put(KEPT, record.name.as_bytes(), &kept(&record)?)?;
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

/// This number was given out, whatever the counter says.
pub(crate) fn number_taken(txn: &mut Txn<'_>, number: u64) -> Result<(), Refusal> {
    let next = match txn.get(META, NEXT)? {
        Some(bytes) => u64::from_be_bytes(bytes.try_into().map_err(|_| unreadable())?),
        None => 1,
    };
    if next <= number {
        txn.put(META, NEXT, &number.saturating_add(1).to_be_bytes())?;
    }
    Ok(())
}
