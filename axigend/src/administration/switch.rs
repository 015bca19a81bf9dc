//! START Service and STOP Service: at once; the set of services that the next start takes is edited with them
//! (services-core 3.1.1).

use super::Administration;
use super::server_tree::no_service;
use axigen_shared::schema::{Action, Change};
use axigen_shared::value::{Kind, Word};
use axigen_shared::{Cause, Refusal};
use axigend_config::ServiceName;
use axigend_console::{Acted, Answered, Place};
use std::sync::Arc;

/// The attribute that names the services of the next start.
const SERVICES: &str = "services";

impl Administration {
    /// `+OK` names the listeners that were not bound; refused when none was.
    pub(super) async fn start_service(&self, place: &Place) -> Result<Acted, Refusal> {
        let name = service(place)?;
        let settings = self.parts.config.settings();
        let started = self.parts.services.start(name, &settings).await?;
        self.remember(name, true).await?;
        let unbound = started.failed.iter().map(|(_, why)| plain(why).to_owned());
        Ok(Acted::Done(Answered {
            warnings: unbound.collect(),
            ..Answered::default()
        }))
    }

    /// Answers when the last session of the service ended or was cut; what the command came over is told at once, because
    /// its own session is among them.
    pub(super) async fn stop_service(&self, place: &Place) -> Result<Acted, Refusal> {
        let name = service(place)?;
        let settings = self.parts.config.settings();
        self.remember(name, false).await?;
        if name == ServiceName::Cli {
            return self.stop_behind(name);
        }
        let served = self.parts.services.stop(name, &settings).await?;
        let cut = (served.cut > 0).then(|| format!("{} sessions were cut", served.cut));
        Ok(Acted::Done(Answered {
            warnings: cut.into_iter().collect(),
            ..Answered::default()
        }))
    }

    /// Stops a service that this very session may belong to, on a thread of its own.
    fn stop_behind(&self, name: ServiceName) -> Result<Acted, Refusal> {
        let parts = Arc::clone(&self.parts);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime
            .map_err(|error| Refusal::new(Cause::Internal, format!("no thread to stop it: {error}")))?;
        let stop = move || {
            let settings = parts.config.settings();
            if let Err(refusal) = runtime.block_on(parts.services.stop(name, &settings)) {
                tracing::warn!("{} not stopped: {}", name.name(), refusal.detail);
            }
        };
        let thread = std::thread::Builder::new()
            .name(format!("stop-{}", name.name()))
            .spawn(stop);
        thread.map_err(|error| Refusal::new(Cause::Internal, format!("no thread to stop it: {error}")))?;
        Ok(Acted::Done(Answered::default().warning(
            "sessions of this service end now, this one too if it is one",
        )))
    }

    /// Adds or removes a service in the set of the next start; SAVE CONFIG makes it last.
    async fn remember(&self, name: ServiceName, runs: bool) -> Result<(), Refusal> {
        let object = self.parts.config.object();
        let known = object.get(SERVICES);
        let mut names: Vec<String> = known.set().iter().map(|name| (*name).to_owned()).collect();
        if names.iter().any(|known| known == name.name()) == runs {
            return Ok(());
        }
        names.retain(|known| known != name.name());
        if runs {
            names.push(name.name().to_owned());
        }
        let kind = object.context.attr(SERVICES).map_or(Kind::List, |attr| attr.kind);
        let value = kind
            .parse(&Word::Set(names))
            .map_err(|why| Refusal::new(Cause::Internal, why))?;
        self.note(Change::here(Action::Set(SERVICES, value))).await
    }
}

/// The service whose context a command was given in.
fn service(place: &Place) -> Result<ServiceName, Refusal> {
    ServiceName::of_context(place.context.path).ok_or_else(|| no_service(place.context.path))
}

/// A reason without the number of the system's error: clients take that word in a success for a failure (WIRE.md 3).
fn plain(why: &str) -> &str {
    why.split(" (os error").next().unwrap_or(why)
}
