//! Changes to an object: what a draft is made of.
//!
//! A draft is a list of changes, not a copy of the object, so that COMMIT can apply it to the newest live object and of two
//! administrators the later one wins attribute by attribute.

use super::Object;
use crate::value::Value;

/// One step from an object down to what is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Into a part, by field.
    Part(&'static str),
    /// Into a keyed object, by field and key.
    Child(&'static str, String),
}

/// What is done there.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// The attribute gets an explicit value.
    Set(&'static str, Value),
    /// The attribute becomes inherited, or its default.
    Reset(&'static str),
    /// A keyed object is added to a field.
    Add(&'static str, Box<Object>),
    /// A keyed object is removed, by field and key.
    Remove(&'static str, String),
    /// A name is added to a field.
    AddName(&'static str, String),
    /// A name is removed from a field.
    RemoveName(&'static str, String),
    /// A field becomes inherited, or what it is initially.
    ResetField(&'static str),
}

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The way down, empty for the object itself.
    pub at: Vec<Step>,
    /// What is done.
    pub action: Action,
}

impl Change {
    /// A change of the object itself.
    pub fn here(action: Action) -> Self {
        Self {
            at: Vec::new(),
            action,
        }
    }

    /// The same change seen from one level up (DONE hands a draft to the parent's).
    #[must_use]
    pub fn below(mut self, step: Step) -> Self {
        self.at.insert(0, step);
        self
    }
}
