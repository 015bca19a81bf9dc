//! One context of the administration language.
//!
//! A context is a list of attribute groups, children and commands; nothing here is code of a particular context. The order
//! of the lists is the order of SHOW and HELP.

use super::attr::default_of;
use super::{Attr, Child, Command, Effect};
use crate::value::Value;
use std::fmt;

/// Which word leaves a context with its changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// COMMIT: the draft becomes active.
    Commit,
    /// DONE: the draft is handed to the parent's.
    Done,
    /// Neither: commands act at once (root, login).
    Free,
}

/// The declaration of a context.
pub struct Context {
    /// Path as in contexts.json: `SERVER/IMAP/listener`, `domain/account`, `root`, `login`.
    pub path: &'static str,
    /// Text of the prompt between `<` and `#>`: `server-imap-listener`.
    pub prompt: &'static str,
    /// Name in the title of HELP: `IMAP`.
    pub title: &'static str,
    /// How it is left.
    pub leave: Leave,
    /// BACK leaves without cancelling (WIRE.md 7, point 10).
    pub back_keeps: bool,
    /// Groups of attributes, in the order of SHOW.
    pub attrs: &'static [&'static [Attr]],
    /// Defaults that differ from those of the groups: name and value.
    pub defaults: &'static [(&'static str, &'static str)],
    /// What it holds.
    pub children: &'static [Child],
    /// Groups of further commands.
    pub commands: &'static [&'static [Command]],
    /// Path of the context below the same domain that unset attributes are inherited from; `None` when attributes cannot be
    /// inherited and SHOW prints no notes.
    pub inherits: Option<&'static str>,
    /// Whether there is anything that its settings could have an effect on; a service that is not built yet has none.
    pub built: bool,
}

impl Context {
    /// An empty context to build declarations on (`..Context::EMPTY`).
    pub const EMPTY: Self = Self {
        path: "",
        prompt: "",
        title: "",
        leave: Leave::Free,
        back_keeps: false,
        attrs: &[],
        defaults: &[],
        children: &[],
        commands: &[],
        inherits: None,
        built: true,
    };

    /// All attributes, in the order of SHOW.
    pub fn attributes(&self) -> impl Iterator<Item = &'static Attr> + use<> {
        self.attrs.iter().flat_map(|group| group.iter())
    }

    /// The attribute called `name`, in any letter case and in older spellings.
    pub fn attr(&self, name: &str) -> Option<&'static Attr> {
        self.attributes().find(|attr| attr.is_called(name))
    }

    /// Whether an attribute does something here: one that several contexts share may do so in some of them only.
    pub const fn effect(&self, attr: &Attr) -> Effect {
        if self.built { attr.effect } else { Effect::None }
    }

    /// The value of an attribute when nothing is set.
    pub fn default(&self, attr: &Attr) -> Value {
        match self.defaults.iter().find(|(name, _)| *name == attr.name) {
            Some((_, text)) => default_of(&attr.kind, text),
            None => attr.default_value(),
        }
    }

    /// The child with this name in the configuration file, in any letter case.
    pub fn field(&self, field: &str) -> Option<&'static Child> {
        self.children
            .iter()
            .find(|child| child.field.eq_ignore_ascii_case(field))
    }

    /// The child with this word in commands, singular or plural, in any letter case.
    pub fn child(&self, word: &str) -> Option<&'static Child> {
        self.children.iter().find(|child| {
            let words = [(child.object, child.plural)];
            let mut all = words
                .iter()
                .chain(child.also)
                .flat_map(|(one, many)| [*one, *many]);
            all.any(|known| !known.is_empty() && known.eq_ignore_ascii_case(word))
        })
    }

    /// The text of the prompt (WIRE.md 2): `<server-imap#> `, `<login> `.
    pub fn prompt_text(&self) -> String {
        match self.path {
            "login" => "<login> ".to_owned(),
            _ => format!("<{}#> ", self.prompt),
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Context({})", self.path)
    }
}

impl PartialEq for Context {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

impl Eq for Context {}
