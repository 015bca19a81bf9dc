//! Objects made to be as documents say: the answer to an apply request.
//!
//! Every object is all or nothing; what was refused leaves the others alone. Objects of one request are changed side by
//! side, so that what is kept on disk is synced for many of them at once.

use super::{Engine, Ran};
use crate::backend::{Answered, Backend, Target};
use axigen_shared::control::{Body, Effect, MAX_APPLIED, Outcome, Reply, Setting, Wanted};
use axigen_shared::schema::{
    self, Action, Change, Child, Context, Difference, Object, Rest, Shape, difference,
};
use axigen_shared::value::Value;
use axigen_shared::{Cause, Refusal};
use futures_util::StreamExt;
use futures_util::stream;
use serde_json::Value as Json;

/// The attribute whose hash a document may hold.
pub(super) const PASSWORD: &str = "password";
/// Objects that are changed at the same time.
const SIDE_BY_SIDE: usize = 128;

/// How a request is to be done.
#[derive(Clone, Copy)]
struct Manner {
    check: bool,
    rest: Rest,
}

impl Engine {
    /// Applies the documents, or only tells what that would do.
    pub(super) async fn apply(&mut self, objects: Vec<Wanted>, check: bool, keep: bool) -> Ran {
        self.may_provision()?;
        if objects.len() > MAX_APPLIED {
            let detail = format!("more than {MAX_APPLIED} objects in one request");
            return Err(Refusal::new(Cause::TooLarge, detail));
        }
        let rest = if keep { Rest::Keep } else { Rest::Reset };
        let (backend, manner) = (&*self.backend, Manner { check, rest });
        let outcomes: Vec<Outcome> = stream::iter(&objects)
            .map(|wanted| one(backend, wanted, manner))
            .buffered(SIDE_BY_SIDE)
            .collect()
            .await;
        if !check {
            let changed = outcomes
                .iter()
                .filter(|outcome| !matches!(outcome.effect, Effect::Refused | Effect::Unchanged))
                .count();
            tracing::info!(
                "{} applied {} documents, {changed} changes",
                self.who,
                outcomes.len()
            );
        }
        let value = serde_json::to_value(outcomes)
            .map_err(|error| Refusal::new(Cause::Internal, format!("outcomes as JSON: {error}")))?;
        Ok(Reply::with(Body::Json { value }))
    }
}

async fn one(backend: &dyn Backend, wanted: &Wanted, manner: Manner) -> Outcome {
    let done = match place(&wanted.way) {
        Ok((target, child)) => object(backend, target, child, &wanted.document, manner).await,
        Err(refusal) => Err(refusal),
    };
    done.unwrap_or_else(|refusal| Outcome::refused(super::refused(&refusal).message))
}

/// The object at the end of a way of words: `SERVER`, or children and their names by turns.
fn place(way: &[String]) -> Result<(Target, Option<&'static Child>), Refusal> {
    let wrong = || {
        let way = way.join(" ");
        Refusal::new(Cause::Invalid, format!("nothing can be applied at {way}"))
    };
    if let ([only], Some(context)) = (way, schema::context("SERVER")) {
        let server = only.eq_ignore_ascii_case(context.path);
        return server
            .then(|| (Target::of(context, Vec::new()), None))
            .ok_or_else(wrong);
    }
    let mut target = Target::of(schema::root(), Vec::new());
    let mut last = None;
    for pair in way.chunks(2) {
        let [word, name] = pair else { return Err(wrong()) };
        let child = target.context.child(word).ok_or_else(wrong)?;
        let Shape::Stored(context) = child.shape else {
            return Err(wrong());
        };
        target.context = context;
        target.keys.push(name.clone());
        last = Some(child);
    }
    if last.is_none() {
        return Err(wrong());
    }
    Ok((target, last))
}

async fn object(
    backend: &dyn Backend,
    target: Target,
    child: Option<&'static Child>,
    document: &Json,
    manner: Manner,
) -> Result<Outcome, Refusal> {
    let found = match backend.load(&target).await {
        Ok(object) => Some(object),
        Err(refusal) if is_missing(refusal.cause) && child.is_some() => None,
        Err(refusal) => return Err(refusal),
    };
    match (found, document) {
        (None, Json::Null) => Ok(Outcome::of(Effect::Unchanged)),
        (Some(_), Json::Null) => {
            if !manner.check {
                backend.remove(&target).await?;
            }
            Ok(Outcome::of(Effect::Removed))
        }
        (Some(now), document) => {
            let (wanted, _) = read(&target, child, document)?;
            change(backend, &target, &now, &wanted, manner).await
        }
        (None, document) => create(backend, target, child, document, manner).await,
    }
}

const fn is_missing(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::NotFound | Cause::NoSuchAccount | Cause::NoSuchDomain
    )
}

/// The context in which an object is made, where that is another than its own.
fn creation(context: &Context) -> Option<&'static Context> {
    schema::context(&format!("{}-create", context.path))
}

/// The object a document describes, and what only its creation takes.
fn read(
    target: &Target,
    child: Option<&Child>,
    document: &Json,
) -> Result<(Object, Option<Object>), Refusal> {
    let mut own = document.clone();
    // The way says it already.
    if let (Some(child), Json::Object(fields)) = (child, &mut own) {
        fields.remove(child.key);
    }
    let mut given = serde_json::Map::new();
    if let (Some(creation), Json::Object(fields)) = (creation(target.context), &mut own) {
        fields.retain(|name, value| {
            let known = |context: &Context| context.attr(name).is_some() || context.field(name).is_some();
            let elsewhere = known(creation) && !known(target.context);
            if elsewhere {
                given.insert(name.clone(), value.take());
            }
            !elsewhere
        });
    }
    let wrong = |why: Vec<String>| Refusal::new(Cause::Invalid, why.join("; "));
    let object = Object::from_document(target.context, &own).map_err(wrong)?;
    let creation = creation(target.context)
        .map(|context| Object::from_document(context, &Json::Object(given)))
        .transpose();
    Ok((object, creation.map_err(wrong)?))
}

async fn change(
    backend: &dyn Backend,
    target: &Target,
    now: &Object,
    wanted: &Object,
    manner: Manner,
) -> Result<Outcome, Refusal> {
    let mut found = difference(now, wanted, manner.rest);
    // A password that is the right one already is no difference.
    if let Some(Value::Secret(secret)) = wanted.values.get(PASSWORD)
        && backend.has_password(target, secret).await
    {
        found.retain(|difference| difference.what != PASSWORD);
    }
    if found.is_empty() {
        return Ok(Outcome::of(Effect::Unchanged));
    }
    let changes: Vec<Change> = found.iter().map(|one| one.change.clone()).collect();
    let answered = if manner.check {
        now.clone().apply_to_copy(&changes)?;
        Answered::default()
    } else {
        backend.commit(target, &changes).await?
    };
    Ok(Outcome {
        warnings: answered.warnings,
        settings: found.into_iter().map(setting).collect(),
        ..Outcome::of(Effect::Changed)
    })
}

async fn create(
    backend: &dyn Backend,
    target: Target,
    child: Option<&'static Child>,
    document: &Json,
    manner: Manner,
) -> Result<Outcome, Refusal> {
    let (wanted, creation) = read(&target, child, document)?;
    let (maker, first) = match creation {
        Some(mut creation) => {
            creation.set_text("name", target.name())?;
            (Target::of(creation.context, Vec::new()).new_one(), creation)
        }
        None => (target.clone().new_one(), wanted.clone()),
    };
    let empty = Object::new(first.context);
    let found = difference(&empty, &first, Rest::Keep);
    let mut changes: Vec<Change> = found.iter().map(|one| one.change.clone()).collect();
    if maker.keys.is_empty() {
        let name = first.get("name");
        changes.insert(0, Change::here(Action::Set("name", name)));
    }
    backend.begin(&maker, &changes).await?;
    let separate = maker.context != target.context;
    let rest = || difference(&Object::new(wanted.context), &wanted, Rest::Keep);
    let settings = if separate { rest() } else { found };
    let mut outcome = Outcome {
        settings: settings.into_iter().map(setting).collect(),
        ..Outcome::of(Effect::Created)
    };
    if manner.check {
        return Ok(outcome);
    }
    outcome.warnings = backend.commit(&maker, &changes).await?.warnings;
    if separate {
        let now = backend.load(&target).await?;
        let rest = change(backend, &target, &now, &wanted, manner).await?;
        outcome.warnings.extend(rest.warnings);
    }
    Ok(outcome)
}

fn setting(difference: Difference) -> Setting {
    Setting {
        what: difference.what,
        from: difference.from,
        to: difference.to,
    }
}
