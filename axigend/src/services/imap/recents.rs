//! \Recent in one session at most (RFC 3501, 2.3.2): what the sessions of this server have been told of.
//!
//! A message that comes while a folder is open is recent in the session that is told of it first. Who that was is held
//! in memory while the folder is open anywhere, and written to the store when the session leaves it, so that nothing is
//! written for each message and session. A server that is killed meanwhile shows those messages as recent once more.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use axigend_directory::AccountKey;
use axigend_storage::FolderId;
use parking_lot::Mutex;

/// Folders of all accounts that sessions have open.
#[derive(Clone, Default)]
pub(super) struct Recents(Arc<Mutex<HashMap<Key, Weak<Mutex<u32>>>>>);

type Key = (AccountKey, FolderId);

/// One folder, shared by all sessions that have it open.
pub(super) struct Told {
    recents: Recents,
    key: Key,
    /// UIDs below this were told of.
    below: Arc<Mutex<u32>>,
}

impl Recents {
    /// The folder, for a session that opens it.
    pub(super) fn open(&self, account: AccountKey, folder: FolderId) -> Told {
        let key = (account, folder);
        let mut folders = self.0.lock();
        let below = folders.get(&key).and_then(Weak::upgrade).unwrap_or_default();
        folders.insert(key, Arc::downgrade(&below));
        Told {
            recents: self.clone(),
            key,
            below,
        }
    }

    /// UIDs below this were told of by sessions that have the folder open; 0 when there is none.
    pub(super) fn below(&self, account: AccountKey, folder: FolderId) -> u32 {
        let folders = self.0.lock();
        let told = folders.get(&(account, folder)).and_then(Weak::upgrade);
        told.map_or(0, |below| *below.lock())
    }
}

impl Told {
    /// From which UID on messages are recent in a session that tells of those below `end` now; `stored` is what the
    /// store knows. With `claim` they are so in no other session.
    pub(super) fn tell(&self, stored: u32, end: u32, claim: bool) -> u32 {
        let mut below = self.below.lock();
        let first = stored.max(*below);
        if claim {
            *below = first.max(end);
        }
        first
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        let mut folders = self.recents.0.lock();
        if Arc::strong_count(&self.below) == 1 {
            folders.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AccountKey, Recents};

    const ANN: AccountKey = AccountKey {
        domain: 1,
        account: 1,
    };

    #[test]
    fn the_first_to_tell_has_it() {
        let recents = Recents::default();
        let folder = 7;
        let (one, two) = (recents.open(ANN, folder), recents.open(ANN, folder));
        assert_eq!(one.tell(3, 5, true), 3);
        assert_eq!(two.tell(3, 5, true), 5);
        assert_eq!(two.tell(3, 6, false), 5, "EXAMINE sees and does not take");
        assert_eq!((two.tell(3, 8, true), one.tell(3, 8, true)), (5, 8));
        drop(one);
        assert_eq!(recents.below(ANN, folder), 8);
        drop(two);
        assert_eq!(recents.below(ANN, folder), 0);
        assert!(recents.0.lock().is_empty());
    }
}
