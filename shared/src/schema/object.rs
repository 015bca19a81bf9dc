//! An object of a context: explicit values only, with what it holds.
//!
//! Everything not set is the context's default (or inherited), so a default that changes with a release changes everywhere.
//! Sets of children that were never touched are the declared initial ones; the first change makes them explicit.

use super::{Attr, Child, Context, Names, Shape, file};
use crate::refusal::{Cause, Refusal};
use crate::value::{Kind, Value, Word};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// An attribute of a configuration file that this version does not know; kept and written back as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// Its name.
    pub name: String,
    /// Its value, exactly as written.
    pub text: String,
}

/// An administered object.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// What it is an object of.
    pub context: &'static Context,
    /// Explicit values, by attribute name.
    pub values: BTreeMap<&'static str, Value>,
    /// Explicit sets of keyed objects, by field.
    pub children: BTreeMap<&'static str, Vec<Object>>,
    /// Explicit lists of names, by field.
    pub names: BTreeMap<&'static str, Names>,
    /// Parts with anything explicit, by field.
    pub parts: BTreeMap<&'static str, Object>,
    /// What the file said beyond what is known.
    pub unknown: Vec<Unknown>,
}

impl Object {
    /// An object with nothing explicit.
    pub fn new(context: &'static Context) -> Self {
        Self {
            context,
            values: BTreeMap::new(),
            children: BTreeMap::new(),
            names: BTreeMap::new(),
            parts: BTreeMap::new(),
            unknown: Vec::new(),
        }
    }

    /// The value in force: explicit, else the default. [`Value::None`] for a name that the context does not have.
    pub fn get(&self, name: &str) -> Value {
        match self.context.attr(name) {
            Some(attr) => self.value(attr),
            None => Value::None,
        }
    }

    /// The value in force of an attribute of this context.
    pub fn value(&self, attr: &Attr) -> Value {
        self.values
            .get(attr.name)
            .cloned()
            .unwrap_or_else(|| self.context.default(attr))
    }

    /// The explicit value, if there is one.
    pub fn explicit(&self, name: &str) -> Option<&Value> {
        let attr = self.context.attr(name)?;
        self.values.get(attr.name)
    }

    /// Whether nothing at all is explicit.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
            && self.children.is_empty()
            && self.names.is_empty()
            && self.parts.is_empty()
            && self.unknown.is_empty()
    }

    /// Sets an attribute from words, checked by its kind.
    pub fn set(&mut self, name: &str, word: &Word) -> Result<(), Refusal> {
        let attr = self
            .context
            .attr(name)
            .ok_or_else(|| no_attribute(self.context, name))?;
        self.values.insert(attr.name, attr.parse(word)?);
        Ok(())
    }

    /// The same with one word.
    pub fn set_text(&mut self, name: &str, text: &str) -> Result<(), Refusal> {
        self.set(name, &Word::One(text.to_owned()))
    }

    /// The part in this field, with nothing explicit when it was never touched.
    pub fn part(&self, field: &str) -> Option<Object> {
        let child = self.context.field(field)?;
        match child.shape {
            Shape::Part(context) => Some(
                self.parts
                    .get(child.field)
                    .cloned()
                    .unwrap_or_else(|| Self::new(context)),
            ),
            _ => None,
        }
    }

    /// The keyed objects in this field, initial ones included.
    pub fn children(&self, field: &str) -> Cow<'_, [Object]> {
        let Some(child) = self.context.field(field) else {
            return Cow::default();
        };
        match self.children.get(child.field) {
            Some(set) => Cow::Borrowed(set),
            None => Cow::Owned(initial(child)),
        }
    }

    /// The keyed object with this key.
    pub fn child(&self, field: &str, key: &str) -> Option<Object> {
        let child = self.context.field(field)?;
        let set = self.children(field);
        let at = position(child, &set, key)?;
        set.get(at).cloned()
    }

    /// The names in this field.
    pub fn names(&self, field: &str) -> &[String] {
        self.context
            .field(field)
            .and_then(|child| self.names.get(child.field))
            .map_or(&[], |names| names)
    }

    /// Whether this name is in this field, in any letter case.
    pub fn has_name(&self, field: &str, name: &str) -> bool {
        let child = self.context.field(field);
        child
            .and_then(|child| self.names.get(child.field))
            .is_some_and(|names| names.has(name))
    }

    /// Text of the key that tells it apart among its siblings.
    pub fn key(&self, child: &Child) -> String {
        self.get(child.key).plain()
    }

    /// The attributes that SHOW prints, with value and origin.
    ///
    /// `inherited` is the object that unset attributes are inherited from, in contexts that can inherit.
    pub fn shown(&self, inherited: Option<&Object>) -> Vec<Shown> {
        self.context
            .attributes()
            .filter(|attr| attr.shown())
            .map(|attr| self.shown_attr(attr, inherited))
            .collect()
    }

    /// One attribute with value and origin.
    pub fn shown_attr(&self, attr: &'static Attr, inherited: Option<&Object>) -> Shown {
        if self.context.inherits.is_none() {
            return Shown {
                attr,
                value: self.value(attr),
                origin: Origin::Own,
            };
        }
        let above = inherited.map_or_else(|| self.context.default(attr), |object| object.get(attr.name));
        // A value above counts as one to override when it was set there or is a real default; `none` is nothing.
        match self.values.get(attr.name) {
            None => Shown {
                attr,
                value: above,
                origin: Origin::Inherited,
            },
            Some(value) => {
                let set_above = inherited.is_some_and(|object| object.explicit(attr.name).is_some());
                let origin = if set_above {
                    Origin::Overrides(above)
                } else {
                    Origin::Explicit
                };
                Shown {
                    attr,
                    value: value.clone(),
                    origin,
                }
            }
        }
    }

    /// Reads an object in the syntax of the configuration file (services-core, "Configuration file").
    ///
    /// Whatever is right is taken; every mistake is reported with line and column.
    pub fn parse(context: &'static Context, text: &str) -> (Self, Vec<file::Diagnostic>) {
        file::parse(context, text)
    }

    /// Writes what is explicit in the syntax of the configuration file, secrets included.
    pub fn print(&self) -> String {
        file::print(self, file::Scope::Explicit)
    }
}

/// Objects a set begins with. A test holds every declaration to its context.
pub(super) fn initial(child: &Child) -> Vec<Object> {
    let (Shape::Set(context) | Shape::Record(context)) = child.shape else {
        return Vec::new();
    };
    file::parse_set(context, child.initially)
}

/// Where the object with this key is, however it is spelled (`10.0.0.0/8` and `10.0.0.0/255.0.0.0` are the same).
pub(super) fn position(child: &Child, set: &[Object], key: &str) -> Option<usize> {
    let wanted = child.key_kind()?.parse(&Word::One(key.to_owned())).ok()?;
    set.iter()
        .position(|object| same_key(&wanted, &object.get(child.key)))
}

/// Keys are compared by meaning; texts ignore case.
pub(super) fn same_key(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Text(one), Value::Text(other)) => one.eq_ignore_ascii_case(other),
        _ => one == other,
    }
}

/// The refusal for an attribute that a context does not have.
pub(super) fn no_attribute(context: &Context, name: &str) -> Refusal {
    let place = if context.title.is_empty() {
        context.path
    } else {
        context.title
    };
    Refusal::new(Cause::NotFound, format!("no attribute {name} in {place}"))
}

/// Where a shown value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// The context cannot inherit: no note.
    Own,
    /// Set here, nothing set above.
    Explicit,
    /// Set here, and this value would be inherited otherwise.
    Overrides(Value),
    /// Not set here.
    Inherited,
}

/// An attribute as SHOW prints it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The attribute.
    pub attr: &'static Attr,
    /// Its value in force.
    pub value: Value,
    /// Where the value comes from.
    pub origin: Origin,
}

impl PartialEq for Attr {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || (self.name == other.name && self.kind == other.kind)
    }
}

impl Child {
    /// The kind of its key: of the key attribute, or of the names themselves.
    pub fn key_kind(&self) -> Option<Kind> {
        match self.shape {
            Shape::Names(kind) => Some(kind),
            _ => self
                .context()
                .and_then(|context| context.attr(self.key))
                .map(|attr| attr.kind),
        }
    }
}
