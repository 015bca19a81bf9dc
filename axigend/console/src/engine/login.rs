//! Before the root: name, password, options of the connection (WIRE.md 4).

use super::level::{Anchor, Level};
use super::{Engine, Ran};
use axigen_shared::control::{Expects, Reply};
use axigen_shared::grammar::Args;
use axigen_shared::schema;
use axigen_shared::value::Kind;
use axigen_shared::{Cause, Refusal};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Longest terminator of a multi-line input. The line is compared with every line of the text.
const MAX_TERMINATOR: usize = 256;

impl Engine {
    /// `USER <user>`: whoever it is, the password is asked for.
    pub(super) fn user(&mut self, args: &Args) -> Reply {
        self.logging_in = Some(args.first_text().unwrap_or_default().to_owned());
        let expects = Expects::Password;
        Reply {
            message: "password required".to_owned(),
            expects,
            ..Reply::default()
        }
    }

    /// The raw line after USER. A wrong name and a wrong password look the same.
    pub(super) async fn password(&mut self, user: &str, line: &[u8]) -> Reply {
        let password = Zeroizing::new(line.to_vec());
        match self.backend.login(user, &password).await {
            Ok(who) => {
                tracing::info!("administrator {who} logged in");
                self.enter_root(who);
                Reply {
                    message: "authentication successful".to_owned(),
                    ..Reply::default()
                }
            }
            Err(refusal) if refusal.cause == Cause::AuthenticationFailed => {
                tracing::warn!("login of administrator {user:?} refused: {}", refusal.detail);
                self.auth_errors = self.auth_errors.saturating_add(1);
                let reply = Reply::refused("authentication failed");
                self.counted(reply)
            }
            // A directory that cannot be read is not a wrong password.
            Err(refusal) => {
                tracing::error!("login of administrator {user:?} not possible: {refusal}");
                let reply = super::refused(&refusal);
                self.counted(reply)
            }
        }
    }

    /// Opens the root for an administrator who was let in.
    pub(super) fn enter_root(&mut self, who: Arc<str>) {
        self.who = who;
        self.levels = vec![Level::new(schema::root(), Anchor::Bare)];
    }

    /// Back to where nobody is logged in: a trusted peer wants to be another administrator.
    pub(super) fn log_out(&mut self) -> Reply {
        self.who = Arc::from("");
        self.logging_in = None;
        self.listing = None;
        self.source = None;
        self.writing = None;
        self.debugging = false;
        self.levels = vec![Level::new(schema::login(), Anchor::Bare)];
        Reply::done()
    }

    /// EXIT drops everything that is pending (WIRE.md 6.8).
    pub(super) fn exit(&mut self) -> Reply {
        let reply = Reply {
            message: "have a nice day".to_owned(),
            ..Reply::default()
        };
        self.over(reply)
    }

    /// Options of this connection.
    pub(super) fn session_option(&mut self, option: &str, args: &Args) -> Ran {
        let word = args.first().ok_or_else(|| missing(option))?;
        let switch = || Kind::Bool.parse(word).map(|value| value.truth());
        let wrong = |why: String| Refusal::new(Cause::Invalid, format!("invalid value for {option}: {why}"));
        match option.to_ascii_lowercase().replace('_', "-").as_str() {
            "quiet" => self.options.quiet = switch().map_err(wrong)?,
            "console-codes" => self.options.console_codes = switch().map_err(wrong)?,
            "multilineeof" => {
                let text = word.one().unwrap_or_default();
                if text.is_empty() || text.len() > MAX_TERMINATOR {
                    return Err(wrong(format!(
                        "a line of 1 to {MAX_TERMINATOR} bytes is expected"
                    )));
                }
                text.clone_into(&mut self.options.multiline_eof);
            }
            _ => return Err(Refusal::new(Cause::Internal, format!("unknown option {option}"))),
        }
        Ok(Reply::done())
    }
}

fn missing(option: &str) -> Refusal {
    Refusal::new(Cause::Invalid, format!("missing parameter {option}"))
}
