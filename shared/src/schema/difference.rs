//! What has to be changed in an object so that it becomes another: the changes of `axictl apply`, the lines of `axictl diff`.

use super::object::position;
use super::{Access, Action, Attr, Change, Child, Object, Shape, Step};
use crate::value::Value;

/// What happens to what the wanted object does not mention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// It becomes what it is when nothing is set.
    Reset,
    /// It stays as it is.
    Keep,
}

/// One change, and how people see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// What is to be done.
    pub change: Change,
    /// The setting: `limits.maxSentMessages`, `aliases`.
    pub what: String,
    /// What is there now; empty for nothing.
    pub from: String,
    /// What will be there; empty for nothing.
    pub to: String,
}

/// The changes that make `wanted` of `now`, two objects of one context. Secrets of `wanted` are always among them.
pub fn difference(now: &Object, wanted: &Object, rest: Rest) -> Vec<Difference> {
    let mut found = Finder {
        rest,
        at: Vec::new(),
        names: Vec::new(),
        found: Vec::new(),
    };
    found.objects(now, wanted);
    found.found
}

/// Collects differences on the way through two objects.
struct Finder {
    rest: Rest,
    at: Vec<Step>,
    names: Vec<String>,
    found: Vec<Difference>,
}

impl Finder {
    fn push(&mut self, name: &str, action: Action, (from, to): (String, String)) {
        let change = Change {
            at: self.at.clone(),
            action,
        };
        let what: Vec<&str> = self.names.iter().map(String::as_str).chain([name]).collect();
        let what = what.join(".");
        self.found.push(Difference {
            change,
            what,
            from,
            to,
        });
    }

    fn objects(&mut self, now: &Object, wanted: &Object) {
        for attr in now.context.attributes() {
            if matches!(attr.access, Access::Open | Access::WriteOnly) {
                self.attribute(attr, now.values.get(attr.name), wanted.values.get(attr.name));
            }
        }
        for child in now.context.children {
            match child.shape {
                Shape::Part(_) => self.part(child, now, wanted),
                Shape::Set(_) | Shape::Record(_) => self.set(child, now, wanted),
                Shape::Names(_) => self.list(child, now, wanted),
                Shape::Stored(_) => {}
            }
        }
    }

    fn attribute(&mut self, attr: &'static Attr, now: Option<&Value>, wanted: Option<&Value>) {
        let told = |value: Option<&Value>| value.map(Value::text).unwrap_or_default();
        match wanted {
            Some(Value::Secret(_)) => {
                let value = wanted.cloned().unwrap_or(Value::None);
                let change = Action::Set(attr.name, value);
                self.push(attr.name, change, (String::new(), "(secret)".to_owned()));
            }
            Some(value) if now != wanted => {
                self.push(
                    attr.name,
                    Action::Set(attr.name, value.clone()),
                    (told(now), told(wanted)),
                );
            }
            None if now.is_some() && self.rest == Rest::Reset && attr.access == Access::Open => {
                self.push(attr.name, Action::Reset(attr.name), (told(now), String::new()));
            }
            _ => {}
        }
    }

    fn part(&mut self, child: &'static Child, now: &Object, wanted: &Object) {
        let given = wanted.parts.contains_key(child.field);
        if !given && (self.rest == Rest::Keep || !now.parts.contains_key(child.field)) {
            return;
        }
        if let (Some(now), Some(wanted)) = (now.part(child.field), wanted.part(child.field)) {
            self.below(Step::Part(child.field), child.field.to_owned(), &now, &wanted);
        }
    }

    fn below(&mut self, step: Step, name: String, now: &Object, wanted: &Object) {
        self.at.push(step);
        self.names.push(name);
        self.objects(now, wanted);
        self.names.pop();
        self.at.pop();
    }

    fn set(&mut self, child: &'static Child, now: &Object, wanted: &Object) {
        let Some(wanted) = wanted.children.get(child.field) else {
            if now.children.contains_key(child.field) && self.rest == Rest::Reset {
                let reset = Action::ResetField(child.field);
                self.push(
                    child.field,
                    reset,
                    (keys(child, &now.children(child.field)), String::new()),
                );
            }
            return;
        };
        let now = now.children(child.field);
        for object in now.iter() {
            let key = object.key(child);
            if self.rest == Rest::Reset && position(child, wanted, &key).is_none() {
                let remove = Action::Remove(child.field, key.clone());
                self.push(child.field, remove, (key, String::new()));
            }
        }
        for object in wanted {
            let key = object.key(child);
            if let Some(known) = position(child, &now, &key).and_then(|at| now.get(at)) {
                let name = format!("{}[{key}]", child.field);
                self.below(Step::Child(child.field, known.key(child)), name, known, object);
            } else {
                let add = Action::Add(child.field, Box::new(object.clone()));
                self.push(child.field, add, (String::new(), key));
            }
        }
    }

    fn list(&mut self, child: &'static Child, now: &Object, wanted: &Object) {
        let Some(names) = wanted.names.get(child.field) else {
            if now.names.contains_key(child.field) && self.rest == Rest::Reset {
                let from = now.names(child.field).join(" ");
                self.push(
                    child.field,
                    Action::ResetField(child.field),
                    (from, String::new()),
                );
            }
            return;
        };
        for name in now.names(child.field) {
            if self.rest == Rest::Reset && !names.has(name) {
                let remove = Action::RemoveName(child.field, name.clone());
                self.push(child.field, remove, (name.clone(), String::new()));
            }
        }
        for name in names.iter().filter(|name| !now.has_name(child.field, name)) {
            let add = Action::AddName(child.field, name.clone());
            self.push(child.field, add, (String::new(), name.clone()));
        }
    }
}

fn keys(child: &Child, set: &[Object]) -> String {
    let keys: Vec<String> = set.iter().map(|object| object.key(child)).collect();
    keys.join(" ")
}
