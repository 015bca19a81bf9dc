//! Text for people: character sets, encoded words, case folding (RFC 2047; RFC 9051, 6.4.4).
//!
//! Owns decoding for SEARCH only. What IMAP sends in ENVELOPE and BODYSTRUCTURE stays raw.

use encoding_rs::{Encoding, UTF_8};
use mail_parser::{HeaderValue, parsers::MessageStream};

use crate::field::unfold;

/// Longest field value that is decoded; the rest of a longer one is not searched.
const DECODED_FIELD_MAX: usize = 256 * 1024;

/// Whether text in this character set can be decoded.
pub fn has_charset(name: &str) -> bool {
    Encoding::for_label(name.as_bytes()).is_some()
}

/// Turns bytes of one character set into text, piece by piece.
pub struct TextDecoder {
    decoder: encoding_rs::Decoder,
}

impl TextDecoder {
    /// A decoder for the named set; UTF-8 when there is no name or it is unknown, which shows ASCII right in any case.
    pub fn new(charset: Option<&[u8]>) -> Self {
        let encoding = charset.and_then(Encoding::for_label).unwrap_or(UTF_8);
        Self {
            decoder: encoding.new_decoder_without_bom_handling(),
        }
    }

    /// Appends the text of `bytes`; `last` when nothing follows.
    pub fn feed(&mut self, bytes: &[u8], last: bool, out: &mut String) {
        let room = self
            .decoder
            .max_utf8_buffer_length(bytes.len())
            .unwrap_or(bytes.len());
        out.reserve(room);
        let mut rest = bytes;
        loop {
            let (result, read, _) = self.decoder.decode_to_string(rest, out, last);
            rest = rest.get(read..).unwrap_or_default();
            match result {
                encoding_rs::CoderResult::InputEmpty => break,
                encoding_rs::CoderResult::OutputFull => out.reserve(rest.len().max(64) * 3),
            }
        }
    }
}

impl std::fmt::Debug for TextDecoder {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "TextDecoder({})", self.decoder.encoding().name())
    }
}

/// A header field's value as text: unfolded, encoded words decoded, raw UTF-8 kept.
pub fn decode_field(value: &[u8]) -> String {
    let mut flat = unfold(value.get(..DECODED_FIELD_MAX).unwrap_or(value));
    if memchr::memmem::find(&flat, b"=?").is_none() {
        return String::from_utf8(flat)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    }
    flat.push(b'\n');
    match MessageStream::new(&flat).parse_unstructured() {
        HeaderValue::Text(text) => text.into_owned(),
        _ => String::new(),
    }
}

/// `text` in the form in which SEARCH compares: every character in lower case, without regard to its place.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::{TextDecoder, decode_field, fold, has_charset};
    use proptest::prelude::{any, proptest};

    #[test]
    fn encoded_words() {
        for (raw, text) in [
            ("plain  text", "plain  text"),
            ("=?utf-8?q?h=C3=A4?= =?utf-8?b?w7Y=?=", "häö"),
            ("=?iso-8859-1?Q?a?= b", "a b"),
            ("=?broken", "=?broken"),
            (" folded\r\n value", "folded value"),
        ] {
            assert_eq!(decode_field(raw.as_bytes()), text, "{raw}");
        }
    }

    #[test]
    fn charsets() {
        let mut out = String::new();
        let mut decoder = TextDecoder::new(Some(b"iso-8859-2"));
        decoder.feed(b"\xb9", true, &mut out);
        assert_eq!(out, "š");
        assert!(has_charset("KOI8-R") && !has_charset("klingon"));
        assert_eq!(fold("ÄbΣ"), "äbσ");
    }

    proptest! {
        #[test]
        fn any_bytes_decode(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            decode_field(&bytes);
            let mut words = b"=?utf-8?Q?".to_vec();
            words.extend_from_slice(&bytes);
            words.extend_from_slice(b"?= =?x?b?");
            words.extend_from_slice(&bytes);
            decode_field(&words);
            for charset in ["utf-8", "iso-2022-jp", "gb18030", "utf-16le", "big5"] {
                let mut out = String::new();
                let mut decoder = TextDecoder::new(Some(charset.as_bytes()));
                decoder.feed(&bytes, false, &mut out);
                decoder.feed(&bytes, true, &mut out);
            }
        }
    }
}
