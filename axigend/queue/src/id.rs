//! Queue ids: 24 bits, shown as six hex digits (services-core 3.2.2), and how they are given out.
//!
//! The next id is persisted in steps ([`RESERVE`]), so that an id seen in a log or a Received header is not given
//! out again after a restart. Ids are used in turn: one comes back after 16.7 million others, which is a day at 194
//! messages a second. Beyond that rate the day cannot be kept with 24 bits; what is always kept is that no id is
//! given out while an entry or an incoming message bears it.

use std::fmt;
use std::str::FromStr;

/// Number of different ids.
const ID_COUNT: u32 = 1 << 24;
/// How far ahead of the ids in use the persisted mark runs. A restart skips at most this many ids.
const RESERVE: u32 = 4096;

/// The id of a queued message, as logs, Received headers and the queue commands print it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueId(u32);

impl QueueId {
    /// Borne by messages that cannot become entries.
    pub(crate) const NOBODY: Self = Self(0);

    /// The id with this number; `None` above 24 bits.
    pub fn new(number: u32) -> Option<Self> {
        (number < ID_COUNT).then_some(Self(number))
    }

    /// The number, for log fields and keys.
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for QueueId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:06X}", self.0)
    }
}

impl FromStr for QueueId {
    type Err = ();

    /// Six hex digits in any case.
    fn from_str(text: &str) -> Result<Self, ()> {
        if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(());
        }
        u32::from_str_radix(text, 16).ok().and_then(Self::new).ok_or(())
    }
}

/// Gives out ids and knows which are in use: one bit each, 2 MiB whatever the queue's length.
pub(crate) struct Ids {
    next: u32,
    /// Ids from `next` up to here (wrapping) are persisted as given out.
    reserved: u32,
    used: Vec<u64>,
    count: u32,
}

impl Ids {
    /// Starts at the persisted mark.
    pub(crate) fn starting_at(mark: u32) -> Self {
        let mark = mark % ID_COUNT;
        Self {
            next: mark,
            reserved: mark,
            used: vec![0; (ID_COUNT / 64) as usize],
            count: 0,
        }
    }

    /// The next id that nothing bears; `None` when all 16.7 million are in use.
    pub(crate) fn give(&mut self) -> Option<QueueId> {
        if self.count >= ID_COUNT {
            return None;
        }
        loop {
            let candidate = QueueId(self.next);
            self.next = (self.next + 1) % ID_COUNT;
            if self.mark_used(candidate) {
                return Some(candidate);
            }
        }
    }

    /// Marks an id found on disk; `false` when it was marked already.
    pub(crate) fn mark_used(&mut self, id: QueueId) -> bool {
        let Some(word) = self.used.get_mut((id.0 / 64) as usize) else {
            return false;
        };
        let bit = 1u64 << (id.0 % 64);
        let fresh = *word & bit == 0;
        *word |= bit;
        self.count += u32::from(fresh);
        fresh
    }

    /// The id may be given out again (a whole turn later).
    pub(crate) fn release(&mut self, id: QueueId) {
        if let Some(word) = self.used.get_mut((id.0 / 64) as usize) {
            let bit = 1u64 << (id.0 % 64);
            self.count -= u32::from(*word & bit != 0);
            *word &= !bit;
        }
    }

    /// How many ids are in use.
    pub(crate) fn count(&self) -> usize {
        self.count as usize
    }

    /// The mark to persist with the next write, when the one on disk is nearly reached.
    pub(crate) fn mark_to_persist(&mut self) -> Option<u32> {
        let ahead = (self.reserved + ID_COUNT - self.next) % ID_COUNT;
        // More than half the circle "ahead" means that `next` has passed the mark.
        if (RESERVE / 2..ID_COUNT / 2).contains(&ahead) {
            return None;
        }
        self.reserved = (self.next + RESERVE) % ID_COUNT;
        Some(self.reserved)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_print_and_parse_as_six_hex_digits() {
        let id: QueueId = "2c2605".parse().unwrap();
        assert_eq!(id.to_string(), "2C2605");
        for bad in ["", "2C260", "2C26051", "+C2605", "2C260G"] {
            assert!(bad.parse::<QueueId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_id_in_use_is_not_given_out() {
        let mut ids = Ids::starting_at(ID_COUNT - 2);
        assert!(ids.mark_used(QueueId(ID_COUNT - 1)));
        assert!(ids.mark_used(QueueId(0)));
        let given: Vec<u32> = (0..3).filter_map(|_| ids.give()).map(QueueId::number).collect();
        assert_eq!(given, [ID_COUNT - 2, 1, 2]);
        ids.release(QueueId(0));
        assert_eq!(ids.give().map(QueueId::number), Some(3));
    }

    #[test]
    fn the_mark_stays_ahead_of_the_ids() {
        let mut ids = Ids::starting_at(ID_COUNT - 100);
        let mut mark = ID_COUNT - 100;
        for _ in 0..10_000 {
            let id = ids.give().unwrap();
            if let Some(new) = ids.mark_to_persist() {
                mark = new;
            }
            let ahead = (mark + ID_COUNT - id.number()) % ID_COUNT;
            assert!(ahead > 0 && ahead <= RESERVE + 1, "{ahead}");
        }
    }
}
