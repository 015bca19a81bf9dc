//! Passwords as provisioning needs them: told as hashes, compared with what is wanted.

use axigen_shared::Refusal;
use axigen_shared::value::Secret;
use zeroize::Zeroizing;

use crate::account::Account;
use crate::directory::Directory;
use crate::verify::Check;

impl Directory {
    /// The hash that an account's password is checked with, as `{SCHEME}value`; `None` for an account without one.
    pub fn password_hash(&self, domain: &str, name: &str) -> Result<Option<String>, Refusal> {
        let account = self.account_named(domain, name)?;
        Ok(account.credential.hash().map(str::to_owned))
    }

    /// Whether this is the password of an account, or the hash that is kept of it. `DirectoryFailure` when too many passwords
    /// wait to be checked.
    pub async fn has_password(&self, domain: &str, name: &str, password: &Secret) -> Result<bool, Refusal> {
        let account = self.account_named(domain, name)?;
        if is_hash(password.reveal()) {
            return Ok(is_kept(&account, password.reveal()));
        }
        let check = Check {
            credential: Some(account.credential.clone()),
            password: Zeroizing::new(password.reveal().as_bytes().to_vec()),
            digest: None,
        };
        self.verifiers.check(check).await
    }
}

fn is_hash(text: &str) -> bool {
    crate::credential::split(text).is_some()
}

/// The name of a scheme counts in any letter case.
fn is_kept(account: &Account, given: &str) -> bool {
    let parts = |text: &'_ str| {
        crate::credential::split(text).map(|(name, value)| (name.to_ascii_uppercase(), value.to_owned()))
    };
    account
        .credential
        .hash()
        .is_some_and(|kept| parts(kept) == parts(given))
}
