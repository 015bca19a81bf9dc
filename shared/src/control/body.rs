//! What a reply carries beside its status: tables, attributes, text.
//!
//! Structured, so that nothing is lost on the way to any rendering; the AXIGEN text of each form is in `text`.

use serde::{Deserialize, Serialize};

/// The payload of a reply.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Body {
    /// Nothing.
    #[default]
    None,
    /// Rows and columns (WIRE.md 6.1, 6.2).
    Table(Table),
    /// Attributes of an object, in sections (6.3).
    Attributes {
        /// Sections with their titles.
        sections: Vec<Section>,
    },
    /// One attribute, without a frame (`SHOW ATTR`).
    Attribute(Attribute),
    /// Several tables, each with a heading (6.4).
    Tables {
        /// The tables, titles as headings.
        tables: Vec<Table>,
    },
    /// The commands of a context (6.5).
    Help {
        /// Name of the context.
        title: String,
        /// Its commands; an empty syntax is a blank line between groups.
        lines: Vec<HelpLine>,
    },
    /// Lines of text as they are (configuration file, version, progress), followed by nothing.
    Text {
        /// The lines, without line ends.
        lines: Vec<String>,
        /// A blank line follows before the status line.
        blank: bool,
    },
    /// Anything else.
    Json {
        /// The value.
        value: serde_json::Value,
    },
}

/// Rows and columns.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Title line, complete.
    pub title: String,
    /// How it is printed as AXIGEN text.
    pub form: Form,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows; as many cells as columns.
    pub rows: Vec<Vec<String>>,
}

/// How a table is printed as AXIGEN text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Form {
    /// ` | ` between columns.
    #[default]
    Bars,
    /// Blanks between columns.
    Blanks,
    /// Title and rows only, no header (6.2).
    Plain,
}

/// A column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its header.
    pub name: String,
    /// Its least width in AXIGEN text.
    #[serde(default)]
    pub width: usize,
}

impl Column {
    /// A column as wide as it needs to be.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            width: 0,
        }
    }
}

/// Attributes under a title.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Section {
    /// The title, without its colon: `General parameters`.
    pub title: String,
    /// The attributes.
    pub attributes: Vec<Attribute>,
    /// Lines after the attributes, as they are (permissions of an administrator).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
}

/// One attribute with its value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: serde_json::Value,
    /// Its value as AXIGEN text.
    pub text: String,
    /// Where the value comes from, in contexts that can inherit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Note>,
    /// Unit of a number: `s`, `KB`; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Stored, but without effect yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_effect: bool,
}

/// Where an inheritable value comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Note {
    /// Set here.
    Explicit,
    /// Set here; the inherited value, as AXIGEN text, would be this.
    Overrides(String),
    /// Not set here.
    Inherited,
}

/// One line of HELP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HelpLine {
    /// Usage; empty for a blank line.
    pub syntax: String,
    /// What it does.
    pub help: String,
    /// Whether it enters another context.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enters: bool,
    /// What is missing: `not built yet`, `no effect yet`; empty for nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub missing: String,
}
