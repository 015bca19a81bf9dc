//! COMMIT, DONE, BACK and RESET (WIRE.md 7).

use super::level::{Anchor, Level};
use super::{Engine, Ran};
use crate::backend::{Answered, Deferred, Target};
use axigen_shared::control::Reply;
use axigen_shared::grammar::Args;
use axigen_shared::schema::{Action, Change, Child, ChildVerb, Leave, Shape};
use axigen_shared::{Cause, Refusal};

impl Engine {
    /// The word that leaves this context with its changes: makes them active, or hands them up.
    pub(super) async fn leave(&mut self) -> Ran {
        let newest = self.newest()?;
        match (newest.context.leave, &newest.anchor) {
            (_, Anchor::Kept(_) | Anchor::New(..)) => self.commit_own().await,
            (_, Anchor::Bare) => self.drop_level(),
            (Leave::Commit, _) => self.commit_inside().await,
            (Leave::Done | Leave::Free, _) => self.hand_up(),
        }
    }

    /// Makes the draft of an object of its own active. A failure leaves the context as it is.
    async fn commit_own(&mut self) -> Ran {
        let level = self.newest()?;
        let changes = level.handed_up();
        let Some(target) = level.target().cloned() else {
            return Err(misplaced());
        };
        let answered = self.make_active(&target, &changes).await?;
        let level = self.levels.pop().ok_or_else(misplaced)?;
        self.after_commit(&target, level, answered).await
    }

    /// Makes the draft of something inside an object active: only its own changes, whatever else is pending above.
    async fn commit_inside(&mut self) -> Ran {
        let newest = self.levels.len().saturating_sub(1);
        let owner = self.owner_of(newest).ok_or_else(misplaced)?;
        if self
            .levels
            .get(owner..newest)
            .unwrap_or_default()
            .iter()
            .any(Level::is_new)
        {
            // What is above does not exist yet: nothing can be active before it is.
            return self.hand_up();
        }
        let Some(target) = self.levels.get(owner).and_then(Level::target).cloned() else {
            return Err(misplaced());
        };
        let mut changes = self.newest()?.handed_up();
        for level in self
            .levels
            .get(owner + 1..newest)
            .unwrap_or_default()
            .iter()
            .rev()
        {
            let step = level.step().ok_or_else(misplaced)?;
            changes = changes
                .into_iter()
                .map(|change| change.below(step.clone()))
                .collect();
        }
        let answered = self.make_active(&target, &changes).await?;
        let level = self.levels.pop().ok_or_else(misplaced)?;
        self.after_commit(&target, level, answered).await
    }

    async fn make_active(&mut self, target: &Target, changes: &[Change]) -> Result<Answered, Refusal> {
        if changes.is_empty() && !target.new {
            return Ok(Answered::default());
        }
        let answered = self.backend.commit(target, changes).await?;
        let path = self.context().path;
        tracing::info!(
            "{} made {} changes in {path} {} active",
            self.who,
            changes.len(),
            target.keys.join("/")
        );
        Ok(answered)
    }

    /// Runs what waited for the commit. The draft is active by now, so a failure there is told beside the success.
    async fn after_commit(&mut self, target: &Target, level: Level, answered: Answered) -> Ran {
        let mut reply = Reply::with(answered.body);
        reply.warnings = answered.warnings;
        if let Some(message) = answered.message {
            reply.message = message;
        }
        for mut later in level.later {
            later.place.target.new = false;
            later.place.waiting = Vec::new();
            later.place.committed = true;
            if let Err(refusal) = self.run_later(&later).await {
                let what = super::refused(&refusal).message;
                reply
                    .warnings
                    .push(format!("{} was not done: {what}", later.action));
            }
        }
        reply.committed = target.keys.is_empty() && !target.new;
        Ok(reply)
    }

    async fn run_later(&self, later: &Deferred) -> Result<(), Refusal> {
        self.backend
            .act(&later.place, later.action, &later.args, later.text.as_deref())
            .await
            .map(drop)
    }

    /// Hands the draft to the level above.
    fn hand_up(&mut self) -> Ran {
        let level = self.levels.pop().ok_or_else(misplaced)?;
        let changes = level.handed_up();
        let above = self.newest()?;
        let room = super::level::MAX_DRAFT.saturating_sub(above.draft.len());
        if changes.len() > room {
            self.levels.push(level);
            return Err(Refusal::new(
                Cause::TooLarge,
                "too many pending changes above; make them active first",
            ));
        }
        above.draft.extend(changes);
        above.later.extend(level.later);
        Ok(Reply::done())
    }

    /// BACK: the draft is dropped, unless the context keeps it.
    pub(super) fn back(&mut self) -> Ran {
        let newest = self.newest()?;
        if newest.context.back_keeps && !newest.owns() && newest.step().is_some() {
            return self.hand_up();
        }
        self.drop_level()
    }

    fn drop_level(&mut self) -> Ran {
        if self.levels.len() < 2 {
            return Err(misplaced());
        }
        self.levels.pop();
        Ok(Reply::done())
    }

    /// RESET: the draft becomes the active configuration again.
    pub(super) fn reset(&mut self) -> Ran {
        let newest = self.newest()?;
        newest.clear();
        Ok(Reply::done())
    }

    /// RESET of children: a list that can be inherited is; a set becomes that of the active configuration.
    pub(super) fn reset_children(&mut self, child: &'static Child) -> Ran {
        let newest = self.newest()?;
        newest.forget_field(child.field);
        let inherits = child.verbs.contains(&ChildVerb::Reset) || matches!(child.shape, Shape::Names(_));
        if inherits {
            newest.change(Action::ResetField(child.field))?;
        }
        Ok(Reply::done())
    }

    /// `RESET <attr>`: the attribute becomes inherited.
    pub(super) fn reset_attr(&mut self, args: &Args) -> Ran {
        let name = args.first_text().unwrap_or_default().to_owned();
        let newest = self.newest()?;
        let settable = newest.context.attr(&name).filter(|attr| attr.settable(true));
        let Some(attr) = settable else {
            return Err(super::edit::wrong_parameter(&name));
        };
        newest.change(Action::Reset(attr.name))?;
        Ok(Reply::done())
    }
}

fn misplaced() -> Refusal {
    Refusal::new(Cause::Conflict, "command not allowed in this context")
}
