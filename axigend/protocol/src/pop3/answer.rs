//! What POP3 says to each cause of a refusal: one exhaustive match (RFC 2449, 8; RFC 3206; services-core 3.2.4).

use axigen_shared::Cause;

/// The text after `-ERR `.
pub(super) fn text(cause: Cause) -> &'static str {
    match cause {
        Cause::AuthenticationFailed => "[AUTH] Invalid user or password",
        Cause::InUse => "[IN-USE] Mailbox is locked by another POP3 session",
        Cause::TooManyConnections => "[IN-USE] Too many connections for this account",
        Cause::DirectoryFailure => "[SYS/TEMP] Directory failure, try again later",
        Cause::StorageFull => "[SYS/TEMP] Insufficient system storage, try again later",
        Cause::StorageFailure => "[SYS/TEMP] Storage failure, try again later",
        Cause::OverQuota => "[SYS/TEMP] Mailbox full",
        Cause::ShuttingDown => "[SYS/TEMP] Server shutting down",
        Cause::Timeout => "[SYS/TEMP] Timed out, try again later",
        Cause::DomainDisabled => "[SYS/TEMP] Domain is disabled",
        Cause::Internal => "[SYS/TEMP] Local error, try again later",
        Cause::NoSuchMessage => "Message is no longer available",
        Cause::NotPermitted => "[SYS/PERM] Not permitted",
        Cause::NoSuchAccount | Cause::NoSuchDomain | Cause::NoSuchFolder | Cause::NotFound => {
            "[SYS/PERM] Mailbox does not exist"
        }
        Cause::AlreadyExists | Cause::Invalid | Cause::Conflict | Cause::TooLarge | Cause::Unsupported => {
            "[SYS/PERM] Not possible"
        }
    }
}
