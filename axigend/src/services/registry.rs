//! The services by name: state, start, stop, and the two steps of a change.
//!
//! The only place that knows which kind a service is: reached over the network, or working for itself (processing, log).
//! Whoever administers goes through here, so that START, STOP, COMMIT, reload and the server's own start are one way.

use super::LogService;
use crate::startup::write_atomically;
use arc_swap::ArcSwapOption;
use axigen_shared::{Cause, Refusal};
use axigend_config::{ConnectionSettings, ServiceName, Settings};
use axigend_net::{Prepared, Served, ServiceHost, State, TlsStore};
use axigend_processing::Processing;
use axigend_telemetry::Reader;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long a stop waits for commands in progress (services-core 3.1.1).
pub const GRACE: Duration = Duration::from_secs(10);

/// Who speaks in the log: the server, also when the session of an administrator made it act.
const SERVER: &str = "SERVER";

/// Mode of `run/listeners.json`.
const LISTENERS_MODE: u32 = 0o640;

/// The answer to a start.
#[derive(Debug, Default)]
pub struct Started {
    /// Addresses bound.
    pub bound: Vec<SocketAddr>,
    /// Listeners that were not, and why.
    pub failed: Vec<(SocketAddr, String)>,
}

/// A change of all services that can be applied: what is new is bound.
pub struct Change {
    settings: Arc<Settings>,
    prepared: Vec<(ServiceName, Prepared)>,
}

/// The services of a running server.
pub struct Services {
    rows: ArcSwapOption<Rows>,
    tls: Arc<TlsStore>,
    log: LogService,
    /// Held while it is written: several services may start and stop at once.
    listeners_file: Mutex<PathBuf>,
}

struct Rows {
    hosts: Vec<(ServiceName, Arc<ServiceHost>)>,
    processing: Arc<Processing>,
}

impl Services {
    /// Services that are not there yet: they need the parts, and the parts name this.
    pub fn new(tls: Arc<TlsStore>, log: LogService, listeners_file: PathBuf) -> Arc<Self> {
        Arc::new(Self {
            rows: ArcSwapOption::empty(),
            tls,
            log,
            listeners_file: Mutex::new(listeners_file),
        })
    }

    /// Takes the services; called once, by the server.
    pub fn build(&self, hosts: Vec<(ServiceName, Arc<ServiceHost>)>, processing: Arc<Processing>) {
        self.rows.store(Some(Arc::new(Rows { hosts, processing })));
    }

    /// Lets go of the services: they hold the parts, and the parts hold this.
    pub fn dissolve(&self) {
        self.rows.store(None);
    }

    /// Whether this service exists in this version.
    pub fn is_built(&self, name: ServiceName) -> bool {
        matches!(name, ServiceName::Log | ServiceName::Processing) || self.host(name).is_some()
    }

    /// State of a service; none when it is not built.
    pub fn state(&self, name: ServiceName) -> Option<State> {
        let running = |yes| if yes { State::Running } else { State::Stopped };
        match name {
            ServiceName::Log => Some(running(self.log.is_running())),
            ServiceName::Processing => Some(running(self.rows.load_full()?.processing.is_running())),
            _ => Some(self.host(name)?.state()),
        }
    }

    /// Sessions of a service now.
    pub fn sessions(&self, name: ServiceName) -> usize {
        self.host(name).map_or(0, |host| host.sessions())
    }

    /// Everything bound, by the name a service has in `axigen.cfg`.
    pub fn bound(&self) -> BTreeMap<&'static str, Vec<SocketAddr>> {
        let rows = self.rows.load_full();
        let hosts = rows.iter().flat_map(|rows| &rows.hosts);
        hosts.map(|(name, host)| (name.name(), host.bound())).collect()
    }

    /// Gives the service manager's sockets to the services whose listeners have their addresses; what is left over.
    pub fn adopt(&self, sockets: Vec<TcpListener>, settings: &Settings) -> Vec<TcpListener> {
        let mut left = Vec::new();
        for socket in sockets {
            let address = socket.local_addr().ok();
            let mine = |name: ServiceName| {
                let listeners = connection(settings, name).map(|connection| connection.listeners.as_slice());
                listeners
                    .unwrap_or_default()
                    .iter()
                    .any(|listener| Some(listener.address) == address)
            };
            match ServiceName::ALL
                .into_iter()
                .find(|name| mine(*name))
                .and_then(|name| self.host(name))
            {
                Some(host) => host.adopt(vec![socket]),
                None => left.push(socket),
            }
        }
        left
    }

    /// START Service: answers after the bind. Refused when nothing could be bound, when the service runs already, and
    /// when it is not built.
    pub async fn start(&self, name: ServiceName, settings: &Settings) -> Result<Started, Refusal> {
        let started = match name {
            ServiceName::Log | ServiceName::Processing if self.state(name) == Some(State::Running) => {
                return Err(Refusal::new(Cause::Conflict, "the service is already running"));
            }
            ServiceName::Log => {
                self.log.start(settings);
                Started::default()
            }
            ServiceName::Processing => {
                let rows = self.rows.load_full().ok_or_else(|| not_built(name))?;
                rows.processing.start()?;
                Started::default()
            }
            _ => {
                let host = self.host(name).ok_or_else(|| not_built(name))?;
                let connection = connection(settings, name).ok_or_else(|| not_built(name))?;
                let started = host.start(connection).await?;
                Started {
                    bound: started.bound,
                    failed: started.failed,
                }
            }
        };
        tracing::info!(
            module = SERVER,
            "{} started{}",
            name.name(),
            listening_on(&started.bound)
        );
        self.publish();
        Ok(started)
    }

    /// STOP Service: answers after the last session ended or was cut.
    pub async fn stop(&self, name: ServiceName, settings: &Settings) -> Result<Served, Refusal> {
        if !self.is_built(name) {
            return Err(not_built(name));
        }
        if self.state(name) != Some(State::Running) {
            return Err(Refusal::new(Cause::Conflict, "the service is not running"));
        }
        let served = match name {
            ServiceName::Log => {
                self.log.stop(settings);
                Served::default()
            }
            ServiceName::Processing => {
                let rows = self.rows.load_full().ok_or_else(|| not_built(name))?;
                let stopped = rows.processing.stop(GRACE).await;
                Served {
                    finished: 0,
                    cut: stopped.cut,
                }
            }
            _ => self.host(name).ok_or_else(|| not_built(name))?.stop(GRACE).await,
        };
        tracing::info!(
            module = SERVER,
            "{} stopped: {} finished, {} cut",
            name.name(),
            served.finished,
            served.cut
        );
        self.publish();
        Ok(served)
    }

    /// First half of a COMMIT: binds what is new. An error names the address, and nothing has changed.
    pub async fn prepare(&self, settings: &Arc<Settings>) -> Result<Change, Refusal> {
        let rows = self.rows.load_full();
        let mut prepared = Vec::new();
        for (name, host) in rows.iter().flat_map(|rows| &rows.hosts) {
            if let Some(connection) = connection(settings, *name) {
                prepared.push((*name, host.prepare(connection).await?));
            }
        }
        Ok(Change {
            settings: Arc::clone(settings),
            prepared,
        })
    }

    /// Second half of a COMMIT, after the configuration was accepted: unbinds what is gone, puts limits, threads,
    /// certificates and log rules in force.
    pub fn apply(&self, change: Change) {
        for (name, prepared) in change.prepared {
            if let Some(host) = self.host(name) {
                host.apply(prepared);
            }
        }
        for refusal in self.tls.reload() {
            tracing::error!(module = SERVER, "certificate kept as it was: {}", refusal.detail);
        }
        self.log.configure(&change.settings);
        self.publish();
    }

    /// The log as it is written from now on; `None` without a log.
    pub fn follow_log(&self) -> Option<Reader> {
        self.log.follow()
    }

    /// Closes and opens log files (SIGHUP).
    pub fn reopen_logs(&self) {
        self.log.reopen();
    }

    /// Rotates log files (SIGUSR1).
    pub fn rotate_logs(&self) {
        self.log.rotate();
    }

    fn host(&self, name: ServiceName) -> Option<Arc<ServiceHost>> {
        let rows = self.rows.load_full()?;
        rows.hosts
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, host)| Arc::clone(host))
    }

    /// Writes `run/listeners.json`: which port a listener on port 0 got.
    fn publish(&self) {
        let path = self.listeners_file.lock();
        let bound: BTreeMap<&str, Vec<String>> = self
            .bound()
            .into_iter()
            .map(|(name, addresses)| (name, addresses.iter().map(ToString::to_string).collect()))
            .collect();
        let text = serde_json::to_string_pretty(&bound).unwrap_or_default();
        if let Err(error) = write_atomically(&path, text.as_bytes(), LISTENERS_MODE) {
            tracing::warn!(module = SERVER, "cannot write {}: {error}", path.display());
        }
    }
}

fn connection(settings: &Settings, name: ServiceName) -> Option<&ConnectionSettings> {
    match name {
        ServiceName::SmtpIncoming => Some(&settings.smtp_incoming.connection),
        ServiceName::Imap => Some(&settings.imap.connection),
        ServiceName::Pop3 => Some(&settings.pop3.connection),
        ServiceName::Cli => Some(&settings.cli.connection),
        _ => None,
    }
}

fn not_built(name: ServiceName) -> Refusal {
    Refusal::new(
        Cause::Unsupported,
        format!("the service {} is not built", name.name()),
    )
}

fn listening_on(bound: &[SocketAddr]) -> String {
    if bound.is_empty() {
        return String::new();
    }
    let addresses: Vec<String> = bound.iter().map(ToString::to_string).collect();
    format!(", listening on {}", addresses.join(" "))
}
