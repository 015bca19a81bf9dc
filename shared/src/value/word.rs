//! What a value is made from: one word, or a set of words in parentheses.
//!
//! Lines of the administration language, the configuration file and defaults of the schema all arrive at
//! [`super::Kind::parse`] in this shape, so a value means the same wherever it is written.

/// One word, with its quoting already resolved, or a parenthesised set of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// A single word.
    One(String),
    /// `( … )`.
    Set(Vec<String>),
}

impl Word {
    /// The text of a single word.
    pub fn one(&self) -> Option<&str> {
        match self {
            Self::One(text) => Some(text),
            Self::Set(_) => None,
        }
    }

    /// The element or elements, whichever way they were written.
    pub fn items(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Set(items) => items,
        }
    }
}
