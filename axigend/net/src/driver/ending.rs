//! What a driver is told about its connection, and what it tells at the end.

use axigen_shared::Refusal;
use rustls::ServerConfig;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// What the listener says about a connection, as it is at this moment: live changes reach running sessions.
pub trait Terms {
    /// How long the peer may be silent; zero for no limit.
    fn idle_timeout(&self) -> Duration;
    /// How TLS is spoken here.
    fn tls(&self) -> Result<Arc<ServerConfig>, Refusal>;
}

/// Why a connection ended, for the log.
#[derive(Debug)]
pub enum Ending {
    /// The session closed it.
    Closed,
    /// The peer closed it.
    PeerClosed,
    /// The peer was silent for the idle time.
    Idle,
    /// The peer did not take what was written.
    NotRead,
    /// TLS could not be agreed on.
    Handshake(String),
    /// The transport failed.
    Failed(io::Error),
    /// The grace time of a stop was over.
    Cut,
}

impl fmt::Display for Ending {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => write!(out, "closed"),
            Self::PeerClosed => write!(out, "closed by the client"),
            Self::Idle => write!(out, "closed after the idle time"),
            Self::NotRead => write!(out, "cut: the client does not read"),
            Self::Handshake(reason) => write!(out, "closed: TLS handshake failed: {reason}"),
            Self::Failed(error) => write!(out, "lost: {error}"),
            Self::Cut => write!(out, "cut: the service stopped"),
        }
    }
}
