//! Objects of a domain that are neither the domain nor an account: groups, mailing lists, folder recipients.
//!
//! They share the name space and the numbers of accounts, so that a name leads to one thing and a list's mailbox is
//! nobody else's. Each change is one transaction, as in `objects`.

use axigen_shared::schema::{Change, Object};
use axigen_shared::{Cause, Refusal};
use axigend_storage::Txn;

use crate::credential::Credential;
use crate::objects::{DomainObjects, named, release_names, take_names};
use crate::place::Usid;
use crate::server::next_number;
use crate::tables::{CREDENTIAL, Dates, Kind, META, OBJECT, REGISTRY, STORAGE};
use crate::tables::{decode_object, encode_object, object_key};

/// Key of the key of codes in `meta`, and its length.
const CODE_KEY: &[u8] = b"codes";
const CODE_KEY_LEN: usize = 32;

/// Such an object as it is stored.
pub(crate) struct StoredEntry {
    pub(crate) kind: Kind,
    pub(crate) id: u64,
    pub(crate) object: Object,
    pub(crate) dates: Dates,
    /// Of a list: in which storage its mailbox is, and its password.
    pub(crate) storage: Option<Usid>,
    pub(crate) credential: Credential,
}

/// What a list has beside its object: a password and a mailbox.
pub(crate) type Keep = Option<(Credential, Usid)>;

impl DomainObjects {
    /// The object with this lookup name, when it is no account; also under a further name.
    pub(crate) fn entry_named(&self, key: &str) -> Result<Option<StoredEntry>, Refusal> {
        let found = self.ledger.read(|at| named(at, key))?;
        match found {
            Some(record) if !matches!(record.kind, Kind::Domain | Kind::Account) => {
                self.entry(record.kind, record.id)
            }
            _ => Ok(None),
        }
    }

    /// The object of this kind and number.
    pub(crate) fn entry(&self, kind: Kind, id: u64) -> Result<Option<StoredEntry>, Refusal> {
        self.ledger.read(|at| {
            let Some(bytes) = at.get(OBJECT, &object_key(kind, id))? else {
                return Ok(None);
            };
            let (object, dates) = decode_object(kind, &bytes)?;
            let credential = at.get(CREDENTIAL, &id.to_be_bytes())?;
            let credential = credential.map(|bytes| Credential::decode(&bytes)).transpose()?;
            let storage = at.get(STORAGE, &id.to_be_bytes())?;
            let storage = storage.map(|bytes| Usid::of_bytes(&bytes)).transpose()?;
            Ok(Some(StoredEntry {
                kind,
                id,
                object,
                dates,
                storage,
                credential: credential.unwrap_or_else(|| Credential::none(0)),
            }))
        })
    }

    /// Numbers of the objects of a kind, rising.
    pub(crate) fn numbers(&self, kind: Kind) -> Result<Vec<u64>, Refusal> {
        let (from, to) = (object_key(kind, 0), object_key(kind, u64::MAX));
        let keys = self.ledger.read(|at| at.scan(OBJECT, &from, &to, usize::MAX))?;
        let number = |(key, _): &(Vec<u8>, _)| key.last_chunk::<8>().map(|id| u64::from_be_bytes(*id));
        Ok(keys.iter().filter_map(number).collect())
    }

    /// The key of codes that lists give out, made when it is first wanted.
    pub(crate) async fn code_key(&self) -> Result<Vec<u8>, Refusal> {
        if let Some(key) = self.ledger.read(|at| at.get(META, CODE_KEY))? {
            return Ok(key);
        }
        let mut fresh = [0; CODE_KEY_LEN];
        getrandom::fill(&mut fresh)
            .map_err(|error| Refusal::new(Cause::Internal, format!("no random bytes: {error}")))?;
        let write = self.ledger.write(move |txn| {
            if let Some(key) = txn.get(META, CODE_KEY)? {
                return Ok(key);
            }
            txn.put(META, CODE_KEY, &fresh)?;
            Ok(fresh.to_vec())
        });
        write.await
    }

    /// Adds an object; its names must be free.
    pub(crate) async fn add_entry(&self, kind: Kind, object: Object, keep: Keep) -> Result<u64, Refusal> {
        let dates = Dates::new(self.disk.unix_time());
        let write = self.ledger.write(move |txn| {
            let id = next_number(txn)?;
            take_names(txn, kind, &object, id)?;
            txn.put(OBJECT, &object_key(kind, id), &encode_object(&object, dates))?;
            if let Some((credential, storage)) = keep {
                txn.put(CREDENTIAL, &id.to_be_bytes(), &credential.encode())?;
                txn.put(STORAGE, &id.to_be_bytes(), &storage.to_bytes())?;
            }
            Ok(id)
        });
        write.await
    }

    /// Applies changes to the newest object; `change` may look at both states and put the second right.
    pub(crate) async fn update_entry(
        &self,
        (kind, id): (Kind, u64),
        changes: Vec<Change>,
        credential: Option<Credential>,
        change: impl FnOnce(&Object, &mut Object) -> Result<(), Refusal> + Send + 'static,
    ) -> Result<(), Refusal> {
        let now = self.disk.unix_time();
        let write = self.ledger.write(move |txn| {
            let key = object_key(kind, id);
            let bytes = txn.get(OBJECT, &key)?.ok_or_else(|| gone(kind))?;
            let (before, dates) = decode_object(kind, &bytes)?;
            let mut after = before.clone();
            after.apply(&changes)?;
            change(&before, &mut after)?;
            release_names(txn, kind, &before, id)?;
            take_names(txn, kind, &after, id)?;
            txn.put(OBJECT, &key, &encode_object(&after, dates.changed(now)))?;
            put_credential(txn, id, credential)
        });
        write.await
    }

    /// Removes an object with its names, and its password where it has one.
    pub(crate) async fn remove_entry(&self, kind: Kind, id: u64) -> Result<(), Refusal> {
        let write = self.ledger.write(move |txn| {
            let key = object_key(kind, id);
            let bytes = txn.get(OBJECT, &key)?.ok_or_else(|| gone(kind))?;
            release_names(txn, kind, &decode_object(kind, &bytes)?.0, id)?;
            txn.delete(OBJECT, &key)?;
            txn.delete(CREDENTIAL, &id.to_be_bytes())?;
            txn.delete(STORAGE, &id.to_be_bytes())?;
            txn.delete(REGISTRY, &id.to_be_bytes())
        });
        write.await
    }
}

/// A new credential takes the next version.
fn put_credential(txn: &mut Txn<'_>, id: u64, credential: Option<Credential>) -> Result<(), Refusal> {
    let Some(mut credential) = credential else {
        return Ok(());
    };
    let known = txn.get(CREDENTIAL, &id.to_be_bytes())?;
    let version = known
        .and_then(|bytes| Credential::decode(&bytes).ok())
        .map_or(0, |old| old.version);
    credential.version = version.saturating_add(1);
    txn.put(CREDENTIAL, &id.to_be_bytes(), &credential.encode())
}

fn gone(kind: Kind) -> Refusal {
    Refusal::new(Cause::NotFound, format!("{} not found", kind.noun()))
}
