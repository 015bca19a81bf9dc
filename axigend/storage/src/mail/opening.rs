//! Opening a store for whoever must not wait on its thread, as often as it is asked for and once.
//!
//! All who want a store that is being opened wait for the same opening: one domain whose log is long takes one thread,
//! not all there are.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use axigen_shared::{Cause, Refusal};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tracing::Span;

use super::{store::Store, stores::Stores};
use crate::container::on_opening_thread;

type Opened = Result<Arc<Store>, Refusal>;

/// The stores being opened, each with those who wait for it.
#[derive(Default)]
pub(super) struct Openings(Mutex<HashMap<PathBuf, Vec<oneshot::Sender<Opened>>>>);

impl Openings {
    /// Joins those who wait; whether there was nobody yet.
    fn join(&self, dir: &Path, answer: oneshot::Sender<Opened>) -> bool {
        let mut openings = self.0.lock();
        let waiting = openings.entry(dir.to_owned()).or_default();
        waiting.push(answer);
        waiting.len() == 1
    }

    fn end(&self, dir: &Path) -> Vec<oneshot::Sender<Opened>> {
        self.0.lock().remove(dir).unwrap_or_default()
    }
}

/// One opening. Whoever still waits when it is dropped learns that it came to nothing.
struct Opening {
    stores: Arc<Stores>,
    dir: PathBuf,
    /// Those who waited are served: whoever waits now waits for another one.
    over: bool,
}

impl Opening {
    fn run(&mut self) {
        let outcome = self.stores.get(&self.dir);
        self.over = true;
        for answer in self.stores.openings.end(&self.dir) {
            // Who asked may have gone; the store stays open for the next.
            let _ = answer.send(outcome.clone());
        }
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        if !self.over {
            self.stores.openings.end(&self.dir);
        }
    }
}

impl Stores {
    /// As [`Stores::get`], without the caller's thread waiting: a store that is not open is opened on another.
    pub async fn open(self: &Arc<Self>, dir: &Path) -> Opened {
        if let Some(store) = self.opened(dir) {
            return Ok(store);
        }
        let (answer, outcome) = oneshot::channel();
        if self.openings.join(dir, answer) {
            let mut opening = Opening {
                over: false,
                stores: Arc::clone(self),
                dir: dir.to_owned(),
            };
            let span = Span::current();
            on_opening_thread(move || span.in_scope(|| opening.run()))?;
        }
        let lost = || {
            let detail = format!("{} could not be opened", dir.display());
            Refusal::new(Cause::Internal, detail)
        };
        outcome.await.unwrap_or_else(|_| Err(lost()))
    }
}
