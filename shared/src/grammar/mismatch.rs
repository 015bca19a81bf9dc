//! Why a line is no command of a context, in the words of WIRE.md 3.

/// What was wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// The line is empty; not counted as an error.
    Empty,
    /// The line is longer than is taken.
    TooLong,
    /// A quote was opened and not closed.
    OpenQuote,
    /// A parenthesis was opened and not closed.
    OpenSet,
    /// No command begins with this word.
    Unknown(String),
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

/// Most words listed as alternatives; HELP has them all.
const LISTED: usize = 12;

impl Mismatch {
    /// The sentence after `-ERR: `.
    pub fn message(&self) -> String {
        match self {
            Self::Empty => "no command".to_owned(),
            Self::TooLong => format!("line longer than {} bytes", super::MAX_LINE),
            Self::OpenQuote => "a quote is not closed".to_owned(),
            Self::OpenSet => "a parenthesis is not closed".to_owned(),
            Self::Unknown(word) => format!("unknown command {word}"),
            Self::Wrong { word, expected } => format!("wrong parameter {word}{}", list(expected)),
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

fn list(expected: &[String]) -> String {
    match expected {
        [] => String::new(),
        [one] => format!(", expected {one}"),
        many if many.len() > LISTED => ", see HELP".to_owned(),
        many => format!(", expected one of {}", many.join(", ")),
    }
}
