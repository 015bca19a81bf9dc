//! A window on a list of results: PARTIAL of SEARCH, SORT and UID FETCH (RFC 9394, 3).

use super::cursor::{Cursor, Parsed};

/// Places counted from 1, or from the end of the list, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    first: u32,
    last: u32,
    from_end: bool,
}

impl Window {
    /// `1:100`, `-1:-100`; either end may come first.
    pub(crate) fn parse(cursor: &mut Cursor<'_>) -> Parsed<Self> {
        let from_end = cursor.eat(b'-');
        let first = cursor.nz_number()?;
        cursor.expect(b':')?;
        if from_end {
            cursor.expect(b'-')?;
        }
        Ok(Self {
            first,
            last: cursor.nz_number()?,
            from_end,
        })
    }

    /// What of a list lies in it, in the order of the list.
    pub(crate) fn of(self, list: &[u32]) -> &[u32] {
        let near = usize::try_from(self.first.min(self.last)).unwrap_or(usize::MAX);
        let far = usize::try_from(self.first.max(self.last)).unwrap_or(usize::MAX);
        let (start, end) = if self.from_end {
            (
                list.len().saturating_sub(far),
                (list.len() + 1).saturating_sub(near),
            )
        } else {
            (near - 1, far.min(list.len()))
        };
        list.get(start..end).unwrap_or_default()
    }
}

impl std::fmt::Display for Window {
    /// As the client wrote it.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.from_end { "-" } else { "" };
        write!(out, "{sign}{}:{sign}{}", self.first, self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::Window;
    use crate::imap::cursor::Cursor;

    fn look(text: &str, list: &[u32]) -> Option<Vec<u32>> {
        let mut cursor = Cursor::new(text.as_bytes(), 0);
        let window = Window::parse(&mut cursor).ok()?;
        cursor.end().ok()?;
        assert_eq!(window.to_string(), text);
        Some(window.of(list).to_vec())
    }

    #[test]
    fn windows() {
        let list = [2, 3, 5, 7, 11];
        for (text, expected) in [
            ("1:2", Some(vec![2, 3])),
            ("2:1", Some(vec![2, 3])),
            ("4:9", Some(vec![7, 11])),
            ("6:9", Some(vec![])),
            ("-1:-2", Some(vec![7, 11])),
            ("-4:-9", Some(vec![2, 3])),
            ("-6:-9", Some(vec![])),
            ("5:4294967295", Some(vec![11])),
            ("-4294967295:-4294967295", Some(vec![])),
            ("0:1", None),
            ("1:-1", None),
            ("-1:1", None),
            ("1", None),
            ("1:*", None),
        ] {
            assert_eq!(look(text, &list), expected, "{text}");
        }
        assert_eq!(look("1:1", &[]), Some(vec![]));
        assert_eq!(look("-1:-1", &[]), Some(vec![]));
    }
}
