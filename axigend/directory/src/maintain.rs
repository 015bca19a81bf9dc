//! What maintenance needs of the directory: the ledgers of its objects, and accounts under a given number.

use std::sync::Arc;

use axigen_shared::schema::Object;
use axigen_shared::value::Secret;
use axigen_shared::{Cause, Refusal};
use axigend_storage::{AccountId, Ledger};

use crate::account::Account;
use crate::directory::{Directory, directory_failure};
use crate::place::Usid;

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
}
