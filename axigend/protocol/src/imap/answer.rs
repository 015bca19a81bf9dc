//! Causes as IMAP says them: one response code and one sentence each (RFC 5530; RFC 9051, 7.1).

use axigen_shared::Cause;

/// What was being done, where that changes the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Situation {
    /// Anything else.
    General,
    /// Messages were going into a mailbox: one that is missing could be created (RFC 9051, 7.1 TRYCREATE).
    Destination,
    /// A mailbox was being deleted.
    Delete,
    /// Flags were being set: the parser has checked them, so what is invalid is one keyword too many.
    Flags,
}

/// The response code, without brackets, and the text of a tagged NO.
pub(crate) const fn no(cause: Cause, situation: Situation) -> (&'static str, &'static str) {
    match cause {
        Cause::StorageFull => ("UNAVAILABLE", "No space left on the server, try again later"),
        Cause::StorageFailure => (
            "UNAVAILABLE",
            "The mail store cannot be used now, try again later",
        ),
        Cause::DirectoryFailure => ("UNAVAILABLE", "The directory cannot be used now, try again later"),
        Cause::OverQuota => ("OVERQUOTA", "Not enough disk quota"),
        Cause::InUse => ("INUSE", "The mailbox is in use by another session"),
        Cause::TooManyConnections => ("LIMIT", "Too many simultaneous connections"),
        Cause::ShuttingDown => ("UNAVAILABLE", "The server is shutting down"),
        Cause::Timeout => ("UNAVAILABLE", "It took too long, try again later"),
        Cause::DomainDisabled => ("UNAVAILABLE", "The domain is disabled"),
        Cause::AuthenticationFailed => ("AUTHENTICATIONFAILED", "Invalid user or password"),
        Cause::NotPermitted => ("NOPERM", "Not permitted"),
        Cause::NoSuchAccount => ("NONEXISTENT", "No such account"),
        Cause::NoSuchDomain => ("NONEXISTENT", "No such domain"),
        Cause::NoSuchFolder => match situation {
            Situation::Destination => ("TRYCREATE", "The target mailbox does not exist"),
            _ => ("NONEXISTENT", "The mailbox does not exist"),
        },
        Cause::NoSuchMessage => ("EXPUNGEISSUED", "The message is no longer there"),
        Cause::AlreadyExists => ("ALREADYEXISTS", "The mailbox exists already"),
        Cause::NotFound => ("NONEXISTENT", "Not found"),
        Cause::Invalid => ("CANNOT", "The name or value cannot be accepted"),
        Cause::Conflict => match situation {
            Situation::Delete => ("HASCHILDREN", "The mailbox has children"),
            _ => ("CANNOT", "This cannot be done with the mailbox as it is"),
        },
        // A message above APPENDLIMIT is refused by APPEND itself.
        Cause::TooLarge => match situation {
            Situation::Flags => ("LIMIT", "The mailbox has too many keywords already"),
            _ => ("LIMIT", "That is more than one command may do at once"),
        },
        Cause::Unsupported => ("CANNOT", "Not supported"),
        Cause::Internal => ("SERVERBUG", "Internal error"),
    }
}
