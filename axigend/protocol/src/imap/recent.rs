//! Which messages are \Recent in this session (RFC 3501, 2.3.2): those that no other session has been told of.

use std::ops::Range;

/// Stretches of UIDs, ascending; a new one only where another session was told of newcomers in between.
#[derive(Debug, Default)]
pub(crate) struct Recent(Vec<Range<u32>>);

impl Recent {
    /// Messages from `first` up to, but not including, `end` are recent; all of them are newer than those before.
    pub(crate) fn add(&mut self, first: u32, end: u32) {
        match self.0.last_mut() {
            Some(known) if first <= known.end => known.end = known.end.max(end),
            _ if first < end => self.0.push(first..end),
            _ => {}
        }
    }

    pub(crate) fn has(&self, uid: u32) -> bool {
        let place = self.0.partition_point(|known| known.end <= uid);
        self.0.get(place).is_some_and(|known| known.contains(&uid))
    }

    /// How many of these ascending UIDs are recent.
    pub(crate) fn count(&self, uids: &[u32]) -> usize {
        let before = |end: u32| uids.partition_point(|uid| *uid < end);
        self.0
            .iter()
            .map(|known| before(known.end) - before(known.start))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;

    #[test]
    fn stretches() {
        let mut recent = Recent::default();
        recent.add(5, 5);
        assert!(recent.0.is_empty());
        recent.add(3, 5);
        recent.add(5, 7);
        recent.add(9, 10);
        assert_eq!(recent.0, [3..7, 9..10]);
        let uids = [1, 3, 6, 7, 8, 9, 10];
        let found: Vec<u32> = uids.into_iter().filter(|uid| recent.has(*uid)).collect();
        assert_eq!((found.as_slice(), recent.count(&uids)), (&[3, 6, 9][..], 3));
    }
}
