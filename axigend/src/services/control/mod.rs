//! The control socket: joins JSON lines on a Unix socket to the administration engine (DESIGN, "Control socket").
//!
//! Peer credentials decide: root and the daemon's own user are `admin`; anyone else logs in.

use crate::administration::Administration;
use crate::parts::Parts;
use axigen_shared::control::{Access, Hello, VERSION};
use axigend_console::{Answer, ControlSession, Engine, Identity, Limits, Request};
use axigend_net::{Backend, Conversation, Joined, Service};
use axigend_protocol::Peer;
use std::sync::Arc;

/// The administrator that the operating system vouches for.
const ADMIN: &str = "admin";
/// Failed logins of a user of this machine who is not trusted.
const LIMITS: Limits = Limits {
    max_auth_errors: 5,
    ..Limits::NONE
};

/// The service as `axigend_net` runs it.
pub struct ControlService {
    administration: Arc<Administration>,
    /// User id of this process, which drops its privileges before anything is served.
    own_uid: u32,
}

impl ControlService {
    /// The service on these parts.
    pub fn new(parts: Arc<Parts>) -> Self {
        let administration = Administration::new(parts);
        Self {
            administration,
            own_uid: nix::unistd::geteuid().as_raw(),
        }
    }

    fn trusts(&self, peer: &Peer) -> bool {
        peer.uid.is_some_and(|uid| uid == 0 || uid == self.own_uid)
    }
}

impl Service for ControlService {
    fn name(&self) -> &'static str {
        "CONTROL"
    }

    fn thread_name(&self) -> &'static str {
        "control"
    }

    fn open(&self, peer: &Peer) -> Box<dyn Conversation> {
        let backend = Arc::clone(&self.administration);
        let (engine, access) = if self.trusts(peer) {
            (
                Engine::trusted(backend, Identity::default(), ADMIN),
                Access::Admin,
            )
        } else {
            (Engine::new(backend, LIMITS, Identity::default()), Access::Login)
        };
        let server = format!("axigend {}", env!("CARGO_PKG_VERSION"));
        let hello = Hello {
            protocol: VERSION,
            server,
            access,
            prompt: engine.prompt(),
        };
        Box::new(Joined::new(ControlSession::new(hello), ControlBackend { engine }))
    }
}

/// One connection's engine.
struct ControlBackend {
    engine: Engine,
}

impl Backend for ControlBackend {
    type Session = ControlSession;

    async fn answer(&mut self, request: Request) -> Answer {
        self.engine.answer(request).await
    }

    async fn event(&mut self) -> Answer {
        self.engine.news().await
    }
}
