//! Deciding keys for one message, as far as what is known of it allows.

use axigend_message::email_id;

use super::{
    super::{backend::Row, cursor::Parsed, date::day_of, selected::Selected},
    keys::Key,
};

/// What is known of a message.
pub(super) struct Known<'a> {
    pub(super) uid: u32,
    pub(super) recent: bool,
    pub(super) row: Option<&'a Row>,
    /// Its THREADID.
    pub(super) thread: Option<&'a str>,
    /// For each test, whether it is passed, if that is known.
    pub(super) tests: &'a [Option<bool>],
}

impl Key {
    /// Whether the message fits; `None` when more must be known.
    pub(super) fn fits(&self, known: &Known<'_>) -> Option<bool> {
        match self {
            Self::All => Some(true),
            Self::Recent => Some(known.recent),
            Self::Uids(uids) => Some(uids.binary_search(&known.uid).is_ok()),
            Self::Flag(flag) => Some(known.row?.flags.has(*flag)),
            Self::Keyword(keyword) => Some(known.row?.flags.has_keyword(keyword)),
            Self::Date(test, day) => Some(test.holds(day_of(known.row?.internal_date), *day)),
            Self::Saved(test, day) => Some(test.holds(day_of(known.row?.saved), *day)),
            Self::Larger(size) => Some(known.row?.size > *size),
            Self::Smaller(size) => Some(known.row?.size < *size),
            Self::ModSeq(modseq) => Some(known.row?.modseq >= *modseq),
            Self::EmailId(id) => Some(email_id(&known.row?.content) == *id),
            Self::ThreadId(id) => Some(known.thread? == id),
            Self::Test(place) => known.tests.get(*place).copied().flatten(),
            Self::Not(key) => key.fits(known).map(|fits| !fits),
            Self::Or(left, right) => match (left.fits(known), right.fits(known)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
            Self::And(keys) => all_fit(keys, known),
            // Replaced by `Uids` before anything is decided.
            Self::Set { .. } => None,
        }
    }

    /// Whether rows are needed to decide it.
    pub(super) fn needs_rows(&self) -> bool {
        match self {
            Self::All
            | Self::Recent
            | Self::Uids(_)
            | Self::Set { .. }
            | Self::Test(_)
            | Self::ThreadId(_) => false,
            Self::Not(key) => key.needs_rows(),
            Self::Or(left, right) => left.needs_rows() || right.needs_rows(),
            Self::And(keys) => keys.iter().any(Self::needs_rows),
            Self::Flag(_)
            | Self::Keyword(_)
            | Self::Date(..)
            | Self::Saved(..)
            | Self::Larger(_)
            | Self::Smaller(_)
            | Self::ModSeq(_)
            | Self::EmailId(_) => true,
        }
    }

    /// Turns sets into UIDs.
    pub(super) fn resolve(&mut self, selected: &Selected) -> Parsed<()> {
        match self {
            Self::Set { set, by_uid } => *self = Self::Uids(selected.resolve(set, *by_uid)?),
            Self::Not(key) => key.resolve(selected)?,
            Self::Or(left, right) => {
                left.resolve(selected)?;
                right.resolve(selected)?;
            }
            Self::And(keys) => keys.iter_mut().try_for_each(|key| key.resolve(selected))?,
            _ => {}
        }
        Ok(())
    }
}

/// Whether all keys fit: one that does not decides.
pub(super) fn all_fit(keys: &[Key], known: &Known<'_>) -> Option<bool> {
    let mut all = Some(true);
    for key in keys {
        match key.fits(known) {
            Some(true) => {}
            Some(false) => return Some(false),
            None => all = None,
        }
    }
    all
}
