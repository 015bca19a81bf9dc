//! From an accepted connection to its session: limits, session number, thread, TLS from the first byte, driver.

use super::door::Door;
use crate::driver::{Driver, Ending, Terms, shake_hands};
use crate::limits::Admission;
use crate::listener::{Accepted, accept_all};
use crate::phase::{Phase, PhaseWatch};
use crate::pool::Pool;
use crate::service::Service;
use crate::wire::{Socket, Wire};
use crate::worker::Running;
use axigend_protocol::{Peer, TlsFacts};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use tokio::net::{TcpStream, UnixStream};
use tracing::Instrument;

/// What a new connection needs to become a session.
#[derive(Clone)]
pub struct Entrance {
    pub service: Arc<dyn Service>,
    pub door: Arc<Door>,
    /// Weak: the accepting task lives on a thread of the pool.
    pub pool: Weak<Pool>,
    pub phase: PhaseWatch,
    pub sessions: Arc<Running>,
    pub numbers: Arc<AtomicU32>,
}

/// A session's place in the counters of its service and listener.
struct Counted {
    sessions: Arc<Running>,
    _admission: Admission,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.sessions.ended();
    }
}

impl Entrance {
    /// Begins to accept, on the pool's first thread.
    pub fn open(self, pool: &Pool) {
        pool.run(Box::new(move || {
            Box::pin(async move {
                let door = Arc::clone(&self.door);
                let enter = |accepted| self.enter(accepted);
                tokio::select! {
                    biased;
                    () = door.closed.notified() => {}
                    () = accept_all(door.listening(), enter) => {}
                }
            })
        }));
    }

    /// Limits first, then a number, then a thread.
    fn enter(&self, accepted: Accepted) {
        let remote = match &accepted {
            Accepted::Tcp(_, remote) => Some(*remote),
            Accepted::Unix(_) => None,
        };
        let Some(admission) = self.door.admit(self.service.name(), remote) else {
            return;
        };
        let Some(pool) = self.pool.upgrade() else { return };
        self.sessions.started();
        let counted = Counted {
            sessions: Arc::clone(&self.sessions),
            _admission: admission,
        };
        let number = self.numbers.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let entrance = self.clone();
        // Not attended only while the pool closes: then the connection is dropped with the job.
        pool.attend(Box::new(move || {
            let span = tracing::error_span!("session", module = entrance.service.name(), id = number);
            let session = async move {
                let _counted = counted;
                entrance.attend(accepted, number).await;
            };
            Box::pin(session.instrument(span))
        }));
    }

    async fn attend(self, accepted: Accepted, number: u32) {
        let mut cut = self.phase.clone();
        let ending = tokio::select! {
            ending = self.session(accepted, number) => ending,
            () = cut.until(Phase::Cut) => Ending::Cut,
        };
        if matches!(ending, Ending::Cut) {
            self.sessions.cut();
        }
        tracing::info!("connection {ending}");
    }

    async fn session(&self, accepted: Accepted, number: u32) -> Ending {
        let (socket, mut peer) = match meet(accepted, number) {
            Ok(met) => met,
            Err(error) => return Ending::Failed(error),
        };
        tracing::info!(
            "[{}] connection accepted from [{}]",
            self.door.name(),
            caller(&peer)
        );
        let mut wire = Wire::Plain(socket);
        let implicit = peer.uid.is_none() && self.door.tls_from_start();
        if implicit {
            match self.secure(wire).await {
                Ok((secured, facts)) => {
                    wire = secured;
                    peer.tls = Some(facts);
                }
                Err(ending) => return ending,
            }
        } else {
            peer.can_start_tls = self.door.tls().is_ok();
        }
        let conversation = self.service.open(&peer);
        let terms: Arc<dyn Terms> = Arc::clone(&self.door) as _;
        Driver::new(wire, conversation, terms, self.phase.clone())
            .run()
            .await
    }

    async fn secure(&self, wire: Wire<Socket>) -> Result<(Wire<Socket>, TlsFacts), Ending> {
        let config = self
            .door
            .tls()
            .map_err(|refusal| Ending::Handshake(refusal.detail))?;
        shake_hands(wire, config, &mut self.phase.clone()).await
    }
}

/// Registers the socket with this thread's reactor and learns who is at its ends.
fn meet(accepted: Accepted, number: u32) -> io::Result<(Socket, Peer)> {
    let unknown = Peer {
        remote: None,
        local: None,
        uid: None,
        session_id: number,
        tls: None,
        can_start_tls: false,
    };
    match accepted {
        Accepted::Tcp(stream, remote) => {
            let local: Option<SocketAddr> = stream.local_addr().ok();
            let peer = Peer {
                remote: Some(remote),
                local,
                ..unknown
            };
            Ok((Socket::Tcp(TcpStream::from_std(stream)?), peer))
        }
        Accepted::Unix(stream) => {
            let stream = UnixStream::from_std(stream)?;
            let uid = stream.peer_cred()?.uid();
            Ok((
                Socket::Unix(stream),
                Peer {
                    uid: Some(uid),
                    ..unknown
                },
            ))
        }
    }
}

fn caller(peer: &Peer) -> String {
    match (peer.remote, peer.uid) {
        (Some(remote), _) => remote.to_string(),
        (None, Some(uid)) => format!("uid {uid}"),
        (None, None) => "?".to_owned(),
    }
}
