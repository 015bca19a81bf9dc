//! What an open context shows: the newest live object with the drafts of all levels down to it.

use super::Engine;
use super::level::{Anchor, Level};
use crate::backend::{Place, Target};
use axigen_shared::schema::{Child, Context, Object, Shape, Step};
use axigen_shared::{Cause, Refusal};
use std::sync::Arc;

/// The object of a level as it was shown last, and what it was made from.
pub(super) struct Kept {
    base: Arc<Object>,
    /// Of the levels from the owner of the object down to this one.
    states: Vec<(u64, usize)>,
    view: Arc<Object>,
}

impl Kept {
    /// Whether nothing has changed since but that the draft of this level may have grown.
    fn is_before(&self, base: &Arc<Object>, states: &[(u64, usize)]) -> bool {
        let (Some((before, outer)), Some((now, above))) = (self.states.split_last(), states.split_last())
        else {
            return false;
        };
        Arc::ptr_eq(&self.base, base) && outer == above && before.0 == now.0 && before.1 <= now.1
    }
}

impl Engine {
    /// The object of the newest level.
    ///
    /// A script that adds thousands of aliases or hundreds of rules looks at it before each of them; so it is kept for
    /// every open level, and while nothing but the draft of a level has grown only what is new there is applied.
    pub(super) async fn view(&self) -> Result<Arc<Object>, Refusal> {
        let newest = self.levels.len().saturating_sub(1);
        let owner = self.owner_of(newest).ok_or_else(nothing_open)?;
        let levels = self.levels.get(owner..).unwrap_or_default();
        let base = self.base(levels.first().ok_or_else(nothing_open)?).await?;
        let mut kept = self.kept.take();
        kept.truncate(levels.len());
        let shown = kept_view(&mut kept, &base, levels);
        self.kept.replace(kept);
        shown
    }

    /// The object of the level at `at`, drafts of the levels above it included.
    pub(super) async fn view_of(&self, at: usize) -> Result<Arc<Object>, Refusal> {
        let owner = self.owner_of(at).ok_or_else(nothing_open)?;
        let levels = self.levels.get(owner..=at).unwrap_or_default();
        let first = levels.first().ok_or_else(nothing_open)?;
        built(self.base(first).await?, levels)
    }

    /// The newest live object that the level owns, without any draft.
    async fn base(&self, owner: &Level) -> Result<Arc<Object>, Refusal> {
        match &owner.anchor {
            Anchor::New(_, initial) => Ok(Arc::clone(initial)),
            Anchor::Kept(target) => self.backend.load(target).await,
            Anchor::Bare | Anchor::Inside(_) | Anchor::Added(..) => Err(nothing_open()),
        }
    }

    /// The level at or above `at` whose object the backend keeps or will make.
    pub(super) fn owner_of(&self, at: usize) -> Option<usize> {
        let levels = self.levels.get(..=at)?;
        levels.iter().rposition(Level::owns)
    }

    /// Where the newest level is, as the backend is told.
    pub(super) fn place(&self) -> Place {
        let newest = self.levels.len().saturating_sub(1);
        let owner = self.owner_of(newest);
        let target = owner
            .and_then(|at| self.levels.get(at))
            .and_then(Level::target)
            .cloned();
        let inner = owner.and_then(|at| self.levels.get(at + 1..)).unwrap_or_default();
        let all = owner.and_then(|at| self.levels.get(at..)).unwrap_or_default();
        let waiting = all
            .iter()
            .flat_map(|level| &level.later)
            .map(|later| (later.action, later.args.clone()));
        Place {
            target: target.unwrap_or_else(|| Target::of(self.context(), Vec::new())),
            context: self.context(),
            way: inner.iter().filter_map(Level::step_after).collect(),
            waiting: waiting.collect(),
            committed: false,
            who: Arc::clone(&self.who),
            held: self.held.clone(),
        }
    }

    /// The keys of the objects that the newest level is within.
    pub(super) fn keys(&self) -> Vec<String> {
        self.levels
            .iter()
            .rev()
            .find_map(Level::target)
            .map(|target| target.keys.clone())
            .unwrap_or_default()
    }

    /// The object that unset attributes of a context are inherited from: in an object that is open, with its pending
    /// changes, or else where the backend knows it.
    pub(super) async fn inherited(
        &self,
        context: &'static Context,
        target: &Target,
    ) -> Result<Option<Arc<Object>>, Refusal> {
        let Some(path) = context.inherits else {
            return Ok(None);
        };
        if let Some(known) = self.backend.inherited(target, context).await? {
            return Ok(Some(known));
        }
        for at in (0..self.levels.len()).rev() {
            let holder = self.levels.get(at).filter(|level| level.owns());
            if let Some(child) = holder.and_then(|level| part_with_path(level.context, path)) {
                let holder = self.view_of(at).await?;
                return Ok(holder.part(child.field).map(Arc::new));
            }
        }
        Ok(None)
    }
}

/// The object of the last level, made from what is kept of it, else from that of the level above; kept for the next time.
fn kept_view(kept: &mut Vec<Kept>, base: &Arc<Object>, levels: &[Level]) -> Result<Arc<Object>, Refusal> {
    let (last, above) = levels.split_last().ok_or_else(nothing_open)?;
    let states: Vec<(u64, usize)> = levels.iter().map(Level::state).collect();
    // Those of deeper levels were taken off already; what is not valid any more, or not whole after a failure, goes.
    let mine = if kept.len() == levels.len() {
        kept.pop()
    } else {
        None
    };
    let view = match mine.filter(|kept| kept.is_before(base, &states)) {
        Some(Kept { mut view, states, .. }) => {
            let applied = states.last().map_or(0, |(_, length)| *length);
            let new = last.draft.get(applied..).unwrap_or_default();
            if !new.is_empty() {
                Arc::make_mut(&mut view).apply_to_copy(new)?;
            }
            view
        }
        None if above.is_empty() => with_draft(Arc::clone(base), last)?,
        None => below(kept_view(kept, base, above)?, last)?,
    };
    if kept.len() == above.len() {
        kept.push(Kept {
            base: Arc::clone(base),
            states,
            view: Arc::clone(&view),
        });
    }
    Ok(view)
}

/// The object with what the level hands up.
fn with_draft(mut object: Arc<Object>, level: &Level) -> Result<Arc<Object>, Refusal> {
    let changes = level.handed_up();
    if !changes.is_empty() {
        Arc::make_mut(&mut object).apply_to_copy(&changes)?;
    }
    Ok(object)
}

/// The object of a level, from that of the level above.
fn below(above: Arc<Object>, level: &Level) -> Result<Arc<Object>, Refusal> {
    let step = level.step_after().ok_or_else(nothing_open)?;
    Ok(Arc::new(descend(&*with_draft(above, level)?, &step)?))
}

/// The object of the last level, from the live object of the first and the drafts of all.
fn built(mut object: Arc<Object>, levels: &[Level]) -> Result<Arc<Object>, Refusal> {
    for (at, level) in levels.iter().enumerate() {
        object = if at == 0 {
            with_draft(object, level)?
        } else {
            below(object, level)?
        };
    }
    Ok(object)
}

/// One step down.
fn descend(object: &Object, step: &Step) -> Result<Object, Refusal> {
    let (found, what) = match step {
        Step::Part(field) => (object.part(field), (*field).to_owned()),
        Step::Child(field, key) => {
            let noun = object.context.field(field).map_or(*field, |child| child.noun);
            (object.child(field, key), format!("{noun} not found: {key}"))
        }
    };
    found.ok_or_else(|| Refusal::new(Cause::NotFound, what))
}

fn part_with_path(context: &'static Context, path: &str) -> Option<&'static Child> {
    context
        .children
        .iter()
        .find(|child| matches!(child.shape, Shape::Part(part) if part.path == path))
}

fn nothing_open() -> Refusal {
    Refusal::new(Cause::Conflict, "nothing is open here that could be shown")
}
