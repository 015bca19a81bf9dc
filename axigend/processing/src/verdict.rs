//! What a refusal means for a recipient: for now or for good, with which status (RFC 3463) and which words.
//!
//! The words go to the sender in reports; the detail of a refusal stays in the log.

use axigen_shared::Cause;

/// The outcome of a failed attempt for one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Whether trying again is useless.
    pub(crate) permanent: bool,
    /// Enhanced status code; its first digit says 4 as long as it is tried again.
    pub(crate) status: &'static str,
    /// For the sender.
    pub(crate) text: &'static str,
}

impl Verdict {
    pub(crate) const fn temporary(status: &'static str, text: &'static str) -> Self {
        Self {
            permanent: false,
            status,
            text,
        }
    }

    pub(crate) const fn permanent(status: &'static str, text: &'static str) -> Self {
        Self {
            permanent: true,
            status,
            text,
        }
    }

    /// Nobody of that name.
    pub(crate) const UNKNOWN_USER: Self = Self::permanent("5.1.1", "No such user");
    /// The account does not take mail (`smtpIncoming` is not among its services).
    pub(crate) const NOT_ACCEPTING: Self = Self::permanent("5.2.1", "Recipient not accepted");
    /// The sender may not write to a group.
    pub(crate) const NOT_FOR_SENDER: Self = Self::permanent("5.7.1", "Sender may not write to this address");
    /// Nobody in a group takes mail.
    pub(crate) const NO_MEMBERS: Self = Self::permanent("5.2.4", "Group has no members");
    /// More members than a message goes to.
    pub(crate) const TOO_MANY_MEMBERS: Self = Self::permanent("5.2.4", "Group has too many members");
    /// It would not fit into the empty mailbox.
    pub(crate) const LARGER_THAN_MAILBOX: Self =
        Self::permanent("5.2.3", "Message is larger than the mailbox may hold");

    /// What a refusal of the store or the directory means.
    pub(crate) fn of(cause: Cause) -> Self {
        match cause {
            Cause::OverQuota => Self::temporary("4.2.2", "Mailbox full"),
            Cause::StorageFull => Self::temporary("4.3.1", "Mail system storage is full"),
            Cause::DirectoryFailure => Self::temporary("4.4.3", "Directory failure"),
            Cause::DomainDisabled => Self::temporary("4.2.1", "Domain does not accept mail at the moment"),
            Cause::StorageFailure
            | Cause::InUse
            | Cause::TooManyConnections
            | Cause::ShuttingDown
            | Cause::Timeout
            | Cause::Internal => Self::temporary("4.3.0", "Mail system trouble"),
            Cause::NoSuchAccount | Cause::NoSuchDomain => Self::UNKNOWN_USER,
            Cause::TooLarge => Self::LARGER_THAN_MAILBOX,
            Cause::AuthenticationFailed | Cause::NotPermitted => Self::NOT_ACCEPTING,
            // The store makes missing folders and takes any message: these would be defects, and mail is not lost
            // by a defect.
            Cause::NoSuchFolder
            | Cause::NoSuchMessage
            | Cause::AlreadyExists
            | Cause::NotFound
            | Cause::Invalid
            | Cause::Conflict
            | Cause::Unsupported => Self::temporary("4.3.5", "Mail system trouble"),
        }
    }
}

/// The status for the report when a temporary failure has lasted too long: `4.2.2` becomes `5.2.2`.
pub(crate) fn given_up(status: &str) -> String {
    format!("5{}", status.strip_prefix('4').unwrap_or(".0.0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_digit_says_what_the_verdict_says() {
        for cause in [
            Cause::OverQuota,
            Cause::StorageFull,
            Cause::Conflict,
            Cause::NoSuchAccount,
            Cause::TooLarge,
        ] {
            let verdict = Verdict::of(cause);
            assert_eq!(verdict.status.starts_with('5'), verdict.permanent, "{cause:?}");
        }
        assert_eq!(given_up("4.2.2"), "5.2.2");
        assert_eq!(given_up(""), "5.0.0");
    }
}
