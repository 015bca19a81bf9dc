//! `ENTER DEBUG`, `EXEC listCliHelp`, `QUIT DEBUG`: the dump of the whole language (WIRE.md 6.5).
//!
//! This is a door beside the contexts: it has no object, no HELP of its own and no command but the dump, which
//! is a function over the schema. So it is not declared there and is looked at before the grammar.

use super::{Engine, Ran};
use axigen_shared::control::{Body, Reply, axigen};
use axigen_shared::grammar;
use axigen_shared::schema::{self, Context};
use axigen_shared::{Cause, Refusal};

/// The prompt behind the door.
pub(super) const PROMPT: &str = "<debug#> ";
/// Hyphens between two contexts of the dump.
const RULE: usize = 81;

impl Engine {
    /// Runs a line of this door; `None` for any other line.
    pub(super) async fn debug_line(&mut self, line: &str) -> Option<Ran> {
        if !self.debugging && self.context() != schema::root() {
            return None;
        }
        let tokens = grammar::tokens(line).ok()?;
        let words: Vec<&str> = tokens.iter().filter_map(|token| token.word.one()).collect();
        let is = |at: usize, word: &str| words.get(at).is_some_and(|said| said.eq_ignore_ascii_case(word));
        if !self.debugging {
            self.debugging = is(0, "ENTER") && is(1, "DEBUG") && words.len() == 2;
            return self.debugging.then(|| Ok(Reply::done()));
        }
        if is(0, "QUIT") && is(1, "DEBUG") {
            self.debugging = false;
            return Some(Ok(Reply::done()));
        }
        if is(0, "EXEC") && is(1, "listCliHelp") {
            return Some(self.list_cli_help(words.get(2).copied()).await);
        }
        let leaving = is(0, "EXIT") || is(0, "QUIT");
        let wrong = || {
            Ok(Reply::malformed(
                "unknown command, expected EXEC listCliHelp or QUIT DEBUG",
            ))
        };
        (!leaving && !words.is_empty()).then(wrong)
    }

    /// The dump into a file, or into the reply when none is named.
    async fn list_cli_help(&self, path: Option<&str>) -> Ran {
        let lines: Vec<String> = schema::contexts().flat_map(help_text).collect();
        let Some(path) = path else {
            return Ok(Reply::with(Body::Text { lines, blank: true }));
        };
        let mut text = lines.join("\n");
        text.push('\n');
        let written = self.backend.export(path, &text).await?;
        if written.is_empty() {
            return Err(Refusal::new(Cause::Internal, "nothing was written"));
        }
        Ok(Reply {
            message: format!("written to {written}"),
            ..Reply::default()
        })
    }
}

/// One context of the dump.
fn help_text(context: &'static Context) -> Vec<String> {
    let name = if context == schema::root() {
        ""
    } else {
        context.title
    };
    let mut lines = vec!["-".repeat(RULE), format!("Context: {name}")];
    let text = axigen(&Reply::with(super::help_of(context)), false);
    let body = text.lines().filter(|line| !line.starts_with("+OK:"));
    lines.extend(body.map(str::to_owned));
    lines
}
