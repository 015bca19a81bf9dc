//! Following a long job: what it says is told as it comes, and how it ended is the status of the command.
//!
//! The job belongs to the backend and goes on when the session ends or runs its next command.

use super::{Engine, refused};
use crate::answer::Answer;
use crate::backend::{Follow, Look};
use axigen_shared::control::Reply;

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
