//! The objects of one domain (`<location>/objects`): the domain itself, its accounts, one name space.
//!
//! Every change is one transaction that holds names, object and credential together: a name never leads to nothing
//! and two objects never share one. Passwords are kept apart from objects, as credentials.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use axigen_shared::schema::{Change, Object};
use axigen_shared::{Cause, Refusal};
use axigend_storage::{AccountId, Disk, Ledger, LedgerOptions, Snapshot, Txn};

use crate::credential::Credential;
use crate::mailing_list::list_names;
use crate::names::{local_key, matches_wildcard};
use crate::place::{Place, Usid};
use crate::server::{next_number, number_taken};
use crate::tables::{CREDENTIAL, Dates, Kind, MAINTAINED, META, NAME, NAMES_END, NameRecord, OBJECT};
use crate::tables::{OBJECT_TABLES, REGISTRY};
use crate::tables::{OBJECTS_FORMAT, STORAGE, decode_object, encode_object, object_key};

/// Cache of the index of one domain. Accounts in use are cached as objects; this is for looking them up.
const CACHE: usize = 4 << 20;
/// Names read at once for a list.
const PAGE: usize = 1024;
/// Objects are small: a new file of the log is begun early.
const FILE_SIZE: u64 = 64 << 20;
/// Number of the domain object among the objects.
const DOMAIN_ID: u64 = 0;

/// See the module.
pub(crate) struct DomainObjects {
    pub(crate) ledger: Arc<Ledger>,
    /// Has the clock.
    pub(crate) disk: Arc<dyn Disk>,
}

/// An account as it is stored.
pub(crate) struct StoredAccount {
    pub(crate) id: AccountId,
    pub(crate) object: Object,
    pub(crate) dates: Dates,
    pub(crate) credential: Credential,
    /// In which storage of the domain its mail is; the first when it says nothing.
    pub(crate) storage: Option<Usid>,
}

impl DomainObjects {
    /// Opens the objects in `dir`, the directory of `place`, which is created when it is not there.
    pub(crate) fn open(dir: &Path, place: &Place, disk: Arc<dyn Disk>) -> Result<Self, Refusal> {
        let options = LedgerOptions {
            cache_bytes: CACHE,
            max_file_size: FILE_SIZE.min(place.limits().max_file_size),
            ..LedgerOptions::new("objects", OBJECT_TABLES, OBJECTS_FORMAT)
        };
        Ok(Self {
            ledger: Ledger::open(dir, Arc::clone(&disk), options)?,
            disk,
        })
    }

    pub(crate) fn close(&self) -> Result<(), Refusal> {
        self.ledger.close()
    }

    /// The ledger, for the registry.
    pub(crate) fn ledger(&self) -> &Arc<Ledger> {
        &self.ledger
    }

    /// The domain object; `None` when nothing was ever written here.
    pub(crate) fn domain(&self) -> Result<Option<(Object, Dates)>, Refusal> {
        self.ledger.read(|at| {
            let bytes = at.get(OBJECT, &object_key(Kind::Domain, DOMAIN_ID))?;
            bytes.map(|bytes| decode_object(Kind::Domain, &bytes)).transpose()
        })
    }

    /// Writes a new domain with its first account.
    pub(crate) async fn create(
        &self,
        domain: Object,
        postmaster: Object,
        credential: Credential,
        storage: Usid,
    ) -> Result<(), Refusal> {
        let dates = Dates::new(self.disk.unix_time());
        let write = self.ledger.write(move |txn| {
            txn.put(
                OBJECT,
                &object_key(Kind::Domain, DOMAIN_ID),
                &encode_object(&domain, dates),
            )?;
            add_account(txn, &postmaster, dates, &credential, storage).map(drop)
        });
        write.await
    }

    /// Applies changes to the newest domain object; the result is on disk when this returns it.
    pub(crate) async fn update_domain(
        &self,
        changes: Vec<Change>,
        check: impl FnOnce(&Object) -> Result<(), Refusal> + Send + 'static,
    ) -> Result<Object, Refusal> {
        let now = self.disk.unix_time();
        let write = self.ledger.write(move |txn| {
            let key = object_key(Kind::Domain, DOMAIN_ID);
            let bytes = txn.get(OBJECT, &key)?;
            let bytes = bytes.ok_or_else(|| Refusal::new(Cause::NoSuchDomain, "the domain has no object"))?;
            let (mut object, dates) = decode_object(Kind::Domain, &bytes)?;
            object.apply(&changes)?;
            check(&object)?;
            txn.put(OBJECT, &key, &encode_object(&object, dates.changed(now)))?;
            Ok(object)
        });
        write.await
    }

    /// The account with this lookup name (name or alias).
    pub(crate) fn account_named(&self, key: &str) -> Result<Option<StoredAccount>, Refusal> {
        self.ledger.read(|at| match named(at, key)? {
            Some(NameRecord {
                kind: Kind::Account,
                id,
                ..
            }) => account(at, id),
            _ => Ok(None),
        })
    }

    /// The account with this number.
    pub(crate) fn account(&self, id: AccountId) -> Result<Option<StoredAccount>, Refusal> {
        self.ledger.read(|at| account(at, id))
    }

    /// Names of accounts in order, from the one after `after`, at most `limit`.
    pub(crate) fn accounts(
        &self,
        after: Option<&str>,
        limit: usize,
        wildcard: Option<&str>,
    ) -> Result<Vec<String>, Refusal> {
        let found = self.listed(Some(Kind::Account), after, limit, wildcard)?;
        Ok(found.into_iter().map(|(_, name)| name).collect())
    }

    /// Kinds and names of the objects of one kind, or of all, in the same way.
    pub(crate) fn listed(
        &self,
        kind: Option<Kind>,
        after: Option<&str>,
        limit: usize,
        wildcard: Option<&str>,
    ) -> Result<Vec<(Kind, String)>, Refusal> {
        let mut from = after.map_or_else(Vec::new, |name| local_key(name).into_bytes());
        if after.is_some() {
            from.push(0);
        }
        let mut names = Vec::new();
        while names.len() < limit {
            let page = self.ledger.read(|at| at.scan(NAME, &from, NAMES_END, PAGE))?;
            let Some((last, _)) = page.last() else { break };
            from.clone_from(last);
            from.push(0);
            for (_, value) in &page {
                let record = NameRecord::decode(value)?;
                let wanted = kind.is_none_or(|kind| record.kind == kind) && !record.alias;
                if wanted && wildcard.is_none_or(|pattern| matches_wildcard(&record.shown, pattern)) {
                    names.push((record.kind, record.shown));
                }
            }
        }
        names.truncate(limit);
        Ok(names)
    }

    /// When the daily maintenance was last done; `None` when it never was.
    pub(crate) fn maintained(&self) -> Result<Option<i64>, Refusal> {
        let bytes = self.ledger.read(|at| at.get(META, MAINTAINED))?;
        let date = |bytes: Vec<u8>| Some(i64::from_be_bytes(bytes.try_into().ok()?));
        Ok(bytes.and_then(date))
    }

    /// The daily maintenance is done at this moment, or is due at once.
    pub(crate) async fn set_maintained(&self, date: Option<i64>) -> Result<(), Refusal> {
        let write = self.ledger.write(move |txn| match date {
            Some(date) => txn.put(META, MAINTAINED, &date.to_be_bytes()),
            None => txn.delete(META, MAINTAINED),
        });
        write.await
    }

    /// How many accounts and lists have their mail in each storage; those that say nothing are counted under `None`.
    pub(crate) fn accounts_by_storage(&self) -> Result<HashMap<Option<Usid>, u64>, Refusal> {
        let mut counts = HashMap::new();
        for kind in [Kind::Account, Kind::List] {
            self.count_by_storage(kind, &mut counts)?;
        }
        Ok(counts)
    }

    fn count_by_storage(&self, kind: Kind, counts: &mut HashMap<Option<Usid>, u64>) -> Result<(), Refusal> {
        let mut from = object_key(kind, 0).to_vec();
        let end = [object_key(kind, u64::MAX).as_slice(), &[0]].concat();
        loop {
            let page = self.ledger.read(|at| {
                let keys = at.scan(OBJECT, &from, &end, PAGE)?;
                let ids = keys.into_iter().map(|(key, _)| key);
                let stored = |key: Vec<u8>| {
                    let storage = at.get(STORAGE, key.get(1..).unwrap_or_default())?;
                    Ok((key, storage))
                };
                ids.map(stored).collect::<Result<Vec<_>, Refusal>>()
            })?;
            let Some((last, _)) = page.last() else {
                return Ok(());
            };
            from.clone_from(last);
            from.push(0);
            for (_, storage) in &page {
                let storage = storage.as_deref().map(Usid::of_bytes).transpose()?;
                let count: &mut u64 = counts.entry(storage).or_default();
                *count = count.saturating_add(1);
            }
        }
    }

    /// Adds an account; its name and aliases must be free.
    pub(crate) async fn add_account(
        &self,
        object: Object,
        credential: Credential,
        storage: Usid,
    ) -> Result<AccountId, Refusal> {
        let dates = Dates::new(self.disk.unix_time());
        self.ledger
            .write(move |txn| add_account(txn, &object, dates, &credential, storage))
            .await
    }

    /// Adds an account under a number that nobody has; later accounts get higher ones.
    pub(crate) async fn add_account_with(
        &self,
        id: AccountId,
        object: Object,
        credential: Credential,
        storage: Usid,
    ) -> Result<(), Refusal> {
        let dates = Dates::new(self.disk.unix_time());
        let write = self.ledger.write(move |txn| {
            if txn.get(OBJECT, &object_key(Kind::Account, id))?.is_some() {
                let detail = format!("number {id} is an account already");
                return Err(Refusal::new(Cause::AlreadyExists, detail));
            }
            number_taken(txn, id)?;
            put_account(txn, id, &object, dates, &credential, storage)
        });
        write.await
    }

    /// Applies changes to the newest object of an account; a new credential takes the next version.
    pub(crate) async fn update_account(
        &self,
        id: AccountId,
        changes: Vec<Change>,
        credential: Option<Credential>,
        check: impl FnOnce(&Object, &Object) -> Result<(), Refusal> + Send + 'static,
    ) -> Result<(), Refusal> {
        let now = self.disk.unix_time();
        let write = self.ledger.write(move |txn| {
            let key = object_key(Kind::Account, id);
            let bytes = txn.get(OBJECT, &key)?.ok_or_else(no_account)?;
            let (before, dates) = decode_object(Kind::Account, &bytes)?;
            let mut after = before.clone();
            after.apply(&changes)?;
            check(&before, &after)?;
            release_names(txn, Kind::Account, &before, id)?;
            take_names(txn, Kind::Account, &after, id)?;
            txn.put(OBJECT, &key, &encode_object(&after, dates.changed(now)))?;
            if let Some(mut credential) = credential {
                let known = txn.get(CREDENTIAL, &id.to_be_bytes())?;
                let version = known
                    .and_then(|bytes| Credential::decode(&bytes).ok())
                    .map_or(0, |old| old.version);
                credential.version = version.saturating_add(1);
                txn.put(CREDENTIAL, &id.to_be_bytes(), &credential.encode())?;
            }
            Ok(())
        });
        write.await
    }

    /// Removes an account: names, object, credential and what is known of its logins.
    pub(crate) async fn remove_account(&self, id: AccountId) -> Result<(), Refusal> {
        let write = self.ledger.write(move |txn| {
            let key = object_key(Kind::Account, id);
            let bytes = txn.get(OBJECT, &key)?.ok_or_else(no_account)?;
            release_names(txn, Kind::Account, &decode_object(Kind::Account, &bytes)?.0, id)?;
            txn.delete(OBJECT, &key)?;
            txn.delete(CREDENTIAL, &id.to_be_bytes())?;
            txn.delete(STORAGE, &id.to_be_bytes())?;
            txn.delete(REGISTRY, &id.to_be_bytes())
        });
        write.await
    }
}

fn no_account() -> Refusal {
    Refusal::new(Cause::NoSuchAccount, "account not found")
}

pub(crate) fn named(at: &Snapshot<'_>, key: &str) -> Result<Option<NameRecord>, Refusal> {
    at.get(NAME, key.as_bytes())?
        .map(|bytes| NameRecord::decode(&bytes))
        .transpose()
}

fn account(at: &Snapshot<'_>, id: AccountId) -> Result<Option<StoredAccount>, Refusal> {
    let Some(bytes) = at.get(OBJECT, &object_key(Kind::Account, id))? else {
        return Ok(None);
    };
    let (object, dates) = decode_object(Kind::Account, &bytes)?;
    let credential = match at.get(CREDENTIAL, &id.to_be_bytes())? {
        Some(bytes) => Credential::decode(&bytes)?,
        None => Credential::none(0),
    };
    let storage = at
        .get(STORAGE, &id.to_be_bytes())?
        .map(|bytes| Usid::of_bytes(&bytes))
        .transpose()?;
    Ok(Some(StoredAccount {
        id,
        object,
        dates,
        credential,
        storage,
    }))
}

fn add_account(
    txn: &mut Txn<'_>,
    object: &Object,
    dates: Dates,
    credential: &Credential,
    storage: Usid,
) -> Result<AccountId, Refusal> {
    let id = next_number(txn)?;
    put_account(txn, id, object, dates, credential, storage)?;
    Ok(id)
}

fn put_account(
    txn: &mut Txn<'_>,
    id: AccountId,
    object: &Object,
    dates: Dates,
    credential: &Credential,
    storage: Usid,
) -> Result<(), Refusal> {
    take_names(txn, Kind::Account, object, id)?;
    txn.put(
        OBJECT,
        &object_key(Kind::Account, id),
        &encode_object(object, dates),
    )?;
    txn.put(CREDENTIAL, &id.to_be_bytes(), &credential.encode())?;
    txn.put(STORAGE, &id.to_be_bytes(), &storage.to_bytes())
}

/// Fields and attributes that hold further names of an object: each leads to it.
fn further_names(kind: Kind, object: &Object) -> Vec<String> {
    match kind {
        Kind::List => list_names(object),
        _ => object.names("aliases").to_vec(),
    }
}

/// All names of an object: lookup form, whether an alias, as written.
pub(crate) fn names_of(kind: Kind, object: &Object) -> Vec<(String, bool, String)> {
    let name = object.get("name").str().to_owned();
    let further = further_names(kind, object)
        .into_iter()
        .map(|alias| (local_key(&alias), true, alias));
    std::iter::once((local_key(&name), false, name))
        .chain(further)
        .collect()
}

/// Enters the names of an object; refuses one that anything else, or the object itself already, bears.
pub(crate) fn take_names(txn: &mut Txn<'_>, kind: Kind, object: &Object, id: u64) -> Result<(), Refusal> {
    for (key, alias, shown) in names_of(kind, object) {
        if key.is_empty() {
            let detail = format!("{} needs a name", kind.with_article());
            return Err(Refusal::new(Cause::Invalid, detail));
        }
        if let Some(bytes) = txn.get(NAME, key.as_bytes())? {
            let other = NameRecord::decode(&bytes)?;
            let detail = match other.kind {
                Kind::Account if other.alias => format!("{shown} is already an alias"),
                Kind::List if other.alias => format!("{shown} is already an address of a list"),
                other => format!("{shown} is already {}", other.with_article()),
            };
            return Err(Refusal::new(Cause::AlreadyExists, detail));
        }
        let record = NameRecord {
            kind,
            alias,
            id,
            shown,
        };
        txn.put(NAME, key.as_bytes(), &record.encode()?)?;
    }
    Ok(())
}

/// Frees the names of an object, and none that is another's.
pub(crate) fn release_names(txn: &mut Txn<'_>, kind: Kind, object: &Object, id: u64) -> Result<(), Refusal> {
    for (key, ..) in names_of(kind, object) {
        let known = txn
            .get(NAME, key.as_bytes())?
            .map(|bytes| NameRecord::decode(&bytes))
            .transpose()?;
        if known.is_some_and(|record| record.kind == kind && record.id == id) {
            txn.delete(NAME, key.as_bytes())?;
        }
    }
    Ok(())
}
