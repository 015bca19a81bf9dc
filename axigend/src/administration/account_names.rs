//! Names of accounts by the numbers under which storages know them.

use crate::parts::Parts;
use axigen_shared::Refusal;
use axigend_directory::AccountKey;
use axigend_storage::AccountId;
use std::collections::HashMap;
use std::sync::Arc;

/// Names of the accounts of a domain.
pub(super) struct Names {
    parts: Arc<Parts>,
    domain: String,
    number: u32,
    known: HashMap<AccountId, Option<String>>,
}

impl Names {
    pub(super) fn of(parts: &Arc<Parts>, domain: &str) -> Result<Self, Refusal> {
        Ok(Self {
            parts: Arc::clone(parts),
            domain: domain.to_owned(),
            number: parts.directory.domain_number(domain)?,
            known: HashMap::new(),
        })
    }

    /// The name of an account; `None` when there is none of this number.
    pub(super) fn find(&mut self, account: AccountId) -> Result<Option<String>, Refusal> {
        if let Some(known) = self.known.get(&account) {
            return Ok(known.clone());
        }
        let key = AccountKey {
            domain: self.number,
            account,
        };
        let name = self
            .parts
            .directory
            .account(&key)?
            .map(|account| account.name.clone());
        self.known.insert(account, name.clone());
        Ok(name)
    }

    pub(super) fn words(&mut self, account: AccountId) -> String {
        match self.find(account) {
            Ok(Some(name)) => format!("{name}@{}", self.domain),
            _ => format!("number {account}"),
        }
    }
}
