//! Replies for people at a terminal: tables as wide as the terminal, attributes with units and marks.
//!
//! What has no effect in this version is marked with `*` and explained below the table; an inherited value is dim and says
//! where it comes from. Cells are cleaned of control characters.

use super::{is_empty, without_controls};
use axigen_shared::control::{Attribute, Body, Form, HelpLine, Note, Reply, Section, Table};
use comfy_table::{
    Attribute as Style, Cell, CellAlignment, Color, ColumnConstraint, ContentArrangement, ContentLineStyle,
    LineStyle, TableStyle, Width,
};

/// A line below the header, two blanks between columns, no borders.
const STYLE: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none().junction(' '))
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .content_lines(ContentLineStyle::none().junction(' '));
/// Columns when the terminal does not say.
const WIDTH: u16 = 80;
/// Blanks around the contents of a column.
const AROUND: u16 = 2;
/// Columns of a table that is printed while it arrives do not become narrower than this.
const NARROWEST: u16 = 10;
/// Such a column gets at most so much more than it needs, when there is room.
const MORE: u16 = 6;
/// Mark of what is stored but changes nothing yet.
const MARK: &str = "*";

/// The reply as text; `typed` says that a person waits at a prompt and wants to see that something happened.
pub fn text(reply: &Reply, color: bool, typed: bool) -> String {
    if !reply.ok() {
        return String::new();
    }
    let mut page = Page {
        text: String::new(),
        color,
    };
    page.body(&reply.body);
    let said_more = reply.message != Reply::SUCCESSFUL && !reply.message.is_empty();
    if said_more || (typed && is_empty(&reply.body)) {
        let message = if said_more {
            without_controls(&reply.message)
        } else {
            "OK".to_owned()
        };
        page.line(&if color {
            format!("\u{1b}[32m{message}\u{1b}[0m")
        } else {
            message
        });
    }
    page.text
}

struct Page {
    text: String,
    color: bool,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn heading(&mut self, title: &str) {
        let title = without_controls(title);
        if !title.is_empty() {
            self.line(&if self.color {
                format!("\u{1b}[1m{title}\u{1b}[0m")
            } else {
                title
            });
        }
    }

    fn body(&mut self, body: &Body) {
        match body {
            Body::None => {}
            Body::Table(table) => self.table(table),
            Body::Tables { tables } => {
                for table in tables {
                    self.table(table);
                    self.line("");
                }
            }
            Body::Attributes { sections } => sections.iter().for_each(|section| self.section(section)),
            Body::Attribute(attribute) => self.attributes(std::slice::from_ref(attribute)),
            Body::Help { title, lines } => self.help(title, lines),
            Body::Text { lines, .. } => lines.iter().for_each(|line| self.line(&without_controls(line))),
            Body::Json { value } => {
                let pretty = serde_json::to_string_pretty(value).unwrap_or_default();
                self.line(&pretty);
            }
        }
    }

    fn table(&mut self, table: &Table) {
        self.heading(&table.title);
        if table.rows.is_empty() {
            self.line("(none)");
            return;
        }
        if is_bare(table) {
            table.rows.iter().for_each(|row| self.bare(row));
            return;
        }
        let mut grid = grid(self.color);
        grid.set_header(table.columns.iter().map(|column| self.header(&column.name)));
        for row in &table.rows {
            grid.add_row(cells(row));
        }
        self.print(&grid);
    }

    /// A row without columns.
    fn bare(&mut self, row: &[String]) {
        self.line(&without_controls(&row.join("  ")));
    }

    fn section(&mut self, section: &Section) {
        self.heading(&section.title);
        self.attributes(&section.attributes);
        section
            .lines
            .iter()
            .for_each(|line| self.line(&without_controls(line)));
    }

    fn attributes(&mut self, attributes: &[Attribute]) {
        if attributes.is_empty() {
            return;
        }
        let mut grid = grid(self.color);
        let noted = attributes.iter().any(|attribute| attribute.note.is_some());
        let mut titles = vec![self.header("setting"), self.header("value")];
        if noted {
            titles.push(self.header("from"));
        }
        grid.set_header(titles);
        for attribute in attributes {
            let mark = if attribute.without_effect { MARK } else { "" };
            let unit = if attribute.unit.is_empty() {
                String::new()
            } else {
                format!(" {}", attribute.unit)
            };
            let inherited = attribute.note == Some(Note::Inherited);
            let dim = |cell: Cell| {
                if attribute.without_effect || inherited {
                    cell.add_attribute(Style::Dim)
                } else {
                    cell
                }
            };
            let mut row = vec![
                dim(Cell::new(format!("{}{mark}", attribute.name))),
                dim(Cell::new(without_controls(&format!("{}{unit}", attribute.text)))),
            ];
            if noted {
                row.push(dim(Cell::new(without_controls(&origin(attribute.note.as_ref())))));
            }
            grid.add_row(row);
        }
        // A name that is broken over two lines cannot be searched or copied; values may be.
        if let Some(names) = grid.column_mut(0) {
            names.set_constraint(ColumnConstraint::ContentWidth);
        }
        self.print(&grid);
        if attributes.iter().any(|attribute| attribute.without_effect) {
            self.line(&format!("{MARK} stored, without effect in this version"));
        }
    }

    fn help(&mut self, title: &str, lines: &[HelpLine]) {
        let context = if title.is_empty() {
            "this context".to_owned()
        } else {
            format!("the {title} context")
        };
        self.heading(&format!("The commands of {context}:"));
        for line in lines {
            if line.syntax.is_empty() {
                self.line("");
                continue;
            }
            let missing = if line.missing.is_empty() {
                String::new()
            } else {
                format!(" ({})", line.missing)
            };
            let enters = if line.enters { " (changes context)" } else { "" };
            let syntax = without_controls(&line.syntax);
            let syntax = if self.color {
                format!("\u{1b}[36m{syntax}\u{1b}[0m")
            } else {
                syntax
            };
            self.line(&format!("  {syntax}"));
            self.line(&format!(
                "      {}{missing}{enters}",
                without_controls(&line.help)
            ));
        }
    }

    fn header(&self, title: &str) -> Cell {
        let cell = Cell::new(without_controls(title));
        if self.color { cell.fg(Color::Cyan) } else { cell }
    }

    fn print(&mut self, grid: &comfy_table::Table) {
        for line in grid.lines() {
            self.line(line.trim_end());
        }
    }
}

/// A table that is printed while its rows arrive: the first of them decide how wide its columns are.
pub struct Rows {
    /// Of the columns, with the blanks around; none for a table that is printed without columns.
    widths: Vec<u16>,
    color: bool,
}

impl Rows {
    /// Heading, header and the first rows, and what prints the others.
    pub fn begin(table: &Table, first: &[Vec<String>], color: bool) -> (String, Self) {
        let mut page = Page {
            text: String::new(),
            color,
        };
        page.heading(&table.title);
        let mut rows = Self {
            widths: Vec::new(),
            color,
        };
        if is_bare(table) {
            return (page.text + &rows.more(first), rows);
        }
        let mut grid = grid(color);
        grid.set_header(table.columns.iter().map(|column| page.header(&column.name)));
        for row in first {
            grid.add_row(cells(row));
        }
        rows.widths = fitted(grid.column_max_content_widths(), grid.width().unwrap_or(WIDTH));
        rows.fix(&mut grid);
        page.print(&grid);
        (page.text, rows)
    }

    /// Further rows.
    pub fn more(&self, rows: &[Vec<String>]) -> String {
        let mut page = Page {
            text: String::new(),
            color: self.color,
        };
        if self.widths.is_empty() {
            for row in rows {
                page.bare(row);
            }
            return page.text;
        }
        let mut grid = grid(self.color);
        for row in rows {
            grid.add_row(cells(row));
        }
        self.fix(&mut grid);
        page.print(&grid);
        page.text
    }

    fn fix(&self, grid: &mut comfy_table::Table) {
        for (at, width) in self.widths.iter().enumerate() {
            if let Some(column) = grid.column_mut(at) {
                column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(*width)));
            }
        }
    }
}

/// Widths of columns, with the blanks around them: the widest give way until the line fits.
fn fitted(contents: Vec<u16>, line: u16) -> Vec<u16> {
    let mut widths: Vec<u16> = contents
        .into_iter()
        .map(|width| width.clamp(1, line).saturating_add(AROUND))
        .collect();
    let between = widths.len().saturating_sub(1);
    let room = usize::from(line).saturating_sub(between);
    while widths.iter().copied().map(usize::from).sum::<usize>() > room {
        match widths.iter_mut().max() {
            Some(widest) if *widest > NARROWEST => *widest -= 1,
            _ => break,
        }
    }
    // Rows to come may be longer than those seen.
    let taken: usize = widths.iter().copied().map(usize::from).sum();
    let each = room.saturating_sub(taken) / widths.len().max(1);
    let more = u16::try_from(each).unwrap_or(MORE).min(MORE);
    for width in &mut widths {
        *width += more;
    }
    widths
}

/// Whether it is printed without columns.
fn is_bare(table: &Table) -> bool {
    table.form == Form::Plain || table.columns.len() == 1
}

/// The cells of a row; numbers stand at the right.
fn cells(row: &[String]) -> impl Iterator<Item = Cell> {
    row.iter().map(|cell| {
        let numeric = !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit());
        let alignment = if numeric {
            CellAlignment::Right
        } else {
            CellAlignment::Left
        };
        Cell::new(without_controls(cell)).set_alignment(alignment)
    })
}

fn grid(color: bool) -> comfy_table::Table {
    let mut grid = comfy_table::Table::new();
    // Asked before `force_no_tty`, which makes it forget the terminal.
    let width = grid.width().unwrap_or(WIDTH);
    grid.load_style(STYLE)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width);
    if color {
        grid.enforce_styling();
    } else {
        grid.force_no_tty();
    }
    grid
}

fn origin(note: Option<&Note>) -> String {
    match note {
        None => String::new(),
        Some(Note::Explicit) => "set here".to_owned(),
        Some(Note::Overrides(other)) => format!("set here, inherited: {other}"),
        Some(Note::Inherited) => "inherited".to_owned(),
    }
}
