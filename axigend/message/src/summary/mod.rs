//! What is remembered of a message so that it need not be parsed again: for FETCH of ENVELOPE, BODYSTRUCTURE, parts,
//! headers and PREVIEW, for SORT and THREAD.
//!
//! Made in one pass while the message comes in ([`Summarizer`]) and kept in few bytes, at most [`SUMMARY_MAX`]. Of an
//! unusual message it may say less; what it does not say is `None`, and the message is looked at. A summary is derived:
//! one of another version, or a damaged one, is as good as none.
//!
//! Bytes: version, length of the header, then sections, each with its length before it and empty when it is not there:
//! envelope, dates and subject, references, preview, parts.

mod build;
mod code;
mod envelope;
mod structure;

use std::ops::Range;

use bytes::Bytes;

use crate::{
    envelope::Envelope,
    part::{Part, Structure},
    sort::{SortKeys, base_subject},
    thread::ThreadIds,
};
use code::In;

pub use build::Summarizer;

/// Longest summary. An ordinary one has some 700 bytes; the bound keeps the index small whatever comes in.
pub const SUMMARY_MAX: usize = 16 * 1024;
/// Version of the bytes.
const VERSION: u8 = 1;
/// Number of sections.
const SECTIONS: usize = 5;
const ENVELOPE: usize = 0;
const SORT: usize = 1;
const REFERENCES: usize = 2;
const PREVIEW: usize = 3;
const PARTS: usize = 4;

/// The summary of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    bytes: Bytes,
    header_len: u64,
    sections: [Range<usize>; SECTIONS],
}

impl Summary {
    /// Reads what [`Summary::encoded`] gave; `None` when it is not that, or of another version.
    pub fn decode(bytes: Bytes) -> Option<Self> {
        let (version, rest) = bytes.split_first()?;
        if *version != VERSION || bytes.len() > SUMMARY_MAX {
            return None;
        }
        let mut read = In(rest);
        let header_len = read.number()?;
        let mut sections = [const { 0..0 }; SECTIONS];
        for section in &mut sections {
            let len = read.section()?.len();
            let end = bytes.len() - read.0.len();
            *section = end - len..end;
        }
        Some(Self {
            bytes,
            header_len,
            sections,
        })
    }

    /// The bytes to be kept.
    pub fn encoded(&self) -> &Bytes {
        &self.bytes
    }

    /// Length of the header, blank line included.
    pub fn header_len(&self) -> u64 {
        self.header_len
    }

    /// Whether it says what the envelope is.
    pub fn has_envelope(&self) -> bool {
        self.section(ENVELOPE).is_some()
    }

    /// Whether it says what the parts are.
    pub fn has_parts(&self) -> bool {
        self.section(PARTS).is_some()
    }

    /// Whether it says to what the message refers, and what SORT compares.
    pub fn has_references(&self) -> bool {
        self.section(REFERENCES).is_some() && self.section(SORT).is_some()
    }

    /// The envelope.
    pub fn envelope(&self) -> Option<Envelope<'_>> {
        envelope::read(&mut self.section(ENVELOPE)?)
    }

    /// The parts, with the envelope of the message.
    pub fn structure(&self) -> Option<Structure> {
        let root = self.root()?;
        let envelope = self.envelope()?.into_owned();
        Some(Structure { root, envelope })
    }

    /// The message as a part, as BODYSTRUCTURE shows it.
    pub fn root(&self) -> Option<Part> {
        structure::read(&mut self.section(PARTS)?)
    }

    /// Text for PREVIEW (RFC 8970); empty when the message has none.
    pub fn preview(&self) -> Option<&str> {
        let text = self.section(PREVIEW)?.section()?;
        std::str::from_utf8(text).ok()
    }

    /// What SORT compares.
    pub fn sort_keys(&self) -> Option<SortKeys> {
        let mut read = self.section(SORT)?;
        let envelope = self.envelope()?;
        let sent = read
            .signed()
            .zip(read.number())
            .map(|(sent, is_known)| (is_known == 1).then_some(sent))?;
        let (subject, is_reply) = match read.number()? {
            // The subject is long, or not what it was taken from.
            0 => {
                let base = base_subject(envelope.subject.as_deref().unwrap_or_default());
                (base.text, base.is_reply)
            }
            code => (read.string()?, code == 2),
        };
        Some(SortKeys::new(&envelope, sent, subject, is_reply))
    }

    /// What THREAD links.
    pub fn thread_ids(&self) -> Option<ThreadIds> {
        let mut read = self.section(REFERENCES)?;
        let envelope = self.envelope()?;
        let count = read.count()?;
        let mut references = Vec::with_capacity(count.min(read.0.len() / 8));
        for _ in 0..count {
            let id: [u8; 8] = read.bytes(8)?.try_into().ok()?;
            references.push(u64::from_be_bytes(id));
        }
        Some(ThreadIds::new(&envelope, references))
    }

    fn section(&self, place: usize) -> Option<In<'_>> {
        let section = self.bytes.get(self.sections.get(place)?.clone())?;
        (!section.is_empty()).then_some(In(section))
    }
}

#[cfg(test)]
mod tests;
