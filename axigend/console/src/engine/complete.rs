//! Completing a line: words from the grammar, names of live objects from the drafts and the backend.

use super::Engine;
use crate::wildcard::fits;
use axigen_shared::control::{Body, Reply};
use axigen_shared::grammar::{self, LiveNames};
use axigen_shared::schema::{Child, Shape};
use axigen_shared::value::quoted;
use serde_json::{Value, json};

/// Most names of live objects offered: more than a screen of them helps nobody.
const MAX_NAMES: usize = 200;

impl Engine {
    /// What may stand at the cursor, as JSON: where the word begins, candidates with their help, a hint.
    pub(super) async fn complete(&self, line: &str, cursor: usize) -> Reply {
        if self.logging_in.is_some() || line.len() > grammar::MAX_LINE {
            return Reply::with(Body::Json {
                value: json!({"start": cursor, "candidates": [], "hint": ""}),
            });
        }
        let completion = grammar::complete(self.context(), line, cursor);
        let candidate = |text: &str, help: &str| json!({"text": text, "help": help});
        let mut candidates: Vec<Value> = completion
            .candidates
            .iter()
            .map(|word| candidate(&word.text, &word.help))
            .collect();
        for live in &completion.live {
            let names = self.names(live, &completion.prefix).await;
            candidates.extend(
                names
                    .iter()
                    .map(|name| candidate(&as_word(name), live.child.noun)),
            );
        }
        let value = json!({"start": completion.start, "candidates": candidates, "hint": completion.hint});
        Reply::with(Body::Json { value })
    }

    /// Live names that begin with what is written. What cannot be read completes nothing.
    async fn names(&self, live: &LiveNames, prefix: &str) -> Vec<String> {
        let wildcard = format!("{prefix}*");
        let mut names = self.all_names(live.child, &wildcard).await;
        names.retain(|name| fits(&wildcard, name));
        names.truncate(MAX_NAMES);
        names
    }

    async fn all_names(&self, child: &'static Child, wildcard: &str) -> Vec<String> {
        match child.shape {
            Shape::Stored(_) => {
                let holder = self.place().target;
                let page = self
                    .backend
                    .list(&holder, child, Some(wildcard), None, MAX_NAMES)
                    .await;
                let rows = page.map(|page| page.rows).unwrap_or_default();
                rows.into_iter()
                    .filter_map(|row| row.into_iter().next())
                    .collect()
            }
            Shape::Set(_) | Shape::Record(_) => {
                let view = self.view().await;
                view.map(|view| {
                    view.children(child.field)
                        .iter()
                        .map(|object| object.key(child))
                        .collect()
                })
                .unwrap_or_default()
            }
            Shape::Names(_) => {
                let view = self.view().await;
                view.map(|view| view.names(child.field).to_vec())
                    .unwrap_or_default()
            }
            Shape::Part(_) => Vec::new(),
        }
    }
}

/// The name as it has to be typed.
fn as_word(name: &str) -> String {
    let bare = !name.is_empty() && !name.starts_with('(') && !name.chars().any(|c| " \t'\"\\".contains(c));
    if bare { name.to_owned() } else { quoted(name) }
}
