//! Reverse-path and forward-path (RFC 5321, 4.1.2; UTF-8: RFC 6531, 3.3).
//!
//! Strict: angle brackets, dot-string or quoted local part, domain name or address literal, the octet limits of
//! RFC 5321, 4.5.3.1. What a domain name is, `axigen_shared::value::domain_name` decides. Two liberties, both of AXIGEN: a local part without a domain belongs to the primary domain
//! (services-core 3.1.2), and blanks before `<` are skipped, since many scripts send them. A source route is accepted
//! and ignored (RFC 5321, F.2).

use std::net::{Ipv4Addr, Ipv6Addr};

use axigen_shared::value::domain_name;

use super::bounds::{DOMAIN_MAX, LOCAL_PART_MAX, PATH_MAX};

/// An address whose syntax has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    address: Box<str>,
    /// Where the `@` before the domain stands.
    at: usize,
}

impl Mailbox {
    /// `local@domain`, the local part quoted only where it must be.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The domain or address literal.
    pub fn domain(&self) -> &str {
        self.address.get(self.at + 1..).unwrap_or_default()
    }

    /// Whether it can be said without SMTPUTF8.
    pub fn is_ascii(&self) -> bool {
        self.address.is_ascii()
    }
}

/// Where failures are reported to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReversePath {
    /// `<>`: nowhere; the message is itself a report (RFC 5321, 4.5.5).
    Null,
    /// To this address.
    Mailbox(Mailbox),
}

impl ReversePath {
    /// The address; empty for the null path.
    pub fn address(&self) -> &str {
        match self {
            Self::Null => "",
            Self::Mailbox(mailbox) => mailbox.address(),
        }
    }
}

/// The path cannot be taken: the reply is `553 Invalid mail address`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BadPath;

/// Parses `<path>`, and gives what follows it; a null path is `None`. Non-ASCII letters are accepted here and checked
/// against SMTPUTF8 by the caller, since the parameter follows the path.
pub(super) fn parse<'a>(text: &'a str, primary_domain: &str) -> Result<(Option<Mailbox>, &'a str), BadPath> {
    let text = text.trim_start_matches(' ');
    let mut cursor = Cursor { rest: text };
    cursor.expect('<')?;
    if cursor.take('>') {
        return Ok((None, cursor.rest));
    }
    if cursor.rest.starts_with('@') {
        cursor.source_route()?;
    }
    let local = cursor.local_part()?;
    let domain = if cursor.take('@') {
        cursor.domain()?
    } else {
        primary(primary_domain)?
    };
    cursor.expect('>')?;
    if text.len() - cursor.rest.len() > PATH_MAX || local.len() > LOCAL_PART_MAX || domain.len() > DOMAIN_MAX
    {
        return Err(BadPath);
    }
    let at = local.len();
    Ok((
        Some(Mailbox {
            address: format!("{local}@{domain}").into_boxed_str(),
            at,
        }),
        cursor.rest,
    ))
}

fn primary(domain: &str) -> Result<String, BadPath> {
    if domain.is_empty() {
        Err(BadPath)
    } else {
        Ok(domain.to_owned())
    }
}

/// Whether this is a domain name, by the same rule as the names that an administrator gives; in mail it has no final dot.
fn is_domain(text: &str) -> bool {
    !text.ends_with('.') && domain_name(text).is_ok()
}

/// Whether this is an address literal without its brackets (RFC 5321, 4.1.3); other tags are not registered.
pub(super) fn is_literal(text: &str) -> bool {
    match text.get(..5) {
        Some(tag) if tag.eq_ignore_ascii_case("IPv6:") => text
            .get(5..)
            .is_some_and(|address| address.parse::<Ipv6Addr>().is_ok()),
        _ => text.parse::<Ipv4Addr>().is_ok(),
    }
}

fn is_letter_beyond_ascii(c: char) -> bool {
    !c.is_ascii() && !c.is_control() && !c.is_whitespace()
}

fn is_atext(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || is_letter_beyond_ascii(c)
}

fn is_dot_string(text: &str) -> bool {
    text.split('.')
        .all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
}

struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, c: char) -> bool {
        let after = self.rest.strip_prefix(c);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn expect(&mut self, c: char) -> Result<(), BadPath> {
        if self.take(c) { Ok(()) } else { Err(BadPath) }
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }

    /// `@one,@two:`
    fn source_route(&mut self) -> Result<(), BadPath> {
        loop {
            self.expect('@')?;
            self.domain()?;
            if self.take(':') {
                return Ok(());
            }
            self.expect(',')?;
        }
    }

    fn local_part(&mut self) -> Result<String, BadPath> {
        if self.take('"') {
            return self.quoted();
        }
        let text = self.take_while(|c| is_atext(c) || c == '.');
        if is_dot_string(text) {
            Ok(text.to_owned())
        } else {
            Err(BadPath)
        }
    }

    /// The rest of a quoted string. Quotes that are not needed mean the same without them (RFC 5321, 4.1.2), and go.
    fn quoted(&mut self) -> Result<String, BadPath> {
        let mut content = String::new();
        let mut characters = self.rest.char_indices();
        while let Some((at, c)) = characters.next() {
            match c {
                '"' => {
                    self.rest = self.rest.get(at + 1..).unwrap_or_default();
                    return Ok(if is_dot_string(&content) {
                        content
                    } else {
                        quote(&content)
                    });
                }
                '\\' => match characters.next() {
                    Some((_, c)) if c == ' ' || c.is_ascii_graphic() => content.push(c),
                    _ => return Err(BadPath),
                },
                c if c == ' ' || c.is_ascii_graphic() || is_letter_beyond_ascii(c) => content.push(c),
                _ => return Err(BadPath),
            }
        }
        Err(BadPath)
    }

    fn domain(&mut self) -> Result<String, BadPath> {
        if self.take('[') {
            let literal = self.take_while(|c| c != ']' && c != '>');
            self.expect(']')?;
            return if is_literal(literal) {
                Ok(format!("[{literal}]"))
            } else {
                Err(BadPath)
            };
        }
        let text =
            self.take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(c) || is_letter_beyond_ascii(c));
        if is_domain(text) {
            Ok(text.to_owned())
        } else {
            Err(BadPath)
        }
    }
}

fn quote(content: &str) -> String {
    let mut quoted = String::with_capacity(content.len() + 2);
    quoted.push('"');
    for c in content.chars() {
        if c == '"' || c == '\\' {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::{BadPath, parse};

    fn address(text: &str) -> Option<String> {
        let (mailbox, rest) = parse(text, "example.test").ok()?;
        assert_eq!(rest, "");
        Some(mailbox.map_or_else(|| "<>".to_owned(), |mailbox| mailbox.address().to_owned()))
    }

    #[test]
    fn taken() {
        for (text, expected) in [
            ("<>", "<>"),
            ("<ann@example.test>", "ann@example.test"),
            ("  <ann@example.test>", "ann@example.test"),
            ("<ann>", "ann@example.test"),
            ("<Postmaster>", "Postmaster@example.test"),
            ("<a.b+c=d@x-y.example>", "a.b+c=d@x-y.example"),
            (
                "<@relay.example,@other.example:ann@example.test>",
                "ann@example.test",
            ),
            ("<\"ann\"@example.test>", "ann@example.test"),
            ("<\"a b\"@example.test>", "\"a b\"@example.test"),
            ("<\"a\\\"b@c>d\"@example.test>", "\"a\\\"b@c>d\"@example.test"),
            ("<ann@_a.under_score.example>", "ann@_a.under_score.example"),
            ("<ann@[192.0.2.1]>", "ann@[192.0.2.1]"),
            ("<ann@[IPv6:2001:db8::1]>", "ann@[IPv6:2001:db8::1]"),
            (
                "<j\u{fc}rgen@b\u{fc}cher.example>",
                "j\u{fc}rgen@b\u{fc}cher.example",
            ),
        ] {
            assert_eq!(address(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn refused() {
        for text in [
            "",
            "ann@example.test",
            "<ann@example.test",
            "<ann@>",
            "<@example.test>",
            "<ann@@example.test>",
            "<.ann@example.test>",
            "<ann.@example.test>",
            "<a..b@example.test>",
            "<a b@example.test>",
            "<ann@-x.example>",
            "<ann@x-.example>",
            "<ann@x..example>",
            "<ann@x.example.>",
            "<ann@a_b-.example>",
            "<ann@xn--a.example>",
            "<ann@[300.1.1.1]>",
            "<ann@[IPv6:zz]>",
            "<ann@[tag:x]>",
            "<ann@[192.0.2.1>",
            "<\"ann@example.test>",
            "<\"a\tb\"@example.test>",
            "<\"a\\\u{7}\"@example.test>",
            "<ann@example.test\u{85}>",
            "<ann\0@example.test>",
            "<@relay.example ann@example.test>",
            "<@relay.example:>",
            "<ann@exam ple.test>",
            "<<ann@example.test>>",
        ] {
            match parse(text, "example.test") {
                Err(BadPath) => {}
                Ok((mailbox, rest)) => assert!(!rest.is_empty(), "{text}: {mailbox:?}"),
            }
        }
        assert_eq!(parse("<ann>", ""), Err(BadPath));
    }

    #[test]
    fn limits() {
        let local = |len| format!("<{}@example.test>", "a".repeat(len));
        assert!(address(&local(64)).is_some());
        assert!(address(&local(65)).is_none());
        let label = |len| format!("<ann@{}.example>", "a".repeat(len));
        assert!(address(&label(63)).is_some());
        assert!(address(&label(64)).is_none());
        let path = |labels| format!("<ann@{}example>", "abcdefg.".repeat(labels));
        assert!(address(&path(30)).is_some());
        assert!(address(&path(31)).is_none(), "path of 261 octets");
    }
}
