//! `axictl schema`: every setting this version knows, with type, default, unit, and whether it has an effect yet.
//!
//! Printed from the schema that daemon and tool share, so it needs no daemon and cannot disagree with HELP.

use crate::render::Form;
use axigen_shared::schema::{self, Access, Attr, Context, Effect, Live};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{self, Write};

/// Exit status when the context is not known.
const UNKNOWN: u8 = 1;

/// Prints all contexts, or those whose path begins with `only`; the exit status.
pub fn print(form: Form, only: Option<&str>, without_effect: bool) -> io::Result<u8> {
    let chosen = |context: &&'static Context| {
        only.is_none_or(|path| {
            let beginning = context.path.get(..path.len());
            beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(path))
        })
    };
    let contexts: Vec<&'static Context> = schema::contexts().filter(chosen).collect();
    if contexts.is_empty() {
        eprintln!(
            "axictl: no context {}; axictl schema lists all",
            only.unwrap_or_default()
        );
        return Ok(UNKNOWN);
    }
    let text = match form {
        Form::Json => format!("{}\n", json(&contexts, without_effect)),
        Form::Plain => plain(&contexts, without_effect),
        Form::Table => tables(&contexts, without_effect),
    };
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(0)
}

fn attributes(context: &'static Context, without_effect: bool) -> impl Iterator<Item = &'static Attr> {
    let wanted =
        move |attr: &&'static Attr| !attr.legacy && (!without_effect || context.effect(attr) == Effect::None);
    context.attributes().filter(wanted)
}

/// When a committed change is felt, in words.
pub const fn live(live: Live) -> &'static str {
    match live {
        Live::AtSet => "at SET",
        Live::Now => "at COMMIT",
        Live::NewSessions => "new sessions",
        Live::Restart => "after a restart",
    }
}

/// Whether a change is felt at all, in one word.
pub const fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::None => "none",
        Effect::Works => "works",
    }
}

fn access(access: Access) -> &'static str {
    match access {
        Access::Open => "open",
        Access::Key => "key",
        Access::WriteOnly => "writeOnly",
        Access::ReadOnly => "readOnly",
        Access::FileOnly => "fileOnly",
    }
}

fn json(contexts: &[&'static Context], without_effect: bool) -> Value {
    let attribute = |context: &'static Context, attr: &'static Attr| {
        json!({
            "name": attr.name,
            "type": attr.kind.name(),
            "accepts": attr.kind.expected(),
            "values": attr.kind.words(),
            "unit": attr.unit.symbol(),
            "default": context.default(attr).json(),
            "help": attr.help,
            "live": live(attr.live),
            "effect": effect(context.effect(attr)),
            "access": access(attr.access),
        })
    };
    let context = |context: &&'static Context| {
        let attributes: Vec<Value> = attributes(context, without_effect)
            .map(|attr| attribute(context, attr))
            .collect();
        json!({"context": context.path, "prompt": context.prompt, "attributes": attributes})
    };
    let rows = contexts
        .iter()
        .map(context)
        .filter(|row| !without_effect || row["attributes"] != json!([]));
    Value::Array(rows.collect())
}

/// One line an attribute, fields separated by tabs: context, name, type, default, unit, live, effect.
fn plain(contexts: &[&'static Context], without_effect: bool) -> String {
    let mut text = String::new();
    for context in contexts {
        for attr in attributes(context, without_effect) {
            let fields = [
                context.path,
                attr.name,
                attr.kind.name(),
                &context.default(attr).text(),
                attr.unit.symbol(),
                live(attr.live),
                effect(context.effect(attr)),
            ];
            text.push_str(&fields.join("\t"));
            text.push('\n');
        }
    }
    text
}

fn tables(contexts: &[&'static Context], without_effect: bool) -> String {
    let mut text = String::new();
    let (mut all, mut missing) = (0, 0);
    for context in contexts {
        let rows: Vec<&Attr> = attributes(context, without_effect).collect();
        all += rows.len();
        missing += rows
            .iter()
            .filter(|attr| context.effect(attr) == Effect::None)
            .count();
        if rows.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{}", context.path);
        for attr in rows {
            let mark = if context.effect(attr) == Effect::None {
                "*"
            } else {
                ""
            };
            let unit = if attr.unit.symbol().is_empty() {
                String::new()
            } else {
                format!(" {}", attr.unit.symbol())
            };
            let name = format!("{}{mark}", attr.name);
            let _ = writeln!(text, "  {name:34} {}{unit}", context.default(attr).text());
        }
    }
    if without_effect {
        let _ = writeln!(text, "{all} settings are stored and change nothing yet");
    } else {
        let _ = writeln!(
            text,
            "{all} settings; {missing} marked * are stored, but change nothing yet"
        );
    }
    text
}
