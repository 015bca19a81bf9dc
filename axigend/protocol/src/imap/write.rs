//! Pieces of answers: strings, names, flags, FETCH items that need no body (RFC 9051, 4.3, 5.1, 9).

use std::fmt::Write as _;

use super::{backend::Row, cursor::is_astring_char, flags::Flags, name::to_utf7};

/// Longest text sent as a quoted string; longer ones go as literals, which clients read without looking for quotes.
const QUOTED_MAX: usize = 1000;

/// Appends `"text"`, or a literal when the text cannot be quoted. NUL, which no string can hold, becomes a space.
pub(crate) fn string(out: &mut Vec<u8>, text: &[u8]) {
    let plain = |byte: &u8| matches!(byte, 0x01..=0x7f if !matches!(byte, b'\r' | b'\n'));
    let mut escapes = false;
    let mut fits = |byte: &u8| {
        escapes |= matches!(byte, b'"' | b'\\');
        plain(byte)
    };
    if text.len() <= QUOTED_MAX && text.iter().all(&mut fits) {
        out.push(b'"');
        let mut rest = text;
        while escapes && let Some(special) = memchr::memchr2(b'"', b'\\', rest) {
            let (before, after) = rest.split_at(special);
            out.extend_from_slice(before);
            out.push(b'\\');
            let (special, after) = after.split_at(1);
            out.extend_from_slice(special);
            rest = after;
        }
        out.extend_from_slice(rest);
        out.push(b'"');
        return;
    }
    out.extend_from_slice(format!("{{{}}}\r\n", text.len()).as_bytes());
    out.extend(text.iter().map(|byte| if *byte == 0 { b' ' } else { *byte }));
}

/// Appends a string, or NIL.
pub(crate) fn nstring(out: &mut Vec<u8>, text: Option<&[u8]>) {
    match text {
        Some(text) => string(out, text),
        None => out.extend_from_slice(b"NIL"),
    }
}

/// A mailbox name as sent to this client: an atom where it can be one, else quoted.
pub(crate) fn mailbox(name: &str, utf8: bool) -> String {
    let encoded = if utf8 { name.to_owned() } else { to_utf7(name) };
    quoted_or_atom(&encoded)
}

/// A word as an atom where it can be one, else quoted.
pub(crate) fn quoted_or_atom(text: &str) -> String {
    let atom = !text.is_empty() && text.bytes().all(is_astring_char) && !text.eq_ignore_ascii_case("NIL");
    if atom {
        text.to_owned()
    } else {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

/// `(\Seen $Junk \Recent)`.
pub(crate) fn flags(flags: &Flags, recent: bool) -> String {
    let mut text = String::from("(");
    let mut add = |word: &str| {
        if text.len() > 1 {
            text.push(' ');
        }
        text.push_str(word);
    };
    flags.system().for_each(|flag| add(flag.name()));
    flags.keywords.iter().for_each(|keyword| add(keyword));
    if recent {
        add("\\Recent");
    }
    text.push(')');
    text
}

/// An unsolicited or STORE answer: `* 3 FETCH (UID 7 FLAGS (…) MODSEQ (9))`.
#[expect(clippy::struct_excessive_bools, reason = "independent parts of one line")]
pub(crate) struct FlagsFetch<'a> {
    pub(crate) number: u32,
    pub(crate) row: &'a Row,
    pub(crate) recent: bool,
    pub(crate) uid: bool,
    pub(crate) flags: bool,
    pub(crate) modseq: bool,
}

impl FlagsFetch<'_> {
    pub(crate) fn line(&self) -> String {
        let mut items: Vec<String> = Vec::new();
        if self.uid {
            items.push(format!("UID {}", self.row.uid));
        }
        if self.flags {
            items.push(format!("FLAGS {}", flags(&self.row.flags, self.recent)));
        }
        if self.modseq {
            items.push(format!("MODSEQ ({})", self.row.modseq));
        }
        format!("* {} FETCH ({})\r\n", self.number, items.join(" "))
    }
}

/// Appends ` key value` pairs: STATUS, QUOTA.
pub(crate) fn pair(out: &mut String, key: &str, value: u64) {
    if !out.is_empty() {
        out.push(' ');
    }
    let _ = write!(out, "{key} {value}");
}

/// Text for a human after a status word: one line, whatever it holds.
pub(crate) fn one_line(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{mailbox, nstring};

    #[test]
    fn strings() {
        for (text, expected) in [
            (Some(&b"a\"b\\"[..]), &b"\"a\\\"b\\\\\""[..]),
            (Some(b""), b"\"\""),
            (Some(b"a\r\nb"), b"{4}\r\na\r\nb"),
            (Some(b"\xff\0"), b"{2}\r\n\xff "),
            (None, b"NIL"),
        ] {
            let mut out = Vec::new();
            nstring(&mut out, text);
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn mailboxes() {
        for (name, utf8, expected) in [
            ("INBOX", false, "INBOX"),
            ("a b", false, "\"a b\""),
            ("ä", false, "&AOQ-"),
            ("ä", true, "\"ä\""),
            ("nil", false, "\"nil\""),
            ("a\"b", false, "\"a\\\"b\""),
        ] {
            assert_eq!(mailbox(name, utf8), expected);
        }
    }
}
