//! Logging in.
//!
//! The order keeps answers alike (services-core 3.1.1): the password is checked before anything is said about the
//! service, and an unknown user costs the same hash as a wrong password. A remembered success answers in
//! microseconds, but only to those who may use the service: otherwise the speed of the refusal would tell that the
//! password was right.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axigen_shared::{Cause, Refusal};
use axigend_storage::ask;
use zeroize::Zeroizing;

use crate::account::Account;
use crate::credential::Credential;
use crate::directory::{Directory, Entry, broken, directory_failure};
use crate::names::{domain_key, local_key, split_address};
use crate::service::ServiceSwitch;
use crate::verify::Check;

/// Longest login name looked up, in bytes: local part and domain at their longest, and then some.
const LOGIN_MAX: usize = 600;
/// Stands for "administrative user" where accounts have the number of their domain, which is 32 bits.
const ADMINS: u64 = u64::MAX;

/// What a login depends on beside name, password and service.
#[derive(Clone, Copy, Debug)]
pub struct LoginContext<'a> {
    /// `primaryDomain`: the domain of a login name without `@`.
    pub primary_domain: &'a str,
    /// `allowAliasLogins`: whether account aliases and domain aliases may be used.
    pub allow_alias_logins: bool,
    /// From where, for the registry.
    pub remote: Option<IpAddr>,
}

/// An administrative user who has logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminUser {
    /// The name as it was created.
    pub name: String,
}

impl Directory {
    /// The account behind a login name, if the password is right and the account may use the service. Refusals:
    /// `AuthenticationFailed`, the same for every reason, which `detail` has for the log; `DirectoryFailure` when
    /// that cannot be said now.
    pub async fn authenticate(
        &self,
        login: &str,
        password: &[u8],
        service: ServiceSwitch,
        context: &LoginContext<'_>,
    ) -> Result<Arc<Account>, Refusal> {
        let (account, obstacle) = match self.find_login(login, context).await? {
            Ok(account) if account.services.contains(service) => (Some(account), None),
            Ok(account) => {
                let why = format!("{} may not use {}", account.address(), service.name());
                (Some(account), Some(why))
            }
            Err(why) => (None, Some(why)),
        };
        let credential = account.as_ref().map(|account| &account.credential);
        let whose = account
            .as_ref()
            .map_or((0, 0), |account| (u64::from(account.domain.id), account.id));
        let right = self
            .is_right(credential, whose, password, obstacle.is_none())
            .await?;
        match (account, obstacle) {
            (Some(account), None) if right => {
                self.note_login(&account, service, context);
                Ok(account)
            }
            (Some(account), None) => Err(Refusal::new(
                Cause::AuthenticationFailed,
                format!("wrong password for {}", account.address()),
            )),
            (Some(_), Some(why)) if !right => Err(Refusal::new(
                Cause::AuthenticationFailed,
                format!("wrong password, and {why}"),
            )),
            (_, why) => Err(Refusal::new(Cause::AuthenticationFailed, why.unwrap_or_default())),
        }
    }

    /// The administrative user of this name, if the password is right.
    pub async fn authenticate_admin(&self, user: &str, password: &[u8]) -> Result<AdminUser, Refusal> {
        let known = self.admins.read().get(&local_key(user)).cloned();
        let whose = known.as_ref().map_or((ADMINS, 0), |admin| (ADMINS, admin.id));
        let credential = known.as_ref().map(|admin| &admin.credential);
        let right = self
            .is_right(credential, whose, password, known.is_some())
            .await?;
        match known {
            Some(admin) if right => Ok(AdminUser { name: admin.name }),
            Some(admin) => {
                let detail = format!("wrong password for administrative user {}", admin.name);
                Err(Refusal::new(Cause::AuthenticationFailed, detail))
            }
            None => Err(Refusal::new(
                Cause::AuthenticationFailed,
                format!("no administrative user {user:?}"),
            )),
        }
    }

    /// Whether the password is right; takes its time unless a success is remembered and may be used.
    async fn is_right(
        &self,
        credential: Option<&Arc<Credential>>,
        whose: (u64, u64),
        password: &[u8],
        may_remember: bool,
    ) -> Result<bool, Refusal> {
        let remembered = credential.filter(|_| may_remember);
        let digest = remembered.map(|credential| self.successes.digest(whose, credential.version, password));
        if digest.is_some_and(|digest| self.successes.knows(&digest, Instant::now())) {
            return Ok(true);
        }
        let password = Zeroizing::new(password.to_vec());
        self.verifiers
            .check(Check {
                credential: credential.cloned(),
                password,
                digest,
            })
            .await
    }

    /// The account a login name means, or why there is none.
    async fn find_login(
        &self,
        login: &str,
        context: &LoginContext<'_>,
    ) -> Result<Result<Arc<Account>, String>, Refusal> {
        if login.len() > LOGIN_MAX {
            return Ok(Err("the login name is too long".to_owned()));
        }
        let (local, domain) = split_address(login, context.primary_domain);
        let Some(listed) = self.table.load().named.get(&domain).cloned() else {
            return Ok(Err(format!("{login:?}: no such domain here")));
        };
        let open = match &listed.entry {
            Entry::Open(open) => Arc::clone(open),
            Entry::Disabled => return Ok(Err(format!("{login:?}: the domain is disabled"))),
            Entry::Broken => return Err(broken(&listed.record.name)),
        };
        let key = local.clone();
        let account = ask(move || open.holder_named(&key)).await;
        let Some(account) = account.map_err(directory_failure)? else {
            return Ok(Err(format!("{login:?}: no such account")));
        };
        let by_alias = local != local_key(&account.name) || domain != domain_key(&account.domain.name);
        if by_alias && !context.allow_alias_logins {
            return Ok(Err(format!("{login:?}: aliases may not log in")));
        }
        Ok(Ok(account))
    }

    /// Notes the login, and once in a while has the notes of its domain written.
    fn note_login(&self, account: &Account, service: ServiceSwitch, context: &LoginContext<'_>) {
        if !self
            .logins
            .note(account.key(), service, context.remote, self.disk.unix_time())
        {
            return;
        }
        let table = self.table.load_full();
        let logins = Arc::clone(&self.logins);
        self.verifiers.run(move || {
            for listed in table.numbered.values() {
                if let Entry::Open(domain) = &listed.entry {
                    logins.flush(listed.record.id, domain.objects.ledger());
                }
            }
        });
    }
}
