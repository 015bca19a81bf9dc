//! Flags of a message as a session sees them (RFC 9051, 2.3.2).

/// A system flag (RFC 9051, 2.3.2); \Recent is the session's own affair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flag {
    /// \Answered
    Answered,
    /// \Flagged
    Flagged,
    /// \Deleted
    Deleted,
    /// \Seen
    Seen,
    /// \Draft
    Draft,
}

impl Flag {
    /// Every system flag.
    pub const ALL: [Self; 5] = [
        Self::Answered,
        Self::Flagged,
        Self::Deleted,
        Self::Seen,
        Self::Draft,
    ];

    /// The flag as IMAP spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Answered => "\\Answered",
            Self::Flagged => "\\Flagged",
            Self::Deleted => "\\Deleted",
            Self::Seen => "\\Seen",
            Self::Draft => "\\Draft",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// The flags of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    system: u8,
    /// Keywords, each once.
    pub keywords: Vec<String>,
}

impl Flags {
    /// These system flags and no keywords.
    pub fn of(flags: impl IntoIterator<Item = Flag>) -> Self {
        let mut set = Self::default();
        for flag in flags {
            set.insert(flag);
        }
        set
    }

    /// Adds a system flag.
    pub fn insert(&mut self, flag: Flag) {
        self.system |= flag.bit();
    }

    /// Whether the flag is set.
    pub const fn has(&self, flag: Flag) -> bool {
        self.system & flag.bit() != 0
    }

    /// Whether the keyword is set, in any case.
    pub fn has_keyword(&self, keyword: &str) -> bool {
        self.keywords.iter().any(|own| own.eq_ignore_ascii_case(keyword))
    }

    /// The system flags that are set.
    pub fn system(&self) -> impl Iterator<Item = Flag> + '_ {
        Flag::ALL.into_iter().filter(|flag| self.has(*flag))
    }
}

/// How STORE changes flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagOp {
    /// FLAGS
    Set,
    /// +FLAGS
    Add,
    /// -FLAGS
    Remove,
}
