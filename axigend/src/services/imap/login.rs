//! Logging in: from name and password to an open mailbox.

use std::{sync::Arc, time::Duration};

use axigen_shared::{Cause, Refusal};
use axigend_config::Settings;
use axigend_directory::{Account, AccountKey, LoginContext, ServiceSwitch, Slot};
use axigend_protocol::imap::LoginAttempt;
use axigend_storage::{Mailbox, MailboxLimits, ask};

use crate::parts::Parts;

/// Wait before a wrong password is answered, so that guessing is slow (services-core 3.2.4).
const FAILED_LOGIN_DELAY: Duration = Duration::from_secs(2);

/// An account that is logged in.
pub(super) struct LoggedIn {
    parts: Arc<Parts>,
    account: Arc<Account>,
    /// Counts this session until it ends.
    _slot: Slot,
}

/// Checks a login, takes one of the account's sessions and opens its mailbox.
pub(super) async fn log_in(
    parts: &Arc<Parts>,
    settings: &Settings,
    attempt: &LoginAttempt,
) -> Result<(LoggedIn, Mailbox), Refusal> {
    let context = LoginContext {
        primary_domain: &settings.server.primary_domain,
        allow_alias_logins: settings.server.allow_alias_logins,
        remote: attempt.remote.map(|remote| remote.ip()),
    };
    let credentials = &attempt.credentials;
    let password = credentials.password.as_bytes();
    let checked = parts
        .directory
        .authenticate(&credentials.login, password, ServiceSwitch::Imap, &context)
        .await;
    let account = match checked {
        Ok(account) => account,
        Err(refusal) => {
            if refusal.cause == Cause::AuthenticationFailed {
                tokio::time::sleep(FAILED_LOGIN_DELAY).await;
            }
            return Err(refusal);
        }
    };
    let slot = parts.directory.connection_slot(&account, ServiceSwitch::Imap)?;
    let store = parts.stores.open(&account.message_dir).await?;
    let mailbox = store.mailbox(account.id);
    // A write waits for the disk: only the first login makes one.
    match mailbox.ask(|mailbox| mailbox.folder("INBOX")).await {
        Err(refusal) if refusal.cause == Cause::NoSuchFolder => mailbox.create_default_folders().await?,
        known => drop(known?),
    }
    Ok((
        LoggedIn {
            parts: Arc::clone(parts),
            account,
            _slot: slot,
        },
        mailbox,
    ))
}

impl LoggedIn {
    /// The account's address.
    pub(super) fn address(&self) -> String {
        self.account.address()
    }

    /// Which account it is.
    pub(super) fn key(&self) -> AccountKey {
        self.account.key()
    }

    /// The account's quotas as they are now; those of the login when the directory cannot say.
    pub(super) async fn limits(&self) -> MailboxLimits {
        let (directory, key) = (Arc::clone(&self.parts.directory), self.account.key());
        match ask(move || directory.account(&key)).await {
            Ok(Some(account)) => account.mailbox_limits,
            Ok(None) | Err(_) => self.account.mailbox_limits,
        }
    }
}
