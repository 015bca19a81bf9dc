//! Bodies on their way into a segment.
//!
//! A batch holds at most [`ENTRIES_MAX`] numbers of lists and what one message more can add, twice while it is sorted:
//! about 20 MB for each thread that indexes, given back when there is nothing to do.

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
};

use axigen_shared::Refusal;
use axigend_storage::{BodyPlace, BodyRef, Store};

use crate::{
    block::{Identity, Unread},
    index::SearchIndex,
    segment::{Segment, SegmentWriter, Stretch, Witness},
    text,
    trigram::{Collector, KEY_BITS, Key},
};

/// Numbers in the lists of one batch after which it is written: some 700 messages of 4 KiB.
const ENTRIES_MAX: usize = 1 << 20;
/// Messages after which it is written.
const DOCUMENTS_MAX: usize = 2048;
/// Bits of a key that one pass of the sort looks at.
const PASS_BITS: [u32; 2] = [12, KEY_BITS - 12];

/// Bodies read and not written yet.
pub(crate) struct Batch {
    collector: Collector,
    /// Key in the upper half, number of the document in the lower; by document.
    entries: Vec<u64>,
    scratch: Vec<u64>,
    places: Vec<BodyPlace>,
    last: Option<BodyRef>,
}

impl Batch {
    pub(crate) fn new() -> Self {
        Self {
            collector: Collector::new(),
            entries: Vec::new(),
            scratch: Vec::new(),
            places: Vec::new(),
            last: None,
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.entries.len() >= ENTRIES_MAX || self.places.len() >= DOCUMENTS_MAX
    }

    pub(crate) fn documents(&self) -> usize {
        self.places.len()
    }

    /// Forgets what was read.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.places.clear();
        self.last = None;
    }

    /// Reads a body. One that cannot be read, or has too many trigrams, is left out and so a candidate of every
    /// search, where reading it tells what is wrong.
    pub(crate) fn add(&mut self, store: &Store, body: BodyRef) -> Result<(), Refusal> {
        let read = text::collect(store, body, &mut self.collector);
        let before = self.entries.len();
        let document = self.places.len() as u64;
        let entries = &mut self.entries;
        let taken = self
            .collector
            .take(|key| entries.push(u64::from(key) << 32 | document));
        if read.is_err() || taken.is_none() {
            self.entries.truncate(before);
            return read;
        }
        self.places.push(body.into());
        self.last = Some(body);
        Ok(())
    }

    /// Writes the segment of `stretch`, in which the bodies lie, and empties the batch; `None` when it was stopped.
    pub(crate) fn write(
        &mut self,
        index: &SearchIndex,
        identity: Identity,
        stretch: Stretch,
    ) -> Result<Option<Segment>, Unread> {
        sort(&mut self.entries, &mut self.scratch);
        let (store, documents) = (&index.store, self.places.len() as u32);
        let mut writer =
            SegmentWriter::create(store.disk(), &index.dir, identity, documents).map_err(Unread::Disk)?;
        if !self.lists(&mut writer, &index.stop).map_err(Unread::Disk)? {
            return Ok(None);
        }
        let witness = self.last.and_then(|body| {
            let fingerprint = store.fingerprint(body)?;
            Some(Witness { body, fingerprint })
        });
        let written = writer.finish(&self.places, stretch, witness);
        self.clear();
        written.map(Some)
    }

    /// False when it was stopped.
    fn lists(&self, writer: &mut SegmentWriter, stop: &AtomicBool) -> io::Result<bool> {
        let mut numbers = Vec::new();
        for list in self.entries.chunk_by(|left, right| key(*left) == key(*right)) {
            if stop.load(Ordering::Relaxed) {
                return Ok(false);
            }
            numbers.clear();
            numbers.extend(list.iter().map(|entry| *entry as u32));
            if let Some(first) = list.first() {
                writer.list(key(*first), &numbers)?;
            }
        }
        Ok(true)
    }
}

const fn key(entry: u64) -> Key {
    (entry >> 32) as Key
}

/// Sorts by key and keeps the order of the documents: digit by digit, because the entries of each digit stay as they
/// were.
fn sort(entries: &mut Vec<u64>, scratch: &mut Vec<u64>) {
    scratch.resize(entries.len(), 0);
    let mut shift = 32;
    for bits in PASS_BITS {
        let digit = |entry: u64| (entry >> shift) as usize & ((1 << bits) - 1);
        let mut next = vec![0_usize; 1 << bits];
        for entry in entries.iter() {
            next[digit(*entry)] += 1;
        }
        let mut sum = 0;
        for count in &mut next {
            sum += std::mem::replace(count, sum);
        }
        for entry in entries.iter() {
            let place = &mut next[digit(*entry)];
            scratch[*place] = *entry;
            *place += 1;
        }
        std::mem::swap(entries, scratch);
        shift += bits;
    }
}

#[cfg(test)]
mod tests {
    use super::sort;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sorted_by_key_and_stable(keys in proptest::collection::vec(0_u64..1 << 25, 0..500)) {
            let mut entries: Vec<u64> = keys.iter().zip(0..).map(|(key, number)| key << 32 | number).collect();
            let mut expected = entries.clone();
            expected.sort_unstable();
            sort(&mut entries, &mut Vec::new());
            prop_assert_eq!(entries, expected);
        }
    }
}
