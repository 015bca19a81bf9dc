//! The engine of one connection: login, a stack of open contexts, and the way from a line to its reply.
//!
//! Everything here is a function over `axigen_shared::schema`: what a verb does is decided by the declaration of the
//! context and the shape of the child, never by a name. The work of each group of verbs is in its own file.
//!
//! Semantics are those of WIRE.md 7: a COMMIT is final at its own level; a context whose object the backend keeps makes
//! its draft active with whichever word it is left by; an object kept one by one is removed at once; failure leaves the
//! context open with its draft.

mod act;
mod apply;
mod complete;
mod debug;
mod describe;
mod edit;
mod export;
mod follow;
mod leave;
mod level;
mod list;
mod login;
mod mask;
mod open;
mod refused;
mod show;
mod view;

use crate::answer::{Answer, Options, Request};
use crate::backend::{Backend, Held, Source};
use axigen_shared::control::{Body, Expects, Reply};
use axigen_shared::grammar::{self, Args, Matched, Mismatch};
use axigen_shared::schema::{self, Context, Verb};
use axigen_shared::{Cause, Refusal};
use level::{Anchor, Level};
use refused::{refused, settled};
use std::cell::RefCell;
use std::sync::Arc;

/// Most contexts open at once. The deepest path of the language has five; this stops a loop of a broken client.
const MAX_LEVELS: usize = 16;

/// Limits of a connection (WIRE.md 4.3); 0 stands for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Commands that were not understood.
    pub max_errors: u32,
    /// Failed logins.
    pub max_auth_errors: u32,
    /// Commands before login, good or bad.
    pub max_auth_commands: u32,
}

impl Limits {
    /// For the control socket: whoever reaches it is on this machine, and a shell may mistype for a day.
    pub const NONE: Self = Self {
        max_errors: 0,
        max_auth_errors: 0,
        max_auth_commands: 0,
    };
}

/// How the server names itself to clients.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// AXIGEN version whose dialogue is spoken; libraries choose their commands by it (WIRE.md 4.1).
    pub compatible: String,
    /// Operating system and machine: `Linux`, `x86_64`.
    pub system: (String, String),
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            compatible: "10.6.30".to_owned(),
            system: ("Linux".to_owned(), "x86_64".to_owned()),
        }
    }
}

impl Identity {
    /// The line of GET VERSION: the one form that every published client reads completely.
    pub fn line(&self) -> String {
        let (os, machine) = &self.system;
        format!("{} ({os}/{machine})|{os}|{machine}", self.compatible)
    }
}

/// One administrator's session.
pub struct Engine {
    backend: Arc<dyn Backend>,
    limits: Limits,
    identity: Identity,
    options: Options,
    /// Who is logged in; empty before.
    who: Arc<str>,
    /// The name given by USER, while the password is awaited.
    logging_in: Option<String>,
    /// Open contexts, outermost first; never empty.
    levels: Vec<Level>,
    /// What the open levels showed last, from the owner of the newest level's object down.
    kept: RefCell<Vec<view::Kept>>,
    /// The list that further rows can be asked of.
    listing: Option<list::Listing>,
    /// The export that further objects can be asked of.
    exporting: Option<export::Export>,
    /// The job whose lines are being told.
    following: Option<follow::Following>,
    /// What is followed without end.
    source: Option<Box<dyn Source>>,
    /// What actions left with this session.
    held: Held,
    /// The action that waits for its text.
    writing: Option<act::Writing>,
    errors: u32,
    auth_errors: u32,
    auth_commands: u32,
    /// Behind the door of `debug`.
    debugging: bool,
    over: bool,
}

/// What running a command gives: a reply, or why not. Refusals become replies in one place.
type Ran = Result<Reply, Refusal>;

impl Engine {
    /// A session that has to log in.
    pub fn new(backend: Arc<dyn Backend>, limits: Limits, identity: Identity) -> Self {
        Self {
            backend,
            limits,
            identity,
            options: Options::default(),
            who: Arc::from(""),
            logging_in: None,
            levels: vec![Level::new(schema::login(), Anchor::Bare)],
            kept: RefCell::default(),
            listing: None,
            exporting: None,
            following: None,
            source: None,
            held: Held::default(),
            writing: None,
            errors: 0,
            auth_errors: 0,
            auth_commands: 0,
            debugging: false,
            over: false,
        }
    }

    /// A session of an administrator whom the operating system vouches for.
    pub fn trusted(backend: Arc<dyn Backend>, identity: Identity, who: &str) -> Self {
        let mut engine = Self::new(backend, Limits::NONE, identity);
        engine.enter_root(Arc::from(who));
        engine
    }

    /// The prompt now.
    pub fn prompt(&self) -> String {
        match (&self.logging_in, self.debugging) {
            (Some(_), _) => "<password> ".to_owned(),
            (None, true) => debug::PROMPT.to_owned(),
            (None, false) => self.context().prompt_text(),
        }
    }

    /// Answers a question of the session.
    pub async fn answer(&mut self, request: Request) -> Answer {
        match request {
            Request::Line(line) => {
                let reply = self.line(&line).await;
                self.finished(reply)
            }
            Request::LineTooLong => {
                let reply = Reply::malformed(Mismatch::TooLong.message());
                let reply = self.counted(reply);
                self.finished(reply)
            }
            Request::Text(lines) => {
                let reply = self.text(lines).await;
                let reply = settled(reply);
                self.finished(reply)
            }
            Request::LogOut => {
                let reply = self.log_out();
                self.finished(reply)
            }
            Request::More if self.following.is_some() => self.followed().await,
            Request::More if self.exporting.is_some() => self.exported().await,
            Request::More => self.more().await,
            Request::Export {
                domains,
                server,
                hashes,
            } => {
                let reply = self.export(domains, server, hashes).await;
                self.finished(settled(reply))
            }
            Request::Apply { objects, check, keep } => {
                let reply = self.apply(objects, check, keep).await;
                self.finished(settled(reply))
            }
            Request::Follow { what } => {
                let reply = settled(self.follow(&what));
                self.finished(reply)
            }
            Request::Unfollow => {
                self.source = None;
                self.finished(Reply::done())
            }
            Request::Complete { line, cursor } => {
                let reply = self.complete(&line, cursor).await;
                self.finished(reply)
            }
            Request::Schema { path, without_effect } => {
                let reply = describe::describe(path.as_deref(), without_effect);
                self.finished(settled(reply))
            }
        }
    }

    fn finished(&self, reply: Reply) -> Answer {
        Answer::Reply {
            reply: Box::new(self.with_state(reply)),
            more: self.listing.is_some() || self.following.is_some() || self.exporting.is_some(),
            options: self.options.clone(),
        }
    }

    /// The reply with what every reply says of the session.
    fn with_state(&self, mut reply: Reply) -> Reply {
        reply.prompt = match &reply.expects {
            Expects::Command | Expects::Password => self.prompt(),
            Expects::Text { .. } | Expects::Nothing => String::new(),
        };
        reply.unsaved = !self.who.is_empty() && self.backend.unsaved();
        reply.pending = self.levels.iter().any(Level::is_pending);
        reply
    }

    /// One line, whatever it is now.
    async fn line(&mut self, line: &[u8]) -> Reply {
        self.listing = None;
        self.exporting = None;
        self.following = None;
        self.writing = None;
        if self.over {
            return Reply {
                expects: Expects::Nothing,
                ..Reply::refused("the session is over")
            };
        }
        if let Some(user) = self.logging_in.take() {
            return self.password(&user, line).await;
        }
        let Ok(line) = std::str::from_utf8(line) else {
            return self.counted(Reply::malformed("the line is not UTF-8"));
        };
        if let Some(ran) = self.debug_line(line).await {
            let reply = settled(ran);
            return self.counted(reply);
        }
        let reply = match grammar::parse(self.context(), line) {
            Ok(matched) => {
                tracing::debug!("<< {}", mask::masked(&matched, line));
                let ran = self.run(&matched).await;
                settled(ran)
            }
            // Neither a command nor an error (WIRE.md 5).
            Err(Mismatch::Empty) => return Reply::refused(Mismatch::Empty.message()),
            // Understood, but not here: a client on its way to the root sends one BACK too many (WIRE.md 2, 4.3).
            Err(mismatch @ Mismatch::NotHere { .. }) => Reply::refused(mismatch.message()),
            Err(mismatch) => {
                tracing::debug!("<< {} (not understood)", mask::verb(line));
                Reply::malformed(mismatch.message())
            }
        };
        self.counted(reply)
    }

    /// Counts what was not understood and what was said before login; closes when it is too much (WIRE.md 4.3).
    fn counted(&mut self, mut reply: Reply) -> Reply {
        if reply.status == axigen_shared::control::Status::Malformed {
            self.errors = self.errors.saturating_add(1);
        }
        if self.who.is_empty() {
            self.auth_commands = self.auth_commands.saturating_add(1);
        }
        let beyond = |count: u32, limit: u32| limit > 0 && count > limit;
        let why = if beyond(self.errors, self.limits.max_errors) {
            "too many wrong commands"
        } else if beyond(self.auth_errors, self.limits.max_auth_errors) {
            "too many failed logins"
        } else if self.who.is_empty() && beyond(self.auth_commands, self.limits.max_auth_commands) {
            "too many commands before login"
        } else {
            return reply;
        };
        tracing::info!("{why}, connection closed");
        reply = Reply::refused(format!("{why}, the connection is closed"));
        self.over(reply)
    }

    /// Makes a reply the last one.
    fn over(&mut self, mut reply: Reply) -> Reply {
        self.over = true;
        self.logging_in = None;
        self.levels.truncate(1);
        reply.expects = Expects::Nothing;
        reply
    }

    async fn run(&mut self, matched: &Matched) -> Ran {
        let args = &matched.args;
        match matched.verb() {
            Verb::Help => self.help(args),
            Verb::Exit => Ok(self.exit()),
            Verb::Back => self.back(),
            Verb::Commit | Verb::Done => self.leave().await,
            Verb::Show => self.show(args).await,
            Verb::Reset => self.reset(),
            Verb::ResetAttr => self.reset_attr(args),
            Verb::Set(attr) => self.set(attr, args).await,
            Verb::Config(child) => self.config(child),
            Verb::List(child) => self.list(child, args).await,
            Verb::Add(child) => self.add(child, args).await,
            Verb::Update(child) => self.update(child, args).await,
            Verb::Remove(child) => self.remove(child, args).await,
            Verb::ShowChild(child) => self.show_child(child, args).await,
            Verb::ResetChildren(child) => self.reset_children(child),
            Verb::Open(path) => self.open(path, args).await,
            Verb::Edit(path) => self.edit(path, args).await,
            Verb::User => Ok(self.user(args)),
            Verb::Version => Ok(Reply::with(Body::Text {
                lines: vec![self.identity.line()],
                blank: false,
            })),
            Verb::Session(option) => self.session_option(option, args),
            Verb::Act(action) => self.act(action, args).await,
            Verb::NotBuilt => Err(Refusal::new(Cause::Unsupported, "command not built yet")),
        }
    }

    /// `HELP`, or of it the commands with a word.
    fn help(&self, args: &Args) -> Ran {
        let mut body = help_of(self.context());
        if let (Some(word), Body::Help { lines, .. }) = (args.first_text(), &mut body) {
            let wanted = word.to_ascii_lowercase();
            lines.retain(|line| line.syntax.to_ascii_lowercase().contains(&wanted));
            if lines.is_empty() {
                let detail = format!("no command of this context has the word {word}, see HELP");
                return Err(Refusal::new(Cause::NotFound, detail));
            }
        }
        Ok(Reply::with(body))
    }

    /// The context of the newest level.
    fn context(&self) -> &'static Context {
        self.levels.last().map_or(schema::login(), |level| level.context)
    }

    fn newest(&mut self) -> Result<&mut Level, Refusal> {
        self.levels
            .last_mut()
            .ok_or_else(|| Refusal::new(Cause::Internal, "no context is open"))
    }

    fn push(&mut self, level: Level) -> Result<(), Refusal> {
        if self.levels.len() >= MAX_LEVELS {
            return Err(Refusal::new(
                Cause::TooLarge,
                format!("more than {MAX_LEVELS} contexts are open"),
            ));
        }
        self.levels.push(level);
        Ok(())
    }
}

/// HELP of a context (WIRE.md 6.5).
fn help_of(context: &'static Context) -> Body {
    Body::Help {
        title: context.title.to_owned(),
        lines: grammar::help(context),
    }
}
