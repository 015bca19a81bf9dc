//! Substring search over a stream of text, without regard to case (RFC 9051, 6.4.4).
//!
//! Text comes in pieces; what a needle could span is carried over, so the whole is never held.

use memchr::memmem::Finder;

use crate::{searched::TextSink, text::fold};

/// Several needles looked for in one stream.
#[derive(Debug)]
pub struct Matcher {
    needles: Vec<(Finder<'static>, bool)>,
    carry: String,
    keep: usize,
}

impl Matcher {
    /// A matcher for these needles; an empty one is found at once, as RFC 9051 asks of HEADER.
    pub fn new<'a>(needles: impl IntoIterator<Item = &'a str>) -> Self {
        let folded: Vec<String> = needles.into_iter().map(fold).collect();
        let keep = folded
            .iter()
            .map(String::len)
            .max()
            .unwrap_or(0)
            .saturating_sub(1);
        let needles = folded
            .iter()
            .map(|needle| (Finder::new(needle.as_bytes()).into_owned(), needle.is_empty()))
            .collect();
        Self {
            needles,
            carry: String::new(),
            keep,
        }
    }

    /// Looks through the next piece.
    pub fn feed(&mut self, piece: &str) {
        if self.is_settled() {
            return;
        }
        self.carry.push_str(&fold(piece));
        for (finder, found) in &mut self.needles {
            *found = *found || finder.find(self.carry.as_bytes()).is_some();
        }
        let mut cut = self.carry.len().saturating_sub(self.keep);
        while !self.carry.is_char_boundary(cut) {
            cut -= 1;
        }
        self.carry.drain(..cut);
    }

    /// A place over which no needle may match: the end of a field or part.
    pub fn gap(&mut self) {
        self.carry.clear();
    }

    /// Whether everything has been found: the rest of the text need not be read.
    pub fn is_settled(&self) -> bool {
        self.needles.iter().all(|(_, found)| *found)
    }

    /// Which needles were found, in the order given.
    pub fn found(&self) -> Vec<bool> {
        self.needles.iter().map(|(_, found)| *found).collect()
    }
}

impl TextSink for Matcher {
    fn gap(&mut self) {
        Self::gap(self);
    }

    fn feed(&mut self, piece: &str) {
        Self::feed(self, piece);
    }

    fn is_settled(&self) -> bool {
        Self::is_settled(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Matcher;
    use proptest::prelude::{prop_assert_eq, proptest};

    #[test]
    fn needles_span_pieces_but_not_gaps() {
        let mut matcher = Matcher::new(["HELLO w", "Ä", "xy", ""]);
        matcher.feed("say hel");
        matcher.feed("lo World ä x");
        matcher.gap();
        matcher.feed("y");
        assert_eq!(matcher.found(), [true, true, false, true]);
    }

    proptest! {
        #[test]
        fn like_contains(text in "[abä]{0,40}", needle in "[abä]{0,4}", cut in 0_usize..40) {
            let cut = text.char_indices().map(|(at, _)| at).find(|at| *at >= cut).unwrap_or(text.len());
            let mut matcher = Matcher::new([needle.as_str()]);
            matcher.feed(&text[..cut]);
            matcher.feed(&text[cut..]);
            prop_assert_eq!(matcher.found()[0], text.contains(&needle));
        }
    }
}
