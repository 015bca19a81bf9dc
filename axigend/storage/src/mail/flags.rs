//! Flags of a message (RFC 9051, 2.3.2): five system flags and keywords.

use std::ops::{BitOr, BitOrAssign};

/// The system flags that are stored; \Recent is a matter of sessions and is not among them.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Debug)]
pub struct SystemFlags(u8);

impl SystemFlags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// \Seen: has been read.
    pub const SEEN: Self = Self(1);
    /// \Answered: has been answered.
    pub const ANSWERED: Self = Self(2);
    /// \Flagged: needs attention.
    pub const FLAGGED: Self = Self(4);
    /// \Deleted: goes at the next EXPUNGE.
    pub const DELETED: Self = Self(8);
    /// \Draft: not finished.
    pub const DRAFT: Self = Self(16);
    /// All of them.
    pub const ALL: Self = Self(31);

    /// The stored byte; bits that are no flag are dropped.
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits & Self::ALL.0)
    }

    /// The byte as stored.
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// Whether all of `other` are set.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Those of `other` that are set.
    #[must_use]
    pub const fn only(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether none is set.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// With `other` set too.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Without `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Sets `other`.
    pub fn insert(&mut self, other: Self) {
        *self = self.with(other);
    }

    /// Clears `other`.
    pub fn remove(&mut self, other: Self) {
        *self = self.without(other);
    }
}

impl BitOr for SystemFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        self.with(other)
    }
}

impl BitOrAssign for SystemFlags {
    fn bitor_assign(&mut self, other: Self) {
        self.insert(other);
    }
}

/// The flags of one message, keywords by name (compared without regard to ASCII case, kept as first written).
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Flags {
    /// System flags.
    pub system: SystemFlags,
    /// Keywords, in the order the folder learnt them.
    pub keywords: Vec<String>,
}

impl Flags {
    /// Only system flags.
    pub const fn system(system: SystemFlags) -> Self {
        Self {
            system,
            keywords: Vec::new(),
        }
    }
}

/// What STORE does with the given flags (RFC 9051, 6.4.6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FlagOp {
    /// Replace all flags (`FLAGS`).
    Set,
    /// Add to them (`+FLAGS`).
    Add,
    /// Remove from them (`-FLAGS`).
    Remove,
}
