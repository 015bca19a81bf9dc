//! Objects as documents: the answer to an export, in pages, however many objects there are.
//!
//! The order is that of making them anew: the server, then each domain followed by what it holds.

use super::apply::PASSWORD;
use super::{Engine, Ran};
use crate::answer::Answer;
use crate::backend::{Backend, Target};
use axigen_shared::control::{Body, Column, Reply, Table};
use axigen_shared::schema::{self, Child, Object, Shape};
use axigen_shared::{Cause, Refusal};
use serde_json::Value as Json;
use std::collections::VecDeque;
use std::sync::Arc;

/// Objects of one page.
const PAGE: usize = 256;
/// Names of objects that are asked for at once.
const NAMES: usize = 1000;

/// Objects of one holder that are still to be printed.
struct Run {
    holder: Target,
    /// The words of the way to the holder.
    way: Vec<String>,
    child: &'static Child,
    names: VecDeque<String>,
    /// The name after which the next ones begin; `None` from the start.
    after: Option<String>,
    /// All names were asked for.
    whole: bool,
}

/// An export under way.
pub(super) struct Export {
    hashes: bool,
    /// What is open, innermost last.
    runs: Vec<Run>,
}

impl Engine {
    /// Begins an export; the first page is the answer.
    pub(super) async fn export(&mut self, domains: Vec<String>, server: bool, hashes: bool) -> Ran {
        self.may_provision()?;
        self.listing = None;
        self.following = None;
        let holder = Target::of(schema::root(), Vec::new());
        let mut export = Export {
            hashes,
            runs: Vec::new(),
        };
        for run in runs(&holder, &[]) {
            let chosen = domains.iter().cloned().collect();
            export.runs.push(Run {
                whole: !domains.is_empty(),
                names: chosen,
                ..run
            });
        }
        // A name that is wrong is told at once, not after half the output.
        for name in &domains {
            let domain = schema::context("domain").unwrap_or(schema::root());
            self.backend.load(&Target::of(domain, vec![name.clone()])).await?;
        }
        let mut rows = Vec::new();
        if server && let Some(context) = schema::context("SERVER") {
            let object = self.backend.load(&Target::of(context, Vec::new())).await?;
            rows.push(row(&["SERVER".to_owned()], &object.document()));
        }
        rows.extend(export.page(&*self.backend).await?);
        self.exporting = (!export.runs.is_empty()).then_some(export);
        Ok(Reply::with(Body::Table(Table {
            columns: vec![Column::new("way"), Column::new("document")],
            rows,
            ..Table::default()
        })))
    }

    /// The next page of the export that was begun.
    pub(super) async fn exported(&mut self) -> Answer {
        let Some(mut export) = self.exporting.take() else {
            return Answer::Rows {
                rows: Vec::new(),
                more: false,
            };
        };
        match export.page(&*self.backend).await {
            Ok(rows) => {
                self.exporting = (!export.runs.is_empty()).then_some(export);
                Answer::Rows {
                    rows,
                    more: self.exporting.is_some(),
                }
            }
            Err(refusal) => Answer::Broken(super::refused(&refusal).message),
        }
    }

    /// Documents show and change everything.
    pub(super) fn may_provision(&self) -> Result<(), Refusal> {
        if &*self.who == "admin" {
            return Ok(());
        }
        Err(Refusal::new(
            Cause::NotPermitted,
            "only admin may export and apply",
        ))
    }
}

impl Export {
    async fn page(&mut self, backend: &dyn Backend) -> Result<Vec<Vec<String>>, Refusal> {
        let mut rows = Vec::new();
        while rows.len() < PAGE {
            let Some(run) = self.runs.last_mut() else { break };
            let Some(name) = run.next(backend).await? else {
                self.runs.pop();
                continue;
            };
            let child = run.child;
            let Some(context) = child.context() else {
                continue;
            };
            let mut target = Target::of(context, run.holder.keys.clone());
            target.keys.push(name.clone());
            let mut way = run.way.clone();
            way.extend([child.object.to_owned(), name]);
            // Removed since its name was read.
            let Ok(object) = backend.load(&target).await else {
                continue;
            };
            rows.push(row(&way, &self.document(backend, &target, child.key, &object)));
            // The last pushed comes first.
            self.runs.extend(runs(&target, &way).into_iter().rev());
        }
        Ok(rows)
    }

    /// The document with what the object itself does not hold: its key and its password.
    fn document(&self, backend: &dyn Backend, target: &Target, key: &str, object: &Arc<Object>) -> Json {
        let mut document = object.document();
        let hash = self.hashes.then(|| backend.password_hash(target)).flatten();
        if let Json::Object(fields) = &mut document {
            fields.insert(key.to_owned(), Json::from(target.name()));
            fields.extend(hash.map(|hash| (PASSWORD.to_owned(), Json::from(hash))));
        }
        document
    }
}

impl Run {
    async fn next(&mut self, backend: &dyn Backend) -> Result<Option<String>, Refusal> {
        while self.names.is_empty() {
            if self.whole {
                return Ok(None);
            }
            let after = self.after.take();
            let page = backend
                .list(&self.holder, self.child, None, after.as_deref(), NAMES)
                .await?;
            self.names = page
                .rows
                .into_iter()
                .filter_map(|row| row.into_iter().next())
                .collect();
            self.whole = page.next.is_none();
            self.after = page.next;
        }
        Ok(self.names.pop_front())
    }
}

/// What an object holds that the backend keeps one by one.
fn runs(holder: &Target, way: &[String]) -> Vec<Run> {
    let stored = |child: &&'static Child| matches!(child.shape, Shape::Stored(_));
    let children = holder.context.children.iter().filter(stored);
    children
        .map(|child| Run {
            holder: holder.clone(),
            way: way.to_vec(),
            child,
            names: VecDeque::new(),
            after: None,
            whole: false,
        })
        .collect()
}

fn row(way: &[String], document: &Json) -> Vec<String> {
    vec![Json::from(way).to_string(), document.to_string()]
}
