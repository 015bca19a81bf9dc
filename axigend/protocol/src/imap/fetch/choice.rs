//! HEADER.FIELDS and HEADER.FIELDS.NOT: fields of a header as they are stored (RFC 9051, 6.4.5).
//!
//! Works on pieces, so that the answer is exact for headers that are not held in memory, too.

use std::ops::Range;

use axigend_message::{FieldCutter, fields};

use super::super::bounds::HEADER_MAX;

/// Chosen fields of a stored header.
#[derive(Debug)]
pub(super) struct Choice {
    /// Where the header lies.
    pub(super) header: Range<u64>,
    pub(super) names: Vec<String>,
    /// All others.
    pub(super) not: bool,
    /// Length of the answer, once it was counted.
    pub(super) size: u64,
}

/// Chooses fields of one header.
pub(super) struct Chooser<'a> {
    names: &'a [String],
    not: bool,
    cutter: FieldCutter,
    /// The field read last is passed on.
    passing: bool,
    /// What was passed on last has no line end.
    open_line: bool,
}

impl<'a> Chooser<'a> {
    pub(super) const fn new(names: &'a [String], not: bool) -> Self {
        Self {
            names,
            not,
            cutter: FieldCutter::new(HEADER_MAX),
            passing: false,
            open_line: false,
        }
    }

    /// The next bytes of the header. With the `last` of them the blank line that ends a header is added.
    pub(super) fn feed(&mut self, bytes: &[u8], last: bool, out: &mut Vec<u8>) {
        self.cutter.feed(bytes);
        while let Some(stretch) = self.cutter.next(last) {
            if stretch.continues {
                self.pass(&stretch.bytes, out);
                continue;
            }
            for field in fields(&stretch.bytes) {
                let is_listed = self.names.iter().any(|name| field.is(name));
                self.passing = is_listed != self.not;
                self.pass(field.raw, out);
            }
        }
        if last {
            out.extend_from_slice(if self.open_line { b"\r\n\r\n" } else { b"\r\n" });
        }
    }

    fn pass(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        if self.passing && !bytes.is_empty() {
            out.extend_from_slice(bytes);
            self.open_line = !bytes.ends_with(b"\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Chooser, HEADER_MAX};

    fn choose(header: &str, names: &[&str], not: bool, piece: usize) -> String {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut chooser = Chooser::new(&names, not);
        let mut out = Vec::new();
        for piece in header.as_bytes().chunks(piece) {
            chooser.feed(piece, false, &mut out);
        }
        chooser.feed(b"", true, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fields_of_any_length_are_chosen() {
        let long = format!(
            "X-Long: {}\r\n {}\r\n",
            "x".repeat(HEADER_MAX),
            "y".repeat(HEADER_MAX)
        );
        let header = format!("A: 1\r\n{long}b: 2\r\n folded\r\n{long}C: 3\r\n\r\n");
        for piece in [1000, HEADER_MAX, 10 * HEADER_MAX] {
            assert_eq!(
                choose(&header, &["B", "c"], false, piece),
                "b: 2\r\n folded\r\nC: 3\r\n\r\n"
            );
            assert_eq!(
                choose(&header, &["x-long"], true, piece),
                "A: 1\r\nb: 2\r\n folded\r\nC: 3\r\n\r\n"
            );
            assert!(choose(&header, &["x-long"], false, piece) == format!("{long}{long}\r\n"));
        }
        assert_eq!(choose("A: 1", &["a"], false, 10), "A: 1\r\n\r\n");
        assert_eq!(choose("", &["a"], false, 10), "\r\n");
    }
}
