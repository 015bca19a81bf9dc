//! Sequence sets: message numbers or UIDs in commands and answers (RFC 9051, 9 "sequence-set").

use std::{fmt::Write as _, ops::RangeInclusive};

use super::{
    bounds::SET_MEMBERS_MAX,
    cursor::{Bad, Cursor, Parsed},
};

/// A set as the client wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Set {
    /// `$`: the saved search result (RFC 5182).
    Saved,
    /// Ranges, both ends included; [`STAR`] is `*`.
    Members(Vec<(u32, u32)>),
}

/// `*` in a member: the largest number in use. 0 is free, as numbers start at 1.
const STAR: u32 = 0;

impl Set {
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        if cursor.eat(b'$') {
            return Ok(Self::Saved);
        }
        let mut members = Vec::new();
        loop {
            let first = number(cursor)?;
            let last = if cursor.eat(b':') { number(cursor)? } else { first };
            members.push((first, last));
            if !cursor.eat(b',') {
                return Ok(Self::Members(members));
            }
            if members.len() >= SET_MEMBERS_MAX {
                return Err(Bad::new(format!(
                    "a sequence set has at most {SET_MEMBERS_MAX} members"
                )));
            }
        }
    }

    /// Whether it is of numbers alone, without `*` and `$`.
    pub(crate) fn is_listed(&self) -> bool {
        match self {
            Self::Saved => false,
            Self::Members(members) => members
                .iter()
                .all(|(first, last)| *first != STAR && *last != STAR),
        }
    }

    /// The numbers of such a set in the order written; `None` for more than `limit`.
    pub(crate) fn listed(&self, limit: usize) -> Option<Vec<u32>> {
        let Self::Members(members) = self else { return None };
        let mut numbers = Vec::new();
        for (first, last) in members {
            let range = *first.min(last)..=*first.max(last);
            let count = usize::try_from(range.end() - range.start()).ok()?;
            if count >= limit.checked_sub(numbers.len())? {
                return None;
            }
            numbers.extend(range);
        }
        Some(numbers)
    }

    /// The members as ascending, disjoint ranges, with `largest` for `*`. `None` for `$`.
    pub(crate) fn ranges(&self, largest: u32) -> Option<Vec<RangeInclusive<u32>>> {
        let Self::Members(members) = self else { return None };
        let real = |number: u32| if number == STAR { largest } else { number };
        Some(joined(
            members.iter().map(|(first, last)| (real(*first), real(*last))),
        ))
    }

    /// The members as ascending, disjoint ranges of message numbers, of which there are `count`. `None` for `$`.
    ///
    /// `n:*` reaches from `n` to the last message, whichever is larger, so it means the last message when `n` lies
    /// beyond, and nothing in an empty mailbox; a number beyond that stands without `*` is the error.
    pub(crate) fn numbers(&self, count: u32) -> Option<Result<Vec<RangeInclusive<u32>>, u32>> {
        let Self::Members(members) = self else { return None };
        let beyond = |(first, last): &(u32, u32)| {
            (*first != STAR && *last != STAR && *first.max(last) > count).then_some(*first.max(last))
        };
        if let Some(number) = members.iter().find_map(beyond) {
            return Some(Err(number));
        }
        if count == 0 {
            return Some(Ok(Vec::new()));
        }
        let real = |number: u32| if number == STAR { count } else { number.min(count) };
        Some(Ok(joined(
            members.iter().map(|(first, last)| (real(*first), real(*last))),
        )))
    }
}

/// Ranges in any order as ascending, disjoint ones.
fn joined(members: impl Iterator<Item = (u32, u32)>) -> Vec<RangeInclusive<u32>> {
    let mut sorted: Vec<(u32, u32)> = members
        .map(|(first, last)| (first.min(last), first.max(last)))
        .collect();
    sorted.sort_unstable();
    let mut ranges: Vec<RangeInclusive<u32>> = Vec::new();
    for (first, last) in sorted {
        match ranges.last_mut() {
            Some(range) if first <= range.end().saturating_add(1) => {
                *range = *range.start()..=last.max(*range.end());
            }
            _ => ranges.push(first..=last),
        }
    }
    ranges
}

fn number(cursor: &mut Cursor<'_>) -> Parsed<u32> {
    if cursor.eat(b'*') {
        Ok(STAR)
    } else {
        cursor.nz_number()
    }
}

/// Numbers as ranges, each number that follows the one before joined to it.
pub(crate) fn runs(numbers: impl IntoIterator<Item = u32>) -> impl Iterator<Item = RangeInclusive<u32>> {
    let mut numbers = numbers.into_iter().peekable();
    std::iter::from_fn(move || {
        let first = numbers.next()?;
        let mut last = first;
        while let Some(next) = numbers.next_if(|next| Some(*next) == last.checked_add(1)) {
            last = next;
        }
        Some(first..=last)
    })
}

/// Ranges as a set: `1:3,7`.
pub(crate) fn print_ranges(ranges: impl IntoIterator<Item = RangeInclusive<u32>>) -> String {
    let mut text = String::new();
    for range in ranges {
        if !text.is_empty() {
            text.push(',');
        }
        let (first, last) = range.into_inner();
        let _ = if first == last {
            write!(text, "{first}")
        } else {
            write!(text, "{first}:{last}")
        };
    }
    text
}

/// Numbers as a set, in their order: `1:3,7`.
pub(crate) fn print_ascending(numbers: impl IntoIterator<Item = u32>) -> String {
    print_ranges(runs(numbers))
}

#[cfg(test)]
mod tests {
    use super::print_ascending;
    use crate::imap::{bounds::SET_MEMBERS_MAX, cursor::Cursor};
    use proptest::prelude::{prop_assert_eq, proptest};

    fn ranges(text: &str, largest: u32) -> Option<Vec<(u32, u32)>> {
        let mut cursor = Cursor::new(text.as_bytes(), 0);
        let set = cursor.set().ok()?;
        cursor.end().ok()?;
        Some(
            set.ranges(largest)?
                .iter()
                .map(|range| (*range.start(), *range.end()))
                .collect(),
        )
    }

    #[test]
    fn sets() {
        for (text, expected) in [
            ("1", Some(vec![(1, 1)])),
            ("3:1,2:5", Some(vec![(1, 5)])),
            ("*", Some(vec![(9, 9)])),
            ("*:4,1", Some(vec![(1, 1), (4, 9)])),
            ("12:*", Some(vec![(9, 12)])),
            ("1,2,4", Some(vec![(1, 2), (4, 4)])),
            ("4294967295:*", Some(vec![(9, 4_294_967_295)])),
            ("0", None),
            ("1,", None),
            (":", None),
            ("4294967296", None),
        ] {
            assert_eq!(ranges(text, 9), expected, "{text}");
        }
        let long = "1,".repeat(SET_MEMBERS_MAX + 1) + "1";
        assert!(Cursor::new(long.as_bytes(), 0).set().is_err());
    }

    #[test]
    fn numbers_beyond_the_last() {
        for (text, count, expected) in [
            ("6:*", 5, Ok(vec![5..=5])),
            ("*:6,2", 5, Ok(vec![2..=2, 5..=5])),
            ("3:*", 5, Ok(vec![3..=5])),
            ("1:*", 0, Ok(vec![])),
            ("*", 0, Ok(vec![])),
            ("1", 0, Err(1)),
            ("6", 5, Err(6)),
            ("3:6,1:*", 5, Err(6)),
        ] {
            let set = Cursor::new(text.as_bytes(), 0).set().unwrap();
            assert_eq!(set.numbers(count), Some(expected), "{text} of {count}");
        }
    }

    proptest! {
        #[test]
        fn printed_sets_read_back(numbers in proptest::collection::btree_set(1_u32..200, 1..50)) {
            let text = print_ascending(numbers.iter().copied());
            let read: Vec<u32> = ranges(&text, 1).unwrap().into_iter().flat_map(|(first, last)| first..=last).collect();
            prop_assert_eq!(read, numbers.into_iter().collect::<Vec<_>>());
        }
    }
}
