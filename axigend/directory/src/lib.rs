//! The directory: domains, accounts, administrative users, and who may log in.
//!
//! Enter with [`Directory::open`]; services use [`Directory::resolve`], [`Directory::authenticate`] and
//! [`Directory::connection_slot`], administration uses the rest. Owns the server storage (`serverData/`), the objects
//! of each domain (`<location>/objects`), credentials and their threads. Does not own mailboxes (an account is a
//! number to the store), nor the schema of objects, nor what an answer looks like on any wire.
//!
//! Two invariants: nothing here waits for a hash, the disk or a synced write on a connection thread (what returns at once
//! may read, and is asked there through `axigend_storage::ask`), and trouble of a store is
//! a `DirectoryFailure`, never a wrong password or an unknown user.

mod account;
mod accounts;
mod administer;
mod authenticate;
mod autopurge;
mod check;
mod codec;
mod create;
mod credential;
mod directory;
mod domain;
mod edit;
mod entries;
mod group;
mod identify;
mod identity;
mod logins;
mod mailing_list;
mod maintain;
mod names;
mod objects;
mod open_domain;
mod passwords;
mod paths;
mod place;
mod recipients;
mod record;
mod register;
mod repair;
mod restore;
mod server;
mod service;
mod slots;
mod successes;
mod tables;
mod typed;
mod verify;

pub use account::{Account, AccountKey};
pub use authenticate::{AdminUser, LoginContext};
pub use autopurge::Autopurge;
pub use check::{CheckedDomain, DirectoryReport, check};
pub use create::NewDomain;
pub use credential::PASSWORD_MAX;
pub use directory::{Directory, DomainSummary, Resolution};
pub use domain::{Domain, MessageStorage};
pub use edit::DomainPlaces;
pub use group::{DistributeTo, Group, MEMBERS_MOST, Member, ReceiveFrom};
pub use logins::LastLogin;
pub use mailing_list::{
    ContentAllow, LIST_TEXTS, ListAddress, ListUser, MailingList, Moderate, SenderAllow, name_list_addresses,
};
pub use maintain::DisabledObjects;
pub use place::{Role, Storage, Usid};
pub use recipients::RecipientKind;
pub use service::{ServiceSwitch, ServiceSwitches};
pub use slots::Slot;
pub use tables::Dates;
