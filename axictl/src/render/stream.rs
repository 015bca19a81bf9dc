//! Printing the rows of a table while they arrive: a million of them in constant memory.
//!
//! A table of up to [`HELD`] rows is printed whole, like every other reply. Of a longer one so many are looked at first
//! (that is where the widths of columns on a terminal come from); then every row is printed when it is there.

use super::{Form, Printer, json, plain_lines, table, write};
use crate::input::Command;
use axigen_shared::control::{Body, List, Reply, Table};
use std::io;

/// Rows that are held before the first is printed.
const HELD: usize = 1000;

/// The reply to one command while it is printed.
pub struct Stream<'a> {
    printer: Printer,
    command: &'a Command,
    /// Without the rows of its table.
    reply: Reply,
    held: Vec<Vec<String>>,
    begun: Option<Begun>,
}

/// A table whose head is printed.
enum Begun {
    Json { table: Table, behind: String },
    Plain(List),
    Table(table::Rows),
}

impl<'a> Stream<'a> {
    /// Prints nothing yet.
    pub fn new(printer: Printer, command: &'a Command, reply: Reply) -> Self {
        Self {
            printer,
            command,
            reply,
            held: Vec::new(),
            begun: None,
        }
    }

    /// Takes the next rows. A broken pipe is an error; the caller ends quietly.
    pub fn rows(&mut self, rows: Vec<Vec<String>>) -> io::Result<()> {
        if let Some(begun) = &self.begun {
            return write(&begun.rows(rows));
        }
        self.held.extend(rows);
        if self.held.len() > HELD {
            let head = self.head();
            write(&head)?;
        }
        Ok(())
    }

    /// Prints what is behind the rows, or the whole reply when there were few.
    pub fn end(mut self) -> io::Result<()> {
        let Some(begun) = self.begun.take() else {
            if let Body::Table(table) = &mut self.reply.body {
                table.rows.append(&mut self.held);
            }
            return self.printer.reply(self.command, &self.reply);
        };
        write(&begun.end())?;
        self.printer.beside(self.command, &self.reply);
        Ok(())
    }

    /// The head and the rows that were held; nothing when the reply is no table.
    fn head(&mut self) -> String {
        let held = std::mem::take(&mut self.held);
        let Body::Table(table) = &self.reply.body else {
            return String::new();
        };
        let (text, begun) = match self.printer.form {
            Form::Json => {
                let (before, behind) = json::around_rows(&super::masked(self.command), &self.reply);
                let table = table.clone();
                let first = json_rows(&table, &held).trim_start_matches(',').to_owned();
                (before + &first, Begun::Json { table, behind })
            }
            Form::Plain => {
                let mut reply = super::without_prompt(&self.reply);
                if let Body::Table(table) = &mut reply.body {
                    table.rows = held;
                }
                let (text, list) = List::begin(reply, false);
                (plain_lines(&text), Begun::Plain(list))
            }
            Form::Table => {
                let (text, rows) = table::Rows::begin(table, &held, self.printer.color);
                (text, Begun::Table(rows))
            }
        };
        self.begun = Some(begun);
        text
    }
}

impl Begun {
    fn rows(&self, rows: Vec<Vec<String>>) -> String {
        match self {
            Self::Json { table, .. } => json_rows(table, &rows),
            Self::Plain(list) => plain_lines(&list.rows(rows)),
            Self::Table(table) => table.more(&rows),
        }
    }

    fn end(self) -> String {
        match self {
            Self::Json { behind, .. } => behind + "\n",
            Self::Plain(list) => plain_lines(&list.end()),
            Self::Table(_) => String::new(),
        }
    }
}

/// Rows as JSON, each behind a comma.
fn json_rows(table: &Table, rows: &[Vec<String>]) -> String {
    rows.iter().fold(String::new(), |mut text, cells| {
        text.push(',');
        text.push_str(&json::row(table, cells).to_string());
        text
    })
}

#[cfg(test)]
mod tests {
    use super::{HELD, Stream};
    use crate::input::{Command, Place};
    use crate::render::{Form, Printer, plain};
    use axigen_shared::control::{Body, Column, Reply, Table};

    fn reply(rows: Vec<Vec<String>>) -> Reply {
        Reply::with(Body::Table(Table {
            title: "The list of \"rows\":[]:".into(),
            columns: vec![Column::new("name"), Column::new("enable")],
            rows,
            ..Table::default()
        }))
    }

    fn row(number: usize) -> Vec<String> {
        vec![format!("account-{number}"), "yes".into()]
    }

    /// What is printed of a long table, with the most rows that were held at any time.
    fn streamed(form: Form) -> (String, usize) {
        let printer = Printer {
            form,
            color: false,
            error_color: false,
        };
        let command = Command {
            text: "LIST x".into(),
            place: Place::Typed,
        };
        let mut stream = Stream::new(printer, &command, reply(Vec::new()));
        let mut text = String::new();
        let mut most = 0;
        for batch in 0..30 {
            let rows: Vec<_> = (batch * 100..(batch + 1) * 100).map(row).collect();
            if let Some(begun) = &stream.begun {
                text += &begun.rows(rows);
                continue;
            }
            stream.held.extend(rows);
            most = most.max(stream.held.len());
            if stream.held.len() > HELD {
                text += &stream.head();
            }
        }
        (text + &stream.begun.take().unwrap().end(), most)
    }

    #[test]
    fn the_pieces_are_the_whole_and_few_rows_are_held() {
        let whole = reply((0..3000).map(row).collect());
        let (text, most) = streamed(Form::Plain);
        assert_eq!(text, plain(&whole));
        assert!(most <= HELD + 100);
        let (text, _) = streamed(Form::Json);
        assert_eq!(text, super::json::object("LIST x", &whole) + "\n");
    }

    #[test]
    fn columns_keep_their_places() {
        let (text, _) = streamed(Form::Table);
        let at = |line: &str| line.find("yes");
        let lines: Vec<&str> = text.lines().filter(|line| line.contains("account-")).collect();
        assert_eq!(lines.len(), 3000);
        assert!(at(lines[0]).is_some() && lines.iter().all(|line| at(line) == at(lines[0])));
    }
}
