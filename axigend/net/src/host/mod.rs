//! One running service: its listeners, its threads, its sessions; started, changed and stopped with answers.
//!
//! `Stopped -> Starting -> Running -> Draining -> Stopped`. A start answers after the bind and says what could not be bound.
//! A change is prepared (what is new is bound; an error changes nothing) and then applied. A stop closes the listeners,
//! lets sessions finish, cuts what is left at the end of the grace time and says how many of each.

mod answers;
mod door;
mod drain;
mod entrance;
mod plan;

#[cfg(test)]
mod tests;

pub use answers::{Served, Started, State, UnixSettings};

use crate::limits::Caps;
use crate::listener::{Listening, bind_beside, bind_tcp, bind_unix};
use crate::phase::{Phase, PhaseWatch};
use crate::pool::{Pool, Size};
use crate::service::Service;
use crate::tls::TlsStore;
use crate::worker::Running;
use axigen_shared::{Cause, Refusal};
use axigend_config::{ConnectionSettings, ListenerSettings};
use door::{Door, Live};
use drain::Drain;
use entrance::Entrance;
use parking_lot::Mutex;
use plan::{cannot_bind, enabled, live, nothing_bound, take_adopted};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;
use tokio::sync::{oneshot, watch};

/// A change that can be applied: its new listeners are bound. Dropped unapplied, they are closed.
pub struct Prepared {
    settings: ConnectionSettings,
    bound: Vec<(SocketAddr, TcpListener)>,
    failed: Vec<ListenerSettings>,
}

/// One service with its listeners, threads and sessions.
pub struct ServiceHost {
    service: Arc<dyn Service>,
    tls: Arc<TlsStore>,
    /// Session numbers go on over a stop and start, so that a log stays readable.
    numbers: Arc<AtomicU32>,
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    state: State,
    run: Option<Run>,
    doors: Vec<Arc<Door>>,
    adopted: Vec<TcpListener>,
    /// Enabled listeners that could not be opened, as they are configured.
    failed: Vec<ListenerSettings>,
}

/// What exists from start to stop.
struct Run {
    pool: Arc<Pool>,
    phase: watch::Sender<Phase>,
    watch: PhaseWatch,
    sessions: Arc<Running>,
}

impl ServiceHost {
    /// A stopped service.
    pub fn new(service: Arc<dyn Service>, tls: Arc<TlsStore>) -> Arc<Self> {
        let inner = Inner {
            state: State::Stopped,
            run: None,
            doors: Vec::new(),
            adopted: Vec::new(),
            failed: Vec::new(),
        };
        let numbers = Arc::new(AtomicU32::new(0));
        Arc::new(Self {
            service,
            tls,
            numbers,
            inner: Arc::new(Mutex::new(inner)),
        })
    }

    /// Sockets that the service manager bound for us. Used by the next start where their address is a listener's.
    pub fn adopt(&self, listeners: Vec<TcpListener>) {
        self.inner.lock().adopted.extend(listeners);
    }

    /// Binds the enabled listeners and takes connections.
    ///
    /// One that cannot be bound is logged and named in the answer; refused only when none of several could be bound, or
    /// when the service is not stopped.
    // Async by contract: a listener may one day have to be waited for (name look-up, privileged helper).
    #[expect(clippy::unused_async, reason = "part of the contract with the callers")]
    pub async fn start(&self, settings: &ConnectionSettings) -> Result<Started, Refusal> {
        let mut adopted = self.begin()?;
        let mut started = Started::default();
        let (mut sockets, mut failed) = (Vec::new(), Vec::new());
        for listener in enabled(settings) {
            let kept = adopted
                .iter()
                .position(|socket| socket.local_addr().is_ok_and(|at| at == listener.address));
            let socket = match kept {
                Some(index) => take_adopted(adopted.swap_remove(index)),
                None => bind_tcp(listener.address),
            };
            let socket = socket.map_err(|error| cannot_bind(listener.address, &error));
            match socket.and_then(|socket| self.certified(settings, listener).map(|()| socket)) {
                Ok(socket) => sockets.push((listener, socket)),
                Err(refusal) => {
                    tracing::error!(
                        module = self.service.name(),
                        "listener not opened: {}",
                        refusal.detail
                    );
                    started.failed.push((listener.address, refusal.detail));
                    failed.push(listener.clone());
                }
            }
        }
        if sockets.is_empty() && !started.failed.is_empty() {
            self.inner.lock().state = State::Stopped;
            return Err(nothing_bound(&started.failed));
        }
        self.open(
            Size::new(settings.min_conn_threads, settings.max_conn_threads),
            |run, inner| {
                for (listener, socket) in sockets {
                    started.bound.extend(socket.local_addr().ok());
                    let door = Door::new(
                        listener.address,
                        Listening::Tcp(socket),
                        live(settings, listener),
                        &self.tls,
                    );
                    self.admit(run, inner, door);
                }
                inner.failed = failed;
            },
        )?;
        Ok(started)
    }

    /// Starts the service with a Unix socket as its only listener. A stale socket of the same path is removed, so the
    /// caller must hold the lock of the directory.
    pub fn start_unix(&self, settings: &UnixSettings) -> Result<(), Refusal> {
        self.begin()?;
        let socket = bind_unix(&settings.path, settings.mode).inspect_err(|_| {
            self.inner.lock().state = State::Stopped;
        })?;
        let terms = Live {
            idle_timeout: settings.idle_timeout,
            caps: Caps::default(),
            tls_from_start: false,
            start_tls: false,
            ssl: None,
        };
        self.open(
            Size::new(settings.min_conn_threads, settings.max_conn_threads),
            |run, inner| {
                let unnamed = SocketAddr::from(([0, 0, 0, 0], 0));
                let door = Door::new(
                    unnamed,
                    Listening::Unix(socket, settings.path.clone()),
                    terms,
                    &self.tls,
                );
                self.admit(run, inner, door);
            },
        )
    }

    /// First half of a COMMIT: binds what is new in these settings. An error names the address and changes nothing.
    ///
    /// A listener that could not be opened before and is not changed now is tried again, but does not stand in the way
    /// of other changes.
    #[expect(clippy::unused_async, reason = "part of the contract with the callers")]
    pub async fn prepare(&self, settings: &ConnectionSettings) -> Result<Prepared, Refusal> {
        let (running, doors, failed_before) = {
            let inner = self.inner.lock();
            let running = inner.state == State::Running;
            (running, inner.doors.clone(), inner.failed.clone())
        };
        let (mut bound, mut failed) = (Vec::new(), Vec::new());
        for listener in enabled(settings).filter(|_| running) {
            match self.opened(settings, listener, &doors) {
                Ok(socket) => bound.extend(socket.map(|socket| (listener.address, socket))),
                Err(refusal) if failed_before.contains(listener) => {
                    let module = self.service.name();
                    tracing::warn!(module, "listener still not opened: {}", refusal.detail);
                    failed.push(listener.clone());
                }
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(Prepared {
            settings: settings.clone(),
            bound,
            failed,
        })
    }

    /// The socket of a listener that is not open yet.
    fn opened(
        &self,
        settings: &ConnectionSettings,
        listener: &ListenerSettings,
        doors: &[Arc<Door>],
    ) -> Result<Option<TcpListener>, Refusal> {
        let address = listener.address;
        let door = doors.iter().find(|door| door.address() == address);
        // What is in force already was taken as it is; a COMMIT of something else does not suffer from it.
        let terms = live(settings, listener);
        if !door.is_some_and(|door| door.speaks_as(&terms)) {
            self.checked(settings, listener)?;
        }
        if door.is_some() {
            return Ok(None);
        }
        let leaving = |door: &&Arc<Door>| enabled(settings).all(|kept| kept.address != door.address());
        let beside = doors.iter().filter(leaving).find(|door| door.overlaps(address));
        let socket = match beside {
            Some(door) => bind_beside(address, &door.listening()),
            None => bind_tcp(address),
        };
        socket.map(Some).map_err(|error| cannot_bind(address, &error))
    }

    /// Second half of a COMMIT: takes connections on the new listeners, closes those that are gone, and puts limits,
    /// time-outs and thread numbers in force. Sessions continue. Without effect on a service that is not running.
    pub fn apply(&self, prepared: Prepared) {
        let Prepared {
            settings,
            mut bound,
            failed,
        } = prepared;
        let mut inner = self.inner.lock();
        if inner.state != State::Running {
            return;
        }
        let Some(run) = inner.run.take() else { return };
        let old = std::mem::take(&mut inner.doors);
        inner.failed = failed;
        for listener in enabled(&settings) {
            if let Some(door) = old.iter().find(|door| door.address() == listener.address) {
                door.change(live(&settings, listener));
                inner.doors.push(Arc::clone(door));
            } else if let Some(index) = bound.iter().position(|(address, _)| *address == listener.address) {
                let socket = Listening::Tcp(bound.swap_remove(index).1);
                let door = Door::new(listener.address, socket, live(&settings, listener), &self.tls);
                tracing::info!(module = self.service.name(), "[{}] listening", door.name());
                self.admit(&run, &mut inner, door);
            }
        }
        for door in old {
            if !inner.doors.iter().any(|kept| Arc::ptr_eq(kept, &door)) {
                tracing::info!(
                    module = self.service.name(),
                    "[{}] no longer listening",
                    door.name()
                );
                door.close();
            }
        }
        let size = Size::new(settings.min_conn_threads, settings.max_conn_threads);
        if let Err(refusal) = run.pool.resize(size) {
            tracing::error!(module = self.service.name(), "{}", refusal.detail);
        }
        inner.run = Some(run);
    }

    /// Closes the listeners, tells every session to finish, and cuts those that are left after the grace time.
    /// The stop goes on when the returned future is dropped, for example with the very session that asked for it.
    pub async fn stop(&self, grace: Duration) -> Served {
        let (answer, served) = oneshot::channel();
        let drain = {
            let mut inner = self.inner.lock();
            let (State::Running, Some(run)) = (inner.state, inner.run.take()) else {
                return Served::default();
            };
            inner.state = State::Draining;
            Drain {
                run,
                doors: std::mem::take(&mut inner.doors),
                inner: Arc::clone(&self.inner),
            }
        };
        drain.begin(self.service.thread_name(), grace, answer);
        served.await.unwrap_or_default()
    }

    /// Where the service is in its life.
    pub fn state(&self) -> State {
        self.inner.lock().state
    }

    /// Sessions now.
    pub fn sessions(&self) -> usize {
        self.inner
            .lock()
            .run
            .as_ref()
            .map_or(0, |run| run.sessions.count())
    }

    /// Addresses bound now, with the ports really given.
    pub fn bound(&self) -> Vec<SocketAddr> {
        self.inner
            .lock()
            .doors
            .iter()
            .filter_map(|door| door.local_addr())
            .collect()
    }

    /// Stopped to Starting; the adopted sockets are the start's from here.
    fn begin(&self) -> Result<Vec<TcpListener>, Refusal> {
        let mut inner = self.inner.lock();
        if inner.state != State::Stopped {
            return Err(Refusal::new(
                Cause::Conflict,
                format!("the service is already {}", inner.state),
            ));
        }
        inner.state = State::Starting;
        Ok(std::mem::take(&mut inner.adopted))
    }

    /// Starting to Running, or back to Stopped when no thread can be had.
    fn open(&self, size: Size, doors: impl FnOnce(&Run, &mut Inner)) -> Result<(), Refusal> {
        let service = Arc::clone(&self.service);
        let begin = Arc::new(move || service.thread_started());
        let pool = Pool::start(self.service.thread_name(), size, begin);
        let mut inner = self.inner.lock();
        let pool = pool.inspect_err(|_| inner.state = State::Stopped)?;
        let (phase, watch) = PhaseWatch::new();
        let run = Run {
            pool,
            phase,
            watch,
            sessions: Arc::new(Running::default()),
        };
        doors(&run, &mut inner);
        inner.run = Some(run);
        inner.state = State::Running;
        Ok(())
    }

    /// Refuses a listener that would be without the certificate it needs.
    fn checked(&self, settings: &ConnectionSettings, listener: &ListenerSettings) -> Result<(), Refusal> {
        if !settings.needs_certificate(listener) {
            return Ok(());
        }
        let named = |refusal: Refusal| {
            Refusal::new(refusal.cause, format!("{}: {}", listener.address, refusal.detail))
        };
        self.tls.check(&listener.ssl).map_err(named)
    }

    /// The same at a start: one that is clear at first is opened nevertheless, for what can be done without encryption.
    fn certified(&self, settings: &ConnectionSettings, listener: &ListenerSettings) -> Result<(), Refusal> {
        match self.checked(settings, listener) {
            Err(refusal) if !listener.ssl_enable => {
                let module = self.service.name();
                tracing::error!(module, "{}; STARTTLS is not offered there", refusal.detail);
                Ok(())
            }
            checked => checked,
        }
    }

    fn admit(&self, run: &Run, inner: &mut Inner, door: Arc<Door>) {
        let entrance = Entrance {
            service: Arc::clone(&self.service),
            door: Arc::clone(&door),
            pool: Arc::downgrade(&run.pool),
            phase: run.watch.clone(),
            sessions: Arc::clone(&run.sessions),
            numbers: Arc::clone(&self.numbers),
        };
        entrance.open(&run.pool);
        inner.doors.push(door);
    }
}
