//! The text of a piece of HTML, for previews: tags go, what is never shown goes, character references are read.
//!
//! Not a parser: it cannot fail and never looks back, so that a newsletter costs microseconds.

use std::ops::ControlFlow;

use mail_parser::decoders::html::add_html_token;
use memchr::{memchr, memchr2, memmem};

/// Elements that are not shown as text.
const HIDDEN: [&str; 5] = ["head", "style", "script", "title", "template"];
/// Elements within a line: they separate no words.
const INLINE: [&str; 14] = [
    "a", "abbr", "b", "big", "code", "em", "font", "i", "s", "small", "span", "strong", "sub", "u",
];
/// Longest character reference with its `&` and `;`.
const REFERENCE_MAX: usize = 34;

/// Gives the text of `html` to `take` piece by piece, until that has enough.
pub(crate) fn text(html: &str, take: &mut dyn FnMut(&str) -> ControlFlow<()>) {
    let mut rest = html;
    while let Some(at) = memchr2(b'<', b'&', rest.as_bytes()) {
        let (before, marked) = rest.split_at(at);
        if take(before).is_break() {
            return;
        }
        let (said, after) = if marked.starts_with('&') {
            reference(marked)
        } else {
            tag(marked)
        };
        if take(&said).is_break() {
            return;
        }
        rest = after;
    }
    // Who has enough here has enough.
    let _ = take(rest);
}

/// A character reference at the start of `marked`, and what follows; a bare `&` stands for itself.
fn reference(marked: &str) -> (String, &str) {
    let end = marked.bytes().take(REFERENCE_MAX).position(|byte| byte == b';');
    let name = end.and_then(|end| marked.get(1..end));
    let is_name = |name: &&str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'#')
    };
    let mut said = String::new();
    if let (Some(end), Some(_)) = (end, name.filter(is_name)) {
        let (token, rest) = marked.split_at(end + 1);
        add_html_token(&mut said, token.as_bytes(), false);
        return (said, rest);
    }
    let (bare, rest) = marked.split_at(1);
    (bare.to_owned(), rest)
}

/// What a tag, a comment or a hidden element at the start of `marked` stands for, and what follows.
fn tag(marked: &str) -> (String, &str) {
    if let Some(comment) = marked.strip_prefix("<!--") {
        let end = memmem::find(comment.as_bytes(), b"-->").map(|at| at + 3);
        return (
            String::new(),
            end.and_then(|end| comment.get(end..)).unwrap_or_default(),
        );
    }
    let inside = marked.get(1..).unwrap_or_default();
    let (closes, inside) = match inside.strip_prefix('/') {
        Some(inside) => (true, inside),
        None => (false, inside),
    };
    let name_len = inside
        .bytes()
        .position(|byte| !byte.is_ascii_alphanumeric())
        .unwrap_or(inside.len());
    let (name, attributes) = inside.split_at(name_len);
    if name.is_empty() && !closes && !inside.starts_with(['!', '?']) {
        // Less than.
        return ("<".to_owned(), inside);
    }
    let is = |known: &&str| known.eq_ignore_ascii_case(name);
    let rest = after_tag(attributes);
    if !closes && HIDDEN.iter().any(&is) {
        return (" ".to_owned(), after_element(name, rest));
    }
    let separates = !INLINE.iter().any(is);
    (if separates { " " } else { "" }.to_owned(), rest)
}

/// What follows the `>` of a tag; one in quotes does not count.
fn after_tag(attributes: &str) -> &str {
    let mut quote = None;
    for (at, byte) in attributes.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return attributes.get(at + 1..).unwrap_or_default(),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    // A quote that is never closed was none.
    memchr(b'>', attributes.as_bytes()).map_or("", |at| attributes.get(at + 1..).unwrap_or_default())
}

/// What follows the end tag of an element.
fn after_element<'h>(name: &str, mut rest: &'h str) -> &'h str {
    while let Some(at) = memmem::find(rest.as_bytes(), b"</") {
        rest = rest.get(at + 2..).unwrap_or_default();
        if rest
            .get(..name.len())
            .is_some_and(|end| end.eq_ignore_ascii_case(name))
        {
            return after_tag(rest);
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::text;
    use proptest::prelude::proptest;
    use std::ops::ControlFlow;

    fn all(html: &str) -> String {
        let mut out = String::new();
        text(html, &mut |piece| {
            out.push_str(piece);
            ControlFlow::Continue(())
        });
        out
    }

    #[test]
    fn tags_go() {
        for (html, expected) in [
            ("a<b>b</b>c", "abc"),
            ("a<br>b", "a b"),
            ("<style type=\"text/css\">p > a {}</STYLE >x", " x"),
            ("<head><title>no</title></head>x", " x"),
            ("<!-- > -->x<!-- open", "x"),
            ("&auml;&#228;&#xe4;&nbsp;&bogus; & &;", "äää\u{a0}&bogus; & &;"),
            ("1 < 2 <a title='>'>3</a>", "1 < 2 3"),
            ("<a title='open>x", "x"),
            ("<script>if (a</b) ", " "),
            ("<!DOCTYPE html><?xml ?>x", "  x"),
            ("ä<", "ä<"),
        ] {
            assert_eq!(all(html), expected, "{html}");
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_read(html in "[<>&;!/'\"a-cä#x1 -]{0,60}") {
            all(&html);
        }
    }
}
