//! Listeners, their TLS and the threads of a service (services-core 3.3.1, 3.3.3).

use super::{MAX_THREADS, MIN_THREADS, View, part};
use axigen_shared::schema::Object;
use axigen_shared::{Cause, Refusal};
use std::net::SocketAddr;
use std::time::Duration;

/// Where a service listens and how many threads serve it.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectionSettings {
    /// The listeners, in their order.
    pub listeners: Vec<ListenerSettings>,
    /// Threads that exist from the start of the service; at least 1.
    pub min_conn_threads: u32,
    /// Most threads under load; at least `min_conn_threads`.
    pub max_conn_threads: u32,
    /// Whether encryption is offered on listeners that are clear at first.
    pub start_tls: bool,
}

impl ConnectionSettings {
    /// Whether this listener of the service is of no use, or of less, without its certificate.
    pub fn needs_certificate(&self, listener: &ListenerSettings) -> bool {
        listener.enable && (listener.ssl_enable || self.start_tls)
    }
}

/// One listener.
#[derive(Clone, Debug, PartialEq)]
pub struct ListenerSettings {
    /// Address and port; unique in its service.
    pub address: SocketAddr,
    /// Whether it is bound.
    pub enable: bool,
    /// A connection that is silent for longer is closed.
    pub idle_timeout: Duration,
    /// Most simultaneous connections; 0 is no limit.
    pub max_connections: u32,
    /// Most simultaneous connections from one address; 0 is no limit.
    pub peer_max_connections: u32,
    /// TLS from the first byte.
    pub ssl_enable: bool,
    /// TLS, for `ssl_enable` and for STARTTLS.
    pub ssl: SslSettings,
}

/// TLS of a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SslSettings {
    /// Chain and key in one PEM file; relative is below the working directory.
    pub cert_file: String,
    /// Versions that are spoken.
    pub allowed_versions: Vec<TlsVersion>,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsVersion {
    /// TLS 1.1, which our library does not speak.
    Tls11,
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

impl ConnectionSettings {
    /// From a service object; whether it offers STARTTLS is not declared in the same way by all services.
    pub(super) fn of(service: &Object, start_tls: bool) -> Result<Self, Refusal> {
        let view = View(service);
        let listeners = service
            .children("listeners")
            .iter()
            .map(ListenerSettings::try_from)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            listeners,
            min_conn_threads: view.number(MIN_THREADS)?,
            max_conn_threads: view.number(MAX_THREADS)?,
            start_tls,
        })
    }
}

impl TryFrom<&Object> for ListenerSettings {
    type Error = Refusal;

    fn try_from(listener: &Object) -> Result<Self, Refusal> {
        let view = View(listener);
        let address = view
            .value("address")?
            .address()
            .ok_or_else(|| Refusal::new(Cause::Invalid, "a listener has no address"))?;
        Ok(Self {
            address,
            enable: view.truth("enable")?,
            idle_timeout: view.seconds("idleTimeout")?,
            max_connections: view.number("maxConnections")?,
            peer_max_connections: view.number("peerMaxConnections")?,
            ssl_enable: view.truth("sslEnable")?,
            ssl: SslSettings::try_from(&part(listener, "sslControl")?)?,
        })
    }
}

impl TryFrom<&Object> for SslSettings {
    type Error = Refusal;

    fn try_from(ssl: &Object) -> Result<Self, Refusal> {
        let view = View(ssl);
        let version = |name: &&'static str| match *name {
            "tls1_1" => Some(TlsVersion::Tls11),
            "tls1_2" => Some(TlsVersion::Tls12),
            "tls1_3" => Some(TlsVersion::Tls13),
            _ => None,
        };
        Ok(Self {
            cert_file: view.path("certFile")?.unwrap_or_default(),
            allowed_versions: view.set("allowedVersions")?.iter().filter_map(version).collect(),
        })
    }
}
