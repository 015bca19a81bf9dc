//! Following a long job: what it says is told as it comes, and how it ended is the status of the command.
//!
//! The job belongs to the backend and goes on when the session ends or runs its next command. What has no end (the log) is
//! followed beside commands.

use super::{Engine, Ran, refused};
use crate::answer::Answer;
use crate::backend::{Follow, Look};
use axigen_shared::control::Reply;
use axigen_shared::{Cause, Refusal};

/// A job that is being followed.
#[derive(Debug)]
pub(super) struct Following {
    job: Follow,
    /// Lines that were told.
    seen: usize,
    /// What was told last of how far it is.
    progress: String,
}

impl Following {
    pub(super) fn new(job: Follow) -> Self {
        Self {
            job,
            seen: 0,
            progress: String::new(),
        }
    }
}

impl Engine {
    /// Begins to follow a source, for administrators only.
    pub(super) fn follow(&mut self, what: &str) -> Ran {
        if self.who.is_empty() {
            return Err(Refusal::new(Cause::NotPermitted, "log in first"));
        }
        self.source = Some(self.backend.source(what)?);
        Ok(Reply::done())
    }

    /// News of what is followed. Never resolves while nothing is.
    pub async fn news(&mut self) -> Answer {
        match &mut self.source {
            Some(source) => Answer::News(source.news().await),
            None => std::future::pending().await,
        }
    }

    /// What the job said since, and how it ended if it did.
    pub(super) async fn followed(&mut self) -> Answer {
        let Some(mut following) = self.following.take() else {
            return Answer::Job {
                lines: Vec::new(),
                progress: None,
                ended: Some(Box::new(self.with_state(Reply::done()))),
            };
        };
        let Look {
            lines,
            seen,
            progress,
            ended,
        } = following.job.0.look(following.seen).await;
        let news = (ended.is_none() && progress != following.progress).then(|| progress.clone());
        let ended = ended.map(|ended| {
            let reply = match ended {
                Ok(message) => Reply {
                    message,
                    ..Reply::done()
                },
                Err(refusal) => refused(&refusal),
            };
            Box::new(self.with_state(reply))
        });
        if ended.is_none() {
            following.seen = seen;
            following.progress = progress;
            self.following = Some(following);
        }
        Answer::Job {
            lines,
            progress: news,
            ended,
        }
    }
}
