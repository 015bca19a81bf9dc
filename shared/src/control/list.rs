//! A table as the bytes of the AXIGEN CLI, piece by piece: head, rows as they come, end.
//!
//! Together the pieces are what [`axigen`] makes of the whole reply.

use super::{Body, Reply, Table, axigen};

/// Line end of the server (WIRE.md 1).
const END: &str = "\r\n";

/// A table that is being written.
#[derive(Debug)]
pub struct List {
    /// Without rows.
    table: Table,
    tail: String,
    prompt: String,
    quiet: bool,
}

impl List {
    /// The text up to and with the rows that are in the reply, and what writes the rest. A reply that is no table has no
    /// rows.
    pub fn begin(mut reply: Reply, quiet: bool) -> (String, Self) {
        let whole = axigen(&reply, quiet);
        let body = std::mem::take(&mut reply.body);
        let blank = if quiet { "" } else { END };
        let tail = format!("{blank}{}", axigen(&reply, quiet));
        let head = whole.strip_suffix(&tail).unwrap_or(&whole).to_owned();
        let table = match body {
            Body::Table(table) => Table {
                rows: Vec::new(),
                ..table
            },
            _ => Table::default(),
        };
        let list = Self {
            table,
            tail,
            prompt: reply.prompt,
            quiet,
        };
        (head, list)
    }

    /// Further rows.
    pub fn rows(&self, rows: Vec<Vec<String>>) -> String {
        let page = Table {
            rows,
            ..self.table.clone()
        };
        // Quiet leaves nothing but the rows and the status line, which is cut off.
        let mut text = axigen(&Reply::with(Body::Table(page)), true);
        let status = axigen(&Reply::done(), true);
        text.truncate(text.len().saturating_sub(status.len()));
        text
    }

    /// What is behind the rows: status line and prompt.
    pub fn end(self) -> String {
        self.tail
    }

    /// The same for a list that cannot be read on.
    pub fn broken(self, why: &str) -> String {
        let blank = if self.quiet { "" } else { END };
        let reply = Reply {
            prompt: self.prompt,
            ..Reply::refused(why)
        };
        format!("{blank}{}", axigen(&reply, self.quiet))
    }
}

#[cfg(test)]
mod tests {
    use super::List;
    use crate::control::{Body, Column, Form, Reply, Table, axigen};

    #[test]
    fn the_pieces_are_the_whole() {
        let row = |number: usize| vec![format!("account-{number}"), "yes".to_owned()];
        for (form, quiet) in [
            (Form::Bars, false),
            (Form::Blanks, true),
            (Form::Plain, false),
            (Form::Plain, true),
        ] {
            let table = |rows: Vec<Vec<String>>| Table {
                title: "The list of accounts for this domain:".into(),
                form,
                columns: vec![Column::new("name"), Column::new("enable")],
                rows,
            };
            let reply = |rows| Reply {
                prompt: "<domain#> ".into(),
                ..Reply::with(Body::Table(table(rows)))
            };
            let (mut text, list) = List::begin(reply((0..3).map(row).collect()), quiet);
            text += &list.rows((3..5).map(row).collect());
            text += &list.rows((5..6).map(row).collect());
            text += &list.end();
            assert_eq!(text, axigen(&reply((0..6).map(row).collect()), quiet));
        }
    }
}
