//! What SEARCH looks into: the one place that says which stretches of a message are text, and in which form.
//!
//! Two readers must see exactly the same: the matcher that decides a search key, and the search index that says which
//! messages the matcher need not see. Text is decoded from transfer encoding and character set piece by piece; the end
//! of a field or part is a gap over which nothing matches. Attachments that are not text are not looked into; headers
//! of enclosed messages are.

use std::ops::Range;

use crate::{
    address::addresses,
    cutter::FieldCutter,
    field::{Field, fields},
    part::{Content, Part, Structure},
    text::{TextDecoder, decode_field},
    transfer::{Decoder, Transfer},
};

/// How much of one header field is looked into at least; headers may be of any length.
pub const SEARCHED_FIELD_MAX: usize = 256 * 1024;
/// Fields whose addresses are looked into in their envelope form too.
const ADDRESS_FIELDS: [&str; 4] = ["From", "To", "Cc", "Bcc"];

/// Takes the text of a message in pieces.
pub trait TextSink {
    /// A place over which nothing may match.
    fn gap(&mut self);
    /// The next piece of text.
    fn feed(&mut self, piece: &str);
    /// A field was too long to be looked into whole ([`SearchedHeader::is_cut`]).
    fn cut(&mut self) {}
    /// Whether nothing more is wanted.
    fn is_settled(&self) -> bool {
        false
    }
}

/// A header of any length in stretches of whole fields, as it is looked into.
#[derive(Debug)]
pub struct SearchedHeader {
    cutter: FieldCutter,
    is_cut: bool,
}

impl Default for SearchedHeader {
    fn default() -> Self {
        Self {
            cutter: FieldCutter::new(SEARCHED_FIELD_MAX),
            is_cut: false,
        }
    }
}

impl SearchedHeader {
    /// The next bytes of the header.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.cutter.feed(bytes);
    }

    /// The next stretch that is whole; `last` when all of the header was fed.
    pub fn next(&mut self, last: bool) -> Option<Vec<u8>> {
        while let Some(stretch) = self.cutter.next(last) {
            if !stretch.continues {
                return Some(stretch.bytes);
            }
            self.is_cut = true;
        }
        None
    }

    /// Whether a field was longer than is looked into. How much of it was depends on the pieces it came in.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }
}

/// Feeds header fields, each by itself: `Name: decoded value`.
pub fn feed_header(sink: &mut impl TextSink, header: &[u8]) {
    let mut line = String::new();
    for field in fields(header) {
        if sink.is_settled() {
            break;
        }
        line.clear();
        line.push_str(&String::from_utf8_lossy(field.name));
        line.push_str(": ");
        line.push_str(&decode_field(field.value));
        sink.gap();
        sink.feed(&line);
    }
}

/// Texts of a field beside its value: FROM, TO, CC and BCC look into the envelope's form of the addresses (RFC 9051,
/// 6.4.4): `mailbox@host` without the comments, quotes and white space that the field may have there, and the names.
pub fn address_texts(field: &Field<'_>) -> Vec<String> {
    if !ADDRESS_FIELDS.iter().any(|name| field.is(name)) {
        return Vec::new();
    }
    let mut texts = Vec::new();
    for address in addresses(field.value) {
        let spec = [&address.mailbox, &address.host].map(|part| part.as_deref().unwrap_or_default());
        texts.push(decode_field(&spec.join(&b'@')));
        texts.push(decode_field(address.name.as_deref().unwrap_or_default()));
    }
    texts
}

/// A stretch of a message that holds text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextPart {
    /// Where it lies in the stored message.
    pub range: Range<u64>,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// Header of an enclosed message.
    Header,
    /// Text in this encoding and character set.
    Text {
        transfer: Transfer,
        charset: Option<Vec<u8>>,
    },
}

/// The parts that hold text, in order.
pub fn text_parts(structure: &Structure) -> Vec<TextPart> {
    let mut parts = Vec::new();
    collect(&structure.root, &mut parts);
    parts
}

fn collect(part: &Part, parts: &mut Vec<TextPart>) {
    match &part.content {
        Content::Multipart(children) => children.iter().for_each(|child| collect(child, parts)),
        Content::Message(inner) => {
            parts.push(TextPart {
                range: inner.root.header.clone(),
                kind: Kind::Header,
            });
            collect(&inner.root, parts);
        }
        Content::Leaf if part.media_type == "text" => {
            let kind = Kind::Text {
                transfer: part.transfer(),
                charset: part.charset().map(<[u8]>::to_vec),
            };
            parts.push(TextPart {
                range: part.body.clone(),
                kind,
            });
        }
        Content::Leaf => {}
    }
}

/// Turns the stored bytes of one part into text.
#[derive(Debug)]
pub struct PartText {
    open: Open,
    plain: Vec<u8>,
    decoded: String,
}

#[derive(Debug)]
enum Open {
    Header(SearchedHeader),
    Text { decoder: Decoder, text: TextDecoder },
}

impl PartText {
    /// Begins a part.
    pub fn begin(part: &TextPart, sink: &mut impl TextSink) -> Self {
        sink.gap();
        let open = match &part.kind {
            Kind::Header => Open::Header(SearchedHeader::default()),
            Kind::Text { transfer, charset } => Open::Text {
                decoder: Decoder::new(*transfer),
                text: TextDecoder::new(charset.as_deref()),
            },
        };
        Self {
            open,
            plain: Vec::new(),
            decoded: String::new(),
        }
    }

    /// The next bytes of the part; `last` when it ends with them.
    pub fn feed(&mut self, bytes: &[u8], last: bool, sink: &mut impl TextSink) {
        match &mut self.open {
            Open::Header(header) => {
                header.feed(bytes);
                while let Some(fields) = header.next(last) {
                    feed_header(sink, &fields);
                }
                if header.is_cut() {
                    sink.cut();
                }
            }
            Open::Text { decoder, text } => {
                self.plain.clear();
                self.decoded.clear();
                decoder.feed(bytes, &mut self.plain);
                if last {
                    decoder.finish(&mut self.plain);
                }
                text.feed(&self.plain, last, &mut self.decoded);
                sink.feed(&self.decoded);
            }
        }
    }
}
