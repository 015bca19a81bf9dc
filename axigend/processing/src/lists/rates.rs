//! How often a list answers: anyone can put anyone's address on a mail, so answers are few (no backscatter).

use std::collections::HashMap;

use parking_lot::Mutex;

/// Answers to one address from one list in [`WINDOW`].
const PER_ADDRESS: u32 = 10;
/// Answers of one list in [`WINDOW`].
const PER_LIST: u32 = 500;
/// Seconds that are counted together.
const WINDOW: i64 = 60 * 60;
/// Most addresses counted at a time; beyond it whoever was not counted yet gets no answer in this window.
const COUNTED_MOST: usize = 50_000;

/// Counts answers. Begins anew with each start: what matters is that a flood stays small.
#[derive(Default)]
pub(crate) struct Rates {
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    since: i64,
    /// By list and address; an empty address counts the whole list.
    answers: HashMap<(u32, u64, String), u32>,
}

impl Rates {
    /// Whether a list may answer an address now; counts it.
    pub(super) fn allow(&self, (domain, list): (u32, u64), address: &str, now: i64) -> bool {
        let mut counts = self.counts.lock();
        if now < counts.since || now.saturating_sub(counts.since) >= WINDOW {
            counts.since = now;
            counts.answers.clear();
        }
        let mut one = |address: String, most: u32| {
            let full = counts.answers.len() >= COUNTED_MOST;
            let key = (domain, list, address);
            if full && !counts.answers.contains_key(&key) {
                return false;
            }
            let count = counts.answers.entry(key).or_default();
            *count = count.saturating_add(1);
            *count <= most
        };
        one(address.to_lowercase(), PER_ADDRESS) && one(String::new(), PER_LIST)
    }
}

#[cfg(test)]
mod tests {
    use super::{PER_ADDRESS, PER_LIST, Rates, WINDOW};

    #[test]
    fn addresses_and_lists_have_their_share() {
        let rates = Rates::default();
        let allowed = |list, address: &str, now| rates.allow((1, list), address, now);
        let count = (0..100).filter(|_| allowed(7, "Ann@x.test", 0)).count();
        assert_eq!(count, PER_ADDRESS as usize);
        assert!(!allowed(7, "ann@X.test", 0));
        assert!(allowed(8, "ann@x.test", 0), "another list");
        let others = (0..2000).filter(|n| allowed(7, &format!("u{n}@x.test"), 1));
        assert_eq!(others.count(), (PER_LIST - PER_ADDRESS) as usize);
        assert!(allowed(7, "ann@x.test", WINDOW));
    }
}
