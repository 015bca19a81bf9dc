//! One attribute: everything anyone needs to know of it, declared once.
//!
//! Parsing, `SET`/`SHOW`/`HELP`/`RESET`, completion, JSON, the configuration file and manual pages are functions over this
//! declaration. Attributes are written with the builder below so that a declaration says only what is special.

use crate::refusal::{Cause, Refusal};
use crate::value::{Kind, Value, Word};

/// Unit of a number. Times are seconds and sizes KB unless declared otherwise (WIRE.md 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A plain number or no number at all.
    None,
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
    /// Days.
    Days,
    /// Kilobytes of 1024 bytes.
    Kilobytes,
    /// Hundredths.
    Percent,
}

impl Unit {
    /// The unit as it is written in HELP and JSON; empty for none.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Seconds => "s",
            Self::Minutes => "min",
            Self::Days => "days",
            Self::Kilobytes => "KB",
            Self::Percent => "%",
        }
    }
}

/// Whether setting an attribute or running a command changes anything in this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Accepted and stored, without consequence yet; HELP and tables say so.
    None,
    /// Does what it says.
    Works,
}

/// From when a committed change is felt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Live {
    /// At once, already at SET (WIRE.md 7, point 9).
    AtSet,
    /// At COMMIT, for running sessions too.
    Now,
    /// By sessions that begin after COMMIT.
    NewSessions,
    /// After the server was started again.
    Restart,
}

/// Who may read and write an attribute, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// SET and SHOW.
    Open,
    /// The key of its object: given at ADD, changed by SET only in UPDATE, where the language has such a SET.
    Key,
    /// SET only; SHOW does not print it (passwords).
    WriteOnly,
    /// SHOW only; other commands change it.
    ReadOnly,
    /// In the configuration file only.
    FileOnly,
}

/// The declaration of one attribute.
#[derive(Debug)]
pub struct Attr {
    /// Name, in the spelling of contexts.json.
    pub name: &'static str,
    /// Type and range.
    pub kind: Kind,
    /// Unit of a number.
    pub unit: Unit,
    /// Value when nothing is set, as it would be written in the configuration file.
    pub default: &'static str,
    /// What it does, as the end of a HELP line.
    pub help: &'static str,
    /// How the value is called in usage lines: `<maxErrors>`.
    pub usage: &'static str,
    /// Older spellings that are accepted.
    pub also: &'static [&'static str],
    /// From when a change is felt.
    pub live: Live,
    /// Whether a change is felt at all.
    pub effect: Effect,
    /// Who may read and write it.
    pub access: Access,
    /// Accepted for old scripts, not shown in HELP and SHOW.
    pub legacy: bool,
}

impl Attr {
    /// An attribute that is live at COMMIT and, until [`Attr::works`] says otherwise, without effect.
    pub const fn new(name: &'static str, kind: Kind, default: &'static str, help: &'static str) -> Self {
        Self {
            name,
            kind,
            unit: Unit::None,
            default,
            help,
            usage: usage_of(&kind),
            also: &[],
            live: Live::Now,
            effect: Effect::None,
            access: Access::Open,
            legacy: false,
        }
    }

    /// The same with its name for the value in usage lines.
    #[must_use]
    pub const fn usage(mut self, usage: &'static str) -> Self {
        self.usage = usage;
        self
    }

    /// The same in a unit.
    #[must_use]
    pub const fn unit(mut self, unit: Unit) -> Self {
        self.unit = unit;
        self
    }

    /// The same, and it does what it says.
    #[must_use]
    pub const fn works(mut self) -> Self {
        self.effect = Effect::Works;
        self
    }

    /// The same, felt from another moment.
    #[must_use]
    pub const fn live(mut self, live: Live) -> Self {
        self.live = live;
        self
    }

    /// The same with other rights.
    #[must_use]
    pub const fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// The same with older spellings.
    #[must_use]
    pub const fn also(mut self, also: &'static [&'static str]) -> Self {
        self.also = also;
        self
    }

    /// The same, for old scripts only.
    #[must_use]
    pub const fn legacy(mut self) -> Self {
        self.legacy = true;
        self
    }

    /// Whether `name` means this attribute, in any letter case and in older spellings.
    pub fn is_called(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name) || self.also.iter().any(|other| other.eq_ignore_ascii_case(name))
    }

    /// Whether SET may change it in a session (`updating`: an existing object, not one being added).
    pub fn settable(&self, updating: bool) -> bool {
        match self.access {
            Access::Open | Access::WriteOnly => true,
            Access::Key => updating,
            Access::ReadOnly | Access::FileOnly => false,
        }
    }

    /// Whether SHOW prints it.
    pub fn shown(&self) -> bool {
        !self.legacy && matches!(self.access, Access::Open | Access::Key | Access::ReadOnly)
    }

    /// The value a word stands for, or a refusal that names the attribute and what would be accepted.
    pub fn parse(&self, word: &Word) -> Result<Value, Refusal> {
        let unit = match self.unit {
            Unit::None => String::new(),
            unit => format!(", in {}", unit.symbol()),
        };
        self.kind.parse(word).map_err(|why| {
            Refusal::new(
                Cause::Invalid,
                format!("invalid value for {}: {why}{unit}", self.name),
            )
        })
    }

    /// The value when nothing is set.
    pub fn default_value(&self) -> Value {
        default_of(&self.kind, self.default)
    }
}

/// A default in the form of the configuration file, as a value. A test holds every default to its kind; [`Value::None`]
/// stands for a declaration that would not.
pub(super) fn default_of(kind: &Kind, text: &str) -> Value {
    let word = match text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        Some(items) => Word::Set(items.split_whitespace().map(str::to_owned).collect()),
        None => Word::One(text.to_owned()),
    };
    match kind {
        // The default of a password is "none given", which may not be typed.
        Kind::Password { .. } if text.is_empty() => Value::None,
        _ => kind.parse(&word).unwrap_or(Value::None),
    }
}

/// How a value is called in usage lines unless the declaration says otherwise.
const fn usage_of(kind: &Kind) -> &'static str {
    match kind {
        Kind::Bool => "<yes|no>",
        Kind::Uint { .. } => "<count>",
        Kind::Path => "<path>",
        Kind::Location => "<unitLocationURI>",
        Kind::Address => "<address>",
        Kind::Ip => "<ip>",
        Kind::IpSet => "<ipSet>",
        Kind::Password { .. } => "<password>",
        Kind::EmailAddress => "<email>",
        Kind::Choice(_) | Kind::ChoiceOr { .. } => "<type>",
        Kind::ChoiceSet(_) | Kind::List => "(list)",
        Kind::Text { .. } | Kind::Date => "<string>",
        Kind::LogFile | Kind::DomainName | Kind::LocalPart => "<name>",
    }
}
