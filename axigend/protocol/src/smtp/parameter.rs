//! Parameters of MAIL and RCPT (RFC 5321, 4.1.2; SIZE: RFC 1870; BODY: RFC 6152 and 3030; SMTPUTF8: RFC 6531;
//! AUTH: RFC 4954, 5).

use super::{bounds::PARAMETERS_MAX, policy::SmtpPolicy, reply::Reply};

/// What the sender says about the content (BODY=).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyType {
    /// 7BIT, also when nothing is said.
    #[default]
    SevenBit,
    /// 8BITMIME.
    EightBitMime,
    /// BINARYMIME: not made of lines; only BDAT can carry it.
    BinaryMime,
}

/// The parameters of MAIL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct MailParameters {
    /// SIZE=, in octets.
    pub size: Option<u64>,
    /// BODY=.
    pub body: BodyType,
    /// SMTPUTF8.
    pub smtp_utf8: bool,
}

impl MailParameters {
    /// Parses what follows the path. AUTH= is checked and ignored: nobody is trusted to speak for others.
    pub(super) fn parse(text: &str, policy: &SmtpPolicy) -> Result<Self, Reply> {
        let mut found = Self::default();
        let mut seen = Vec::with_capacity(4);
        for (keyword, value) in split(text)? {
            let name = keyword.to_ascii_uppercase();
            match (name.as_str(), value) {
                ("SIZE", Some(value)) => found.size = Some(size(value)?),
                ("BODY", Some(value)) if policy.allow_8bit_mime => found.body = body(value, policy)?,
                ("SMTPUTF8", None) if policy.allow_8bit_mime => found.smtp_utf8 = true,
                ("AUTH", Some(value)) if is_xtext(value) => {}
                ("SIZE" | "BODY" | "SMTPUTF8" | "AUTH", _) => return Err(invalid(&name)),
                _ => return Err(unknown(&name)),
            }
            if seen.contains(&name) {
                return Err(invalid(&name));
            }
            seen.push(name);
        }
        Ok(found)
    }
}

/// RCPT has no parameters here: DSN (RFC 3461) is not offered.
pub(super) fn none(text: &str) -> Result<(), Reply> {
    match split(text)?.first() {
        None => Ok(()),
        Some((keyword, _)) => Err(unknown(&keyword.to_ascii_uppercase())),
    }
}

fn split(text: &str) -> Result<Vec<(&str, Option<&str>)>, Reply> {
    if !text.is_empty() && !text.starts_with(' ') {
        return Err(Reply::new(501, "5.5.4", "Unexpected characters after the path"));
    }
    let mut found = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let (keyword, value) = match word.split_once('=') {
            Some((keyword, value)) => (keyword, Some(value)),
            None => (word, None),
        };
        if found.len() == PARAMETERS_MAX
            || !is_keyword(keyword)
            || value.is_some_and(|value| !is_value(value))
        {
            return Err(Reply::new(501, "5.5.4", "Invalid parameters"));
        }
        found.push((keyword, value));
    }
    Ok(found)
}

fn is_keyword(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.len() <= 32
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

fn is_value(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| !c.is_control() && c != '=')
}

fn size(value: &str) -> Result<u64, Reply> {
    if value.len() > 20 || !value.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(invalid("SIZE"));
    }
    Ok(value.parse().unwrap_or(u64::MAX))
}

fn body(value: &str, policy: &SmtpPolicy) -> Result<BodyType, Reply> {
    match value.to_ascii_uppercase().as_str() {
        "7BIT" => Ok(BodyType::SevenBit),
        "8BITMIME" => Ok(BodyType::EightBitMime),
        "BINARYMIME" if policy.allow_binary_data => Ok(BodyType::BinaryMime),
        _ => Err(invalid("BODY")),
    }
}

/// xtext (RFC 3461, 4): printable ASCII but `+` and `=`, and `+` with two upper-case hexadecimal digits.
fn is_xtext(text: &str) -> bool {
    let hex = |digit: Option<u8>| digit.is_some_and(|digit| matches!(digit, b'0'..=b'9' | b'A'..=b'F'));
    let mut octets = text.bytes();
    while let Some(octet) = octets.next() {
        match octet {
            b'+' if hex(octets.next()) && hex(octets.next()) => {}
            b'+' | b'=' => return false,
            b'!'..=b'~' => {}
            _ => return false,
        }
    }
    !text.is_empty()
}

fn invalid(name: &str) -> Reply {
    Reply::new(501, "5.5.4", format!("Invalid {name} parameter"))
}

fn unknown(name: &str) -> Reply {
    Reply::new(555, "5.5.4", format!("Parameter {name} is not recognized"))
}

#[cfg(test)]
mod tests {
    use super::{BodyType, MailParameters, none};
    use crate::smtp::policy::SmtpPolicy;

    fn code(text: &str) -> Result<MailParameters, u16> {
        MailParameters::parse(text, &SmtpPolicy::default()).map_err(|reply| reply.code())
    }

    #[test]
    fn taken() {
        let full = MailParameters {
            size: Some(1000),
            body: BodyType::BinaryMime,
            smtp_utf8: true,
        };
        assert_eq!(code(" SIZE=1000 BODY=BINARYMIME SMTPUTF8 AUTH=<>"), Ok(full));
        assert_eq!(
            code(" size=1000 body=binarymime smtputf8  auth=e+3Dmc2@example.com"),
            Ok(full)
        );
        assert_eq!(code(""), Ok(MailParameters::default()));
        assert_eq!(
            code(" SIZE=99999999999999999999").map(|found| found.size),
            Ok(Some(u64::MAX))
        );
        assert_eq!(
            code(" BODY=8BITMIME").map(|found| found.body),
            Ok(BodyType::EightBitMime)
        );
    }

    #[test]
    fn refused() {
        for (text, expected) in [
            ("SIZE=1", 501),
            (" SIZE", 501),
            (" SIZE=", 501),
            (" SIZE=-1", 501),
            (" SIZE=1x", 501),
            (" SIZE=100000000000000000000", 501),
            (" SIZE=1 SIZE=2", 501),
            (" BODY=9BIT", 501),
            (" SMTPUTF8=yes", 501),
            (" AUTH=a=b", 501),
            (" AUTH=a+3d", 501),
            (" =1", 501),
            (" RET=HDRS", 555),
            (" X-FOO", 555),
            (" A B C D E F G H I", 501),
        ] {
            assert_eq!(code(text), Err(expected), "{text}");
        }
        assert_eq!(none(" NOTIFY=NEVER").map_err(|reply| reply.code()), Err(555));
        assert_eq!(none("x").map_err(|reply| reply.code()), Err(501));
        assert!(none("  ").is_ok());
    }
}
