//! Applying changes to an object: all of a list or nothing.

use super::object::{initial, no_attribute, position, same_key};
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
        copy.apply_to_copy(changes)?;
        *self = copy;
        Ok(())
    }

    /// The same without a copy of its own, for an object that is thrown away when a change cannot be applied: it may
    /// then hold some of them.
    pub fn apply_to_copy(&mut self, changes: &[Change]) -> Result<(), Refusal> {
        changes
            .iter()
            .try_for_each(|change| self.one(&change.at, &change.action))
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
                let at = position(child, objects, key).ok_or_else(|| not_found(child, key))?;
                let object = objects.get_mut(at).ok_or_else(|| not_found(child, key))?;
                object.one(rest, action)?;
                unique(child, objects, at)
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
                let at = objects.len();
                objects.push((**object).clone());
                unique(child, objects, at)?;
            }
            Action::Remove(field, key) => {
                let child = field_of(self.context, field)?;
                let objects = self.set_of(child);
                let at = position(child, objects, key).ok_or_else(|| not_found(child, key))?;
                objects.remove(at);
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
        self.children.entry(child.field).or_insert_with(|| initial(child))
    }

    fn add_name(&mut self, field: &str, name: &str) -> Result<(), Refusal> {
        let child = field_of(self.context, field)?;
        let name = name_of(child, name)?;
        let names = self.names.entry(child.field).or_default();
        if names.has(&name) {
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
        if !names.remove(&wanted) {
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

/// Refuses a set in which the object that was added or changed has the key of another.
fn unique(child: &Child, objects: &[Object], changed: usize) -> Result<(), Refusal> {
    if objects.len() > child.most {
        return Err(Refusal::new(
            Cause::TooLarge,
            format!("more than {} in {}", child.most, child.field),
        ));
    }
    let key = objects.get(changed).map(|object| object.get(child.key));
    let others = objects.iter().enumerate().filter(|(at, _)| *at != changed);
    let taken = key.is_some_and(|key| {
        others
            .into_iter()
            .any(|(_, other)| same_key(&other.get(child.key), &key))
    });
    if taken {
        return Err(Refusal::new(
            Cause::AlreadyExists,
            format!("{} already exists", child.noun),
        ));
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
