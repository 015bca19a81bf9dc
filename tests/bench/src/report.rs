//! The lines: `{bench, system, version, n, runs, median, p99, unit, cpu_s, syncs, bytes, disk_sync_ms, error}`.
//!
//! One line per bench and system. A bench yields figures in every round; the line has the median of the rounds. A bench that
//! failed in any round has an error on its line, also when other rounds went well. What is not measured is null, never nought.

use crate::meter::Spent;
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// One figure of one round.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    /// Follows the name of the bench with a dot; empty for its main figure.
    pub(crate) part: &'static str,
    pub(crate) unit: &'static str,
    /// Operations of this round.
    pub(crate) n: u64,
    /// What was measured: one value, or one for each operation.
    pub(crate) values: Vec<f64>,
    /// What the server spent, on the main figure.
    pub(crate) spent: Option<Spent>,
}

impl Figure {
    /// A figure of one value.
    pub(crate) fn one(part: &'static str, value: f64, unit: &'static str, n: u64) -> Self {
        Self {
            part,
            unit,
            n,
            values: vec![value],
            spent: None,
        }
    }

    /// A figure with one value for each operation.
    pub(crate) fn many(part: &'static str, values: Vec<f64>, unit: &'static str) -> Self {
        Self {
            part,
            unit,
            n: values.len() as u64,
            values,
            spent: None,
        }
    }

    /// The same with what the server spent.
    pub(crate) fn spending(self, spent: Spent) -> Self {
        Self {
            spent: Some(spent),
            ..self
        }
    }
}

/// One line as it is printed.
#[derive(Serialize)]
struct Row<'line> {
    bench: &'line str,
    system: &'line str,
    version: &'line str,
    n: Value,
    runs: usize,
    median: Value,
    p99: Value,
    unit: &'line str,
    cpu_s: Value,
    syncs: Value,
    bytes: Value,
    disk_sync_ms: Value,
    error: Option<&'line str>,
}

/// The rounds of one figure of one bench on one system.
struct Line {
    bench: String,
    system: &'static str,
    version: String,
    unit: &'static str,
    rounds: Vec<Figure>,
    disk_sync_ms: Vec<f64>,
    error: Option<String>,
}

/// All lines of a run.
#[derive(Default)]
pub(crate) struct Report {
    lines: Vec<Line>,
}

impl Report {
    /// Adds what one round of a bench brought.
    pub(crate) fn add(
        &mut self,
        (bench, system, version): (&str, &'static str, &str),
        disk_sync_ms: Option<f64>,
        outcome: Result<Vec<Figure>, String>,
    ) {
        let figures = match outcome {
            Ok(figures) => figures,
            Err(error) => {
                eprintln!("#   {bench} {system}: FAILED: {error}");
                let line = self.line(bench, (system, version), "");
                line.error.get_or_insert(error);
                line.disk_sync_ms.extend(disk_sync_ms);
                return;
            }
        };
        for figure in figures {
            let mut name = bench.to_owned();
            if !figure.part.is_empty() {
                let _ = write!(name, ".{}", figure.part);
            }
            eprintln!(
                "#   {name} {system}: {:.4} {}",
                median(&figure.values),
                figure.unit
            );
            let line = self.line(&name, (system, version), figure.unit);
            line.rounds.push(figure);
            line.disk_sync_ms.extend(disk_sync_ms);
        }
    }

    fn line(
        &mut self,
        bench: &str,
        (system, version): (&'static str, &str),
        unit: &'static str,
    ) -> &mut Line {
        let same = |line: &Line| line.bench == bench && line.system == system;
        let at = self.lines.iter().position(same).unwrap_or_else(|| {
            self.lines.push(Line {
                bench: bench.to_owned(),
                system,
                version: version.to_owned(),
                unit,
                rounds: Vec::new(),
                disk_sync_ms: Vec::new(),
                error: None,
            });
            self.lines.len() - 1
        });
        let line = &mut self.lines[at];
        // A bench that failed first knows no unit yet.
        if line.unit.is_empty() {
            line.unit = unit;
        }
        line
    }

    /// Prints all lines, a bench's systems side by side, and forgets them.
    pub(crate) fn print(&mut self) {
        let mut benches: Vec<String> = Vec::new();
        for line in &self.lines {
            if !benches.contains(&line.bench) {
                benches.push(line.bench.clone());
            }
        }
        for bench in benches {
            for line in self.lines.iter().filter(|line| line.bench == bench) {
                let row = serde_json::to_string(&line.row());
                println!("{}", row.expect("a row is plain data"));
            }
        }
        self.lines.clear();
    }
}

impl Line {
    fn row(&self) -> Row<'_> {
        let spent = |of: fn(&Spent) -> Option<f64>| -> Value {
            let known: Vec<f64> = self
                .rounds
                .iter()
                .filter_map(|figure| of(figure.spent.as_ref()?))
                .collect();
            number(&known)
        };
        let medians: Vec<f64> = self.rounds.iter().map(|figure| median(&figure.values)).collect();
        let counts: Vec<f64> = self.rounds.iter().map(|figure| figure.n as f64).collect();
        Row {
            bench: &self.bench,
            system: self.system,
            version: &self.version,
            n: number(&counts),
            runs: self.rounds.len(),
            median: number(&medians),
            p99: self.p99(),
            unit: self.unit,
            cpu_s: spent(|spent| Some(spent.cpu_s)),
            syncs: spent(|spent| spent.syncs.map(|count| count as f64)),
            bytes: spent(|spent| Some(spent.bytes as f64)),
            disk_sync_ms: number(&self.disk_sync_ms),
            error: self.error.as_deref(),
        }
    }

    /// Over the operations of all rounds; null where a round is one value.
    fn p99(&self) -> Value {
        if self.rounds.iter().all(|figure| figure.values.len() < 2) {
            return Value::Null;
        }
        let mut all: Vec<f64> = self
            .rounds
            .iter()
            .flat_map(|figure| &figure.values)
            .copied()
            .collect();
        all.sort_by(f64::total_cmp);
        rounded(all[(all.len() * 99 / 100).min(all.len() - 1)])
    }
}

/// A remark about the run: limits, file system, machine.
pub(crate) fn note(what: &str, text: &str) {
    println!("{}", json!({ "note": what, "text": text }));
}

/// The middle value; of an even number the mean of the two in the middle. NaN of none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        count if count % 2 == 0 => f64::midpoint(sorted[middle - 1], sorted[middle]),
        _ => sorted[middle],
    }
}

fn number(values: &[f64]) -> Value {
    if values.is_empty() {
        Value::Null
    } else {
        rounded(median(values))
    }
}

/// Four digits after the point; whole numbers without one.
fn rounded(value: f64) -> Value {
    let value = (value * 10_000.0).round() / 10_000.0;
    if value.fract() == 0.0 && value.abs() < 1e15 {
        json!(value as i64)
    } else {
        json!(value)
    }
}
