//! One command on its way through the dispatcher: what came, and how it ends.

use std::borrow::Cow;

use axigen_shared::Refusal;

use super::{
    answer::Situation,
    cursor::{Bad, Cursor},
    frame::{Literal, Raw},
    wire::Stop,
};

/// What the client has switched on (RFC 5161).
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "independent extensions")]
pub(crate) struct Enabled {
    /// IMAP4rev2: no RECENT, ESEARCH instead of SEARCH, UTF-8 names.
    pub(crate) rev2: bool,
    /// MODSEQ in answers (RFC 7162).
    pub(crate) condstore: bool,
    /// VANISHED instead of EXPUNGE, and UID in each FETCH (RFC 7162, 3.2.3).
    pub(crate) qresync: bool,
    /// UTF-8 in quoted strings (RFC 6855).
    pub(crate) utf8: bool,
}

impl Enabled {
    /// Whether mailbox names are UTF-8.
    pub(crate) const fn utf8_names(self) -> bool {
        self.rev2 || self.utf8
    }
}

/// One command, as its parser and runner see it.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) tag: String,
    pub(crate) name: &'static str,
    /// The UID form.
    pub(crate) by_uid: bool,
    pub(crate) raw: Raw,
    /// Where the arguments begin in `raw`.
    pub(crate) arguments: usize,
    /// The announced message of an APPEND.
    pub(crate) literal: Option<Literal>,
    /// Names are UTF-8.
    pub(crate) utf8_names: bool,
}

impl Call {
    /// A cursor at the arguments.
    pub(crate) fn cursor(&self) -> Cursor<'_> {
        Cursor::new(&self.raw.bytes, self.arguments).with_utf8_names(self.utf8_names)
    }
}

/// A tagged OK.
#[derive(Debug, Default)]
pub(crate) struct Fine {
    /// Response code without brackets.
    pub(crate) code: Option<String>,
    pub(crate) text: Cow<'static, str>,
    pub(crate) then: Then,
}

/// What follows a tagged OK.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Then {
    #[default]
    Continue,
    StartTls,
    Close,
}

impl Fine {
    pub(crate) fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    pub(crate) fn with_code(code: impl Into<String>, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code: Some(code.into()),
            text: text.into(),
            then: Then::Continue,
        }
    }
}

/// A command that was not done.
#[derive(Debug)]
pub(crate) enum Fail {
    /// Tagged BAD.
    Bad(Bad),
    /// Tagged NO, by our own decision.
    No {
        /// Response code without brackets, or empty.
        code: Cow<'static, str>,
        text: Cow<'static, str>,
    },
    /// Tagged NO, by the service's.
    Refused(Refusal, Situation),
    /// A failed login: tagged NO, counted.
    Login(Refusal),
    /// The dialogue is over.
    Stop(Stop),
}

impl Fail {
    pub(crate) fn no(code: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self::No {
            code: code.into(),
            text: text.into(),
        }
    }
}

impl From<Bad> for Fail {
    fn from(bad: Bad) -> Self {
        if bad.is_name {
            Self::no("CANNOT", bad.text)
        } else {
            Self::Bad(bad)
        }
    }
}

impl From<Stop> for Fail {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl From<Refusal> for Fail {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal, Situation::General)
    }
}
