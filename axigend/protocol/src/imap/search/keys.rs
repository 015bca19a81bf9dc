//! Search keys as a tree, and the tests of content.

use super::super::{flags::Flag, set::Set};

/// A test of a message's content, decoded, without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// A field of that name holds the text; an empty text: the field is there.
    Field {
        /// Field name.
        name: String,
        /// Text looked for.
        needle: String,
    },
    /// The Date field's day, written time and zone disregarded; a message without a readable date fails.
    Sent {
        /// Comparison.
        test: DateTest,
        /// Days since 1970.
        day: i64,
    },
    /// The body of the message holds the text.
    Body {
        /// Text looked for.
        needle: String,
    },
    /// Header or body hold the text.
    Text {
        /// Text looked for.
        needle: String,
    },
}

impl Test {
    /// Whether the header alone decides it.
    pub const fn needs_header_only(&self) -> bool {
        matches!(self, Self::Field { .. } | Self::Sent { .. })
    }
}

/// How a date is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateTest {
    /// Earlier than that day.
    Before,
    /// On that day.
    On,
    /// On that day or later.
    Since,
}

impl DateTest {
    /// Compares days.
    pub const fn holds(self, day: i64, limit: i64) -> bool {
        match self {
            Self::Before => day < limit,
            Self::On => day == limit,
            Self::Since => day >= limit,
        }
    }
}

/// A search key.
#[derive(Clone, Debug)]
pub(crate) enum Key {
    All,
    Flag(Flag),
    Keyword(String),
    Recent,
    /// The internal date's day, in UTC.
    Date(DateTest, i64),
    /// The day it was put into the mailbox (SAVEDATE).
    Saved(DateTest, i64),
    Larger(u64),
    Smaller(u64),
    /// Message numbers or UIDs; `places` after they have been resolved to UIDs.
    Set {
        set: Set,
        by_uid: bool,
    },
    /// A resolved set: ascending UIDs.
    Uids(Vec<u32>),
    ModSeq(u64),
    /// EMAILID and THREADID (RFC 8474, 5.3).
    EmailId(String),
    ThreadId(String),
    /// Place of a test in the list of tests.
    Test(usize),
    Not(Box<Key>),
    Or(Box<Key>, Box<Key>),
    And(Vec<Key>),
}
