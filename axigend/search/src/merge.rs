//! Making one segment of several that lie one behind the other, without the documents that are gone.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axigend_storage::{BodyPlace, Disk};

use crate::{
    block::{Identity, Unread},
    segment::{Lists, Segment, SegmentWriter, Stretch},
    trigram::Key,
};

/// A document that is left out.
const GONE: u32 = u32::MAX;

/// What is merged: a segment, and which of its documents are kept.
pub(crate) struct Input {
    pub(crate) segment: Arc<Segment>,
    /// `None`: all.
    pub(crate) kept: Option<Vec<bool>>,
}

/// One input on its way: its lists and the new numbers of its documents.
struct Source {
    lists: Lists,
    renumbered: Vec<u32>,
}

/// Where the merged segment comes.
pub(crate) struct Target<'a> {
    pub(crate) disk: &'a Arc<dyn Disk>,
    pub(crate) dir: &'a Path,
    pub(crate) identity: Identity,
    /// Set when the work is to end.
    pub(crate) stop: &'a AtomicBool,
}

/// Merges; `None` when it was stopped.
pub(crate) fn merge(inputs: &[Input], target: &Target<'_>) -> Result<Option<Segment>, Unread> {
    let (Some(first), Some(last)) = (inputs.first(), inputs.last()) else {
        return Ok(None);
    };
    let stretch = Stretch {
        after: first.segment.foot.stretch.after,
        to: last.segment.foot.stretch.to,
    };
    let (mut sources, places) = sources(inputs)?;
    let mut writer = SegmentWriter::create(target.disk, target.dir, target.identity, places.len() as u32)
        .map_err(Unread::Disk)?;
    let mut numbers = Vec::new();
    loop {
        let mut next: Option<Key> = None;
        for source in &mut sources {
            if let Some(key) = source.lists.key()? {
                next = Some(next.map_or(key, |next| next.min(key)));
            }
        }
        let Some(key) = next else { break };
        if target.stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        numbers.clear();
        for Source { lists, renumbered } in &mut sources {
            if lists.key()? == Some(key) {
                lists.read(|number| {
                    let new = renumbered.get(number as usize).copied().unwrap_or(GONE);
                    if new != GONE {
                        numbers.push(new);
                    }
                })?;
            }
        }
        if !numbers.is_empty() {
            writer.list(key, &numbers).map_err(Unread::Disk)?;
        }
    }
    writer
        .finish(&places, stretch, last.segment.foot.witness)
        .map(Some)
}

/// The inputs, opened, and the places of all documents that are kept.
fn sources(inputs: &[Input]) -> Result<(Vec<Source>, Vec<BodyPlace>), Unread> {
    let mut sources = Vec::with_capacity(inputs.len());
    let mut places = Vec::new();
    for Input { segment, kept } in inputs {
        let documents = segment.documents(&segment.reader()?)?;
        let mut renumbered = Vec::with_capacity(documents.len());
        for (number, place) in documents.into_iter().enumerate() {
            let is_kept = kept
                .as_ref()
                .is_none_or(|kept| kept.get(number).copied().unwrap_or(true));
            if is_kept {
                renumbered.push(places.len() as u32);
                places.push(place);
            } else {
                renumbered.push(GONE);
            }
        }
        sources.push(Source {
            lists: Lists::new(segment)?,
            renumbered,
        });
    }
    Ok((sources, places))
}
