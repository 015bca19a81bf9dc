//! The lines of a multi-line input (WIRE.md 6.6).

use super::lines::Line;

/// Longest text in bytes, line ends counted as one (WIRE.md 6.6).
pub const MAX_TEXT: usize = 10 * 1024 * 1024;

/// Collects lines up to the terminator. What is beyond the bound is dropped, so that the dialogue stays in step.
#[derive(Debug)]
pub(super) struct Writing {
    terminator: String,
    lines: Vec<String>,
    size: usize,
    too_long: bool,
}

/// A text that was ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// Its lines.
    Whole(Vec<String>),
    /// It was longer than is taken; its lines are gone.
    TooLong,
}

impl Writing {
    pub(super) fn until(terminator: String) -> Self {
        Self {
            terminator,
            lines: Vec::new(),
            size: 0,
            too_long: false,
        }
    }

    /// Takes a line; the text at its terminator.
    pub(super) fn line(&mut self, line: Line) -> Option<Written> {
        let Line::Whole(bytes) = line else {
            self.drop_all();
            return None;
        };
        if bytes == self.terminator.as_bytes() {
            let lines = std::mem::take(&mut self.lines);
            return Some(if self.too_long {
                Written::TooLong
            } else {
                Written::Whole(lines)
            });
        }
        // A client doubles the dot at the beginning of a line, when the terminator is one.
        let doubled = self.terminator.starts_with('.') && bytes.len() > 1 && bytes.starts_with(b".");
        let bytes = bytes.get(usize::from(doubled)..).unwrap_or_default();
        self.size = self.size.saturating_add(bytes.len()).saturating_add(1);
        if self.size > MAX_TEXT {
            self.drop_all();
        }
        if !self.too_long {
            self.lines.push(String::from_utf8_lossy(bytes).into_owned());
        }
        None
    }

    fn drop_all(&mut self) {
        self.too_long = true;
        self.lines = Vec::new();
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, MAX_TEXT, Writing, Written};

    fn feed(writing: &mut Writing, lines: &[&str]) -> Option<Written> {
        lines.iter().fold(None, |_, line| {
            writing.line(Line::Whole(line.as_bytes().to_vec()))
        })
    }

    #[test]
    fn dots_are_undoubled_only_when_the_terminator_is_one() {
        let mut dots = Writing::until(".".into());
        assert_eq!(
            feed(&mut dots, &["keep;", "..hidden", "", "."]),
            Some(Written::Whole(vec![
                "keep;".into(),
                ".hidden".into(),
                String::new()
            ]))
        );
        let mut other = Writing::until("EOF".into());
        assert_eq!(
            feed(&mut other, &[".", "..a", "EOF"]),
            Some(Written::Whole(vec![".".into(), "..a".into()]))
        );
    }

    #[test]
    fn a_text_that_is_too_long_ends_at_its_terminator_all_the_same() {
        let mut writing = Writing::until(".".into());
        let long = "x".repeat(MAX_TEXT / 4);
        assert_eq!(feed(&mut writing, &[&long, &long, &long, &long, "y"]), None);
        assert_eq!(feed(&mut writing, &["."]), Some(Written::TooLong));
    }
}
