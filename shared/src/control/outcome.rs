//! How it went with one object of an apply request.

use serde::{Deserialize, Serialize};

/// What was done with an object, or would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// It was as wanted.
    Unchanged,
    /// It was changed.
    Changed,
    /// It was not there.
    Created,
    /// It was there, and is no more.
    Removed,
    /// It is as it was.
    Refused,
}

/// One setting that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Its place in the object: `limits.maxSentMessages`.
    pub what: String,
    /// Its value before, as AXIGEN text; empty for nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// Its value after; empty for nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub to: String,
}

/// How it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// What was done.
    pub effect: Effect,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// What the administrator should know although it went well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What differs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<Setting>,
}

impl Outcome {
    /// Nothing more to say than this.
    pub fn of(effect: Effect) -> Self {
        Self {
            effect,
            message: String::new(),
            warnings: Vec::new(),
            settings: Vec::new(),
        }
    }

    /// Refused, and why.
    pub fn refused(why: impl Into<String>) -> Self {
        Self {
            message: why.into(),
            ..Self::of(Effect::Refused)
        }
    }
}
