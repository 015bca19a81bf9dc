//! Accounts and administrative users, as administrators change them. Everything is on disk when it returns.

use std::sync::Arc;

use axigen_shared::schema::{Action, Change, Object};
use axigen_shared::value::{Secret, Value, local_part};
use axigen_shared::{Cause, Refusal};

use crate::account::{Account, AccountKey};
use crate::create::POSTMASTER;
use crate::directory::{Directory, directory_failure};
use crate::domain::MessageStorage;
use crate::logins::LastLogin;
use crate::names::local_key;
use crate::open_domain::OpenDomain;
use crate::place::Usid;
use crate::tables::Dates;

/// The attribute that carries a new password in changes and objects; it never reaches the store as it is.
pub(crate) const PASSWORD: &str = "password";
/// Most names of one answer of LIST: the caller pages on.
const LIST_MOST: usize = 1000;

impl Directory {
    /// Names of a domain's accounts in order, from the one after `after`, at most `limit` and 1000; `wildcard` with
    /// `*` and `?`.
    pub fn accounts(
        &self,
        domain: &str,
        after: Option<&str>,
        limit: usize,
        wildcard: Option<&str>,
    ) -> Result<Vec<String>, Refusal> {
        let (_, open) = self.open_named(domain)?;
        open.objects.accounts(after, limit.min(LIST_MOST), wildcard)
    }

    /// Adds an account with its mailbox in the first storage that takes new ones; see [`Directory::add_account_in`].
    pub async fn add_account(
        &self,
        domain: &str,
        object: Object,
        password: Option<Secret>,
    ) -> Result<Arc<Account>, Refusal> {
        let (_, open) = self.open_named(domain)?;
        let storage = open.domain().storages.iter().find(|one| !one.read_only).cloned();
        let storage = storage.ok_or_else(|| read_only(domain))?;
        self.add_account_in(domain, object, password, storage.usid).await
    }

    /// The storages of messages of a domain that take new mailboxes, in order; refused when none does.
    pub fn writable_storages(&self, domain: &str) -> Result<Vec<MessageStorage>, Refusal> {
        let (_, open) = self.open_named(domain)?;
        let storages = open.domain().storages.clone();
        let writable: Vec<_> = storages.into_iter().filter(|one| !one.read_only).collect();
        if writable.is_empty() {
            Err(read_only(domain))
        } else {
            Ok(writable)
        }
    }

    /// Adds an account with its mailbox in this storage. The password is given apart or as attribute of the object, in
    /// clear or as `{SCHEME}hash`.
    pub async fn add_account_in(
        &self,
        domain: &str,
        mut object: Object,
        password: Option<Secret>,
        storage: Usid,
    ) -> Result<Arc<Account>, Refusal> {
        let (_, open) = self.open_named(domain)?;
        check_names(&object)?;
        let inside = object.values.remove(PASSWORD).and_then(secret);
        let password = password.or(inside);
        let password = password.ok_or_else(|| Refusal::new(Cause::Invalid, "an account needs a password"))?;
        let credential = self.verifiers.make(password, 1).await?;
        let id = open.objects.add_account(object, credential, storage).await?;
        let made = open.account(id).map_err(directory_failure)?;
        made.ok_or_else(|| Refusal::new(Cause::Conflict, "the account was removed again at once"))
    }

    /// The object of an account, by name or alias: the same one until it is changed, as far as it is kept ready.
    pub fn account_object(&self, domain: &str, name: &str) -> Result<Arc<Object>, Refusal> {
        let (_, open) = self.open_named(domain)?;
        let object = open.object_named(&local_key(name)).map_err(directory_failure)?;
        object.ok_or_else(|| no_account(name))
    }

    /// When an account was made and last changed.
    pub fn account_dates(&self, domain: &str, name: &str) -> Result<Dates, Refusal> {
        let (_, open) = self.open_named(domain)?;
        let stored = open
            .objects
            .account_named(&local_key(name))
            .map_err(directory_failure)?;
        stored.map(|stored| stored.dates).ok_or_else(|| no_account(name))
    }

    /// The account of this name or alias, as services see it.
    pub fn account_named(&self, domain: &str, name: &str) -> Result<Arc<Account>, Refusal> {
        let (_, open) = self.open_named(domain)?;
        account(&open, name)
    }

    /// Applies changes to an account and sets its password, when one is given (apart, or as the last change of the
    /// attribute). A new password ends what is remembered of the old one at once.
    pub async fn update_account(
        &self,
        domain: &str,
        name: &str,
        changes: &[Change],
        password: Option<Secret>,
    ) -> Result<(), Refusal> {
        let (listed, open) = self.open_named(domain)?;
        let id = account(&open, name)?.id;
        let (inside, others) = split_password(changes);
        let credential = match password.or(inside) {
            Some(password) => Some(self.verifiers.make(password, 0).await?),
            None => None,
        };
        // The role of postmaster is bound to the name: it may have aliases, but keeps it.
        let postmaster = open.domain().object.get("postmasterAccount").str().to_owned();
        let check = move |before: &Object, after: &Object| {
            check_names(after)?;
            let (old, new) = (
                local_key(before.get("name").str()),
                local_key(after.get("name").str()),
            );
            if old != new && is_postmaster(&old, &postmaster) {
                return Err(Refusal::new(
                    Cause::Conflict,
                    "the postmaster account cannot be renamed",
                ));
            }
            Ok(())
        };
        let done = open.objects.update_account(id, others, credential, check).await;
        // Also after a failure: its effect may be unknown.
        open.changed(id);
        done.inspect(|()| tracing::debug!(module = "SERVER", "account {name}@{} changed", listed.record.name))
    }

    /// Removes an account at once; its mailbox is `Store::remove_mailbox` of the returned number.
    pub async fn remove_account(&self, domain: &str, name: &str) -> Result<AccountKey, Refusal> {
        let (_, open) = self.open_named(domain)?;
        let account = account(&open, name)?;
        if is_postmaster(
            &local_key(&account.name),
            open.domain().object.get("postmasterAccount").str(),
        ) {
            return Err(Refusal::new(
                Cause::Conflict,
                "the postmaster account cannot be removed",
            ));
        }
        let done = open.objects.remove_account(account.id).await;
        open.changed(account.id);
        done.map(|()| account.key())
    }

    /// Last login per service (registry information).
    pub fn last_logins(&self, domain: &str, name: &str) -> Result<Vec<LastLogin>, Refusal> {
        let (_, open) = self.open_named(domain)?;
        let account = account(&open, name)?;
        self.logins.of(account.key(), open.objects.ledger())
    }

    /// Sets the password of an administrative user, who is made when there is none of this name.
    pub async fn set_admin_password(&self, user: &str, password: Secret) -> Result<(), Refusal> {
        let name = local_part(user).map_err(|why| Refusal::new(Cause::Invalid, why))?;
        let _changing = self.changing.lock().await;
        let key = local_key(&name);
        let version = self
            .admins
            .read()
            .get(&key)
            .map_or(0, |admin| admin.credential.version);
        let credential = self.verifiers.make(password, version.saturating_add(1)).await?;
        let admin = self.server.put_admin(name, credential).await?;
        self.admins.write().insert(key, admin);
        Ok(())
    }

    /// Names of the administrative users, in order.
    pub fn admin_users(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .admins
            .read()
            .values()
            .map(|admin| admin.name.clone())
            .collect();
        names.sort_unstable();
        names
    }
}

fn account(open: &OpenDomain, name: &str) -> Result<Arc<Account>, Refusal> {
    open.account_named(&local_key(name))
        .map_err(directory_failure)?
        .ok_or_else(|| no_account(name))
}

fn read_only(domain: &str) -> Refusal {
    let detail = format!("every storage of messages of {domain} is read-only");
    Refusal::new(Cause::Conflict, detail)
}

fn no_account(name: &str) -> Refusal {
    Refusal::new(Cause::NoSuchAccount, format!("account not found: {name}"))
}

/// Whether the account with this lookup name holds the role; without a setting it is the one every domain begins with.
fn is_postmaster(key: &str, setting: &str) -> bool {
    let holder = if setting.is_empty() { POSTMASTER } else { setting };
    key == local_key(holder)
}

/// Refuses names that no address could have.
fn check_names(object: &Object) -> Result<(), Refusal> {
    let name = object.get("name").str().to_owned();
    let all = std::iter::once(&name).chain(object.names("aliases"));
    all.into_iter().try_for_each(|name| {
        local_part(name)
            .map(drop)
            .map_err(|why| Refusal::new(Cause::Invalid, why))
    })
}

pub(crate) fn secret(value: Value) -> Option<Secret> {
    match value {
        Value::Secret(secret) => Some(secret),
        Value::Text(text) => Some(Secret::new(text)),
        _ => None,
    }
}

/// The last password among the changes, and the other changes.
pub(crate) fn split_password(changes: &[Change]) -> (Option<Secret>, Vec<Change>) {
    let mut password = None;
    let mut others = Vec::new();
    for change in changes {
        match &change.action {
            Action::Set(PASSWORD, value) if change.at.is_empty() => password = secret(value.clone()),
            Action::Reset(PASSWORD) if change.at.is_empty() => {}
            _ => others.push(change.clone()),
        }
    }
    (password, others)
}
