//! A domain as services see it.

use std::path::Path;
use std::sync::Arc;

use axigen_shared::schema::Object;

use crate::place::Usid;
use crate::service::ServiceSwitches;

/// What happens to mail for nobody (services-core 3.2.1, "Catch-all").
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum CatchAll {
    /// It is refused.
    #[default]
    Disabled,
    /// It goes to this folder of this account (local part).
    Account { account: String, folder: String },
}

/// One storage of a domain's mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageStorage {
    /// Which one it is.
    pub usid: Usid,
    /// Where it is: the path for `Stores::get`.
    pub dir: Arc<Path>,
    /// No new mailbox is put there.
    pub read_only: bool,
}

/// A domain's settings as of one moment.
#[derive(Clone, Debug)]
pub struct Domain {
    /// Number of the domain on this server, never given out again.
    pub id: u32,
    /// Its name in lower-case A-labels.
    pub name: String,
    /// Where its mailboxes are, never none: each account says in which of them its own is.
    pub storages: Vec<MessageStorage>,
    /// Other names that mean the same domain.
    pub aliases: Vec<String>,
    /// `availableServices` and `services` together.
    pub(crate) services: ServiceSwitches,
    pub(crate) catch_all: CatchAll,
    /// The object it was made from: accounts inherit from its parts.
    pub(crate) object: Arc<Object>,
}
