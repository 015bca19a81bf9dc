//! Passwords of accounts as documents hold them.

use super::{Administration, account_keys};
use axigen_shared::value::Secret;
use axigend_console::Target;

impl Administration {
    /// The hash of an account's password; nothing for what is no account.
    pub(super) fn hash_of(&self, target: &Target) -> Option<String> {
        let (domain, name) = account_keys(target).ok()?;
        let known = self.parts.directory.password_hash(domain, name);
        known
            .inspect_err(|refusal| tracing::debug!("password of {name}@{domain}: {refusal}"))
            .ok()?
    }

    /// Whether this is the password of an account. When it cannot be told, it is taken for another one, which is then set.
    pub(super) async fn is_password_of(&self, target: &Target, password: &Secret) -> bool {
        let Ok((domain, name)) = account_keys(target) else {
            return false;
        };
        self.parts
            .directory
            .has_password(domain, name, password)
            .await
            .unwrap_or(false)
    }
}
