//! What a stored message looks like inside: header fields, envelope, MIME parts, decoded text (RFC 5322, 2045-2047).
//!
//! The message is never held whole: [`Walker`] is fed the stored bytes in pieces and yields a [`Structure`] whose
//! parts are byte ranges of the stored message, so that IMAP can send any section straight from the store. The walker
//! is our own because those ranges, the line counts and the treatment of broken multiparts are observable to a client
//! byte by byte, and because `mail-parser` wants the whole message in one slice and gives 32-bit offsets of decoded
//! parts. `mail-parser` decodes encoded words and `encoding_rs` decodes character sets.
//!
//! Nothing here fails: a malformed message gets the most sensible reading within the named bounds.

mod address;
mod content;
mod cutter;
mod date;
mod envelope;
mod field;
mod html;
mod interest;
mod matcher;
mod object_id;
mod part;
mod preview;
mod searched;
mod sort;
mod summary;
mod text;
mod thread;
mod transfer;
mod walk;

pub use address::{ADDRESSES_MAX, Address, addresses};
pub use content::{Disposition, Parameter};
pub use cutter::{FieldCutter, Stretch};
pub use date::civil_date;
pub use envelope::Envelope;
pub use field::{Field, Fields, fields, header_len, unfold};
pub use interest::FIELD_MAX;
pub use matcher::Matcher;
pub use object_id::{CONTENT_NAME, OBJECT_ID_MAX, email_id, is_object_id, thread_id};
pub use part::{Content, DEPTH_MAX, PARTS_MAX, Part, Structure};
pub use preview::{PREVIEW_MAX, preview_parts, preview_range, preview_text};
pub use searched::{
    PartText, SEARCHED_FIELD_MAX, SearchedHeader, TextPart, TextSink, address_texts, feed_header, text_parts,
};
pub use sort::SortKeys;
pub use summary::{SUMMARY_MAX, Summarizer, Summary};
pub use text::{TextDecoder, decode_field, fold, has_charset};
pub use thread::ThreadIds;
pub use transfer::{Decoder, Transfer};
pub use walk::{HEADER_BUDGET, Walker};
