//! From a service's settings to what is bound. Pure, but for an adopted socket's options.

use super::door::Live;
use crate::limits::Caps;
use axigen_shared::{Cause, Refusal};
use axigend_config::{ConnectionSettings, ListenerSettings};
use std::io;
use std::net::{SocketAddr, TcpListener};

/// The listeners that are to be bound; of several with one address only the first counts (services-core 3.3.1).
pub fn enabled(settings: &ConnectionSettings) -> impl Iterator<Item = &ListenerSettings> {
    settings
        .listeners
        .iter()
        .enumerate()
        .filter_map(|(index, listener)| {
            let mut earlier = settings.listeners.iter().take(index);
            let repeated = earlier.any(|other| other.enable && other.address == listener.address);
            (listener.enable && !repeated).then_some(listener)
        })
}

/// What of a listener can change while it stays bound.
pub fn live(settings: &ConnectionSettings, listener: &ListenerSettings) -> Live {
    Live {
        idle_timeout: listener.idle_timeout,
        caps: Caps {
            connections: listener.max_connections,
            per_peer: listener.peer_max_connections,
        },
        tls_from_start: listener.ssl_enable,
        start_tls: settings.start_tls,
        ssl: Some(listener.ssl.clone()),
    }
}

/// A socket of the service manager, ready to be accepted from.
pub fn take_adopted(socket: TcpListener) -> io::Result<TcpListener> {
    crate::listener::adopt(&socket).map(|()| socket)
}

/// The refusal for a socket that cannot be had (services-core 3.3.1, "Run time").
pub fn cannot_bind(address: SocketAddr, error: &io::Error) -> Refusal {
    Refusal::new(Cause::Conflict, format!("cannot bind {address}: {error}"))
}

/// The refusal of a start that opened nothing.
pub fn nothing_bound(failed: &[(SocketAddr, String)]) -> Refusal {
    let reasons: Vec<&str> = failed.iter().map(|(_, reason)| reason.as_str()).collect();
    Refusal::new(Cause::Conflict, reasons.join("; "))
}
