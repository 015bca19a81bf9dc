//! What the sessions of one service are told about its end.
//!
//! One watch per service run: every session holds a receiver, so that "stop" reaches all of them at once and nobody
//! keeps a list of sessions.

use tokio::sync::watch;

/// The part of a service's life that its sessions can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Work as usual.
    Serving,
    /// Finish the command in progress and say goodbye.
    Draining,
    /// The grace time is over: end now.
    Cut,
}

/// The receiving end, one per session.
#[derive(Clone)]
pub struct PhaseWatch(watch::Receiver<Phase>);

impl PhaseWatch {
    /// A sender in [`Phase::Serving`] and the watch that sessions clone.
    pub fn new() -> (watch::Sender<Phase>, Self) {
        let (sender, receiver) = watch::channel(Phase::Serving);
        (sender, Self(receiver))
    }

    /// Whether the service has at least reached this phase. A vanished sender means the service is gone.
    pub fn reached(&self, phase: Phase) -> bool {
        *self.0.borrow() >= phase || self.0.has_changed().is_err()
    }

    /// Resolves when the service has reached this phase.
    pub async fn until(&mut self, phase: Phase) {
        // An error means that the sender is gone, and with it the service.
        let _ = self.0.wait_for(|now| *now >= phase).await;
    }
}
