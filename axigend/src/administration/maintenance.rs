//! Maintenance as jobs: COMPACT, SCAN, REPAIR, RECOVER and FINDINVALIDMSG are started here and followed to their end;
//! `attach` joins one that runs, `peek` shows how it is, `abort` ends it before its next piece.

use super::Administration;
use super::storages::{SERVER, Storage, apart, place_name, said};
use crate::jobs::{JobKind, Task};
use axigen_shared::control::Body;
use axigen_shared::grammar::Args;
use axigen_shared::{Cause, Refusal};
use axigend_console::{Acted, Follow, Place};
use axigend_storage::{CompactOptions, Compacted, Progress};
use std::sync::Arc;
use std::time::Duration;

/// The longest `peek <timeout>` waits for the end.
const PEEK: Duration = Duration::from_hours(1);
/// The smallest size that files may be cut at.
const SPLIT_LEAST_KB: u64 = 1024;
/// The parameter that says what to do with a job that runs.
const WHAT: &str = "attach|peek|abort";
/// The same where `abort` is a command of its own.
const LOOK: &str = "attach|peek";

impl Administration {
    /// Starts a job for the place and follows it.
    pub(super) fn start_job(
        &self,
        kind: JobKind,
        place: &str,
        work: impl FnOnce(&Task) -> Result<String, Refusal> + Send + 'static,
    ) -> Result<Acted, Refusal> {
        let task = self.parts.jobs.start(kind, place, work)?;
        Ok(Acted::Follow(Follow(task)))
    }

    /// `<VERB> attach | peek [<timeout>] | abort`.
    pub(super) async fn look_at_job(
        &self,
        kind: JobKind,
        place: &Place,
        args: &Args,
    ) -> Result<Acted, Refusal> {
        let task = self.parts.jobs.find(kind, &place_name(place))?;
        let what = args.text(WHAT).or_else(|| args.text(LOOK)).unwrap_or("abort");
        if what.eq_ignore_ascii_case("attach") {
            return Ok(Acted::Follow(Follow(task)));
        }
        if what.eq_ignore_ascii_case("peek") {
            task.ended_within(timeout(args)?).await;
            return Ok(peeked(&task));
        }
        if task.has_ended() {
            return Err(Refusal::new(Cause::Conflict, format!("no {kind} runs")));
        }
        task.abort();
        Ok(said(format!("{kind} ends before its next piece")))
    }

    /// `COMPACT All [forced]` and `COMPACT Storage usid <usid> [forced]`.
    pub(super) async fn compact(&self, place: &Place, args: &Args) -> Result<Acted, Refusal> {
        let domain = place_name(place);
        let own = Self::over(&self.parts);
        let (of, usid) = (domain.clone(), args.text("usid").map(str::to_owned));
        let storages = apart(move || chosen(own.storages(&of)?, usid.as_deref())).await?;
        let options = CompactOptions {
            forced: args.flag("forced"),
            split_after: split(args, &storages)?,
            ..CompactOptions::default()
        };
        self.start_job(JobKind::Compact, &domain, move |task| {
            compact_all(task, &storages, options)
        })
    }

    /// `COMPACT ServerStorage [forced]`.
    pub(super) async fn compact_server(&self, args: &Args) -> Result<Acted, Refusal> {
        let own = Self::over(&self.parts);
        let storage = apart(move || own.server_storage()).await?;
        let options = CompactOptions {
            forced: args.flag("forced"),
            ..CompactOptions::default()
        };
        self.start_job(JobKind::Compact, SERVER, move |task| {
            compact_all(task, &[storage], options)
        })
    }
}

/// The storages with a usid, or all.
pub(super) fn chosen(storages: Vec<Storage>, usid: Option<&str>) -> Result<Vec<Storage>, Refusal> {
    let Some(usid) = usid else {
        return Ok(storages);
    };
    let fitting = |storage: &Storage| storage.usid().eq_ignore_ascii_case(usid);
    let storage = storages.into_iter().find(fitting);
    let missing = || Refusal::new(Cause::NotFound, format!("no storage {usid}, see LIST Storages"));
    storage.map(|storage| vec![storage]).ok_or_else(missing)
}

/// The refusal of a word that is known and does nothing yet.
pub(super) fn not_built(word: &str) -> Refusal {
    Refusal::new(Cause::Unsupported, format!("{word} is not built yet"))
}

/// The refusal that ends a job that was aborted.
pub(super) fn aborted() -> Refusal {
    Refusal::new(Cause::Conflict, "aborted; what was done stays done")
}

fn timeout(args: &Args) -> Result<Duration, Refusal> {
    let Some(text) = args.text("timeout") else {
        return Ok(Duration::ZERO);
    };
    let seconds = text.parse().map_err(|_| {
        Refusal::new(
            Cause::Invalid,
            format!("invalid value for timeout: {text} is no number of seconds"),
        )
    })?;
    Ok(Duration::from_secs(seconds).min(PEEK))
}

/// What a job has said, how far it is or how it ended.
fn peeked(task: &Task) -> Acted {
    let look = task.now(0);
    let mut lines = look.lines;
    lines.push(match look.ended {
        None if look.progress.is_empty() => "running".to_owned(),
        None => format!("running: {}", look.progress),
        Some(Ok(message)) => format!("ended: {message}"),
        Some(Err(refusal)) => format!("ended, not successful: {}", refusal.detail),
    });
    Acted::with(Body::Text { lines, blank: false })
}

/// `splitAfter <max_size> into <usid>`, in bytes: what is compacted is cut into files of that size.
fn split(args: &Args, storages: &[Storage]) -> Result<Option<u64>, Refusal> {
    let Some(size) = args.text("splitAfter") else {
        return Ok(None);
    };
    let kb: Option<u64> = size.parse().ok().filter(|kb| *kb >= SPLIT_LEAST_KB);
    let kb = kb.ok_or_else(|| {
        let detail = format!("invalid value for splitAfter: {size}; a size in KB, {SPLIT_LEAST_KB} or more");
        Refusal::new(Cause::Invalid, detail)
    })?;
    let into = args.text("into").unwrap_or_default();
    if storages
        .iter()
        .any(|storage| !storage.usid().eq_ignore_ascii_case(into))
    {
        let detail = format!(
            "nothing can be split off into {into}: a mailbox lies whole in its storage. COMPACT Storage usid <usid> \
             splitAfter <max_size> into <usid>, with the same usid twice, cuts the files of that storage"
        );
        return Err(Refusal::new(Cause::Unsupported, detail));
    }
    Ok(Some(kb.saturating_mul(1024)))
}

fn compact_all(task: &Task, storages: &[Storage], options: CompactOptions) -> Result<String, Refusal> {
    let mut given_back = 0;
    for storage in storages {
        given_back += compact(task, storage, options)?;
    }
    Ok(format!("{} KB given back", given_back / 1024))
}

/// Compacts one storage and says so; returns the bytes given back.
pub(super) fn compact(task: &Task, storage: &Storage, options: CompactOptions) -> Result<u64, Refusal> {
    let (usid, role) = (storage.usid(), storage.role);
    task.say(format!("compacting {role} {usid}"));
    let progress = Arc::new(Progress::new());
    task.compacts(&progress);
    let done = storage.ledger.compact(options, &progress)?;
    task.say(result(&usid, role, done));
    if done.aborted || task.is_aborted() {
        return Err(aborted());
    }
    Ok(done.given_back_bytes)
}

fn result(usid: &str, role: &str, done: Compacted) -> String {
    let unreadable = match done.unreadable_bodies {
        0 => String::new(),
        count => format!("; {count} bodies cannot be read and stay where they are, see SCAN"),
    };
    format!(
        "{role} {usid}: {} KB given back, {} of them by the index, {} files removed, {} bodies of {} KB \
         moved{unreadable}",
        done.given_back_bytes / 1024,
        done.index_bytes / 1024,
        done.removed_files,
        done.moved_bodies,
        done.moved_bytes.div_ceil(1024)
    )
}
