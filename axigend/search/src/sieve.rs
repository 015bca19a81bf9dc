//! What a search need not read: for each message, which of the questions it may answer with yes.
//!
//! A sieve belongs to one search and keeps the segments that it has read until that ends. Whatever the index cannot
//! tell (a message not indexed yet, a needle too short, a damaged file) is "may be", so that results are those of a scan.

use std::sync::Arc;

use axigend_storage::{BodyPlace, BodyRef};

use crate::{
    block::{BlockReader, Unread},
    index::{SearchIndex, is_lost},
    segment::{Segment, Table},
    trigram::{Key, Part, keys_of},
};

/// A candidate costs about as much to verify as so many numbers of a list cost to read.
const NUMBERS_PER_CANDIDATE: u64 = 16 * 1024;

/// Segments whose documents are held at a time: each takes about a megabyte at most, and a folder's messages mostly lie in
/// few of them.
const READ_MAX: usize = 64;

/// A question about the text of a message: does it hold the needle, without regard to case?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question<'a> {
    /// In a header field of this name; an empty needle asks for the field alone.
    Field {
        /// Field name.
        name: &'a str,
        /// Text looked for.
        needle: &'a str,
    },
    /// In the body of the message.
    Body(&'a str),
    /// In header or body.
    Text(&'a str),
    /// The index does not know.
    Other,
}

/// One search in one store.
pub struct Sieve {
    index: Arc<SearchIndex>,
    slots: Vec<Slot>,
    plans: Vec<Plan>,
    /// Where the last message was found: the next one is often the next document.
    last: (usize, usize),
    /// Segments read since the last time they were forgotten.
    read: usize,
}

/// Sets of keys: a message that passes has all keys of at least one of them. Without any set nothing is known.
struct Plan(Vec<Vec<Key>>);

struct Slot {
    segment: Arc<Segment>,
    hits: Option<Hits>,
}

/// What was read of a segment.
#[derive(Default)]
struct Hits {
    /// Empty when the segment could not be read.
    documents: Vec<BodyPlace>,
    /// For each plan a bit for each document; `None`: all may pass.
    possible: Vec<Option<Vec<u64>>>,
}

impl Sieve {
    /// A sieve for these questions; `None` when the index is of no help with any of them.
    pub fn new<'a>(
        index: &Arc<SearchIndex>,
        questions: impl IntoIterator<Item = Question<'a>>,
    ) -> Option<Self> {
        let plans: Vec<Plan> = questions.into_iter().map(Plan::new).collect();
        if plans.iter().all(|plan| plan.0.is_empty()) {
            return None;
        }
        Self::with(index, plans)
    }

    /// A sieve that only tells which messages are indexed.
    pub fn for_counting(index: &Arc<SearchIndex>) -> Option<Self> {
        Self::with(index, Vec::new())
    }

    fn with(index: &Arc<SearchIndex>, plans: Vec<Plan>) -> Option<Self> {
        let segments = index.segments()?;
        let slots = segments.iter().map(|segment| Slot {
            segment: Arc::clone(segment),
            hits: None,
        });
        Some(Self {
            index: Arc::clone(index),
            slots: slots.collect(),
            plans,
            last: (0, 0),
            read: 0,
        })
    }

    /// For each body, for each question in order, whether the answer may be yes. Blocks on the disk.
    pub fn sift(&mut self, bodies: impl IntoIterator<Item = BodyRef>) -> Vec<Vec<bool>> {
        bodies.into_iter().map(|body| self.one(body)).collect()
    }

    /// Whether the index holds the body. Blocks on the disk.
    pub fn holds(&mut self, body: BodyRef) -> bool {
        self.find(body.into()).is_some()
    }

    fn one(&mut self, body: BodyRef) -> Vec<bool> {
        let Some((slot, document)) = self.find(body.into()) else {
            return vec![true; self.plans.len()];
        };
        let possible = self
            .slots
            .get(slot)
            .and_then(|slot| slot.hits.as_ref())
            .map(|hits| hits.possible.as_slice())
            .unwrap_or_default();
        possible
            .iter()
            .map(|bits| bits.as_ref().is_none_or(|bits| has(bits, document)))
            .collect()
    }

    /// The segment and the number of a document.
    fn find(&mut self, place: BodyPlace) -> Option<(usize, usize)> {
        let (mut slot, next) = (self.last.0, self.last.1 + 1);
        if !self.slots.get(slot).is_some_and(|slot| slot.covers(place)) {
            slot = self
                .slots
                .partition_point(|slot| slot.segment.foot.stretch.to < place);
        }
        self.make_room(slot);
        let found = self.slots.get_mut(slot).filter(|slot| slot.covers(place))?;
        self.read += usize::from(found.hits.is_none());
        let hits = found
            .hits
            .get_or_insert_with(|| read(&self.index, &found.segment, &self.plans));
        let document = if hits.documents.get(next) == Some(&place) {
            next
        } else {
            hits.documents.binary_search(&place).ok()?
        };
        self.last = (slot, document);
        Some(self.last)
    }
}

impl Sieve {
    /// Forgets what was read when one more is to be read and there are many.
    fn make_room(&mut self, wanted: usize) {
        if self.read < READ_MAX || self.slots.get(wanted).is_none_or(|slot| slot.hits.is_some()) {
            return;
        }
        for slot in &mut self.slots {
            slot.hits = None;
        }
        self.read = 0;
    }
}

impl Slot {
    fn covers(&self, place: BodyPlace) -> bool {
        let stretch = self.segment.foot.stretch;
        stretch.after < Some(place) && place <= stretch.to
    }
}

impl Plan {
    fn new(question: Question<'_>) -> Self {
        let sets = match question {
            Question::Other => Vec::new(),
            Question::Body(needle) => vec![keys_of(needle, Part::Text)],
            Question::Text(needle) => vec![keys_of(needle, Part::Header), keys_of(needle, Part::Text)],
            Question::Field { name, needle } => {
                let mut keys = keys_of(needle, Part::Header);
                // Fields are indexed as `Name: value`. A name outside ASCII is compared byte by byte, not folded.
                if name.is_ascii() {
                    keys.extend(keys_of(&format!("{name}: "), Part::Header));
                }
                vec![keys]
            }
        };
        // A set that is empty excludes nothing, and then neither do the others.
        Self(if sets.iter().any(Vec::is_empty) {
            Vec::new()
        } else {
            sets
        })
    }
}

/// Reads of a segment what the plans need; nothing is known of one that cannot be read.
fn read(index: &SearchIndex, segment: &Arc<Segment>, plans: &[Plan]) -> Hits {
    match try_read(segment, plans) {
        Ok(hits) => hits,
        Err(unread) => {
            if is_lost(&unread) {
                index.discard(segment);
            } else if let Unread::Disk(error) = unread {
                tracing::warn!(
                    module = "STORAGE",
                    "{}: search index: {error}",
                    index.dir.display()
                );
            }
            Hits::default()
        }
    }
}

fn try_read(segment: &Segment, plans: &[Plan]) -> Result<Hits, Unread> {
    let reader = segment.reader()?;
    let table = Table::read(segment, &reader)?;
    let documents = segment.documents(&reader)?;
    let mut possible = Vec::with_capacity(plans.len());
    for Plan(sets) in plans {
        let mut union: Option<Vec<u64>> = None;
        for keys in sets {
            let bits = with_all(&table, &reader, keys, documents.len())?;
            union = Some(match union {
                Some(known) => known
                    .iter()
                    .zip(&bits)
                    .map(|(left, right)| left | right)
                    .collect(),
                None => bits,
            });
        }
        possible.push(union);
    }
    Ok(Hits { documents, possible })
}

/// The documents that have all keys, or may have them.
fn with_all(table: &Table, reader: &BlockReader, keys: &[Key], documents: usize) -> Result<Vec<u64>, Unread> {
    let mut lists = Vec::with_capacity(keys.len());
    for &key in keys {
        match table.find(reader, key)? {
            Some(found) => lists.push(found),
            None => return Ok(vec![0; documents.div_ceil(64)]),
        }
    }
    lists.sort_by_key(|found| found.count);
    let mut left = all(documents);
    for found in lists {
        let candidates: u64 = left.iter().map(|word| u64::from(word.count_ones())).sum();
        if candidates == 0
            || found.count as usize >= documents
            || u64::from(found.count) > candidates.saturating_mul(NUMBERS_PER_CANDIDATE)
        {
            break;
        }
        let mut bits = vec![0; left.len()];
        table.list(reader, found, |number| {
            if let Some(word) = bits.get_mut(number as usize / 64) {
                *word |= 1_u64 << (number % 64);
            }
        })?;
        for (left, bits) in left.iter_mut().zip(bits) {
            *left &= bits;
        }
    }
    Ok(left)
}

fn all(documents: usize) -> Vec<u64> {
    let mut bits = vec![u64::MAX; documents.div_ceil(64)];
    if let (Some(last), used @ 1..) = (bits.last_mut(), documents % 64) {
        *last = (1 << used) - 1;
    }
    bits
}

fn has(bits: &[u64], document: usize) -> bool {
    bits.get(document / 64)
        .is_some_and(|word| word >> (document % 64) & 1 == 1)
}
