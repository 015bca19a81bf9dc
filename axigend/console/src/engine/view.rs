//! What an open context shows: the newest live object with the drafts of all levels down to it.

use super::Engine;
use super::level::{Anchor, Level};
use crate::backend::{Place, Target};
use axigen_shared::schema::{Child, Context, Object, Shape, Step};
use axigen_shared::{Cause, Refusal};
use std::sync::Arc;

/// The object of the newest level as it was shown last, and what it was made from.
pub(super) struct Kept {
    base: Arc<Object>,
    states: Vec<(u64, usize)>,
    /// Changes of the newest draft that are in it.
    applied: usize,
    view: Arc<Object>,
}

impl Kept {
    /// Whether nothing has changed since but that the newest draft may have grown.
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
    /// A script that adds hundreds of rules looks at it before each of them; so it is kept, and while nothing but the
    /// newest draft has grown only what is new there is applied.
    pub(super) async fn view(&self) -> Result<Arc<Object>, Refusal> {
        let newest = self.levels.len().saturating_sub(1);
        let owner = self.owner_of(newest).ok_or_else(nothing_open)?;
        let levels = self.levels.get(owner..).unwrap_or_default();
        let (Some(first), Some(last)) = (levels.first(), levels.last()) else {
            return Err(nothing_open());
        };
        let base = self.base(first).await?;
        let states: Vec<(u64, usize)> = levels.iter().map(Level::state).collect();
        let kept = self
            .kept
            .borrow_mut()
            .take()
            .filter(|kept| kept.is_before(&base, &states));
        let view = match kept {
            Some(Kept { view, applied, .. }) => {
                let mut view = view;
                let new = last.draft.get(applied..).unwrap_or_default();
                if !new.is_empty() {
                    Arc::make_mut(&mut view).apply(new)?;
                }
                view
            }
            None => built(Arc::clone(&base), levels)?,
        };
        let kept = Kept {
            base,
            states,
            applied: last.draft.len(),
            view: Arc::clone(&view),
        };
        *self.kept.borrow_mut() = Some(kept);
        Ok(view)
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

/// The object of the last level, from the live object of the first and the drafts of all.
fn built(mut object: Arc<Object>, levels: &[Level]) -> Result<Arc<Object>, Refusal> {
    for (at, level) in levels.iter().enumerate() {
        let changes = level.handed_up();
        if !changes.is_empty() {
            Arc::make_mut(&mut object).apply(&changes)?;
        }
        if at > 0 {
            let step = level.step_after().ok_or_else(nothing_open)?;
            object = Arc::new(descend(&object, &step)?);
        }
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
