//! Trigrams: three bytes in a row of folded text, as keys of the index.
//!
//! The unit is the byte of UTF-8 after [`fold`], which is what the matcher compares, so a needle of at least three
//! such bytes (one or two characters outside ASCII may do) has trigrams, and a text that holds the needle holds them
//! all. Headers and text parts have keys of their own: `BODY` must not find every message for a word that stands in
//! every header.

use axigend_message::{TextSink, fold};

/// A trigram and where it was found: the upper bit of the 25 tells a text part from the header.
pub(crate) type Key = u32;
/// Bits of a key.
pub(crate) const KEY_BITS: u32 = 25;
/// Bits of the trigram in it.
const GRAM_BITS: u32 = 24;
/// Most different keys of one message that is indexed: one with more would be a candidate of nearly every search
/// anyway and costs more than it saves. Two megabytes of English have less than a tenth of it.
pub(crate) const KEYS_MAX: usize = 256 * 1024;
/// Most trigrams of a needle that are looked up; any of them narrow the candidates.
const NEEDLE_MAX: usize = 64;

/// Where text stands in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The header of the message.
    Header,
    /// Text parts and headers of enclosed messages.
    Text,
}

impl Part {
    const fn bit(self) -> Key {
        match self {
            Self::Header => 0,
            Self::Text => 1 << GRAM_BITS,
        }
    }
}

/// The different trigrams of one message.
pub(crate) struct Collector {
    /// One bit for each key, so that a message's keys are told apart without sorting them.
    seen: Vec<u64>,
    keys: Vec<Key>,
    part: Part,
    /// The last three bytes.
    window: u32,
    /// How many bytes have come since the last gap, up to three.
    have: u8,
    full: bool,
}

impl Collector {
    pub(crate) fn new() -> Self {
        Self {
            seen: vec![0; 1 << (KEY_BITS - 6)],
            keys: Vec::new(),
            part: Part::Header,
            window: 0,
            have: 0,
            full: false,
        }
    }

    /// What comes now stands here.
    pub(crate) fn enter(&mut self, part: Part) {
        self.part = part;
        self.have = 0;
    }

    /// Hands over the keys of the message and forgets them; `None` when there were too many.
    pub(crate) fn take(&mut self, mut each: impl FnMut(Key)) -> Option<()> {
        let full = std::mem::take(&mut self.full);
        for key in self.keys.drain(..) {
            if let Some(word) = self.seen.get_mut(key as usize / 64) {
                *word = 0;
            }
            if !full {
                each(key);
            }
        }
        self.have = 0;
        (!full).then_some(())
    }

    fn add(&mut self, key: Key) {
        let bit = 1 << (key % 64);
        let Some(word) = self.seen.get_mut(key as usize / 64) else {
            return;
        };
        if *word & bit != 0 {
            return;
        }
        *word |= bit;
        self.keys.push(key);
        self.full |= self.keys.len() > KEYS_MAX;
    }

    fn bytes(&mut self, bytes: impl Iterator<Item = u8>) {
        let base = self.part.bit();
        for byte in bytes {
            self.window = (self.window << 8 | u32::from(byte)) & ((1 << GRAM_BITS) - 1);
            if self.have < 2 {
                self.have += 1;
            } else {
                self.add(base | self.window);
            }
        }
    }
}

impl TextSink for Collector {
    fn gap(&mut self) {
        self.have = 0;
    }

    fn feed(&mut self, piece: &str) {
        if self.full {
            return;
        }
        if piece.is_ascii() {
            self.bytes(piece.bytes().map(|byte| byte.to_ascii_lowercase()));
        } else {
            self.bytes(fold(piece).into_bytes().into_iter());
        }
    }

    /// What the matcher sees of such a field is not known: the message is always a candidate.
    fn cut(&mut self) {
        self.full = true;
    }

    fn is_settled(&self) -> bool {
        self.full
    }
}

/// The different keys that a text holding `text` must have, at most [`NEEDLE_MAX`].
pub(crate) fn keys_of(text: &str, part: Part) -> Vec<Key> {
    let mut keys = Vec::new();
    let folded = fold(text);
    for gram in folded.as_bytes().windows(3) {
        let key = gram.iter().fold(0, |key, byte| key << 8 | u32::from(*byte)) | part.bit();
        if !keys.contains(&key) {
            keys.push(key);
        }
        if keys.len() >= NEEDLE_MAX {
            break;
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn collect(pieces: &[&str]) -> Vec<Key> {
        let mut collector = Collector::new();
        collector.enter(Part::Text);
        for piece in pieces {
            collector.feed(piece);
        }
        let mut keys = Vec::new();
        collector.take(|key| keys.push(key)).expect("few keys");
        keys
    }

    #[test]
    fn trigrams_span_pieces_but_not_gaps() {
        assert_eq!(collect(&["HE", "L", "lo"]), keys_of("hello", Part::Text));
        let mut collector = Collector::new();
        collector.feed("ab");
        collector.gap();
        collector.feed("c");
        assert_eq!(collector.take(|_| panic!("none")), Some(()));
        assert!(keys_of("ab", Part::Header).is_empty());
        assert_ne!(keys_of("abc", Part::Header), keys_of("abc", Part::Text));
    }

    #[test]
    fn too_many_are_none() {
        let mut collector = Collector::new();
        for high in 0..=u8::MAX {
            for low in 0..=u8::MAX {
                let text: String = [0x100, 0x140, 0x180]
                    .iter()
                    .filter_map(|base| char::from_u32(base * 0x40 + u32::from(high) * 8 + u32::from(low)))
                    .collect();
                collector.feed(&text);
                collector.bytes([high, low, high ^ low, low, high].into_iter());
            }
        }
        assert!(collector.full);
        assert_eq!(collector.take(|_| ()), None);
        collector.feed("abc");
        let mut keys = Vec::new();
        collector.take(|key| keys.push(key)).expect("few again");
        assert_eq!(keys, keys_of("abc", Part::Header));
    }

    proptest! {
        #[test]
        fn a_text_has_all_keys_of_what_it_holds(text in "[abcÄßİé€ ]{0,60}", from in 0_usize..60, len in 0_usize..20, cut in 0_usize..60) {
            let chars: Vec<char> = text.chars().collect();
            let needle: String = chars.iter().skip(from).take(len).collect();
            let cut = text.char_indices().map(|(at, _)| at).find(|at| *at >= cut).unwrap_or(text.len());
            let keys = collect(&[&text[..cut], &text[cut..]]);
            prop_assert!(keys_of(&needle, Part::Text).iter().all(|key| keys.contains(key)));
        }
    }
}
