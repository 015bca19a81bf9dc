//! SET, ADD, UPDATE and REMOVE: what they do to the draft, and what they do at once.

use super::open::{already, given, missing, new_object, not_entered};
use super::{Engine, Ran};
use axigen_shared::control::Reply;
use axigen_shared::grammar::Args;
use axigen_shared::schema::{Action, Attr, Change, Child, Context, Live, Object, Shape, Step};
use axigen_shared::value::{Kind, Location, Value, Word};
use axigen_shared::{Cause, Refusal};

impl Engine {
    /// `SET <attr> <value>`.
    pub(super) async fn set(&mut self, attr: &'static Attr, args: &Args) -> Ran {
        let word = args.first().ok_or_else(|| missing_parameter(attr.name))?;
        let value = attr.parse(word)?;
        let newest = self.newest()?;
        if !attr.settable(!newest.is_new()) {
            return Err(Refusal::new(
                Cause::Conflict,
                format!("{} cannot be set here", attr.name),
            ));
        }
        if attr.live == Live::AtSet && !newest.is_new() {
            return self.set_at_once(attr, value).await;
        }
        newest.change(Action::Set(attr.name, value))?;
        let warning = attr.kind.warning(word).map(|why| format!("{}: {why}", attr.name));
        if let Some(warning) = &warning {
            tracing::warn!("{warning}");
        }
        Ok(Reply {
            warnings: warning.into_iter().collect(),
            ..Reply::done()
        })
    }

    /// An attribute that does not wait for COMMIT (WIRE.md 7, point 9).
    async fn set_at_once(&mut self, attr: &'static Attr, value: Value) -> Ran {
        let place = self.place();
        let mut change = Change::here(Action::Set(attr.name, value));
        for step in place.way.into_iter().rev() {
            change = change.below(step);
        }
        let answered = self.backend.commit(&place.target, &[change]).await?;
        Ok(Reply {
            warnings: answered.warnings,
            ..Reply::done()
        })
    }

    /// `ADD <object> …`.
    pub(super) async fn add(&mut self, child: &'static Child, args: &Args) -> Ran {
        match child.shape {
            Shape::Set(context) => self.add_set(child, context, args).await,
            Shape::Stored(context) => self.add_stored(child, context, args).await,
            Shape::Record(context) => self.add_record(child, context, args).await,
            Shape::Names(_) => self.add_name(child, args).await,
            Shape::Part(_) => Err(not_entered(child)),
        }
    }

    async fn add_record(&mut self, child: &'static Child, context: &'static Context, args: &Args) -> Ran {
        let object = new_object(child, context, args)?;
        if self
            .view()
            .await?
            .child(child.field, &object.key(child))
            .is_some()
        {
            return Err(already(child));
        }
        self.newest()?
            .change(Action::Add(child.field, Box::new(object)))?;
        Ok(Reply::done())
    }

    async fn add_name(&mut self, child: &'static Child, args: &Args) -> Ran {
        let name = key_argument(child, args)?.plain();
        if known_name(child, &*self.view().await?, &name).is_some() {
            return Err(already(child));
        }
        self.newest()?.change(Action::AddName(child.field, name))?;
        Ok(Reply::done())
    }

    /// `UPDATE <object> …`.
    pub(super) async fn update(&mut self, child: &'static Child, args: &Args) -> Ran {
        match child.shape {
            Shape::Set(context) => self.update_set(child, context, args).await,
            Shape::Stored(context) => self.update_stored(child, context, args).await,
            Shape::Record(context) => self.update_record(child, context, args).await,
            Shape::Names(_) => self.update_name(child, args).await,
            Shape::Part(_) => Err(not_entered(child)),
        }
    }

    /// `UPDATE MessagesLocation <path> <newUnitLocationURI>`: one name becomes another.
    async fn update_name(&mut self, child: &'static Child, args: &Args) -> Ran {
        let old = argument(child, args)?;
        let new = args.iter().nth(1).and_then(|(_, words)| words.first());
        let new = new.ok_or_else(|| missing_parameter(child.noun))?;
        let kind = child.key_kind().ok_or_else(|| not_entered(child))?;
        let wrong = |why| Refusal::new(Cause::Invalid, format!("invalid value for {}: {why}", child.noun));
        let new = kind.parse(new).map_err(wrong)?.plain();
        let view = self.view().await?;
        let known = known_name(child, &view, &old).ok_or_else(|| missing(child, &old))?;
        if known_name(child, &view, &new).is_some_and(|other| other != known) {
            return Err(already(child));
        }
        let newest = self.newest()?;
        newest.change(Action::RemoveName(child.field, known))?;
        newest.change(Action::AddName(child.field, new))?;
        Ok(Reply::done())
    }

    async fn update_record(&mut self, child: &'static Child, context: &'static Context, args: &Args) -> Ran {
        let found = self.existing(child, args).await?;
        let step = Step::Child(child.field, found.key(child));
        let is_key = |change: &Change| matches!(&change.action, Action::Set(name, _) if *name == child.key);
        let newest = self.newest()?;
        for change in given(context, args)?.into_iter().filter(|change| !is_key(change)) {
            newest.take(change.below(step.clone()))?;
        }
        Ok(Reply::done())
    }

    /// `REMOVE <object> …`: objects that the backend keeps go at once, the rest is part of the draft.
    pub(super) async fn remove(&mut self, child: &'static Child, args: &Args) -> Ran {
        match child.shape {
            Shape::Stored(context) => {
                let (target, _) = self.stored(child, context, args).await?;
                self.backend.remove(&target).await?;
                tracing::info!("{} removed {} {}", self.who, child.noun, target.keys.join("/"));
            }
            Shape::Set(_) | Shape::Record(_) => {
                let key = self.existing(child, args).await?.key(child);
                self.newest()?.change(Action::Remove(child.field, key))?;
            }
            Shape::Names(_) => {
                let name = argument(child, args)?;
                let view = self.view().await?;
                let known = known_name(child, &view, &name).ok_or_else(|| missing(child, &name))?;
                self.newest()?.change(Action::RemoveName(child.field, known))?;
            }
            Shape::Part(_) => return Err(not_entered(child)),
        }
        Ok(Reply::done())
    }

    /// The keyed object that a command names, as the newest level shows it.
    pub(super) async fn existing(&self, child: &'static Child, args: &Args) -> Result<Object, Refusal> {
        let key = argument(child, args)?;
        self.view()
            .await?
            .child(child.field, &key)
            .ok_or_else(|| missing(child, &key))
    }
}

/// The name of a field that a command means: locations are the same when their directories are.
fn known_name(child: &Child, view: &Object, name: &str) -> Option<String> {
    if !matches!(child.shape, Shape::Names(Kind::Location)) {
        let mut names = view.names(child.field).iter();
        return view
            .has_name(child.field, name)
            .then(|| names.find(|known| known.eq_ignore_ascii_case(name)).cloned())?;
    }
    let mut names = view.names(child.field).iter();
    names.find(|known| Location::same_place(known, name)).cloned()
}

/// The key that a command names, as it was written.
pub(super) fn argument(child: &Child, args: &Args) -> Result<String, Refusal> {
    let given = args.first_text().filter(|text| !text.is_empty());
    given
        .map(str::to_owned)
        .ok_or_else(|| missing_parameter(child.key))
}

/// The key that a command gives to something new, checked by its kind.
pub(super) fn key_argument(child: &Child, args: &Args) -> Result<Value, Refusal> {
    let text = argument(child, args)?;
    let kind = child.key_kind().ok_or_else(|| not_entered(child))?;
    let called = if child.key.is_empty() {
        child.noun
    } else {
        child.key
    };
    let wrong = |why| Refusal::new(Cause::Invalid, format!("invalid value for {called}: {why}"));
    kind.parse(&Word::One(text)).map_err(wrong)
}

fn missing_parameter(name: &str) -> Refusal {
    Refusal::new(Cause::Invalid, format!("missing parameter {name}"))
}

/// "wrong parameter <name>" (WIRE.md 3).
pub(super) fn wrong_parameter(name: &str) -> Refusal {
    Refusal::new(Cause::NotFound, format!("wrong parameter {name}"))
}
