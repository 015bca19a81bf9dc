//! Entering contexts: parts, keyed objects, objects that the backend keeps, objects that are to be made.

use super::edit::{argument, key_argument};
use super::level::{Anchor, Level};
use super::{Engine, Ran};
use crate::backend::Target;
use axigen_shared::control::Reply;
use axigen_shared::grammar::Args;
use axigen_shared::schema::{self, Action, Change, Child, Context, Object, Shape, Step};
use axigen_shared::{Cause, Refusal};

impl Engine {
    /// `CONFIG <part>`: of a context without an object, a part is an object that the backend keeps.
    pub(super) fn config(&mut self, child: &'static Child) -> Ran {
        let Shape::Part(context) = child.shape else {
            return Err(not_entered(child));
        };
        let anchor = match self.newest()?.anchor {
            Anchor::Bare => Anchor::Kept(Target::of(context, self.keys())),
            _ => Anchor::Inside(Step::Part(child.field)),
        };
        self.push(Level::new(context, anchor))?;
        Ok(Reply::done())
    }

    /// Opens a new object of a context; the arguments are its first attributes. Contexts that only lead on (AACL, DEBUG)
    /// have no attributes and no object.
    pub(super) async fn open(&mut self, path: &'static str, args: &Args) -> Ran {
        let context = schema::context(path)
            .ok_or_else(|| Refusal::new(Cause::Internal, format!("no context {path}")))?;
        if context.attributes().next().is_none() {
            self.push(Level::new(context, Anchor::Bare))?;
            return Ok(Reply::done());
        }
        let changes = given(context, args)?;
        let target = Target::of(context, self.keys()).new_one();
        self.begin(target, changes).await
    }

    /// `EDIT Domain …`: opens an object that the backend finds by the arguments.
    pub(super) async fn edit(&mut self, path: &'static str, args: &Args) -> Ran {
        let context = schema::context(path)
            .ok_or_else(|| Refusal::new(Cause::Internal, format!("no context {path}")))?;
        let sought = given(context, args)?;
        let mut target = Target::of(context, self.keys());
        let found = self.backend.begin(&target, &sought).await?;
        target.keys.push(found.get("name").str().to_owned());
        self.push(Level::new(context, Anchor::Kept(target)))?;
        Ok(Reply::done())
    }

    /// Opens an object that COMMIT will create.
    async fn begin(&mut self, target: Target, changes: Vec<Change>) -> Ran {
        let initial = self.backend.begin(&target, &changes).await?;
        let mut level = Level::new(target.context, Anchor::New(target, initial));
        level.draft = changes;
        self.push(level)?;
        Ok(Reply::done())
    }

    /// `ADD <object> …` of objects that the backend keeps.
    pub(super) async fn add_stored(
        &mut self,
        child: &'static Child,
        context: &'static Context,
        args: &Args,
    ) -> Ran {
        let key = key_argument(child, args)?;
        let mut keys = self.keys();
        keys.push(key.plain());
        let changes = given(context, args)?;
        self.begin(Target::of(context, keys).new_one(), changes).await
    }

    /// `UPDATE <object> …` of objects that the backend keeps. The name is taken over as the object has it.
    pub(super) async fn update_stored(
        &mut self,
        child: &'static Child,
        context: &'static Context,
        args: &Args,
    ) -> Ran {
        let (target, _) = self.stored(child, context, args).await?;
        self.push(Level::new(context, Anchor::Kept(target)))?;
        Ok(Reply::done())
    }

    /// The object that the backend keeps under the key of a command, and where.
    pub(super) async fn stored(
        &self,
        child: &'static Child,
        context: &'static Context,
        args: &Args,
    ) -> Result<(Target, std::sync::Arc<Object>), Refusal> {
        let mut target = Target::of(context, self.keys());
        target.keys.push(argument(child, args)?);
        let object = self.backend.load(&target).await?;
        let name = object.key(child);
        if let (Some(last), false) = (target.keys.last_mut(), name.is_empty()) {
            *last = name;
        }
        Ok((target, object))
    }

    /// `ADD <object> …` of keyed objects in the tree.
    pub(super) async fn add_set(
        &mut self,
        child: &'static Child,
        context: &'static Context,
        args: &Args,
    ) -> Ran {
        let object = new_object(child, context, args)?;
        let key = object.key(child);
        if self.view().await?.child(child.field, &key).is_some() {
            return Err(already(child));
        }
        self.push(Level::new(context, Anchor::Added(child, Box::new(object))))?;
        Ok(Reply::done())
    }

    /// `UPDATE <object> …` of keyed objects in the tree.
    pub(super) async fn update_set(
        &mut self,
        child: &'static Child,
        context: &'static Context,
        args: &Args,
    ) -> Ran {
        let key = argument(child, args)?;
        let found = self
            .view()
            .await?
            .child(child.field, &key)
            .ok_or_else(|| missing(child, &key))?;
        let step = Step::Child(child.field, found.key(child));
        self.push(Level::new(context, Anchor::Inside(step)))?;
        Ok(Reply::done())
    }
}

/// An object as ADD gives it: its key and the attributes of the line.
pub(super) fn new_object(
    child: &'static Child,
    context: &'static Context,
    args: &Args,
) -> Result<Object, Refusal> {
    let mut object = Object::new(context);
    let key = context.attr(child.key).ok_or_else(|| not_entered(child))?;
    object.values.insert(key.name, key_argument(child, args)?);
    let changes = given(context, args)?;
    object.apply(&changes)?;
    Ok(object)
}

/// The attributes that the arguments of a command give, in the order of the line.
pub(super) fn given(context: &'static Context, args: &Args) -> Result<Vec<Change>, Refusal> {
    let named = args
        .iter()
        .filter_map(|(name, words)| Some((context.attr(name)?, words.first()?)));
    named
        .map(|(attr, word)| Ok(Change::here(Action::Set(attr.name, attr.parse(word)?))))
        .collect()
}

/// "listener already exists" (WIRE.md 3).
pub(super) fn already(child: &Child) -> Refusal {
    Refusal::new(Cause::AlreadyExists, format!("{} already exists", child.noun))
}

/// "listener not found".
pub(super) fn missing(child: &Child, key: &str) -> Refusal {
    Refusal::new(Cause::NotFound, format!("{} not found: {key}", child.noun))
}

pub(super) fn not_entered(child: &Child) -> Refusal {
    Refusal::new(Cause::Internal, format!("{} has no context", child.object))
}
