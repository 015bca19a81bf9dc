//! The types of attributes and arguments: how words become values, and why they do not.
//!
//! A refusal says what was written and what would be accepted; [`crate::schema::Attr::parse`] puts the attribute's name in
//! front. Values of secrets are never repeated in a refusal.

use super::{IpSet, Location, MAX_VALUE, Secret, Value, Word, date, names, path};
use std::net::{IpAddr, SocketAddr};

/// A fixed list of words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choices {
    /// The words, in the spelling and order in which they are printed.
    pub values: &'static [&'static str],
    /// Other spellings that are accepted, with what each stands for (several words only in sets).
    pub also: &'static [(&'static str, &'static [&'static str])],
    /// The word that stands for the empty set (`disabled`), where there is one.
    pub nothing: Option<&'static str>,
    /// Words of old files that are accepted in a set and left out, with a warning.
    pub ignored: &'static [&'static str],
}

impl Choices {
    /// A list without other spellings.
    pub const fn of(values: &'static [&'static str]) -> Self {
        Self {
            values,
            also: &[],
            nothing: None,
            ignored: &[],
        }
    }

    /// The same list with words that are accepted and left out.
    #[must_use]
    pub const fn ignoring(mut self, words: &'static [&'static str]) -> Self {
        self.ignored = words;
        self
    }

    /// The same list with other spellings.
    #[must_use]
    pub const fn also(mut self, also: &'static [(&'static str, &'static [&'static str])]) -> Self {
        self.also = also;
        self
    }

    /// The same list with a word for the empty set.
    #[must_use]
    pub const fn or_nothing(mut self, word: &'static str) -> Self {
        self.nothing = Some(word);
        self
    }

    /// What a word stands for; `None` when it is not of the list.
    fn meaning(&self, word: &str) -> Option<&'static [&'static str]> {
        if self
            .nothing
            .is_some_and(|nothing| nothing.eq_ignore_ascii_case(word))
        {
            return Some(&[]);
        }
        if self.ignores(word) {
            return Some(&[]);
        }
        let exact = self
            .values
            .iter()
            .position(|value| value.eq_ignore_ascii_case(word));
        exact.and_then(|at| self.values.get(at..=at)).or_else(|| {
            self.also
                .iter()
                .find(|(other, _)| other.eq_ignore_ascii_case(word))
                .map(|(_, means)| *means)
        })
    }

    fn ignores(&self, word: &str) -> bool {
        self.ignored.iter().any(|known| known.eq_ignore_ascii_case(word))
    }

    fn listed(&self) -> String {
        let all: Vec<&str> = self.nothing.iter().chain(self.values).copied().collect();
        all.join(", ")
    }
}

/// The type of an attribute or argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `yes` or `no`; also `1 true on` and `0 false off`.
    Bool,
    /// A whole number from `min` to `max`.
    Uint {
        /// Smallest number taken.
        min: u64,
        /// Largest number taken.
        max: u64,
    },
    /// One line of text.
    Text {
        /// Longest text in bytes.
        max: usize,
    },
    /// One word of a list.
    Choice(Choices),
    /// Several words of a list, in parentheses; a single one also without.
    ChoiceSet(Choices),
    /// One word of a list, or a number.
    ChoiceOr {
        /// The words.
        choices: Choices,
        /// Smallest number taken.
        min: u64,
        /// Largest number taken.
        max: u64,
    },
    /// `ip:port`, IPv6 as `[addr]:port`.
    Address,
    /// An IP address, or `none`.
    Ip,
    /// A range of IP addresses.
    IpSet,
    /// A path; `none` or an empty text stand for no path.
    Path,
    /// A directory of a storage, with its limits; empty for none.
    Location,
    /// A file below the directory of log files.
    LogFile,
    /// A password or key: written, never printed.
    Password {
        /// Shortest password in bytes.
        min: usize,
        /// Longest password in bytes.
        max: usize,
    },
    /// A domain name.
    DomainName,
    /// The part of an address before the `@`.
    LocalPart,
    /// `name@domain`; empty stands for none.
    EmailAddress,
    /// `20 Jun 2018`, also with weekday, time and zone; empty stands for none.
    Date,
    /// Several texts in parentheses.
    List,
}

impl Kind {
    /// A count without narrower bounds (UINT of the configuration file).
    pub const COUNT: Self = Self::Uint {
        min: 0,
        max: u32::MAX as u64,
    };
    /// A count of at least one (threads, workers).
    pub const SOME: Self = Self::Uint { min: 1, max: 1024 };
    /// A size in KB: up to 4096 GB less 1 KB (services-core 3.2.5, largest quota).
    pub const SIZE: Self = Self::Uint {
        min: 0,
        max: 4096 * 1024 * 1024 - 1,
    };
    /// Text as long as a value may be.
    pub const TEXT: Self = Self::Text { max: MAX_VALUE };
    /// A password: long enough for any passphrase, short enough to be hashed at every login.
    pub const PASSWORD: Self = Self::Password { min: 1, max: 255 };
    /// A percentage.
    pub const PERCENT: Self = Self::Uint { min: 0, max: 100 };

    /// What is to be said about a value that is taken: which words of it are left out.
    pub fn warning(&self, word: &Word) -> Option<String> {
        let Self::ChoiceSet(choices) = self else {
            return None;
        };
        let left_out: Vec<&str> = word
            .items()
            .iter()
            .map(String::as_str)
            .filter(|word| choices.ignores(word))
            .collect();
        (!left_out.is_empty()).then(|| {
            format!(
                "{} left out, too old to be supported (supported: {})",
                left_out.join(" "),
                choices.listed()
            )
        })
    }

    /// The value that the word or set stands for, or what would be accepted instead.
    pub fn parse(&self, word: &Word) -> Result<Value, String> {
        match (self, word) {
            (Self::ChoiceSet(choices), word) => set(choices, word.items()),
            (Self::List, word) => word
                .items()
                .iter()
                .map(|item| text(item, MAX_VALUE))
                .collect::<Result<_, _>>()
                .map(Value::List),
            (_, Word::One(one)) => self.single(one),
            (_, Word::Set(_)) => Err(format!("a set in parentheses is not {}", self.expected())),
        }
    }

    fn single(&self, one: &str) -> Result<Value, String> {
        match self {
            Self::Bool => truth(one),
            Self::Uint { min, max } => number(one, *min, *max),
            Self::Text { max } => text(one, *max).map(Value::Text),
            Self::Choice(choices) => choice(choices, one),
            Self::ChoiceOr { choices, min, max } => choice(choices, one)
                .or_else(|_| number(one, *min, *max))
                .map_err(|_| self.not_this(one)),
            Self::Address => address(one),
            Self::Ip if one.is_empty() || one.eq_ignore_ascii_case("none") => Ok(Value::None),
            Self::Ip => one
                .parse::<IpAddr>()
                .map(Value::Ip)
                .map_err(|_| self.not_this(one)),
            Self::IpSet => IpSet::parse(one).map(Value::IpSet),
            Self::Path => text(one, MAX_VALUE).map(Value::Text),
            Self::Location if one.is_empty() => Ok(Value::Text(String::new())),
            Self::Location => Location::parse(one).map(|location| Value::Text(location.to_string())),
            Self::LogFile => path::log_file(one)
                .map(|name| Value::Text(name.to_owned()))
                .ok_or_else(|| self.not_this(one)),
            Self::Password { min, max } => password(one, *min, *max),
            Self::DomainName | Self::LocalPart | Self::EmailAddress | Self::Date if one.is_empty() => {
                Ok(Value::Text(String::new()))
            }
            Self::DomainName => names::domain_name(one).map(Value::Text),
            Self::LocalPart => names::local_part(one).map(Value::Text),
            Self::EmailAddress => names::email_address(one).map(Value::Text),
            Self::Date if date::is_date(one) => Ok(Value::Text(one.to_owned())),
            Self::Date => Err(self.not_this(one)),
            Self::ChoiceSet(_) | Self::List => self.parse(&Word::Set(vec![one.to_owned()])),
        }
    }

    fn not_this(&self, one: &str) -> String {
        format!("'{one}' is not {}", self.expected())
    }

    /// What would be accepted, as the end of a sentence: "a number from 0 to 31".
    pub fn expected(&self) -> String {
        match self {
            Self::Bool => "yes or no".to_owned(),
            Self::Uint { min, max } => format!("a number from {min} to {max}"),
            Self::Text { max } => format!("one line of text of at most {max} bytes"),
            Self::Choice(choices) => format!("one of {}", choices.listed()),
            Self::ChoiceSet(choices) => format!("a set, in parentheses, of {}", choices.listed()),
            Self::ChoiceOr { choices, min, max } => {
                format!("one of {} or a number from {min} to {max}", choices.listed())
            }
            Self::Address => "an address with a port (192.0.2.1:25 or [2001:db8::1]:25)".to_owned(),
            Self::Ip => "an IP address or none".to_owned(),
            Self::IpSet => "a set of addresses (10.0.0.1, 10.0.0.1-10.0.0.20 or 10.0.0.0/8)".to_owned(),
            Self::Path => "a path".to_owned(),
            Self::Location => {
                "a location ([file://]path[?maxFiles=<n>&maxFileSize=<KB>][&readOnly=yes|no])".to_owned()
            }
            Self::LogFile => {
                "a file below the directory log/ (everything.txt or imap/today.txt), without .. and not beginning with /"
                    .to_owned()
            }
            Self::Password { min, max } => format!("a password of {min} to {max} bytes"),
            Self::DomainName => "a domain name".to_owned(),
            Self::LocalPart => "a name (the part of an address before the @)".to_owned(),
            Self::EmailAddress => "an address (name@domain)".to_owned(),
            Self::Date => "a date (20 Jun 2018)".to_owned(),
            Self::List => "a list of texts in parentheses".to_owned(),
        }
    }

    /// The words that may be written here, for completion and HELP; empty when they cannot be listed.
    pub fn words(&self) -> Vec<&'static str> {
        match self {
            Self::Bool => vec!["yes", "no"],
            Self::Choice(choices) | Self::ChoiceSet(choices) | Self::ChoiceOr { choices, .. } => {
                choices.nothing.iter().chain(choices.values).copied().collect()
            }
            _ => Vec::new(),
        }
    }

    /// Name of the kind for descriptions of the schema.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Bool => "yesno",
            Self::Uint { .. } => "number",
            Self::Text { .. } => "text",
            Self::Choice(_) => "choice",
            Self::ChoiceSet(_) => "set",
            Self::ChoiceOr { .. } => "choice-or-number",
            Self::Address => "address",
            Self::Ip => "ip",
            Self::IpSet => "ip-set",
            Self::Path => "path",
            Self::Location => "location",
            Self::LogFile => "log-file",
            Self::Password { .. } => "password",
            Self::DomainName => "domain",
            Self::LocalPart => "local-part",
            Self::EmailAddress => "email",
            Self::Date => "date",
            Self::List => "list",
        }
    }
}

pub(super) fn truth(one: &str) -> Result<Value, String> {
    match one.to_ascii_lowercase().as_str() {
        "yes" | "1" | "true" | "on" => Ok(Value::Bool(true)),
        "no" | "0" | "false" | "off" => Ok(Value::Bool(false)),
        _ => Err(format!("'{one}' is not yes or no")),
    }
}

pub(super) fn number(one: &str, min: u64, max: u64) -> Result<Value, String> {
    let digits = !one.is_empty() && one.bytes().all(|byte| byte.is_ascii_digit());
    match one.parse::<u64>() {
        Ok(number) if digits && (min..=max).contains(&number) => Ok(Value::Number(number)),
        _ => Err(format!("'{one}' is not a number from {min} to {max}")),
    }
}

/// A value may not run over a line end (configuration file), and no reply may carry a control character.
fn text(one: &str, max: usize) -> Result<String, String> {
    if one.len() > max {
        return Err(format!(
            "the text has {} bytes, at most {max} are taken",
            one.len()
        ));
    }
    if one.chars().any(|c| c.is_control() && c != '\t') {
        return Err("the text has a control character or line end".to_owned());
    }
    Ok(one.to_owned())
}

fn password(one: &str, min: usize, max: usize) -> Result<Value, String> {
    if !(min..=max).contains(&one.len()) {
        return Err(format!("a password must have {min} to {max} bytes"));
    }
    if one.chars().any(char::is_control) {
        return Err("a password must not have control characters".to_owned());
    }
    Ok(Value::Secret(Secret::new(one)))
}

fn choice(choices: &Choices, one: &str) -> Result<Value, String> {
    match choices.meaning(one) {
        Some([single]) => Ok(Value::Choice(single)),
        Some([]) => Ok(choices.nothing.map_or(Value::None, Value::Choice)),
        _ => Err(format!("'{one}' is not one of {}", choices.listed())),
    }
}

fn set(choices: &Choices, items: &[String]) -> Result<Value, String> {
    let mut chosen = Vec::new();
    for item in items {
        match choices.meaning(item) {
            Some(meaning) => chosen.extend_from_slice(meaning),
            None => return Err(format!("'{item}' is not one of {}", choices.listed())),
        }
    }
    let ordered: Vec<&'static str> = choices
        .values
        .iter()
        .copied()
        .filter(|value| chosen.contains(value))
        .collect();
    match choices.nothing {
        Some(nothing) if ordered.is_empty() => Ok(Value::Choice(nothing)),
        _ => Ok(Value::Set(ordered)),
    }
}

/// IPv4-mapped and link-local IPv6 addresses are not supported (services-core 3.3.1).
fn address(one: &str) -> Result<Value, String> {
    let wrong = || format!("'{one}' is not {}", Kind::Address.expected());
    let address: SocketAddr = one.parse().map_err(|_| wrong())?;
    if let IpAddr::V6(ip) = address.ip()
        && (ip.to_ipv4_mapped().is_some() || ip.is_unicast_link_local())
    {
        return Err(format!(
            "'{one}' is an IPv4-mapped or link-local address, which cannot be used here"
        ));
    }
    // Port 0 is for listeners: any free port, which `run/listeners.json` then tells.
    Ok(Value::Address(address))
}

#[cfg(test)]
mod tests {
    use super::{Choices, Kind};
    use crate::value::{Value, Word};

    fn one(kind: Kind, text: &str) -> Result<Value, String> {
        kind.parse(&Word::One(text.to_owned()))
    }

    #[test]
    fn singles() {
        assert_eq!(one(Kind::Bool, "ON"), Ok(Value::Bool(true)));
        assert_eq!(one(Kind::COUNT, "4294967295"), Ok(Value::Number(4_294_967_295)));
        assert_eq!(
            one(Kind::COUNT, "x").unwrap_err(),
            "'x' is not a number from 0 to 4294967295"
        );
        for wrong in ["", "-1", "+1", "4294967296", "99999999999999999999999", "1.5"] {
            assert!(one(Kind::COUNT, wrong).is_err(), "{wrong}");
        }
        assert_eq!(one(Kind::Address, "[::1]:25").unwrap().text(), "[::1]:25");
        for wrong in [
            "127.0.0.1",
            "::1:25",
            "[::ffff:1.2.3.4]:25",
            "[fe80::1]:25",
            "127.0.0.1:65536",
        ] {
            assert!(one(Kind::Address, wrong).is_err(), "{wrong}");
        }
        assert!(one(Kind::TEXT, "a\nb").is_err());
        assert!(one(Kind::Text { max: 3 }, "abcd").is_err());
        assert!(
            !one(Kind::Password { min: 1, max: 3 }, "secret")
                .unwrap_err()
                .contains("secret")
        );
        assert!(Kind::Bool.parse(&Word::Set(vec![])).is_err());
    }

    #[test]
    fn sets_and_spellings() {
        const VERSIONS: Choices = Choices::of(&["tls1_2", "tls1_3"])
            .also(&[("tls12", &["tls1_2"]), ("all", &["tls1_3", "tls1_2"])]);
        let kind = Kind::ChoiceSet(VERSIONS);
        let words = |items: &[&str]| Word::Set(items.iter().map(|item| (*item).to_owned()).collect());
        assert_eq!(
            kind.parse(&words(&["TLS1_3", "tls12", "tls1_3"])).unwrap().text(),
            "(tls1_2 tls1_3)"
        );
        assert_eq!(one(kind, "all").unwrap().text(), "(tls1_2 tls1_3)");
        assert_eq!(kind.parse(&words(&[])).unwrap().text(), "()");
        assert!(one(kind, "ssl9").unwrap_err().contains("tls1_2, tls1_3"));
        let switchable = Kind::ChoiceSet(Choices::of(&["allowV1"]).or_nothing("disabled"));
        assert_eq!(one(switchable, "disabled").unwrap().text(), "disabled");
        assert_eq!(switchable.parse(&words(&[])).unwrap().text(), "disabled");
    }
}
