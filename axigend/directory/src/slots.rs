//! How many sessions an account has (`pop3ConnectionCount`, `imapConnectionCount`).

use std::collections::HashMap;
use std::sync::Arc;

use axigen_shared::{Cause, Refusal};
use parking_lot::Mutex;

use crate::account::AccountKey;
use crate::service::ServiceSwitch;

type Counts = Mutex<HashMap<(AccountKey, ServiceSwitch), u32>>;

/// Sessions by account and service. Only accounts with a session take room.
#[derive(Default)]
pub(crate) struct Slots(Arc<Counts>);

impl Slots {
    /// One more session, if `most` (0 = no limit) allows it.
    pub(crate) fn take(
        &self,
        account: AccountKey,
        service: ServiceSwitch,
        most: u32,
    ) -> Result<Slot, Refusal> {
        let key = (account, service);
        let mut counts = self.0.lock();
        let count = counts.entry(key).or_default();
        if most != 0 && *count >= most {
            let detail = format!("{most} {} sessions are open", service.name());
            return Err(Refusal::new(Cause::TooManyConnections, detail));
        }
        *count = count.saturating_add(1);
        drop(counts);
        Ok(Slot {
            counts: Arc::clone(&self.0),
            key,
        })
    }
}

/// One session of an account; dropping it makes room for another.
#[must_use = "the slot is free again when this is dropped"]
pub struct Slot {
    counts: Arc<Counts>,
    key: (AccountKey, ServiceSwitch),
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.counts.lock();
        let left = counts.get_mut(&self.key).map(|count| {
            *count = count.saturating_sub(1);
            *count
        });
        if left == Some(0) {
            counts.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_comes_back_and_services_count_apart() {
        let slots = Slots::default();
        let account = AccountKey {
            domain: 1,
            account: 2,
        };
        let first = slots.take(account, ServiceSwitch::Imap, 1).unwrap();
        assert_eq!(
            slots
                .take(account, ServiceSwitch::Imap, 1)
                .map(drop)
                .unwrap_err()
                .cause,
            Cause::TooManyConnections
        );
        let _other = slots.take(account, ServiceSwitch::Pop3, 1).unwrap();
        drop(first);
        assert!(slots.take(account, ServiceSwitch::Imap, 1).is_ok());
        assert_eq!(slots.0.lock().len(), 1);
    }
}
