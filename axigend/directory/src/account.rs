//! An account as services see it.

use std::path::Path;
use std::sync::Arc;

use axigend_storage::{AccountId, MailboxLimits};

use crate::autopurge::Autopurge;
use crate::credential::Credential;
use crate::domain::Domain;
use crate::service::ServiceSwitches;

/// Which account: survives renames of account and domain, is never given out again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AccountKey {
    /// Number of the domain on this server.
    pub domain: u32,
    /// Number of the account in its domain.
    pub account: AccountId,
}

/// An account with every inherited value worked out (explicit, else domain default, else schema default). A snapshot:
/// it does not change, [`crate::Directory::account`] gives the newest.
#[derive(Clone, Debug)]
pub struct Account {
    /// Number in its domain; owner of its mailbox.
    pub id: AccountId,
    /// Local part, as written by the administrator.
    pub name: String,
    /// Its domain.
    pub domain: Arc<Domain>,
    /// Where its mailbox is: the path for `Stores::get`.
    pub message_dir: Arc<Path>,
    /// Further local parts.
    pub aliases: Vec<String>,
    /// What it may use: domain's `availableServices`, domain's `services` and its own, all together.
    pub services: ServiceSwitches,
    /// Quotas of its mailbox.
    pub mailbox_limits: MailboxLimits,
    /// What of its mail goes by age.
    pub autopurge: Autopurge,
    /// Most IMAP sessions at a time, 0 = no limit.
    pub imap_connection_count: u32,
    /// Most POP3 sessions at a time, 0 = no limit.
    pub pop3_connection_count: u32,
    /// At or above this share of its quota, in percent, it may not send; 0 = never.
    pub quota_send_threshold: u32,
    /// Rises with every change of the password.
    pub credential_version: u64,
    /// Only for `authenticate`.
    pub(crate) credential: Arc<Credential>,
}

impl Account {
    /// `name@domain`.
    pub fn address(&self) -> String {
        format!("{}@{}", self.name, self.domain.name)
    }

    /// Which account this is.
    pub fn key(&self) -> AccountKey {
        AccountKey {
            domain: self.domain.id,
            account: self.id,
        }
    }

    /// Whether `address` (already lower case is not needed) is one of its own: name or alias at its domain's name or
    /// alias. For "sender must match login" (domains-groupware, "Send-as").
    pub fn owns(&self, address: &str) -> bool {
        let (local, domain) = crate::names::split_address(address, &self.domain.name);
        let is_name = |name: &String| crate::names::local_key(name) == local;
        let is_domain = |name: &String| crate::names::domain_key(name) == domain;
        (is_name(&self.name) || self.aliases.iter().any(is_name))
            && (is_domain(&self.domain.name) || self.domain.aliases.iter().any(is_domain))
    }
}
