//! The walk through a message, fed piece by piece, that finds its parts (RFC 2046, 5).
//!
//! Works line by line and keeps only the headers it reads and the start of a line that may be a delimiter, so memory
//! does not grow with the message. Reading of broken mail: a delimiter also ends an unfinished header; an inner
//! multipart that was never closed ends with its parent's delimiter; of several boundaries that fit a line the longest
//! counts, then the innermost; a multipart without boundary reads as text/plain (RFC 2045, 5.2).

use memchr::memchr;

use crate::{
    content::{Disposition, boundary, media_type, value_and_parameters},
    envelope::Envelope,
    field::{fields, unfold},
    interest::{Kept, is_folded},
    part::{Content, DEPTH_MAX, PARTS_MAX, Part, Structure},
};

/// Header bytes kept for all parts of a message together, counting only fields that are interpreted: the content fields
/// of all parts, and those of envelopes. Bounds the memory of a [`Structure`], whose texts all come from headers. A part
/// whose type lies beyond is shown as application/octet-stream: nobody knows what it is.
pub const HEADER_BUDGET: usize = 512 * 1024;
/// Start of a body line that is kept to compare with boundaries (RFC 2046 allows 70 characters; real mail exceeds it).
const DELIMITER_MAX: usize = 512;

/// The state of a walk.
#[derive(Debug)]
pub struct Walker {
    /// Bytes seen.
    offset: u64,
    /// Line ends seen.
    newlines: u64,
    line: Line,
    /// Length of the line end before the current line, and whether the line it ended was blank.
    before: (u64, bool),
    /// From the whole message (first) to the part being read (last).
    open: Vec<Open>,
    parts: usize,
    budget: usize,
}

/// The line being read.
#[derive(Debug, Default)]
struct Line {
    start: u64,
    /// Line ends before it.
    newlines: u64,
    head: Vec<u8>,
    /// Its last two bytes so far.
    tail: [u8; 2],
    len: u64,
}

impl Line {
    /// Keeps what fits when `most` bytes of the line are kept; what is left of the piece.
    fn keep<'p>(&mut self, piece: &'p [u8], most: usize) -> &'p [u8] {
        let room = most.saturating_sub(self.head.len()).min(piece.len());
        let (kept, rest) = piece.split_at(room);
        self.head.extend_from_slice(kept);
        rest
    }

    /// Length of the line end.
    fn newline(&self) -> u64 {
        match self.tail {
            [b'\r', b'\n'] => 2,
            [_, b'\n'] => 1,
            _ => 0,
        }
    }
}

/// A part whose end has not been seen.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts about a part")]
struct Open {
    part: Part,
    /// The fields that are kept.
    header: Vec<u8>,
    in_header: bool,
    /// The field that the next line may continue, when it is kept.
    field: Option<Kept>,
    /// What the part is was not kept whole.
    cut: bool,
    /// The header is a message's, with an envelope.
    is_message: bool,
    envelope: Envelope<'static>,
    /// Of a multipart until its close delimiter.
    boundary: Option<Vec<u8>>,
    /// Children are messages unless they say otherwise (RFC 2046, 5.1.5).
    digest: bool,
    newlines_at_body: u64,
}

impl Open {
    fn at(start: u64) -> Self {
        let part = Part {
            header: start..start,
            body: start..start,
            ..Part::default()
        };
        Self {
            part,
            in_header: true,
            ..Self::default()
        }
    }
}

/// Where a part ends.
#[derive(Clone, Copy)]
struct End {
    /// End of the body.
    body: u64,
    /// End of the header, if that is not over yet.
    header: u64,
    /// Line ends up to the end of the body.
    newlines: u64,
    /// The last line of the body has no line end.
    open_line: bool,
}

impl Default for Walker {
    fn default() -> Self {
        Self::new()
    }
}

impl Walker {
    /// A walk at the start of a message.
    pub fn new() -> Self {
        Self {
            offset: 0,
            newlines: 0,
            line: Line::default(),
            before: (0, true),
            open: vec![Open {
                is_message: true,
                ..Open::at(0)
            }],
            parts: 1,
            budget: HEADER_BUDGET,
        }
    }

    /// The next bytes of the message.
    pub fn feed(&mut self, piece: &[u8]) {
        let mut rest = piece;
        while let Some(newline) = memchr(b'\n', rest) {
            let (line, tail) = rest.split_at(newline + 1);
            self.extend_line(line);
            self.newlines += 1;
            self.end_line();
            rest = tail;
        }
        self.extend_line(rest);
    }

    /// The message is over.
    pub fn finish(mut self) -> Structure {
        if self.line.len > 0 {
            self.end_line();
        }
        let open_line = self.before.0 == 0;
        let end = End {
            body: self.offset,
            header: self.offset,
            newlines: self.newlines,
            open_line,
        };
        while self.open.len() > 1 {
            self.close_last(end);
        }
        let root = self.open.pop().unwrap_or_default();
        seal(root, end, 0, false)
    }

    fn extend_line(&mut self, piece: &[u8]) {
        let in_header = self.open.last().is_some_and(|open| open.in_header);
        let may_delimit = self.line.head.first().or(piece.first()) == Some(&b'-');
        let mut rest = piece;
        if in_header || may_delimit {
            rest = self.line.keep(rest, DELIMITER_MAX);
        }
        if in_header && !rest.is_empty() {
            let field = self.field();
            let room = field.map_or(0, |field| field.room(self.budget));
            self.line.keep(rest, room);
        }
        self.line.tail = match piece {
            [] => self.line.tail,
            [only] => [self.line.tail[1], *only],
            [.., last, end] => [*last, *end],
        };
        self.line.len += piece.len() as u64;
        self.offset += piece.len() as u64;
    }

    fn end_line(&mut self) {
        let next = Line {
            start: self.offset,
            newlines: self.newlines,
            ..Line::default()
        };
        let line = std::mem::replace(&mut self.line, next);
        let newline = line.newline();
        let blank = line.len == newline && newline > 0;
        if let Some((index, close)) = self.delimiter(&line.head) {
            self.cross(index, close, &line);
        } else if self.open.last().is_some_and(|open| open.in_header) {
            if blank {
                self.end_header(newline);
            } else {
                self.keep_header_line(&line);
            }
        }
        self.before = (newline, blank);
    }

    /// The field that the current line belongs to, when it is kept.
    fn field(&self) -> Option<Kept> {
        let open = self.open.last()?;
        if is_folded(&self.line.head) {
            open.field
        } else {
            Kept::begin(&self.line.head, open.is_message)
        }
    }

    fn keep_header_line(&mut self, line: &Line) {
        let Some(open) = self.open.last_mut() else { return };
        if !is_folded(&line.head) {
            open.field = Kept::begin(&line.head, open.is_message);
        }
        let Some(field) = &mut open.field else { return };
        let room = field.room(self.budget);
        let kept = line.head.get(..room).unwrap_or(&line.head);
        open.header.extend_from_slice(kept);
        if (kept.len() as u64) < line.len {
            open.cut |= field.decisive;
            if !open.header.ends_with(b"\n") {
                open.header.push(b'\n');
            }
        }
        self.budget -= kept.len();
        field.len += kept.len();
    }

    /// Which open multipart this line delimits, and whether it closes it (RFC 2046, 5.1.1).
    fn delimiter(&self, line: &[u8]) -> Option<(usize, bool)> {
        let text = line.strip_prefix(b"--")?;
        let mut found: Option<(usize, &[u8])> = None;
        for (index, open) in self.open.iter().enumerate() {
            let Some(boundary) = open.boundary.as_deref() else {
                continue;
            };
            if text.starts_with(boundary) && found.is_none_or(|(_, best)| boundary.len() >= best.len()) {
                found = Some((index, boundary));
            }
        }
        let (index, boundary) = found?;
        let close = text
            .get(boundary.len()..)
            .is_some_and(|rest| rest.starts_with(b"--"));
        (close || self.parts < PARTS_MAX).then_some((index, close))
    }

    /// A delimiter line: everything inside that multipart ends before it.
    fn cross(&mut self, index: usize, close: bool, line: &Line) {
        let (newline, blank) = self.before;
        let end = End {
            body: line.start.saturating_sub(newline),
            header: line.start,
            newlines: line.newlines.saturating_sub(u64::from(newline > 0)),
            open_line: !blank,
        };
        while self.open.len() > index + 1 {
            self.close_last(end);
        }
        let Some(parent) = self.open.last_mut() else {
            return;
        };
        if close {
            parent.boundary = None;
            return;
        }
        self.open.push(Open::at(self.offset));
        self.parts += 1;
    }

    /// The blank line after a header.
    fn end_header(&mut self, newline: u64) {
        let depth = self.open.len();
        let in_digest = self.in_digest();
        let (offset, newlines) = (self.offset, self.newlines);
        let Some(open) = self.open.last_mut() else { return };
        debug_assert!(newline > 0, "a header ends with a blank line");
        open.in_header = false;
        open.part.header.end = offset;
        open.part.body = offset..offset;
        open.newlines_at_body = newlines;
        describe(open, depth, in_digest);
        if matches!(open.part.content, Content::Message(_)) && self.parts < PARTS_MAX {
            self.parts += 1;
            self.open.push(Open {
                is_message: true,
                ..Open::at(offset)
            });
        }
    }

    /// Whether the last open part stands directly in a multipart/digest.
    fn in_digest(&self) -> bool {
        self.open
            .len()
            .checked_sub(2)
            .and_then(|parent| self.open.get(parent))
            .is_some_and(|open| open.digest)
    }

    fn close_last(&mut self, end: End) {
        let (depth, in_digest) = (self.open.len(), self.in_digest());
        let Some(open) = self.open.pop() else { return };
        let sealed = seal(open, end, depth, in_digest);
        match self.open.last_mut().map(|parent| &mut parent.part.content) {
            Some(Content::Multipart(parts)) => parts.push(sealed.root),
            Some(Content::Message(inner)) => **inner = sealed,
            Some(Content::Leaf) | None => {}
        }
    }
}

/// A part is over: sets the end of its body and counts its lines.
fn seal(mut open: Open, end: End, depth: usize, in_digest: bool) -> Structure {
    if open.in_header {
        open.part.header.end = end.header;
        open.part.body = end.header..end.header;
        describe(&mut open, depth, in_digest);
    } else if end.body > open.part.body.start {
        open.part.body.end = end.body;
        open.part.lines = end.newlines.saturating_sub(open.newlines_at_body) + u64::from(end.open_line);
    }
    let at = open.part.body.start;
    if let Content::Multipart(parts) = &mut open.part.content
        && parts.is_empty()
    {
        // A multipart has one part at least, also in the grammar of BODYSTRUCTURE (RFC 2046, 5.1.1; RFC 9051, 9).
        parts.push(empty(at));
    }
    if let Content::Message(inner) = &mut open.part.content
        && inner.root.media_type.is_empty()
    {
        inner.root = Part {
            body: at..open.part.body.end,
            ..empty(at)
        };
    }
    Structure {
        root: open.part,
        envelope: open.envelope,
    }
}

/// A part of which nothing is there.
fn empty(at: u64) -> Part {
    Part {
        header: at..at,
        body: at..at,
        media_type: "text".into(),
        subtype: "plain".into(),
        ..Part::default()
    }
}

/// Reads a part's header fields.
fn describe(open: &mut Open, depth: usize, in_digest: bool) {
    let header = std::mem::take(&mut open.header);
    let mut kind = None;
    for field in fields(&header) {
        let part = &mut open.part;
        match field.name.to_ascii_lowercase().as_slice() {
            b"content-type" if kind.is_none() => {
                let (value, parameters) = value_and_parameters(field.value);
                kind = media_type(&value).or(Some(("text".into(), "plain".into())));
                part.parameters = parameters;
            }
            b"content-transfer-encoding" if part.encoding.is_none() => {
                part.encoding = Some(value_and_parameters(field.value).0);
            }
            b"content-id" => part.id = part.id.take().or_else(|| Some(unfold(field.value))),
            b"content-description" => {
                part.description = part.description.take().or_else(|| Some(unfold(field.value)));
            }
            b"content-md5" => part.md5 = part.md5.take().or_else(|| Some(unfold(field.value))),
            b"content-location" => part.location = part.location.take().or_else(|| Some(unfold(field.value))),
            b"content-disposition" if part.disposition.is_none() => {
                let (kind, parameters) = value_and_parameters(field.value);
                part.disposition = (!kind.is_empty()).then_some(Disposition { kind, parameters });
            }
            b"content-language" if part.languages.is_empty() => {
                let tags = field.value.split(|byte| *byte == b',').map(unfold);
                part.languages = tags.filter(|tag| !tag.is_empty()).collect();
            }
            _ => {}
        }
    }
    if open.is_message {
        open.envelope = Envelope::parse(&header);
    }
    let default = if in_digest {
        ("message", "rfc822")
    } else {
        ("text", "plain")
    };
    if open.cut {
        // Neither a type nor an encoding may be guessed: half of one is worse than none.
        open.part.encoding.get_or_insert_with(|| b"x-unknown".to_vec());
        open.part.parameters.clear();
        kind = Some(opaque());
    }
    let (media_type, subtype) = kind.unwrap_or_else(|| (default.0.into(), default.1.into()));
    settle_kind(open, media_type, subtype, depth);
}

/// The type of what is not looked into.
fn opaque() -> (String, String) {
    ("application".into(), "octet-stream".into())
}

/// Sets the type and what it means for the body; a composite type that cannot be followed becomes a leaf.
fn settle_kind(open: &mut Open, media_type: String, subtype: String, depth: usize) {
    let part = &mut open.part;
    let multipart = media_type == "multipart";
    let message = media_type == "message" && matches!(subtype.as_str(), "rfc822" | "global");
    (part.media_type, part.subtype) = (media_type, subtype);
    if !multipart && !message {
        return;
    }
    if depth >= DEPTH_MAX {
        (part.media_type, part.subtype) = opaque();
    } else if message {
        part.content = Content::Message(Box::new(Structure {
            root: Part::default(),
            envelope: Envelope::default(),
        }));
    } else if let Some(boundary) = boundary(&part.parameters) {
        part.content = Content::Multipart(Vec::new());
        open.digest = part.subtype == "digest";
        open.boundary = Some(
            boundary
                .get(..DELIMITER_MAX / 2)
                .map_or(boundary.clone(), <[u8]>::to_vec),
        );
    } else {
        (part.media_type, part.subtype) = ("text".into(), "plain".into());
        part.parameters.clear();
    }
}

#[cfg(test)]
mod tests;
