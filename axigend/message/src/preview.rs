//! The beginning of a message's text, as mail programs show it in a list (RFC 8970).
//!
//! Taken from the first text/plain part that has any text besides quotes, else from the first text/html part; enclosed
//! messages and attachments are not looked into.

use std::ops::Range;

use crate::{
    html,
    part::{Content, Part},
    text::TextDecoder,
    transfer::Decoder,
};

/// Longest preview in characters (RFC 8970, 3.2: 200 at most).
pub const PREVIEW_MAX: usize = 200;
/// Bytes of plain text that are looked at.
const PLAIN_MAX: u64 = 4 * 1024;
/// Bytes of HTML that are looked at: much of it is not text.
const HTML_MAX: u64 = 16 * 1024;

/// The parts that may give the preview, the better one first.
pub fn preview_parts(root: &Part) -> impl Iterator<Item = &Part> {
    let mut found = [None, None];
    find(root, &mut found);
    found.into_iter().flatten()
}

fn find<'p>(part: &'p Part, found: &mut [Option<&'p Part>; 2]) {
    match &part.content {
        Content::Multipart(parts) => parts.iter().for_each(|part| find(part, found)),
        Content::Leaf if part.media_type == "text" && !is_attachment(part) => {
            let [plain, html] = found;
            let slot = match part.subtype.as_str() {
                "plain" => plain,
                "html" => html,
                _ => return,
            };
            slot.get_or_insert(part);
        }
        Content::Leaf | Content::Message(_) => {}
    }
}

fn is_attachment(part: &Part) -> bool {
    let kind = part.disposition.as_ref().map(|disposition| &disposition.kind);
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case(b"attachment"))
}

/// Where the bytes lie that are looked at.
pub fn preview_range(part: &Part) -> Range<u64> {
    let most = if part.subtype == "html" {
        HTML_MAX
    } else {
        PLAIN_MAX
    };
    part.body.start..part.body.end.min(part.body.start.saturating_add(most))
}

/// The preview that these bytes of the part give, perhaps nothing.
pub fn preview_text(part: &Part, bytes: &[u8]) -> String {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut decoder = Decoder::new(part.transfer());
    decoder.feed(bytes, &mut plain);
    decoder.finish(&mut plain);
    let mut text = String::new();
    TextDecoder::new(part.charset()).feed(&plain, false, &mut text);
    let mut tidy = Tidy::default();
    if part.subtype == "html" {
        html::text(&text, &mut |piece| tidy.add(piece));
        return tidy.text;
    }
    for line in text.split_inclusive('\n').filter(|line| !line.starts_with('>')) {
        if tidy.add(line).is_break() {
            break;
        }
    }
    tidy.text
}

/// Text on one line, without runs of space.
#[derive(Default)]
struct Tidy {
    text: String,
    letters: usize,
    /// Something that separates words stands between what was taken and what comes.
    gap: bool,
}

impl Tidy {
    /// Takes more text until there is enough.
    fn add(&mut self, text: &str) -> std::ops::ControlFlow<()> {
        for letter in text.chars() {
            if letter.is_whitespace() || letter.is_control() {
                self.gap = true;
                continue;
            }
            let is_gap = self.gap || self.text.is_empty();
            if is_gap && is_invisible(letter) {
                continue;
            }
            let needed = 1 + usize::from(self.gap && !self.text.is_empty());
            if self.letters + needed > PREVIEW_MAX {
                return std::ops::ControlFlow::Break(());
            }
            if needed > 1 {
                self.text.push(' ');
            }
            self.text.push(letter);
            self.letters += needed;
            self.gap = false;
        }
        std::ops::ControlFlow::Continue(())
    }
}

/// Letters with which senders of newsletters fill up what they want shown: nothing to see unless they join others.
const fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{34f}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::{PREVIEW_MAX, preview_parts, preview_range, preview_text};
    use crate::Walker;
    use proptest::prelude::{any, prop_assert, proptest};

    fn preview(message: &[u8]) -> String {
        let mut walker = Walker::new();
        walker.feed(message);
        let structure = walker.finish();
        let mut text = String::new();
        for part in preview_parts(&structure.root) {
            let range = preview_range(part);
            text = preview_text(part, &message[range.start as usize..range.end as usize]);
            if !text.is_empty() {
                break;
            }
        }
        text
    }

    #[test]
    fn texts() {
        let alternative = "Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n \r\n--b\r\n\
            Content-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
            <p>Gr=FC=\r\n&szlig;e</p>\r\n--b--\r\n";
        let attached = "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Disposition: attachment\r\n\r\n\
            no\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n\r\nneither\r\n--b\r\n\r\nyes\r\n--b--\r\n";
        let rows = [
            ("A: b\r\n\r\n  Hello,\r\n\tworld \x07!\r\n", "Hello, world !"),
            ("A: b\r\n\r\n> quoted\r\n> more\r\n\r\nanswer\r\n", "answer"),
            (alternative, "Grüße"),
            (attached, "yes"),
            ("Content-Type: image/png\r\n\r\nabc", ""),
            ("A: b\r\n\r\n", ""),
            ("A: b\r\n\r\n\u{200b} \u{200c}\u{a0}ok \u{feff}", "ok"),
        ];
        for (message, expected) in rows {
            assert_eq!(preview(message.as_bytes()), expected, "{message}");
        }
        let long = format!("A: b\r\n\r\n{}", "word ".repeat(1000));
        assert_eq!(preview(long.as_bytes()).chars().count(), PREVIEW_MAX - 1);
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_short_preview(
            kind in proptest::sample::select(vec!["text/plain; charset=gb18030", "text/html", "text/html; charset=utf-16"]),
            encoding in proptest::sample::select(vec!["base64", "quoted-printable", "8bit"]),
            body in proptest::collection::vec(any::<u8>(), 0..2000),
        ) {
            let mut message =
                format!("Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n").into_bytes();
            message.extend_from_slice(&body);
            prop_assert!(preview(&message).chars().count() <= PREVIEW_MAX);
        }
    }
}
