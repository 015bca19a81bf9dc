//! Who a recipient is, and whether a mailbox has room: the decisions at MAIL and RCPT.

use std::sync::Arc;

use axigen_shared::{Cause, Refusal};
use axigend_directory::{Account, Group, ListAddress, Resolution, ServiceSwitch};
use axigend_protocol::smtp::Route;
use axigend_storage::{Mailbox, MailboxLimits, MailboxUsage, ask};

use super::Desk;

/// Where mail for this address goes, if it can be taken now.
pub(super) async fn route(
    desk: &Desk,
    primary_domain: &str,
    address: &str,
    size: Option<u64>,
    sender: Option<&str>,
) -> Result<Route, Refusal> {
    let directory = Arc::clone(&desk.directory);
    let (whose, primary_domain) = (address.to_owned(), primary_domain.to_owned());
    let resolved = ask(move || directory.resolve(&whose, &primary_domain));
    let account = match resolved.await? {
        Resolution::Account(account) | Resolution::CatchAll { account, .. } => account,
        Resolution::Remote => return Ok(Route::Remote),
        Resolution::Group(group) => return to_group(desk, group, sender).await,
        // Of its addresses only the list itself fills its mailbox.
        Resolution::List(list, ListAddress::Post) => Arc::clone(&list.mailbox),
        Resolution::List(list, which) if list.is_enabled(which) => return Ok(Route::Local),
        Resolution::UnknownUser | Resolution::List(..) => return Err(nobody(address)),
        Resolution::DomainDisabled => {
            return Err(Refusal::new(
                Cause::DomainDisabled,
                format!("{address}: the domain is disabled"),
            ));
        }
    };
    if !account.services.contains(ServiceSwitch::SmtpIncoming) {
        return Err(Refusal::new(
            Cause::NotPermitted,
            format!("{address}: smtpIncoming is switched off"),
        ));
    }
    takes_mail(desk, &account)?;
    let limits = account.mailbox_limits;
    if limits.total_size_kb > 0 || limits.total_count > 0 {
        has_room(limits, usage(desk, &account).await?, size)
            .map_err(|why| Refusal::new(Cause::OverQuota, format!("{address}: {why}")))?;
    }
    Ok(Route::Local)
}

/// A group takes mail, and from this sender (domains-groupware, "Groups").
async fn to_group(desk: &Desk, group: Arc<Group>, sender: Option<&str>) -> Result<Route, Refusal> {
    if group.takes_nothing() {
        return Err(nobody(&group.address()));
    }
    let address = group.address();
    let (directory, sender) = (Arc::clone(&desk.directory), sender.map(str::to_owned));
    if !ask(move || directory.may_post(&group, sender.as_deref())).await? {
        let detail = format!("{address}: this sender may not write to it");
        return Err(Refusal::new(Cause::NotPermitted, detail));
    }
    Ok(Route::Local)
}

fn nobody(address: &str) -> Refusal {
    Refusal::new(Cause::NoSuchAccount, format!("{address}: no such account"))
}

/// Whether the storage of an account is neither full nor read-only, as far as that can be said without waiting: one that
/// is not open is not opened for it, the queue will know.
fn takes_mail(desk: &Desk, account: &Account) -> Result<(), Refusal> {
    let store = desk.stores.opened(&account.message_dir);
    match store.and_then(|store| store.closed_to_mail()) {
        Some(refusal) => {
            let detail = format!("{}: {}", account.address(), refusal.detail);
            Err(Refusal::new(refusal.cause, detail))
        }
        None => Ok(()),
    }
}

/// Whether the account may send: not when its own mailbox is filled up to `quotaSendMessageThreshold`.
pub(super) async fn may_send(desk: &Desk, account: &Account) -> Result<(), Refusal> {
    let limits = account.mailbox_limits;
    let percent = u64::from(account.quota_send_threshold);
    if percent == 0 || limits.total_size_kb == 0 && limits.total_count == 0 {
        return Ok(());
    }
    let usage = usage(desk, account).await?;
    if reaches(usage.size, limits.total_size_kb.saturating_mul(1024), percent)
        || reaches(usage.messages, limits.total_count, percent)
    {
        let detail = format!("{} holds {percent} % of its quota or more", account.address());
        return Err(Refusal::new(Cause::OverQuota, detail));
    }
    Ok(())
}

async fn usage(desk: &Desk, account: &Account) -> Result<MailboxUsage, Refusal> {
    let store = desk.stores.open(&account.message_dir).await?;
    store.mailbox(account.id).ask(Mailbox::usage).await
}

/// Services-core 3.2.1, "Full mailbox at RCPT time"; 0 is no limit.
fn has_room(limits: MailboxLimits, usage: MailboxUsage, size: Option<u64>) -> Result<(), String> {
    let most = limits.total_size_kb.saturating_mul(1024);
    if most > 0 && (usage.size >= most || usage.size.saturating_add(size.unwrap_or(0)) > most) {
        return Err(format!("{} of {most} bytes are used", usage.size));
    }
    if limits.total_count > 0 && usage.messages >= limits.total_count {
        return Err(format!(
            "{} of {} messages are there",
            usage.messages, limits.total_count
        ));
    }
    Ok(())
}

/// Whether `used` is at least so many percent of a limit; 0 is no limit.
fn reaches(used: u64, limit: u64, percent: u64) -> bool {
    limit > 0 && u128::from(used) * 100 >= u128::from(limit) * u128::from(percent)
}

#[cfg(test)]
mod tests {
    use super::{MailboxLimits, MailboxUsage, has_room, reaches};

    #[test]
    fn room() {
        let limits = |size, count| MailboxLimits {
            total_size_kb: size,
            total_count: count,
            ..MailboxLimits::default()
        };
        let usage = |size, messages| MailboxUsage {
            size,
            messages,
            folders: 1,
        };
        let table = [
            (limits(0, 0), usage(u64::MAX, u64::MAX), None, true),
            (limits(1, 0), usage(1023, 9), None, true),
            (limits(1, 0), usage(1024, 9), None, false),
            (limits(1, 0), usage(1000, 9), Some(24), true),
            (limits(1, 0), usage(1000, 9), Some(25), false),
            (limits(1, 0), usage(1000, 9), Some(u64::MAX), false),
            (limits(0, 2), usage(1000, 1), Some(9999), true),
            (limits(0, 2), usage(1000, 2), None, false),
            (limits(u64::MAX, 0), usage(1000, 2), None, true),
        ];
        for (limits, usage, size, expected) in table {
            assert_eq!(
                has_room(limits, usage, size).is_ok(),
                expected,
                "{limits:?} {usage:?} {size:?}"
            );
        }
    }

    #[test]
    fn threshold() {
        assert!(reaches(95, 100, 95) && !reaches(94, 100, 95) && !reaches(100, 0, 95));
        assert!(reaches(u64::MAX, u64::MAX, 100));
    }
}
