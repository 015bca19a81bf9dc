//! The parts of a message as byte ranges of its stored form (RFC 2045, 2046; numbering: RFC 9051, 6.4.5).

use std::ops::Range;

use crate::{
    content::{Disposition, Parameter, parameter},
    envelope::Envelope,
    transfer::Transfer,
};

/// Deepest nesting of parts that is followed; a deeper multipart is shown as one opaque part. Real mail stays below
/// ten; the bound keeps recursion and stack small.
pub const DEPTH_MAX: usize = 64;
/// Most parts that are told apart; further delimiters belong to the text of the last part.
pub const PARTS_MAX: usize = 2000;

/// A message's parts and envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Structure {
    /// The message itself: its header is the message's header.
    pub root: Part,
    /// The envelope of the message.
    pub envelope: Envelope<'static>,
}

/// One part: what its header says, and where it lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// Header, blank line included.
    pub header: Range<u64>,
    /// Body: everything after the header, up to the line end before the next delimiter.
    pub body: Range<u64>,
    /// Lines of the body; an unterminated last line counts.
    pub lines: u64,
    /// Media type in lower case.
    pub media_type: String,
    /// Media subtype in lower case.
    pub subtype: String,
    /// Content-Type parameters.
    pub parameters: Vec<Parameter>,
    /// Content-ID.
    pub id: Option<Vec<u8>>,
    /// Content-Description.
    pub description: Option<Vec<u8>>,
    /// Content-Transfer-Encoding as written.
    pub encoding: Option<Vec<u8>>,
    /// Content-MD5.
    pub md5: Option<Vec<u8>>,
    /// Content-Disposition.
    pub disposition: Option<Disposition>,
    /// Content-Language tags.
    pub languages: Vec<Vec<u8>>,
    /// Content-Location.
    pub location: Option<Vec<u8>>,
    /// What is inside.
    pub content: Content,
}

/// What a part holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// Bytes.
    #[default]
    Leaf,
    /// Parts, at least one; of a broken message that has none, an empty one.
    Multipart(Vec<Part>),
    /// A message (message/rfc822, message/global).
    Message(Box<Structure>),
}

impl Part {
    /// How the body is encoded.
    pub fn transfer(&self) -> Transfer {
        Transfer::named(self.encoding.as_deref())
    }

    /// The `charset` parameter.
    pub fn charset(&self) -> Option<&[u8]> {
        parameter(&self.parameters, "charset")
    }

    /// Header and body.
    pub fn whole(&self) -> Range<u64> {
        self.header.start..self.body.end
    }

    /// The part with this number inside this part; `at_message` when this part is a message's root, whose own body is
    /// part 1 if it is not a multipart.
    fn child(&self, number: u32, at_message: bool) -> Option<&Self> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        match &self.content {
            Content::Multipart(parts) => parts.get(index),
            _ if at_message && index == 0 => Some(self),
            _ => None,
        }
    }
}

impl Structure {
    /// The part that a section number names (RFC 9051, 6.4.5): `[]` is the message itself.
    pub fn find(&self, numbers: &[u32]) -> Option<&Part> {
        let (mut part, mut at_message) = (&self.root, true);
        for &number in numbers {
            if !at_message && let Content::Message(inner) = &part.content {
                (part, at_message) = (&inner.root, true);
            }
            part = part.child(number, at_message)?;
            at_message = false;
        }
        Some(part)
    }

    /// The message that a section number names, for `HEADER` and `TEXT`: the whole one, or that inside a
    /// message/rfc822 part.
    pub fn find_message(&self, numbers: &[u32]) -> Option<&Self> {
        if numbers.is_empty() {
            return Some(self);
        }
        match &self.find(numbers)?.content {
            Content::Message(inner) => Some(inner),
            _ => None,
        }
    }
}
