//! What SMTP says to each cause of a refusal: one exhaustive match.
//!
//! Codes and texts of services-core 3.2.1; enhanced codes of RFC 3463 and RFC 5248. Temporary causes get 4xx and
//! permanent ones 5xx, but for a sender over quota: 552 5.2.2 is documented.

use axigen_shared::Cause;

use super::reply::Reply;

/// What was being done when it was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment<'a> {
    /// AUTH.
    Auth,
    /// MAIL.
    Mail,
    /// RCPT of this address.
    Rcpt(&'a str),
    /// DATA, BDAT, and the end of the message.
    Data,
}

/// The reply to a refusal.
pub(super) fn reply(cause: Cause, moment: Moment<'_>) -> Reply {
    let address = match moment {
        Moment::Rcpt(address) => address,
        Moment::Auth | Moment::Mail | Moment::Data => "",
    };
    match (cause, moment) {
        (Cause::AuthenticationFailed, Moment::Auth) => Reply::new(535, "5.7.8", "Authentication failed"),
        // RFC 4954, 6: whatever keeps a password from being checked is not the password's fault.
        (cause, Moment::Auth) if cause.is_temporary() => {
            Reply::new(454, "4.7.0", "Temporary authentication failure")
        }
        (Cause::OverQuota, Moment::Mail) => Reply::new(552, "5.2.2", "Mailbox of the sender is full"),
        (Cause::StorageFull, _) => Reply::new(452, "4.3.1", "Insufficient system storage"),
        (Cause::StorageFailure, _) => Reply::new(451, "4.3.0", "Storage failure, try again later"),
        (Cause::DirectoryFailure, _) => Reply::new(451, "4.4.3", "Directory failure, try again later"),
        (Cause::OverQuota, _) => Reply::new(452, "4.2.2", "Mailbox full"),
        (Cause::InUse, _) => Reply::new(450, "4.2.0", "Mailbox busy"),
        (Cause::TooManyConnections, _) => Reply::new(450, "4.7.0", "Too many connections, try again later"),
        (Cause::ShuttingDown, _) => Reply::new(451, "4.3.2", "Service is stopping, try again later"),
        (Cause::Timeout, _) => Reply::new(451, "4.4.1", "Timed out, try again later"),
        (Cause::DomainDisabled, _) => Reply::new(450, "4.2.1", "Domain is disabled, try again later"),
        (Cause::AuthenticationFailed | Cause::NotPermitted, Moment::Rcpt(_)) => {
            Reply::new(550, "5.7.1", format!("<{address}> Recipient not accepted"))
        }
        (Cause::AuthenticationFailed | Cause::NotPermitted, _) => Reply::new(550, "5.7.1", "Not permitted"),
        (Cause::NoSuchAccount | Cause::NoSuchFolder | Cause::NotFound, Moment::Rcpt(_)) => {
            Reply::new(550, "5.1.1", format!("<{address}> No such user"))
        }
        (Cause::NoSuchDomain, Moment::Rcpt(_)) => {
            Reply::new(550, "5.1.2", format!("<{address}> No such domain"))
        }
        (Cause::TooLarge, _) => too_large(),
        (Cause::Unsupported, _) => Reply::new(554, "5.3.3", "Not available"),
        (
            Cause::NoSuchAccount
            | Cause::NoSuchFolder
            | Cause::NotFound
            | Cause::NoSuchDomain
            | Cause::NoSuchMessage
            | Cause::AlreadyExists
            | Cause::Invalid
            | Cause::Conflict,
            _,
        ) => Reply::new(554, "5.3.0", "Transaction failed"),
        (Cause::Internal, _) => Reply::new(451, "4.3.0", "Local error, try again later"),
    }
}

/// SIZE= at MAIL, or after the end of the message.
pub(super) fn too_large() -> Reply {
    Reply::new(552, "5.3.4", "Message size exceeds maximum")
}

#[cfg(test)]
mod tests {
    use axigen_shared::Cause;

    use super::{Moment, reply};

    const ALL: [Cause; 22] = [
        Cause::StorageFull,
        Cause::StorageFailure,
        Cause::DirectoryFailure,
        Cause::OverQuota,
        Cause::InUse,
        Cause::TooManyConnections,
        Cause::ShuttingDown,
        Cause::Timeout,
        Cause::DomainDisabled,
        Cause::AuthenticationFailed,
        Cause::NotPermitted,
        Cause::NoSuchAccount,
        Cause::NoSuchDomain,
        Cause::NoSuchFolder,
        Cause::NoSuchMessage,
        Cause::AlreadyExists,
        Cause::NotFound,
        Cause::Invalid,
        Cause::Conflict,
        Cause::TooLarge,
        Cause::Unsupported,
        Cause::Internal,
    ];

    #[test]
    fn temporary_causes_are_4xx() {
        for cause in ALL {
            for moment in [Moment::Auth, Moment::Mail, Moment::Rcpt("a@b"), Moment::Data] {
                if (cause, moment) == (Cause::OverQuota, Moment::Mail) {
                    continue;
                }
                let temporary = reply(cause, moment).code() < 500;
                assert_eq!(temporary, cause.is_temporary(), "{cause:?} at {moment:?}");
            }
        }
    }
}
