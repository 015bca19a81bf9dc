//! The canonical form of a file: order of the schema, 4 spaces a level, one attribute a line.

use crate::schema::{Attr, Child, Effect, Object, Shape};
use crate::value::{Kind, quoted};
use std::fmt::Write as _;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// What is explicit, secrets included: the file.
    Explicit,
    /// Everything in force, for eyes: defaults included, secrets left out.
    Everything,
}

/// Writes an object.
pub fn print(object: &Object, scope: Scope) -> String {
    let mut out = Writer {
        text: String::new(),
        level: 0,
        scope,
    };
    out.object(object);
    out.text
}

struct Writer {
    text: String,
    level: usize,
    scope: Scope,
}

impl Writer {
    fn line(&mut self, line: &str) {
        let indent = "    ".repeat(self.level);
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{indent}{line}");
    }

    fn object(&mut self, object: &Object) {
        for attr in object.context.attributes() {
            if let Some(value) = self.value(object, attr) {
                self.line(&format!("{} = {value}", attr.name));
            }
        }
        for child in object.context.children.iter().filter(|child| child.in_tree()) {
            self.child(object, child);
        }
        for unknown in &object.unknown {
            self.line(&format!("{} = {}", unknown.name, unknown.text));
        }
    }

    fn value(&self, object: &Object, attr: &'static Attr) -> Option<String> {
        match self.scope {
            Scope::Explicit => object.values.get(attr.name).map(crate::value::Value::written),
            Scope::Everything if matches!(attr.kind, Kind::Password { .. }) => None,
            Scope::Everything => {
                // Attributes of old scripts are of no interest unless someone has set them.
                let shown =
                    !attr.legacy || attr.effect == Effect::Works || object.explicit(attr.name).is_some();
                shown.then(|| object.value(attr).text())
            }
        }
    }

    fn child(&mut self, object: &Object, child: &'static Child) {
        match child.shape {
            Shape::Part(context) => {
                let part = match self.scope {
                    Scope::Explicit => object.parts.get(child.field).cloned(),
                    Scope::Everything => {
                        Some(object.part(child.field).unwrap_or_else(|| Object::new(context)))
                    }
                };
                if let Some(part) = part {
                    self.braces(&format!("{} = {{", child.field), &part, "}");
                }
            }
            Shape::Set(_) | Shape::Record(_) => {
                let set = match self.scope {
                    Scope::Explicit => object.children.get(child.field).cloned(),
                    Scope::Everything => Some(object.children(child.field).into_owned()),
                };
                match set {
                    None => {}
                    Some(set) if set.is_empty() => self.line(&format!("{} = ()", child.field)),
                    Some(set) => {
                        self.line(&format!("{} = (", child.field));
                        self.level += 1;
                        for object in &set {
                            self.braces("{", object, "}");
                        }
                        self.level -= 1;
                        self.line(")");
                    }
                }
            }
            Shape::Names(_) => {
                if let Some(names) = object.names.get(child.field) {
                    let names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
                    self.line(&format!("{} = ({})", child.field, names.join(" ")));
                }
            }
            Shape::Stored(_) => {}
        }
    }

    fn braces(&mut self, open: &str, object: &Object, close: &str) {
        self.line(open);
        self.level += 1;
        self.object(object);
        self.level -= 1;
        self.line(close);
    }
}
