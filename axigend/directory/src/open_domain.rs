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
use crate::entries::StoredEntry;
use crate::group::Group;
use crate::mailing_list::MailingList;
use crate::names::{LOCAL_MAX, local_key};
use crate::objects::{DomainObjects, StoredAccount};
use crate::tables::{Dates, Kind};
use crate::typed;

/// Accounts kept ready per domain; beyond it the cache starts anew. One takes about a kilobyte.
const ACCOUNTS_CACHED: usize = 16 * 1024;

/// Objects of accounts kept ready per domain: those that administrators have open.
const OBJECTS_CACHED: usize = 64;

/// Names of other recipients kept ready per domain, also names that are nobody's.
const RECIPIENTS_CACHED: usize = 1024;

/// A recipient that is no account, with what services see of it.
pub(crate) struct Known {
    pub(crate) kind: Kind,
    pub(crate) id: u64,
    pub(crate) object: Arc<Object>,
    pub(crate) dates: Dates,
    seen: Seen,
}

enum Seen {
    Group(Arc<Group>),
    List(Arc<MailingList>),
    /// Nothing is delivered there yet.
    FolderRcpt,
}

impl Known {
    fn of(domain: &Arc<Domain>, stored: StoredEntry) -> Self {
        let StoredEntry { kind, id, dates, .. } = stored;
        let (object, seen) = match kind {
            Kind::Group => {
                let group = Group::of(domain, id, &stored.object);
                (stored.object, Seen::Group(Arc::new(group)))
            }
            Kind::List => {
                let object = stored.object.clone();
                let mailbox = typed::list_mailbox(domain, stored);
                let list = MailingList::of(Arc::new(mailbox), &object);
                (object, Seen::List(Arc::new(list)))
            }
            _ => (stored.object, Seen::FolderRcpt),
        };
        Self {
            kind,
            id,
            object: Arc::new(object),
            dates,
            seen,
        }
    }

    /// The list that it is.
    pub(crate) fn list(&self) -> Option<Arc<MailingList>> {
        match &self.seen {
            Seen::List(list) => Some(Arc::clone(list)),
            _ => None,
        }
    }
}

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
    /// Recipients that are no accounts, by lookup name; `None` for a name that leads to none.
    recipients: HashMap<String, Option<Arc<Known>>>,
    /// All lists.
    lists: Option<Vec<Arc<MailingList>>>,
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

    /// A recipient that is no account was added, has changed or is gone.
    pub(crate) fn recipients_changed(&self) {
        let mut cache = self.cache.lock();
        cache.epoch = cache.epoch.wrapping_add(1);
        cache.recipients.clear();
        cache.lists = None;
    }

    /// The recipient with this lookup name that is no account.
    pub(crate) fn recipient(&self, key: &str) -> Result<Option<Arc<Known>>, Refusal> {
        if key.is_empty() || key.len() > LOCAL_MAX {
            return Ok(None);
        }
        let epoch = {
            let cache = self.cache.lock();
            if let Some(known) = cache.recipients.get(key) {
                return Ok(known.clone());
            }
            cache.epoch
        };
        let stored = self.objects.entry_named(key)?;
        let known = stored.map(|stored| Arc::new(Known::of(&self.domain.load_full(), stored)));
        let mut cache = self.cache.lock();
        if cache.epoch == epoch {
            if cache.recipients.len() >= RECIPIENTS_CACHED {
                cache.recipients.clear();
            }
            cache.recipients.insert(key.to_owned(), known.clone());
        }
        Ok(known)
    }

    /// Every list. Asked again and again by whoever looks after them, so the numbers of them are kept.
    pub(crate) fn lists(&self) -> Result<Vec<Arc<MailingList>>, Refusal> {
        let (epoch, kept) = {
            let cache = self.cache.lock();
            (cache.epoch, cache.lists.clone())
        };
        if let Some(lists) = kept {
            return Ok(lists);
        }
        let mut lists = Vec::new();
        for id in self.objects.numbers(Kind::List)? {
            if let Some(stored) = self.objects.entry(Kind::List, id)? {
                lists.extend(Known::of(&self.domain.load_full(), stored).list());
            }
        }
        let mut cache = self.cache.lock();
        if cache.epoch == epoch {
            cache.lists = Some(lists.clone());
        }
        Ok(lists)
    }

    /// Whose mailbox a login name means: an account's, or that of a list (its own name only).
    pub(crate) fn holder_named(&self, key: &str) -> Result<Option<Arc<Account>>, Refusal> {
        if let Some(account) = self.account_named(key)? {
            return Ok(Some(account));
        }
        let list = self.recipient(key)?.and_then(|known| known.list());
        Ok(list
            .map(|list| Arc::clone(&list.mailbox))
            .filter(|mailbox| local_key(&mailbox.name) == key))
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
        let account = |stored: StoredAccount| typed::account(&self.domain.load_full(), stored);
        Ok(stored.map(|stored| self.ready(account(stored), Some(key), epoch)))
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
        let stored = match self.objects.account(id)? {
            Some(stored) => typed::account(&self.domain.load_full(), stored),
            // The mailbox of a list is used like that of an account.
            None => match self.objects.entry(Kind::List, id)? {
                Some(stored) => typed::list_mailbox(&self.domain.load_full(), stored),
                None => return Ok(None),
            },
        };
        Ok(Some(self.ready(stored, None, epoch)))
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

    /// Keeps a snapshot, unless something changed meanwhile.
    fn ready(&self, account: Account, key: Option<&str>, epoch: u64) -> Arc<Account> {
        let account = Arc::new(account);
        let mut cache = self.cache.lock();
        if cache.epoch == epoch {
            if cache.named.len() >= ACCOUNTS_CACHED || cache.numbered.len() >= ACCOUNTS_CACHED {
                cache.named.clear();
                cache.numbered.clear();
            }
            cache.numbered.insert(account.id, Arc::clone(&account));
            if let Some(key) = key {
                cache.named.insert(key.to_owned(), Arc::clone(&account));
            }
        }
        account
    }

    /// Who gets mail for this lookup name: account name, alias, group, list, catch-all, nobody (domains-groupware, "Recipient
    /// resolution order", as far as it is built).
    pub(crate) fn resolve(&self, key: &str) -> Result<Resolution, Refusal> {
        if let Some(account) = self.account_named(key)? {
            return Ok(Resolution::Account(account));
        }
        match self.recipient(key)?.as_deref().map(|known| &known.seen) {
            Some(Seen::Group(group)) => return Ok(Resolution::Group(Arc::clone(group))),
            Some(Seen::List(list)) => {
                let which = list.called(key);
                return Ok(Resolution::List(Arc::clone(list), which));
            }
            Some(Seen::FolderRcpt) => return Ok(Resolution::UnknownUser),
            None => {}
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
