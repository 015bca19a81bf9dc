//! Posting lists: rising document numbers as Rice-coded gaps.
//!
//! A gap less one is a quotient in unary and a remainder in `k` bits, `k` following from how many of the documents are
//! in the list. Within a few percent of the entropy of a random list, from one bit each where all documents are in it
//! to two bytes where one of 65,536 is; about half of what bytes with a continuation bit take.

/// The numbers of a list could not be read: damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

/// Bits of the remainder for a list of `count` among `documents`.
fn parameter(documents: u32, count: u32) -> u32 {
    let others = u64::from(documents.saturating_sub(count));
    // The best divisor of geometric gaps is ln 2 of the mean.
    let divisor = others * 7 / 10 / u64::from(count.max(1));
    divisor.checked_ilog2().unwrap_or(0)
}

/// Appends a rising list of numbers below `documents`.
pub(crate) fn encode(list: &[u32], documents: u32, out: &mut Vec<u8>) {
    let k = parameter(documents, list.len() as u32);
    let mut bits = Writer {
        out,
        word: 0,
        free: 64,
    };
    let mut next = 0;
    for &number in list {
        let gap = number.saturating_sub(next);
        next = number + 1;
        bits.ones(gap >> k);
        bits.put(0, 1);
        bits.put(gap & ((1 << k) - 1), k);
    }
    bits.finish();
}

/// Reads a list of `count` numbers below `documents`.
pub(crate) fn decode(
    bytes: &[u8],
    count: u32,
    documents: u32,
    mut each: impl FnMut(u32),
) -> Result<(), Broken> {
    let k = parameter(documents, count);
    let mut bits = Reader {
        bytes,
        word: 0,
        have: 0,
    };
    let mut next = 0_u32;
    for _ in 0..count {
        let high = bits.ones(documents)?;
        let gap = (u64::from(high) << k) | u64::from(bits.take(k)?);
        let number = u32::try_from(u64::from(next) + gap).map_err(|_| Broken)?;
        if number >= documents {
            return Err(Broken);
        }
        each(number);
        next = number + 1;
    }
    Ok(())
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    word: u64,
    free: u32,
}

impl Writer<'_> {
    fn put(&mut self, value: u32, len: u32) {
        if len == 0 {
            return;
        }
        if self.free < 32 {
            self.out
                .extend_from_slice(&((self.word >> 32) as u32).to_be_bytes());
            self.word <<= 32;
            self.free += 32;
        }
        self.free -= len;
        self.word |= u64::from(value) << self.free;
    }

    fn ones(&mut self, mut count: u32) {
        while count >= 32 {
            self.put(u32::MAX, 32);
            count -= 32;
        }
        self.put((1_u32 << count) - 1, count);
    }

    fn finish(self) {
        let used = (64 - self.free).div_ceil(8) as usize;
        self.out.extend_from_slice(&self.word.to_be_bytes()[..used]);
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    /// The next bits, highest first.
    word: u64,
    have: u32,
}

impl Reader<'_> {
    fn fill(&mut self) {
        if self.have <= 32
            && let Some((four, rest)) = self.bytes.split_first_chunk::<4>()
        {
            self.word |= u64::from(u32::from_be_bytes(*four)) << (32 - self.have);
            self.have += 32;
            self.bytes = rest;
        }
        while self.have <= 56
            && let Some((byte, rest)) = self.bytes.split_first()
        {
            self.word |= u64::from(*byte) << (56 - self.have);
            self.have += 8;
            self.bytes = rest;
        }
    }

    /// Ones up to the next zero, at most `limit`.
    fn ones(&mut self, limit: u32) -> Result<u32, Broken> {
        let mut count = 0;
        loop {
            if self.have < 32 {
                self.fill();
            }
            let run = self.word.leading_ones().min(self.have);
            count += run;
            if count > limit || self.have == 0 {
                return Err(Broken);
            }
            if run < self.have {
                self.drop(run + 1);
                return Ok(count);
            }
            self.drop(run);
        }
    }

    fn take(&mut self, len: u32) -> Result<u32, Broken> {
        if len == 0 {
            return Ok(0);
        }
        if self.have < len {
            self.fill();
        }
        if self.have < len {
            return Err(Broken);
        }
        let value = (self.word >> (64 - len)) as u32;
        self.drop(len);
        Ok(value)
    }

    fn drop(&mut self, len: u32) {
        self.word = self.word.checked_shl(len).unwrap_or(0);
        self.have -= len;
    }
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};
    use proptest::prelude::*;

    fn round(list: &[u32], documents: u32) -> usize {
        let mut bytes = Vec::new();
        encode(list, documents, &mut bytes);
        let mut read = Vec::new();
        decode(&bytes, list.len() as u32, documents, |number| read.push(number)).expect("whole");
        assert_eq!(read, list);
        bytes.len()
    }

    #[test]
    fn lists_are_short() {
        let all: Vec<u32> = (0..65_536).collect();
        assert_eq!(round(&all, 65_536), 65_536 / 8);
        assert_eq!(round(&[], 65_536), 0);
        assert!(round(&[65_535], 65_536) <= 3);
        let some: Vec<u32> = all
            .iter()
            .copied()
            .filter(|number| number.wrapping_mul(2_654_435_761) >> 24 < 26)
            .collect();
        assert!(round(&some, 65_536) * 8 < some.len() * 6);
    }

    #[test]
    fn damage_is_noticed_or_harmless() {
        assert!(decode(&[], 1, 10, |_| ()).is_err());
        assert!(decode(&[0xff; 4], 1, 10, |_| ()).is_err());
    }

    proptest! {
        #[test]
        fn lists_survive(list in proptest::collection::btree_set(0_u32..70_000, 0..600), more in 0_u32..5) {
            let list: Vec<u32> = list.into_iter().collect();
            round(&list, list.last().map_or(0, |last| last + 1) + more);
        }

        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..60), count in 0_u32..500, documents in 0_u32..70_000) {
            let _ = decode(&bytes, count, documents, |_| ());
        }
    }
}
