//! Tables of a store and their keys: big-endian and rising, so that neighbours in use are neighbours on disk.
//!
//! | table | key | value |
//! |---|---|---|
//! | mailbox | account 8 | totals and counters |
//! | folder | account 8, folder 4 | counters, quota, name |
//! | name | account 8, name | folder 4 |
//! | keyword | account 8, folder 4 | names of the keyword bits |
//! | message | account 8, folder 4, UID 4 | flags, dates, body |
//! | change | account 8, folder 4, MODSEQ 8 | UID 4 of the message changed last then |
//! | expunged | account 8, folder 4, MODSEQ 8 | UID 4 of the message gone then |
//! | delivered | queue key 8, account 8 | UID 4 |
//! | subscription | account 8, name | nothing |
//! | reader | account 8, folder 4, reader 8 | MODSEQ 8 of the reader's last change |
//! | seen | account 8, folder 4, reader 8, UID / 512 4 | which of these UIDs the reader has seen |
//!
//! Every value begins with a version byte.

use super::types::{AccountId, FolderId};

pub(super) const MAILBOX: &str = "mailbox";
pub(super) const FOLDER: &str = "folder";
pub(super) const NAME: &str = "name";
pub(super) const KEYWORD: &str = "keyword";
pub(super) const MESSAGE: &str = "message";
pub(super) const CHANGE: &str = "change";
pub(super) const EXPUNGED: &str = "expunged";
pub(super) const DELIVERED: &str = "delivered";
pub(super) const SUBSCRIPTION: &str = "subscription";
pub(super) const READER: &str = "reader";
pub(super) const SEEN: &str = "seen";

/// All tables of a store.
pub(super) const TABLES: &[&str] = &[
    MAILBOX,
    FOLDER,
    NAME,
    KEYWORD,
    MESSAGE,
    CHANGE,
    EXPUNGED,
    DELIVERED,
    SUBSCRIPTION,
    READER,
    SEEN,
];
/// Format of all values together. 2 has the tables `reader` and `seen`, which a store of format 1 gets empty.
pub(super) const FORMAT: u32 = 2;

pub(super) fn mailbox(account: AccountId) -> [u8; 8] {
    account.to_be_bytes()
}

pub(super) fn folder(account: AccountId, folder: FolderId) -> [u8; 12] {
    let mut key = [0; 12];
    key[..8].copy_from_slice(&account.to_be_bytes());
    key[8..].copy_from_slice(&folder.to_be_bytes());
    key
}

pub(super) fn name(account: AccountId, name: &str) -> Vec<u8> {
    [&account.to_be_bytes()[..], name.as_bytes()].concat()
}

pub(super) fn message(account: AccountId, folder_id: FolderId, uid: u32) -> [u8; 16] {
    let mut key = [0; 16];
    key[..12].copy_from_slice(&folder(account, folder_id));
    key[12..].copy_from_slice(&uid.to_be_bytes());
    key
}

pub(super) fn change(account: AccountId, folder_id: FolderId, modseq: u64) -> [u8; 20] {
    let mut key = [0; 20];
    key[..12].copy_from_slice(&folder(account, folder_id));
    key[12..].copy_from_slice(&modseq.to_be_bytes());
    key
}

pub(super) fn reader(account: AccountId, folder_id: FolderId, reader: AccountId) -> [u8; 20] {
    let mut key = [0; 20];
    key[..12].copy_from_slice(&folder(account, folder_id));
    key[12..].copy_from_slice(&reader.to_be_bytes());
    key
}

pub(super) fn seen(account: AccountId, folder: FolderId, of: AccountId, span: u32) -> [u8; 24] {
    let mut key = [0; 24];
    key[..20].copy_from_slice(&reader(account, folder, of));
    key[20..].copy_from_slice(&span.to_be_bytes());
    key
}

pub(super) fn delivered(key: u64, account: AccountId) -> [u8; 16] {
    let mut out = [0; 16];
    out[..8].copy_from_slice(&key.to_be_bytes());
    out[8..].copy_from_slice(&account.to_be_bytes());
    out
}

/// The first key after all that begin with `prefix`.
pub(super) fn after(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return end;
        }
    }
    // Nothing comes after a prefix of all ones; no key of ours is longer than this.
    vec![u8::MAX; 4096]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_is_above_all_with_the_prefix() {
        assert_eq!(after(&[1, 2]), [1, 3]);
        assert_eq!(after(&[1, 0xff]), [2]);
        assert!(after(&[0xff; 12]).as_slice() > &[0xff; 20][..]);
    }

    #[test]
    fn keys_rise_with_what_they_count() {
        assert!(message(1, 2, 255) < message(1, 2, 256));
        assert!(change(1, 2, 65_535) < change(1, 2, 65_536));
        assert!(folder(1, 9) < folder(2, 1));
    }
}
