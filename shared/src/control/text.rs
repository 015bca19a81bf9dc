//! A reply as the bytes of the AXIGEN CLI (WIRE.md 6): payload, status line, prompt, in one piece for one write.
//!
//! Published clients count lines and columns, so every blank here is deliberate; the golden test holds each form. Two rules
//! hold for every payload line: it never contains `-ERR` (a client takes it anywhere for a failure) and never looks like a
//! status line.

use super::{Attribute, Body, Form, HelpLine, Note, Reply, Section, Table};

/// Line end of the server (WIRE.md 1).
const END: &str = "\r\n";
/// Least length of the dashes below a header (WIRE.md 6.1).
const DASHES: usize = 20;

/// The reply as text. `quiet` leaves out titles, headers, dashes and blank lines (WIRE.md 4.2).
pub fn axigen(reply: &Reply, quiet: bool) -> String {
    let mut out = Lines {
        text: String::new(),
        quiet,
    };
    out.body(&reply.body);
    if reply.committed && reply.ok() {
        out.frame("committing changes... done");
    }
    let word = if reply.ok() { "+OK" } else { "-ERR" };
    let mut message = reply.message.clone();
    for warning in &reply.warnings {
        message.push_str("; ");
        message.push_str(warning);
    }
    // The status line itself may say `-ERR` only at its beginning.
    let message = harmless(&message);
    out.text + word + ": " + &message + END + &reply.prompt
}

/// Lines of a job on their way, before its status line.
pub fn axigen_lines(lines: &[String]) -> String {
    let mut out = Lines {
        text: String::new(),
        quiet: false,
    };
    for line in lines {
        out.data(line);
    }
    out.text
}

/// A line without line ends and control characters, and without `-ERR`.
fn harmless(line: &str) -> String {
    let clean: String = line
        .chars()
        .map(|c| if c.is_control() && c != '\t' { ' ' } else { c })
        .collect();
    clean.replace("-ERR", "- ERR")
}

struct Lines {
    text: String,
    quiet: bool,
}

impl Lines {
    /// A line of data.
    fn data(&mut self, line: &str) {
        let line = harmless(line);
        if line.starts_with("+OK:") {
            self.text.push(' ');
        }
        self.text.push_str(&line);
        self.text.push_str(END);
    }

    /// A line of the frame around data: title, header, dashes, blank line.
    fn frame(&mut self, line: &str) {
        if !self.quiet {
            self.data(line);
        }
    }

    fn body(&mut self, body: &Body) {
        match body {
            Body::None => {}
            Body::Table(table) => {
                self.frame("");
                self.frame(&table.title);
                self.table(table);
                self.frame("");
            }
            Body::Tables { tables } => {
                self.frame("");
                for table in tables {
                    // These headings are how clients tell the tables apart; quiet keeps them.
                    self.data(&table.title);
                    self.table(table);
                    self.frame("");
                }
            }
            Body::Attributes { sections } => {
                self.frame("");
                for section in sections {
                    self.section(section);
                }
                self.frame("");
            }
            Body::Attribute(attribute) => self.data(&attribute_line(attribute)),
            Body::Help { title, lines } => self.help(title, lines),
            Body::Text { lines, blank } => {
                for line in lines {
                    self.data(line);
                }
                if *blank {
                    self.frame("");
                }
            }
            Body::Json { value } => self.data(&value.to_string()),
        }
    }

    fn table(&mut self, table: &Table) {
        if table.form != Form::Plain {
            let header: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
            let header = row(table, &header);
            self.frame("");
            self.frame(&header);
            self.frame(&"-".repeat(header.trim_end().chars().count().max(DASHES)));
        }
        for cells in &table.rows {
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            self.data(&row(table, &cells));
        }
    }

    fn section(&mut self, section: &Section) {
        self.frame(&format!("{}:", section.title));
        section
            .attributes
            .iter()
            .for_each(|attribute| self.data(&attribute_line(attribute)));
        section.lines.iter().for_each(|line| self.data(line));
    }

    fn help(&mut self, title: &str, lines: &[HelpLine]) {
        self.frame(&format!("The commands available for the {title} context are:"));
        for line in lines {
            if line.syntax.is_empty() {
                self.frame("");
                continue;
            }
            let missing = if line.missing.is_empty() {
                String::new()
            } else {
                format!(" ({})", line.missing)
            };
            let enters = if line.enters { " (changes context)" } else { "" };
            self.data(&format!("{} - {}{missing}{enters}", line.syntax, line.help));
        }
        self.frame("");
    }
}

/// `name = value`, one blank on each side, with the note of where the value comes from (WIRE.md 6.3).
fn attribute_line(attribute: &Attribute) -> String {
    let note = match &attribute.note {
        None => String::new(),
        Some(Note::Explicit) => " [explicit]".to_owned(),
        Some(Note::Overrides(other)) => format!(" [explicit, overrides inherited value: {other}]"),
        Some(Note::Inherited) => " [inherited]".to_owned(),
    };
    format!("{} = {}{note}", attribute.name, attribute.text)
}

/// One row. A cell is padded to the width of its column; a cell that is longer pushes the rest to the right.
fn row(table: &Table, cells: &[&str]) -> String {
    let mut out = String::new();
    let last = cells.len().saturating_sub(1);
    for (at, (cell, column)) in cells.iter().zip(&table.columns).enumerate() {
        let fill = column.width.saturating_sub(cell.chars().count());
        out.push_str(cell);
        match table.form {
            // A client needs the last column padded with at least one blank (LIST Listeners).
            Form::Bars if at == last && column.width > 0 => out.push_str(&" ".repeat(fill.max(1))),
            Form::Bars if at < last => {
                out.push_str(&" ".repeat(fill));
                out.push_str(" | ");
            }
            Form::Blanks if at < last => out.push_str(&" ".repeat(fill.max(2))),
            Form::Plain | Form::Bars | Form::Blanks => {}
        }
    }
    out
}

#[cfg(test)]
mod tests;
