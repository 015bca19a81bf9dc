//! A listener in use: its socket, its counters and its terms of the moment.

use crate::driver::Terms;
use crate::limits::{Admission, Caps, Counters, Exceeded, Seldom};
use crate::listener::{Listening, overlap};
use crate::tls::TlsStore;
use arc_swap::ArcSwap;
use axigen_shared::{Cause, Refusal};
use axigend_config::SslSettings;
use rustls::ServerConfig;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

/// At most one warning about a passed limit in this time, per listener.
const WARN_EVERY: Duration = Duration::from_secs(1);

/// What can change while the listener stays bound.
pub struct Live {
    /// `idleTimeout`.
    pub idle_timeout: Duration,
    /// `maxConnections` and `peerMaxConnections`.
    pub caps: Caps,
    /// `sslEnable`.
    pub tls_from_start: bool,
    /// Whether the service offers STARTTLS.
    pub start_tls: bool,
    /// `sslControl`; none where TLS makes no sense.
    pub ssl: Option<SslSettings>,
}

/// A bound listener.
pub struct Door {
    /// As configured: the key of the listener. Its port may be 0.
    address: SocketAddr,
    listening: Arc<Listening>,
    live: ArcSwap<Live>,
    tls: Arc<TlsStore>,
    counters: Arc<Counters>,
    warned: Seldom,
    /// Ends the accepting task.
    pub closed: Notify,
}

impl Door {
    /// A bound listener that nobody accepts from yet.
    pub fn new(address: SocketAddr, listening: Listening, live: Live, tls: &Arc<TlsStore>) -> Arc<Self> {
        Arc::new(Self {
            address,
            listening: Arc::new(listening),
            live: ArcSwap::from_pointee(live),
            tls: Arc::clone(tls),
            counters: Arc::default(),
            warned: Seldom::every(WARN_EVERY),
            closed: Notify::new(),
        })
    }

    /// The configured address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address really bound.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.listening.local_addr()
    }

    /// Whether this listener and one on that address cannot be bound at the same time.
    pub fn overlaps(&self, address: SocketAddr) -> bool {
        self.local_addr().is_some_and(|own| overlap(own, address))
    }

    /// What log lines call it.
    pub fn name(&self) -> String {
        self.listening.name()
    }

    /// The socket, for the accepting task.
    pub fn listening(&self) -> Arc<Listening> {
        Arc::clone(&self.listening)
    }

    /// Puts new terms in force, for running sessions too where they ask again (idle time, certificate).
    pub fn change(&self, live: Live) {
        self.live.store(Arc::new(live));
    }

    /// Whether these terms are the ones in force where encryption is concerned.
    pub fn speaks_as(&self, terms: &Live) -> bool {
        let live = self.live.load();
        live.tls_from_start == terms.tls_from_start
            && live.start_tls == terms.start_tls
            && live.ssl == terms.ssl
    }

    /// Whether TLS starts with the first byte.
    pub fn tls_from_start(&self) -> bool {
        self.live.load().tls_from_start
    }

    /// Stops listening; the address is free when this returns. Sessions continue.
    pub fn close(&self) {
        self.listening.close();
        self.closed.notify_one();
    }

    /// Counts a connection, or logs (not more often than [`WARN_EVERY`]) which limit it would pass.
    pub fn admit(&self, module: &str, remote: Option<SocketAddr>) -> Option<Admission> {
        let peer: Option<IpAddr> = remote.map(|remote| remote.ip());
        match self.counters.admit(peer, self.live.load().caps) {
            Ok(admission) => Some(admission),
            Err(exceeded) => {
                self.warn(module, remote, exceeded);
                None
            }
        }
    }

    fn warn(&self, module: &str, remote: Option<SocketAddr>, exceeded: Exceeded) {
        let Some(left_out) = self.warned.allow(Instant::now()) else {
            return;
        };
        let remote = remote.map(|remote| remote.to_string()).unwrap_or_default();
        let more = if left_out == 0 {
            String::new()
        } else {
            format!(" ({left_out} more before)")
        };
        tracing::warn!(
            module,
            "[{}] connection from [{remote}] denied (closed): {exceeded}{more}",
            self.name()
        );
    }
}

impl Terms for Door {
    fn idle_timeout(&self) -> Duration {
        self.live.load().idle_timeout
    }

    fn tls(&self) -> Result<Arc<ServerConfig>, Refusal> {
        match &self.live.load().ssl {
            Some(ssl) => self.tls.server_config(ssl),
            None => Err(Refusal::new(Cause::Unsupported, "this listener has no TLS")),
        }
    }
}
