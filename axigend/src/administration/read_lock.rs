//! The lock under which the files of storages can be copied: nothing is written until the session that asked for it
//! lets go or ends.

use super::Administration;
use super::storages::{Storage, apart, place_name, said};
use axigen_shared::grammar::Args;
use axigen_shared::{Cause, Refusal};
use axigend_console::{Acted, Place, fits};
use axigend_storage::Frozen;
use std::path::PathBuf;

/// Files that hold still; kept by the session that asked for it.
struct ReadLock {
    place: String,
    dir: PathBuf,
    _frozen: Frozen,
}

impl Administration {
    /// `READLOCK Storages`: the session holds the lock.
    pub(super) async fn read_lock(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let storages = self.meant_storages(place, args).await?;
        if storages.is_empty() {
            return Err(Refusal::new(Cause::NotFound, "no storage fits"));
        }
        let name = place_name(place);
        let locks = apart(move || {
            let lock = |storage: Storage| {
                Ok(ReadLock {
                    place: name.clone(),
                    _frozen: storage.ledger.freeze()?,
                    dir: storage.dir,
                })
            };
            storages
                .into_iter()
                .map(lock)
                .collect::<Result<Vec<_>, Refusal>>()
        });
        let locks = locks.await?;
        let count = locks.len();
        for lock in locks {
            tracing::info!(module = "STORAGE", "{} is locked for reading", lock.dir.display());
            place.held.keep(lock);
        }
        Ok(said(format!(
            "{count} storages are only read until READUNLOCK or the end of this session"
        )))
    }

    /// `READUNLOCK Storages`: what this session has locked from this place.
    pub(super) fn read_unlock(place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let name = place_name(place);
        let pattern = args.text("matchingURI").unwrap_or("*");
        let bare = pattern.strip_prefix("file://").unwrap_or(pattern);
        let released = place
            .held
            .release(|lock: &ReadLock| lock.place == name && fits(bare, &lock.dir.to_string_lossy()));
        if released.is_empty() {
            let detail = "this session has locked no such storage";
            return Err(Refusal::new(Cause::Conflict, detail));
        }
        Ok(said(format!("{} storages are written again", released.len())))
    }
}
