//! Applying changes to an object: all of a list or nothing.

use super::object::{no_attribute, same_key};
use super::{Action, Change, Child, Context, Object, Shape, Step};
use crate::refusal::{Cause, Refusal};
use crate::value::{Value, Word};

/// Most keyed objects in one field (listeners, rules): a bound on what a session can pile up, far above real use.
pub const MAX_CHILDREN: usize = 1_024;
/// Most names in one field (aliases, exceptions).
pub const MAX_NAMES: usize = 65_536;

impl Object {
    /// Applies the changes in order. When one cannot be applied nothing is changed.
    pub fn apply(&mut self, changes: &[Change]) -> Result<(), Refusal> {
        let mut copy = self.clone();
        for change in changes {
            copy.one(&change.at, &change.action)?;
        }
        *self = copy;
        Ok(())
    }

    fn one(&mut self, at: &[Step], action: &Action) -> Result<(), Refusal> {
        let Some((step, rest)) = at.split_first() else {
            return self.here(action);
        };
        match step {
            Step::Part(field) => {
                let child = field_of(self.context, field)?;
                let Shape::Part(context) = child.shape else {
                    return Err(no_field(self.context, field));
                };
                let part = self
                    .parts
                    .entry(child.field)
                    .or_insert_with(|| Object::new(context));
                part.one(rest, action)?;
                if part.is_empty() {
                    self.parts.remove(child.field);
                }
                Ok(())
            }
            Step::Child(field, key) => {
                let child = field_of(self.context, field)?;
                let objects = self.set_of(child);
                let at = objects.iter().position(|object| object.has_key(child, key));
                let object = at
                    .and_then(|at| objects.get_mut(at))
                    .ok_or_else(|| not_found(child, key))?;
                object.one(rest, action)?;
                unique(child, objects)
            }
        }
    }

    fn here(&mut self, action: &Action) -> Result<(), Refusal> {
        match action {
            Action::Set(name, value) => {
                let attr = self
                    .context
                    .attr(name)
                    .ok_or_else(|| no_attribute(self.context, name))?;
                self.values.insert(attr.name, value.clone());
            }
            Action::Reset(name) => {
                let attr = self
                    .context
                    .attr(name)
                    .ok_or_else(|| no_attribute(self.context, name))?;
                self.values.remove(attr.name);
            }
            Action::Add(field, object) => {
                let child = field_of(self.context, field)?;
                let objects = self.set_of(child);
                objects.push((**object).clone());
                unique(child, objects)?;
            }
            Action::Remove(field, key) => {
                let child = field_of(self.context, field)?;
                let objects = self.set_of(child);
                let before = objects.len();
                objects.retain(|object| !object.has_key(child, key));
                if objects.len() == before {
                    return Err(not_found(child, key));
                }
            }
            Action::AddName(field, name) => self.add_name(field, name)?,
            Action::RemoveName(field, name) => self.remove_name(field, name)?,
            Action::ResetField(field) => {
                let child = field_of(self.context, field)?;
                self.children.remove(child.field);
                self.names.remove(child.field);
            }
        }
        Ok(())
    }

    /// The explicit set of a field, made from the initial one when it was never touched.
    fn set_of(&mut self, child: &'static Child) -> &mut Vec<Object> {
        let initial = self.children(child.field);
        self.children.entry(child.field).or_insert(initial)
    }

    fn add_name(&mut self, field: &str, name: &str) -> Result<(), Refusal> {
        let child = field_of(self.context, field)?;
        let name = name_of(child, name)?;
        let names = self.names.entry(child.field).or_default();
        if names.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            return Err(Refusal::new(
                Cause::AlreadyExists,
                format!("{} already exists", child.noun),
            ));
        }
        if names.len() >= MAX_NAMES {
            return Err(Refusal::new(
                Cause::TooLarge,
                format!("more than {MAX_NAMES} {}", child.plural),
            ));
        }
        names.push(name);
        Ok(())
    }

    fn remove_name(&mut self, field: &str, name: &str) -> Result<(), Refusal> {
        let child = field_of(self.context, field)?;
        let wanted = name_of(child, name).unwrap_or_else(|_| name.to_owned());
        let names = self.names.entry(child.field).or_default();
        let before = names.len();
        names.retain(|known| !known.eq_ignore_ascii_case(&wanted));
        if names.len() == before {
            return Err(not_found(child, name));
        }
        Ok(())
    }
}

/// The name as its kind keeps it (domain names in lower case).
fn name_of(child: &Child, name: &str) -> Result<String, Refusal> {
    let Shape::Names(kind) = child.shape else {
        return Err(Refusal::new(
            Cause::Invalid,
            format!("{} holds no names", child.field),
        ));
    };
    match kind.parse(&Word::One(name.to_owned())) {
        Ok(Value::Text(text)) if !text.is_empty() => Ok(text),
        Ok(_) => Err(Refusal::new(
            Cause::Invalid,
            format!("invalid value for {}: it is empty", child.noun),
        )),
        Err(why) => Err(Refusal::new(
            Cause::Invalid,
            format!("invalid value for {}: {why}", child.noun),
        )),
    }
}

/// Refuses a set in which the newest object has the key of another.
fn unique(child: &Child, objects: &[Object]) -> Result<(), Refusal> {
    if objects.len() > MAX_CHILDREN {
        return Err(Refusal::new(
            Cause::TooLarge,
            format!("more than {MAX_CHILDREN} in {}", child.field),
        ));
    }
    let keys: Vec<Value> = objects.iter().map(|object| object.get(child.key)).collect();
    for (at, key) in keys.iter().enumerate() {
        if keys.iter().take(at).any(|other| same_key(other, key)) {
            return Err(Refusal::new(
                Cause::AlreadyExists,
                format!("{} already exists", child.noun),
            ));
        }
    }
    Ok(())
}

fn field_of(context: &'static Context, field: &str) -> Result<&'static Child, Refusal> {
    context.field(field).ok_or_else(|| no_field(context, field))
}

fn no_field(context: &Context, field: &str) -> Refusal {
    Refusal::new(Cause::Internal, format!("no {field} in {}", context.path))
}

/// "listener not found" (WIRE.md 3).
fn not_found(child: &Child, key: &str) -> Refusal {
    Refusal::new(Cause::NotFound, format!("{} not found: {key}", child.noun))
}
