//! What happened while a client was away: QRESYNC (RFC 7162, 3.2).
//!
//! The service says which messages changed and which went after the MODSEQ that the client knows. When its memory of
//! what went does not reach so far back, every UID of which the client may know and that is not there is said to have
//! gone, as the RFC allows; the message numbers that the client sends along spare it most of that.

use std::ops::RangeInclusive;

use super::{
    backend::Since,
    bounds::{ROWS_PAGE, SEQUENCE_MATCH_MAX},
    cursor::{Bad, Cursor, Parsed},
    dialogue::{Dialogue, Fail},
    selected::Selected,
    set::{Set, print_ranges, runs},
    wire::Wire,
    write::FlagsFetch,
};

/// Ranges said in one VANISHED: a line that any client can take.
const RANGES_AT_ONCE: usize = 512;

/// What a client knows of a mailbox: SELECT … (QRESYNC (…)).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Resync {
    uid_validity: u32,
    modseq: u64,
    /// Its UIDs; all when `None`.
    known: Option<Set>,
    /// Some message numbers and their UIDs, ascending.
    matches: Vec<(u32, u32)>,
}

impl Resync {
    /// `(uidvalidity modseq [known-uids] [(numbers uids)])`.
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        cursor.expect(b'(')?;
        let uid_validity = cursor.nz_number()?;
        cursor.space()?;
        let modseq = cursor.number64()?;
        if modseq == 0 {
            return Err(Bad::new("the MODSEQ of QRESYNC must not be 0"));
        }
        let mut resync = Self {
            uid_validity,
            modseq,
            known: None,
            matches: Vec::new(),
        };
        let mut more = cursor.eat(b' ');
        if more && cursor.peek() != Some(b'(') {
            resync.known = Some(known(cursor)?);
            more = cursor.eat(b' ');
        }
        if more {
            resync.matches = matches(cursor)?;
        }
        cursor.expect(b')')?;
        Ok(resync)
    }

    /// Up to this UID nothing has gone: a message has the number that it had.
    fn unmoved(&self, selected: &Selected) -> u32 {
        let still = |(number, uid): &&(u32, u32)| selected.number(*uid) == Some(*number);
        self.matches.iter().rev().find(still).map_or(0, |(_, uid)| *uid)
    }
}

/// A set in which `*` and `$` mean nothing.
fn known(cursor: &mut Cursor<'_>) -> Parsed<Set> {
    let start = cursor.position();
    let set = cursor.set()?;
    if set.is_listed() {
        Ok(set)
    } else {
        Err(Bad::new(format!(
            "the set at column {} must be of numbers alone",
            start + 1
        )))
    }
}

fn matches(cursor: &mut Cursor<'_>) -> Parsed<Vec<(u32, u32)>> {
    cursor.expect(b'(')?;
    let numbers = known(cursor)?;
    cursor.space()?;
    let uids = known(cursor)?;
    cursor.expect(b')')?;
    let listed = |set: &Set| set.listed(SEQUENCE_MATCH_MAX);
    let (Some(numbers), Some(uids)) = (listed(&numbers), listed(&uids)) else {
        return Err(Bad::new(format!(
            "QRESYNC takes at most {SEQUENCE_MATCH_MAX} message numbers"
        )));
    };
    if numbers.len() != uids.len() {
        return Err(Bad::new(format!(
            "QRESYNC has {} message numbers for {} UIDs",
            numbers.len(),
            uids.len()
        )));
    }
    Ok(numbers.into_iter().zip(uids).collect())
}

impl Dialogue {
    /// Tells a client that comes back what happened (RFC 7162, 3.2.5).
    pub(crate) async fn resync(&mut self, resync: &Resync) -> Result<(), Fail> {
        let selected = self.selected()?;
        if resync.uid_validity != selected.uid_validity {
            return Ok(());
        }
        let known = match &resync.known {
            Some(set) => selected.possible(set),
            None => vec![1..=u32::MAX],
        };
        let since = self.since(resync.modseq, selected.modseq).await?;
        let mut gone = selected.gone(&since, &known);
        if since.forgetful {
            let unmoved = resync.unmoved(selected);
            gone.retain(|range| *range.end() > unmoved);
        }
        let is_wanted = |uid: &u32| within(&known, *uid) && selected.number(*uid).is_some();
        let changed: Vec<u32> = since.changed.into_iter().filter(is_wanted).collect();
        say_vanished(&self.wire, true, &gone).await;
        for page in changed.chunks(ROWS_PAGE) {
            self.tell_flags(page).await?;
        }
        Ok(())
    }

    /// What happened since. A MODSEQ that was never reached comes from a time that the store has lost (a copy was brought
    /// back, the disk lied): nothing that the client knows of it holds.
    async fn since(&self, modseq: u64, highest: u64) -> Result<Since, Fail> {
        let is_known = modseq <= highest;
        let since = self.wire.since(if is_known { modseq } else { 0 }).await?;
        Ok(Since {
            forgetful: since.forgetful || !is_known,
            ..since
        })
    }

    /// `* n FETCH (UID … FLAGS … MODSEQ …)` for some messages.
    async fn tell_flags(&mut self, uids: &[u32]) -> Result<(), Fail> {
        let rows = self.wire.rows(uids.to_vec()).await?;
        let (wire, rev2) = (self.wire.clone(), self.enabled.rev2);
        let selected = self.selected_mut()?;
        for row in &rows {
            let Some(number) = selected.number(row.uid) else {
                continue;
            };
            if selected.learn_keywords(row) {
                wire.say(selected.flag_lines().as_bytes());
            }
            selected.tell(row);
            let fetch = FlagsFetch {
                number,
                row,
                recent: !rev2 && selected.is_recent(row.uid),
                uid: true,
                flags: true,
                modseq: true,
            };
            wire.say(fetch.line().as_bytes());
            wire.pace().await;
        }
        Ok(())
    }
}

impl Selected {
    /// The UIDs that a set may mean, those of messages that went included.
    pub(crate) fn possible(&self, set: &Set) -> Vec<RangeInclusive<u32>> {
        let largest = self.uid_next.saturating_sub(1).max(1);
        set.ranges(largest)
            .unwrap_or_else(|| runs(self.saved.iter().copied()).collect())
    }

    /// Those of `known` that the client must forget: they went, and it will not be told otherwise.
    pub(crate) fn gone(&self, since: &Since, known: &[RangeInclusive<u32>]) -> Vec<RangeInclusive<u32>> {
        if since.forgetful {
            return self.absent(known);
        }
        let is_gone = |uid: &u32| *uid < self.uid_next && self.number(*uid).is_none() && within(known, *uid);
        runs(since.vanished.iter().copied().filter(is_gone)).collect()
    }

    /// What of these ranges is below UIDNEXT and not there.
    fn absent(&self, known: &[RangeInclusive<u32>]) -> Vec<RangeInclusive<u32>> {
        let mut absent = Vec::new();
        for range in known {
            let end = (*range.end()).min(self.uid_next.saturating_sub(1));
            let mut next = *range.start();
            let from = self.uids.partition_point(|uid| *uid < next);
            let there = self.uids.get(from..).unwrap_or_default().iter();
            for uid in there.take_while(|uid| **uid <= end) {
                if *uid > next {
                    absent.push(next..=uid - 1);
                }
                next = uid.saturating_add(1);
            }
            if next <= end {
                absent.push(next..=end);
            }
        }
        absent
    }
}

/// Whether a number lies in one of these ranges, which are ascending and disjoint.
fn within(ranges: &[RangeInclusive<u32>], number: u32) -> bool {
    let place = ranges.partition_point(|range| *range.end() < number);
    ranges.get(place).is_some_and(|range| range.contains(&number))
}

/// `* VANISHED (EARLIER) 3:5,9`, in lines of bounded length; nothing when nothing went.
pub(crate) async fn say_vanished(wire: &Wire, earlier: bool, gone: &[RangeInclusive<u32>]) {
    let mark = if earlier { " (EARLIER)" } else { "" };
    for some in gone.chunks(RANGES_AT_ONCE) {
        wire.say(format!("* VANISHED{mark} {}\r\n", print_ranges(some.iter().cloned())).as_bytes());
        wire.pace().await;
    }
}

#[cfg(test)]
mod tests {
    use super::{Resync, Since};
    use crate::imap::{bounds::SEQUENCE_MATCH_MAX, cursor::Cursor, selected::Selected};
    use std::sync::Arc;

    fn parse(text: &str) -> Option<Resync> {
        let mut cursor = Cursor::new(text.as_bytes(), 0);
        let resync = Resync::parse(&mut cursor).ok()?;
        cursor.end().ok()?;
        Some(resync)
    }

    #[test]
    fn what_the_client_knows() {
        for good in [
            "(1 1)",
            "(67890007 90060115194045000 41,43:211,214:541)",
            "(1 2 (1,3:4 5,8:9))",
            "(1 2 1:9 (1 2))",
        ] {
            assert!(parse(good).is_some(), "{good}");
        }
        for bad in [
            "1 1",
            "(1)",
            "(0 1)",
            "(1 0)",
            "(1 1 *)",
            "(1 1 $)",
            "(1 1 1:*)",
            "(1 1 (1:2 4))",
            "(1 1 (1))",
            "(1 1 (1 1) 1)",
            "(1 1 1 1)",
            "(1 1 (1:4294967295 1:4294967295))",
            "(1 99999999999999999999)",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
        let most = format!("(1 1 (1:{SEQUENCE_MATCH_MAX} 1:{SEQUENCE_MATCH_MAX}))");
        assert_eq!(
            parse(&most).map(|resync| resync.matches.len()),
            Some(SEQUENCE_MATCH_MAX)
        );
    }

    #[test]
    fn what_is_forgotten_is_found_by_what_is_not_there() {
        let mut selected = Selected::default();
        (selected.uids, selected.uid_next) = (Arc::new(vec![2, 3, 7, 9]), 12);
        let forgetful = Since {
            forgetful: true,
            ..Since::default()
        };
        let gone = |known: &[std::ops::RangeInclusive<u32>]| selected.gone(&forgetful, known);
        assert_eq!(gone(&[1..=u32::MAX]), [1..=1, 4..=6, 8..=8, 10..=11]);
        assert_eq!(gone(&[2..=3, 6..=7, 9..=10]), [6..=6, 10..=10]);
        assert_eq!(gone(&[50..=60]), []);
        let remembered = Since {
            vanished: vec![1, 3, 4, 5, 8, 20],
            ..Since::default()
        };
        assert_eq!(
            selected.gone(&remembered, &[1..=4, 8..=u32::MAX]),
            [1..=1, 4..=4, 8..=8]
        );
        let resync = parse("(1 1 (1,3,4 2,6,9))").unwrap();
        assert_eq!(resync.unmoved(&selected), 9);
        assert_eq!(parse("(1 1 (1,3 2,6))").unwrap().unmoved(&selected), 2);
    }
}
