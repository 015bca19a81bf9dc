//! Making a summary while the message passes by.

use super::{SECTIONS, SUMMARY_MAX, Summary, VERSION, code::Out, envelope, structure};
use crate::{
    date::sent_time,
    envelope::Envelope,
    field::fields,
    part::Structure,
    preview::{preview_parts, preview_range, preview_text},
    sort::base_subject,
    thread::{REFERENCES_MAX, references},
    walk::Walker,
};

/// Beginning of the message that is kept until the end: fields that the walk does not read, and text for the preview.
const WINDOW: usize = 32 * 1024;
/// Longest base subject that is kept; that of a longer subject is found again when it is wanted.
const SUBJECT_MAX: usize = 200;

/// Makes the summary of a message that is fed piece by piece. Holds a bounded part of it.
#[derive(Debug, Default)]
pub struct Summarizer {
    walker: Walker,
    window: Vec<u8>,
    len: u64,
}

impl Summarizer {
    /// At the start of a message.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next bytes of the message.
    pub fn feed(&mut self, piece: &[u8]) {
        self.walker.feed(piece);
        let room = (WINDOW - self.window.len()).min(piece.len());
        self.window
            .extend_from_slice(piece.get(..room).unwrap_or_default());
        self.len = self.len.saturating_add(piece.len() as u64);
    }

    /// The message is over.
    pub fn finish(self) -> Summary {
        self.finish_with_structure().0
    }

    /// The message is over; its parts are wanted at once.
    pub fn finish_with_structure(self) -> (Summary, Structure) {
        let structure = self.walker.finish();
        let summary = Summary::of(&structure, &self.window, self.len);
        (summary, structure)
    }
}

impl Summary {
    /// The summary of a message with these parts, which begins with `window`.
    fn of(message: &Structure, window: &[u8], len: u64) -> Self {
        let header_len = message.root.header.end;
        let whole = window.len() as u64 == len;
        let header = usize::try_from(header_len).ok().and_then(|len| window.get(..len));
        let mut sections: [Vec<u8>; SECTIONS] = [
            written(|out| envelope::write(out, &message.envelope)),
            written(|out| sort(out, &message.envelope)),
            header.and_then(thread).unwrap_or_default(),
            preview(message, window, whole).unwrap_or_default(),
            written(|out| structure::write(out, &message.root)),
        ];
        // The rarest wishes go first.
        for place in [super::PARTS, super::REFERENCES, super::SORT, super::ENVELOPE] {
            let len: usize = sections.iter().map(Vec::len).sum();
            if len + FRAME > SUMMARY_MAX
                && let Some(section) = sections.get_mut(place)
            {
                section.clear();
            }
        }
        let mut out = Out(Vec::with_capacity(
            sections.iter().map(Vec::len).sum::<usize>() + FRAME,
        ));
        out.0.push(VERSION);
        out.number(header_len);
        for section in &sections {
            out.section(section);
        }
        Self::decode(out.0.into()).unwrap_or_else(|| Self::nothing(header_len))
    }

    /// A summary that says how long the header is and nothing else.
    fn nothing(header_len: u64) -> Self {
        Self {
            bytes: bytes::Bytes::new(),
            header_len,
            sections: [const { 0..0 }; SECTIONS],
        }
    }
}

/// Bytes around the sections at most: version, header length, a length before each section.
const FRAME: usize = 1 + 10 + SECTIONS * 3;

fn written(write: impl FnOnce(&mut Out)) -> Vec<u8> {
    let mut out = Out::default();
    write(&mut out);
    out.0
}

/// Sent date, whether there is one, and the base subject.
fn sort(out: &mut Out, envelope: &Envelope<'_>) {
    let sent = envelope.date.as_deref().and_then(sent_time);
    out.signed(sent.unwrap_or(0));
    out.number(sent.is_some().into());
    let base = base_subject(envelope.subject.as_deref().unwrap_or_default());
    if base.text.len() > SUBJECT_MAX {
        out.number(0);
    } else {
        out.number(if base.is_reply { 2 } else { 1 });
        out.text(base.text.as_bytes());
    }
}

/// The References; `None` when there are too many to be kept.
fn thread(header: &[u8]) -> Option<Vec<u8>> {
    let field = fields(header).find(|field| field.is("references"));
    let ids = field.map(|field| references(field.value)).unwrap_or_default();
    if ids.len() > REFERENCES_MAX {
        return None;
    }
    Some(written(|out| {
        out.number(ids.len() as u64);
        for id in ids {
            out.0.extend_from_slice(&id.to_be_bytes());
        }
    }))
}

/// The preview; `None` when its text is not in the window.
fn preview(message: &Structure, window: &[u8], whole: bool) -> Option<Vec<u8>> {
    let mut text = String::new();
    for part in preview_parts(&message.root) {
        let range = preview_range(part);
        let start = usize::try_from(range.start).ok()?;
        let end = usize::try_from(range.end).ok()?;
        debug_assert!(!whole || end <= window.len(), "a part lies in the message");
        text = preview_text(part, window.get(start..end)?);
        if !text.is_empty() {
            break;
        }
    }
    Some(written(|out| out.section(text.as_bytes())))
}
