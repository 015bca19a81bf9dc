//! The daily maintenance of each domain: old mail goes from the folders that accounts have purged (`autopurgeAgeLimit`,
//! `autopurgeFolders`), and cached metadata where it became more than `disposableMetadataQuotaThreshold`.
//!
//! It is done once after every [`HOUR`] o'clock of the server, or when the server is there again if it was not then. When
//! that was is kept with the domain's objects; `RESET maintenanceDate` forgets it and begins at once. One domain after
//! the other, so that disks are left to who uses them.

use super::Administration;
use super::maintenance::aborted;
use super::purge::{Wanted, purge};
use super::scan::wait;
use super::storages::{place_name, said};
use crate::jobs::{JobKind, Task};
use crate::parts::Parts;
use axigen_shared::Refusal;
use axigend_console::{Acted, Place};
use jiff::ZonedDateTime;
use jiff::{Timestamp, civil::Time};
use std::sync::Arc;
use std::time::Duration;

/// The hour after which it is due, when few people work.
const HOUR: i8 = 2;
/// The longest that one domain may keep the others waiting before the next look.
const LONGEST: Duration = Duration::from_hours(24);

/// The latest moment at which maintenance became due, seconds since 1970.
fn due_since(now: &ZonedDateTime) -> i64 {
    let hour = now.with().time(Time::constant(HOUR, 0, 0, 0)).build();
    let hour = hour.unwrap_or_else(|_| now.clone());
    let at = if hour <= *now { Ok(hour) } else { hour.yesterday() };
    at.map_or(i64::MIN, |at| at.timestamp().as_second())
}

impl Administration {
    /// Maintains the domains for which it is due, one after the other; called about every minute, away from the threads
    /// of connections. What is still busy with it is left alone.
    pub fn maintain_daily(parts: &Arc<Parts>) {
        let due = due_since(&ZonedDateTime::now());
        for domain in parts.directory.domains().into_iter().filter(|one| one.enabled) {
            let last = match parts.directory.maintenance_date(&domain.name) {
                Ok(last) => last,
                Err(refusal) => {
                    tracing::debug!(module = "STORAGE", "no maintenance of {}: {refusal}", domain.name);
                    continue;
                }
            };
            if last.is_some_and(|last| last >= due) {
                continue;
            }
            // One that runs already was asked for by an administrator.
            if let Ok(task) = Self::start_daily(parts, &domain.name) {
                let ended = async {
                    task.ended_within(LONGEST).await;
                    Ok(())
                };
                if wait(ended).is_err() {
                    return;
                }
            }
        }
    }

    fn start_daily(parts: &Arc<Parts>, domain: &str) -> Result<Arc<Task>, Refusal> {
        let (own, name) = (Self::over(parts), domain.to_owned());
        parts
            .jobs
            .start(JobKind::Daily, domain, move |task| own.daily(task, &name))
    }

    /// `RESET maintenanceDate`: the maintenance is due again, and begins.
    pub(super) async fn reset_maintenance(&self, place: &Place) -> Result<Acted, Refusal> {
        let domain = place_name(place);
        self.parts.directory.set_maintenance_date(&domain, None).await?;
        Self::start_daily(&self.parts, &domain)?;
        Ok(said(
            "maintenance begins now, LIST activeStorageTransactions shows it while it runs".to_owned(),
        ))
    }

    fn daily(&self, task: &Task, domain: &str) -> Result<String, Refusal> {
        let now = Timestamp::now().as_second();
        let (mut removed, mut mailboxes) = (0, 0);
        for name in self.accounts_of(domain)? {
            if task.is_aborted() {
                return Err(aborted());
            }
            task.progress(format!("{removed} messages removed, now {name}"));
            // It may have been removed since.
            let Ok(account) = self.account(domain, &name) else {
                continue;
            };
            let autopurge = &account.autopurge;
            if autopurge.days == 0 || autopurge.folders.is_empty() {
                continue;
            }
            let wanted = Wanted::older_than(autopurge.days, autopurge.folders.clone());
            let mailbox = self.mailbox_of(&account);
            match mailbox.and_then(|mailbox| wait(purge(&mailbox, &wanted, now))) {
                Ok(0) => {}
                Ok(gone) => {
                    task.say(format!("{}: {gone} old messages removed", account.address()));
                    removed += gone;
                    mailboxes += 1;
                }
                // The others are none the worse for it; tomorrow is another day.
                Err(refusal) => task.say(format!("{}: {refusal}", account.address())),
            }
        }
        let dropped = self.drop_metadata(domain)?;
        wait(self.parts.directory.set_maintenance_date(domain, Some(now)))?;
        Ok(format!(
            "{removed} messages of {mailboxes} accounts removed, {dropped} cached summaries dropped"
        ))
    }

    /// Drops cached metadata of storages that have more of it than the domain allows.
    fn drop_metadata(&self, domain: &str) -> Result<u64, Refusal> {
        let object = self.parts.directory.domain_object(domain)?;
        let most_kb = object.get("disposableMetadataQuotaThreshold").number();
        let mut dropped = 0;
        if most_kb == 0 {
            return Ok(dropped);
        }
        for storage in self.storages(domain)? {
            if storage.store.is_some() && storage.ledger.notes_usage()?.bytes.div_ceil(1024) > most_kb {
                dropped += storage.ledger.forget_notes()?;
            }
        }
        Ok(dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::due_since;
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    #[test]
    fn it_is_due_after_two_in_the_night() {
        let at = |hour, minute| {
            let at = date(2026, 11, 27).at(hour, minute, 0, 0);
            at.to_zoned_datetime(TimeZone::UTC).unwrap()
        };
        let today = at(2, 0).timestamp().as_second();
        assert_eq!(due_since(&at(2, 0)), today);
        assert_eq!(due_since(&at(23, 59)), today);
        assert_eq!(due_since(&at(1, 59)), today - 86_400);
    }
}
