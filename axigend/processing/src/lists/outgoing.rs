//! A post as members get it: header fields of the list (RFC 2369, RFC 2919), texts around the body.
//!
//! Only what has no other author's word in it is touched: plain text, and the sequence of parts of a mixed message.
//! Signed or encrypted messages, HTML and text in base64 stay as they are.

use axigend_directory::{ListAddress, MailingList};
use axigend_message::{Content, Structure, Transfer, fields};

use super::header::{Header, encoded_phrase};
use super::post::{BEEN_THERE, list_id};
use super::texts::{Words, fill};

/// Fields that a list writes itself, or that meant something only to the list.
const REPLACED: [&str; 13] = [
    "Return-Path",
    "Delivered-To",
    "Sender",
    "Precedence",
    "List-Id",
    "List-Post",
    "List-Help",
    "List-Subscribe",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Owner",
    "List-Archive",
    "Errors-To",
];

/// The header that members get, blank line included.
pub(super) fn header(list: &MailingList, header: &Header, words: &Words) -> Vec<u8> {
    let removed = |name: &[u8]| {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        let rewritten = list.rewrite_from && (is("From") || is("Reply-To"));
        rewritten
            || REPLACED.iter().any(|known| is(known))
            || list.remove_headers.iter().any(|known| is(known))
    };
    let mut out = Vec::with_capacity(header.bytes().len() + 1024);
    for field in fields(header.bytes()).filter(|field| !removed(field.name)) {
        out.extend_from_slice(field.raw);
        if !field.raw.ends_with(b"\n") {
            out.extend_from_slice(b"\r\n");
        }
    }
    let mut own = Vec::new();
    if list.rewrite_from {
        own.extend(rewritten(list, header));
    }
    own.extend(list_fields(list));
    for (name, value) in own {
        out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    if let Some(text) = list.text("addHeader") {
        out.extend_from_slice(fill(text, list, words).trim_end().as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    out
}

/// The list as author, and the author as whom to answer.
fn rewritten(list: &MailingList, header: &Header) -> Vec<(&'static str, String)> {
    let (name, email) = header.author();
    let shown = if name.is_empty() {
        email.split('@').next().unwrap_or_default().to_owned()
    } else {
        name.clone()
    };
    let title = title(list);
    let from = encoded_phrase(&format!("{shown} via {title}"));
    let mut out = vec![("From", format!("{from} <{}>", list.address()))];
    let answers = header.values("Reply-To");
    match answers.first() {
        Some(answers) => out.push(("Reply-To", answers.clone())),
        None if name.is_empty() => out.push(("Reply-To", format!("<{email}>"))),
        None => out.push(("Reply-To", format!("{} <{email}>", encoded_phrase(&name)))),
    }
    out
}

fn title(list: &MailingList) -> &str {
    if list.description.is_empty() {
        &list.mailbox.name
    } else {
        &list.description
    }
}

/// The fields by which programs know a list. A one-click List-Unsubscribe-Post (RFC 8058) joins here once there is a
/// web service that takes it: it needs an https address beside the one for mail.
fn list_fields(list: &MailingList) -> Vec<(&'static str, String)> {
    let mailto = |which: ListAddress| format!("<mailto:{}>", list.address_of(which));
    let mut out = vec![
        ("Sender", format!("<{}>", list.address_of(ListAddress::Bounces))),
        (BEEN_THERE, list.address()),
        ("Precedence", "list".to_owned()),
        (
            "List-Id",
            format!("{} {}", encoded_phrase(title(list)), list_id(list)),
        ),
        ("List-Post", mailto(ListAddress::Post)),
        ("List-Owner", mailto(ListAddress::Owner)),
    ];
    let request = list.address_of(ListAddress::Request);
    let by_command = |word: &str| format!("<mailto:{request}?subject={word}>");
    let has_request = list.is_enabled(ListAddress::Request);
    if has_request {
        out.push(("List-Help", by_command("help")));
    }
    for (field, which, word) in [
        ("List-Subscribe", ListAddress::Subscribe, "subscribe"),
        ("List-Unsubscribe", ListAddress::Unsubscribe, "unsubscribe"),
    ] {
        if list.is_enabled(which) {
            out.push((field, mailto(which)));
        } else if has_request {
            out.push((field, by_command(word)));
        }
    }
    out
}

/// Bytes put into the body: where in the stored message, and what.
pub(super) fn inserted(list: &MailingList, structure: &Structure, words: &Words) -> Vec<(u64, Vec<u8>)> {
    let text = |attribute: &str| {
        let text = list.text(attribute).filter(|text| !text.is_empty())?;
        Some(fill(text, list, words))
    };
    let (begin, end) = (text("bodyBegin"), text("bodyEnd"));
    let root = &structure.root;
    let mut out = Vec::new();
    match &root.content {
        Content::Leaf if root.media_type == "text" && root.subtype == "plain" => {
            let is_8bit = root
                .encoding
                .as_deref()
                .is_some_and(|name| name.eq_ignore_ascii_case(b"8bit"));
            let Some(encode) = encoder((root.transfer(), is_8bit), root.charset()) else {
                return out;
            };
            if let Some(text) = begin.and_then(|text| encode(&text)) {
                out.push((root.body.start, text));
            }
            if let Some(text) = end.and_then(|text| encode(&text)) {
                out.push((root.body.end, [b"\r\n", text.as_slice()].concat()));
            }
        }
        Content::Multipart(parts) if root.subtype == "mixed" => {
            let is_boundary = |(name, _): &&(Vec<u8>, Vec<u8>)| name.eq_ignore_ascii_case(b"boundary");
            let boundary = root.parameters.iter().find(is_boundary);
            let Some(boundary) = boundary.map(|(_, value)| value.as_slice()) else {
                return out;
            };
            if let (Some(text), Some(first)) = (begin, parts.first()) {
                // Right after the delimiter of the first part, which is pushed on by one.
                let part = [PART.as_bytes(), text.as_bytes(), b"\r\n--", boundary, b"\r\n"].concat();
                out.push((first.header.start, part));
            }
            if let (Some(text), Some(last)) = (end, parts.last()) {
                let part = [b"\r\n--", boundary, b"\r\n", PART.as_bytes(), text.as_bytes()].concat();
                out.push((last.body.end, part));
            }
        }
        _ => {}
    }
    out
}

/// Header of a part that holds one of the texts.
const PART: &str = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\nContent-Disposition: inline\r\n\r\n";

type Encode = fn(&str) -> Option<Vec<u8>>;

/// How text is written into a body of this form; `None` when it cannot be joined to it.
fn encoder((transfer, is_8bit): (Transfer, bool), charset: Option<&[u8]>) -> Option<Encode> {
    let is_utf8 = charset.is_some_and(|charset| charset.eq_ignore_ascii_case(b"utf-8"));
    match (transfer, is_utf8) {
        (Transfer::QuotedPrintable, true) => Some(|text| Some(quoted_printable(text))),
        (Transfer::QuotedPrintable, false) => Some(|text| text.is_ascii().then(|| quoted_printable(text))),
        (Transfer::Identity, true) if is_8bit => Some(|text| Some(lines(text))),
        (Transfer::Identity, _) => Some(|text| text.is_ascii().then(|| lines(text))),
        _ => None,
    }
}

fn lines(text: &str) -> Vec<u8> {
    [text.as_bytes(), b"\r\n"].concat()
}

/// Longest encoded line without the soft break (RFC 2045, 6.7).
const QP_LINE: usize = 72;

fn quoted_printable(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 16);
    for line in text.split("\r\n") {
        let mut length = 0;
        for byte in line.bytes() {
            let piece = match byte {
                b'=' => "=3D".to_owned(),
                b'!'..=b'~' | b' ' => char::from(byte).to_string(),
                other => format!("={other:02X}"),
            };
            if length + piece.len() > QP_LINE {
                out.extend_from_slice(b"=\r\n");
                length = 0;
            }
            length += piece.len();
            out.extend_from_slice(piece.as_bytes());
        }
        if out.ends_with(b" ") {
            out.pop();
            out.extend_from_slice(b"=20");
        }
        out.extend_from_slice(b"\r\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::quoted_printable;

    #[test]
    fn text_in_quoted_printable() {
        assert_eq!(quoted_printable("a=b \r\nü"), b"a=3Db=20\r\n=C3=BC\r\n");
        let long = quoted_printable(&"x".repeat(200));
        assert!(long.split(|byte| *byte == b'\n').all(|line| line.len() <= 76));
    }
}
