//! What maintenance needs of the directory: the ledgers of its objects, accounts under a given number or of another
//! domain, and when it was last done.

use std::sync::Arc;

use axigen_shared::schema::Object;
use axigen_shared::value::Secret;
use axigen_shared::{Cause, Refusal};
use axigend_storage::{AccountId, Ledger};

use crate::account::Account;
use crate::directory::{Directory, directory_failure};
use crate::names::local_key;
use crate::objects::{DomainObjects, StoredAccount};
use crate::place::Usid;
use crate::repair::repair;

impl Directory {
    /// The ledger of the objects of a domain in service.
    pub fn domain_ledger(&self, domain: &str) -> Result<Arc<Ledger>, Refusal> {
        let (_, open) = self.open_named(domain)?;
        Ok(Arc::clone(open.objects.ledger()))
    }

    /// The ledger of the server's own objects.
    pub fn server_ledger(&self) -> Arc<Ledger> {
        Arc::clone(self.server.ledger())
    }

    /// Number of a domain in service.
    pub fn domain_number(&self, domain: &str) -> Result<u32, Refusal> {
        let (listed, _) = self.open_named(domain)?;
        Ok(listed.record.id)
    }

    /// Gives a mailbox in this storage an account again: one with this number, which nobody has.
    pub async fn recover_account(
        &self,
        domain: &str,
        id: AccountId,
        object: Object,
        password: Secret,
        storage: Usid,
    ) -> Result<Arc<Account>, Refusal> {
        let (_, open) = self.open_named(domain)?;
        let credential = self.verifiers.make(password, 1).await?;
        open.objects
            .add_account_with(id, object, credential, storage)
            .await?;
        let made = open.account(id).map_err(directory_failure)?;
        made.ok_or_else(|| Refusal::new(Cause::Conflict, "the account was removed again at once"))
    }

    /// When the daily maintenance of a domain in service was last done, seconds since 1970; `None` when it is due.
    pub fn maintenance_date(&self, domain: &str) -> Result<Option<i64>, Refusal> {
        let (_, open) = self.open_named(domain)?;
        open.objects.maintained()
    }

    /// The daily maintenance of a domain was done at this moment, or is due again.
    pub async fn set_maintenance_date(&self, domain: &str, date: Option<i64>) -> Result<(), Refusal> {
        let (_, open) = self.open_named(domain)?;
        open.objects.set_maintained(date).await
    }

    /// Takes an account of another domain over: its settings, and its password unless another is given. Whether the
    /// account had a password says `is_with_password`.
    pub async fn adopt_account(
        &self,
        (from, name): (&str, &str),
        domain: &str,
        password: Option<Secret>,
        storage: Usid,
    ) -> Result<Arc<Account>, Refusal> {
        let stored = self.stored(from, name)?;
        let (_, open) = self.open_named(domain)?;
        let credential = match password {
            Some(password) => self.verifiers.make(password, 1).await?,
            None => stored.credential,
        };
        let id = open
            .objects
            .add_account(stored.object, credential, storage)
            .await?;
        let made = open.account(id).map_err(directory_failure)?;
        made.ok_or_else(|| Refusal::new(Cause::Conflict, "the account was removed again at once"))
    }

    /// Whether anybody can log in to an account with a password.
    pub fn is_with_password(&self, domain: &str, name: &str) -> Result<bool, Refusal> {
        Ok(self.stored(domain, name)?.credential.is_some())
    }

    fn stored(&self, domain: &str, name: &str) -> Result<StoredAccount, Refusal> {
        let (_, open) = self.open_named(domain)?;
        let found = open
            .objects
            .account_named(&local_key(name))
            .map_err(directory_failure)?;
        found.ok_or_else(|| Refusal::new(Cause::NoSuchAccount, format!("account not found: {name}")))
    }

    /// The ledger of the objects of a domain that is disabled, opened for whoever repairs it: as long as it is held the
    /// domain cannot be enabled. With `anew` its index is made anew from its log.
    pub fn open_disabled(&self, domain: &str, anew: bool) -> Result<DisabledObjects, Refusal> {
        let listed = self.editable(domain)?;
        if anew {
            let dir = self.path(listed.record.objects.path());
            Ledger::set_index_aside(&dir, &*self.disk)?;
        }
        Ok(DisabledObjects(self.objects(&listed.record)?))
    }
}

/// The objects of a disabled domain.
pub struct DisabledObjects(DomainObjects);

impl DisabledObjects {
    /// Their ledger.
    pub fn ledger(&self) -> Arc<Ledger> {
        Arc::clone(self.0.ledger())
    }

    /// Makes names and numbers agree with the objects; returns what was put right, in words. Done again it finds nothing.
    pub fn repair(&self) -> Result<Vec<String>, Refusal> {
        repair(self.0.ledger())
    }

    /// Closes them, so that the domain can be enabled.
    pub fn close(&self) -> Result<(), Refusal> {
        self.0.close()
    }
}
