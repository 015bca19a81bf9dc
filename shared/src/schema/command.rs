//! Commands a context has beside those of its attributes and children.
//!
//! `syntax` is the usage line and the grammar at once: [`crate::grammar`] parses it when the context is first used. A
//! [`Verb`] says what the engine does; whatever is no business of the engine is `Act`, named, and done by the backend.

use super::{Attr, Child, Effect};

/// What a command does.
#[derive(Clone, Copy, Debug)]
pub enum Verb {
    /// Lists the commands of the context.
    Help,
    /// Ends the session; what is pending is dropped.
    Exit,
    /// Leaves the context and drops its draft (or keeps it, where [`super::Context::back_keeps`]).
    Back,
    /// Makes the draft active and leaves the context.
    Commit,
    /// Hands the draft to the parent's and leaves the context.
    Done,
    /// `SHOW [ATTR <param>]`: the attributes of this context.
    Show,
    /// Draft := active configuration.
    Reset,
    /// `RESET <attr>`: the attribute becomes inherited.
    ResetAttr,
    /// `SET <attr> <value>`.
    Set(&'static Attr),
    /// `CONFIG <part>`: enters a part.
    Config(&'static Child),
    /// `LIST <plural>`.
    List(&'static Child),
    /// `ADD <object> …`: enters a new object, adds a record or a name.
    Add(&'static Child),
    /// `UPDATE <object> …`: enters an object or changes a record.
    Update(&'static Child),
    /// `REMOVE <object> …`.
    Remove(&'static Child),
    /// `SHOW <object> …`.
    ShowChild(&'static Child),
    /// `RESET <plural>`: names become inherited, a set becomes that of the active configuration.
    ResetChildren(&'static Child),
    /// Opens a new draft of this context (by path); the arguments set its attributes of the same name, COMMIT hands it to
    /// the backend.
    Open(&'static str),
    /// Opens an object of this context (by path) that the backend keeps and finds by the arguments; its attribute `name` is
    /// its key.
    Edit(&'static str),
    /// `USER <user>`: the next line is the password.
    User,
    /// `GET VERSION`.
    Version,
    /// An option of the connection: console codes, quiet, the end of multi-line input.
    Session(&'static str),
    /// An action of the backend.
    Act(&'static str),
    /// Known, but not built yet: answered with a refusal that says so.
    NotBuilt,
}

/// The declaration of one command.
#[derive(Debug)]
pub struct Command {
    /// Usage line, which is also its grammar.
    pub syntax: &'static str,
    /// What it does, as the end of a HELP line.
    pub help: &'static str,
    /// What the engine does.
    pub verb: Verb,
    /// Whether it enters another context.
    pub enters: bool,
    /// Accepted for old scripts, not shown in HELP.
    pub legacy: bool,
    /// Children (by word) whose live names fit an argument (by name), for completion.
    pub names: &'static [(&'static str, &'static str)],
}

impl Command {
    /// A command of the engine.
    pub const fn new(syntax: &'static str, verb: Verb, help: &'static str) -> Self {
        Self {
            syntax,
            help,
            verb,
            enters: false,
            legacy: false,
            names: &[],
        }
    }

    /// An action of the backend.
    pub const fn act(syntax: &'static str, action: &'static str, help: &'static str) -> Self {
        Self::new(syntax, Verb::Act(action), help)
    }

    /// A command that is known but not built yet.
    pub const fn not_built(syntax: &'static str, help: &'static str) -> Self {
        Self::new(syntax, Verb::NotBuilt, help)
    }

    /// The same, and it enters a context.
    #[must_use]
    pub const fn enters(mut self) -> Self {
        self.enters = true;
        self
    }

    /// The same, for old scripts only.
    #[must_use]
    pub const fn legacy(mut self) -> Self {
        self.legacy = true;
        self
    }

    /// The same, with live names for its arguments.
    #[must_use]
    pub const fn names(mut self, names: &'static [(&'static str, &'static str)]) -> Self {
        self.names = names;
        self
    }

    /// Whether it does anything yet.
    pub const fn effect(&self) -> Effect {
        match self.verb {
            Verb::NotBuilt => Effect::None,
            _ => Effect::Works,
        }
    }
}
