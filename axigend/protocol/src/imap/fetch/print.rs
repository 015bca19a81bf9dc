//! ENVELOPE and BODYSTRUCTURE in IMAP's words (RFC 9051, 7.5.2).

use axigend_message::{Address, Content, Disposition, Envelope, Parameter, Part};

use super::super::write::{nstring, string};

/// Appends an envelope.
pub(super) fn envelope(out: &mut Vec<u8>, envelope: &Envelope<'_>) {
    out.push(b'(');
    nstring(out, envelope.date.as_deref());
    out.push(b' ');
    nstring(out, envelope.subject.as_deref());
    let from = out.len();
    out.push(b' ');
    addresses(out, &envelope.from);
    let from = from..out.len();
    // Nearly always these are From once more.
    for list in [&envelope.sender, &envelope.reply_to] {
        if *list == envelope.from {
            out.extend_from_within(from.clone());
        } else {
            out.push(b' ');
            addresses(out, list);
        }
    }
    for list in [&envelope.to, &envelope.cc, &envelope.bcc] {
        out.push(b' ');
        addresses(out, list);
    }
    out.push(b' ');
    nstring(out, envelope.in_reply_to.as_deref());
    out.push(b' ');
    nstring(out, envelope.message_id.as_deref());
    out.push(b')');
}

fn addresses(out: &mut Vec<u8>, list: &[Address<'_>]) {
    if list.is_empty() {
        out.extend_from_slice(b"NIL");
        return;
    }
    out.push(b'(');
    for address in list {
        out.push(b'(');
        nstring(out, address.name.as_deref());
        out.push(b' ');
        nstring(out, address.route.as_deref());
        out.push(b' ');
        nstring(out, address.mailbox.as_deref());
        out.push(b' ');
        nstring(out, address.host.as_deref());
        out.push(b')');
    }
    out.push(b')');
}

/// How a body structure is printed.
#[derive(Clone, Copy)]
pub(super) struct Form {
    /// BODYSTRUCTURE rather than BODY.
    pub(super) extended: bool,
    /// The client knows message/global as a message (RFC 9051, 9; RFC 6855): for IMAP4rev1 alone only message/rfc822
    /// has that form (RFC 3501, 9 "media-message").
    pub(super) global: bool,
}

/// Appends a body structure; recursion is bounded by the walker's depth.
pub(super) fn structure(out: &mut Vec<u8>, part: &Part, form: Form) {
    out.push(b'(');
    if let Content::Multipart(parts) = &part.content {
        multipart(out, part, parts, form);
    } else {
        single(out, part, form);
    }
    out.push(b')');
}

fn multipart(out: &mut Vec<u8>, part: &Part, parts: &[Part], form: Form) {
    for child in parts {
        structure(out, child, form);
    }
    out.push(b' ');
    string(out, part.subtype.as_bytes());
    if form.extended {
        out.push(b' ');
        parameters(out, &part.parameters);
        extension(out, part);
    }
}

fn single(out: &mut Vec<u8>, part: &Part, form: Form) {
    string(out, part.media_type.as_bytes());
    out.push(b' ');
    string(out, part.subtype.as_bytes());
    out.push(b' ');
    if part.media_type == "text" && part.charset().is_none() && part.parameters.is_empty() {
        // RFC 2045, 5.2: what plain text is when nothing is said.
        out.extend_from_slice(b"(\"charset\" \"us-ascii\")");
    } else {
        parameters(out, &part.parameters);
    }
    out.push(b' ');
    nstring(out, part.id.as_deref());
    out.push(b' ');
    nstring(out, part.description.as_deref());
    out.push(b' ');
    string(
        out,
        part.encoding
            .as_deref()
            .filter(|encoding| !encoding.is_empty())
            .unwrap_or(b"7bit"),
    );
    out.extend_from_slice(format!(" {}", part.body.end - part.body.start).as_bytes());
    if let Content::Message(inner) = &part.content
        && (form.global || part.subtype != "global")
    {
        out.push(b' ');
        envelope(out, &inner.envelope);
        out.push(b' ');
        structure(out, &inner.root, form);
        out.extend_from_slice(format!(" {}", part.lines).as_bytes());
    } else if part.media_type == "text" {
        out.extend_from_slice(format!(" {}", part.lines).as_bytes());
    }
    if form.extended {
        out.push(b' ');
        nstring(out, part.md5.as_deref());
        extension(out, part);
    }
}

/// Disposition, language, location.
fn extension(out: &mut Vec<u8>, part: &Part) {
    out.push(b' ');
    match &part.disposition {
        None => out.extend_from_slice(b"NIL"),
        Some(Disposition {
            kind,
            parameters: list,
        }) => {
            out.push(b'(');
            string(out, kind);
            out.push(b' ');
            parameters(out, list);
            out.push(b')');
        }
    }
    out.push(b' ');
    match part.languages.as_slice() {
        [] => out.extend_from_slice(b"NIL"),
        [one] => string(out, one),
        several => {
            out.push(b'(');
            for (place, language) in several.iter().enumerate() {
                if place > 0 {
                    out.push(b' ');
                }
                string(out, language);
            }
            out.push(b')');
        }
    }
    out.push(b' ');
    nstring(out, part.location.as_deref());
}

fn parameters(out: &mut Vec<u8>, list: &[Parameter]) {
    if list.is_empty() {
        out.extend_from_slice(b"NIL");
        return;
    }
    out.push(b'(');
    for (place, (name, value)) in list.iter().enumerate() {
        if place > 0 {
            out.push(b' ');
        }
        string(out, name);
        out.push(b' ');
        string(out, value);
    }
    out.push(b')');
}

#[cfg(test)]
mod tests {
    use super::{Form, envelope, structure};
    use axigend_message::Walker;

    fn show(message: &str, extended: bool, global: bool) -> (String, String) {
        let mut walker = Walker::new();
        walker.feed(message.as_bytes());
        let parsed = walker.finish();
        let (mut first, mut second) = (Vec::new(), Vec::new());
        envelope(&mut first, &parsed.envelope);
        structure(&mut second, &parsed.root, Form { extended, global });
        (
            String::from_utf8(first).unwrap(),
            String::from_utf8(second).unwrap(),
        )
    }

    #[test]
    fn a_simple_message() {
        let (envelope, structure) = show("From: A <a@b>\r\nSubject: x\r\n\r\nhi\r\n", false, false);
        let a = r#"(("A" NIL "a" "b"))"#;
        assert_eq!(envelope, format!(r#"(NIL "x" {a} {a} {a} NIL NIL NIL NIL NIL)"#));
        assert_eq!(
            structure,
            r#"("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 4 1)"#
        );
    }

    #[test]
    fn a_multipart_with_a_message() {
        let message = "Content-Type: multipart/mixed; boundary=b\r\nContent-Language: de, en\r\n\r\n--b\r\n\
             Content-Type: image/png; name=x\r\nContent-Disposition: attachment; filename=x\r\n\r\nxx\r\n--b\r\n\
             Content-Type: message/rfc822\r\n\r\nSubject: s\r\n\r\nin\r\n--b--\r\n";
        let (_, structure) = show(message, true, false);
        assert_eq!(
            structure,
            concat!(
                r#"(("image" "png" ("name" "x") NIL NIL "7bit" 2 NIL ("attachment" ("filename" "x")) NIL NIL)"#,
                r#"("message" "rfc822" NIL NIL NIL "7bit" 16 (NIL "s" NIL NIL NIL NIL NIL NIL NIL NIL) "#,
                r#"("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 2 1 NIL NIL NIL NIL) 3 NIL NIL NIL NIL)"#,
                r#" "mixed" ("boundary" "b") NIL ("de" "en") NIL)"#
            )
        );
    }

    #[test]
    fn message_global_is_a_message_only_to_those_who_know_it() {
        let message = "Content-Type: message/global\r\n\r\nSubject: s\r\n\r\nin\r\n";
        assert_eq!(
            show(message, false, false).1,
            r#"("message" "global" NIL NIL NIL "7bit" 18)"#
        );
        assert_eq!(
            show(message, false, true).1,
            concat!(
                r#"("message" "global" NIL NIL NIL "7bit" 18 (NIL "s" NIL NIL NIL NIL NIL NIL NIL NIL) "#,
                r#"("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 4 1) 3)"#
            )
        );
    }
}
