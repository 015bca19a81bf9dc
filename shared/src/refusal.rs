//! Why something was not done: the one error that crosses rooms.
//!
//! Owns the list of causes and which of them are temporary. Does not own any wire text: each protocol turns a
//! [`Cause`] into its own answer with one exhaustive `match`, so that a new cause does not compile until every
//! protocol has decided what to say. `detail` is for the log only and never reaches a client.

use std::fmt;

/// What kept a request from being done. Temporary or permanent is a property of the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The disk or the storage limit is full; nothing was written.
    StorageFull,
    /// The storage answered with an error; the effect is unknown or none.
    StorageFailure,
    /// The directory of domains and accounts could not be read.
    DirectoryFailure,
    /// A limit of the mailbox (size, messages, folders) would be passed.
    OverQuota,
    /// Another session holds the mailbox exclusively.
    InUse,
    /// Too many sessions of this account, peer or listener.
    TooManyConnections,
    /// The service or the server is stopping.
    ShuttingDown,
    /// Something that was waited for did not come in time.
    Timeout,
    /// The domain exists but is disabled.
    DomainDisabled,
    /// Name and secret do not match, or the account may not use this service.
    AuthenticationFailed,
    /// The caller is known but may not do this.
    NotPermitted,
    /// No such account, alias, group or other recipient.
    NoSuchAccount,
    /// No such domain here.
    NoSuchDomain,
    /// No such folder in this mailbox.
    NoSuchFolder,
    /// The message is no longer there.
    NoSuchMessage,
    /// An object of this name is there already.
    AlreadyExists,
    /// An administered object (listener, rule, user …) was not found.
    NotFound,
    /// A value, name or argument cannot be accepted; the detail says which and why.
    Invalid,
    /// The object cannot be changed in this way in its present state.
    Conflict,
    /// The message or value is larger than allowed.
    TooLarge,
    /// What was asked for is not built or not offered.
    Unsupported,
    /// A defect of ours.
    Internal,
}

impl Cause {
    /// Whether the same request may succeed later without any change by the caller.
    pub const fn is_temporary(self) -> bool {
        match self {
            Self::StorageFull
            | Self::StorageFailure
            | Self::DirectoryFailure
            | Self::OverQuota
            | Self::InUse
            | Self::TooManyConnections
            | Self::ShuttingDown
            | Self::Timeout
            | Self::DomainDisabled
            | Self::Internal => true,
            Self::AuthenticationFailed
            | Self::NotPermitted
            | Self::NoSuchAccount
            | Self::NoSuchDomain
            | Self::NoSuchFolder
            | Self::NoSuchMessage
            | Self::AlreadyExists
            | Self::NotFound
            | Self::Invalid
            | Self::Conflict
            | Self::TooLarge
            | Self::Unsupported => false,
        }
    }
}

/// A cause for the caller and a detail for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What the protocols answer by.
    pub cause: Cause,
    /// What the administrator reads in the log; on the administration wire it is also shown to the administrator.
    pub detail: String,
}

impl Refusal {
    /// A refusal with its private detail.
    pub fn new(cause: Cause, detail: impl Into<String>) -> Self {
        Self {
            cause,
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:?}: {}", self.cause, self.detail)
    }
}

impl std::error::Error for Refusal {}
