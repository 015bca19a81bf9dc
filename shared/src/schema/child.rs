//! What a context holds: parts, keyed objects, records, plain names.
//!
//! One declaration brings a child's own commands (LIST, ADD, UPDATE, REMOVE, SHOW or CONFIG), its name in the configuration
//! file and the columns of its list.

use super::{Context, Effect};
use crate::value::Kind;

/// What kind of child it is and where it lives.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// One object that is always there: `CONFIG AccessControl`.
    Part(&'static Context),
    /// Keyed objects in the tree of the parent, entered by ADD and UPDATE: listeners.
    Set(&'static Context),
    /// Keyed objects in the tree of the parent, edited in one line: deny rules.
    Record(&'static Context),
    /// Keyed objects that the backend keeps, one by one: domains, accounts.
    Stored(&'static Context),
    /// Plain names: aliases.
    Names(Kind),
}

/// A command that a child brings along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildVerb {
    /// `LIST Listeners`.
    List,
    /// `ADD Listener …`.
    Add,
    /// `UPDATE Listener …`.
    Update,
    /// `REMOVE Listener …`.
    Remove,
    /// `SHOW Listener … [ATTR <param>]`.
    Show,
    /// `SHOW DenyRule …`, without ATTR.
    ShowAll,
    /// `RESET sentRecipientsExceptions`: the list becomes inherited.
    Reset,
    /// `RESET Listeners`: the set of the active configuration (old scripts, not in HELP).
    ResetSet,
}

/// How a list is printed (WIRE.md 6.1 and 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Table with ` | ` between columns.
    Bars,
    /// Table with blanks between columns.
    Blanks,
    /// Title and rows only.
    Plain,
}

/// The declaration of a child.
#[derive(Debug)]
pub struct Child {
    /// Its word in commands: `Listener`.
    pub object: &'static str,
    /// Its word in LIST: `Listeners`; empty for a part.
    pub plural: &'static str,
    /// Its name in the configuration file and in [`super::Object`].
    pub field: &'static str,
    /// What it is.
    pub shape: Shape,
    /// The attribute that tells its objects apart; empty for parts and names.
    pub key: &'static str,
    /// How the key is called in usage lines: `<address>`.
    pub usage: &'static str,
    /// What it is called in messages: `listener`.
    pub noun: &'static str,
    /// Title of its list, complete.
    pub title: &'static str,
    /// Columns of its list: attribute name and least width in AXIGEN text.
    pub columns: &'static [(&'static str, usize)],
    /// How its list is printed.
    pub layout: Layout,
    /// The commands it brings.
    pub verbs: &'static [ChildVerb],
    /// Attributes that ADD demands after the key: `password`.
    pub with: &'static [&'static str],
    /// Attributes that ADD and UPDATE of a record take: `enable`, `priority`. ADD demands those that are in `with` as well.
    pub may_with: &'static [&'static str],
    /// Example of the wildcard of LIST (`account*`); empty when LIST takes none.
    pub wildcard: &'static str,
    /// Objects present when nothing is set, in the syntax of the configuration file.
    pub initially: &'static str,
    /// Older words for object and plural.
    pub also: &'static [(&'static str, &'static str)],
    /// Most objects of a set: a bound on what a session can pile up, far above real use.
    pub most: usize,
    /// Whether it has an effect yet.
    pub effect: Effect,
}

const EVERY: &[ChildVerb] = &[
    ChildVerb::List,
    ChildVerb::Add,
    ChildVerb::Update,
    ChildVerb::Remove,
    ChildVerb::Show,
];
const RECORD: &[ChildVerb] = &[
    ChildVerb::List,
    ChildVerb::Add,
    ChildVerb::Update,
    ChildVerb::Remove,
    ChildVerb::ShowAll,
];
const NAMES: &[ChildVerb] = &[ChildVerb::List, ChildVerb::Add, ChildVerb::Remove];

impl Child {
    const fn new(object: &'static str, field: &'static str, shape: Shape) -> Self {
        Self {
            object,
            plural: "",
            field,
            shape,
            key: "",
            usage: "",
            noun: object,
            title: "",
            columns: &[],
            layout: Layout::Bars,
            verbs: &[],
            with: &[],
            may_with: &[],
            wildcard: "",
            initially: "",
            also: &[],
            most: super::apply::MAX_CHILDREN,
            effect: Effect::Works,
        }
    }

    /// A part: `CONFIG <object>`.
    pub const fn part(object: &'static str, field: &'static str, context: &'static Context) -> Self {
        Self::new(object, field, Shape::Part(context))
    }

    /// Keyed objects in the tree.
    pub const fn many(
        (object, plural): (&'static str, &'static str),
        field: &'static str,
        (key, usage): (&'static str, &'static str),
        context: &'static Context,
    ) -> Self {
        let mut child = Self::new(object, field, Shape::Set(context));
        child.plural = plural;
        child.key = key;
        child.usage = usage;
        child.verbs = EVERY;
        child
    }

    /// Keyed objects edited in one line.
    pub const fn record(
        (object, plural): (&'static str, &'static str),
        field: &'static str,
        (key, usage): (&'static str, &'static str),
        context: &'static Context,
    ) -> Self {
        let mut child = Self::many((object, plural), field, (key, usage), context);
        child.shape = Shape::Record(context);
        child.verbs = RECORD;
        child
    }

    /// Keyed objects that the backend keeps.
    pub const fn stored(
        (object, plural): (&'static str, &'static str),
        field: &'static str,
        (key, usage): (&'static str, &'static str),
        context: &'static Context,
    ) -> Self {
        let mut child = Self::many((object, plural), field, (key, usage), context);
        child.shape = Shape::Stored(context);
        child
    }

    /// Plain names.
    pub const fn names(
        (object, plural): (&'static str, &'static str),
        field: &'static str,
        usage: &'static str,
        kind: Kind,
    ) -> Self {
        let mut child = Self::new(object, field, Shape::Names(kind));
        child.plural = plural;
        child.usage = usage;
        child.verbs = NAMES;
        child.layout = Layout::Plain;
        child
    }

    /// The same, called `noun` in messages, with the title of its list.
    #[must_use]
    pub const fn called(mut self, noun: &'static str, title: &'static str) -> Self {
        self.noun = noun;
        self.title = title;
        self
    }

    /// The same with the columns of its list.
    #[must_use]
    pub const fn columns(mut self, columns: &'static [(&'static str, usize)]) -> Self {
        self.columns = columns;
        self
    }

    /// The same with another form of its list.
    #[must_use]
    pub const fn layout(mut self, layout: Layout) -> Self {
        self.layout = layout;
        self
    }

    /// The same with other commands.
    #[must_use]
    pub const fn verbs(mut self, verbs: &'static [ChildVerb]) -> Self {
        self.verbs = verbs;
        self
    }

    /// The same, with attributes that ADD demands.
    #[must_use]
    pub const fn with(mut self, attributes: &'static [&'static str]) -> Self {
        self.with = attributes;
        self
    }

    /// The same, with attributes that ADD and UPDATE take in their line.
    #[must_use]
    pub const fn may_with(mut self, attributes: &'static [&'static str]) -> Self {
        self.may_with = attributes;
        self
    }

    /// The same, with a wildcard for LIST.
    #[must_use]
    pub const fn wildcard(mut self, example: &'static str) -> Self {
        self.wildcard = example;
        self
    }

    /// The same, with objects present when nothing is set.
    #[must_use]
    pub const fn initially(mut self, objects: &'static str) -> Self {
        self.initially = objects;
        self
    }

    /// The same, with older words.
    #[must_use]
    pub const fn also(mut self, words: &'static [(&'static str, &'static str)]) -> Self {
        self.also = words;
        self
    }

    /// The same with another bound on how many there are.
    #[must_use]
    pub const fn most(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    /// The same, stored but without effect yet.
    #[must_use]
    pub const fn without_effect(mut self) -> Self {
        self.effect = Effect::None;
        self
    }

    /// The context of its objects; names have none.
    pub const fn context(&self) -> Option<&'static Context> {
        match self.shape {
            Shape::Part(context) | Shape::Set(context) | Shape::Record(context) | Shape::Stored(context) => {
                Some(context)
            }
            Shape::Names(_) => None,
        }
    }

    /// Whether it lives in the tree of its parent and so in the configuration file.
    pub const fn in_tree(&self) -> bool {
        !matches!(self.shape, Shape::Stored(_))
    }
}
