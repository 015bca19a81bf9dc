//! What goes into and comes out of a mailbox.

use std::sync::Arc;

use axigen_shared::Refusal;

use super::flags::Flags;
use crate::body::{BodyRef, BodySource};

/// Number of an account, given by the directory, never reused.
pub type AccountId = u64;
/// Number of a folder within its mailbox; stays through renames, is never reused in that mailbox.
pub type FolderId = u32;

/// Limits of a mailbox (account quotas); 0 means no limit.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct MailboxLimits {
    /// Size of all messages in KB of 1024 bytes (`totalMessageSize`).
    pub total_size_kb: u64,
    /// Number of all messages (`totalMessageCount`).
    pub total_count: u64,
    /// Number of folders (`mboxCount`).
    pub folder_count: u64,
    /// Messages in one folder (`messageCount`), unless the folder has its own quota.
    pub folder_message_count: u64,
    /// Size of one folder in KB (`messageSize`), unless the folder has its own quota.
    pub folder_size_kb: u64,
}

/// A folder's own quota (`SET MboxQuota`); `None` takes the account's value, 0 means no limit.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct FolderQuota {
    /// Messages.
    pub count: Option<u64>,
    /// KB of 1024 bytes.
    pub size_kb: Option<u64>,
}

/// Special use of a folder (RFC 6154, 2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SpecialUse {
    /// \All: all messages of the user.
    All,
    /// \Archive: kept messages.
    Archive,
    /// \Drafts: unfinished messages.
    Drafts,
    /// \Flagged: flagged messages.
    Flagged,
    /// \Junk: spam.
    Junk,
    /// \Sent: copies of sent mail.
    Sent,
    /// \Trash: deleted messages.
    Trash,
}

/// One folder with its counters, as of one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FolderInfo {
    /// Stable number.
    pub id: FolderId,
    /// MAILBOXID (RFC 8474): stays through renames, is never given to another folder of the domain.
    pub mailbox_id: String,
    /// UTF-8 name, levels separated by '/'; the inbox is `INBOX`.
    pub name: String,
    /// UIDVALIDITY (RFC 9051, 2.3.1.1): rises when a name is used again.
    pub uid_validity: u32,
    /// UIDNEXT.
    pub uid_next: u32,
    /// HIGHESTMODSEQ (RFC 7162, 3.1.2.1), at least 1; drawn from a counter of the whole mailbox.
    pub highest_modseq: u64,
    /// Number of messages.
    pub messages: u32,
    /// Messages without \Seen.
    pub unseen: u32,
    /// Messages with \Deleted.
    pub deleted: u32,
    /// Bytes of all messages.
    pub size: u64,
    /// Messages from this UID on have not been claimed as \Recent by any session.
    pub recent_from: u32,
    /// Special use, if any.
    pub special_use: Option<SpecialUse>,
    /// Keywords in use or used before, in stored order.
    pub keywords: Vec<String>,
    /// Whether it can be selected. Always true so far.
    pub selectable: bool,
    /// Whether folders lie below it.
    pub has_children: bool,
}

/// One message without its body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MessageRow {
    /// UID in its folder.
    pub uid: u32,
    /// MODSEQ of the last change (RFC 7162); distinct within the mailbox, unless a reader's own \Seen counts.
    pub modseq: u64,
    /// INTERNALDATE, Unix seconds.
    pub internal_date: i64,
    /// RFC822.SIZE in bytes.
    pub size: u64,
    /// System flags and keywords.
    pub flags: Flags,
    /// Where the body lies.
    pub body: BodyRef,
    /// When it came into this folder (SAVEDATE, RFC 8514), Unix seconds.
    pub saved: i64,
}

/// One message to be appended.
#[derive(Clone)]
pub struct NewMessage {
    /// The whole RFC 5322 message.
    pub body: Arc<dyn BodySource>,
    /// Its first flags.
    pub flags: Flags,
    /// INTERNALDATE, Unix seconds.
    pub internal_date: i64,
}

/// Where appended messages are now (APPENDUID, RFC 4315).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Appended {
    /// UIDVALIDITY of the folder.
    pub uid_validity: u32,
    /// UIDs in the order of the messages given, rising.
    pub uids: Vec<u32>,
}

/// Where copies are now (COPYUID, RFC 4315); `source[i]` became `target[i]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Copied {
    /// UIDVALIDITY of the target folder.
    pub uid_validity: u32,
    /// UIDs that existed, rising.
    pub source: Vec<u32>,
    /// Their UIDs in the target, rising.
    pub target: Vec<u32>,
}

/// What a STORE did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FlagsChanged {
    /// The given messages that still exist and passed `unchanged_since`, as they are now (changed or not), rising.
    pub rows: Vec<MessageRow>,
    /// UIDs left alone because their MODSEQ is above `unchanged_since` (MODIFIED, RFC 7162, 3.1.3), rising.
    pub modified: Vec<u32>,
}

/// What happened in a folder after some MODSEQ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Changes {
    /// New and changed messages, by rising MODSEQ, each once in its present state.
    pub rows: Vec<MessageRow>,
    /// UIDs expunged since, in the order they went.
    pub vanished: Vec<u32>,
    /// Up to where the answer goes: ask again from here. With `complete` it is the folder's HIGHESTMODSEQ.
    pub highest_modseq: u64,
    /// False when `limit` cut the answer. See also `history_known`.
    pub complete: bool,
    /// False when the asked MODSEQ is older than the kept expunge history, so `vanished` may lack UIDs: compare UIDs
    /// with the folder instead.
    pub history_known: bool,
}

/// Which messages of a folder changed and went after some MODSEQ, without what they are now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Changed {
    /// UIDs of messages that came or changed, ascending. A reader's own may have gone since.
    pub changed: Vec<u32>,
    /// UIDs expunged since, ascending.
    pub vanished: Vec<u32>,
    /// The folder's HIGHESTMODSEQ.
    pub highest_modseq: u64,
    /// As [`Changes::history_known`].
    pub history_known: bool,
}

/// A message for local recipients of one store.
pub struct LocalDelivery {
    /// Identity of the message in the queue. Never used for another message: a delivery with a key already seen for
    /// an account is answered `AlreadyStored` until [`super::Store::forget_delivery`]. `None` for a message that
    /// nobody will deliver again.
    pub key: Option<u64>,
    /// The whole message.
    pub body: Arc<dyn BodySource>,
    /// INTERNALDATE, Unix seconds.
    pub internal_date: i64,
    /// Who gets it.
    pub recipients: Vec<DeliverTo>,
}

/// One local recipient.
pub struct DeliverTo {
    /// Whose mailbox; it is created with its default folders when it has none.
    pub account: AccountId,
    /// Which folder; one that does not exist is created, and when it cannot be created the message goes to INBOX.
    pub folder: String,
    /// The limits in force now.
    pub limits: MailboxLimits,
}

/// What became of one recipient.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Delivered {
    /// It is in the folder, on disk.
    Stored {
        /// Its UID.
        uid: u32,
    },
    /// An earlier try had already stored it.
    AlreadyStored,
    /// Not stored, nothing of it is left.
    Refused(Refusal),
}

/// What a mailbox holds; size counts every message in full, also where bytes are shared.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct MailboxUsage {
    /// Bytes of all messages.
    pub size: u64,
    /// Messages.
    pub messages: u64,
    /// Folders.
    pub folders: u64,
}

/// What a store takes on disk, in KB of 1024 bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct StoreUsage {
    /// Containers and index.
    pub total_kb: u64,
    /// Bodies still referenced.
    pub used_kb: u64,
}
