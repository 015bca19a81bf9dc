//! What people see of an apply: each object that differs with its settings, then a sum.

use super::{Entry, spoken};
use crate::render::Form;
use axigen_shared::control::{Effect, Outcome};
use serde_json::json;
use std::io::{self, Write};

/// Counts of outcomes, and how they are printed.
pub struct Report {
    form: Form,
    file: String,
    /// Nothing was done, it was only compared.
    check: bool,
    /// What was made is only counted: a table brings accounts by the thousand.
    brief: bool,
    created: usize,
    changed: usize,
    removed: usize,
    unchanged: usize,
    /// Objects that are not as wanted.
    pub refused: usize,
}

impl Report {
    /// Of applying this file.
    pub fn new(form: Form, file: &str, check: bool) -> Self {
        Self {
            form,
            file: file.to_owned(),
            check,
            brief: false,
            created: 0,
            changed: 0,
            removed: 0,
            unchanged: 0,
            refused: 0,
        }
    }

    /// The same, without a line for each object that was made.
    pub fn brief(mut self) -> Self {
        self.brief = true;
        self
    }

    /// Whether anything was or would be different.
    pub fn differs(&self) -> bool {
        self.created + self.changed + self.removed + self.refused > 0
    }

    /// Tells how it went with one object.
    pub fn tell(&mut self, entry: &Entry, outcome: &Outcome) -> io::Result<()> {
        *match outcome.effect {
            Effect::Created => &mut self.created,
            Effect::Changed => &mut self.changed,
            Effect::Removed => &mut self.removed,
            Effect::Unchanged => &mut self.unchanged,
            Effect::Refused => &mut self.refused,
        } += 1;
        if self.form == Form::Json {
            let value = json!({"way": entry.way, "line": entry.line, "outcome": outcome});
            return writeln!(io::stdout().lock(), "{value}");
        }
        for warning in &outcome.warnings {
            eprintln!("axictl: {}: {warning}", spoken(&entry.way));
        }
        match outcome.effect {
            Effect::Unchanged => Ok(()),
            Effect::Created if self.brief => Ok(()),
            Effect::Refused => {
                eprintln!(
                    "{}: {}: {}",
                    self.place(entry),
                    spoken(&entry.way),
                    outcome.message
                );
                Ok(())
            }
            effect => settings(effect, entry, outcome),
        }
    }

    /// Where the object is in the file.
    fn place(&self, entry: &Entry) -> String {
        if entry.line == 0 {
            self.file.clone()
        } else {
            format!("{}:{}", self.file, entry.line)
        }
    }

    /// The last line.
    pub fn sum(&self) -> io::Result<()> {
        let Self {
            created,
            changed,
            removed,
            unchanged,
            refused,
            ..
        } = self;
        if self.form == Form::Json {
            let value = json!({"created": created, "changed": changed, "removed": removed,
                "unchanged": unchanged, "refused": refused, "check": self.check});
            return writeln!(io::stdout().lock(), "{value}");
        }
        let would = if self.check { "Would be: " } else { "" };
        writeln!(
            io::stdout().lock(),
            "{would}{created} created, {changed} changed, {removed} removed, {unchanged} unchanged, {refused} refused"
        )
    }
}

/// An object that differs, and in what.
fn settings(effect: Effect, entry: &Entry, outcome: &Outcome) -> io::Result<()> {
    let sign = match effect {
        Effect::Created => '+',
        Effect::Removed => '-',
        _ => '~',
    };
    let mut out = io::stdout().lock();
    writeln!(out, "{sign} {}", spoken(&entry.way))?;
    // Of what is new only a look shows every setting: the file has them all.
    if effect != Effect::Changed {
        return Ok(());
    }
    for setting in &outcome.settings {
        let none = "(not set)".to_owned();
        let shown = |value: &String| {
            if value.is_empty() {
                none.clone()
            } else {
                value.clone()
            }
        };
        let (what, from, to) = (&setting.what, shown(&setting.from), shown(&setting.to));
        writeln!(out, "    {what}: {from} -> {to}")?;
    }
    Ok(())
}
