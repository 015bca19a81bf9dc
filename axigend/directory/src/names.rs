//! How names are compared.
//!
//! Local parts ignore letter case and the way a letter is composed (RFC 5321, 2.4 leaves local parts to their host;
//! RFC 6532, 3.1 asks for NFC). Domains are compared as lower-case A-labels (RFC 5890). Quoted local parts mean the
//! same as unquoted ones when the quotes are not needed (RFC 5321, 4.1.2).

use axigen_shared::value::domain_name;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Longest local part that can name anything here, in bytes (RFC 5321, 4.5.3.1.1 has 64 octets; SMTPUTF8 counts
/// characters that are longer). A longer one is nobody.
pub(crate) const LOCAL_MAX: usize = 256;

/// The form in which a local part is looked up.
pub(crate) fn local_key(local: &str) -> String {
    if local.is_ascii() {
        return local.to_ascii_lowercase();
    }
    let folded: String = local.chars().flat_map(char::to_lowercase).collect();
    if is_nfc(&folded) {
        folded
    } else {
        folded.nfc().collect()
    }
}

/// The form in which a domain is looked up. What is no domain name is looked up as it is, and not found.
pub(crate) fn domain_key(domain: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.' || byte == b'_';
    // "xn--" labels go through IDNA too, which checks them.
    if domain.bytes().all(plain) && !domain.ends_with('.') {
        return domain.to_ascii_lowercase();
    }
    domain_name(domain).unwrap_or_else(|_| domain.to_ascii_lowercase())
}

/// An address as local part and domain, both in the form they are looked up in; no `@` means `primary_domain`.
pub(crate) fn split_address(address: &str, primary_domain: &str) -> (String, String) {
    let (local, domain) = match address.rsplit_once('@') {
        Some((local, domain)) if !closes_quote_later(domain) => (local, domain),
        _ => (address, primary_domain),
    };
    (local_key(&unquoted(local)), domain_key(domain))
}

/// `"a@b"` has its only `@` inside quotes: what follows it then ends the quoted string.
fn closes_quote_later(domain: &str) -> bool {
    domain.ends_with('"')
}

/// The content of a quoted string; anything else unchanged.
fn unquoted(local: &str) -> String {
    let Some(inner) = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return local.to_owned();
    };
    let mut escaped = false;
    let keep = |c: &char| {
        escaped = *c == '\\' && !escaped;
        !escaped
    };
    inner.chars().filter(keep).collect()
}

/// Whether `name` matches a pattern of LIST: `*` is any run, `?` one character, letter case is ignored.
pub(crate) fn matches_wildcard(name: &str, pattern: &str) -> bool {
    let name: Vec<char> = local_key(name).chars().collect();
    let pattern: Vec<char> = local_key(pattern).chars().collect();
    let (mut n, mut p) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(c) = name.get(n) {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(wanted) if *wanted == '?' || wanted == c => {
                n += 1;
                p += 1;
            }
            _ => match star {
                // Let the last star take one character more.
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    n = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_split_and_folded() {
        for (address, local, domain) in [
            ("Joe@Example.ORG", "joe", "example.org"),
            ("joe", "joe", "prime.test"),
            ("\"Joe\"@example.org", "joe", "example.org"),
            ("\"a@b\"@example.org", "a@b", "example.org"),
            ("\"a@b\"", "a@b", "prime.test"),
            ("\"a\\\"b\\\\\"@x", "a\"b\\", "x"),
            ("J\u{d6}RG@BÜCHER.example", "j\u{f6}rg", "xn--bcher-kva.example"),
            ("jo\u{308}rg@x", "j\u{f6}rg", "x"),
            ("joe@xn--BCHER-kva.example", "joe", "xn--bcher-kva.example"),
            ("@example.org", "", "example.org"),
            ("", "", "prime.test"),
        ] {
            assert_eq!(
                split_address(address, "prime.test"),
                (local.to_owned(), domain.to_owned()),
                "{address}"
            );
        }
    }

    #[test]
    fn wildcards() {
        for (name, pattern, fits) in [
            ("account1", "account*", true),
            ("Account1", "a?COUNT?", true),
            ("abc", "*b*", true),
            ("abc", "*d*", false),
            ("abc", "abc*", true),
            ("abc", "ab", false),
            ("", "*", true),
            ("", "?", false),
            ("aXbXc", "a*x*c", true),
        ] {
            assert_eq!(matches_wildcard(name, pattern), fits, "{name} {pattern}");
        }
    }

    proptest! {
        #[test]
        fn keys_are_stable(text in ".{0,20}") {
            prop_assert_eq!(local_key(&local_key(&text)), local_key(&text));
        }

        #[test]
        fn any_address_splits_without_panic(text in ".{0,40}") {
            let _ = split_address(&text, "prime.test");
        }
    }
}
