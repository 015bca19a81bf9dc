//! Recent successful password checks, so that a login is not bound by the price of the hash.
//!
//! What is kept is a keyed digest (HMAC-SHA-256 under a key of this process) of account, credential version and
//! password: neither the password nor anything that can be tried against it outside this process. A change of the
//! password raises the version, so older digests are never looked up again. Two generations bound size and age:
//! when the young one is full or old it becomes the old one and the old one is forgotten.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use axigen_shared::{Cause, Refusal};
use hmac::{Hmac, KeyInit, Mac};
use parking_lot::Mutex;
use sha2::Sha256;

/// Digests in one generation: 2 × 32768 × some 50 bytes are 3 MiB.
const GENERATION: usize = 32 * 1024;
/// Age of a generation. A success is remembered for 30 to 60 minutes.
const GENERATION_AGE: Duration = Duration::from_mins(30);

/// The keyed digest of one success.
pub(crate) type Digest = [u8; 32];

/// See the module.
pub(crate) struct Successes {
    keyed: Hmac<Sha256>,
    generations: Mutex<Generations>,
}

struct Generations {
    young: HashSet<Digest>,
    old: HashSet<Digest>,
    /// When the young one began.
    since: Instant,
}

impl Successes {
    /// Empty, with a new random key.
    pub(crate) fn new(now: Instant) -> Result<Self, Refusal> {
        let mut key = [0; 32];
        let no_key = |why: String| Refusal::new(Cause::Internal, format!("no random key: {why}"));
        getrandom::fill(&mut key).map_err(|error| no_key(error.to_string()))?;
        let keyed = Hmac::new_from_slice(&key).map_err(|error| no_key(error.to_string()))?;
        let generations = Generations {
            young: HashSet::new(),
            old: HashSet::new(),
            since: now,
        };
        Ok(Self {
            keyed,
            generations: Mutex::new(generations),
        })
    }

    /// The digest of a password tried against version `version` of the credential of `whose`.
    pub(crate) fn digest(&self, whose: (u64, u64), version: u64, password: &[u8]) -> Digest {
        let mut mac = self.keyed.clone();
        for number in [whose.0, whose.1, version] {
            mac.update(&number.to_be_bytes());
        }
        mac.update(password);
        mac.finalize().into_bytes().into()
    }

    /// Whether this success is remembered.
    pub(crate) fn knows(&self, digest: &Digest, now: Instant) -> bool {
        let mut generations = self.generations.lock();
        generations.age(now);
        generations.young.contains(digest) || generations.old.contains(digest)
    }

    /// Remembers a success.
    pub(crate) fn add(&self, digest: Digest, now: Instant) {
        let mut generations = self.generations.lock();
        generations.age(now);
        if generations.young.len() >= GENERATION {
            generations.turn(now);
        }
        generations.young.insert(digest);
    }
}

impl Generations {
    fn age(&mut self, now: Instant) {
        let age = now.saturating_duration_since(self.since);
        if age >= GENERATION_AGE {
            self.turn(now);
        }
        if age >= 2 * GENERATION_AGE {
            self.old.clear();
        }
    }

    fn turn(&mut self, now: Instant) {
        self.old = std::mem::take(&mut self.young);
        self.since = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_is_known_until_it_is_old_or_the_version_rises() {
        let start = Instant::now();
        let successes = Successes::new(start).unwrap();
        let digest = successes.digest((1, 2), 3, b"secret");
        assert!(!successes.knows(&digest, start));
        successes.add(digest, start);
        assert!(successes.knows(&digest, start));
        for other in [
            successes.digest((1, 2), 4, b"secret"),
            successes.digest((2, 1), 3, b"secret"),
            successes.digest((1, 2), 3, b"Secret"),
        ] {
            assert!(!successes.knows(&other, start));
        }
        assert!(successes.knows(&digest, start + GENERATION_AGE));
        assert!(!successes.knows(&digest, start + 2 * GENERATION_AGE));
    }

    #[test]
    fn long_silence_forgets_everything() {
        let start = Instant::now();
        let successes = Successes::new(start).unwrap();
        let digest = successes.digest((1, 2), 3, b"secret");
        successes.add(digest, start);
        assert!(!successes.knows(&digest, start + 5 * GENERATION_AGE));
    }

    #[test]
    fn the_number_of_successes_is_bounded() {
        let start = Instant::now();
        let successes = Successes::new(start).unwrap();
        for number in 0..(3 * GENERATION as u64) {
            successes.add(successes.digest((0, number), 0, b""), start);
        }
        let generations = successes.generations.lock();
        assert!(generations.young.len() + generations.old.len() <= 2 * GENERATION);
    }
}
