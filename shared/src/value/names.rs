//! Names of mail: domain, local part, address.
//!
//! What is checked is the form an administrator may give to objects here, which is narrower than RFC 5321, 4.1.2: no
//! quoted local parts, no address literals. Domains are compared and kept in lower-case ASCII (RFC 5890 A-labels).

/// Longest domain name in octets (RFC 1035, 2.3.4).
const MAX_DOMAIN: usize = 253;
/// Longest label of a domain name (RFC 1035, 2.3.4).
const MAX_LABEL: usize = 63;
/// Longest local part (RFC 5321, 4.5.3.1.1).
const MAX_LOCAL_PART: usize = 64;

/// Lower-case ASCII form of a domain name, or why it is none: the one rule for objects, settings and addresses in SMTP.
///
/// Labels of RFC 1035, 2.3.1, which may begin with a digit (RFC 1123, 2.1) and hold `_`: RFC 2181, 11 allows it in the
/// DNS, and hosts with such names send and get mail.
pub fn domain_name(text: &str) -> Result<String, String> {
    let wrong = |why: &str| Err(format!("'{text}' is not a domain name ({why})"));
    if text.is_empty() {
        return wrong("it is empty");
    }
    let Ok(ascii) = idna::domain_to_ascii(text) else {
        return wrong("it cannot be written in the letters of the DNS");
    };
    let name = ascii.strip_suffix('.').unwrap_or(&ascii);
    if name.is_empty() || name.len() > MAX_DOMAIN {
        return wrong("it must have 1 to 253 characters");
    }
    for label in name.split('.') {
        if label.is_empty() || label.len() > MAX_LABEL {
            return wrong("each part between dots must have 1 to 63 characters");
        }
        let inside = label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if !inside || label.starts_with('-') || label.ends_with('-') {
            return wrong("letters, digits, underscores and inner hyphens only");
        }
    }
    Ok(name.to_ascii_lowercase())
}

/// A local part that may be given to an object, unchanged, or why it may not.
///
/// Dot-atom of RFC 5321, 4.1.2 with the letters of RFC 6531; blanks, quotes and `@` are not taken.
pub fn local_part(text: &str) -> Result<String, String> {
    let wrong = |why: &str| Err(format!("'{text}' is not a local part ({why})"));
    if text.is_empty() || text.len() > MAX_LOCAL_PART {
        return wrong("it must have 1 to 64 characters");
    }
    if text.starts_with('.') || text.ends_with('.') || text.contains("..") {
        return wrong("dots only between other characters");
    }
    let taken = |c: char| {
        c.is_ascii_alphanumeric()
            || ".!#$%&'*+-/=?^_`{|}~".contains(c)
            || (!c.is_ascii() && c.is_alphanumeric())
    };
    if !text.chars().all(taken) {
        return wrong("letters, digits and .!#$%&'*+-/=?^_`{|}~ only");
    }
    Ok(text.to_owned())
}

/// An address `local@domain` with its domain in ASCII, or why it is none.
pub fn email_address(text: &str) -> Result<String, String> {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return Err(format!("'{text}' is not an address (name@domain)"));
    };
    Ok(format!("{}@{}", local_part(local)?, domain_name(domain)?))
}

#[cfg(test)]
mod tests {
    use super::{domain_name, email_address, local_part};

    #[test]
    fn domains() {
        assert_eq!(domain_name("Example.COM."), Ok("example.com".into()));
        assert_eq!(domain_name("bücher.example"), Ok("xn--bcher-kva.example".into()));
        assert_eq!(domain_name("Under_Score._x.net"), Ok("under_score._x.net".into()));
        for wrong in [
            "",
            ".",
            "a..b",
            "-a.b",
            "a b",
            "a@b",
            &"a".repeat(64),
            &"a.".repeat(130),
        ] {
            assert!(domain_name(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn local_parts_and_addresses() {
        assert_eq!(local_part("j.doe+x"), Ok("j.doe+x".into()));
        for wrong in ["", ".a", "a..b", "a b", "a\"b", "a@b", &"x".repeat(65)] {
            assert!(local_part(wrong).is_err(), "{wrong}");
        }
        assert_eq!(email_address("a@Example.org"), Ok("a@example.org".into()));
        assert!(email_address("a").is_err());
    }
}
