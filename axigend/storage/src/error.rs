//! From errors of the disk and of redb to [`Refusal`]: decided here once.

use std::io;

use axigen_shared::{Cause, Refusal};

/// How the detail of a damaged index begins.
const DAMAGED: &str = "the index is damaged: ";

/// The refusal for an I/O error: a full disk (or quota of the file system) is told apart from everything else.
pub(crate) fn io_refusal(what: &str, error: &io::Error) -> Refusal {
    let cause = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::WriteZero => {
            Cause::StorageFull
        }
        io::ErrorKind::FileTooLarge => Cause::StorageFull,
        _ => Cause::StorageFailure,
    };
    Refusal::new(cause, format!("{what}: {error}"))
}

/// The refusal for an error of the index engine.
pub(crate) fn index_refusal(error: impl Into<redb::Error>) -> Refusal {
    match error.into() {
        redb::Error::Io(redb_error) => io_refusal("index", &redb_error),
        redb::Error::Corrupted(reason) => Refusal::new(Cause::StorageFailure, format!("{DAMAGED}{reason}")),
        other => Refusal::new(Cause::StorageFailure, format!("index: {other}")),
    }
}

/// Whether it is what the index holds that made the engine fail, not the disk.
pub(crate) fn is_damage(refusal: &Refusal) -> bool {
    refusal.detail.starts_with(DAMAGED)
}

/// The refusal for bytes that do not decode: a table value or record of ours that was damaged.
pub(crate) fn damaged(what: &str) -> Refusal {
    Refusal::new(Cause::StorageFailure, format!("damaged {what}"))
}

/// The refusal for a value written by a newer version than this one.
pub(crate) fn newer(what: &str, found: u32, known: u32) -> Refusal {
    Refusal::new(
        Cause::StorageFailure,
        format!("{what} has format {found}, written by a newer version; this version knows up to {known}"),
    )
}
