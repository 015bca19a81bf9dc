//! Object ids of folders, and what those of messages are made from (RFC 8474).
//!
//! Nothing is stored for them: a folder's is its owner and its number, which stays through renames and is never used
//! again; a message's is the name of its body, which is known for ever by the place where it was first stored, wherever
//! compaction moves it, and is shared by all recipients and copies. So both are the same after a restart and in an index
//! built anew from the containers.

use super::{
    mailbox::Mailbox,
    types::{AccountId, FolderId},
};
use crate::body::BodyRef;

/// MAILBOXID of a folder: distinct among all folders of a domain.
pub(super) fn mailbox_id(owner: AccountId, folder: FolderId) -> String {
    format!("F{owner:x}-{folder:x}")
}

impl Mailbox {
    /// The name of a body among all bodies of all stores: what an EMAILID is made from. It holds the store's identity,
    /// which is not to be shown as it is.
    pub fn content_name(&self, body: BodyRef) -> [u8; 20] {
        let mut name = [0; 20];
        name[..8].copy_from_slice(&self.store.ledger.identity().to_be_bytes());
        name[8..12].copy_from_slice(&body.file.to_be_bytes());
        name[12..].copy_from_slice(&body.offset.to_be_bytes());
        name
    }
}
