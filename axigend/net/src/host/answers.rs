//! What starting and stopping a service answers, and the states between.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Where a service is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// No listener, no thread, no session.
    Stopped,
    /// Binding its listeners.
    Starting,
    /// Taking connections.
    Running,
    /// Taking none; sessions finish.
    Draining,
}

impl fmt::Display for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Stopped => "stopped",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Draining => "stopping",
        })
    }
}

/// The answer to a start that left the service running.
#[derive(Debug, Default)]
pub struct Started {
    /// Addresses bound, with the ports really given.
    pub bound: Vec<SocketAddr>,
    /// Enabled listeners that could not be opened, and why, as a whole sentence.
    pub failed: Vec<(SocketAddr, String)>,
}

/// The answer to a stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Served {
    /// Sessions that ended within the grace time.
    pub finished: usize,
    /// Sessions that were cut.
    pub cut: usize,
}

/// A Unix socket as the only listener of a service (the control socket).
#[derive(Clone, Debug)]
pub struct UnixSettings {
    /// Where; at most [`crate::UNIX_PATH_LIMIT`] bytes.
    pub path: PathBuf,
    /// Mode of the socket file.
    pub mode: u32,
    /// Silence after which a session is ended; zero for none.
    pub idle_timeout: Duration,
    /// Threads from the start.
    pub min_conn_threads: u32,
    /// Most threads.
    pub max_conn_threads: u32,
}
