//! Paths that administrators give: those of an installed AXIGEN mean the working directory.

use super::Administration;
use crate::startup::write_atomically;
use axigen_shared::schema::{Action, Change, Object};
use axigen_shared::value::{Value, working_path};
use axigen_shared::{Cause, Refusal};
use std::io::ErrorKind;
use std::path::{Component, Path};

/// Mode of exported files: what an administrator may read.
const EXPORT_MODE: u32 = 0o640;

/// The changes with every path of an installed AXIGEN read as one below the working directory.
pub(super) fn mapped_changes(changes: &[Change]) -> Vec<Change> {
    let mut changes = changes.to_vec();
    for change in &mut changes {
        match &mut change.action {
            Action::Set(_, value) => map_value(value),
            Action::Add(_, object) => map_object(object),
            _ => {}
        }
    }
    changes
}

fn map_object(object: &mut Object) {
    object.values.values_mut().for_each(map_value);
    object.parts.values_mut().for_each(map_object);
    object.children.values_mut().flatten().for_each(map_object);
}

fn map_value(value: &mut Value) {
    if let Value::Text(text) = value
        && working_path(text).len() < text.len()
    {
        *text = working_path(text).to_owned();
    }
}

impl Administration {
    /// Writes a file below the working directory; answers its path there.
    pub(super) fn written(&self, path: &str, text: &str) -> Result<String, Refusal> {
        let below = working_path(path);
        let inside = Path::new(below)
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if below.is_empty() || !inside {
            let detail = format!("'{path}' is not a path below the working directory");
            return Err(Refusal::new(Cause::Invalid, detail));
        }
        let target = self.parts.working_directory.join(below);
        match write_atomically(&target, text.as_bytes(), EXPORT_MODE) {
            Ok(()) => Ok(below.to_owned()),
            Err(error) => {
                let full = error.kind() == ErrorKind::StorageFull;
                let cause = if full {
                    Cause::StorageFull
                } else {
                    Cause::StorageFailure
                };
                Err(Refusal::new(
                    cause,
                    format!("cannot write {below}: {}", error.kind()),
                ))
            }
        }
    }
}
