//! One open context: what it is a context of, and its draft.
//!
//! A draft is a list of changes seen from its own context. When it is handed up or made active each change gets the steps
//! of the levels it passes, so nothing is ever copied out of an object or merged back into it.

use crate::backend::{Deferred, Target};
use axigen_shared::schema::{Action, Change, Child, Context, Object, Step};
use axigen_shared::value::Value;
use axigen_shared::{Cause, Refusal};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Most pending changes of one level: a bound on what a session can pile up, far above what is typed or scripted between
/// two COMMITs.
pub(super) const MAX_DRAFT: usize = 100_000;

/// What a level is a level of.
#[derive(Clone, Debug)]
pub(super) enum Anchor {
    /// No object at all: login, root.
    Bare,
    /// An object that the backend keeps.
    Kept(Target),
    /// An object that COMMIT will create, and what it begins as.
    New(Target, Arc<Object>),
    /// Something inside the object of the level above.
    Inside(Step),
    /// A keyed object that is to be added inside the object of the level above.
    Added(&'static Child, Box<Object>),
}

/// One open context.
#[derive(Clone, Debug)]
pub(super) struct Level {
    pub context: &'static Context,
    pub anchor: Anchor,
    pub draft: Vec<Change>,
    pub later: Vec<Deferred>,
    /// Tells this draft from every other: another one as soon as the draft does more than grow.
    stamp: u64,
}

impl Level {
    pub fn new(context: &'static Context, anchor: Anchor) -> Self {
        Self {
            context,
            anchor,
            draft: Vec::new(),
            later: Vec::new(),
            stamp: stamp(),
        }
    }

    /// What tells its draft from every other, and from itself at another length.
    pub fn state(&self) -> (u64, usize) {
        (self.stamp, self.draft.len())
    }

    /// Drops what is pending.
    pub fn clear(&mut self) {
        self.draft.clear();
        self.later.clear();
        self.stamp = stamp();
    }

    /// The object that is kept or made at this level.
    pub fn target(&self) -> Option<&Target> {
        match &self.anchor {
            Anchor::Kept(target) | Anchor::New(target, _) => Some(target),
            Anchor::Bare | Anchor::Inside(_) | Anchor::Added(..) => None,
        }
    }

    /// Whether leaving it with its own word makes the draft active instead of handing it up.
    pub fn owns(&self) -> bool {
        self.target().is_some()
    }

    /// Whether the object at this level is being made.
    pub fn is_new(&self) -> bool {
        matches!(self.anchor, Anchor::New(..) | Anchor::Added(..))
    }

    /// Whether something would be lost by BACK.
    pub fn is_pending(&self) -> bool {
        self.is_new() || !self.draft.is_empty() || !self.later.is_empty()
    }

    /// Adds a change to the draft. A later value of an attribute takes the place of an earlier one.
    pub fn change(&mut self, action: Action) -> Result<(), Refusal> {
        if let Some(name) = attribute(&action) {
            self.forget(|change| change.at.is_empty() && attribute(&change.action) == Some(name));
        }
        self.take(Change::here(action))
    }

    /// Adds a change of something inside to the draft.
    pub fn take(&mut self, change: Change) -> Result<(), Refusal> {
        if self.draft.len() >= MAX_DRAFT {
            let detail = format!("more than {MAX_DRAFT} pending changes; make them active first");
            return Err(Refusal::new(Cause::TooLarge, detail));
        }
        self.draft.push(change);
        Ok(())
    }

    /// Forgets the pending changes of a field of children.
    pub fn forget_field(&mut self, field: &str) {
        self.forget(|change| concerns(change, field));
    }

    fn forget(&mut self, unwanted: impl Fn(&Change) -> bool) {
        let before = self.draft.len();
        self.draft.retain(|change| !unwanted(change));
        if self.draft.len() != before {
            self.stamp = stamp();
        }
    }

    /// The step from the level above into this one, for changes that were not handed up yet.
    pub fn step(&self) -> Option<Step> {
        match &self.anchor {
            Anchor::Inside(step) => Some(step.clone()),
            Anchor::Added(child, object) => Some(Step::Child(child.field, object.key(child))),
            Anchor::Bare | Anchor::Kept(_) | Anchor::New(..) => None,
        }
    }

    /// The step that finds it after its own draft was applied, which may have changed its key.
    pub fn step_after(&self) -> Option<Step> {
        let step = self.step()?;
        let Step::Child(field, key) = step else {
            return Some(step);
        };
        Some(Step::Child(field, self.new_key().map_or(key, Value::plain)))
    }

    /// The draft as the level above sees it, the object itself included when it is added.
    pub fn handed_up(&self) -> Vec<Change> {
        let Some(step) = self.step() else {
            return self.ordered();
        };
        let mut changes = Vec::with_capacity(self.draft.len() + 1);
        if let Anchor::Added(child, object) = &self.anchor {
            changes.push(Change::here(Action::Add(child.field, object.clone())));
        }
        changes.extend(
            self.ordered()
                .into_iter()
                .map(|change| change.below(step.clone())),
        );
        changes
    }

    /// The draft with a change of the key last: everything before it still finds the object under the old one.
    fn ordered(&self) -> Vec<Change> {
        let (last, first): (Vec<_>, Vec<_>) = self
            .draft
            .iter()
            .cloned()
            .partition(|change| self.key_of(change).is_some());
        first.into_iter().chain(last).collect()
    }

    fn new_key(&self) -> Option<&Value> {
        self.draft.iter().rev().find_map(|change| self.key_of(change))
    }

    /// The new key, when the change sets it.
    fn key_of<'a>(&self, change: &'a Change) -> Option<&'a Value> {
        use axigen_shared::schema::Access;
        let Action::Set(name, value) = &change.action else {
            return None;
        };
        let attr = self.context.attr(name).filter(|attr| attr.access == Access::Key);
        attr.filter(|_| change.at.is_empty()).map(|_| value)
    }
}

/// A number that was not given before.
fn stamp() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The attribute that an action gives a value or takes one from.
fn attribute(action: &Action) -> Option<&'static str> {
    match action {
        Action::Set(name, _) | Action::Reset(name) => Some(name),
        _ => None,
    }
}

fn concerns(change: &Change, field: &str) -> bool {
    match change.at.first() {
        Some(Step::Part(known) | Step::Child(known, _)) => *known == field,
        None => match &change.action {
            Action::Add(known, _)
            | Action::Remove(known, _)
            | Action::AddName(known, _)
            | Action::RemoveName(known, _)
            | Action::ResetField(known) => *known == field,
            Action::Set(..) | Action::Reset(_) => false,
        },
    }
}
