//! First step: who is meant by each recipient (domains-groupware, "Recipient resolution order").
//!
//! Groups, lists and forwarding join here when they are built: then one recipient may lead to several places.

use std::path::PathBuf;

use axigend_directory::{Account, Directory, Resolution, ServiceSwitch};
use axigend_storage::{AccountId, DeliverTo, MailboxLimits};

use crate::verdict::Verdict;

/// The folder of mail that is not filed anywhere else.
const INBOX: &str = "INBOX";

/// Where a recipient's copy goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Message storage of the domain.
    pub(crate) store: PathBuf,
    pub(crate) account: AccountId,
    pub(crate) folder: String,
    pub(crate) limits: MailboxLimits,
    /// Address of the account, for the log.
    pub(crate) shown: String,
}

impl Place {
    fn of(account: &Account, folder: String) -> Self {
        Self {
            store: account.message_dir.to_path_buf(),
            account: account.id,
            folder,
            limits: account.mailbox_limits,
            shown: account.address(),
        }
    }

    /// As the store wants it.
    pub(crate) fn deliver_to(&self) -> DeliverTo {
        DeliverTo {
            account: self.account,
            folder: self.folder.clone(),
            limits: self.limits,
        }
    }
}

/// What a recipient has become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    Local(Place),
    /// Not ours: for SMTP sending.
    Relay,
    /// Nothing can be delivered now or ever; with the detail for the log.
    Refused(Verdict, String),
}

/// Expands one recipient of a message of `size` bytes.
pub(crate) fn expand(directory: &Directory, address: &str, primary_domain: &str, size: u64) -> Destination {
    let (account, folder) = match directory.resolve(address, primary_domain) {
        Ok(Resolution::Account(account)) => (account, INBOX.to_owned()),
        Ok(Resolution::CatchAll { account, folder }) => (account, folder),
        Ok(Resolution::Remote) => return Destination::Relay,
        Ok(Resolution::UnknownUser) => {
            return Destination::Refused(Verdict::UNKNOWN_USER, "no such user".to_owned());
        }
        Ok(Resolution::DomainDisabled) => {
            let verdict = Verdict::of(axigen_shared::Cause::DomainDisabled);
            return Destination::Refused(verdict, "the domain is disabled".to_owned());
        }
        Err(refusal) => return Destination::Refused(Verdict::of(refusal.cause), refusal.to_string()),
    };
    if !account.services.contains(ServiceSwitch::SmtpIncoming) {
        let why = format!("{} may not receive", account.address());
        return Destination::Refused(Verdict::NOT_ACCEPTING, why);
    }
    let most = account.mailbox_limits.total_size_kb;
    if most != 0 && size > most.saturating_mul(1024) {
        let why = format!("{size} bytes do not fit into {most} KB of {}", account.address());
        return Destination::Refused(Verdict::LARGER_THAN_MAILBOX, why);
    }
    Destination::Local(Place::of(&account, folder))
}
