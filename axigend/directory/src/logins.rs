//! Who was here last: date and address of the last login per account and service ("registry information").
//!
//! Kept in memory and written in batches once a minute at most: a login never waits for it, and a crash loses at
//! most the last minute.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use axigen_shared::Refusal;
use axigend_storage::{AccountId, Ledger};
use parking_lot::Mutex;

use crate::account::AccountKey;
use crate::codec::{Reader, Writer, unreadable};
use crate::service::ServiceSwitch;
use crate::tables::{Kind, OBJECT, REGISTRY, object_key};

/// Seconds between two batches.
const BATCH_EVERY: i64 = 60;
/// Accounts waiting to be written at most: beyond it further logins are not recorded until the batch is out.
const WAITING: usize = 64 * 1024;
/// Version byte of the record.
const VERSION: u8 = 1;

/// One service's last login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastLogin {
    /// Name of the service, as in `services`.
    pub service: String,
    /// Unix seconds.
    pub at: i64,
    /// From where; empty when it came over a local socket.
    pub from: String,
}

/// See the module.
pub(crate) struct Logins {
    waiting: Mutex<Waiting>,
}

struct Waiting {
    logins: HashMap<AccountKey, Vec<LastLogin>>,
    last_batch: i64,
}

impl Logins {
    pub(crate) fn new(now: i64) -> Self {
        Self {
            waiting: Mutex::new(Waiting {
                logins: HashMap::new(),
                last_batch: now,
            }),
        }
    }

    /// Notes a login; `true` when a batch is due.
    pub(crate) fn note(
        &self,
        who: AccountKey,
        service: ServiceSwitch,
        from: Option<IpAddr>,
        at: i64,
    ) -> bool {
        let mut waiting = self.waiting.lock();
        if waiting.logins.len() < WAITING || waiting.logins.contains_key(&who) {
            let login = LastLogin {
                service: service.name().to_owned(),
                at,
                from: from.map_or_else(String::new, |from| from.to_string()),
            };
            merge(waiting.logins.entry(who).or_default(), login);
        }
        let due = at.saturating_sub(waiting.last_batch) >= BATCH_EVERY;
        if due {
            waiting.last_batch = at;
        }
        due
    }

    /// Writes what waits for one domain; a failure is logged and the logins are lost.
    pub(crate) fn flush(&self, domain: u32, ledger: &Arc<Ledger>) {
        let batch: Vec<(AccountId, Vec<LastLogin>)> = {
            let mut waiting = self.waiting.lock();
            let ours = waiting.logins.extract_if(|key, _| key.domain == domain);
            ours.map(|(key, logins)| (key.account, logins)).collect()
        };
        if batch.is_empty() {
            return;
        }
        let written = ledger.write_blocking(move |txn| {
            for (id, new) in batch {
                let key = id.to_be_bytes();
                if txn.get(OBJECT, &object_key(Kind::Account, id))?.is_none() {
                    continue;
                }
                // What does not read is replaced: it is of little worth.
                let known = txn.get(REGISTRY, &key)?.and_then(|bytes| decode(&bytes).ok());
                let mut logins = known.unwrap_or_default();
                for login in new {
                    merge(&mut logins, login);
                }
                txn.put(REGISTRY, &key, &encode(&logins)?)?;
            }
            Ok(())
        });
        if let Err(refusal) = written {
            tracing::warn!(module = "SERVER", "last logins were not written: {refusal}");
        }
    }

    /// What is known of an account, newest included.
    pub(crate) fn of(&self, who: AccountKey, ledger: &Ledger) -> Result<Vec<LastLogin>, Refusal> {
        let bytes = ledger.read(|at| at.get(REGISTRY, &who.account.to_be_bytes()))?;
        let mut logins = bytes.map_or_else(|| Ok(Vec::new()), |bytes| decode(&bytes))?;
        let waiting = self.waiting.lock();
        let newer = waiting.logins.get(&who).cloned().unwrap_or_default();
        for login in newer {
            merge(&mut logins, login);
        }
        Ok(logins)
    }
}

/// One row per service.
fn merge(logins: &mut Vec<LastLogin>, login: LastLogin) {
    match logins.iter_mut().find(|known| known.service == login.service) {
        Some(known) => *known = login,
        None => logins.push(login),
    }
}

fn encode(logins: &[LastLogin]) -> Result<Vec<u8>, Refusal> {
    let mut out = Writer::default();
    out.u8(VERSION);
    out.u8(u8::try_from(logins.len()).unwrap_or(u8::MAX));
    for login in logins.iter().take(usize::from(u8::MAX)) {
        out.text(&login.service)?;
        out.u64(login.at.cast_unsigned());
        out.text(&login.from)?;
    }
    Ok(out.finish())
}

fn decode(bytes: &[u8]) -> Result<Vec<LastLogin>, Refusal> {
    let mut from = Reader::new(bytes);
    if from.u8()? != VERSION {
        return Err(unreadable());
    }
    let count = from.u8()?;
    let mut login = || {
        let (service, at) = (from.text()?, from.u64()?.cast_signed());
        Ok(LastLogin {
            service,
            at,
            from: from.text()?,
        })
    };
    (0..count).map(|_| login()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_login_of_each_service_stays_and_batches_are_a_minute_apart() {
        let logins = Logins::new(1000);
        let who = AccountKey {
            domain: 1,
            account: 1,
        };
        assert!(!logins.note(who, ServiceSwitch::Imap, None, 1001));
        assert!(!logins.note(who, ServiceSwitch::Pop3, None, 1002));
        assert!(logins.note(who, ServiceSwitch::Imap, Some([192, 0, 2, 1].into()), 1060));
        assert!(!logins.note(who, ServiceSwitch::Imap, None, 1061));
        let waiting = logins.waiting.lock().logins.get(&who).cloned().unwrap();
        assert_eq!(
            waiting.iter().map(|login| login.at).collect::<Vec<_>>(),
            [1061, 1002]
        );
        assert_eq!(decode(&encode(&waiting).unwrap()).unwrap(), waiting);
    }
}
