//! Why a line is no command of a context, in the words of WIRE.md 3.

/// What was wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// The line is empty; not counted as an error.
    Empty,
    /// The line is longer than is taken.
    TooLong,
    /// A quote was opened and not closed, in the word at this column (from 1).
    OpenQuote(usize),
    /// A parenthesis was opened at this column (from 1) and not closed.
    OpenSet(usize),
    /// No command begins with this word.
    Unknown {
        /// The word.
        word: String,
        /// Words that commands begin with.
        expected: Vec<String>,
    },
    /// The word does not fit; what could stand there, when it can be said.
    Wrong {
        /// The word.
        word: String,
        /// What could stand there instead.
        expected: Vec<String>,
    },
    /// Something is missing: the parameter's name or the words that could follow.
    Missing {
        /// Name of the parameter, or empty when one of several words is missing.
        parameter: String,
        /// Words that could follow.
        expected: Vec<String>,
    },
    /// A command of another kind of context: COMMIT where it is DONE.
    NotHere {
        /// The word that leaves this context instead.
        instead: &'static str,
    },
}

/// A longer word is none of the language misspelt.
const LONGEST_WORD: usize = 64;

/// Most words listed as alternatives; HELP has them all.
const LISTED: usize = 12;

impl Mismatch {
    /// The sentence after `-ERR: `.
    pub fn message(&self) -> String {
        match self {
            Self::Empty => "no command".to_owned(),
            Self::TooLong => format!("line longer than {} bytes", super::MAX_LINE),
            Self::OpenQuote(column) => format!("a quote is not closed, in the word at column {column}"),
            Self::OpenSet(column) => format!("the parenthesis at column {column} is not closed"),
            Self::Unknown { word, expected } => format!("unknown command {word}{}", meant(word, expected)),
            Self::Wrong { word, expected } if expected.len() > LISTED => match meant(word, expected) {
                none if none.is_empty() => format!("wrong parameter {word}{}", list(expected)),
                meant => format!("wrong parameter {word}{meant}"),
            },
            Self::Wrong { word, expected } => {
                let near = meant(word, expected);
                let rest = if near.is_empty() { list(expected) } else { near };
                format!("wrong parameter {word}{rest}")
            }
            Self::Missing { parameter, expected } if parameter.is_empty() => {
                format!("missing parameter{}", list(expected))
            }
            Self::Missing { parameter, .. } => format!("missing parameter {parameter}"),
            Self::NotHere { instead: "" } => "command not allowed in this context".to_owned(),
            Self::NotHere { instead } => {
                format!("command not allowed in this context, leave it with {instead}")
            }
        }
    }

    /// Whether it counts as a wrong command (`maxErrors`); an empty line does not (WIRE.md 5).
    pub fn counts(&self) -> bool {
        !matches!(self, Self::Empty)
    }
}

/// What to ask after an unknown word; empty when nothing is near.
fn meant(word: &str, expected: &[String]) -> String {
    nearest(word, expected.iter().map(String::as_str))
        .map_or_else(String::new, |known| format!(", did you mean {known}?"))
}

/// The word that was probably meant: the one that takes fewest changes to become, if they are few.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST_WORD {
        return None;
    }
    let most = (word.chars().count() / 3).max(1);
    known
        .map(|known| (distance(word, known), known))
        .filter(|(changes, _)| *changes <= most)
        .min_by_key(|(changes, _)| *changes)
        .map(|(_, known)| known)
}

/// Letters to change, add, leave out or swap with their neighbour until one word is the other (optimal string alignment),
/// whatever their case.
fn distance(one: &str, other: &str) -> usize {
    let lower = |text: &str| -> Vec<char> { text.to_ascii_lowercase().chars().collect() };
    let (one, other) = (lower(one), lower(other));
    let mut above: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut line = vec![row + 1];
        for (column, wanted) in other.iter().enumerate() {
            let at = |line: &[usize], column: usize| line.get(column).copied().unwrap_or(usize::MAX - 1);
            let replaced = at(&last, column) + usize::from(letter != wanted);
            let mut fewest = replaced.min(at(&last, column + 1) + 1).min(at(&line, column) + 1);
            let swapped = column > 0
                && row > 0
                && one.get(row - 1) == Some(wanted)
                && other.get(column - 1) == Some(letter);
            if swapped {
                fewest = fewest.min(at(&above, column - 1) + 1);
            }
            line.push(fewest);
        }
        above = std::mem::replace(&mut last, line);
    }
    last.last().copied().unwrap_or_default()
}

fn list(expected: &[String]) -> String {
    match expected {
        [] => String::new(),
        [one] => format!(", expected {one}"),
        many if many.len() > LISTED => ", see HELP".to_owned(),
        many => format!(", expected one of {}", many.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Mismatch, distance};

    #[test]
    fn distances() {
        for (one, other, changes) in [
            ("LIST", "list", 0),
            ("LST", "LIST", 1),
            ("LSIT", "LIST", 1),
            ("", "ADD", 3),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(one, other), changes, "{one} {other}");
        }
    }

    #[test]
    fn what_was_meant_is_said_only_when_it_is_near() {
        let unknown = |word: &str| {
            let expected = ["LIST", "UPDATE", "SET"].map(str::to_owned).to_vec();
            Mismatch::Unknown {
                word: word.to_owned(),
                expected,
            }
            .message()
        };
        assert_eq!(unknown("lst"), "unknown command lst, did you mean LIST?");
        assert_eq!(unknown("#"), "unknown command #");
        assert_eq!(unknown("clear"), "unknown command clear");
    }
}
