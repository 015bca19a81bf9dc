//! The schema as JSON: what every context, attribute and command is, and whether it has an effect yet.

use super::Ran;
use axigen_shared::control::{Body, Reply};
use axigen_shared::grammar;
use axigen_shared::schema::{self, Access, Attr, Child, Context, Effect, Leave, Live, Shape};
use axigen_shared::{Cause, Refusal};
use serde_json::{Value, json};

/// Describes one context, or all of them.
pub(super) fn describe(path: Option<&str>, without_effect: bool) -> Ran {
    let wanted = |context: &&'static Context| path.is_none_or(|path| context.path.eq_ignore_ascii_case(path));
    let contexts: Vec<&'static Context> = schema::contexts().filter(wanted).collect();
    if let (Some(path), true) = (path, contexts.is_empty()) {
        return Err(Refusal::new(Cause::NotFound, format!("no context {path}")));
    }
    let described = contexts
        .into_iter()
        .map(|context| described(context, without_effect));
    let value = described
        .filter(|value| !without_effect || has_something(value))
        .collect();
    Ok(Reply::with(Body::Json {
        value: Value::Array(value),
    }))
}

fn described(context: &'static Context, without_effect: bool) -> Value {
    let attrs = context.attributes().filter(|attr| !attr.legacy);
    let attributes: Vec<Value> = attrs
        .filter(|attr| !without_effect || context.effect(attr) == Effect::None)
        .map(|attr| attribute(context, attr))
        .collect();
    let help = grammar::help(context)
        .into_iter()
        .filter(|line| !line.syntax.is_empty());
    let commands: Vec<Value> = help
        .filter(|line| !without_effect || !line.missing.is_empty())
        .map(|line| json!({"syntax": line.syntax, "help": line.help, "enters": line.enters, "missing": line.missing}))
        .collect();
    json!({
        "context": context.path,
        "prompt": context.prompt,
        "title": context.title,
        "leave": leave(context.leave),
        "inherits": context.inherits,
        "attributes": attributes,
        "children": context.children.iter().map(child).collect::<Vec<_>>(),
        "commands": commands,
    })
}

fn has_something(value: &Value) -> bool {
    let empty = |field: &str| {
        value
            .get(field)
            .and_then(Value::as_array)
            .is_none_or(Vec::is_empty)
    };
    !empty("attributes") || !empty("commands")
}

fn attribute(context: &Context, attr: &Attr) -> Value {
    json!({
        "name": attr.name,
        "type": attr.kind.name(),
        "accepts": attr.kind.expected(),
        "values": attr.kind.words(),
        "unit": attr.unit.symbol(),
        "default": context.default(attr).json(),
        "help": attr.help,
        "live": live(attr.live),
        "effect": if context.effect(attr) == Effect::None { "none" } else { "works" },
        "access": access(attr.access),
    })
}

fn child(child: &Child) -> Value {
    json!({
        "object": child.object,
        "field": child.field,
        "shape": match child.shape {
            Shape::Part(_) => "part",
            Shape::Set(_) => "set",
            Shape::Record(_) => "record",
            Shape::Stored(_) => "stored",
            Shape::Names(_) => "names",
        },
        "key": child.key,
        "context": child.context().map(|context| context.path),
        "effect": if child.effect == Effect::None { "none" } else { "works" },
    })
}

const fn leave(leave: Leave) -> &'static str {
    match leave {
        Leave::Commit => "COMMIT",
        Leave::Done => "DONE",
        Leave::Free => "",
    }
}

const fn live(live: Live) -> &'static str {
    match live {
        Live::AtSet => "at SET",
        Live::Now => "at COMMIT",
        Live::NewSessions => "new sessions",
        Live::Restart => "after a restart",
    }
}

const fn access(access: Access) -> &'static str {
    match access {
        Access::Open => "open",
        Access::Key => "key",
        Access::WriteOnly => "writeOnly",
        Access::ReadOnly => "readOnly",
        Access::FileOnly => "fileOnly",
    }
}
