//! The SERVER tree: COMMIT in two steps, and its file.

use super::Administration;
use super::paths::mapped_changes;
use axigen_shared::control::Body;
use axigen_shared::grammar::Args;
use axigen_shared::schema::{self, Action, Change, Context, Live, Step};
use axigen_shared::value::working_path;
use axigen_shared::{Cause, Refusal};
use axigend_console::{Acted, Answered};
use tokio::sync::Mutex;

/// One COMMIT of a server tree at a time: what it binds is bound for the configuration that it then puts in force. There is
/// one server in a process; tests that run several wait for one another for a moment.
static COMMITS: Mutex<()> = Mutex::const_new(());

impl Administration {
    /// Validates, binds what is new, swaps the configuration in, and only then lets go of what is gone. Any refusal
    /// leaves everything as it was.
    pub(super) async fn commit_server(&self, changes: &[Change]) -> Result<Answered, Refusal> {
        let changes = mapped_changes(changes);
        let _one_at_a_time = COMMITS.lock().await;
        let proposal = self.parts.config.propose(&changes)?;
        let prepared = self.parts.services.prepare(&proposal.settings).await?;
        self.parts.config.accept(proposal)?;
        self.parts.services.apply(prepared);
        let counting = self.parts.config.settings().server.enable_storage_statistics;
        self.parts.stores.set_counting(counting);
        Ok(Answered {
            warnings: later(&changes),
            ..Answered::default()
        })
    }

    /// A change that needs no sockets (which services run at the next start).
    pub(super) async fn note(&self, change: Change) -> Result<(), Refusal> {
        let _one_at_a_time = COMMITS.lock().await;
        let proposal = self.parts.config.propose(&[change])?;
        self.parts.config.accept(proposal)
    }

    /// `SAVE CONFIG [<path>]`.
    pub(super) fn save_config(&self, args: &Args) -> Result<Acted, Refusal> {
        let config = &self.parts.config;
        match args.first_text().filter(|path| !path.is_empty()) {
            None => config.save(None)?,
            Some(path) => config.save_as(&self.parts.working_directory, working_path(path))?,
        };
        Ok(Acted::done())
    }

    /// `SHOW CONFIG`.
    pub(super) fn show_config(&self) -> Acted {
        let text = self.parts.config.render();
        Acted::with(Body::Text {
            lines: text.lines().map(str::to_owned).collect(),
            blank: true,
        })
    }
}

/// What is not felt before the next start.
fn later(changes: &[Change]) -> Vec<String> {
    let Some(server) = schema::context("SERVER") else {
        return Vec::new();
    };
    let mut names: Vec<&str> = changes
        .iter()
        .filter_map(|change| restart(server, change))
        .collect();
    names.sort_unstable();
    names.dedup();
    names
        .iter()
        .map(|name| format!("{name} takes effect at the next start"))
        .collect()
}

fn restart(server: &'static Context, change: &Change) -> Option<&'static str> {
    let mut context = server;
    for step in &change.at {
        let (Step::Part(field) | Step::Child(field, _)) = step;
        context = context.field(field)?.context()?;
    }
    let (Action::Set(name, _) | Action::Reset(name)) = change.action else {
        return None;
    };
    context
        .attr(name)
        .filter(|attr| attr.live == Live::Restart)
        .map(|attr| attr.name)
}

/// The refusal for a context that is no service.
pub(super) fn no_service(path: &str) -> Refusal {
    Refusal::new(Cause::Unsupported, format!("{path} is not a service"))
}
