//! Provisioning: `axictl export`, `diff`, `apply` and `import`.
//!
//! All four speak of objects as documents (`axigen_shared::schema`, "Objects as JSON documents"): the daemon prints and applies
//! them one object at a time, here they come from and go to files. `file` is the TOML of export and apply, `table` the
//! CSV of import, `apply` sends either to the daemon, `report` is what people see of it.

mod apply;
mod export;
mod file;
mod report;
mod table;

pub use apply::{Job, apply};
pub use export::export;
pub use table::import;

use serde_json::Value as Json;

/// An object of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The way to it: `["SERVER"]`, `["Domain", "example.test", "Account", "ann"]`.
    pub way: Vec<String>,
    /// What is explicit in it.
    pub document: Json,
    /// Line of the file where it begins.
    pub line: usize,
}

/// The object as people speak of it: `account ann of domain example.test`.
pub fn spoken(way: &[String]) -> String {
    let mut parts: Vec<String> = way
        .chunks(2)
        .map(|pair| match pair {
            [word, name] => format!("{} {name}", word.to_ascii_lowercase()),
            _ => "server".to_owned(),
        })
        .collect();
    parts.reverse();
    parts.join(" of ")
}
