//! `pop3ExclusiveLock`: one POP3 session per mailbox at a time (RFC 1939, 4).
//!
//! IMAP and deliveries do not care: the lock only keeps two sessions from removing by the same numbers.

use std::{collections::HashSet, sync::Arc};

use axigen_shared::{Cause, Refusal};
use axigend_directory::AccountKey;
use parking_lot::Mutex;

/// Mailboxes that a session holds. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Locks(Arc<Mutex<HashSet<AccountKey>>>);

/// One mailbox held; dropping it lets go.
pub(super) struct Lock {
    locks: Locks,
    account: AccountKey,
}

impl Locks {
    /// Takes the mailbox of this account, if nobody holds it.
    pub(super) fn take(&self, account: AccountKey) -> Result<Lock, Refusal> {
        if self.0.lock().insert(account) {
            Ok(Lock {
                locks: self.clone(),
                account,
            })
        } else {
            Err(Refusal::new(
                Cause::InUse,
                "another POP3 session holds the mailbox",
            ))
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.locks.0.lock().remove(&self.account);
    }
}

#[cfg(test)]
mod tests {
    use super::{AccountKey, Cause, Locks};

    #[test]
    fn one_at_a_time() {
        let locks = Locks::default();
        let (ann, bob) = (
            AccountKey {
                domain: 1,
                account: 1,
            },
            AccountKey {
                domain: 1,
                account: 2,
            },
        );
        let held = locks.take(ann).expect("free");
        assert!(
            locks
                .clone()
                .take(ann)
                .is_err_and(|refusal| refusal.cause == Cause::InUse)
        );
        assert!(locks.take(bob).is_ok());
        drop(held);
        assert!(locks.take(ann).is_ok());
    }
}
