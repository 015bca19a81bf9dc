//! Reading an index back: which files are segments of this store and still true.
//!
//! Everything doubtful is removed and made again. A segment is true when its foot is whole and of this store, when the
//! containers reach at least as far as it does (a power cut may have taken unsynced mail whose places are used again),
//! and when its witness is still there. Of two segments that cover the same bodies the larger one, which a merge made
//! of the smaller, counts.

use std::{io, sync::Arc};

use axigend_storage::Disk;

use crate::{
    block::{Identity, Unread},
    index::SearchIndex,
    segment::{Segment, file_name, file_number},
};

/// The segments on disk by rising place, and the highest number of a file.
pub(crate) fn load(index: &SearchIndex) -> Result<(Vec<Arc<Segment>>, u64), Unread> {
    let disk = index.store.disk();
    let names = match disk.list(&index.dir) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(Unread::Disk(error)),
    };
    let numbers: Vec<u64> = names.iter().filter_map(|name| file_number(name)).collect();
    let mut found = Vec::new();
    for &number in &numbers {
        match open(index, disk, number) {
            Ok(segment) if is_true(index, &segment) => found.push(segment),
            Ok(_) | Err(Unread::Damaged) => remove(index, disk, number),
            Err(Unread::Disk(error)) => return Err(Unread::Disk(error)),
        }
    }
    let segments = disjoint(found);
    Ok((segments, numbers.into_iter().max().unwrap_or(0)))
}

fn open(index: &SearchIndex, disk: &Arc<dyn Disk>, number: u64) -> Result<Segment, Unread> {
    let store = index.store.identity();
    Segment::open(disk, &index.dir, Identity { store, number })
}

fn is_true(index: &SearchIndex, segment: &Segment) -> bool {
    let foot = &segment.foot;
    let witnessed = foot.witness.is_none_or(|witness| {
        // A container that is gone took its bodies along; its places are not used again.
        index
            .store
            .fingerprint(witness.body)
            .is_none_or(|fingerprint| fingerprint == witness.fingerprint)
    });
    foot.stretch.to < index.store.end_at_open() && foot.stretch.after < Some(foot.stretch.to) && witnessed
}

fn remove(index: &SearchIndex, disk: &Arc<dyn Disk>, number: u64) {
    let name = file_name(number);
    tracing::info!(
        module = "STORAGE",
        "{}: {name} is not of this store or not whole: removed, and indexed again",
        index.dir.display()
    );
    // One that stays is found again at the next start.
    let _ = disk.remove(&index.dir.join(name));
}

/// Of segments that overlap only the largest stays.
fn disjoint(mut found: Vec<Segment>) -> Vec<Arc<Segment>> {
    // The longest stretch of those that begin at one place first.
    found.sort_by(|left, right| {
        let (left, right) = (left.foot.stretch, right.foot.stretch);
        left.after.cmp(&right.after).then(right.to.cmp(&left.to))
    });
    let mut kept: Vec<Arc<Segment>> = Vec::new();
    for segment in found {
        let covered = kept.last().map(|last| last.foot.stretch.to);
        if covered > segment.foot.stretch.after {
            segment.doom();
        } else {
            kept.push(Arc::new(segment));
        }
    }
    kept
}
