//! Actions of the backend, and the text that some of them take (WIRE.md 6.6).

use super::{Engine, Ran};
use crate::backend::{Acted, Answered, Deferred, Place};
use axigen_shared::control::{Body, Expects, Reply};
use axigen_shared::grammar::Args;
use axigen_shared::{Cause, Refusal};

/// An action that waits for its lines.
#[derive(Clone, Debug)]
pub(super) struct Writing {
    place: Place,
    action: &'static str,
    args: Args,
}

impl Engine {
    /// Runs an action.
    pub(super) async fn act(&mut self, action: &'static str, args: &Args) -> Ran {
        let place = self.place();
        let acted = self.backend.act(&place, action, args, None).await?;
        let waiting = Writing {
            place,
            action,
            args: args.clone(),
        };
        self.acted(acted, waiting, None)
    }

    /// The lines of the action that waits for them.
    pub(super) async fn text(&mut self, lines: Option<Vec<String>>) -> Ran {
        let Some(writing) = self.writing.take() else {
            return Err(Refusal::new(Cause::Conflict, "no text was asked for"));
        };
        let Some(lines) = lines else {
            let detail = format!("the text has more than {} bytes", crate::session::MAX_TEXT);
            return Err(Refusal::new(Cause::TooLarge, detail));
        };
        let acted = self
            .backend
            .act(&writing.place, writing.action, &writing.args, Some(&lines))
            .await?;
        self.acted(acted, writing, Some(lines))
    }

    fn acted(&mut self, acted: Acted, waiting: Writing, text: Option<Vec<String>>) -> Ran {
        match acted {
            Acted::Done(answered) => Ok(reply(answered)),
            Acted::Later => {
                let Writing { place, action, args } = waiting;
                self.newest()?.later.push(Deferred {
                    place,
                    action,
                    args,
                    text,
                });
                Ok(Reply::done())
            }
            Acted::Follow(job) => {
                self.following = Some(super::follow::Following::new(job));
                Ok(Reply::with(Body::Text {
                    lines: Vec::new(),
                    blank: false,
                }))
            }
            Acted::WantsText if text.is_some() => {
                Err(Refusal::new(Cause::Internal, "the text was not taken"))
            }
            Acted::WantsText => {
                self.writing = Some(waiting);
                let terminator = self.options.multiline_eof.clone();
                let message = format!("enter the text, end with a line holding only {terminator}");
                Ok(Reply {
                    message,
                    expects: Expects::Text { terminator },
                    ..Reply::default()
                })
            }
        }
    }
}

fn reply(answered: Answered) -> Reply {
    let mut reply = Reply::with(answered.body);
    reply.warnings = answered.warnings;
    if let Some(message) = answered.message {
        reply.message = message;
    }
    reply
}
