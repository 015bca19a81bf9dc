//! Objects as JSON documents: what `axictl export` prints and `axictl apply` reads.
//!
//! A document holds what is explicit, under the names of the schema: attributes by name, parts as objects, keyed objects as
//! lists of objects, names as lists of texts. Secrets are never in it. What cannot be read is told by its place,
//! `limits.maxSentMessages`, with what would be accepted.

use super::object::initial;
use super::{Access, Attr, Child, Context, Names, Object, Shape};
use crate::grammar::nearest;
use crate::value::{Value, Word};
use serde_json::{Map, Value as Json};

impl Object {
    /// What is explicit here, as a JSON object.
    pub fn document(&self) -> Json {
        let mut out = Map::new();
        for attr in self.context.attributes().filter(|attr| is_documented(attr)) {
            if let Some(value) = self.values.get(attr.name) {
                out.insert(attr.name.to_owned(), json(value));
            }
        }
        for child in self.context.children {
            if let Some(value) = self.field(child) {
                out.insert(child.field.to_owned(), value);
            }
        }
        Json::Object(out)
    }

    /// A field, when it holds anything that is not there by itself.
    fn field(&self, child: &Child) -> Option<Json> {
        match child.shape {
            Shape::Part(_) => {
                let part = self.parts.get(child.field)?.document();
                part.as_object()
                    .is_some_and(|fields| !fields.is_empty())
                    .then_some(part)
            }
            Shape::Set(_) | Shape::Record(_) => {
                let set = self.children.get(child.field)?;
                let changed = *set != initial(child);
                changed.then(|| set.iter().map(Self::document).collect())
            }
            Shape::Names(_) => {
                let names = self.names.get(child.field)?;
                Some(names.iter().map(|name| Json::from(name.as_str())).collect())
            }
            Shape::Stored(_) => None,
        }
    }

    /// Reads a document of this context. Everything that is wrong is told, each with its place.
    pub fn from_document(context: &'static Context, document: &Json) -> Result<Self, Vec<String>> {
        let mut reader = Reader::default();
        let object = reader.object(context, document);
        if reader.wrong.is_empty() {
            Ok(object)
        } else {
            Err(reader.wrong)
        }
    }
}

/// Whether a document may hold it. What others set, or the file alone, is none of its business.
fn is_documented(attr: &Attr) -> bool {
    matches!(attr.access, Access::Open | Access::Key)
}

/// Every value has a form, so that none is lost between two documents; a secret is empty.
fn json(value: &Value) -> Json {
    match value {
        Value::None => Json::from("none"),
        Value::Secret(_) => Json::from(""),
        other => other.json(),
    }
}

/// Where in the document the reader is, and what it did not like.
#[derive(Default)]
struct Reader {
    way: Vec<String>,
    wrong: Vec<String>,
}

impl Reader {
    fn complain(&mut self, why: &str) {
        let place = self.way.join(".");
        self.wrong.push(if place.is_empty() {
            why.to_owned()
        } else {
            format!("{place}: {why}")
        });
    }

    fn inside<T>(&mut self, name: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        self.way.push(name.to_owned());
        let done = work(self);
        self.way.pop();
        done
    }

    fn object(&mut self, context: &'static Context, document: &Json) -> Object {
        let mut object = Object::new(context);
        let Some(fields) = document.as_object() else {
            self.complain("this is not a table of settings");
            return object;
        };
        for (name, value) in fields {
            self.inside(name, |reader| reader.entry(&mut object, name, value));
        }
        object
    }

    fn entry(&mut self, object: &mut Object, name: &str, value: &Json) {
        let context = object.context;
        if let Some(attr) = context.attr(name) {
            self.attribute(object, attr, value);
        } else if let Some(child) = context.field(name) {
            self.child(object, child, value);
        } else {
            self.complain(&unknown(context, name));
        }
    }

    fn attribute(&mut self, object: &mut Object, attr: &'static Attr, value: &Json) {
        if matches!(attr.access, Access::ReadOnly | Access::FileOnly) {
            return self.complain("this cannot be set");
        }
        let Some(word) = word(value) else {
            return self.complain(&format!("this is not {}", attr.kind.expected()));
        };
        match attr.kind.parse(&word) {
            Ok(value) => {
                object.values.insert(attr.name, value);
            }
            Err(why) => self.complain(&why),
        }
    }

    fn child(&mut self, object: &mut Object, child: &'static Child, value: &Json) {
        match child.shape {
            Shape::Part(context) => {
                let part = self.object(context, value);
                if !part.is_empty() {
                    object.parts.insert(child.field, part);
                }
            }
            Shape::Set(context) | Shape::Record(context) => {
                let Some(items) = value.as_array() else {
                    return self.complain("this is a list of tables, [[...]]");
                };
                let set = items.iter().enumerate().map(|(at, item)| {
                    self.inside(&(at + 1).to_string(), |reader| reader.object(context, item))
                });
                let set = set.collect();
                object.children.insert(child.field, set);
            }
            Shape::Names(_) => self.names(object, child, value),
            Shape::Stored(_) => self.complain("this stands in a table of its own"),
        }
    }

    fn names(&mut self, object: &mut Object, child: &'static Child, value: &Json) {
        let Some(items) = value.as_array() else {
            return self.complain("this is a list of texts, [\"...\", \"...\"]");
        };
        let mut names = Names::default();
        for item in items {
            let parsed = match (child.key_kind(), word(item)) {
                (Some(kind), Some(word)) => kind.parse(&word),
                _ => Err("this is not a text".to_owned()),
            };
            match parsed {
                Ok(Value::Text(name)) if !name.is_empty() => {
                    if !names.has(&name) {
                        names.push(name);
                    }
                }
                Ok(_) => self.complain("a name is empty"),
                Err(why) => self.complain(&why),
            }
        }
        object.names.insert(child.field, names);
    }
}

/// What there is instead of a name that nobody knows.
fn unknown(context: &Context, name: &str) -> String {
    let attrs = context
        .attributes()
        .filter(|attr| !attr.legacy)
        .map(|attr| attr.name);
    let fields = context
        .children
        .iter()
        .filter(|child| child.in_tree())
        .map(|child| child.field);
    let known: Vec<&str> = attrs.chain(fields).collect();
    let part = context.children.iter().find(|child| {
        let part = matches!(child.shape, Shape::Part(_))
            .then(|| child.context())
            .flatten();
        part.is_some_and(|part| part.attr(name).is_some())
    });
    if let Some(part) = part {
        return format!("there is no such setting; {}.{name} is one", part.field);
    }
    match nearest(name, known.iter().copied()) {
        Some(near) => format!("there is no such setting; did you mean {near}?"),
        None => format!(
            "there is no such setting; {} has {}",
            context.title,
            known.join(", ")
        ),
    }
}

/// The word that a JSON scalar or list of scalars is written as.
fn word(value: &Json) -> Option<Word> {
    match value {
        Json::Array(items) => items.iter().map(scalar).collect::<Option<_>>().map(Word::Set),
        other => scalar(other).map(Word::One),
    }
}

fn scalar(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(truth) => Some(if *truth { "yes" } else { "no" }.to_owned()),
        _ => None,
    }
}
