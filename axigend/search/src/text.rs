//! From a stored body to its trigrams.
//!
//! Reads in pieces, so memory does not grow with the message; a short one is read once. What is text is decided where
//! the matcher has it from ([`axigend_message::text_parts`]).

use axigen_shared::{Cause, Refusal};
use axigend_message::{
    PartText, SearchedHeader, TextSink, Walker, address_texts, feed_header, fields, text_parts,
};
use axigend_storage::{BodyRef, Store};
use bytes::Bytes;

use crate::trigram::{Collector, Part};

/// A body is read in pieces of this size; most are shorter.
const PIECE: usize = 256 * 1024;

/// Collects the trigrams of a body. Blocks on the disk.
pub(crate) fn collect(store: &Store, body: BodyRef, collector: &mut Collector) -> Result<(), Refusal> {
    let source = Source::open(store, body)?;
    let mut walker = Walker::new();
    source.pieces(0..body.len, |piece, _| walker.feed(piece))?;
    let structure = walker.finish();
    collector.enter(Part::Header);
    let mut header = SearchedHeader::default();
    source.pieces(structure.root.header.clone(), |piece, last| {
        header.feed(piece);
        while let Some(stretch) = header.next(last) {
            collect_header(&stretch, collector);
        }
    })?;
    if header.is_cut() {
        collector.cut();
    }
    collector.enter(Part::Text);
    for part in text_parts(&structure) {
        let mut text = PartText::begin(&part, collector);
        if collector.is_settled() {
            break;
        }
        source.pieces(part.range, |piece, last| text.feed(piece, last, collector))?;
    }
    Ok(())
}

/// Whole fields, and their addresses in the form of the envelope.
fn collect_header(header: &[u8], collector: &mut Collector) {
    feed_header(collector, header);
    for field in fields(header) {
        for text in address_texts(&field) {
            collector.gap();
            collector.feed(&text);
        }
    }
}

/// A body with its first piece at hand.
struct Source<'a> {
    store: &'a Store,
    body: BodyRef,
    start: Bytes,
}

impl<'a> Source<'a> {
    fn open(store: &'a Store, body: BodyRef) -> Result<Self, Refusal> {
        let start = store.read_blocking(body, 0, PIECE)?;
        Ok(Self { store, body, start })
    }

    fn pieces(&self, range: std::ops::Range<u64>, mut each: impl FnMut(&[u8], bool)) -> Result<(), Refusal> {
        let end = range.end.min(self.body.len);
        let mut offset = range.start;
        while offset < end {
            let want = usize::try_from(end - offset).unwrap_or(PIECE).min(PIECE);
            let at_hand = usize::try_from(offset)
                .ok()
                .and_then(|from| self.start.get(from..from.checked_add(want)?));
            let read;
            let piece = if let Some(piece) = at_hand {
                piece
            } else {
                read = self.store.read_blocking(self.body, offset, want)?;
                &read
            };
            if piece.is_empty() {
                let detail = format!("a body ends at {offset} of {}", self.body.len);
                return Err(Refusal::new(Cause::StorageFailure, detail));
            }
            offset += piece.len() as u64;
            each(piece, offset >= end);
        }
        Ok(())
    }
}
