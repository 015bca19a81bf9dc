//! An enabled domain: its objects, its settings, and the accounts in use as ready snapshots.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axigen_shared::Refusal;
use axigen_shared::schema::Object;
use axigend_storage::AccountId;
use parking_lot::Mutex;

use crate::account::Account;
use crate::create::POSTMASTER;
use crate::directory::Resolution;
use crate::domain::{CatchAll, Domain};
use crate::names::{LOCAL_MAX, local_key};
use crate::objects::{DomainObjects, StoredAccount};
use crate::typed;

/// Accounts kept ready per domain; beyond it the cache starts anew. One takes about a kilobyte.
const ACCOUNTS_CACHED: usize = 16 * 1024;

/// Objects of accounts kept ready per domain: those that administrators have open.
const OBJECTS_CACHED: usize = 64;

/// See the module.
pub(crate) struct OpenDomain {
    pub(crate) objects: DomainObjects,
    domain: ArcSwap<Domain>,
    cache: Mutex<Cache>,
}

/// Accounts by lookup name and by number.
#[derive(Default)]
struct Cache {
    named: HashMap<String, Arc<Account>>,
    numbered: HashMap<AccountId, Arc<Account>>,
    objects: HashMap<AccountId, Arc<Object>>,
    /// Rises with every change. What was read before a change is not put in after it.
    epoch: u64,
}

impl OpenDomain {
    pub(crate) fn new(objects: DomainObjects, domain: Domain) -> Self {
        Self {
            objects,
            domain: ArcSwap::from_pointee(domain),
            cache: Mutex::default(),
        }
    }

    /// The settings of the moment.
    pub(crate) fn domain(&self) -> Arc<Domain> {
        self.domain.load_full()
    }

    /// New settings: every account inherits anew.
    pub(crate) fn set_domain(&self, domain: Domain) {
        self.domain.store(Arc::new(domain));
        let mut cache = self.cache.lock();
        let epoch = cache.epoch.wrapping_add(1);
        *cache = Cache {
            epoch,
            ..Cache::default()
        };
    }

    /// An account has changed or is gone.
    pub(crate) fn changed(&self, id: AccountId) {
        let mut cache = self.cache.lock();
        cache.epoch = cache.epoch.wrapping_add(1);
        cache.numbered.remove(&id);
        cache.objects.remove(&id);
        cache.named.retain(|_, account| account.id != id);
    }

    /// The account with this lookup name.
    pub(crate) fn account_named(&self, key: &str) -> Result<Option<Arc<Account>>, Refusal> {
        if key.is_empty() || key.len() > LOCAL_MAX {
            return Ok(None);
        }
        let epoch = {
            let cache = self.cache.lock();
            if let Some(account) = cache.named.get(key) {
                return Ok(Some(Arc::clone(account)));
            }
            cache.epoch
        };
        let stored = self.objects.account_named(key)?;
        Ok(stored.map(|stored| self.ready(stored, Some(key), epoch)))
    }

    /// The account with this number.
    pub(crate) fn account(&self, id: AccountId) -> Result<Option<Arc<Account>>, Refusal> {
        let epoch = {
            let cache = self.cache.lock();
            if let Some(account) = cache.numbered.get(&id) {
                return Ok(Some(Arc::clone(account)));
            }
            cache.epoch
        };
        let stored = self.objects.account(id)?;
        Ok(stored.map(|stored| self.ready(stored, None, epoch)))
    }

    /// The object of the account with this lookup name. A script that has an account open looks at it before each of its
    /// commands, so it is read once.
    pub(crate) fn object_named(&self, key: &str) -> Result<Option<Arc<Object>>, Refusal> {
        let Some(account) = self.account_named(key)? else {
            return Ok(None);
        };
        let epoch = {
            let cache = self.cache.lock();
            if let Some(object) = cache.objects.get(&account.id) {
                return Ok(Some(Arc::clone(object)));
            }
            cache.epoch
        };
        let Some(stored) = self.objects.account(account.id)? else {
            return Ok(None);
        };
        let object = Arc::new(stored.object);
        let mut cache = self.cache.lock();
        if cache.epoch == epoch {
            if cache.objects.len() >= OBJECTS_CACHED {
                cache.objects.clear();
            }
            cache.objects.insert(account.id, Arc::clone(&object));
        }
        Ok(Some(object))
    }

    /// Works out the snapshot and keeps it, unless something changed meanwhile.
    fn ready(&self, stored: StoredAccount, key: Option<&str>, epoch: u64) -> Arc<Account> {
        let account = Arc::new(typed::account(&self.domain.load_full(), stored));
        let mut cache = self.cache.lock();
        if cache.epoch == epoch {
            if cache.named.len() >= ACCOUNTS_CACHED || cache.numbered.len() >= ACCOUNTS_CACHED {
                *cache = Cache {
                    epoch,
                    ..Cache::default()
                };
            }
            cache.numbered.insert(account.id, Arc::clone(&account));
            if let Some(key) = key {
                cache.named.insert(key.to_owned(), Arc::clone(&account));
            }
        }
        account
    }

    /// Who gets mail for this lookup name: account name, alias, catch-all, nobody (domains-groupware, "Recipient
    /// resolution order", as far as it is built).
    pub(crate) fn resolve(&self, key: &str) -> Result<Resolution, Refusal> {
        if let Some(account) = self.account_named(key)? {
            return Ok(Resolution::Account(account));
        }
        let domain = self.domain.load();
        // Postmaster must always be reachable (RFC 5321, 4.5.1): without an account of that name it is the role's.
        if key == POSTMASTER
            && let Some(holder) =
                self.account_named(&local_key(domain.object.get("postmasterAccount").str()))?
        {
            return Ok(Resolution::Account(holder));
        }
        let CatchAll::Account { account, folder } = &domain.catch_all else {
            return Ok(Resolution::UnknownUser);
        };
        let folder = folder.clone();
        Ok(match self.account_named(&local_key(account))? {
            Some(account) => Resolution::CatchAll { account, folder },
            None => Resolution::UnknownUser,
        })
    }
}
