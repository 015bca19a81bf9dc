//! Holding the values of a file to a context.
//!
//! An unknown attribute is a warning and kept; a wrong type or value is an error; of two attributes or objects of one name
//! the first counts, with a warning (services-core, "Parser behaviour").

use super::lexer::{Place, cut};
use super::tree::{Entry, Mistake, Node, Shape as Tree, entries, objects};
use crate::schema::object::same_key;
use crate::schema::{Attr, Child, Context, MAX_CHILDREN, MAX_NAMES, Names, Object, Shape, Unknown};
use crate::value::{Kind, MAX_VALUE, Value, Word};
use std::fmt;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Taken nevertheless.
    Warning,
    /// Not taken.
    Error,
}

/// Something to say about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file; empty for text that comes from none.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// The attribute it is about.
    pub attribute: Option<String>,
    /// What is wrong and what would be accepted.
    pub message: String,
    /// How bad it is.
    pub severity: Severity,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(out, "{}:", self.file)?;
        }
        let severity = if self.severity == Severity::Error {
            "error"
        } else {
            "warning"
        };
        write!(out, "{}:{}: {severity}: ", self.line, self.column)?;
        match &self.attribute {
            Some(attribute) => write!(out, "{attribute}: {}", self.message),
            None => out.write_str(&self.message),
        }
    }
}

/// Reads an object.
pub fn parse(context: &'static Context, text: &str) -> (Object, Vec<Diagnostic>) {
    let (tokens, broken) = cut(text);
    let mut mistakes: Vec<Mistake> = broken
        .into_iter()
        .map(|one| (one.place, one.message.to_owned()))
        .collect();
    let entries = entries(&tokens, &mut mistakes);
    let mut reader = Reader {
        text,
        diagnostics: Vec::new(),
    };
    for (place, message) in mistakes {
        reader.say(Severity::Error, place, None, message);
    }
    let object = reader.object(context, &entries);
    reader
        .diagnostics
        .sort_by_key(|diagnostic| (diagnostic.line, diagnostic.column));
    (object, reader.diagnostics)
}

/// Reads the objects a set begins with, from the schema itself.
pub fn parse_set(context: &'static Context, text: &str) -> Vec<Object> {
    let (tokens, _) = cut(text);
    let mut reader = Reader {
        text,
        diagnostics: Vec::new(),
    };
    objects(&tokens)
        .iter()
        .map(|entries| reader.object(context, entries))
        .collect()
}

struct Reader<'a> {
    text: &'a str,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn say(&mut self, severity: Severity, place: Place, attribute: Option<&str>, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic {
            file: String::new(),
            line: place.line,
            column: place.column,
            attribute: attribute.map(str::to_owned),
            message: message.into(),
            severity,
        });
    }

    fn object(&mut self, context: &'static Context, entries: &[Entry]) -> Object {
        let mut object = Object::new(context);
        let mut seen: Vec<String> = Vec::new();
        for entry in entries {
            let known = entry.name.to_ascii_lowercase();
            if seen.contains(&known) {
                let message = "stands here twice, the first one counts";
                self.say(Severity::Warning, entry.place, Some(&entry.name), message);
                continue;
            }
            seen.push(known);
            if let Some(child) = context.field(&entry.name) {
                self.child(&mut object, child, entry);
            } else if let Some(attr) = context.attr(&entry.name) {
                self.attr(&mut object, attr, entry);
            } else {
                let message = format!("not known in {}, kept as it is", context.path);
                self.say(Severity::Warning, entry.place, Some(&entry.name), message);
                let text = self
                    .text
                    .get(entry.value.start..entry.value.end)
                    .unwrap_or_default()
                    .to_owned();
                object.unknown.push(Unknown {
                    name: entry.name.clone(),
                    text,
                });
            }
        }
        object
    }

    fn attr(&mut self, object: &mut Object, attr: &'static Attr, entry: &Entry) {
        let Some(word) = self.word(attr.name, &attr.kind, &entry.value) else {
            return;
        };
        // A secret that was never set is written as "" and read back as nothing.
        if matches!(attr.kind, Kind::Password { .. }) && word == Word::One(String::new()) {
            return;
        }
        match attr.kind.parse(&word) {
            Ok(value) => {
                object.values.insert(attr.name, value);
                if let Some(warning) = attr.kind.warning(&word) {
                    self.say(Severity::Warning, entry.value.place, Some(attr.name), warning);
                }
            }
            Err(why) => self.say(Severity::Error, entry.value.place, Some(attr.name), why),
        }
    }

    /// The words of a value.
    fn word(&mut self, name: &str, kind: &Kind, node: &Node) -> Option<Word> {
        let simple = |node: &Node| match &node.shape {
            Tree::Simple(text) if text.len() <= MAX_VALUE => Ok(text.clone()),
            Tree::Simple(text) => Err(format!(
                "the value has {} bytes, at most {MAX_VALUE} are taken",
                text.len()
            )),
            Tree::Set(_) => Err(format!("a set in parentheses is not {}", kind.expected())),
            Tree::Object(_) => Err(format!("an object in braces is not {}", kind.expected())),
        };
        let word = match &node.shape {
            Tree::Set(items) => items.iter().map(simple).collect::<Result<_, _>>().map(Word::Set),
            _ => simple(node).map(Word::One),
        };
        match word {
            Ok(word) => Some(word),
            Err(why) => {
                self.say(Severity::Error, node.place, Some(name), why);
                None
            }
        }
    }

    fn child(&mut self, object: &mut Object, child: &'static Child, entry: &Entry) {
        match (child.shape, &entry.value.shape) {
            (Shape::Part(context), Tree::Object(entries)) => {
                let part = self.object(context, entries);
                if !part.is_empty() {
                    object.parts.insert(child.field, part);
                }
            }
            (Shape::Set(context) | Shape::Record(context), Tree::Set(items)) => {
                let set = self.set(context, child, items);
                object.children.insert(child.field, set);
            }
            (Shape::Names(kind), Tree::Set(items)) => {
                let names = self.names(kind, child, items);
                object.names.insert(child.field, names);
            }
            (shape, _) => {
                let expected = match shape {
                    Shape::Part(_) => "an object in braces is expected",
                    Shape::Names(_) => "a set of names in parentheses is expected",
                    Shape::Set(_) | Shape::Record(_) => "a set of objects is expected: ( { … } { … } )",
                    Shape::Stored(_) => "is not kept in this file",
                };
                self.say(Severity::Error, entry.value.place, Some(&entry.name), expected);
            }
        }
    }

    fn set(&mut self, context: &'static Context, child: &Child, items: &[Node]) -> Vec<Object> {
        let mut set: Vec<Object> = Vec::new();
        for item in items {
            let Tree::Object(entries) = &item.shape else {
                let message = "an object in braces is expected";
                self.say(Severity::Error, item.place, Some(child.field), message);
                continue;
            };
            let object = self.object(context, entries);
            let Some(key) = object.explicit(child.key).cloned() else {
                let said = entries
                    .iter()
                    .any(|entry| entry.name.eq_ignore_ascii_case(child.key));
                if !said {
                    let message = format!("the {} has no {}", child.noun, child.key);
                    self.say(Severity::Error, item.place, Some(child.key), message);
                }
                continue;
            };
            if set.iter().any(|other| same_key(&other.get(child.key), &key)) {
                let message = format!(
                    "a second {} with {}, the first one counts",
                    child.noun,
                    key.text()
                );
                self.say(Severity::Warning, item.place, Some(child.key), message);
            } else if set.len() >= MAX_CHILDREN {
                let message = format!("more than {MAX_CHILDREN} objects");
                self.say(Severity::Error, item.place, Some(child.field), message);
                break;
            } else {
                set.push(object);
            }
        }
        set
    }

    fn names(&mut self, kind: Kind, child: &Child, items: &[Node]) -> Names {
        let mut names = Names::default();
        for item in items.iter().take(MAX_NAMES) {
            let Some(word) = self.word(child.field, &kind, item) else {
                continue;
            };
            match kind.parse(&word) {
                Ok(Value::Text(name)) => {
                    if !names.push(name) {
                        self.say(
                            Severity::Warning,
                            item.place,
                            Some(child.field),
                            "is there already",
                        );
                    }
                }
                Ok(_) => {}
                Err(why) => self.say(Severity::Error, item.place, Some(child.field), why),
            }
        }
        names
    }
}
