//! What the engine needs from the server, in the words of the schema.
//!
//! Implemented once over the real parts (`axigend::administration`) and once in memory for tests. Object safe, so that
//! the engine is not generic over it. The futures stay on the connection's thread; whatever burns CPU or waits for a
//! disk is the backend's to move elsewhere.

use axigen_shared::control::Body;
use axigen_shared::grammar::Args;
use axigen_shared::schema::{Change, Child, Context, Object, Step};
use axigen_shared::value::Secret;
use axigen_shared::{Cause, Refusal};
use futures_util::future::LocalBoxFuture;
use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// An object that the backend keeps as a whole: the server tree, a domain, an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What it is an object of.
    pub context: &'static Context,
    /// Keys on the way to it from the root, outermost first: a domain's name, then an account's.
    pub keys: Vec<String>,
    /// It is being made: there is nothing to load, and COMMIT creates it.
    pub new: bool,
}

impl Target {
    /// An object that is there.
    pub fn of(context: &'static Context, keys: Vec<String>) -> Self {
        Self {
            context,
            keys,
            new: false,
        }
    }

    /// The same object, for one being made.
    #[must_use]
    pub fn new_one(mut self) -> Self {
        self.new = true;
        self
    }

    /// The last key: its own name; empty for an object without one.
    pub fn name(&self) -> &str {
        self.keys.last().map_or("", String::as_str)
    }
}

/// Where a command was given.
#[derive(Clone, Debug)]
pub struct Place {
    /// The object that is open.
    pub target: Target,
    /// The context the command belongs to: that of the object or of something inside it.
    pub context: &'static Context,
    /// The way from the object to that context.
    pub way: Vec<Step>,
    /// Actions that wait in this draft: part of what the context shows.
    pub waiting: Vec<(&'static str, Args)>,
    /// The draft was made active: what waited for it is done now.
    pub committed: bool,
    /// The administrator.
    pub who: Arc<str>,
    /// What the session holds as long as it lasts.
    pub held: Held,
}

/// What actions leave with the session that ran them; dropped with it.
#[derive(Clone, Default)]
pub struct Held(Rc<RefCell<Vec<Box<dyn Any>>>>);

impl Held {
    /// Keeps something until the session ends or [`Held::release`] takes it.
    pub fn keep<T: 'static>(&self, held: T) {
        self.0.borrow_mut().push(Box::new(held));
    }

    /// Takes everything of a kind that fits.
    pub fn release<T: 'static>(&self, fits: impl Fn(&T) -> bool) -> Vec<T> {
        let (taken, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut *self.0.borrow_mut())
            .into_iter()
            .partition(|held| held.downcast_ref::<T>().is_some_and(&fits));
        *self.0.borrow_mut() = kept;
        let own = |held: Box<dyn Any>| held.downcast::<T>().ok().map(|held| *held);
        taken.into_iter().filter_map(own).collect()
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Held({})", self.0.borrow().len())
    }
}

/// A long job that goes on by itself; sessions look on.
pub trait Job: Send + Sync {
    /// What it said after its first `seen` lines. Waits for something new, but not for long.
    fn look(&self, seen: usize) -> LocalBoxFuture<'_, Look>;
}

/// Something that sessions can follow without end: the log.
pub trait Source {
    /// What came since, a line each; waits for some. Dropping the future loses nothing.
    fn news(&mut self) -> LocalBoxFuture<'_, Vec<String>>;
}

/// What a look at a job shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Lines after those that were seen.
    pub lines: Vec<String>,
    /// How many were said up to here.
    pub seen: usize,
    /// How far it is.
    pub progress: String,
    /// How it ended, once it has.
    pub ended: Option<Result<String, Refusal>>,
}

/// A job to be followed to its end.
#[derive(Clone)]
pub struct Follow(pub Arc<dyn Job>);

impl std::fmt::Debug for Follow {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Follow(..)")
    }
}

impl PartialEq for Follow {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// An action that waits for the object it is about to exist, or for COMMIT.
#[derive(Clone, Debug)]
pub struct Deferred {
    /// Where it was given.
    pub place: Place,
    /// Which action ([`axigen_shared::schema::Verb::Act`]).
    pub action: &'static str,
    /// Its arguments.
    pub args: Args,
    /// Its text, for an action that takes one.
    pub text: Option<Vec<String>>,
}

/// What an action answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answered {
    /// The payload.
    pub body: Body,
    /// The sentence of the status line, when "command successful" does not say enough.
    pub message: Option<String>,
    /// What the administrator should know although it succeeded.
    pub warnings: Vec<String>,
}

impl Answered {
    /// Done, with a payload.
    pub fn with(body: Body) -> Self {
        Self {
            body,
            ..Self::default()
        }
    }

    /// Done, with a warning.
    #[must_use]
    pub fn warning(mut self, warning: impl Into<String>) -> Self {
        self.warnings.push(warning.into());
        self
    }
}

/// How an action went.
#[derive(Clone, Debug, PartialEq)]
pub enum Acted {
    /// It was done.
    Done(Answered),
    /// It is part of the draft: to be run again, with the object in place, after COMMIT.
    Later,
    /// It takes lines of text: to be run again with them.
    WantsText,
    /// A job runs; what it says is the answer. It goes on when nobody looks on any more.
    Follow(Follow),
}

impl Acted {
    /// Done, nothing more to say.
    pub fn done() -> Self {
        Self::Done(Answered::default())
    }

    /// Done, with a payload.
    pub fn with(body: Body) -> Self {
        Self::Done(Answered::with(body))
    }
}

/// Rows of a list, as many as fit one page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// A cell for each column of the child's declaration.
    pub rows: Vec<Vec<String>>,
    /// Key after which the next page begins; `None` when this was the last.
    pub next: Option<String>,
}

/// The server behind the engine.
pub trait Backend: Send + Sync {
    /// Checks name and password of an administrator; answers the name as it is written canonically.
    fn login<'a>(
        &'a self,
        user: &'a str,
        password: &'a [u8],
    ) -> LocalBoxFuture<'a, Result<Arc<str>, Refusal>>;

    /// The newest live state of an object that is there.
    fn load<'a>(&'a self, target: &'a Target) -> LocalBoxFuture<'a, Result<Arc<Object>, Refusal>>;

    /// What an object that is to be made begins as, when it may be made: `changes` are what the command gave.
    fn begin<'a>(
        &'a self,
        target: &'a Target,
        changes: &'a [Change],
    ) -> LocalBoxFuture<'a, Result<Arc<Object>, Refusal>>;

    /// Applies a draft to the newest live state, all or nothing, and answers when it is in force (and on disk, where the
    /// object is kept there). A target that is new is created.
    fn commit<'a>(
        &'a self,
        target: &'a Target,
        changes: &'a [Change],
    ) -> LocalBoxFuture<'a, Result<Answered, Refusal>>;

    /// Removes an object, at once.
    fn remove<'a>(&'a self, target: &'a Target) -> LocalBoxFuture<'a, Result<(), Refusal>>;

    /// One page of the objects of a child that the backend keeps, in a stable order, after a key.
    fn list<'a>(
        &'a self,
        holder: &'a Target,
        child: &'static Child,
        wildcard: Option<&'a str>,
        after: Option<&'a str>,
        limit: usize,
    ) -> LocalBoxFuture<'a, Result<Page, Refusal>>;

    /// The object that unset attributes of `context` inside `target` are inherited from, when it is not in an object that
    /// the administrator has open.
    fn inherited<'a>(
        &'a self,
        target: &'a Target,
        context: &'static Context,
    ) -> LocalBoxFuture<'a, Result<Option<Arc<Object>>, Refusal>>;

    /// Runs an action.
    fn act<'a>(
        &'a self,
        place: &'a Place,
        action: &'static str,
        args: &'a Args,
        text: Option<&'a [String]>,
    ) -> LocalBoxFuture<'a, Result<Acted, Refusal>>;

    /// The hash of the password of an object that has one, as SET takes it: `{SCHEME}value`.
    fn password_hash(&self, _target: &Target) -> Option<String> {
        None
    }

    /// Whether this is the password of the object, or its very hash.
    fn has_password<'a>(&'a self, _target: &'a Target, _password: &'a Secret) -> LocalBoxFuture<'a, bool> {
        Box::pin(std::future::ready(false))
    }

    /// Writes a text to a file that an administrator names; answers its whole path.
    fn export<'a>(&'a self, path: &'a str, text: &'a str) -> LocalBoxFuture<'a, Result<String, Refusal>>;

    /// Whether the running server configuration differs from the one on disk.
    fn unsaved(&self) -> bool;

    /// What can be followed without end, by its name; `Unsupported`.
    fn source(&self, what: &str) -> Result<Box<dyn Source>, Refusal> {
        Err(Refusal::new(
            Cause::Unsupported,
            format!("{what} cannot be followed"),
        ))
    }
}
