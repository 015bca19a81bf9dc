//! What the service manager is told, and the sockets it gave us. Without one, nothing happens here.

use listenfd::ListenFd;
use sd_notify::NotifyState;
use std::net::TcpListener;
use std::time::Duration;

/// Everything built, listeners bound.
pub fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// A reload begins; [`ready`] ends it (`Type=notify-reload` wants the time it began).
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!("the service manager is not told of the reload: {error}"),
    }
}

/// The orderly stop begins.
pub fn stopping() {
    tell(&[NotifyState::Stopping]);
}

/// Still alive.
pub fn watchdog() {
    tell(&[NotifyState::Watchdog]);
}

/// How often the service manager wants to hear that; half of what it would wait.
pub fn watchdog_period() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|patience| patience / 2)
}

/// TCP sockets bound by the service manager. Call once, before anything else opens files.
pub fn sockets() -> Vec<TcpListener> {
    let mut given = ListenFd::from_env();
    (0..given.len())
        .filter_map(|index| given.take_tcp_listener(index).ok().flatten())
        .collect()
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!("the service manager cannot be told: {error}");
    }
}
