//! Mailboxes on a [`crate::Ledger`]: folders, messages, flags, changes, quotas.
//!
//! Read [`Store`] first (one per message storage), then [`Mailbox`] (one account in it). Every operation is one
//! closure on the committer thread of the store, so it sees and leaves a consistent mailbox; the files named after
//! operations hold those closures. What the tables look like is in `keys` and `rows`.

mod append;
mod bodies;
mod check;
mod deliver;
mod edit;
mod flags;
mod folder_ops;
mod keys;
mod keyword;
mod look;
mod mailbox;
mod maintain;
mod message_ops;
mod names;
mod numbers;
mod object_id;
mod opening;
mod quota;
mod reader;
mod repair;
mod rows;
mod seen;
mod store;
mod stores;
mod types;
mod watch;

pub use bodies::BodyPlace;
pub use check::StoreReport;
pub use flags::{FlagOp, Flags, SystemFlags};
pub use mailbox::Mailbox;
pub use maintain::{Inspected, Verified};
pub use numbers::FolderNumbers;
pub use store::{Store, StoreLimits, StoreOptions};
pub use stores::{StoreObserver, Stores};
pub use types::{
    AccountId, Appended, Changed, Changes, Copied, DeliverTo, Delivered, FlagsChanged, FolderId, FolderInfo,
    FolderQuota, LocalDelivery, MailboxLimits, MailboxUsage, MessageRow, NewMessage, SpecialUse, StoreUsage,
};

/// Most keywords one folder can name (RFC 9051, 2.3.2 leaves the bound to the server): one bit each in a message row.
pub const KEYWORD_LIMIT: usize = 64;
/// Longest folder name in bytes, all levels together: names are index keys and must stay small.
pub const FOLDER_NAME_LIMIT: usize = 1000;
/// Most levels of a folder name, so that walking up to the root is bounded.
pub const FOLDER_DEPTH_LIMIT: usize = 32;
/// Most messages of one COPY or MOVE, because it is one transaction: all of it or nothing (RFC 9051, 6.4.7).
pub const COPY_LIMIT: usize = 100_000;
/// Messages changed in one transaction by operations that need not be atomic (STORE, EXPUNGE, DELETE of a folder), so
/// that others get their turn between.
const STEP: usize = 4096;
