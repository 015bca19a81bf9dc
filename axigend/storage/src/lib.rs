//! The storage room: message bodies and their index, so that what was acknowledged survives a power cut.
//!
//! Owns the disk edge ([`Disk`]), the generic [`Ledger`] (named tables plus append-only containers that are both the
//! home of the bodies and the redo log) and, on top of it, mailboxes ([`Store`], [`Mailbox`]). Knows nothing of
//! protocols, accounts' names or quotas' sources: an account is a number and limits come with each request.
//!
//! Enter with [`Stores`] for mail and with [`Ledger`] for anything else that must last (queue, directory).
//! What reads and returns at once may wait for the disk; who must not wait asks through [`ask`], [`Mailbox::ask`] and
//! [`Stores::open`].
//! One promise everywhere: `Ok` of a write means that it is on disk (one `fdatasync`, shared by all that waited).

mod asking;
mod body;
mod container;
mod disk;
mod error;
mod ledger;
mod mail;

pub use asking::{ask, read_file};
pub use body::{BodyRef, BodySource, Noted};
pub use disk::{
    Disk, DiskFile, FaultDisk, MemoryDisk, ReadOnlyDisk, RealDisk, connection_waits, mark_connection_thread,
};
pub use ledger::{
    CompactOptions, Compacted, Counted, Frozen, Ledger, LedgerFacts, LedgerOptions, LedgerUsage, NotesUsage,
    OwnerCounted, Progress, Snapshot, Statistics, StoredBody, Txn,
};
pub use mail::{
    AccountId, Appended, BodyPlace, COPY_LIMIT, Changed, Changes, Copied, DeliverTo, Delivered,
    FOLDER_DEPTH_LIMIT, FOLDER_NAME_LIMIT, FlagOp, Flags, FlagsChanged, FolderId, FolderInfo, FolderNumbers,
    FolderQuota, Inspected, KEYWORD_LIMIT, LocalDelivery, Mailbox, MailboxLimits, MailboxUsage, MessageRow,
    NewMessage, SpecialUse, Store, StoreLimits, StoreObserver, StoreOptions, StoreReport, StoreUsage, Stores,
    SystemFlags, Verified,
};
