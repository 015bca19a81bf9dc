//! Headers of any length, in stretches of whole fields.
//!
//! A header that fits into memory is read with [`crate::fields`] at once. One that does not goes through here: each
//! stretch that comes out can be read with `fields`, and no more than about the bound is held.

use memchr::{memchr_iter, memrchr_iter};

/// Cuts a header between fields.
#[derive(Debug)]
pub struct FieldCutter {
    max: usize,
    held: Vec<u8>,
    /// `held` begins inside a field of which the start was given out.
    inside: bool,
}

/// A stretch of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// It goes on with the field that the stretch before it began, instead of beginning with a field.
    pub continues: bool,
}

impl FieldCutter {
    /// Holds up to `max` bytes; a field longer than that comes in several stretches.
    pub const fn new(max: usize) -> Self {
        Self {
            max,
            held: Vec::new(),
            inside: false,
        }
    }

    /// The next bytes of the header.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// The next stretch that is whole; `last` when all of the header was fed.
    pub fn next(&mut self, last: bool) -> Option<Stretch> {
        let continues = self.inside;
        let end = if self.inside {
            self.field_end(last)?
        } else {
            self.fields_end(last)?
        };
        let rest = self.held.split_off(end);
        let bytes = std::mem::replace(&mut self.held, rest);
        (!bytes.is_empty()).then_some(Stretch { bytes, continues })
    }

    /// Where the field ends that `held` begins inside of.
    fn field_end(&mut self, last: bool) -> Option<usize> {
        let boundary = memchr_iter(b'\n', &self.held).find(|at| self.is_boundary(*at));
        self.inside = boundary.is_none();
        match boundary {
            Some(newline) => Some(newline + 1),
            None if last => Some(self.held.len()),
            // Whether the last byte ends the field is seen by the byte after it.
            None => self.held.len().checked_sub(1).filter(|len| *len > 0),
        }
    }

    /// How much of `held` is whole fields, when that is worth giving out.
    fn fields_end(&mut self, last: bool) -> Option<usize> {
        if last {
            return Some(self.held.len());
        }
        if self.held.len() <= self.max {
            return None;
        }
        let boundary = memrchr_iter(b'\n', &self.held).find(|at| self.is_boundary(*at));
        self.inside = boundary.is_none();
        Some(boundary.map_or(self.held.len() - 1, |newline| newline + 1))
    }

    /// Whether a field begins after this line end.
    fn is_boundary(&self, newline: usize) -> bool {
        self.held
            .get(newline + 1)
            .is_some_and(|next| !matches!(next, b' ' | b'\t'))
    }
}

#[cfg(test)]
mod tests {
    use super::{FieldCutter, Stretch};
    use crate::fields;
    use proptest::prelude::{prop_assert, prop_assert_eq, proptest};

    fn cut(header: &[u8], max: usize, piece: usize) -> Vec<Stretch> {
        let mut cutter = FieldCutter::new(max);
        let mut stretches = Vec::new();
        let mut pieces = header.chunks(piece).peekable();
        while let Some(piece) = pieces.next() {
            cutter.feed(piece);
            while let Some(stretch) = cutter.next(pieces.peek().is_none()) {
                stretches.push(stretch);
            }
        }
        stretches
    }

    #[test]
    fn a_long_field_comes_in_stretches() {
        let stretches = cut(b"A: 1\r\nB: 0123456789\r\n 0123456789\r\nC: 2\r\n\r\n", 8, 4);
        let texts: Vec<String> = stretches
            .iter()
            .map(|stretch| {
                let mark = if stretch.continues { "+" } else { "" };
                format!("{mark}{}", String::from_utf8_lossy(&stretch.bytes))
            })
            .collect();
        assert_eq!(texts[0], "A: 1\r\n");
        assert!(
            texts[1].starts_with("B: 0") && texts[2].starts_with('+'),
            "{texts:?}"
        );
        assert!(texts.iter().any(|text| text.starts_with("C: 2")), "{texts:?}");
    }

    proptest! {
        #[test]
        fn the_same_fields_are_found(
            lines in proptest::collection::vec(proptest::sample::select(vec![
                "A: 1", "Bcd: 2", " folded", "\t", "no colon", "E:", "F : 0123456789012345678901234567890123456789",
            ]), 0..30),
            newline in proptest::sample::select(vec!["\r\n", "\n"]),
            max in 1_usize..60,
            piece in 1_usize..30,
        ) {
            let mut header = lines.iter().fold(String::new(), |text, line| text + line + newline);
            header += newline;
            let stretches = cut(header.as_bytes(), max, piece);
            let joined: Vec<u8> = stretches.iter().flat_map(|stretch| stretch.bytes.clone()).collect();
            prop_assert_eq!(joined, header.as_bytes());
            let mut found: Vec<Vec<u8>> = Vec::new();
            for stretch in &stretches {
                prop_assert!(stretch.bytes.len() <= max + piece + 1);
                if stretch.continues {
                    found.last_mut().unwrap().extend_from_slice(&stretch.bytes);
                } else {
                    found.extend(fields(&stretch.bytes).map(|field| field.raw.to_vec()));
                }
            }
            let expected: Vec<Vec<u8>> = fields(header.as_bytes()).map(|field| field.raw.to_vec()).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
