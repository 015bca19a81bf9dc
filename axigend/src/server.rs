//! The server: every part built in one visible order, stopped in reverse.
//!
//! Order: configuration, certificate, storage, directory, queue, processing, services, control socket. Each start and each
//! stop is logged with its answer. Usable in-process by tests: [`Server::start`] with listeners on port 0.

use crate::administration::Administration;
use crate::parts::Parts;
use crate::services::{LogService, Services, control, hosts};
use crate::startup::{StartError, WorkingDirectory, make_missing};
use axigen_shared::value::working_path;
use axigend_config::{RunningConfig, ServiceName, Settings, host_name};
use axigend_directory::Directory;
use axigend_net::{Served, ServiceHost, State, TlsStore, UnixSettings};
use axigend_processing::Processing;
use axigend_queue::{Queue, QueueOptions};
use axigend_search::{IndexSettings, Searches};
use axigend_storage::{RealDisk, StoreObserver, StoreOptions, Stores};
use axigend_telemetry::Telemetry;
use futures_util::future::join_all;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Owner and group may administer; who of them may do what is decided by their user id.
const CONTROL_SOCKET_MODE: u32 = 0o660;

/// How long a stop waits for administrative commands in progress.
const CONTROL_GRACE: Duration = Duration::from_secs(2);

/// Threads of the control socket.
const CONTROL_THREADS: (u32, u32) = (1, 4);

/// How to start.
#[derive(Default)]
pub struct ServerOptions {
    /// The configuration file; one that does not exist means defaults.
    pub config_file: PathBuf,
    /// Sockets bound by the service manager.
    pub sockets: Vec<TcpListener>,
    /// The process's log; without it the log service has nothing to write to.
    pub telemetry: Option<Arc<Telemetry>>,
}

/// A running server. [`Server::stop`] ends it in order; merely dropped, it is cut off like by a crash.
pub struct Server {
    parts: Arc<Parts>,
    control: Arc<ServiceHost>,
    directory: WorkingDirectory,
    /// Held while domains are being maintained.
    daily: Arc<Mutex<()>>,
}

impl Server {
    /// Builds and starts everything. On an error everything that was started is stopped again.
    pub async fn start(directory: WorkingDirectory, options: ServerOptions) -> Result<Self, StartError> {
        let config = load(&options.config_file)?;
        let settings = config.settings();
        make_certificate(&directory, &settings)?;
        let tls = Arc::new(TlsStore::new(directory.path()));
        let log = LogService::new(options.telemetry);
        let services = Services::new(Arc::clone(&tls), log, directory.listeners_file());
        let parts = build(&directory, config, services)?;
        parts
            .services
            .build(hosts(&parts, &tls), Arc::clone(&parts.processing));
        let control = control(&parts, &tls);
        let server = Self {
            parts,
            control,
            directory,
            daily: Arc::default(),
        };
        match server.open(options.sockets, &settings).await {
            Ok(()) => Ok(server),
            Err(error) => {
                server.stop().await;
                Err(error)
            }
        }
    }

    /// The parts, for whoever administers in-process.
    pub fn parts(&self) -> &Arc<Parts> {
        &self.parts
    }

    /// The working directory.
    pub fn directory(&self) -> &WorkingDirectory {
        &self.directory
    }

    /// Addresses bound, by the name a service has in `axigen.cfg`.
    pub fn bound(&self) -> BTreeMap<&'static str, Vec<SocketAddr>> {
        self.parts.services.bound()
    }

    /// One line for the service manager: which services run.
    pub fn status(&self) -> String {
        let running = ServiceName::ALL
            .into_iter()
            .filter(|name| self.parts.services.state(*name) == Some(State::Running));
        format!(
            "running {}",
            running.map(ServiceName::name).collect::<Vec<_>>().join(" ")
        )
    }

    /// SIGHUP: reads the configuration again, with certificates, and opens log files anew. A configuration with mistakes,
    /// or one whose listeners cannot be bound, changes nothing.
    pub async fn reload(&self) {
        let Parts { config, services, .. } = &*self.parts;
        services.reopen_logs();
        if config.unsaved() {
            tracing::warn!("reload: changes that were not saved are lost");
        }
        let wanted = match RunningConfig::load(config.path()) {
            Ok((wanted, _)) => wanted.settings(),
            Err(mistakes) => return refuse_reload(mistakes.iter().map(ToString::to_string)),
        };
        let change = match services.prepare(&wanted).await {
            Ok(change) => change,
            Err(refusal) => return refuse_reload([refusal.detail]),
        };
        // Read again, because this one also takes over what the typed view does not show.
        match config.reload() {
            Ok(warnings) => {
                services.apply(change);
                let counting = wanted.server.enable_storage_statistics;
                self.parts.stores.set_counting(counting);
                for warning in warnings {
                    tracing::warn!("{warning}");
                }
                tracing::info!("configuration reloaded from {}", config.path().display());
            }
            Err(mistakes) => refuse_reload(mistakes.iter().map(ToString::to_string)),
        }
    }

    /// What is done about every minute, off this thread: closing the storages that nobody uses, and the daily maintenance
    /// of domains for which it is due.
    pub fn maintain(&self) {
        let stores = Arc::clone(&self.parts.stores);
        // Not waited for: should it take longer than the next call comes, both do their part.
        drop(tokio::task::spawn_blocking(move || {
            let closed = stores.close_idle(Instant::now());
            if closed > 0 {
                tracing::debug!(module = "STORAGE", "{closed} idle storages closed");
            }
        }));
        let (parts, daily) = (Arc::clone(&self.parts), Arc::clone(&self.daily));
        drop(tokio::task::spawn_blocking(move || {
            if let Some(_alone) = daily.try_lock() {
                Administration::maintain_daily(&parts);
            }
        }));
    }

    /// Stops everything in reverse: listeners and sessions, processing, queue, directory, storage.
    pub async fn stop(self) {
        let Self {
            parts,
            control,
            directory,
            daily: _,
        } = self;
        let services = &parts.services;
        let settings = parts.config.settings();
        let reached = ServiceName::ALL
            .into_iter()
            .filter(|name| !matches!(name, ServiceName::Processing | ServiceName::Log))
            .filter(|name| services.state(*name) == Some(State::Running));
        let stops = reached.map(|name| services.stop(name, &settings));
        for refusal in join_all(stops).await.into_iter().filter_map(Result::err) {
            tracing::warn!("{}", refusal.detail);
        }
        let jobs = Arc::clone(&parts.jobs);
        // A job that panicked has said so.
        let _ = tokio::task::spawn_blocking(move || jobs.close()).await;
        tracing::info!("maintenance stopped");
        let Served { finished, cut } = control.stop(CONTROL_GRACE).await;
        tracing::info!("control socket stopped: {finished} finished, {cut} cut");
        if parts.processing.is_running() {
            // Logged by the service itself when it cannot.
            let _ = services.stop(ServiceName::Processing, &settings).await;
        }
        parts.queue.close();
        tracing::info!("queue closed");
        parts.directory.close();
        tracing::info!("directory closed");
        parts.searches.close();
        parts.stores.close_all();
        tracing::info!("storage closed");
        services.dissolve();
        // Nothing is bound any more.
        let _ = fs::remove_file(directory.listeners_file());
        tracing::info!("stopped");
    }

    /// Starts the services of the boot set and the control socket.
    async fn open(&self, sockets: Vec<TcpListener>, settings: &Settings) -> Result<(), StartError> {
        let services = &self.parts.services;
        for left in services.adopt(sockets, settings) {
            let address = left
                .local_addr()
                .map(|address| address.to_string())
                .unwrap_or_default();
            tracing::warn!("the service manager's socket {address} is no listener of any service: closed");
        }
        let mut failed = Vec::new();
        let mut bound = 0;
        for name in ServiceName::ALL
            .into_iter()
            .filter(|name| settings.server.services.contains(name))
        {
            if !services.is_built(name) {
                tracing::info!("{} is not built yet, so it is not started", name.name());
                continue;
            }
            match services.start(name, settings).await {
                Ok(started) => {
                    bound += started.bound.len();
                    failed.extend(started.failed.into_iter().map(|(_, why)| why));
                }
                Err(refusal) => {
                    tracing::error!("{} not started: {}", name.name(), refusal.detail);
                    failed.push(format!("{}: {}", name.name(), refusal.detail));
                }
            }
        }
        if bound == 0 && !failed.is_empty() {
            return Err(StartError::NoSocket(format!(
                "no socket could be bound: {}",
                failed.join("; ")
            )));
        }
        let socket = UnixSettings {
            path: self.directory.control_socket(),
            mode: CONTROL_SOCKET_MODE,
            idle_timeout: Duration::ZERO,
            min_conn_threads: CONTROL_THREADS.0,
            max_conn_threads: CONTROL_THREADS.1,
        };
        self.control
            .start_unix(&socket)
            .map_err(|refusal| StartError::NoSocket(refusal.detail))
    }
}

fn refuse_reload(reasons: impl IntoIterator<Item = String>) {
    for reason in reasons {
        tracing::error!("reload: {reason}");
    }
    tracing::error!("reload refused: the running configuration stays in force");
}

fn load(path: &std::path::Path) -> Result<Arc<RunningConfig>, StartError> {
    let (config, warnings) = RunningConfig::load(path).map_err(StartError::Configuration)?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    tracing::info!("configuration loaded from {}", path.display());
    Ok(Arc::new(config))
}

fn make_certificate(directory: &WorkingDirectory, settings: &Settings) -> Result<(), StartError> {
    let names = [settings.server.server_name.clone(), host_name()];
    let made = make_missing(directory.path(), &names)
        .map_err(|error| StartError::Internal(format!("cannot make certificate or keys: {error}")))?;
    for name in made {
        tracing::info!("made {}", directory.path().join(name).display());
    }
    Ok(())
}

/// The search indexes, which ask for their settings whenever they work.
fn searches(config: &Arc<RunningConfig>) -> Arc<Searches> {
    let config = Arc::clone(config);
    Searches::new(Box::new(move || {
        let settings = config.settings();
        let indexing = &settings.server.indexing;
        IndexSettings {
            threads: indexing.max_indexing_threads,
            optimize_after: indexing.optimize_threshold,
            vacuum_entries: indexing.vacuum_absolute_threshold,
            vacuum_percent: indexing.vacuum_relative_threshold,
            retry: indexing.auto_reschedule_timeout,
        }
    }))
}

/// What the storages of objects do is counted from now on.
fn count_objects(directory: &Directory) {
    let now = jiff::Timestamp::now().as_second();
    directory.server_ledger().count(true, now);
    for domain in directory.domains() {
        // One that is not in service is counted when it comes.
        if let Ok(ledger) = directory.domain_ledger(&domain.name) {
            ledger.count(true, now);
        }
    }
}

/// The parts that hold data, each closed again if a later one does not open.
fn build(
    home: &WorkingDirectory,
    config: Arc<RunningConfig>,
    services: Arc<Services>,
) -> Result<Arc<Parts>, StartError> {
    let settings = config.settings();
    let disk = RealDisk::shared();
    let sync = settings.server.enable_io_synchronization;
    let stores = Arc::new(Stores::new(
        Arc::clone(&disk),
        StoreOptions {
            sync,
            ..StoreOptions::default()
        },
    ));
    let searches = searches(&config);
    stores.set_counting(settings.server.enable_storage_statistics);
    stores.observe(Arc::clone(&searches) as Arc<dyn StoreObserver>);
    tracing::info!("storage ready");
    let directory = Directory::open(&home.server_data(), home.path(), Arc::clone(&disk))?;
    tracing::info!("directory open: {} domains", directory.domains().len());
    if settings.server.enable_storage_statistics {
        count_objects(&directory);
    }
    let released = Arc::clone(&stores);
    directory.on_release(move |message_storage| released.close(message_storage));
    let placed = Arc::clone(&stores);
    directory.on_place(move |message_storage, limits| placed.limit(message_storage, limits));
    let options = QueueOptions {
        proc_queue_size: usize::try_from(settings.processing.proc_queue_size).unwrap_or(usize::MAX),
        sync,
        ..QueueOptions::default()
    };
    let queue = Queue::open(
        &home.path().join(working_path(&settings.processing.queue_path)),
        disk,
        options,
    )
    .inspect_err(|_| directory.close())?;
    tracing::info!("queue open: {} messages", queue.counts().total);
    let processing = Processing::new(
        Arc::clone(&queue),
        Arc::clone(&directory),
        Arc::clone(&stores),
        Arc::clone(&config),
    );
    let working_directory = home.path().to_path_buf();
    Ok(Arc::new(Parts {
        config,
        directory,
        stores,
        searches,
        queue,
        processing,
        services,
        jobs: Arc::default(),
        working_directory,
    }))
}
