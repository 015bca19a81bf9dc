//! The header of a message as lists look at it, and texts as they stand in one.

use axigend_message::{Address, addresses, decode_field, fields, header_len, unfold};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Most bytes of a header that are looked at: enough for any honest one.
pub(super) const HEADER_MOST: usize = 64 * 1024;
/// Bytes of text in one encoded word: 45 make 60 characters, and a word may have 75 (RFC 2047, 2).
const WORD_BYTES: usize = 45;

/// A header.
#[derive(Clone, Debug, Default)]
pub(super) struct Header {
    bytes: Vec<u8>,
    whole: bool,
}

impl Header {
    /// Of a message that begins with these bytes.
    pub(super) fn of(mut bytes: Vec<u8>) -> Self {
        let end = header_len(&bytes);
        // A message may end with its header.
        let whole = end.is_some() || bytes.len() < HEADER_MOST;
        bytes.truncate(end.unwrap_or(bytes.len()));
        Self { bytes, whole }
    }

    /// Whether it is all there: one of [`HEADER_MOST`] bytes or more is cut.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    /// The stored bytes, the blank line included when there is one.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The first field of this name on one line, decoded.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        let field = fields(&self.bytes).find(|field| field.is(name))?;
        Some(one_line(&decode_field(&unfold(field.value))))
    }

    /// Every field of this name on one line, as stored.
    pub(super) fn values(&self, name: &str) -> Vec<String> {
        let all = fields(&self.bytes).filter(|field| field.is(name));
        all.map(|field| String::from_utf8_lossy(&unfold(field.value)).into_owned())
            .collect()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        fields(&self.bytes).any(|field| field.is(name))
    }

    /// Name and address of the first author; empty when there is none that is an address.
    pub(super) fn author(&self) -> (String, String) {
        let Some(field) = fields(&self.bytes).find(|field| field.is("From")) else {
            return Default::default();
        };
        let text = |part: &Option<std::borrow::Cow<'_, [u8]>>| {
            let bytes = part.as_deref().unwrap_or_default();
            one_line(&decode_field(bytes))
        };
        let is_address = |address: &Address<'_>| address.mailbox.is_some() && address.host.is_some();
        let first = addresses(&unfold(field.value)).into_iter().find(is_address);
        first.map_or_else(Default::default, |address| {
            let email = format!("{}@{}", text(&address.mailbox), text(&address.host));
            (text(&address.name), email)
        })
    }
}

/// A text that cannot begin a new field.
pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Unstructured text for a header: as it is, or in encoded words (RFC 2047) when it needs them.
pub(super) fn encoded_text(text: &str) -> String {
    let text = one_line(text);
    if text.is_ascii() {
        return text;
    }
    let mut words = Vec::new();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.floor_char_boundary(WORD_BYTES));
        words.push(format!("=?utf-8?B?{}?=", STANDARD.encode(word)));
        rest = after;
    }
    words.join("\r\n ")
}

/// A display name: quoted, or in encoded words.
pub(super) fn encoded_phrase(text: &str) -> String {
    let text = one_line(text);
    if !text.is_ascii() {
        return encoded_text(&text);
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        if c == '"' || c == '\\' {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::{Header, encoded_phrase, encoded_text};

    #[test]
    fn fields_authors_and_names() {
        let header = Header::of(
            b"from: =?utf-8?Q?J=C3=B6rg?= <j@x.test>\r\nX:\r\n a\r\nX: b\r\n\r\nfrom: z@y\r\n".to_vec(),
        );
        assert_eq!(header.author(), ("Jörg".to_owned(), "j@x.test".to_owned()));
        assert_eq!(header.values("x"), ["a", "b"]);
        assert!(header.has("FROM") && !header.has("Subject"));
        assert_eq!(Header::default().author(), Default::default());
    }

    #[test]
    fn texts_cannot_break_out() {
        assert_eq!(encoded_phrase("a\"b\r\nBcc: x"), "\"a\\\"b  Bcc: x\"");
        assert_eq!(encoded_text("a\nb"), "a b");
        let long = encoded_text(&"ü".repeat(100));
        assert!(long.split("\r\n ").all(|word| word.len() <= 75), "{long}");
    }
}
