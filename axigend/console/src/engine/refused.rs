//! Refusals as replies: one exhaustive match, so that a new cause does not compile until its sentence is decided.

use super::Ran;
use axigen_shared::control::Reply;
use axigen_shared::{Cause, Refusal};

/// Turns a refusal into its reply, in one place (WIRE.md 3).
pub(super) fn settled(ran: Ran) -> Reply {
    ran.unwrap_or_else(|refusal| {
        let reply = refused(&refusal);
        tracing::debug!(">> -ERR: {}", reply.message);
        reply
    })
}

/// The sentence after `-ERR: `. An administrator may read the detail; where a cause says nothing by itself, the detail is
/// all there is.
pub(super) fn refused(refusal: &Refusal) -> Reply {
    let detail = refusal.detail.as_str();
    let alone = |text: &str| {
        if detail.is_empty() {
            text.to_owned()
        } else {
            detail.to_owned()
        }
    };
    let after = |text: &str| {
        if detail.is_empty() {
            text.to_owned()
        } else {
            format!("{text}: {detail}")
        }
    };
    let message = match refusal.cause {
        Cause::Invalid => alone("invalid value"),
        Cause::NotFound => alone("object not found"),
        Cause::AlreadyExists => alone("object already exists"),
        Cause::NoSuchAccount => alone("account not found"),
        Cause::NoSuchDomain => alone("domain not found"),
        Cause::NoSuchFolder => alone("folder not found"),
        Cause::NoSuchMessage => alone("message not found"),
        Cause::Conflict => alone("not possible in the present state"),
        Cause::TooLarge => alone("too large"),
        Cause::Unsupported => alone("not built yet"),
        Cause::NotPermitted => "permission denied".to_owned(),
        Cause::AuthenticationFailed => "authentication failed".to_owned(),
        Cause::OverQuota => after("mailbox is over quota"),
        Cause::InUse => after("in use by another session"),
        Cause::TooManyConnections => after("too many connections"),
        Cause::ShuttingDown => after("the server is stopping"),
        Cause::Timeout => after("time-out"),
        Cause::DomainDisabled => after("domain is disabled"),
        Cause::StorageFull => after("the disk is full"),
        Cause::StorageFailure => after("storage failure"),
        Cause::DirectoryFailure => after("directory failure"),
        Cause::Internal => after("internal failure"),
    };
    Reply::refused(message)
}
