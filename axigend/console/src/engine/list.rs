//! LIST: tables of what a context holds (WIRE.md 6.1, 6.2).
//!
//! What is in the tree of an object is listed whole. What the backend keeps one by one is listed in pages: the engine
//! remembers the key it stopped at, so that a million rows pass through in constant memory.

use super::{Engine, Ran};
use crate::answer::Answer;
use crate::backend::Target;
use crate::wildcard::fits;
use axigen_shared::control::{Body, Column, Form, Reply, Table};
use axigen_shared::grammar::Args;
use axigen_shared::schema::{Child, Layout, Object, Shape};
use axigen_shared::{Cause, Refusal};

/// Rows of one page: some 30 KiB of names, so that each page is about one write.
const PAGE: usize = 1000;

/// A list that was begun and not finished.
#[derive(Debug)]
pub(super) struct Listing {
    holder: Target,
    child: &'static Child,
    wildcard: Option<String>,
    after: String,
}

impl Engine {
    /// `LIST <plural> [wildcard]`.
    pub(super) async fn list(&mut self, child: &'static Child, args: &Args) -> Ran {
        let wildcard = args.first_text().map(str::to_owned);
        let mut table = empty(child);
        table.rows = match child.shape {
            Shape::Stored(_) => self.first_page(child, wildcard).await?,
            Shape::Set(_) | Shape::Record(_) => {
                let view = self.view().await?;
                view.children(child.field)
                    .iter()
                    .map(|object| cells(child, object))
                    .collect()
            }
            Shape::Names(_) => {
                let view = self.view().await?;
                view.names(child.field)
                    .iter()
                    .map(|name| vec![name.clone()])
                    .collect()
            }
            Shape::Part(_) => return Err(Refusal::new(Cause::Internal, "a part is not listed")),
        };
        if let (Some(wildcard), true) = (args.first_text(), child.in_tree()) {
            table
                .rows
                .retain(|row| row.first().is_some_and(|name| fits(wildcard, name)));
        }
        Ok(Reply::with(Body::Table(table)))
    }

    async fn first_page(
        &mut self,
        child: &'static Child,
        wildcard: Option<String>,
    ) -> Result<Vec<Vec<String>>, Refusal> {
        let holder = self.place().target;
        let page = self
            .backend
            .list(&holder, child, wildcard.as_deref(), None, PAGE)
            .await?;
        self.listing = page.next.map(|after| Listing {
            holder,
            child,
            wildcard,
            after,
        });
        Ok(page.rows)
    }

    /// The next page of the list that was begun.
    pub(super) async fn more(&mut self) -> Answer {
        let Some(mut listing) = self.listing.take() else {
            return Answer::Rows {
                rows: Vec::new(),
                more: false,
            };
        };
        let Listing {
            holder,
            child,
            wildcard,
            after,
        } = &listing;
        match self
            .backend
            .list(holder, child, wildcard.as_deref(), Some(after), PAGE)
            .await
        {
            Ok(page) => {
                if let Some(after) = page.next {
                    listing.after = after;
                    self.listing = Some(listing);
                }
                Answer::Rows {
                    rows: page.rows,
                    more: self.listing.is_some(),
                }
            }
            Err(refusal) => {
                tracing::error!("a list was broken off: {refusal}");
                Answer::Broken(super::refused(&refusal).message)
            }
        }
    }
}

/// The table of a child without rows.
fn empty(child: &Child) -> Table {
    let form = match child.layout {
        Layout::Bars => Form::Bars,
        Layout::Blanks => Form::Blanks,
        Layout::Plain => Form::Plain,
    };
    let column = |(name, width): &(&str, usize)| Column {
        name: (*name).to_owned(),
        width: *width,
    };
    let mut columns: Vec<Column> = child.columns.iter().map(column).collect();
    if columns.is_empty() {
        columns.push(Column::new("name"));
    }
    Table {
        title: child.title.to_owned(),
        form,
        columns,
        rows: Vec::new(),
    }
}

fn cells(child: &Child, object: &Object) -> Vec<String> {
    if child.columns.is_empty() {
        return vec![object.key(child)];
    }
    child
        .columns
        .iter()
        .map(|(name, _)| object.get(name).plain())
        .collect()
}
