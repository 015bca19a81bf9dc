//! Address lists as ENVELOPE shows them (RFC 5322, 3.4; RFC 9051, 7.5.2).
//!
//! Encoded words stay raw. Malformed addresses are kept rather than dropped: a missing domain or mailbox is named
//! `MISSING_DOMAIN` / `MISSING_MAILBOX`, because NIL there would mean group syntax.

use std::borrow::Cow;

/// Most addresses read from one field; the envelope of a longer list ends there.
pub const ADDRESSES_MAX: usize = 2000;

/// One address structure of ENVELOPE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address<'a> {
    /// Display name, quotes removed.
    pub name: Option<Cow<'a, [u8]>>,
    /// Source route of an obsolete address (`@a,@b`).
    pub route: Option<Cow<'a, [u8]>>,
    /// Local part; `None` ends a group.
    pub mailbox: Option<Cow<'a, [u8]>>,
    /// Domain; `None` begins (with a mailbox) or ends (without) a group.
    pub host: Option<Cow<'a, [u8]>>,
}

impl Address<'_> {
    /// The same with texts of its own.
    pub fn into_owned(self) -> Address<'static> {
        let owned = |text: Option<Cow<'_, [u8]>>| text.map(|text| Cow::Owned(text.into_owned()));
        Address {
            name: owned(self.name),
            route: owned(self.route),
            mailbox: owned(self.mailbox),
            host: owned(self.host),
        }
    }
}

/// The addresses of one field's value, at most [`ADDRESSES_MAX`]; groups begin and end with an entry of their own.
pub fn addresses(value: &[u8]) -> Vec<Address<'static>> {
    let mut scan = Scan { bytes: value, at: 0 };
    let mut list = Vec::new();
    let mut in_group = false;
    while list.len() < ADDRESSES_MAX {
        let item = scan.item();
        match item.end {
            Some(b':') if !in_group => {
                in_group = true;
                list.push(Address {
                    mailbox: Some(item.phrase().into()),
                    ..Address::default()
                });
            }
            end => {
                list.extend(item.into_address());
                if in_group && (end == Some(b';') || end.is_none()) {
                    in_group = false;
                    list.push(Address::default());
                }
                if end.is_none() {
                    break;
                }
            }
        }
    }
    if in_group && list.len() >= ADDRESSES_MAX {
        list.push(Address::default());
    }
    list
}

/// What stands between two separators.
#[derive(Default)]
struct Item {
    /// Words outside angle brackets, with the white space between them as one space.
    words: Vec<u8>,
    /// What stood between `<` and `>`.
    angle: Option<Vec<u8>>,
    /// The last comment.
    comment: Option<Vec<u8>>,
    /// The separator that ended it: `,` `;` `:`, or nothing at the end of the value.
    end: Option<u8>,
}

impl Item {
    fn phrase(&self) -> Vec<u8> {
        self.words.trim_ascii().to_vec()
    }

    fn into_address(self) -> Option<Address<'static>> {
        let phrase = self.phrase();
        let (name, spec) = match self.angle {
            Some(angle) => (Some(phrase), angle),
            None => (self.comment, phrase),
        };
        let name = name.filter(|name| !name.is_empty());
        if spec.is_empty() && name.is_none() {
            return None;
        }
        let (route, spec) = match spec.iter().position(|byte| *byte == b':') {
            Some(colon) if spec.first() == Some(&b'@') => {
                (spec.get(..colon), spec.get(colon + 1..).unwrap_or_default())
            }
            _ => (None, spec.as_slice()),
        };
        let (mailbox, host) = match spec.iter().rposition(|byte| *byte == b'@') {
            Some(at) => (
                spec.get(..at).unwrap_or_default(),
                spec.get(at + 1..).unwrap_or_default(),
            ),
            None => (spec, &b""[..]),
        };
        let named = |part: &[u8], missing: &str| {
            let part = part.trim_ascii();
            Some(Cow::Owned(if part.is_empty() {
                missing.as_bytes().to_vec()
            } else {
                part.to_vec()
            }))
        };
        Some(Address {
            name: name.map(Cow::Owned),
            route: route.map(|route| route.to_vec().into()),
            mailbox: named(mailbox, "MISSING_MAILBOX"),
            host: named(host, "MISSING_DOMAIN"),
        })
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scan<'_> {
    fn take(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied();
        self.at += usize::from(byte.is_some());
        byte
    }

    /// Reads up to the next separator outside quotes, comments and angle brackets.
    fn item(&mut self) -> Item {
        let mut item = Item::default();
        while let Some(byte) = self.take() {
            match byte {
                b',' | b';' => {
                    item.end = Some(byte);
                    return item;
                }
                // A colon directly before "@" stands in a domain literal or route, not after a group's name.
                b':' if item.angle.is_none() && !item.words.contains(&b'@') => {
                    item.end = Some(byte);
                    return item;
                }
                b'"' => self.quoted(&mut item.words),
                b'(' => item.comment = Some(self.comment()),
                b'<' => item.angle = Some(self.angle()),
                b' ' | b'\t' | b'\r' | b'\n' => {
                    if item.words.last().is_some_and(|last| *last != b' ') {
                        item.words.push(b' ');
                    }
                }
                _ => item.words.push(byte),
            }
        }
        item
    }

    /// A quoted string without its quotes; an open one ends with the value.
    fn quoted(&mut self, out: &mut Vec<u8>) {
        while let Some(byte) = self.take() {
            match byte {
                b'"' => return,
                b'\\' => out.extend(self.take()),
                b'\r' | b'\n' => {}
                _ => out.push(byte),
            }
        }
    }

    fn comment(&mut self) -> Vec<u8> {
        let (mut text, mut depth) = (Vec::new(), 1_usize);
        while let Some(byte) = self.take() {
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                b'\\' => {
                    text.extend(self.take());
                    continue;
                }
                b'\r' | b'\n' => continue,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            text.push(byte);
        }
        text.trim_ascii().to_vec()
    }

    /// The address between angle brackets, white space removed outside quotes.
    fn angle(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        while let Some(byte) = self.take() {
            match byte {
                b'>' => break,
                b'"' => self.quoted(&mut text),
                b'(' => {
                    self.comment();
                }
                b' ' | b'\t' | b'\r' | b'\n' => {}
                _ => text.push(byte),
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{ADDRESSES_MAX, addresses};

    fn show(value: &str) -> String {
        let word = |text: &Option<std::borrow::Cow<'_, [u8]>>| {
            text.as_ref().map_or_else(
                || "NIL".to_owned(),
                |text| String::from_utf8_lossy(text).into_owned(),
            )
        };
        addresses(value.as_bytes())
            .iter()
            .map(|a| {
                format!(
                    "{}|{}|{}|{}",
                    word(&a.name),
                    word(&a.route),
                    word(&a.mailbox),
                    word(&a.host)
                )
            })
            .collect::<Vec<_>>()
            .join(" ; ")
    }

    #[test]
    fn lists() {
        for (value, expected) in [
            ("", ""),
            ("a@b", "NIL|NIL|a|b"),
            ("Ann B <a@b>, c@d", "Ann B|NIL|a|b ; NIL|NIL|c|d"),
            ("\"B, Ann\" <a@b>", "B, Ann|NIL|a|b"),
            ("a@b (Ann)", "Ann|NIL|a|b"),
            ("<@x,@y:a@b>", "NIL|@x,@y|a|b"),
            (
                "g: a@b, c@d;, e@f",
                "NIL|NIL|g|NIL ; NIL|NIL|a|b ; NIL|NIL|c|d ; NIL|NIL|NIL|NIL ; NIL|NIL|e|f",
            ),
            (
                "undisclosed-recipients:;",
                "NIL|NIL|undisclosed-recipients|NIL ; NIL|NIL|NIL|NIL",
            ),
            ("g: a@b", "NIL|NIL|g|NIL ; NIL|NIL|a|b ; NIL|NIL|NIL|NIL"),
            ("postmaster", "NIL|NIL|postmaster|MISSING_DOMAIN"),
            ("<>", ""),
            ("Ann <>", "Ann|NIL|MISSING_MAILBOX|MISSING_DOMAIN"),
            ("=?utf-8?q?=C3=84?= <a@b>", "=?utf-8?q?=C3=84?=|NIL|a|b"),
            (",,a@b,", "NIL|NIL|a|b"),
            ("\"open <a@b>", "NIL|NIL|open <a|b>"),
            ("a@[IPv6:::1]", "NIL|NIL|a|[IPv6:::1]"),
        ] {
            assert_eq!(show(value), expected, "{value}");
        }
    }

    #[test]
    fn lists_are_bounded() {
        assert_eq!(
            addresses("a@b,".repeat(ADDRESSES_MAX * 2).as_bytes()).len(),
            ADDRESSES_MAX
        );
    }
}
