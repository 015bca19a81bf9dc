//! Tidying up: few segments instead of many, and without the messages that are gone.
//!
//! Segments of about the same size that lie one behind the other are merged four at a time, so a message is rewritten
//! some six times until its segment has [`DOCUMENTS_MAX`] documents and stays. How soon is `searchIndexOptimizeThreshold`;
//! when dead entries go, `searchIndexVacuumAbsoluteThreshold` and `searchIndexVacuumRelativeThreshold`.

use std::{ops::Range, sync::Arc};

use axigen_shared::Refusal;

use crate::{
    block::Unread,
    index::{Progress, SearchIndex, Work, is_lost},
    merge::{Input, Target, merge},
    segment::{DOCUMENTS_MAX, Lists, Segment},
    settings::IndexSettings,
};

/// Segments merged at once, at least.
const FACTOR: usize = 4;
/// More small segments than this are merged in any case: a search opens every one.
const PILE_MAX: usize = 32;
/// Bodies compared at a time.
const BODIES_AT_ONCE: usize = 4096;

/// Does one piece of tidying, if one is due.
pub(crate) fn tidy(
    index: &SearchIndex,
    work: &mut Work,
    settings: &IndexSettings,
) -> Result<Progress, Unread> {
    let segments = index.segments().unwrap_or_default();
    let small = segments
        .iter()
        .filter(|segment| size(segment) < DOCUMENTS_MAX / 2)
        .count();
    if work.added >= settings.optimize_after || small > PILE_MAX {
        if let Some(range) = due(&segments) {
            let inputs = segments.get(range).unwrap_or_default();
            let all = inputs.iter().map(|segment| Input {
                segment: Arc::clone(segment),
                kept: None,
            });
            return rewrite(index, work, &all.collect::<Vec<_>>());
        }
        work.added = 0;
    }
    vacuum(index, work, &segments, settings)
}

fn size(segment: &Segment) -> usize {
    segment.foot.documents as usize
}

/// Which power of four a size is of.
fn level(documents: usize) -> u32 {
    (usize::BITS - documents.leading_zeros()).div_ceil(2)
}

/// The segments to be merged next: the smallest that are enough.
fn due(segments: &[Arc<Segment>]) -> Option<Range<usize>> {
    let sizes: Vec<(usize, bool)> = segments
        .iter()
        .enumerate()
        .map(|(place, segment)| {
            let before = place.checked_sub(1).and_then(|place| segments.get(place));
            let joins =
                before.is_some_and(|before| Some(before.foot.stretch.to) == segment.foot.stretch.after);
            (size(segment), joins)
        })
        .collect();
    due_of(&sizes)
}

/// As [`due`], of sizes and whether each joins the one before.
fn due_of(sizes: &[(usize, bool)]) -> Option<Range<usize>> {
    for limit in 0..level(DOCUMENTS_MAX) {
        let mut run = 0..0;
        let mut sum = 0;
        for (place, &(size, joins)) in sizes.iter().enumerate() {
            let fits = level(size) <= limit && sum + size <= DOCUMENTS_MAX;
            if joins && fits && !run.is_empty() {
                run.end = place + 1;
                sum += size;
                continue;
            }
            if run.len() >= FACTOR {
                return Some(run);
            }
            let begins = level(size) <= limit;
            run = if begins { place..place + 1 } else { place..place };
            sum = if begins { size } else { 0 };
        }
        if run.len() >= FACTOR {
            return Some(run);
        }
    }
    None
}

/// Writes one segment for the inputs.
fn rewrite(index: &SearchIndex, work: &mut Work, inputs: &[Input]) -> Result<Progress, Unread> {
    let target = Target {
        disk: index.store.disk(),
        dir: &index.dir,
        identity: work.identity(index),
        stop: &index.stop,
    };
    let old: Vec<Arc<Segment>> = inputs.iter().map(|input| Arc::clone(&input.segment)).collect();
    match merge(inputs, &target) {
        Ok(None) => Ok(Progress::Done),
        Ok(merged) => {
            index.replace(&old, merged);
            Ok(Progress::More)
        }
        Err(unread) if is_lost(&unread) => {
            discard_damaged(index, &old);
            Ok(Progress::More)
        }
        Err(unread) => Err(unread),
    }
}

/// Gives up those of the segments that cannot be read from end to end, or all when none stands out.
fn discard_damaged(index: &SearchIndex, segments: &[Arc<Segment>]) {
    let damaged: Vec<_> = segments
        .iter()
        .filter(|segment| read_all(segment).is_err())
        .collect();
    if damaged.is_empty() {
        for segment in segments {
            index.discard(segment);
        }
    }
    for segment in damaged {
        index.discard(segment);
    }
}

fn read_all(segment: &Segment) -> Result<(), Unread> {
    segment.documents(&segment.reader()?)?;
    let mut lists = Lists::new(segment)?;
    while lists.key()?.is_some() {
        lists.read(|_| ())?;
    }
    Ok(())
}

/// Rewrites a segment without its dead documents when there are enough of them in the index.
fn vacuum(
    index: &SearchIndex,
    work: &mut Work,
    segments: &[Arc<Segment>],
    settings: &IndexSettings,
) -> Result<Progress, Unread> {
    let documents: u64 = segments.iter().map(|segment| size(segment) as u64).sum();
    // A body that is no document makes this too small, never too large.
    let dead = documents.saturating_sub(index.store.body_count());
    let share = u128::from(dead) * 100;
    let enough = share >= u128::from(settings.vacuum_percent) * u128::from(documents);
    if dead == 0 || dead < settings.vacuum_entries || !enough {
        return Ok(Progress::Done);
    }
    for segment in segments {
        let kept = match living(index, segment) {
            Ok(kept) => kept,
            Err(Lost::Store(refusal)) => {
                tracing::debug!(module = "STORAGE", "search index: {}", refusal.detail);
                return Ok(Progress::Done);
            }
            Err(Lost::Segment(unread)) if is_lost(&unread) => {
                index.discard(segment);
                return Ok(Progress::More);
            }
            Err(Lost::Segment(unread)) => return Err(unread),
        };
        if kept.iter().all(|kept| *kept) {
            continue;
        }
        let input = Input {
            segment: Arc::clone(segment),
            kept: Some(kept),
        };
        return rewrite(index, work, &[input]);
    }
    Ok(Progress::Done)
}

/// Who failed to say what lives.
enum Lost {
    Store(Refusal),
    Segment(Unread),
}

/// Which documents of a segment are still bodies of the store.
fn living(index: &SearchIndex, segment: &Segment) -> Result<Vec<bool>, Lost> {
    let documents = segment
        .reader()
        .and_then(|reader| segment.documents(&reader))
        .map_err(Lost::Segment)?;
    let mut kept = vec![false; documents.len()];
    let stretch = segment.foot.stretch;
    let mut after = stretch.after;
    loop {
        let bodies = index
            .store
            .bodies(after, Some(stretch.to), BODIES_AT_ONCE)
            .map_err(Lost::Store)?;
        for body in &bodies {
            if let Ok(number) = documents.binary_search(&(*body).into())
                && let Some(kept) = kept.get_mut(number)
            {
                *kept = true;
            }
        }
        match bodies.last() {
            Some(last) if bodies.len() == BODIES_AT_ONCE => after = Some((*last).into()),
            _ => return Ok(kept),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DOCUMENTS_MAX, due_of, level};

    #[test]
    fn four_of_a_size_are_merged_the_smallest_first() {
        assert_eq!(
            (level(0), level(1), level(3), level(4), level(16)),
            (0, 1, 1, 2, 3)
        );
        let all = |sizes: &[usize]| sizes.iter().map(|size| (*size, true)).collect::<Vec<_>>();
        assert_eq!(due_of(&all(&[100, 100, 100])), None);
        assert_eq!(due_of(&all(&[900, 100, 100, 100, 100])), Some(1..5));
        assert_eq!(due_of(&all(&[900, 100, 100, 1, 100, 1])), Some(1..6));
        assert_eq!(due_of(&all(&[900, 800, 700, 600, 1, 1, 1, 1])), Some(4..8));
        let third = DOCUMENTS_MAX / 3;
        assert_eq!(due_of(&all(&[third, third, third, third, third])), None);
        assert_eq!(due_of(&all(&[DOCUMENTS_MAX; 9])), None);
        let mut apart = all(&[100, 100, 100, 100, 100]);
        apart[2].1 = false;
        assert_eq!(due_of(&apart), None);
    }
}
